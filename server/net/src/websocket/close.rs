//! The reasons for which a socket is closed.

use std::borrow::Cow;

/// The most bytes of a close reason: the payload of a control frame is at most 125 bytes, including the code (RFC 6455,
/// section 5.5).
const MAX_REASON: usize = 123;

/// How a socket is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CloseReason {
    /// With a close frame.
    Close {
        /// The status code (RFC 6455, section 7.4); 4000 to 4999 are defined by the application.
        code: u16,
        /// The reason, truncated to 123 bytes.
        reason: Cow<'static, str>,
    },
    /// Without a close frame: the peer has gone, or does not read.
    Lost,
}

impl CloseReason {
    /// Creates a normal closure (1000).
    pub fn normal() -> Self {
        Self::Close { code: 1000, reason: "".into() }
    }

    /// Creates a closure with this code.
    pub fn close(code: u16, reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Close { code, reason: reason.into() }
    }

    /// Returns the payload of the close frame, if one is to be sent.
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
    fn a_long_reason_is_truncated_between_characters() {
        let payload = CloseReason::close(4500, "é".repeat(100)).payload().expect("a frame");
        assert_eq!(payload, [&4500_u16.to_be_bytes(), "é".repeat(61).as_bytes()].concat());
    }
}
