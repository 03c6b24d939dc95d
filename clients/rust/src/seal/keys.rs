//! Derives keys from a secret and the name of a room.

use std::{fmt, sync::Arc};

use aes_gcm::{Aes256Gcm, KeyInit};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{
    format::{LABEL, with_length},
    secret::RoomSecret,
};
use crate::error::Error;

/// A room's keys, derived from its secret. Clones share them.
///
/// ```
/// # fn main() -> Result<(), wigwag_client::Error> {
/// use wigwag_client::{Payload, PeerId, seal::{RoomKeys, RoomSecret}};
///
/// let keys = RoomKeys::derive(&RoomSecret::key([7; 32]), "demo")?;
/// let (ada, bob) = (PeerId::from("ada"), PeerId::from("bob"));
/// let sealed = keys.sealer(Some(&ada)).seal(Some(&bob), Payload::Text("hello".into()))?;
/// let opened = keys.opener().open(Some(&ada), Some(&bob), &sealed)?;
/// assert_eq!(opened, Payload::Text("hello".into()));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RoomKeys(Arc<Inner>);

struct Inner {
    room: Box<str>,
    id: [u8; 8],
    kdf: Hkdf<Sha256>,
}

impl RoomKeys {
    /// Derives the keys of a room; the empty name stands for direct envelopes. With a passphrase this blocks the thread
    /// for a fraction of a second.
    ///
    /// ```
    /// # fn main() -> Result<(), wigwag_client::Error> {
    /// use wigwag_client::seal::{RoomKeys, RoomSecret};
    ///
    /// let keys = RoomKeys::derive(&RoomSecret::key([7; 32]), "demo")?;
    /// # let _ = keys;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `INVALID_FIELD`: the passphrase is empty.
    pub fn derive(secret: &RoomSecret, room: &str) -> Result<Self, Error> {
        let master = secret.master(room)?;
        let kdf = Hkdf::new(Some(LABEL), &master[..]);
        let mut id = [0; 8];
        expand(&kdf, b"id", &[room], &mut id);
        Ok(Self(Arc::new(Inner { room: room.into(), id, kdf })))
    }

    /// Returns the room's name.
    ///
    /// ```
    /// # fn main() -> Result<(), wigwag_client::Error> {
    /// use wigwag_client::seal::{RoomKeys, RoomSecret};
    ///
    /// let keys = RoomKeys::derive(&RoomSecret::key([7; 32]), "demo")?;
    /// assert_eq!(keys.room(), "demo");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn room(&self) -> &str {
        &self.0.room
    }

    /// Identifies the secret without revealing it: in one room, the same secret always has the same id.
    ///
    /// ```
    /// # fn main() -> Result<(), wigwag_client::Error> {
    /// use wigwag_client::seal::{RoomKeys, RoomSecret};
    ///
    /// let keys = |secret| RoomKeys::derive(&RoomSecret::key(secret), "demo");
    /// assert_eq!(keys([7; 32])?.id(), keys([7; 32])?.id());
    /// assert_ne!(keys([7; 32])?.id(), keys([8; 32])?.id());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn id(&self) -> [u8; 8] {
        self.0.id
    }

    pub(super) fn sender_key(&self, from: &str) -> Zeroizing<[u8; 32]> {
        let mut key = Zeroizing::new([0; 32]);
        expand(&self.0.kdf, b"key", &[self.room(), from], &mut *key);
        key
    }

    pub(super) fn cipher(&self, from: &str) -> Aes256Gcm {
        Aes256Gcm::new((&*self.sender_key(from)).into())
    }
}

fn expand(kdf: &Hkdf<Sha256>, label: &[u8], texts: &[&str], out: &mut [u8]) {
    let mut info = label.to_vec();
    for text in texts {
        info.extend(with_length(text));
    }
    kdf.expand(&info, out).expect("at most 255 times 32 bytes");
}

// Keys stay out of debug output.
impl fmt::Debug for RoomKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RoomKeys").field("room", &self.0.room).finish_non_exhaustive()
    }
}
