//! The client that sends a frame or makes a call.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use super::{ClientCertificate, ClientHeaders, Identity, UserKey};

/// The client that sends a frame or makes a call.
#[derive(Clone, Debug, Default)]
pub struct Caller {
    /// Its address, which is not that of a proxy that the server trusts. `None` is treated as another machine.
    pub addr: Option<SocketAddr>,
    /// Whether the request came through a proxy. Such a caller is not on this machine, whatever its address.
    pub through_proxy: bool,
    /// How it reaches the server, such as `grpc` or `websocket`. For the log only.
    pub transport: &'static str,
    /// The token that came with the request and not with a frame.
    pub token: Option<BearerToken>,
    /// The certificate of its connection, if it has shown one. Looked at if there is no token.
    pub certificate: Option<Arc<ClientCertificate>>,
    /// The fields of its request that the webhook is told. `None` once it has connected.
    pub headers: Option<ClientHeaders>,
    /// Who it is, once a token was verified, or a certificate looked up. `None` without authentication.
    pub identity: Option<Arc<Identity>>,
}

impl Caller {
    /// Creates a caller at `addr`.
    pub fn new(addr: Option<SocketAddr>) -> Self {
        Self { addr, ..Self::default() }
    }

    /// Says that the request came through a proxy, if it did.
    #[must_use]
    pub fn through_proxy(mut self, through_proxy: bool) -> Self {
        self.through_proxy |= through_proxy;
        self
    }

    /// Sets the transport, for the log.
    #[must_use]
    pub fn over(mut self, transport: &'static str) -> Self {
        self.transport = transport;
        self
    }

    /// Sets the token that came with the request.
    #[must_use]
    pub fn with_token(mut self, token: Option<BearerToken>) -> Self {
        self.token = token;
        self
    }

    /// Sets the certificate of its connection.
    #[must_use]
    pub fn with_certificate(mut self, certificate: Option<ClientCertificate>) -> Self {
        self.certificate = certificate.map(Arc::new);
        self
    }

    /// Sets the fields of its request that the webhook is told.
    #[must_use]
    pub fn with_headers(mut self, headers: Option<ClientHeaders>) -> Self {
        self.headers = headers;
        self
    }

    /// Returns who the caller is, as opposed to where it is: empty without authentication, when all callers are one.
    pub fn subject(&self) -> UserKey {
        self.identity.as_ref().map_or_else(UserKey::default, |identity| identity.user_key())
    }

    /// Returns the namespace in which it acts: the empty one without authentication.
    pub fn namespace(&self) -> &str {
        self.identity.as_ref().map_or("", |identity| identity.namespace())
    }

    /// Returns the namespace for a line of the log. Lines about the empty one do not name it.
    pub fn logged_namespace(&self) -> Option<&str> {
        Some(self.namespace()).filter(|namespace| !namespace.is_empty())
    }

    /// Returns a number for where the caller comes from: the IPv4 address, or the IPv6 network of 64 bits, of which one
    /// customer of a provider has at least one.
    pub fn source(&self) -> u64 {
        match self.addr.map(|addr| addr.ip().to_canonical()) {
            None => 0,
            Some(IpAddr::V4(ip)) => u32::from(ip).into(),
            Some(IpAddr::V6(ip)) => u64::try_from(u128::from(ip) >> 64).unwrap_or(0),
        }
    }

    pub(super) fn is_local(&self) -> bool {
        !self.through_proxy && self.addr.is_some_and(|addr| addr.ip().to_canonical().is_loopback())
    }
}

/// A token as a client presents it, before it is verified. Its `Debug` form does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct BearerToken(Arc<str>);

impl BearerToken {
    /// Wraps the text of a token. `None` if it is empty.
    pub fn new(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| Self(text.into()))
    }

    /// Reads the value of a header `authorization: Bearer TOKEN` (RFC 6750, section 2.1). The scheme has no case.
    pub fn from_authorization(value: &[u8]) -> Option<Self> {
        let (scheme, token) = std::str::from_utf8(value).ok()?.trim().split_once(' ')?;
        if scheme.eq_ignore_ascii_case("bearer") { Self::new(token.trim()) } else { None }
    }

    /// Returns the text.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for BearerToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BearerToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_read_from_the_header() {
        let token = |value: &str| BearerToken::from_authorization(value.as_bytes()).map(|token| token.0.to_string());
        for value in ["Bearer abc", "bearer abc", "BEARER  abc ", " Bearer abc"] {
            assert_eq!(token(value).as_deref(), Some("abc"), "{value:?}");
        }
        for value in ["abc", "Basic abc", "Bearer", "Bearer ", "", "Bearerabc"] {
            assert_eq!(token(value), None, "{value:?}");
        }
        assert_eq!(BearerToken::from_authorization(b"Bearer \xff"), None);
        assert!(!format!("{:?}", BearerToken::new("abc")).contains("abc"));
    }
}
