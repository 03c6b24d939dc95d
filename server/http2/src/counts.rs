//! What became of streams and requests, in particular of those that exceeded a limit.

/// Counts since the last [`Connection::take_counts`](crate::Connection::take_counts), for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Http2Counts {
    /// Requests refused with REFUSED_STREAM because [`max_streams`](crate::Http2Limits::max_streams) were open.
    pub refused_streams: u32,
    /// Requests refused with REFUSED_STREAM because of [`max_early_resets`](crate::Http2Limits::max_early_resets).
    pub refused_resets: u32,
    /// Requests answered with status 431 because of [`max_header_list`](crate::Http2Limits::max_header_list).
    pub large_headers: u32,
    /// Streams reset because of [`request_memory`](crate::Http2Limits::request_memory).
    pub request_memory: u32,
    /// Streams reset because of [`send_timeout`](crate::Http2Limits::send_timeout).
    pub send_timeouts: u32,
    /// Streams reset with a [`StreamHandle`](crate::StreamHandle).
    pub aborted: u32,
    /// RST_STREAM frames sent, for any reason.
    pub resets_sent: u32,
    /// RST_STREAM frames received, those on closed streams included.
    pub resets_received: u32,
}
