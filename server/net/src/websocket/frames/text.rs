//! Text messages.

use std::str;

use bytes::Bytes;

use super::violation::Violation;

/// The payload of a text message, which is valid UTF-8.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text(Bytes);

impl Text {
    /// Validates the payload of a text message.
    pub(super) fn check(bytes: Bytes) -> Result<Self, Violation> {
        // Nearly all texts are ASCII, which is found out with a tenth of the instructions.
        if bytes.is_ascii() || str::from_utf8(&bytes).is_ok() { Ok(Self(bytes)) } else { Err(Violation::NotUtf8) }
    }

    /// Returns the text. Validates the bytes once more, which is cheaper than copying them to a `String` and avoids
    /// `unsafe`.
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }
}
