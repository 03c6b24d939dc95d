//! Limits of a connection. With them the memory of a connection is bounded, whatever its client sends.

use std::time::Duration;

/// Limits of one connection, each against a client that would exhaust the server otherwise.
///
/// One connection may carry the streams of many clients, those of a proxy. So a stream that exceeds a limit is reset, and
/// the connection is closed only for what a proxy does not let through, or for floods.
///
/// There are no defaults: which values suit depends on how many connections a server accepts. All fields are public and
/// the struct is exhaustive, so that a new limit is a decision of every server that embeds this crate.
#[derive(Clone, Copy, Debug)]
pub struct Http2Limits {
    /// Streams that may be open at a time (SETTINGS_MAX_CONCURRENT_STREAMS). One more is refused with REFUSED_STREAM.
    pub max_streams: u32,
    /// Bytes of one request body that may be received before the service has read them
    /// (SETTINGS_INITIAL_WINDOW_SIZE). More is a stream error, FLOW_CONTROL_ERROR.
    pub stream_window: u32,
    /// Bytes of all request bodies of the connection that may be on the way. They return to the client as soon as they
    /// are received, so that bodies that are not read block no other. Values below 65,535, with which every connection
    /// starts, count as 65,535 (RFC 9113, section 6.9.2).
    pub connection_window: u32,
    /// Bytes of requests that the connection may hold: bodies that were received and not read, and the header fields of
    /// requests without a response, each counted with 128 bytes more. Beyond it the stream that holds the most is reset
    /// with ENHANCE_YOUR_CALM.
    pub request_memory: u32,
    /// Bytes of all header fields of a request, each with 32 added (SETTINGS_MAX_HEADER_LIST_SIZE; RFC 9113, section
    /// 6.5.2). A larger request is answered with status 431; its fields are decoded and dropped.
    pub max_header_list: u32,
    /// Stream errors the client may provoke at once before the connection is closed with ENHANCE_YOUR_CALM. Against
    /// clients that make the server reset streams on which it is still working (CVE-2025-8671 "MadeYouReset",
    /// RUSTSEC-2024-0003).
    pub max_provoked_resets: u32,
    /// Streams the client may reset at once before they were answered (CVE-2023-44487 "Rapid Reset"). Each stream that
    /// is answered makes up for one. Beyond it requests are refused with REFUSED_STREAM; after ten times as many refused
    /// ones the connection is closed with ENHANCE_YOUR_CALM.
    pub max_early_resets: u32,
    /// How much of the two limits above returns each second.
    pub resets_per_second: u32,
    /// How long a response may wait for a window before its stream is reset with CANCEL. A quarter of it if the client
    /// answers PING and does not read what takes most of the window of the connection.
    pub send_timeout: Duration,
}

/// The time between two calls of [`Connection::tick`](crate::Connection::tick).
pub const TICK: Duration = Duration::from_secs(1);

/// What a header field takes besides its name and value, for [`Http2Limits::request_memory`].
pub(crate) const FIELD_OVERHEAD: usize = 128;

/// Bytes of an encoded header block. Must be above any useful `max_header_list`: a list that is too large is decoded all
/// the same, since later blocks may refer to its fields.
pub(crate) const MAX_HEADER_BLOCK: usize = 64 * 1024;

/// CONTINUATION frames of one header block (CVE-2024-27316 "CONTINUATION Flood").
pub(crate) const MAX_CONTINUATIONS: usize = 32;

/// Bytes in a send buffer, that of a connection or of a tunnel, at which no more are added until the driver has sent
/// them (CVE-2019-9517 "Internal Data Buffering", CVE-2019-9512 "Ping Flood", CVE-2019-9515 "Settings Flood").
pub(crate) const SEND_BUFFER_LIMIT: usize = 16 * 1024;
