//! What many clients saw, put in one order, and what must be true of it.
//!
//! Whoever drives clients (a simulation, real processes) writes an [`Event`] for everything their applications did and were
//! told, and for what the server decided. [`check`] then looks for breaches of the session contract, named C1 to C6 as in
//! the API's description.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use crate::id::{PeerId, RoomName};

/// Something that happened, in the order in which it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A client was welcomed in a new session.
    Began {
        /// Its peer id.
        peer: PeerId,
        /// Whether frames are held until acknowledged.
        resumable: bool,
    },
    /// A client knows that its session is over (reset, bye, lost without being resumable), or is gone itself.
    Over {
        /// Its peer id.
        peer: PeerId,
    },
    /// An application sent an envelope.
    Sent {
        /// The sender.
        from: PeerId,
        /// A number of its own, greater than those its sender used before.
        id: u64,
        /// The room, unless direct.
        room: Option<RoomName>,
        /// Success is to be told as well.
        receipt: bool,
    },
    /// The server accepted an envelope for these receivers.
    Accepted {
        /// Which.
        id: u64,
        /// For whom.
        to: Vec<PeerId>,
    },
    /// The sender was told that its envelope was not accepted.
    Refused {
        /// Which.
        id: u64,
    },
    /// The sender was told what became of an envelope.
    Told {
        /// Which.
        id: u64,
        /// With whom.
        peer: PeerId,
        /// What.
        outcome: Outcome,
    },
    /// An application was handed an envelope.
    Handed {
        /// The receiver.
        by: PeerId,
        /// The sender it names.
        from: PeerId,
        /// Which.
        id: u64,
    },
    /// The server gave a seat.
    Seated {
        /// In which room.
        room: RoomName,
        /// To whom.
        peer: PeerId,
    },
    /// The server took a seat back.
    Unseated {
        /// In which room.
        room: RoomName,
        /// From whom.
        peer: PeerId,
    },
    /// An application was told that it joined a room.
    Joined {
        /// Which application.
        by: PeerId,
        /// Which room.
        room: RoomName,
    },
    /// An application was told that it is no longer in a room.
    Left {
        /// Which application.
        by: PeerId,
        /// Which room.
        room: RoomName,
    },
    /// An application was told of another member, at its own join or later.
    SawJoin {
        /// Which application.
        by: PeerId,
        /// In which room.
        room: RoomName,
        /// The other member.
        peer: PeerId,
    },
    /// An application was told that another member left.
    SawLeave {
        /// Which application.
        by: PeerId,
        /// In which room.
        room: RoomName,
        /// The other member.
        peer: PeerId,
    },
}

/// What a sender is told of an accepted envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Acknowledged by a resumable receiver.
    Delivered,
    /// Put on the connection of another.
    Written,
    /// Not confirmed.
    Undeliverable,
}

/// A broken promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// Which: C1 to C6.
    pub promise: &'static str,
    /// What happened.
    pub what: String,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.promise, self.what)
    }
}

/// How a history ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// In the middle: what is still to come is not missed.
    Open,
    /// All frames were handed over, but clients may not have heard of the last changes of their rooms.
    Flushed,
    /// Everybody was connected and had read everything.
    Settled,
}

/// Checks a history. Empty when every promise was kept.
#[must_use]
pub fn check(events: &[Event], end: End) -> Vec<Breach> {
    let mut judge = Judge::default();
    for event in events {
        judge.hear(event);
    }
    if end != End::Open {
        judge.outcomes();
    }
    if end == End::Settled {
        judge.views();
    }
    judge.breaches
}

#[derive(Default)]
struct Judge<'a> {
    sessions: BTreeMap<&'a PeerId, Session<'a>>,
    envelopes: BTreeMap<u64, Envelope<'a>>,
    /// Who sits where, as the server says.
    seats: BTreeMap<&'a RoomName, BTreeSet<&'a PeerId>>,
    /// How often a seat was given and taken.
    seated: BTreeMap<(&'a RoomName, &'a PeerId), (u32, u32)>,
    breaches: Vec<Breach>,
}

#[derive(Default)]
struct Session<'a> {
    resumable: bool,
    over: bool,
    /// Who is in its rooms, as it was told.
    rooms: BTreeMap<&'a RoomName, BTreeSet<&'a PeerId>>,
    /// How often it saw somebody join and leave while it was there.
    saw: BTreeMap<(&'a RoomName, &'a PeerId), (u32, u32)>,
    /// The last envelope it was handed from each sender.
    last: BTreeMap<&'a PeerId, u64>,
}

struct Envelope<'a> {
    from: &'a PeerId,
    room: Option<&'a RoomName>,
    receipt: bool,
    accepted: Option<&'a [PeerId]>,
    /// How often its ends had lost a seat in the room when it was accepted.
    losses: BTreeMap<&'a PeerId, u32>,
    refused: bool,
    handed: BTreeSet<&'a PeerId>,
    told: BTreeMap<&'a PeerId, Vec<Outcome>>,
}

