//! Frame headers (RFC 6455, section 5.2).

use super::violation::Violation;

/// The longest payload of a control frame (section 5.5).
const MAX_CONTROL: usize = 125;

/// The opcode of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Opcode {
    Continuation = 0,
    Text = 1,
    Binary = 2,
    Close = 8,
    Ping = 9,
    Pong = 10,
}

impl Opcode {
    fn of(bits: u8) -> Option<Self> {
        Some(match bits {
            0 => Self::Continuation,
            1 => Self::Text,
            2 => Self::Binary,
            8 => Self::Close,
            9 => Self::Ping,
            10 => Self::Pong,
            _ => return None,
        })
    }

    pub(super) fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

/// The header of a client's frame.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) fin: bool,
    pub(super) opcode: Opcode,
    pub(super) mask: [u8; 4],
    /// The length of the payload. That of a control frame is within its limit.
    pub(super) len: u64,
    /// The length of the header itself.
    pub(super) size: usize,
}

impl Head {
    /// Reads the header at the beginning of `bytes`. `None` if it is incomplete and valid so far.
    pub(super) fn read(bytes: &[u8]) -> Result<Option<Self>, Violation> {
        let [first, second, rest @ ..] = bytes else { return Ok(None) };
        let fin = first & 0x80 != 0;
        let opcode = Opcode::of(first & 0x0F).ok_or(Violation::Protocol)?;
        let short = second & 0x7F;
        // No extension that uses the reserved bits is negotiated; clients must mask their frames.
        let is_wrong = first & 0x70 != 0 || second & 0x80 == 0;
        if is_wrong || opcode.is_control() && (!fin || usize::from(short) > MAX_CONTROL) {
            return Err(Violation::Protocol);
        }
        // A length in a longer form than necessary is accepted: the minimal form is required of senders only.
        let (len, rest, before) = match short {
            126 => match rest.split_first_chunk::<2>() {
                Some((len, rest)) => (u16::from_be_bytes(*len).into(), rest, 4),
                None => return Ok(None),
            },
            127 => match rest.split_first_chunk::<8>() {
                Some((len, rest)) => (u64::from_be_bytes(*len), rest, 10),
                None => return Ok(None),
            },
            short => (short.into(), rest, 2),
        };
        let head = |mask: &[u8; 4]| Self { fin, opcode, mask: *mask, len, size: before + mask.len() };
        Ok(rest.first_chunk::<4>().map(head))
    }
}

/// Appends the header of a server's frame, which a payload of `len` bytes must follow.
pub(in super::super) fn put_head(out: &mut Vec<u8>, fin: bool, opcode: Opcode, len: usize) {
    let first = u8::from(fin) << 7 | opcode as u8;
    // Reserves space for the payload as well, which may be appended in pieces.
    out.reserve(len + 10);
    match (u8::try_from(len), u16::try_from(len)) {
        (Ok(len @ ..126), _) => out.extend_from_slice(&[first, len]),
        (_, Ok(len)) => {
            let [high, low] = len.to_be_bytes();
            out.extend_from_slice(&[first, 126, high, low]);
        }
        _ => {
            out.extend_from_slice(&[first, 127]);
            out.extend_from_slice(&(len as u64).to_be_bytes());
        }
    }
}

/// Appends a server's frame.
pub(in super::super) fn put_frame(out: &mut Vec<u8>, fin: bool, opcode: Opcode, payload: &[u8]) {
    put_head(out, fin, opcode, payload.len());
    out.extend_from_slice(payload);
}
