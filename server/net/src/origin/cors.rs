//! The headers of CORS (Fetch standard, section 3.2).

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::Response,
};

/// Methods of all APIs. GET, HEAD and POST need no permission.
const METHODS: &str = "GET,HEAD,POST,PUT,PATCH,DELETE";

/// Response headers that a page may read besides those that every page may (Fetch standard, section 2.2.2).
const EXPOSED: &str = "grpc-status,grpc-message,grpc-status-details-bin,grpc-accept-encoding,retry-after";

/// Seconds for which a browser may remember the answer to a preflight. Chromium keeps it for two hours at most.
const MAX_AGE: &str = "7200";

/// Returns whether a browser asks whether a page may make a request.
pub(super) fn is_preflight(request: &Request) -> bool {
    request.method() == Method::OPTIONS && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// Answers a preflight of a page that may call: it may send whatever headers it names.
pub(super) fn preflight(request: &HeaderMap, origin: HeaderValue, credentials: bool) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::OK;
    let headers = response.headers_mut();
    expose(headers, origin, credentials);
    headers.remove(header::ACCESS_CONTROL_EXPOSE_HEADERS);
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(METHODS));
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(MAX_AGE));
    if let Some(names) = request.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
    }
    vary(headers, header::ACCESS_CONTROL_REQUEST_HEADERS);
    response
}

/// Lets the page of an origin read a response. Replaces such headers of the router: the origin is checked here only.
pub(super) fn expose(headers: &mut HeaderMap, origin: HeaderValue, credentials: bool) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
    headers.remove(header::ACCESS_CONTROL_ALLOW_CREDENTIALS);
    if credentials {
        headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    }
    vary(headers, header::ORIGIN);
}

/// Adds a name to `Vary`, so that a cache does not give the response for one origin to another.
pub(super) fn vary(headers: &mut HeaderMap, name: HeaderName) {
    let values = headers.get_all(header::VARY).iter().filter_map(|value| value.to_str().ok());
    let listed = values.collect::<Vec<_>>().join(",");
    if listed.is_empty() {
        headers.insert(header::VARY, HeaderValue::from(name));
    } else if !listed.split(',').any(|listed| listed.trim().eq_ignore_ascii_case(name.as_str()))
        && let Ok(both) = HeaderValue::try_from(format!("{listed},{name}"))
    {
        headers.insert(header::VARY, both);
    }
}

/// Returns whether the request is a gRPC call that no browser can make, whose response no cache keeps.
pub(super) fn is_native_grpc(headers: &HeaderMap) -> bool {
    let Some(kind) = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes) else { return false };
    matches!(kind.strip_prefix(b"application/grpc"), Some([] | [b'+' | b';', ..]))
}
