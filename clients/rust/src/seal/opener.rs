//! Decrypts payloads, and refuses forged and replayed ones.

use std::{collections::HashMap, fmt};

use aes_gcm::{
    Aes256Gcm, Nonce,
    aead::{Aead, Payload as Ciphertext},
};
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

/// Limits the senders whose counters are kept: four times the members of a full room.
const SENDERS: usize = 4_096;

/// Opens what arrives in one room. Created by [`RoomKeys::opener`].
///
/// Keep one for as long as the membership lasts: it remembers the counters of the senders and so recognizes replays.
///
/// ```
/// # fn main() -> Result<(), wigwag_client::Error> {
/// use wigwag_client::{Payload, PeerId, seal::{RoomKeys, RoomSecret}};
///
/// let keys = RoomKeys::derive(&RoomSecret::key([7; 32]), "demo")?;
/// let ada = PeerId::from("ada");
/// let sealed = keys.sealer(Some(&ada)).seal(None, Payload::Text("hello".into()))?;
///
/// let mut opener = keys.opener();
/// assert!(opener.open(Some(&ada), None, &sealed).is_ok());
/// assert_eq!(opener.open(Some(&ada), None, &sealed).unwrap_err().reason, "REPLAYED");
/// # Ok(())
/// # }
/// ```
pub struct Opener {
    keys: RoomKeys,
    senders: HashMap<Box<str>, Sender>,
    /// The number of envelopes opened so far: the clock for `last_opened`.
    opened: u64,
}

struct Sender {
    cipher: Aes256Gcm,
    /// The counter of the last envelope that was opened.
    counter: u64,
    /// When the last one was opened, in terms of `Opener::opened`.
    last_opened: u64,
}

impl RoomKeys {
    /// Returns an opener for what arrives in the room.
    ///
    /// ```
    /// # fn main() -> Result<(), wigwag_client::Error> {
    /// use wigwag_client::{Payload, seal::{RoomKeys, RoomSecret}};
    ///
    /// let keys = RoomKeys::derive(&RoomSecret::key([7; 32]), "demo")?;
    /// let sealed = keys.sealer(None).seal(None, Payload::Text("hello".into()))?;
    /// assert_eq!(keys.opener().open(None, None, &sealed)?, Payload::Text("hello".into()));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn opener(&self) -> Opener {
        Opener::new(self.clone())
    }
}

impl Opener {
    pub(super) fn new(keys: RoomKeys) -> Self {
        Self { keys, senders: HashMap::new(), opened: 0 }
    }

    /// Opens the content of a [`Payload::Sealed`]. `from`: the sender according to the server, `None` for a backend. `to`:
    /// this session's own peer id if the envelope was sent to one peer, `None` if it was sent to everybody.
    ///
    /// ```
    /// # fn main() -> Result<(), wigwag_client::Error> {
    /// use wigwag_client::{Payload, PeerId, seal::{RoomKeys, RoomSecret}};
    ///
    /// let keys = |secret| RoomKeys::derive(&RoomSecret::key(secret), "demo");
    /// let (ada, bob) = (PeerId::from("ada"), PeerId::from("bob"));
    /// let sealed = keys([7; 32])?.sealer(Some(&ada)).seal(Some(&bob), Payload::Text("hello".into()))?;
    ///
    /// let wrong = keys([8; 32])?.opener().open(Some(&ada), Some(&bob), &sealed);
    /// assert_eq!(wrong.unwrap_err().reason, "WRONG_KEY");
    /// let not_for_all = keys([7; 32])?.opener().open(Some(&ada), None, &sealed);
    /// assert_eq!(not_for_all.unwrap_err().reason, "SEAL_BROKEN");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `WRONG_KEY`: the sender has another secret. `SEAL_BROKEN`: it was changed on the way, or is not from this
    /// sender, or not for this receiver. `REPLAYED`: it, or a later one, was opened before. `SEAL_UNKNOWN`: this client
    /// does not know the format.
    pub fn open(&mut self, from: Option<&PeerId>, to: Option<&PeerId>, sealed: &[u8]) -> Result<Payload, Error> {
        let payload = self.open_wire(from.map_or("", PeerId::as_str), to.map_or("", PeerId::as_str), sealed)?;
        Payload::from_wire(payload)
            .ok_or_else(|| unknown("this client does not know the kind of its content: update the client"))
    }

    pub(crate) fn open_wire(&mut self, from: &str, to: &str, sealed: &[u8]) -> Result<v1::envelope::Payload, Error> {
        let parts = Parts::of(sealed)?;
        if parts.key_id != self.keys.id() {
            return Err(refused(
                Code::FailedPrecondition,
                reason::WRONG_KEY,
                "its sender has another secret: give everybody in the room the same one",
            ));
        }
        let bound = associated_data(parts.head, self.keys.room(), from, to);
        let ciphertext = Ciphertext { msg: parts.ciphertext, aad: &bound };
        let nonce = Nonce::from(parts.nonce);
        let plaintext = match self.senders.get(from) {
            Some(sender) => sender.cipher.decrypt(&nonce, ciphertext),
            None => self.keys.cipher(from).decrypt(&nonce, ciphertext),
        }
        .map_err(|_| {
            let message = "it was changed on the way, or is not from this sender, or not for this receiver";
            refused(Code::DataLoss, reason::SEAL_BROKEN, message)
        })?;
        self.count(from, parts.counter)?;
        let envelope = v1::Envelope::decode(&*plaintext).map_err(|_| unknown("its content cannot be read"))?;
        envelope.payload.ok_or_else(|| unknown("this client does not know the kind of its content: update the client"))
    }

