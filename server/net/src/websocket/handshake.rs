//! From an HTTP request to a WebSocket: the handshake of RFC 6455 over HTTP/1.1, and of RFC 8441 over HTTP/2.
//!
//! By hand rather than by axum's extractor, because a socket must be tuned for many idle connections, its frames cut to
//! size, and its errors told apart.

use axum::{
    body::Body,
    extract::FromRequestParts,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header, request::Parts},
    response::Response,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use hyper::{ext::Protocol, upgrade::OnUpgrade};
use sha1::{Digest as _, Sha1};

use super::{Socket, SocketConfig, socket::AbortTarget, stream::Stream};
use crate::{
    http_error::HttpError,
    listener::{ConnectionHandle, UpgradedIo},
};
use wigwag_http2::ConnectUpgrade;

/// A request for a WebSocket whose headers are right. Its `Origin` is checked before, by
/// [`Origins::guard`](crate::origin::Origins::guard).
///
/// An axum extractor; its route is `any`, since HTTP/1.1 asks with GET and HTTP/2 with CONNECT. What it refuses is
/// answered in JSON with a hint.
#[derive(Debug)]
pub struct WebSocketUpgrade {
    way: PendingUpgrade,
    /// Of HTTP/1.1 only.
    key: Option<HeaderValue>,
    offered: Vec<String>,
    /// Of HTTP/1.1 only: over HTTP/2 the connection carries other streams too.
    connection: Option<ConnectionHandle>,
}

/// How a request becomes a byte stream.
#[derive(Debug)]
enum PendingUpgrade {
    /// hyper's: a connection of HTTP/1.1, or a stream of HTTP/2 where hyper serves it.
    Hyper(OnUpgrade),
    /// A stream of HTTP/2 that `wigwag-http2` serves.
    Wigwag(ConnectUpgrade),
}

impl WebSocketUpgrade {
    /// Whether the client offers this subprotocol.
    pub fn offers(&self, subprotocol: &str) -> bool {
        self.offered.iter().any(|offered| offered == subprotocol)
    }

    /// Whether the client offers any subprotocol.
    pub fn offers_any(&self) -> bool {
        !self.offered.is_empty()
    }

    /// Whether a request asks for a WebSocket at all, rightly or not.
    pub fn is_requested(parts: &Parts) -> bool {
        if parts.version <= Version::HTTP_11 { asks_by_upgrade(parts) } else { asks_by_connect(parts) }
    }

    /// Agrees, to `subprotocol` if there is one, and hands the socket to `serve` once it is open. Nothing happens when
    /// the client has gone by then.
    pub fn accept<F, Fut>(self, subprotocol: Option<&'static str>, settings: SocketConfig, serve: F) -> Response
    where
        F: FnOnce(Socket) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let by = match &self.way {
            // A stream that hyper serves has nothing to abort it with: it ends when the socket is dropped.
            PendingUpgrade::Hyper(_) => self.connection.clone().map(AbortTarget::Connection),
            PendingUpgrade::Wigwag(offer) => Some(AbortTarget::Tunnel(offer.handle())),
        };
        self.accept_stream(subprotocol, move |stream| async move {
            let socket = match stream {
                UpgradedIo::Tcp(io) => Socket::new(*io, settings, by),
                other => Socket::new(Stream::new(other), settings, by),
            };
            serve(socket).await;
        })
    }

    /// The same for who speaks WebSocket itself.
    pub fn accept_stream<F, Fut>(self, subprotocol: Option<&'static str>, serve: F) -> Response
    where
        F: FnOnce(UpgradedIo) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let Self { way, key, .. } = self;
        match way {
            PendingUpgrade::Hyper(upgraded) => drop(tokio::spawn(async move {
                if let Ok(upgraded) = upgraded.await {
                    serve(upgraded.into()).await;
                }
            })),
            // Taken before the answer is sent, which is what opens it.
            PendingUpgrade::Wigwag(offer) => drop(tokio::spawn(serve(offer.accept().into()))),
        }

        let mut response = Response::new(Body::empty());
        let headers = response.headers_mut();
        if let Some(subprotocol) = subprotocol {
            headers.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(subprotocol));
        }
        if let Some(key) = key {
            headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
            headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
            if let Ok(accept) = HeaderValue::try_from(accept_key(key.as_bytes())) {
                headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
            }
            *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        }
        response
    }
}

