//! Header fields that decide how a request is treated, and that a request may have only once.
//!
//! Of two lines of such a field, a proxy or a firewall in front of the server may read one and the server the other, so that
//! the one that was checked is not the one that counts. None of them is a list (RFC 9110, section 5.3), so their lines cannot
//! be combined either: a request with two is refused, even if both say the same. Fields that are lists, such as
//! `X-Forwarded-For`, `Connection` and `Sec-WebSocket-Protocol`, may repeat.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};

use super::{ListenerStats, ResponseBody, served::ServedBody};

/// The fields, and why the request is refused: the hint of the response.
const SINGLETONS: [(HeaderName, &str); 8] = [
    // RFC 6454, section 7.3.
    (header::ORIGIN, "a request must not have more than one Origin header: which web page may call would be ambiguous"),
    // RFC 9110, sections 11.6.2 and 8.3.
    (header::AUTHORIZATION, "a request must not have more than one Authorization header: send one token"),
    (header::CONTENT_TYPE, "a request must not have more than one Content-Type header: send the one of its body"),
    // RFC 9113, section 8.3.1; of HTTP/1.1, `check_host` looks at it first.
    (header::HOST, "a request must not have more than one Host header"),
    // RFC 6455, section 11.3.
    (header::SEC_WEBSOCKET_KEY, "a WebSocket handshake must not have more than one Sec-WebSocket-Key header"),
    (header::SEC_WEBSOCKET_VERSION, "a WebSocket handshake must not have more than one Sec-WebSocket-Version header"),
    // Call-Definition in gRPC's specification of HTTP/2.
    (HeaderName::from_static("grpc-timeout"), "a gRPC call must not have more than one grpc-timeout header"),
    (HeaderName::from_static("grpc-encoding"), "a gRPC call must not have more than one grpc-encoding header"),
];

/// INVALID_ARGUMENT, as a gRPC status.
const INVALID_ARGUMENT: HeaderValue = HeaderValue::from_static("3");

/// Returns the response to a request that has one of these fields more than once.
pub(super) fn refusal<B: ResponseBody>(
    headers: &HeaderMap,
    stats: &Arc<ListenerStats>,
) -> Option<Response<ServedBody<B>>> {
    let hint = repeated(headers)?;
    let mut response = ServedBody::error(StatusCode::BAD_REQUEST, "REPEATED_HEADER", hint, stats);
    let kind = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    if kind.to_ascii_lowercase().starts_with(b"application/grpc") {
        let headers = response.headers_mut();
        headers.insert(HeaderName::from_static("grpc-status"), INVALID_ARGUMENT);
        // Printable ASCII without `%` needs no encoding there.
        headers.insert(HeaderName::from_static("grpc-message"), HeaderValue::from_static(hint));
    }
    Some(response)
}

/// Returns what is wrong. Without any field that repeats, which is the usual case, this compares two numbers.
fn repeated(headers: &HeaderMap) -> Option<&'static str> {
    if headers.len() == headers.keys_len() {
        return None;
    }
    let repeats = |name: &HeaderName| headers.get_all(name).iter().nth(1).is_some();
    SINGLETONS.iter().find(|(name, _)| repeats(name)).map(|(_, hint)| *hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(names: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for name in names {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static("13"));
        }
        headers
    }

    #[test]
    fn each_field_that_decides_something_may_be_there_once() {
        for (name, hint) in &SINGLETONS {
            let mut headers = with(&["x-forwarded-for", "x-forwarded-for", "sec-websocket-protocol"]);
            headers.append(name, HeaderValue::from_static("13"));
            assert_eq!(repeated(&headers), None, "{name}");
            headers.append(name, HeaderValue::from_static("13"));
            assert_eq!(repeated(&headers), Some(*hint), "{name}");
            assert!(hint.to_ascii_lowercase().contains(&format!("one {name} header")), "{hint}");
        }
    }

    #[test]
    fn fields_that_are_lists_may_repeat() {
        for name in ["x-forwarded-for", "forwarded", "connection", "sec-websocket-protocol", "cookie", "if-none-match"]
        {
            assert_eq!(repeated(&with(&[name, name])), None, "{name}");
        }
    }
}
