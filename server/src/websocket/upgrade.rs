//! From an HTTP request to a WebSocket: the handshake of RFC 6455 over HTTP/1.1, and of RFC 8441 over HTTP/2.
//!
//! By hand rather than by axum's extractor, because a socket must be tuned for many idle connections, its frames cut to
//! size, and its errors told apart.

use axum::{
    body::Body,
    extract::{FromRef, FromRequestParts},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header, request::Parts},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use hyper::upgrade::OnUpgrade;
use sha1::{Digest as _, Sha1};

use super::{Settings, Socket, socket::Carried, wire::Stream};
use crate::{
    http::{Hint, Origins},
    http2::Offer,
    listener::{ByteStream, ConnectionHandle},
};

/// A request that asks for a WebSocket and may have one: its headers are right, and so is its `Origin`.
///
/// An axum extractor for every router whose state gives [`Origins`]; its route is `any`, since HTTP/1.1 asks with GET and
/// HTTP/2 with CONNECT. What it refuses is answered in JSON with a hint.
#[derive(Debug)]
pub(crate) struct Upgrade {
    way: Way,
    /// Of HTTP/1.1 only.
    key: Option<HeaderValue>,
    offered: Vec<String>,
    /// Of HTTP/1.1 only: over HTTP/2 the connection carries other streams too.
    connection: Option<ConnectionHandle>,
}

/// How a request becomes a byte stream.
#[derive(Debug)]
enum Way {
    Http1(OnUpgrade),
    Http2(Offer),
}

impl Upgrade {
    /// Whether the client offers this subprotocol.
    pub(crate) fn offers(&self, subprotocol: &str) -> bool {
        self.offered.iter().any(|offered| offered == subprotocol)
    }

    /// Whether the client offers any subprotocol.
    pub(crate) fn offers_any(&self) -> bool {
        !self.offered.is_empty()
    }

    /// Whether a request asks for a WebSocket at all, rightly or not.
    pub(crate) fn is_asked_for(parts: &Parts) -> bool {
        if parts.version <= Version::HTTP_11 { asks_by_upgrade(parts) } else { asks_by_connect(parts) }
    }

    /// Agrees, to `subprotocol` if there is one, and hands the socket to `serve` once it is open. Nothing happens when
    /// the client has gone by then.
    pub(crate) fn accept<F, Fut>(self, subprotocol: Option<&'static str>, settings: Settings, serve: F) -> Response
    where
        F: FnOnce(Socket) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let by = match &self.way {
            Way::Http1(_) => self.connection.clone().map(Carried::Connection),
            Way::Http2(offer) => Some(Carried::Tunnel(offer.handle())),
        };
        self.accept_stream(subprotocol, move |stream| async move {
            let socket = match stream {
                ByteStream::Tcp(io) => Socket::new(*io, settings, by),
                other => Socket::new(Stream::new(other), settings, by),
            };
            serve(socket).await;
        })
    }

    /// The same for who speaks WebSocket itself.
    pub(crate) fn accept_stream<F, Fut>(self, subprotocol: Option<&'static str>, serve: F) -> Response
    where
        F: FnOnce(ByteStream) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let Self { way, key, .. } = self;
        match way {
            Way::Http1(upgraded) => drop(tokio::spawn(async move {
                if let Ok(upgraded) = upgraded.await {
                    serve(upgraded.into()).await;
                }
            })),
            // Taken before the answer is sent, which is what opens it.
            Way::Http2(offer) => drop(tokio::spawn(serve(offer.accept().into()))),
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

/// Why there is no WebSocket.
#[derive(Debug)]
pub(crate) struct Refusal {
    hint: Hint,
    header: Option<(HeaderName, &'static str)>,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self.header {
            Some(header) => ([header], self.hint).into_response(),
            None => self.hint.into_response(),
        }
    }
}

fn refuse<T>(status: StatusCode, error: &'static str, hint: &'static str) -> Result<T, Refusal> {
    Err(Refusal { hint: Hint::new(status, error, hint), header: None })
}

impl<S> FromRequestParts<S> for Upgrade
where
    Origins: FromRef<S>,
    S: Sync,
{
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let http1 = parts.version <= Version::HTTP_11;
        if !Self::is_asked_for(parts) {
            return Err(Refusal {
                hint: Hint::new(
                    StatusCode::UPGRADE_REQUIRED,
                    "WEBSOCKET_REQUIRED",
                    "this path speaks WebSocket: open it with new WebSocket(...) or a tool such as wscat",
                ),
                header: http1.then_some((header::UPGRADE, "websocket")),
            });
        }
        if !Origins::from_ref(state).allow(&parts.headers) {
            let hint = "this web page's origin may not call this server: add it to cors.allowed_origins in the \
                        configuration, or to WIGWAG_CORS__ALLOWED_ORIGINS";
            return refuse(StatusCode::FORBIDDEN, "FORBIDDEN", hint);
        }
        if !is(&parts.headers, header::SEC_WEBSOCKET_VERSION, "13") {
            let hint = "sec-websocket-version must be 13 (RFC 6455)";
            return Err(Refusal {
                hint: Hint::new(StatusCode::UPGRADE_REQUIRED, "WEBSOCKET_VERSION", hint),
                header: Some((header::SEC_WEBSOCKET_VERSION, "13")),
            });
        }
        let key = parts.headers.get(header::SEC_WEBSOCKET_KEY).cloned().filter(|_| http1);
        // 16 bytes in base64.
        if http1 && key.as_ref().is_none_or(|key| key.len() != 24) {
            return refuse(StatusCode::BAD_REQUEST, "WEBSOCKET_KEY", "sec-websocket-key must be 16 bytes in base64");
        }
        let way = if http1 {
            parts.extensions.remove::<OnUpgrade>().map(Way::Http1)
        } else {
            parts.extensions.remove::<Offer>().map(Way::Http2)
        };
        let Some(way) = way else {
            let hint = "this connection cannot become a WebSocket: is a proxy missing its upgrade settings?";
            return refuse(StatusCode::UPGRADE_REQUIRED, "NOT_UPGRADABLE", hint);
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
    let offer = parts.extensions.get::<Offer>();
    parts.method == Method::CONNECT && offer.is_some_and(|offer| offer.protocol() == "websocket")
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
