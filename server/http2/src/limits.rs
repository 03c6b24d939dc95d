//! Limits of a connection. With them the memory of a connection is bounded, whatever its client sends.

/// Limits of one connection, each against a client that would exhaust the server otherwise.
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
    /// Bytes of all request bodies of the connection that may be received before the services have read them. More is a
    /// connection error, FLOW_CONTROL_ERROR. Values below 65,535, with which every connection starts, count as 65,535
    /// (RFC 9113, section 6.9.2).
    pub connection_window: u32,
    /// Bytes of all header fields of a request, each with 32 added (SETTINGS_MAX_HEADER_LIST_SIZE; RFC 9113, section
    /// 6.5.2). A larger request is answered with status 431; its fields are decoded and dropped.
    pub max_header_list: u32,
    /// Stream errors the client may provoke before the connection is closed with ENHANCE_YOUR_CALM. Against clients that
    /// make the server reset streams on which it is still working (CVE-2025-8671 "MadeYouReset", RUSTSEC-2024-0003).
    pub max_provoked_resets: u32,
    /// Streams the client may reset before they were answered, in excess of those that were answered, before the
    /// connection is closed with ENHANCE_YOUR_CALM (CVE-2023-44487 "Rapid Reset").
    pub max_early_resets: u32,
}

/// Bytes of an encoded header block. Must be above any useful `max_header_list`: a list that is too large is decoded all
/// the same, since later blocks may refer to its fields.
pub(crate) const MAX_HEADER_BLOCK: usize = 64 * 1024;

/// CONTINUATION frames of one header block (CVE-2024-27316 "CONTINUATION Flood").
pub(crate) const MAX_CONTINUATIONS: usize = 32;

/// Bytes in a send buffer, that of a connection or of a tunnel, at which no more are added until the driver has sent
/// them (CVE-2019-9517 "Internal Data Buffering", CVE-2019-9512 "Ping Flood", CVE-2019-9515 "Settings Flood").
pub(crate) const SEND_BUFFER_LIMIT: usize = 16 * 1024;