impl<'a> Judge<'a> {
    fn hear(&mut self, event: &'a Event) {
        match event {
            Event::Began { peer, resumable } => {
                self.sessions.insert(peer, Session { resumable: *resumable, ..Session::default() });
            }
            Event::Over { peer } => {
                if let Some(session) = self.sessions.get_mut(peer) {
                    session.over = true;
                    session.rooms.clear();
                }
            }
            Event::Sent { from, id, room, receipt } => {
                let envelope = Envelope {
                    from,
                    room: room.as_ref(),
                    receipt: *receipt,
                    accepted: None,
                    losses: BTreeMap::new(),
                    refused: false,
                    handed: BTreeSet::new(),
                    told: BTreeMap::new(),
                };
                self.envelopes.insert(*id, envelope);
            }
            Event::Accepted { id, to } => self.accepted(*id, to),
            Event::Refused { id } => self.refused(*id),
            Event::Told { id, peer, outcome } => self.told(*id, peer, *outcome),
            Event::Handed { by, from, id } => self.handed(by, from, *id),
            Event::Seated { room, peer } => {
                if !self.seats.entry(room).or_default().insert(peer) {
                    self.breach("C5", format!("{peer} got two seats in {room}"));
                }
                self.seated.entry((room, peer)).or_default().0 += 1;
            }
            Event::Unseated { room, peer } => {
                if !self.seats.entry(room).or_default().remove(peer) {
                    self.breach("C5", format!("{peer} lost a seat in {room} it did not have"));
                }
                self.seated.entry((room, peer)).or_default().1 += 1;
            }
            Event::Joined { by, room } => {
                let session = self.sessions.entry(by).or_default();
                if session.rooms.insert(room, BTreeSet::new()).is_some() {
                    self.breach("C5", format!("{by} was told twice that it joined {room}"));
                }
            }
            Event::Left { by, room } => {
                let session = self.sessions.entry(by).or_default();
                session.saw.retain(|(about, _), _| *about != room);
                if session.rooms.remove(room).is_none() {
                    self.breach("C5", format!("{by} was told that it left {room}, which it was not in"));
                }
            }
            Event::SawJoin { by, room, peer } => self.saw(by, room, peer, true),
            Event::SawLeave { by, room, peer } => self.saw(by, room, peer, false),
        }
    }

    fn accepted(&mut self, id: u64, to: &'a [PeerId]) {
        let Some(envelope) = self.envelopes.get_mut(&id) else {
            return self.breach("C6", format!("{id} was accepted and nobody sent it"));
        };
        let twice = envelope.accepted.replace(to).is_some();
        let (from, room) = (envelope.from, envelope.room);
        if let Some(room) = room {
            let lost = |peer: &'a PeerId| (peer, self.seated.get(&(room, peer)).map_or(0, |(_, lost)| *lost));
            envelope.losses = to.iter().chain([from]).map(lost).collect();
        }
        if twice {
            self.breach("C3", format!("{id} was accepted twice"));
        }
        if let Some(room) = room {
            let members = self.seats.get(room);
            let inside = |peer: &PeerId| members.is_some_and(|members| members.contains(peer));
            if !inside(from) || !to.iter().all(inside) {
                self.breach("C6", format!("{id} was accepted in {room} for or from somebody outside"));
            }
        }
    }

    fn refused(&mut self, id: u64) {
        let Some(envelope) = self.envelopes.get_mut(&id) else { return };
        if envelope.accepted.is_some() || std::mem::replace(&mut envelope.refused, true) {
            self.breach("C2", format!("{id} was refused after it had an outcome"));
        }
    }

    fn told(&mut self, id: u64, peer: &'a PeerId, outcome: Outcome) {
        let Some(envelope) = self.envelopes.get_mut(&id) else { return };
        let told = envelope.told.entry(peer).or_default();
        told.push(outcome);
        let (again, asked) = (told.len() > 1, envelope.receipt);
        let (known, handed) = (envelope.accepted.is_some_and(|to| to.contains(peer)), envelope.handed.contains(peer));
        if again {
            self.breach("C2", format!("the sender of {id} was told twice about {peer}"));
        }
        if !known {
            self.breach("C2", format!("the sender of {id} was told about {peer}, for whom it was not accepted"));
        }
        if !asked && outcome != Outcome::Undeliverable {
            self.breach("C2", format!("the sender of {id} was told of a success it did not ask for"));
        }
        if outcome == Outcome::Delivered && !handed {
            self.breach("C2", format!("{id} was called delivered to {peer}, which was not handed it"));
        }
    }

