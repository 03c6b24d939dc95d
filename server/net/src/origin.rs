//! Web origins: which web pages may call the server.
//!
//! A browser sends `Origin` with every request that could act on behalf of its user. [`Origins::guard`] checks it once
//! for a whole router. CORS alone is not enough: it keeps a page from reading a response but not from making the
//! request, and WebSocket handshakes are not subject to it at all. The origin is the boundary: a page that may call may
//! send any header, use any method of the API and read any header of the response.

mod cors;
mod pattern;
mod refusal;

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, Uri, header, uri::Authority},
    middleware::{Next, from_fn_with_state},
    response::Response,
};

use self::refusal::RefusalLog;
use crate::host::{Hosts, authority};

pub use self::pattern::OriginPattern;

/// The origins that may call the server. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Origins(Arc<Rules>);

#[derive(Debug)]
struct Rules {
    /// Every origin is allowed.
    any: bool,
    patterns: Vec<OriginPattern>,
    /// The names under which a page of this server may call it.
    own: Hosts,
    /// Whether pages may make credentialed requests.
    credentials: bool,
    log: RefusalLog,
}

impl Origins {
    /// Allows every origin, without credentials: a browser would otherwise use the cookies that a proxy in front of the
    /// server has set, on behalf of any site.
    pub fn any() -> Self {
        Self::new(true, Vec::new(), Hosts::any(), false)
    }

    /// Allows origins that match one of `patterns`, and pages that this server has served itself: under `localhost`, an
    /// IP address or a name of `own`. With `credentials`, browsers send cookies, TLS client certificates and HTTP
    /// authentication along, if a page requests it.
    pub fn list(patterns: Vec<OriginPattern>, own: Hosts, credentials: bool) -> Self {
        Self::new(false, patterns, own, credentials)
    }

    fn new(any: bool, patterns: Vec<OriginPattern>, own: Hosts, credentials: bool) -> Self {
        Self(Arc::new(Rules { any, patterns, own, credentials, log: RefusalLog::default() }))
    }

    /// Returns whether a request with this URI and these headers is allowed. A request without `Origin` does not come
    /// from a web page.
    pub fn allow(&self, uri: &Uri, headers: &HeaderMap) -> bool {
        let Some(origin) = headers.get(header::ORIGIN) else { return true };
        origin.to_str().is_ok_and(|origin| self.allow_origin(origin, uri, headers))
    }

    fn allow_origin(&self, origin: &str, uri: &Uri, headers: &HeaderMap) -> bool {
        let rules = &*self.0;
        rules.any
            || rules.patterns.iter().any(|pattern| pattern.matches(origin))
            || authority(uri, headers).is_some_and(|host| is_own_page(origin, host, &rules.own))
    }

    /// Guards a router: requests of pages that may not call are refused with 403, and pages that may call can read the
    /// responses (CORS; Fetch standard, section 3.2). `files` are paths that every page may load with GET, since they have
    /// no secrets and no effects: Chromium sends `Origin` for a page's own module scripts, and a page that does not load
    /// cannot show why its calls are refused.
    pub fn guard(&self, router: Router, files: &'static [&'static str]) -> Router {
        router.layer(from_fn_with_state(Guard { origins: self.clone(), files }, check))
    }
}

#[derive(Clone)]
struct Guard {
    origins: Origins,
    files: &'static [&'static str],
}

impl Guard {
    fn is_file(&self, request: &Request) -> bool {
        request.method() == Method::GET
            && !request.headers().contains_key(header::UPGRADE)
            && self.files.contains(&request.uri().path())
    }
}

async fn check(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let origins = &guard.origins;
    let Some(origin) = request.headers().get(header::ORIGIN).cloned() else {
        let native = cors::is_native_grpc(request.headers());
        let mut response = next.run(request).await;
        if !native {
            cors::vary(response.headers_mut(), header::ORIGIN);
        }
        return response;
    };
    let rules = &*origins.0;
    if !origins.allow(request.uri(), request.headers()) {
        if guard.is_file(&request) {
            let mut response = next.run(request).await;
            cors::vary(response.headers_mut(), header::ORIGIN);
            return response;
        }
        rules.log.refused(&origin);
        return refusal::response(request.headers());
    }
    let shown = if rules.any { HeaderValue::from_static("*") } else { origin };
    if cors::is_preflight(&request) {
        return cors::preflight(request.headers(), shown, rules.credentials);
    }
    let mut response = next.run(request).await;
    cors::expose(response.headers_mut(), shown, rules.credentials);
    response
}

/// Returns whether this server has served the page itself: host and port of its origin are those of the request. A
/// proxy may have ended TLS, so that the scheme says nothing.
fn is_own_page(origin: &str, host: &str, own: &Hosts) -> bool {
    let Some((scheme, page)) = origin.split_once("://") else { return false };
    let default = match scheme {
        "http" => 80,
        "https" => 443,
        _ => return false,
    };
    let (Ok(page), Ok(host)) = (page.parse::<Authority>(), host.parse::<Authority>()) else { return false };
    let port = |authority: &Authority| authority.port_u16().unwrap_or(default);
    page.host().eq_ignore_ascii_case(host.host()) && port(&page) == port(&host) && own.is_own(page.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(origin: &str, host: &str, names: &[&str]) -> bool {
        is_own_page(origin, host, &Hosts::own_and(names.iter().map(|&name| name.to_owned()).collect()))
    }

    #[test]
    fn a_page_is_the_servers_own_under_a_name_that_is_certain() {
        assert!(own("http://localhost:8080", "localhost:8080", &[]));
        assert!(own("http://10.0.2.2:8080", "10.0.2.2:8080", &[]));
        assert!(own("https://[2001:db8::1]", "[2001:db8::1]:443", &[]));
        assert!(own("https://signal.example.com", "signal.example.com", &["signal.example.com"]));
        assert!(own("https://signal.example.com:443", "Signal.example.com", &["signal.example.com"]));
        // The owner of a name can make it resolve to this machine.
        assert!(!own("http://evil.example:8080", "evil.example:8080", &["signal.example.com"]));
        assert!(is_own_page("http://any.example:8080", "any.example:8080", &Hosts::any()));
        for (origin, host) in [
            ("http://localhost:8080", "localhost:9090"),
            ("http://localhost:8080", "127.0.0.1:8080"),
            ("https://localhost", "localhost:80"),
            ("app://localhost", "localhost"),
            ("null", "null"),
            ("http://", ""),
        ] {
            assert!(!own(origin, host, &[]), "{origin} {host}");
        }
    }
}
