//! The rule for web pages: which origins may call, for CORS and for doors that CORS does not guard.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::config::AllowedOrigins;

use super::content::{self, Content};

/// The configured rule, ready to be asked. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Origins(Arc<AllowedOrigins>);

impl Origins {
    /// The rule of `cors.allowed_origins`.
    pub fn new(allowed: &AllowedOrigins) -> Self {
        Self(Arc::new(allowed.clone()))
    }

    /// Whether a request with these headers may be served. One without `Origin` does not come from a web page.
    pub fn allow(&self, headers: &HeaderMap) -> bool {
        let Some(origin) = headers.get(header::ORIGIN) else { return true };
        origin.to_str().is_ok_and(|origin| self.allow_origin(origin, headers))
    }

    fn allow_origin(&self, origin: &str, headers: &HeaderMap) -> bool {
        match &*self.0 {
            AllowedOrigins::Any => true,
            AllowedOrigins::List(origins) => origins.iter().any(|allowed| allowed == origin),
            AllowedOrigins::Loopback => is_loopback(origin) || is_own_page(origin, headers),
        }
    }

    /// CORS for the whole server (Fetch standard, section 3.2), with what gRPC-Web needs.
    pub(super) fn cors(&self) -> CorsLayer {
        let rule = match &*self.0 {
            AllowedOrigins::Any => AllowOrigin::any(),
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

/// `http(s)://` and `localhost`, `127.0.0.1` or `[::1]`, with any port.
fn is_loopback(origin: &str) -> bool {
    origin_uri(origin).is_some_and(|uri| matches!(uri.host(), Some("localhost" | "127.0.0.1" | "[::1]")))
}

/// A page this server served itself. Only under an IP address: a name could be made to point here by anyone who owns
/// it (DNS rebinding), an address could not.
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

/// Refuses gRPC and gRPC-Web calls of pages that may not call. tonic-web does not look at the origin, and CORS only
/// keeps a page from reading the answer, not from having sent the call.
pub(super) async fn refuse_strangers(State(origins): State<Origins>, request: Request, next: Next) -> Response {
    if content::of(&request) == Content::Other || origins.allow(request.headers()) {
        return next.run(request).await;
    }
    let text = "This web page's origin may not call this server. Add it to cors.allowed_origins in the configuration, \
                or to WIGWAG_CORS__ALLOWED_ORIGINS.\n";
    (StatusCode::FORBIDDEN, text).into_response()
}
