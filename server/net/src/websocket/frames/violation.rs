//! Violations of the protocol.

/// How a client violates RFC 6455, or the limits of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Violation {
    /// A message, or the announced length of a frame, exceeds the limit.
    TooLong,
    /// A text message, or the reason of a close frame, is not UTF-8.
    NotUtf8,
    /// Anything else: a reserved bit, a missing mask, an unexpected fragment.
    Protocol,
}

impl Violation {
    /// Returns the code of the close frame (RFC 6455, section 7.4.1).
    pub(in super::super) fn close_code(self) -> u16 {
        match self {
            Self::Protocol => 1002,
            Self::NotUtf8 => 1007,
            Self::TooLong => 1009,
        }
    }
}
