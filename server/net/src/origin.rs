//! Web origins: which web pages may call the server.
//!
//! A browser sends `Origin` with every request that could act on behalf of its user. [`Origins::guard`] checks it once
//! for a whole router. CORS alone is not enough: it keeps a page from reading a response but not from making the
//! request, and WebSocket handshakes are not subject to it at all.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header, request::Parts},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse as _, Response},
};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::http_error::HttpError;

/// The origins that may call the server. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Origins(Arc<Rule>);

#[derive(Debug)]
enum Rule {
    Loopback,
    Any,
    List(Vec<String>),
}

impl Origins {
    /// Allows pages on `localhost`, and pages that this server has served itself under an IP address.
    pub fn loopback() -> Self {
        Self(Arc::new(Rule::Loopback))
    }

    /// Allows every origin.
    pub fn any() -> Self {
        Self(Arc::new(Rule::Any))
    }

    /// Allows exactly these origins (scheme, host and port; RFC 6454).
    pub fn list(origins: Vec<String>) -> Self {
        Self(Arc::new(Rule::List(origins)))
    }

    /// Returns whether a request with these headers is allowed. A request without `Origin` does not come from a web
    /// page.
    pub fn allow(&self, headers: &HeaderMap) -> bool {
        let Some(origin) = headers.get(header::ORIGIN) else { return true };
        origin.to_str().is_ok_and(|origin| self.allow_origin(origin, headers))
    }

    fn allow_origin(&self, origin: &str, headers: &HeaderMap) -> bool {
        match &*self.0 {
            Rule::Any => true,
            Rule::List(origins) => origins.iter().any(|allowed| allowed == origin),
            Rule::Loopback => is_loopback(origin) || is_own_page(origin, headers),
        }
    }

    /// Guards a router: requests of pages that may not call are refused with 403, and pages that may call can read the
    /// responses (CORS; Fetch standard, section 3.2).
    pub fn guard(&self, router: Router) -> Router {
        router
            .layer(from_fn_with_state(self.clone(), refuse))
            // The outermost layer, so that allowed pages can also read refusals and 404 responses.
            .layer(self.cors())
    }

    fn cors(&self) -> CorsLayer {
        let rule = match &*self.0 {
            Rule::Any => AllowOrigin::any(),
            _ => {
                let origins = self.clone();
                AllowOrigin::predicate(move |_: &HeaderValue, parts: &Parts| origins.allow(&parts.headers))
            }
        };
        let name = header::HeaderName::from_static;
        CorsLayer::new()
            .allow_origin(rule)
            .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
            .allow_headers([
                header::CONTENT_TYPE,
                header::AUTHORIZATION,
                name("x-grpc-web"),
                name("x-user-agent"),
                name("grpc-timeout"),
            ])
            .expose_headers([name("grpc-status"), name("grpc-message"), name("grpc-status-details-bin")])
            .max_age(std::time::Duration::from_secs(7200))
    }
}

async fn refuse(State(origins): State<Origins>, request: Request, next: Next) -> Response {
    if origins.allow(request.headers()) {
        return next.run(request).await;
    }
    let hint = "the origin of this web page may not call this server: add it to cors.allowed_origins in the \
                configuration, or to WIGWAG_CORS__ALLOWED_ORIGINS";
    // The page may read that it is refused, and how to change that: nothing else tells its script.
    HttpError::new(StatusCode::FORBIDDEN, "FORBIDDEN", hint)
        .header(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")
        .into_response()
}

/// Returns whether the origin is `localhost`, `127.0.0.1` or `[::1]`, with any port.
fn is_loopback(origin: &str) -> bool {
    origin_uri(origin).is_some_and(|uri| matches!(uri.host(), Some("localhost" | "127.0.0.1" | "[::1]")))
}

/// Returns whether this server has served the page itself. Only under an IP address: the owner of a domain could make
/// it resolve to this machine (DNS rebinding).
fn is_own_page(origin: &str, headers: &HeaderMap) -> bool {
    let Some(uri) = origin_uri(origin) else { return false };
    let Some(authority) = uri.authority() else { return false };
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    let own = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    host.parse::<std::net::IpAddr>().is_ok() && own == Some(authority.as_str())
}

fn origin_uri(origin: &str) -> Option<Uri> {
    let uri: Uri = origin.parse().ok()?;
    matches!(uri.scheme_str(), Some("http" | "https")).then_some(uri)
}
