//! Which rooms of a session are sealed, and with what.

use std::collections::HashMap;

use wigwag_proto::v1::{self, envelope};

use crate::{
    error::{Code, Error, reason},
    member::PeerId,
    seal::{Opener, RoomKeys, RoomSecret, Sealer},
};

/// What seals a room.
pub(crate) type Keys = RoomKeys;
/// What keys are made of.
pub(crate) type Secret = RoomSecret;

/// Makes a room's keys, without holding up anything else of this runtime.
pub(crate) async fn derive(secret: Option<&Secret>, room: &str) -> Result<Option<Keys>, Error> {
    let Some(secret) = secret else { return Ok(None) };
    if secret.is_ready() {
        return RoomKeys::derive(secret, room).map(Some);
    }
    let (secret, room) = (secret.clone(), room.to_owned());
    let derived = tokio::task::spawn_blocking(move || RoomKeys::derive(&secret, &room)).await;
    let stopped = |_| Error::new(Code::Internal, reason::INTERNAL, "the runtime stopped while it made a room's keys");
    derived.map_err(stopped)?.map(Some)
}

/// A name nobody guesses, for a room whose keys must be known before the server has named it: 128 random bits in
/// lower-case base32.
pub(crate) fn room_name() -> Result<String, Error> {
    let mut bits = [0; 16];
    getrandom::fill(&mut bits).map_err(|_| {
        Error::new(Code::Internal, reason::INTERNAL, "the operating system gave no random bytes to name a room with")
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
    /// Keys of joins that are not answered yet, by their seq.
    awaited: HashMap<u32, RoomKeys>,
    /// One for the whole session, so that it is greater in every envelope whatever room it goes to.
    counter: u64,
    /// Something was sealed in this session's life. From then on nobody may speak in rooms it is not in.
    guarded: bool,
}

#[derive(Debug)]
struct Seal {
    keys: RoomKeys,
    sealer: Option<Sealer>,
    opener: Opener,
}

impl Seals {
    /// `direct`: what seals envelopes without a room.
    pub(crate) fn new(direct: Option<RoomKeys>) -> Self {
        Self { guarded: direct.is_some(), direct: direct.map(Seal::new), ..Self::default() }
    }

    /// A join with these keys is on its way.
    pub(crate) fn asked(&mut self, seq: u32, keys: Option<RoomKeys>) {
        if let Some(keys) = keys {
            self.awaited.insert(seq, keys);
        }
    }

    /// A request was answered: with a seat in this room, or without one.
    pub(crate) fn answered(&mut self, seq: u32, room: Option<&str>) {
        let (Some(keys), Some(room)) = (self.awaited.remove(&seq), room) else { return };
        self.guarded = true;
        match self.rooms.get(room) {
            // The same secret again: what was opened stays known.
            Some(seal) if seal.keys.id() == keys.id() => {}
            _ => drop(self.rooms.insert(room.to_owned(), Seal::new(keys))),
        }
    }

    pub(crate) fn left(&mut self, room: &str) {
        self.rooms.remove(room);
    }

    /// A new session took the place of the old one: no rooms, another peer id.
    pub(crate) fn reset(&mut self) {
        *self = Self::new(self.direct.take().map(|seal| seal.keys));
    }

    /// Replaces the payload of an envelope from `me` by the sealed one, where there is a seal.
    pub(crate) fn seal(&mut self, me: &PeerId, envelope: &mut v1::Envelope) -> Result<(), Error> {
        let Some(seal) = of(&mut self.rooms, &mut self.direct, &envelope.room) else { return Ok(()) };
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

    /// Replaces the payload of an envelope to `me` by the opened one, where there is a seal. `is_here`: this session is
    /// in the envelope's room, or there is none.
    pub(crate) fn open(&mut self, me: &PeerId, is_here: bool, envelope: &mut v1::Envelope) -> Result<(), Error> {
        let Some(seal) = of(&mut self.rooms, &mut self.direct, &envelope.room) else {
            return if is_here || !self.guarded { Ok(()) } else { Err(not_sealed()) };
        };
        let Some(envelope::Payload::Sealed(sealed)) = &envelope.payload else {
            return Err(not_sealed());
        };
        // Not the receiver the server names: what was sealed for somebody else must not open here.
        let to = if envelope.to.is_empty() { "" } else { me.as_str() };
        envelope.payload = Some(seal.opener.open_wire(&envelope.from, to, sealed)?);
        Ok(())
    }
}

fn not_sealed() -> Error {
    let message =
        "an envelope came that is not sealed and should be: its sender has no secret, or the server made it up";
    Error::new(Code::FailedPrecondition, reason::NOT_SEALED, message)
}

fn of<'a>(rooms: &'a mut HashMap<String, Seal>, direct: &'a mut Option<Seal>, room: &str) -> Option<&'a mut Seal> {
    if room.is_empty() { direct.as_mut() } else { rooms.get_mut(room) }
}

impl Seal {
    fn new(keys: RoomKeys) -> Self {
        Self { opener: keys.opener(), keys, sealer: None }
    }
}