impl<S: Sync> FromRequestParts<S> for WebSocketUpgrade {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, HttpError> {
        let http1 = parts.version <= Version::HTTP_11;
        if !Self::is_requested(parts) {
            let hint = "this path speaks WebSocket: open it with new WebSocket(...) or a tool such as wscat";
            let error = HttpError::new(StatusCode::UPGRADE_REQUIRED, "WEBSOCKET_REQUIRED", hint);
            return Err(if http1 { error.header(header::UPGRADE, "websocket") } else { error });
        }
        if !is(&parts.headers, header::SEC_WEBSOCKET_VERSION, "13") {
            let hint = "sec-websocket-version must be 13 (RFC 6455)";
            let error = HttpError::new(StatusCode::UPGRADE_REQUIRED, "WEBSOCKET_VERSION", hint);
            return Err(error.header(header::SEC_WEBSOCKET_VERSION, "13"));
        }
        let key = parts.headers.get(header::SEC_WEBSOCKET_KEY).cloned().filter(|_| http1);
        // 16 bytes in base64.
        if http1 && key.as_ref().is_none_or(|key| key.len() != 24) {
            return Err(HttpError::new(
                StatusCode::BAD_REQUEST,
                "WEBSOCKET_KEY",
                "sec-websocket-key must be 16 bytes in base64",
            ));
        }
        let upgrade = parts.extensions.remove::<ConnectUpgrade>().map(PendingUpgrade::Wigwag);
        let way = upgrade.or_else(|| parts.extensions.remove::<OnUpgrade>().map(PendingUpgrade::Hyper));
        let Some(way) = way else {
            let hint = "this connection cannot become a WebSocket: is a proxy missing its upgrade settings?";
            return Err(HttpError::new(StatusCode::UPGRADE_REQUIRED, "NOT_UPGRADABLE", hint));
        };
        let connection = if http1 { parts.extensions.get::<ConnectionHandle>().cloned() } else { None };
        Ok(Self { way, key, offered: offered(&parts.headers), connection })
    }
}

/// RFC 6455, section 4.2.2.
fn accept_key(key: &[u8]) -> String {
    let digest = Sha1::new().chain_update(key).chain_update("258EAFA5-E914-47DA-95CA-C5AB0DC85B11").finalize();
    BASE64_STANDARD.encode(digest)
}

/// RFC 6455, section 4.1.
fn asks_by_upgrade(parts: &Parts) -> bool {
    let connection =
        parts.headers.get_all(header::CONNECTION).iter().flat_map(|value| value.as_bytes().split(is_comma));
    parts.method == Method::GET
        && connection.into_iter().any(|token| token.trim_ascii().eq_ignore_ascii_case(b"upgrade"))
        && is(&parts.headers, header::UPGRADE, "websocket")
}

/// RFC 8441, section 4.
fn asks_by_connect(parts: &Parts) -> bool {
    let offer = parts.extensions.get::<ConnectUpgrade>().map(ConnectUpgrade::protocol);
    let protocol = offer.or_else(|| parts.extensions.get::<Protocol>().map(Protocol::as_str));
    parts.method == Method::CONNECT && protocol == Some("websocket")
}

fn offered(headers: &HeaderMap) -> Vec<String> {
    let values = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(|name| name.trim().to_owned()).collect()
}

fn is(headers: &HeaderMap, name: HeaderName, value: &str) -> bool {
    headers.get(name).is_some_and(|found| found.as_bytes().eq_ignore_ascii_case(value.as_bytes()))
}

fn is_comma(byte: &u8) -> bool {
    *byte == b','
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_answered_as_in_the_rfc() {
        assert_eq!(accept_key(b"dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }
}
