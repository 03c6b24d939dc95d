//! Requests by media type (RFC 9110, section 8.3.1): gRPC, gRPC-Web, and others.

use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tonic::Status;
use tower_http::timeout::TimeoutBody;
use wigwag_net::http_error::HttpError;

/// The kind of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// `application/grpc`: messages in protobuf.
    Grpc,
    /// `application/grpc-web`, binary or text: messages in protobuf. Holds its canonical form, the only one that
    /// tonic-web reads.
    GrpcWeb(&'static str),
    /// gRPC or gRPC-Web with messages in another format, such as `application/grpc+json`.
    OtherFormat {
        /// Whether it is gRPC-Web.
        web: bool,
    },
    /// Everything else.
    Other,
}

/// The names of gRPC-Web in canonical form.
const GRPC_WEB: [&str; 4] = [
    "application/grpc-web",
    "application/grpc-web+proto",
    "application/grpc-web-text",
    "application/grpc-web-text+proto",
];

/// Returns the kind of a request.
pub(crate) fn of<B>(request: &axum::http::Request<B>) -> Content {
    let Some(essence) = essence(request.headers(), &header::CONTENT_TYPE) else { return Content::Other };
    let begins = |prefix: &str| essence.starts_with(prefix);
    match essence.as_str() {
        "application/grpc" | "application/grpc+proto" => Content::Grpc,
        kind => match GRPC_WEB.iter().find(|name| **name == kind) {
            Some(name) => Content::GrpcWeb(name),
            None if begins("application/grpc-web+") || begins("application/grpc-web-text+") => {
                Content::OtherFormat { web: true }
            }
            None if begins("application/grpc+") => Content::OtherFormat { web: false },
            None => Content::Other,
        },
    }
}

/// Returns type and subtype in lower case, without parameters.
fn essence(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let text = headers.get(name)?.to_str().ok()?;
    Some(text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
}

/// Writes the media types of a gRPC-Web call as tonic-web reads them.
pub(super) fn canonicalize(headers: &mut HeaderMap, kind: &'static str) {
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Some(accepted) =
        essence(headers, &header::ACCEPT).and_then(|kind| GRPC_WEB.into_iter().find(|name| *name == kind))
    {
        headers.insert(header::ACCEPT, HeaderValue::from_static(accepted));
    }
}

/// Longest pause in the body of a gRPC-Web request, which is a single message. gRPC streams may pause for longer: there the
/// heartbeat of the session detects a dead peer.
const BODY_READ_TIMEOUT: Duration = Duration::from_secs(10);

/// Answers requests to gRPC methods that are not gRPC calls with a JSON error. Without it a browser or curl would get an
/// empty 400, or a gRPC status in headers that it does not show.
pub(super) async fn reject_other_content(mut request: Request, next: Next) -> Response {
    let content = of(&request);
    let refusal = match content {
        _ if request.method() != Method::POST => return not_post(content),
        Content::Other => (
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "UNSUPPORTED_MEDIA_TYPE",
            "gRPC methods need content-type application/grpc over HTTP/2, or application/grpc-web+proto",
        ),
        Content::Grpc | Content::OtherFormat { web: false } if request.version() < Version::HTTP_2 => (
            StatusCode::HTTP_VERSION_NOT_SUPPORTED,
            "HTTP2_REQUIRED",
            "gRPC needs HTTP/2 (with curl: --http2-prior-knowledge): over HTTP/1.1 use gRPC-Web",
        ),
        Content::OtherFormat { web } => return other_format(web),
        Content::Grpc => return next.run(request).await,
        Content::GrpcWeb(kind) => {
            canonicalize(request.headers_mut(), kind);
            return next.run(request.map(|body| Body::new(TimeoutBody::new(BODY_READ_TIMEOUT, body)))).await;
        }
    };
    let (status, error, hint) = refusal;
    HttpError::new(status, error, hint).into_response()
}

/// Returns the response to a request with a method other than POST. A client of gRPC gets the hint as text, which it reports
/// with the HTTP status: JSON is the content of other protocols to those that speak several.
fn not_post(content: Content) -> Response {
    const HINT: &str = "gRPC methods must be called with POST: use grpcurl, or a client of this server";
    let status = StatusCode::METHOD_NOT_ALLOWED;
    if content == Content::Other {
        return HttpError::new(status, "METHOD_NOT_ALLOWED", HINT).header(header::ALLOW, "POST").into_response();
    }
    (status, [(header::ALLOW, "POST")], HINT).into_response()
}

/// Returns the response to a call whose messages are not protobuf, in the protocol of the call.
pub(super) fn other_format(web: bool) -> Response {
    let (text, kind) = if web {
        ("gRPC-Web messages must be protobuf: send them as application/grpc-web+proto", "application/grpc-web+proto")
    } else {
        ("gRPC messages must be protobuf: send them as application/grpc", "application/grpc")
    };
    let mut response: Response = Status::unimplemented(text).into_http();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use axum::Router;
    use axum::body::Bytes;
    use axum::middleware::from_fn;
    use axum::routing::post;
    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_incomplete_grpc_web_request_times_out() {
        // `Bytes` reads the whole body, and answers 400 when it breaks off.
        let app = Router::new().route("/", post(|_: Bytes| async {})).layer(from_fn(reject_other_content));
        let never = futures_util::stream::pending::<Result<Bytes, Infallible>>();
        let request = Request::post("/").header("content-type", "application/grpc-web+proto");
        let request = request.body(Body::from_stream(never)).expect("a request");
        let began = tokio::time::Instant::now();
        let Ok(response) = app.oneshot(request).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        assert!(began.elapsed() >= BODY_READ_TIMEOUT && began.elapsed() < BODY_READ_TIMEOUT * 2);
    }

    #[test]
    fn a_text_client_gets_text_however_it_writes_the_type() {
        let text = HeaderValue::from_static("Application/gRPC-Web-Text; charset=utf-8");
        let mut headers = HeaderMap::from_iter([(header::ACCEPT, text)]);
        canonicalize(&mut headers, "application/grpc-web-text");
        assert_eq!(headers[header::ACCEPT], "application/grpc-web-text");
        let mut headers = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static("*/*"))]);
        canonicalize(&mut headers, "application/grpc-web");
        assert_eq!(headers[header::ACCEPT], "*/*");
    }
}
