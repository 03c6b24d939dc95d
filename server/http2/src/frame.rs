//! The layout of frames (RFC 9113, sections 4 and 6).

/// The first bytes a client sends on an HTTP/2 connection (RFC 9113, section 3.4). Its SETTINGS frame follows.
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Bytes of a frame header.
pub(crate) const HEADER_LEN: usize = 9;

/// Bytes of the largest payload that is accepted, and of the largest that is sent: the initial value of
/// SETTINGS_MAX_FRAME_SIZE, below which it cannot be set. A larger frame would delay all other streams of its connection.
pub(crate) const MAX_FRAME_SIZE: usize = 16 * 1024;

/// The largest flow-control window (section 6.9.1).
pub(crate) const MAX_WINDOW_SIZE: i64 = (1 << 31) - 1;

/// The initial value of SETTINGS_HEADER_TABLE_SIZE.
pub(crate) const DEFAULT_HEADER_TABLE_SIZE: u32 = 4096;

/// The initial flow-control window of a connection, and of a stream unless SETTINGS_INITIAL_WINDOW_SIZE changes it.
pub(crate) const DEFAULT_WINDOW_SIZE: u32 = 65_535;

/// The bits of a stream identifier, or of a window increment; the highest bit of the field is reserved.
pub(crate) const MASK_31: u32 = u32::MAX >> 1;

/// Frame types (section 6).
pub(crate) mod kind {
    pub(crate) const DATA: u8 = 0;
    pub(crate) const HEADERS: u8 = 1;
    pub(crate) const PRIORITY: u8 = 2;
    pub(crate) const RST_STREAM: u8 = 3;
    pub(crate) const SETTINGS: u8 = 4;
    pub(crate) const PUSH_PROMISE: u8 = 5;
    pub(crate) const PING: u8 = 6;
    pub(crate) const GOAWAY: u8 = 7;
    pub(crate) const WINDOW_UPDATE: u8 = 8;
    pub(crate) const CONTINUATION: u8 = 9;
}

/// Frame flags (section 6).
pub(crate) mod flag {
    pub(crate) const END_STREAM: u8 = 1;
    pub(crate) const ACK: u8 = 1;
    pub(crate) const END_HEADERS: u8 = 4;
    pub(crate) const PADDED: u8 = 8;
    pub(crate) const PRIORITY: u8 = 0x20;
}

/// Settings (section 6.5.2; RFC 8441, section 3).
pub(crate) mod setting {
    pub(crate) const HEADER_TABLE_SIZE: u16 = 1;
    pub(crate) const ENABLE_PUSH: u16 = 2;
    pub(crate) const MAX_CONCURRENT_STREAMS: u16 = 3;
    pub(crate) const INITIAL_WINDOW_SIZE: u16 = 4;
    pub(crate) const MAX_FRAME_SIZE: u16 = 5;
    pub(crate) const MAX_HEADER_LIST_SIZE: u16 = 6;
    pub(crate) const ENABLE_CONNECT_PROTOCOL: u16 = 8;
}

/// A frame header (section 4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FrameHeader {
    pub(crate) len: usize,
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) stream: u32,
}

impl FrameHeader {
    pub(crate) fn parse(bytes: &[u8; HEADER_LEN]) -> Self {
        let &[l0, l1, l2, kind, flags, s0, s1, s2, s3] = bytes;
        let len = u32::from_be_bytes([0, l0, l1, l2]) as usize;
        let stream = u32::from_be_bytes([s0, s1, s2, s3]) & MASK_31;
        Self { len, kind, flags, stream }
    }

    pub(crate) fn has(self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    pub(crate) fn to_bytes(self) -> [u8; HEADER_LEN] {
        let [_, l0, l1, l2] = u32::try_from(self.len).unwrap_or(u32::MAX).to_be_bytes();
        let [s0, s1, s2, s3] = self.stream.to_be_bytes();
        [l0, l1, l2, self.kind, self.flags, s0, s1, s2, s3]
    }
}

/// Appends a frame.
pub(crate) fn put(kind: u8, flags: u8, stream: u32, payload: &[u8], out: &mut Vec<u8>) {
    out.reserve(HEADER_LEN + payload.len());
    out.extend_from_slice(&FrameHeader { len: payload.len(), kind, flags, stream }.to_bytes());
    out.extend_from_slice(payload);
}

/// Appends a header block as HEADERS and, for what does not fit into one frame, CONTINUATION (section 4.3).
pub(crate) fn put_header_block(flags: u8, stream: u32, block: &[u8], out: &mut Vec<u8>) {
    let (first, mut rest) = block.split_at(block.len().min(MAX_FRAME_SIZE));
    let end = |rest: &[u8]| if rest.is_empty() { flag::END_HEADERS } else { 0 };
    put(kind::HEADERS, flags | end(rest), stream, first, out);
    while !rest.is_empty() {
        let (next, after) = rest.split_at(rest.len().min(MAX_FRAME_SIZE));
        rest = after;
        put(kind::CONTINUATION, end(rest), stream, next, out);
    }
}

/// Returns the 32-bit number at the beginning of a payload.
pub(crate) fn leading_u32(payload: &[u8]) -> Option<u32> {
    payload.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frame_header_round_trips_without_the_reserved_bit() {
        let header = FrameHeader { len: 0x01_02_03, kind: kind::DATA, flags: flag::END_STREAM, stream: 0x7fff_fffe };
        assert_eq!(FrameHeader::parse(&header.to_bytes()), header);
        let mut reserved = header.to_bytes();
        reserved[5] |= 0x80;
        assert_eq!(FrameHeader::parse(&reserved), header);
    }

    #[test]
    fn large_header_block_is_continued() {
        let mut out = Vec::new();
        put_header_block(flag::END_STREAM, 3, &vec![7; 2 * MAX_FRAME_SIZE + 1], &mut out);
        let mut headers = Vec::new();
        let mut rest = &out[..];
        while let Some((header, tail)) = rest.split_first_chunk::<HEADER_LEN>() {
            let header = FrameHeader::parse(header);
            headers.push((header.kind, header.flags, header.len));
            rest = &tail[header.len..];
        }
        assert_eq!(
            headers,
            [
                (kind::HEADERS, flag::END_STREAM, MAX_FRAME_SIZE),
                (kind::CONTINUATION, 0, MAX_FRAME_SIZE),
                (kind::CONTINUATION, flag::END_HEADERS, 1)
            ]
        );
    }
}
