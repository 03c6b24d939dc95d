//! A header block on its way (RFC 9113, section 4.3).

use bytes::BytesMut;

/// The HEADERS frame of a block, and the fragments received so far.
pub(super) struct HeaderBlock {
    pub(super) stream: u32,
    /// HEADERS had END_STREAM.
    pub(super) ends_stream: bool,
    /// The priority fields of HEADERS named the stream itself, a stream error (RFC 7540, section 5.3.1).
    pub(super) depends_on_itself: bool,
    pub(super) fragment: BytesMut,
    /// CONTINUATION frames received.
    pub(super) continuations: usize,
}
