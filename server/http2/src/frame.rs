//! Frames as bytes (RFC 9113, section 4 and 6).

/// What a client says first.
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Bytes before a frame's payload.
pub(super) const HEAD: usize = 9;

/// The largest payload taken, and the largest sent: the smallest the protocol allows. A large frame delays every other
/// stream of its connection.
pub(super) const MAX_PAYLOAD: usize = 16 * 1024;

/// The largest window there is.
pub(super) const MAX_WINDOW: i64 = (1 << 31) - 1;

/// The size of a header table until something else is said.
pub(super) const DEFAULT_TABLE: u32 = 4096;

/// The window of a connection, and of a stream, until something else is said.
pub(super) const DEFAULT_WINDOW: u32 = 65_535;

/// Types of frames.
pub(super) mod kind {
    pub(in super::super) const DATA: u8 = 0;
    pub(in super::super) const HEADERS: u8 = 1;
    pub(in super::super) const PRIORITY: u8 = 2;
    pub(in super::super) const RST_STREAM: u8 = 3;
    pub(in super::super) const SETTINGS: u8 = 4;
    pub(in super::super) const PUSH_PROMISE: u8 = 5;
    pub(in super::super) const PING: u8 = 6;
    pub(in super::super) const GOAWAY: u8 = 7;
    pub(in super::super) const WINDOW_UPDATE: u8 = 8;
    pub(in super::super) const CONTINUATION: u8 = 9;
}

/// Flags of frames.
pub(super) mod flag {
    pub(in super::super) const END_STREAM: u8 = 1;
    pub(in super::super) const ACK: u8 = 1;
    pub(in super::super) const END_HEADERS: u8 = 4;
    pub(in super::super) const PADDED: u8 = 8;
    pub(in super::super) const PRIORITY: u8 = 0x20;
}

/// Settings (section 6.5.2; RFC 8441, section 3).
pub(super) mod setting {
    pub(in super::super) const HEADER_TABLE_SIZE: u16 = 1;
    pub(in super::super) const ENABLE_PUSH: u16 = 2;
    pub(in super::super) const MAX_CONCURRENT_STREAMS: u16 = 3;
    pub(in super::super) const INITIAL_WINDOW_SIZE: u16 = 4;
    pub(in super::super) const MAX_FRAME_SIZE: u16 = 5;
    pub(in super::super) const MAX_HEADER_LIST_SIZE: u16 = 6;
    pub(in super::super) const ENABLE_CONNECT_PROTOCOL: u16 = 8;
}

/// What stands before a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) len: usize,
    pub(super) kind: u8,
    pub(super) flags: u8,
    pub(super) stream: u32,
}

impl Head {
    pub(super) fn read(bytes: &[u8; HEAD]) -> Self {
        let &[l0, l1, l2, kind, flags, s0, s1, s2, s3] = bytes;
        let len = u32::from_be_bytes([0, l0, l1, l2]) as usize;
        // The highest bit says nothing.
        let stream = u32::from_be_bytes([s0, s1, s2, s3]) & (u32::MAX >> 1);
        Self { len, kind, flags, stream }
    }

    pub(super) fn has(self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    pub(super) fn bytes(self) -> [u8; HEAD] {
        let [_, l0, l1, l2] = u32::try_from(self.len).unwrap_or(u32::MAX).to_be_bytes();
        let [s0, s1, s2, s3] = self.stream.to_be_bytes();
        [l0, l1, l2, self.kind, self.flags, s0, s1, s2, s3]
    }
}

/// Appends a frame.
pub(super) fn put(kind: u8, flags: u8, stream: u32, payload: &[u8], out: &mut Vec<u8>) {
    out.reserve(HEAD + payload.len());
    out.extend_from_slice(&Head { len: payload.len(), kind, flags, stream }.bytes());
    out.extend_from_slice(payload);
}

/// Appends a header block: HEADERS, and CONTINUATION for what does not fit into one frame.
pub(super) fn put_block(flags: u8, stream: u32, block: &[u8], out: &mut Vec<u8>) {
    let (first, mut rest) = block.split_at(block.len().min(MAX_PAYLOAD));
    let end = |rest: &[u8]| if rest.is_empty() { flag::END_HEADERS } else { 0 };
    put(kind::HEADERS, flags | end(rest), stream, first, out);
    while !rest.is_empty() {
        let (next, after) = rest.split_at(rest.len().min(MAX_PAYLOAD));
        rest = after;
        put(kind::CONTINUATION, end(rest), stream, next, out);
    }
}

/// A number at the beginning of a payload.
pub(super) fn number(payload: &[u8]) -> Option<u32> {
    payload.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_written_is_read_back() {
        let head = Head { len: 0x01_02_03, kind: kind::DATA, flags: flag::END_STREAM, stream: 0x7fff_fffe };
        assert_eq!(Head::read(&head.bytes()), head);
        let mut reserved = head.bytes();
        reserved[5] |= 0x80;
        assert_eq!(Head::read(&reserved), head);
    }

    #[test]
    fn a_large_block_goes_out_in_pieces() {
        let mut out = Vec::new();
        put_block(flag::END_STREAM, 3, &vec![7; 2 * MAX_PAYLOAD + 1], &mut out);
        let mut heads = Vec::new();
        let mut rest = &out[..];
        while let Some((head, tail)) = rest.split_first_chunk::<HEAD>() {
            let head = Head::read(head);
            heads.push((head.kind, head.flags, head.len));
            rest = &tail[head.len..];
        }
        assert_eq!(
            heads,
            [
                (kind::HEADERS, flag::END_STREAM, MAX_PAYLOAD),
                (kind::CONTINUATION, 0, MAX_PAYLOAD),
                (kind::CONTINUATION, flag::END_HEADERS, 1)
            ]
        );
    }
}
