//! Text that must not be logged or printed.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

/// A secret from the configuration. `Debug` and serialization write `[redacted]`; only [`Secret::expose`] returns it.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    const REDACTED: &'static str = "[redacted]";

    /// Returns the secret.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::REDACTED)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // An empty secret means that it is not set, which may be shown.
        serializer.serialize_str(if self.0.is_empty() { "" } else { Self::REDACTED })
    }
}
