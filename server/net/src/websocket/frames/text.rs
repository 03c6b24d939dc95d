//! Bytes that are UTF-8.

use std::str;

use bytes::Bytes;

use super::Violation;

/// The bytes of a text message, which are UTF-8.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text(Bytes);

impl Text {
    pub(super) fn check(bytes: Bytes) -> Result<Self, Violation> {
        match str::from_utf8(&bytes) {
            Ok(_) => Ok(Self(bytes)),
            Err(_) => Err(Violation::NotUtf8),
        }
    }

    /// Looks the bytes through once more: that is cheaper than the copy which a `String` needs, and they cannot be taken
    /// for text without.
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }
}
