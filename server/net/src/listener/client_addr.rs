//! The address of the client that sent a request.

use std::net::SocketAddr;

use http::{Extensions, HeaderMap};

use crate::{address::IpNetworks, forwarded};

/// The address of the client that sent a request: not that of a trusted proxy, but the one which that proxy was called from.
/// A request extension.
///
/// Never log it: logs must not contain addresses of clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddr {
    /// The address. Its port is 0 if only the IP address is known.
    pub addr: SocketAddr,
    /// Whether the request came through a trusted proxy. Its client may be on any machine then, even if the address is one of
    /// loopback.
    pub through_proxy: bool,
}

impl ClientAddr {
    /// Returns the address of a request that came from a listener.
    pub fn of(extensions: &Extensions) -> Option<Self> {
        extensions.get::<Self>().copied()
    }
}

/// Marks a request of a client whose address is denied. A request extension.
#[derive(Clone, Copy, Debug)]
pub struct DeniedClient;

impl DeniedClient {
    /// Returns whether the address of a request's client is denied.
    pub fn is(extensions: &Extensions) -> bool {
        extensions.get::<Self>().is_some()
    }
}

/// The other end of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer {
    /// That of the socket, or the one in the header of the PROXY protocol.
    pub(super) addr: SocketAddr,
    /// Whether `addr` is a trusted proxy's, whose requests say where they came from.
    pub(super) is_proxy: bool,
    /// Whether the socket is a trusted proxy's.
    pub(super) through_proxy: bool,
}

impl Peer {
    /// Returns the peer of a socket.
    pub(super) fn of_socket(addr: SocketAddr, trusted: &IpNetworks) -> Self {
        let is_proxy = trusted.contains(addr.ip());
        Self { addr, is_proxy, through_proxy: is_proxy }
    }

    /// Returns the peer that a trusted proxy has named in a header of the PROXY protocol.
    pub(super) fn of_proxied(addr: SocketAddr, trusted: &IpNetworks) -> Self {
        Self { addr, is_proxy: trusted.contains(addr.ip()), through_proxy: true }
    }

    /// Returns the client of a request with these header fields.
    pub(super) fn client(&self, headers: &HeaderMap, trusted: &IpNetworks) -> ClientAddr {
        let addr = if self.is_proxy { forwarded::client_addr(headers, self.addr, trusted) } else { self.addr };
        ClientAddr { addr, through_proxy: self.through_proxy }
    }
}
