//! The secret of a room, which its members share and the server does not know.

use std::{fmt, sync::Arc};

use pbkdf2::pbkdf2_hmac;
use sha2::Sha256;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use super::format::LABEL;
use crate::error::{Code, Error, reason};

const ITERATIONS: u32 = 600_000;

/// The secret of a room: a key, or a passphrase that a key is derived from.
///
/// Debug output does not show it, and its memory is overwritten when the last clone is dropped.
///
/// ```
/// use wigwag_client::seal::RoomSecret;
///
/// let key = RoomSecret::key([7; 32]);
/// let passphrase = RoomSecret::passphrase("correct horse battery staple");
/// assert_eq!(format!("{key:?} {passphrase:?}"), "RoomSecret(key) RoomSecret(passphrase)");
/// ```
#[derive(Clone)]
pub struct RoomSecret(Kind);

#[derive(Clone)]
enum Kind {
    Key(Arc<Zeroizing<[u8; 32]>>),
    Passphrase(Arc<Zeroizing<String>>),
}

impl RoomSecret {
    /// Creates a secret from a key: 32 random bytes. Preferred, since a key cannot be guessed.
    ///
    /// ```
    /// use wigwag_client::seal::RoomSecret;
    ///
    /// let secret = RoomSecret::key([7; 32]); // from a source of random numbers, of course
    /// # let _ = secret;
    /// ```
    #[must_use]
    pub fn key(key: [u8; 32]) -> Self {
        Self(Kind::Key(Arc::new(Zeroizing::new(key))))
    }

    /// Creates a secret from a passphrase, for people who tell each other. Anyone who records traffic can try passphrases
    /// offline, so use at least five random words. It is normalized to Unicode NFC, so accented letters may be composed
    /// either way. An empty passphrase is refused when it is used.
    ///
    /// ```
    /// use wigwag_client::seal::RoomSecret;
    ///
    /// let secret = RoomSecret::passphrase("correct horse battery staple");
    /// # let _ = secret;
    /// ```
    #[must_use]
    pub fn passphrase(passphrase: impl Into<String>) -> Self {
        let given = Zeroizing::new(passphrase.into());
        Self(Kind::Passphrase(Arc::new(Zeroizing::new(given.nfc().collect()))))
    }

    /// Returns whether deriving keys from it is cheap.
    pub(crate) fn is_ready(&self) -> bool {
        matches!(self.0, Kind::Key(_))
    }

    /// Derives the master key of a room.
    pub(super) fn master(&self, room: &str) -> Result<Zeroizing<[u8; 32]>, Error> {
        match &self.0 {
            Kind::Key(key) => Ok(Zeroizing::clone(key)),
            Kind::Passphrase(passphrase) if passphrase.is_empty() => {
                let mut error = Error::new(
                    Code::InvalidArgument,
                    reason::INVALID_FIELD,
                    "the passphrase of a room is empty: use at least five random words",
                );
                error.metadata.insert("field".into(), "room_secret".into());
                Err(error)
            }
            Kind::Passphrase(passphrase) => {
                let salt = [LABEL, &[0], room.as_bytes()].concat();
                let mut master = Zeroizing::new([0; 32]);
                pbkdf2_hmac::<Sha256>(passphrase.as_bytes(), &salt, ITERATIONS, &mut *master);
                Ok(master)
            }
        }
    }
}

impl fmt::Debug for RoomSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Kind::Key(_) => "RoomSecret(key)",
            Kind::Passphrase(_) => "RoomSecret(passphrase)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_passphrase_is_refused() {
        let error = RoomSecret::passphrase("").master("demo").expect_err("refused");
        assert_eq!((error.reason.as_ref(), error.metadata["field"].as_str()), ("INVALID_FIELD", "room_secret"));
    }
}