    fn handed(&mut self, by: &'a PeerId, from: &'a PeerId, id: u64) {
        let session = self.sessions.entry(by).or_default();
        let last = session.last.insert(from, id).unwrap_or(0);
        let over = session.over;
        let Some(envelope) = self.envelopes.get_mut(&id) else {
            return self.breach("C6", format!("{by} was handed {id}, which nobody sent"));
        };
        let (true_from, room) = (envelope.from, envelope.room);
        let meant = envelope.accepted.is_some_and(|to| to.contains(by));
        let again = !envelope.handed.insert(by);
        let lost_then = [from, by].iter().filter_map(|peer| envelope.losses.get(*peer)).sum();
        if again {
            self.breach("C3", format!("{by} was handed {id} twice"));
        } else if id <= last {
            self.breach("C1", format!("{by} was handed {id} behind {last} of the same sender"));
        }
        if true_from != from || !meant || over {
            self.breach(
                "C6",
                format!("{by} was handed {id}, from {from}: not from it, or not for {by}, or after its end"),
            );
        }
        if let Some(room) = room {
            self.handed_in_room(by, from, id, room, lost_then);
        }
    }

    /// A member's envelope comes while one is in the room, and behind the member's join. Behind a gap a join may have been
    /// merged with the leave that followed; then the sender, or the receiver, has lost its seat already.
    fn handed_in_room(&mut self, by: &'a PeerId, from: &'a PeerId, id: u64, room: &'a RoomName, losses_then: u32) {
        let rooms = &self.sessions.entry(by).or_default().rooms;
        let (inside, known) = (rooms.contains_key(room), rooms.get(room).is_some_and(|view| view.contains(from)));
        if !inside {
            self.breach("C6", format!("{by} was handed {id} of {room} outside of it"));
        }
        let lost = |peer| self.seated.get(&(room, peer)).map_or(0, |(_, lost)| *lost);
        if inside && !known && lost(from) + lost(by) == losses_then {
            self.breach("C5", format!("{by} was handed {id} before the join of {from} in {room}"));
        }
    }

    fn saw(&mut self, by: &'a PeerId, room: &'a RoomName, peer: &'a PeerId, join: bool) {
        let (given, taken) = self.seated.get(&(room, peer)).copied().unwrap_or_default();
        let session = self.sessions.entry(by).or_default();
        let saw = session.saw.entry((room, peer)).or_default();
        let (count, truth) = if join { (&mut saw.0, given) } else { (&mut saw.1, taken) };
        *count += 1;
        let invented = *count > truth;
        let view = session.rooms.get_mut(room);
        let changed = view.map(|view| if join { view.insert(peer) } else { view.remove(peer) });
        let verb = if join { "join" } else { "leave" };
        match changed {
            None => self.breach("C6", format!("{by} was told of a {verb} in {room}, which it is not in")),
            Some(false) => self.breach("C5", format!("{by} saw {peer} {verb} {room} twice")),
            Some(true) if invented => self.breach("C5", format!("{by} saw {peer} {verb} {room}, which did not happen")),
            Some(true) => {}
        }
    }

    /// Every envelope of a session that is still there has its outcome.
    fn outcomes(&mut self) {
        let mut found = Vec::new();
        for (id, envelope) in &self.envelopes {
            if self.sessions.get(envelope.from).is_none_or(|sender| sender.over) {
                continue;
            }
            let Some(to) = envelope.accepted else {
                if !envelope.refused {
                    found.push(format!("{id} was neither accepted nor refused"));
                }
                continue;
            };
            for peer in to {
                let told = envelope.told.contains_key(peer);
                let handed = envelope.handed.contains(peer);
                let live_and_gone =
                    self.sessions.get(peer).is_some_and(|receiver| receiver.over && !receiver.resumable);
                if !handed && !told && !live_and_gone {
                    found.push(format!("{id} for {peer} was lost in silence"));
                }
                if envelope.receipt && !told {
                    found.push(format!("the sender of {id} was not told about {peer}"));
                }
            }
        }
        self.breaches.extend(found.into_iter().map(|what| Breach { promise: "C2", what }));
    }

    /// Everybody sees the same rooms as the server.
    fn views(&mut self) {
        let nobody = BTreeSet::new();
        let mut found = Vec::new();
        for (peer, session) in self.sessions.iter().filter(|(_, session)| !session.over) {
            for (room, seats) in &self.seats {
                if seats.contains(peer) != session.rooms.contains_key(room) {
                    found.push(format!("{peer} and the server do not agree whether it is in {room}"));
                }
            }
            for (room, view) in &session.rooms {
                let others: BTreeSet<_> =
                    self.seats.get(room).unwrap_or(&nobody).iter().copied().filter(|p| p != peer).collect();
                if *view != others {
                    found.push(format!("{peer} sees {view:?} in {room}, where {others:?} are"));
                }
            }
        }
        self.breaches.extend(found.into_iter().map(|what| Breach { promise: "C5", what }));
    }

    fn breach(&mut self, promise: &'static str, what: String) {
        self.breaches.push(Breach { promise, what });
    }
}

#[cfg(test)]
mod tests;
