//! What happens to a request of a page that may not call: a response with the remedy, and a line in the log.

use std::{
    net::{Ipv4Addr, Ipv6Addr},
    sync::Mutex,
    time::Duration,
};

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use tokio::time::Instant;

use super::cors;
use crate::http_error::HttpError;

const HINT: &str = "the origin of this web page may not call this server: add it to cors.allowed_origins in the \
                    configuration (WIGWAG_CORS__ALLOWED_ORIGINS) or, if this server is the one that served the page, set \
                    public_url (WIGWAG_PUBLIC_URL) to its address";

/// PERMISSION_DENIED, as a gRPC status.
const PERMISSION_DENIED: &str = "7";

/// Returns the response to a request with these headers. The page may read it, since it holds only the remedy, which
/// nothing else tells a script. Over gRPC-Web the remedy is the message of the call.
pub(super) fn response(request: &HeaderMap) -> Response {
    let mut response = HttpError::new(StatusCode::FORBIDDEN, "FORBIDDEN", HINT).into_response();
    let headers = response.headers_mut();
    cors::vary(headers, header::ORIGIN);
    if request.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD) {
        cors::vary(headers, header::ACCESS_CONTROL_REQUEST_HEADERS);
        return response;
    }
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    let kind = request.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    if kind.to_ascii_lowercase().starts_with(b"application/grpc") {
        headers.insert(HeaderName::from_static("grpc-status"), HeaderValue::from_static(PERMISSION_DENIED));
        // Printable ASCII without `%` needs no encoding there.
        headers.insert(HeaderName::from_static("grpc-message"), HeaderValue::from_static(HINT));
    }
    response
}

/// Logs refused origins: one line at a time, since any page can cause as many as it likes.
#[derive(Debug, Default)]
pub(super) struct RefusalLog {
    /// When the last line was written, and the refusals since. Locked for a refused request only.
    last: Mutex<(Option<Instant>, u64)>,
}

/// Least time between two lines.
const INTERVAL: Duration = Duration::from_secs(10);

/// Bytes of an origin in the log.
const MAX_LOGGED: usize = 128;

impl RefusalLog {
    pub(super) fn refused(&self, origin: &HeaderValue) {
        let Some(since_last) = self.due(Instant::now()) else { return };
        tracing::warn!(
            origin = loggable(origin),
            refused_since_last_line = since_last,
            "a web page may not call: add its origin to cors.allowed_origins, or set public_url if this server served it"
        );
    }

    /// Returns how many refusals went without a line since the last one, if a line is due.
    fn due(&self, now: Instant) -> Option<u64> {
        // A panic while it was locked leaves two numbers that are still right.
        let mut last = self.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if last.0.is_some_and(|before| now.duration_since(before) < INTERVAL) {
            last.1 += 1;
            return None;
        }
        let since_last = std::mem::take(&mut last.1);
        last.0 = Some(now);
        Some(since_last)
    }
}

/// Returns an origin for the log, which must not hold IP addresses.
fn loggable(origin: &HeaderValue) -> String {
    let Ok(text) = origin.to_str() else { return "(not text)".to_owned() };
    let text = &text[..text.len().min(MAX_LOGGED)];
    let Some((scheme, rest)) = text.split_once("://") else {
        return if is_ip(text) { "(IP address)".to_owned() } else { text.to_owned() };
    };
    let host_end = if rest.starts_with('[') {
        rest.find(']').map_or(rest.len(), |at| at + 1)
    } else {
        rest.find(':').unwrap_or(rest.len())
    };
    if is_ip(&rest[..host_end]) { format!("{scheme}://(IP address){}", &rest[host_end..]) } else { text.to_owned() }
}

fn is_ip(host: &str) -> bool {
    host.parse::<Ipv4Addr>().is_ok() || host.trim_start_matches('[').trim_end_matches(']').parse::<Ipv6Addr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_written_at_most_every_ten_seconds_and_counts_the_others() {
        let (log, start) = (RefusalLog::default(), Instant::now());
        assert_eq!(log.due(start), Some(0));
        assert_eq!(log.due(start + Duration::from_secs(1)), None);
        assert_eq!(log.due(start + Duration::from_secs(9)), None);
        assert_eq!(log.due(start + Duration::from_secs(10)), Some(2));
        assert_eq!(log.due(start + Duration::from_secs(20)), Some(0));
    }

    #[test]
    fn the_log_shows_names_and_no_addresses() {
        for (origin, shown) in [
            ("https://app.example.com:8443", "https://app.example.com:8443"),
            ("null", "null"),
            ("http://192.168.1.7:3000", "http://(IP address):3000"),
            ("http://[2001:db8::1]:3000", "http://(IP address):3000"),
            ("http://[2001:db8::1]", "http://(IP address)"),
            ("192.168.1.7", "(IP address)"),
        ] {
            assert_eq!(loggable(&HeaderValue::from_static(origin)), shown);
        }
        let long = HeaderValue::from_str(&"x".repeat(1_000)).expect("a header");
        assert_eq!(loggable(&long).len(), MAX_LOGGED);
        assert_eq!(loggable(&HeaderValue::from_bytes(b"\xff").expect("a header")), "(not text)");
    }
}
