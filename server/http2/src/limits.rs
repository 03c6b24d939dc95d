//! What a connection allows its peer.

/// Http2Limits of one connection.
#[derive(Clone, Copy, Debug)]
pub struct Http2Limits {
    /// Streams at a time.
    pub max_streams: u32,
    /// Bytes of a stream that were not read yet.
    pub stream_window: u32,
    /// The same for all streams together.
    pub connection_window: u32,
    /// Bytes of all header fields of a request, each with 32 more (RFC 9113, section 6.5.2).
    pub max_header_list: u32,
    /// Stream errors the peer provoked before the connection is ended (CVE-2025-8671, RUSTSEC-2024-0003).
    pub max_provoked_resets: u32,
    /// Streams the peer reset before they were answered, before the connection is ended (CVE-2023-44487). Each answered
    /// stream makes up for one.
    pub max_early_resets: u32,
}

/// Bytes of an encoded header block: what is over the list's limit must be read all the same, since the fields of later
/// requests refer to it.
pub(super) const MAX_BLOCK: usize = 64 * 1024;

/// CONTINUATION frames of one header block (CVE-2024-27316).
pub(super) const MAX_CONTINUATIONS: usize = 32;

/// Bytes waiting to be taken by the system before no more are made.
pub(super) const FULL: usize = 16 * 1024;