    /// Records the counter of an authenticated envelope. Forged ones do not count: they could push real senders out.
    fn count(&mut self, from: &str, counter: u64) -> Result<(), Error> {
        let known = self.senders.get_mut(from);
        if counter <= known.as_ref().map_or(0, |sender| sender.counter) {
            let message = "the server repeated it, or delivered it after a later one";
            return Err(refused(Code::DataLoss, reason::REPLAYED, message));
        }
        self.opened += 1;
        if let Some(sender) = known {
            (sender.counter, sender.last_opened) = (counter, self.opened);
            return Ok(());
        }
        if self.senders.len() >= SENDERS {
            let last = self.senders.iter().min_by_key(|(_, sender)| sender.last_opened).map(|(peer, _)| peer.clone());
            if let Some(peer) = last {
                self.senders.remove(&peer);
            }
        }
        let sender = Sender { cipher: self.keys.cipher(from), counter, last_opened: self.opened };
        self.senders.insert(from.into(), sender);
        Ok(())
    }

    #[cfg(test)]
    pub(super) fn record(&mut self, from: &str, counter: u64) {
        self.count(from, counter).expect("greater");
    }
}

struct Parts<'a> {
    head: &'a [u8],
    key_id: [u8; 8],
    counter: u64,
    nonce: [u8; 12],
    ciphertext: &'a [u8],
}

impl<'a> Parts<'a> {
    fn of(sealed: &'a [u8]) -> Result<Self, Error> {
        if sealed.first() != Some(&VERSION) {
            return Err(unknown("this client does not know the format: update the client"));
        }
        if sealed.len() < layout::CIPHERTEXT + layout::TAG {
            return Err(unknown("it is shorter than the 45 bytes of an empty seal"));
        }
        let fixed = "the length was checked";
        Ok(Self {
            head: &sealed[layout::HEAD],
            key_id: sealed[layout::KEY_ID].try_into().expect(fixed),
            counter: u64::from_be_bytes(sealed[layout::COUNTER].try_into().expect(fixed)),
            nonce: sealed[layout::NONCE].try_into().expect(fixed),
            ciphertext: &sealed[layout::CIPHERTEXT..],
        })
    }
}

fn unknown(why: &str) -> Error {
    refused(Code::InvalidArgument, reason::SEAL_UNKNOWN, why)
}

fn refused(code: Code, reason: &'static str, why: &str) -> Error {
    Error::new(code, reason, format!("an envelope cannot be opened: {why}"))
}

// The ciphers hold keys.
impl fmt::Debug for Opener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opener").field("keys", &self.keys).field("senders", &self.senders.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::secret::RoomSecret;

    #[test]
    fn the_sender_with_the_oldest_envelope_is_forgotten_first() {
        let keys = RoomKeys::derive(&RoomSecret::key([1; 32]), "demo").expect("keys");
        let mut opener = keys.opener();
        for sender in 0..SENDERS {
            opener.record(&sender.to_string(), 1);
        }
        opener.record("0", 2);
        opener.record("one more", 1);
        assert_eq!(opener.senders.len(), SENDERS);
        assert!(opener.senders.contains_key("0") && !opener.senders.contains_key("1"));
    }

    #[test]
    fn a_forged_envelope_does_not_count() {
        let keys = RoomKeys::derive(&RoomSecret::key([1; 32]), "demo").expect("keys");
        let (ada, bob) = (PeerId::from("ada"), PeerId::from("bob"));
        let sealed = keys.sealer(Some(&ada)).seal(None, Payload::Text("hello".into())).expect("sealed");
        let mut opener = keys.opener();
        assert_eq!(opener.open(Some(&bob), None, &sealed).expect_err("not from Bob").reason, "SEAL_BROKEN");
        assert!(opener.senders.is_empty());
        assert_eq!(opener.open(Some(&ada), None, &sealed), Ok(Payload::Text("hello".into())));
        assert_eq!(opener.open(Some(&ada), None, &sealed).expect_err("again").reason, "REPLAYED");
    }

    #[test]
    fn keys_stay_out_of_debug_output() {
        let keys = RoomKeys::derive(&RoomSecret::key([83; 32]), "demo").expect("keys");
        let shown = format!("{:?} {:?} {:?}", keys, keys.sealer(None), keys.opener());
        assert!(!shown.contains("83") && !shown.contains("53"), "{shown}");
    }
}
