//! The limits of a listener, and the settings of HTTP/1.1 and HTTP/2 derived from them.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use hyper::server::conn::http1;
use hyper_util::rt::TokioTimer;
use serde::{Deserialize, Serialize};
use wigwag_http2::Http2Limits;

use super::RuntimePool;
use crate::address::IpNetworks;

/// Which implementation serves HTTP/2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Http2Engine {
    /// `wigwag-http2`, which enforces every limit of [`ListenerConfig`].
    #[default]
    Wigwag,
    /// hyper with h2, which enforces the limits that hyper has a setting for.
    Hyper,
}

/// Whether connections begin with a header of the PROXY protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProxyProtocol {
    /// None does.
    #[default]
    Off,
    /// Those of trusted proxies do, version 1 or 2. Others are served without one.
    Required,
}

/// Networks whose clients are not served, which may change while a listener runs. Cheap to clone.
#[derive(Clone, Debug, Default)]
// A plain lock: held while an address is looked up, never across an await.
pub struct DeniedNetworks(Arc<RwLock<IpNetworks>>);

impl DeniedNetworks {
    /// Replaces the networks. Connections that are open already are not closed, but their further requests are marked with
    /// [`DeniedClient`](super::DeniedClient).
    pub fn set(&self, networks: IpNetworks) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = networks;
    }

    /// Returns whether one of them contains an address.
    pub fn contains(&self, ip: std::net::IpAddr) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains(ip)
    }
}

/// Limits of one listener, and the threads of its connections.
#[derive(Clone, Debug)]
pub struct ListenerConfig {
    /// Open connections; one more is closed on arrival.
    pub max_connections: usize,
    /// Open connections from one IPv4 address or one IPv6 /64; one more is closed on arrival. 0 = no limit.
    pub max_connections_per_ip: usize,
    /// New connections per second from one of these, of which ten seconds' worth may come at once; one more is closed on
    /// arrival. 0 = no limit.
    pub connections_per_second_per_ip: u32,
    /// Addresses to which neither applies. Those of `trusted_proxies` are such as well.
    pub uncapped: IpNetworks,
    /// Proxies that are believed when they say where a request comes from.
    pub trusted_proxies: IpNetworks,
    /// Whether their connections begin with a header of the PROXY protocol.
    pub proxy_protocol: ProxyProtocol,
    /// Addresses that are not served.
    pub denied: DeniedNetworks,
    /// Time from the accept to the first byte.
    pub first_byte_timeout: Duration,
    /// Time from the accept until a first request has been read, or the peer has sent its SETTINGS over HTTP/2: clients
    /// connect ahead of their first call. Later, [`keepalive_interval`](Self::keepalive_interval) finds peers that have
    /// gone.
    pub handshake_timeout: Duration,
    /// Time within which the head of each HTTP/1 request must arrive, including the time before its first byte.
    pub http1_head_timeout: Duration,
    /// The implementation that serves HTTP/2.
    pub http2_engine: Http2Engine,
    /// Open streams on one HTTP/2 connection; one more is refused with REFUSED_STREAM.
    pub max_concurrent_streams: u32,
    /// Bytes a peer may send on one HTTP/2 stream before the service has read them.
    pub stream_window: u32,
    /// Bytes that may be on their way on one HTTP/2 connection. Unread streams do not use it up.
    pub connection_window: u32,
    /// Bytes of requests that one HTTP/2 connection may hold: unread bodies, and header fields of requests without a
    /// response, each counted with 128 bytes more. Beyond it the stream that holds the most is reset.
    pub request_memory: u32,
    /// Time that an HTTP/2 response may wait for a flow-control window before its stream is reset.
    pub send_timeout: Duration,
    /// Time that sent data may stay unacknowledged, or the peer's receive window closed, before the kernel ends the
    /// connection. At least the longest time that a peer may leave data unread.
    pub tcp_send_timeout: Duration,
    /// Time after which an HTTP/2 peer that was silent is pinged. `None` = no pings are sent.
    pub keepalive_interval: Option<Duration>,
    /// Time within which a peer must answer a ping.
    pub keepalive_timeout: Duration,
    /// Time after which an HTTP/2 connection is asked to go (GOAWAY), give or take a tenth. `None` = never.
    pub max_connection_age: Option<Duration>,
    /// Time that its streams then have to finish, before it is closed.
    pub connection_age_grace: Duration,
    /// Time within which open connections must finish once the listener is stopped.
    pub stop_grace: Duration,
    /// The runtimes over which connections are spread.
    pub pool: RuntimePool,
}

/// Stream errors that a peer may provoke at once before the connection is closed (RUSTSEC-2024-0003, CVE-2025-8671).
const MAX_PROVOKED_RESETS: u32 = 1024;
/// Streams that a peer may reset at once before their response, in excess of those with a response, before requests are
/// refused (CVE-2023-44487). One connection may carry a thousand clients that give up together.
const MAX_EARLY_RESETS: u32 = 1000;
/// How much of both limits returns each second.
const RESETS_PER_SECOND: u32 = 50;
/// Bytes of the header fields of an HTTP/2 request.
const MAX_HEADER_LIST: u32 = 16 * 1024;
/// Bytes of the head of an HTTP/1 request, and of hyper's read buffer.
const HTTP1_BUFFER: usize = 32 * 1024;
/// Bytes that hyper buffers for an HTTP/2 stream whose client does not read.
pub(super) const SEND_BUFFER: usize = 16 * 1024;

impl Default for ListenerConfig {
    fn default() -> Self {
        Self {
            max_connections: 16_384,
            max_connections_per_ip: 0,
            connections_per_second_per_ip: 0,
            uncapped: IpNetworks::default(),
            trusted_proxies: IpNetworks::default(),
            proxy_protocol: ProxyProtocol::default(),
            denied: DeniedNetworks::default(),
            first_byte_timeout: Duration::from_secs(5),
            handshake_timeout: Duration::from_secs(10),
            http1_head_timeout: Duration::from_secs(30),
            http2_engine: Http2Engine::default(),
            max_concurrent_streams: 1000,
            stream_window: 64 * 1024,
            connection_window: 1024 * 1024,
            request_memory: 4 * 1024 * 1024,
            send_timeout: Duration::from_secs(20),
            tcp_send_timeout: Duration::from_secs(20),
            keepalive_interval: Some(Duration::from_secs(20)),
            keepalive_timeout: Duration::from_secs(10),
            max_connection_age: None,
            connection_age_grace: Duration::from_secs(60),
            stop_grace: Duration::from_secs(1),
            pool: RuntimePool::here(),
        }
    }
}

impl ListenerConfig {
    /// Returns the settings for HTTP/1.1. Every limit is set explicitly, because hyper's defaults are meant for general
    /// use.
    pub(super) fn http1(&self) -> http1::Builder {
        let mut builder = http1::Builder::new();
        builder
            .timer(TokioTimer::new())
            .header_read_timeout(self.http1_head_timeout)
            .half_close(false)
            .max_buf_size(HTTP1_BUFFER);
        builder
    }

    /// Returns the limits for HTTP/2.
    pub(super) fn http2(&self) -> Http2Limits {
        Http2Limits {
            max_streams: self.max_concurrent_streams,
            stream_window: self.stream_window,
            connection_window: self.connection_window,
            max_header_list: MAX_HEADER_LIST,
            max_provoked_resets: MAX_PROVOKED_RESETS,
            max_early_resets: MAX_EARLY_RESETS,
            request_memory: self.request_memory,
            resets_per_second: RESETS_PER_SECOND,
            send_timeout: self.send_timeout,
        }
    }
}
