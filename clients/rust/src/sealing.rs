//! The sealed rooms of a session, and their keys.

use std::collections::HashMap;

use wigwag_proto::v1::{self, envelope};

use crate::{
    error::{Code, Error, reason},
    member::PeerId,
    seal::{Opener, RoomKeys, RoomSecret, Sealer},
};

/// The keys of a room.
pub(crate) type Keys = RoomKeys;
/// The secret that keys are derived from.
pub(crate) type Secret = RoomSecret;

/// Derives a room's keys. A passphrase is hashed on a blocking thread, so that the runtime is not held up.
pub(crate) async fn derive(secret: Option<&Secret>, room: &str) -> Result<Option<Keys>, Error> {
    let Some(secret) = secret else { return Ok(None) };
    if secret.is_ready() {
        return RoomKeys::derive(secret, room).map(Some);
    }
    let (secret, room) = (secret.clone(), room.to_owned());
    let derived = tokio::task::spawn_blocking(move || RoomKeys::derive(&secret, &room)).await;
    let stopped =
        |_| Error::new(Code::Internal, reason::INTERNAL, "the runtime stopped while it derived a room's keys");
    derived.map_err(stopped)?.map(Some)
}

/// Returns an unguessable name for a room that the server has not named, since its keys depend on the name: 128 random
/// bits in lower-case base32.
pub(crate) fn room_name() -> Result<String, Error> {
    let mut bits = [0; 16];
    getrandom::fill(&mut bits).map_err(|_| {
        Error::new(
            Code::Internal,
            reason::INTERNAL,
            "the operating system returned no random bytes, so the room has no name: give it one",
        )
    })?;
    let bits = u128::from_be_bytes(bits);
    let digit = |at: u32| b"abcdefghijklmnopqrstuvwxyz234567"[(bits >> (5 * at)) as usize & 31];
    Ok((0..26).map(|at| char::from(digit(at))).collect())
}

/// The seals of one session.
#[derive(Debug, Default)]
pub(crate) struct Seals {
    rooms: HashMap<String, Seal>,
    direct: Option<Seal>,
    /// Keys of joins that are not answered yet, by their `seq`.
    awaited: HashMap<u32, RoomKeys>,
    /// Increases with every envelope of the session, whatever its room.
    counter: u64,
    /// Set once a secret was in use. From then on envelopes of rooms this session is not a member of are refused.
    guarded: bool,
}

#[derive(Debug)]
struct Seal {
    keys: RoomKeys,
    sealer: Option<Sealer>,
    opener: Opener,
}

impl Seals {
    /// `direct`: the keys of envelopes without a room.
    pub(crate) fn new(direct: Option<RoomKeys>) -> Self {
        Self { guarded: direct.is_some(), direct: direct.map(Seal::new), ..Self::default() }
    }

    /// Remembers the keys of a join that was sent.
    pub(crate) fn join_requested(&mut self, seq: u32, keys: Option<RoomKeys>) {
        if let Some(keys) = keys {
            self.awaited.insert(seq, keys);
        }
    }

    /// Applies the answer to a request; `room` is set if it was a join that succeeded.
    pub(crate) fn join_answered(&mut self, seq: u32, room: Option<&str>) {
        let (Some(keys), Some(room)) = (self.awaited.remove(&seq), room) else { return };
        self.guarded = true;
        match self.rooms.get(room) {
            // The same secret again: keep the counters, so that replays are still recognized.
            Some(seal) if seal.keys.id() == keys.id() => {}
            _ => drop(self.rooms.insert(room.to_owned(), Seal::new(keys))),
        }
    }

    pub(crate) fn left(&mut self, room: &str) {
        self.rooms.remove(room);
    }

    /// Starts over for a new session, which has no rooms and another peer id.
    pub(crate) fn reset(&mut self) {
        *self = Self::new(self.direct.take().map(|seal| seal.keys));
    }

    /// Seals the payload of an envelope from `me`, if its room has keys.
    pub(crate) fn seal(&mut self, me: &PeerId, envelope: &mut v1::Envelope) -> Result<(), Error> {
        let Some(seal) = seal_of(&mut self.rooms, &mut self.direct, &envelope.room) else { return Ok(()) };
        let Some(payload) = envelope.payload.take() else { return Ok(()) };
        let sealer = match &mut seal.sealer {
            Some(sealer) if sealer.from() == me.as_str() => sealer,
            sealer => sealer.insert(seal.keys.sealer(Some(me))),
        };
        sealer.count(self.counter);
        let sealed = sealer.seal_wire(&envelope.to, payload)?;
        self.counter += 1;
        envelope.payload = Some(envelope::Payload::Sealed(sealed.into()));
        Ok(())
    }

    /// Opens the payload of an envelope to `me`, if its room has keys. `is_here`: this session is a member of the
    /// envelope's room, or the envelope is direct.
    pub(crate) fn open(&mut self, me: &PeerId, is_here: bool, envelope: &mut v1::Envelope) -> Result<(), Error> {
        let Some(seal) = seal_of(&mut self.rooms, &mut self.direct, &envelope.room) else {
            return if is_here || !self.guarded { Ok(()) } else { Err(not_sealed()) };
        };
        let Some(envelope::Payload::Sealed(sealed)) = &envelope.payload else {
            return Err(not_sealed());
        };
        // Not the recipient in the envelope: an envelope sealed for another peer must not open here.
        let to = if envelope.to.is_empty() { "" } else { me.as_str() };
        envelope.payload = Some(seal.opener.open_wire(&envelope.from, to, sealed)?);
        Ok(())
    }
}

fn not_sealed() -> Error {
    let message = "an envelope in a sealed room is not sealed: its sender has no secret, or the server forged it";
    Error::new(Code::FailedPrecondition, reason::NOT_SEALED, message)
}

fn seal_of<'a>(rooms: &'a mut HashMap<String, Seal>, direct: &'a mut Option<Seal>, room: &str) -> Option<&'a mut Seal> {
    if room.is_empty() { direct.as_mut() } else { rooms.get_mut(room) }
}

impl Seal {
    fn new(keys: RoomKeys) -> Self {
        Self { opener: keys.opener(), keys, sealer: None }
    }
}
