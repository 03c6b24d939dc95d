//! What the members of a room share and the server does not know.

use std::{fmt, sync::Arc};

use pbkdf2::pbkdf2_hmac;
use sha2::Sha256;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use super::LABEL;
use crate::error::{Code, Error, reason};

const ITERATIONS: u32 = 600_000;

/// A secret of a room: a key, or a passphrase that becomes one.
///
/// It is not shown by debug output, and its memory is overwritten when the last clone is dropped.
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
    /// A key: 32 random bytes. The better choice, since nobody can guess it.
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

    /// A passphrase, for people who tell each other. Whoever records traffic can try passphrases offline: five random
    /// words at least. Letters with accents may be composed either way (it is taken in Unicode's NFC). An empty one is
    /// refused where it is used.
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

    /// Whether it becomes a key without work worth speaking of.
    pub(crate) fn is_ready(&self) -> bool {
        matches!(self.0, Kind::Key(_))
    }

    /// The master key of a room.
    pub(super) fn master(&self, room: &str) -> Result<Zeroizing<[u8; 32]>, Error> {
        match &self.0 {
            Kind::Key(key) => Ok(Zeroizing::clone(key)),
            Kind::Passphrase(passphrase) if passphrase.is_empty() => {
                let mut error =
                    Error::new(Code::InvalidArgument, reason::INVALID_FIELD, "the passphrase of a room is not empty");
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
