//! The opening handshake of WebSocket: RFC 6455 over HTTP/1.1, RFC 8441 over HTTP/2.
//!
//! Implemented here rather than with axum's extractor, whose sockets allocate buffers while idle, and whose errors do
//! not distinguish the violations of a client.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::FromRequestParts,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header, request::Parts},
    response::Response,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use hyper::{ext::Protocol, upgrade::OnUpgrade};
use sha1::{Digest as _, Sha1};
use wigwag_http2::ConnectUpgrade;

use super::{Socket, SocketConfig, socket::AbortTarget, stream::Stream};
use crate::{
    http_error::HttpError,
    listener::{ConnectionHandle, CountPanic, ListenerStats, UpgradedIo},
};

/// A valid request for a WebSocket. Its `Origin` is checked before, by
/// [`Origins::guard`](crate::origin::Origins::guard).
///
/// An axum extractor; its route must be `any`, since the method is GET in HTTP/1.1 and CONNECT in HTTP/2. Invalid
/// requests are answered with an [`HttpError`].
#[derive(Debug)]
pub struct WebSocketUpgrade {
    upgrade: PendingUpgrade,
    /// The `Sec-WebSocket-Key` header. Also sent over HTTP/2 by proxies that translate a handshake over HTTP/1.1, and that
    /// pass the answer on to a client which requires it.
    key: Option<HeaderValue>,
    is_http1: bool,
    stats: Arc<ListenerStats>,
    offered: Vec<String>,
    /// The subprotocol to select if the caller of [`accept`](Self::accept) names none.
    selected: Option<HeaderValue>,
    /// HTTP/1.1 only: an HTTP/2 connection carries other streams too.
    connection: Option<ConnectionHandle>,
}

/// How a request becomes a byte stream.
#[derive(Debug)]
enum PendingUpgrade {
    /// An HTTP/1.1 connection, or an HTTP/2 stream served by hyper.
    Hyper(OnUpgrade),
    /// An HTTP/2 stream served by `wigwag-http2`.
    Wigwag(ConnectUpgrade),
}

impl WebSocketUpgrade {
    /// Returns whether the client offers this subprotocol.
    pub fn offers(&self, subprotocol: &str) -> bool {
        self.offered.iter().any(|offered| offered == subprotocol)
    }

    /// Returns the subprotocols that the client offers, in its order.
    pub fn offered(&self) -> impl Iterator<Item = &str> {
        self.offered.iter().map(String::as_str)
    }

    /// Selects the first subprotocol that the client offers, for protocols that are the same whatever its name.
    #[must_use]
    pub fn select_first_offered(mut self) -> Self {
        self.selected = self.offered.first().filter(|name| !name.is_empty()).and_then(|name| name.parse().ok());
        self
    }

    /// Returns whether a request asks for a WebSocket, with valid headers or not.
    pub fn is_requested(parts: &Parts) -> bool {
        if parts.version <= Version::HTTP_11 { is_http1_upgrade(parts) } else { is_extended_connect(parts) }
    }

    /// Accepts the handshake with this subprotocol, if any, and spawns `serve` with the socket once it is open. `serve`
    /// is not called if the client has closed the connection by then.
    pub fn accept<F, Fut>(self, subprotocol: Option<&'static str>, settings: SocketConfig, serve: F) -> Response
    where
        F: FnOnce(Socket) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let abort_target = match &self.upgrade {
            // hyper has no handle to abort a stream with: the stream ends when the socket is dropped.
            PendingUpgrade::Hyper(_) => self.connection.clone().map(AbortTarget::Connection),
            PendingUpgrade::Wigwag(connect) => Some(AbortTarget::Tunnel(connect.handle())),
        };
        let stats = self.stats.clone();
        self.accept_stream(subprotocol, move |stream| {
            serve(match stream {
                UpgradedIo::Tcp(io) => Socket::new(*io, settings, abort_target, stats),
                UpgradedIo::Tls(io) => Socket::new(*io, settings, abort_target, stats),
                other => Socket::new(Stream::upgraded(other), settings, abort_target, stats),
            })
        })
    }

    /// Like [`accept`](Self::accept), for callers that implement WebSocket framing themselves.
    pub fn accept_stream<F, Fut>(self, subprotocol: Option<&'static str>, serve: F) -> Response
    where
        F: FnOnce(UpgradedIo) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let Self { upgrade, key, is_http1, stats, selected, .. } = self;
        let counted = CountPanic(stats);
        match upgrade {
            PendingUpgrade::Hyper(upgraded) => drop(tokio::spawn(async move {
                let _counted = counted;
                if let Ok(upgraded) = upgraded.await {
                    // Boxed: the task keeps the place of `serve` and of what it has waited for.
                    Box::pin(serve(upgraded.into())).await;
                }
            })),
            // Accepted before the response is sent, which opens the stream.
            PendingUpgrade::Wigwag(connect) => {
                let io = connect.accept().into();
                drop(tokio::spawn(async move {
                    let _counted = counted;
                    Box::pin(serve(io)).await;
                }));
            }
        }

        let mut response = Response::new(Body::empty());
        let headers = response.headers_mut();
        if let Some(subprotocol) = subprotocol.map(HeaderValue::from_static).or(selected) {
            headers.insert(header::SEC_WEBSOCKET_PROTOCOL, subprotocol);
        }
        if let Some(accept) = key.and_then(|key| HeaderValue::try_from(accept_key(key.as_bytes())).ok()) {
            headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
        }
        if is_http1 {
            headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
            headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
            *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        }
        response
    }
}

