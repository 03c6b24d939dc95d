//! The encoded forms of what many connections write.

use std::sync::OnceLock;

use bytes::Bytes;

/// The encoded forms of an object that does not change: each is set by the first transport that writes it, and shared by
/// all connections that write it later.
///
/// A clone begins without them, since an object is cloned in order to be changed. Comparisons ignore them.
#[derive(Debug, Default)]
pub struct Encoded {
    /// In protobuf.
    pub protobuf: OnceLock<Bytes>,
    /// In protobuf JSON.
    pub json: OnceLock<Bytes>,
}

impl Clone for Encoded {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Encoded {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Encoded {}
