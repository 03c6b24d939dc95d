//! How a socket ends.

use std::borrow::Cow;

/// Bytes of a close reason: a control frame holds 125, the code included (RFC 6455, section 5.5).
const MAX_REASON: usize = 123;

/// How a socket ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CloseReason {
    /// With a word to the other end.
    Close {
        /// RFC 6455, section 7.4; 4000 and above are ours.
        code: u16,
        /// Cut to 123 bytes.
        reason: Cow<'static, str>,
    },
    /// The other end is gone, or does not listen.
    Lost,
}

impl CloseReason {
    /// All is said.
    pub fn normal() -> Self {
        Self::Close { code: 1000, reason: "".into() }
    }

    /// With a code of one's own.
    pub fn close(code: u16, reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Close { code, reason: reason.into() }
    }

    /// What a close frame holds.
    pub(super) fn payload(&self) -> Option<Vec<u8>> {
        let Self::Close { code, reason } = self else { return None };
        let mut end = reason.len().min(MAX_REASON);
        while !reason.is_char_boundary(end) {
            end -= 1;
        }
        Some([&code.to_be_bytes(), &reason.as_bytes()[..end]].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_reason_is_cut_between_characters() {
        let payload = CloseReason::close(4500, "é".repeat(100)).payload().expect("a frame");
        assert_eq!(payload, [&4500_u16.to_be_bytes(), "é".repeat(61).as_bytes()].concat());
    }
}
