//! `[connections]`: limits and timeouts of connections.

use serde::{Deserialize, Serialize};
use wigwag_net::listener::ProxyProtocol;

use super::error::ConfigErrors;
use super::networks::Networks;
use super::range::Range;

/// Settings of connections.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConnectionsSection {
    /// Most connections at a time; one more is closed on arrival. Lowered at startup to fit the limit of open files, of which
    /// 512 are reserved for other uses.
    pub max: usize,
    /// Most connections at a time from one IPv4 address or one IPv6 /64; one more is closed on arrival. Loopback and
    /// `trusted_proxies` are not limited. 0 = no limit.
    pub max_per_ip: usize,
    /// New connections per second from one of these, of which ten seconds' worth may come at once; one more is closed on
    /// arrival. 0 = no limit.
    pub per_second_per_ip: u32,
    /// Proxies that are believed when they say which address a request or a connection comes from.
    pub trusted_proxies: Networks,
    /// Whether connections of trusted proxies begin with a header of the PROXY protocol.
    pub proxy_protocol: ProxyProtocol,
    /// Milliseconds from the accept to the first byte.
    pub first_byte_timeout_ms: u32,
    /// Milliseconds from the accept until the first request has been read, or over HTTP/2 the client's SETTINGS.
    pub handshake_timeout_ms: u32,
    /// Milliseconds until an HTTP/1 connection has sent the head of its next request, idle time included.
    pub http1_idle_timeout_ms: u32,
    /// Milliseconds a gRPC or gRPC-Web call with one request message has for that message.
    pub message_timeout_ms: u32,
}

impl Default for ConnectionsSection {
    fn default() -> Self {
        Self {
            max: 16_384,
            max_per_ip: 8_192,
            per_second_per_ip: 1_000,
            trusted_proxies: Networks::default(),
            proxy_protocol: ProxyProtocol::default(),
            first_byte_timeout_ms: 5000,
            handshake_timeout_ms: 10_000,
            http1_idle_timeout_ms: 30_000,
            message_timeout_ms: 10_000,
        }
    }
}

pub(super) const ALLOWED_PROXY_PROTOCOL: &str = "\"off\" or \"required\"";

pub(super) const RANGES: &[Range] = &[
    Range::new("connections.max", 1, 100_000_000),
    Range::new("connections.max_per_ip", 0, 100_000_000),
    Range::new("connections.per_second_per_ip", 0, 100_000_000),
    Range::ms("connections.first_byte_timeout_ms", 10, 600_000),
    Range::ms("connections.handshake_timeout_ms", 10, 600_000),
    Range::ms("connections.http1_idle_timeout_ms", 10, 600_000),
    Range::ms("connections.message_timeout_ms", 10, 600_000),
];

impl ConnectionsSection {
    pub(super) fn check(&self, errors: &mut ConfigErrors) {
        if self.handshake_timeout_ms < self.first_byte_timeout_ms {
            let first = self.first_byte_timeout_ms;
            let allowed = format!("at least connections.first_byte_timeout_ms, which is {first}");
            errors.add("connections.handshake_timeout_ms", self.handshake_timeout_ms, allowed);
        }
        if let Some(all) = self.trusted_proxies.as_slice().iter().find(|network| network.is_everything()) {
            let allowed =
                "the networks of the proxies only: from this one every client could name any address as its own";
            errors.add("connections.trusted_proxies", all, allowed);
        }
        if self.proxy_protocol == ProxyProtocol::Required && self.trusted_proxies.is_empty() {
            let allowed = "\"off\", unless connections.trusted_proxies lists the proxies: a header of the PROXY protocol is read \
                           from those only";
            errors.add("connections.proxy_protocol", "\"required\"", allowed);
        }
    }
}
