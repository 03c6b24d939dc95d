//! Encrypts payloads.

use std::fmt;

use aes_gcm::{
    Aes256Gcm, Nonce,
    aead::{Aead, Payload as Plaintext},
};
use bytes::Bytes;
use prost::Message;
use wigwag_proto::v1;

use super::{
    format::{VERSION, associated_data, layout},
    keys::RoomKeys,
};
use crate::{
    error::{Code, Error, reason},
    member::PeerId,
    payload::Payload,
};

/// Seals what one sender sends in one room. Created by [`RoomKeys::sealer`].
///
/// Keep one for as long as the sender has its peer id: its counter tells a replayed envelope from a new one.
///
/// ```
/// # fn main() -> Result<(), wigwag_client::Error> {
/// use wigwag_client::{Payload, PeerId, seal::{RoomKeys, RoomSecret}};
///
/// let keys = RoomKeys::derive(&RoomSecret::key([7; 32]), "demo")?;
/// let mut sealer = keys.sealer(Some(&PeerId::from("ada")));
/// let (one, two) = (sealer.seal(None, Payload::Text("hello".into()))?, sealer.seal(None, Payload::Text("hello".into()))?);
/// assert_ne!(one, two);
/// # Ok(())
/// # }
/// ```
pub struct Sealer {
    keys: RoomKeys,
    from: Box<str>,
    cipher: Aes256Gcm,
    counter: u64,
}

impl RoomKeys {
    /// Returns a sealer for what `from` sends. `None`: a backend.
    ///
    /// ```
    /// # fn main() -> Result<(), wigwag_client::Error> {
    /// use wigwag_client::{Payload, seal::{RoomKeys, RoomSecret}};
    ///
    /// let keys = RoomKeys::derive(&RoomSecret::key([7; 32]), "demo")?;
    /// let mut sealer = keys.sealer(None);
    /// let for_everybody = sealer.seal(None, Payload::Text("maintenance at noon".into()))?;
    /// # let _ = for_everybody;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn sealer(&self, from: Option<&PeerId>) -> Sealer {
        Sealer::new(self.clone(), from)
    }
}

impl Sealer {
    pub(super) fn new(keys: RoomKeys, from: Option<&PeerId>) -> Self {
        let from = from.map_or("", PeerId::as_str);
        Self { cipher: keys.cipher(from), keys, from: from.into(), counter: 0 }
    }

    /// Continues from this counter instead of 0: for a backend, whose empty peer id stays the same after a restart. The
    /// clock in microseconds is a good choice.
    ///
    /// ```
    /// # fn main() -> Result<(), wigwag_client::Error> {
    /// use std::time::{SystemTime, UNIX_EPOCH};
    /// use wigwag_client::seal::{RoomKeys, RoomSecret};
    ///
    /// let keys = RoomKeys::derive(&RoomSecret::key([7; 32]), "demo")?;
    /// let micros = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as u64);
    /// let sealer = keys.sealer(None).counting_from(micros);
    /// # let _ = sealer;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn counting_from(mut self, counter: u64) -> Self {
        self.counter = counter;
        self
    }

    /// Seals a payload for one peer, or for everybody in the room (`None`). Returns the content of
    /// [`Payload::Sealed`], which is 45 bytes longer than the payload in protobuf.
    ///
    /// ```
    /// # fn main() -> Result<(), wigwag_client::Error> {
    /// use wigwag_client::{Payload, PeerId, SessionDescription, seal::{RoomKeys, RoomSecret}};
    ///
    /// let keys = RoomKeys::derive(&RoomSecret::key([7; 32]), "demo")?;
    /// let mut sealer = keys.sealer(Some(&PeerId::from("ada")));
    /// let sealed = sealer.seal(Some(&PeerId::from("bob")), SessionDescription::offer("v=0\r\n…"))?;
    /// let payload = Payload::Sealed(sealed);
    /// # let _ = payload;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `INTERNAL`: the operating system returned no random bytes.
    pub fn seal(&mut self, to: Option<&PeerId>, payload: impl Into<Payload>) -> Result<Bytes, Error> {
        self.seal_wire(to.map_or("", PeerId::as_str), payload.into().into())
    }

    pub(crate) fn seal_wire(&mut self, to: &str, payload: v1::envelope::Payload) -> Result<Bytes, Error> {
        let mut nonce = [0; 12];
        getrandom::fill(&mut nonce).map_err(|_| no_randomness())?;
        self.counter += 1;
        Ok(self.seal_with(to, payload, self.counter, nonce))
    }

    pub(super) fn seal_with(&self, to: &str, payload: v1::envelope::Payload, counter: u64, nonce: [u8; 12]) -> Bytes {
        let plaintext = v1::Envelope { payload: Some(payload), ..v1::Envelope::default() }.encode_to_vec();
        let mut sealed = Vec::with_capacity(layout::CIPHERTEXT + plaintext.len() + layout::TAG);
        sealed.push(VERSION);
        sealed.extend(self.keys.id());
        sealed.extend(counter.to_be_bytes());
        let bound = associated_data(&sealed, self.keys.room(), &self.from, to);
        sealed.extend(nonce);
        let ciphertext = self
            .cipher
            .encrypt(&Nonce::from(nonce), Plaintext { msg: &plaintext, aad: &bound })
            .expect("far below the 64 GiB limit of AES-GCM");
        sealed.extend(ciphertext);
        sealed.into()
    }

    /// Returns the sender's peer id; empty for a backend.
    pub(crate) fn from(&self) -> &str {
        &self.from
    }

    /// Sets the counter, which all rooms of a session share.
    pub(crate) fn count(&mut self, counter: u64) {
        self.counter = counter;
    }
}

fn no_randomness() -> Error {
    Error::new(
        Code::Internal,
        reason::INTERNAL,
        "the operating system returned no random bytes, so nothing can be sealed: try again",
    )
}

// The cipher holds a key.
impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer")
            .field("keys", &self.keys)
            .field("from", &self.from)
            .field("counter", &self.counter)
            .finish_non_exhaustive()
    }
}