impl<S: Sync> FromRequestParts<S> for WebSocketUpgrade {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, HttpError> {
        let is_http1 = parts.version <= Version::HTTP_11;
        if !Self::is_requested(parts) {
            let hint = "this path requires a WebSocket: open it with new WebSocket(...) or a tool such as wscat";
            let error = HttpError::new(StatusCode::UPGRADE_REQUIRED, "WEBSOCKET_REQUIRED", hint);
            return Err(if is_http1 { error.header(header::UPGRADE, "websocket") } else { error });
        }
        if !header_is(&parts.headers, header::SEC_WEBSOCKET_VERSION, "13") {
            let hint = "sec-websocket-version must be 13 (RFC 6455)";
            let error = HttpError::new(StatusCode::UPGRADE_REQUIRED, "WEBSOCKET_VERSION", hint);
            return Err(error.header(header::SEC_WEBSOCKET_VERSION, "13"));
        }
        let key = parts.headers.get(header::SEC_WEBSOCKET_KEY).cloned();
        // 16 bytes in base64. RFC 8441 does without it.
        if is_http1 && key.as_ref().is_none_or(|key| key.len() != 24) {
            return Err(HttpError::new(
                StatusCode::BAD_REQUEST,
                "WEBSOCKET_KEY",
                "sec-websocket-key must be 16 bytes in base64",
            ));
        }
        let upgrade = parts.extensions.remove::<ConnectUpgrade>().map(PendingUpgrade::Wigwag);
        let upgrade = upgrade.or_else(|| parts.extensions.remove::<OnUpgrade>().map(PendingUpgrade::Hyper));
        let Some(upgrade) = upgrade else {
            let hint = "this connection cannot become a WebSocket: is a proxy missing its upgrade settings?";
            return Err(HttpError::new(StatusCode::UPGRADE_REQUIRED, "NOT_UPGRADABLE", hint));
        };
        let connection = if is_http1 { parts.extensions.get::<ConnectionHandle>().cloned() } else { None };
        let stats = parts.extensions.get::<Arc<ListenerStats>>().cloned().unwrap_or_default();
        Ok(Self { upgrade, key, is_http1, stats, offered: offered(&parts.headers), selected: None, connection })
    }
}

/// Returns the value of `Sec-WebSocket-Accept` (RFC 6455, section 4.2.2).
fn accept_key(key: &[u8]) -> String {
    let digest = Sha1::new().chain_update(key).chain_update("258EAFA5-E914-47DA-95CA-C5AB0DC85B11").finalize();
    BASE64_STANDARD.encode(digest)
}

/// Returns whether this is a handshake over HTTP/1.1 (RFC 6455, section 4.1).
fn is_http1_upgrade(parts: &Parts) -> bool {
    parts.method == Method::GET
        && lists(&parts.headers, header::CONNECTION, "upgrade")
        && lists(&parts.headers, header::UPGRADE, "websocket")
}

/// Returns whether this is a handshake over HTTP/2 (RFC 8441, section 4).
fn is_extended_connect(parts: &Parts) -> bool {
    let connect = parts.extensions.get::<ConnectUpgrade>().map(ConnectUpgrade::protocol);
    let protocol = connect.or_else(|| parts.extensions.get::<Protocol>().map(Protocol::as_str));
    parts.method == Method::CONNECT && protocol == Some("websocket")
}

fn offered(headers: &HeaderMap) -> Vec<String> {
    let values = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|value| value.to_str().ok());
    let names = values.flat_map(|value| value.split(',')).map(str::trim);
    // Empty elements of a list count for nothing (RFC 9110, section 5.6.1.2).
    names.filter(|name| !name.is_empty()).map(ToOwned::to_owned).collect()
}

/// Returns whether a header that is a list of tokens has this one, in upper or lower case.
fn lists(headers: &HeaderMap, name: HeaderName, token: &str) -> bool {
    let mut tokens = headers.get_all(name).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    tokens.any(|found| found.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
}

fn header_is(headers: &HeaderMap, name: HeaderName, value: &str) -> bool {
    headers.get(name).is_some_and(|found| found.as_bytes().eq_ignore_ascii_case(value.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_accept_key_is_that_of_the_rfc() {
        assert_eq!(accept_key(b"dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }
}
