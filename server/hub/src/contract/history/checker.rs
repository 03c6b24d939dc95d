//! The rules that a history must follow.

use std::collections::{BTreeMap, BTreeSet};

use super::event::{Event, Outcome, Violation};
use crate::id::{PeerId, RoomName};

#[derive(Default)]
pub(super) struct Checker<'a> {
    sessions: BTreeMap<&'a PeerId, Session<'a>>,
    envelopes: BTreeMap<u64, Envelope<'a>>,
    /// Each room's members, according to the server.
    members: BTreeMap<&'a RoomName, BTreeSet<&'a PeerId>>,
    /// How often a peer was added to a room and removed from it.
    memberships: BTreeMap<(&'a RoomName, &'a PeerId), (u32, u32)>,
    pub(super) violations: Vec<Violation>,
}

#[derive(Default)]
struct Session<'a> {
    resumable: bool,
    ended: bool,
    /// The other members of its rooms, as it was told.
    rooms: BTreeMap<&'a RoomName, BTreeSet<&'a PeerId>>,
    /// How often it was told that a member joined and left while it was in the room.
    saw: BTreeMap<(&'a RoomName, &'a PeerId), (u32, u32)>,
    /// The last envelope it received from each sender.
    last: BTreeMap<&'a PeerId, u64>,
}

struct Envelope<'a> {
    from: &'a PeerId,
    room: Option<&'a RoomName>,
    receipt: bool,
    accepted: Option<&'a [PeerId]>,
    refused: bool,
    received: BTreeSet<&'a PeerId>,
    receipts: BTreeMap<&'a PeerId, Vec<Outcome>>,
}

impl<'a> Checker<'a> {
    pub(super) fn record(&mut self, event: &'a Event) {
        match event {
            Event::Opened { peer, resumable } => {
                self.sessions.insert(peer, Session { resumable: *resumable, ..Session::default() });
            }
            Event::Ended { peer } => {
                if let Some(session) = self.sessions.get_mut(peer) {
                    session.ended = true;
                    session.rooms.clear();
                }
            }
            Event::Sent { from, id, room, receipt } => {
                let envelope = Envelope {
                    from,
                    room: room.as_ref(),
                    receipt: *receipt,
                    accepted: None,
                    refused: false,
                    received: BTreeSet::new(),
                    receipts: BTreeMap::new(),
                };
                self.envelopes.insert(*id, envelope);
            }
            Event::Accepted { id, to } => self.accepted(*id, to),
            Event::Refused { id } => self.refused(*id),
            Event::Receipt { id, peer, outcome } => self.receipt(*id, peer, *outcome),
            Event::Received { by, from, id } => self.received(by, from, *id),
            Event::Added { room, peer } => {
                if !self.members.entry(room).or_default().insert(peer) {
                    self.violation("C5", format!("{peer} was added to {room} twice"));
                }
                self.memberships.entry((room, peer)).or_default().0 += 1;
            }
            Event::Removed { room, peer } => {
                if !self.members.entry(room).or_default().remove(peer) {
                    self.violation("C5", format!("{peer} was removed from {room} without being a member"));
                }
                self.memberships.entry((room, peer)).or_default().1 += 1;
            }
            Event::Joined { by, room } => {
                let session = self.sessions.entry(by).or_default();
                if session.rooms.insert(room, BTreeSet::new()).is_some() {
                    self.violation("C5", format!("{by} was told twice that it joined {room}"));
                }
            }
            Event::Left { by, room } => {
                let session = self.sessions.entry(by).or_default();
                session.saw.retain(|(about, _), _| *about != room);
                if session.rooms.remove(room).is_none() {
                    self.violation("C5", format!("{by} was told that it left {room}, which it was not in"));
                }
            }
            Event::MemberJoined { by, room, peer } => self.saw(by, room, peer, true),
            Event::MemberLeft { by, room, peer } => self.saw(by, room, peer, false),
        }
    }

    fn accepted(&mut self, id: u64, to: &'a [PeerId]) {
        let Some(envelope) = self.envelopes.get_mut(&id) else {
            return self.violation("C6", format!("{id} was accepted but never sent"));
        };
        let twice = envelope.accepted.replace(to).is_some();
        let (from, room) = (envelope.from, envelope.room);
        if twice {
            self.violation("C3", format!("{id} was accepted twice"));
        }
        if let Some(room) = room {
            let members = self.members.get(room);
            let inside = |peer: &PeerId| members.is_some_and(|members| members.contains(peer));
            if !inside(from) || !to.iter().all(inside) {
                self.violation("C6", format!("{id} was accepted in {room} for or from a peer that is not a member"));
            }
        }
    }

    fn refused(&mut self, id: u64) {
        let Some(envelope) = self.envelopes.get_mut(&id) else { return };
        if envelope.accepted.is_some() || std::mem::replace(&mut envelope.refused, true) {
            self.violation("C2", format!("{id} was refused after it had an outcome"));
        }
    }

    fn receipt(&mut self, id: u64, peer: &'a PeerId, outcome: Outcome) {
        let Some(envelope) = self.envelopes.get_mut(&id) else { return };
        let receipts = envelope.receipts.entry(peer).or_default();
        receipts.push(outcome);
        let (again, requested) = (receipts.len() > 1, envelope.receipt);
        let accepted = envelope.accepted.is_some_and(|to| to.contains(peer));
        let received = envelope.received.contains(peer);
        if again {
            self.violation("C2", format!("the sender of {id} got two receipts about {peer}"));
        }
        if !accepted {
            self.violation(
                "C2",
                format!("the sender of {id} got a receipt about {peer}, for which it was not accepted"),
            );
        }
        if !requested && outcome != Outcome::Undeliverable {
            self.violation("C2", format!("the sender of {id} got a receipt for success without requesting it"));
        }
        if outcome == Outcome::Delivered && !received {
            self.violation("C2", format!("{id} was reported as delivered to {peer}, which did not receive it"));
        }
    }

    fn received(&mut self, by: &'a PeerId, from: &'a PeerId, id: u64) {
        let session = self.sessions.entry(by).or_default();
        let last = session.last.insert(from, id).unwrap_or(0);
        let ended = session.ended;
        let Some(envelope) = self.envelopes.get_mut(&id) else {
            return self.violation("C6", format!("{by} received {id}, which was never sent"));
        };
        let (true_from, room) = (envelope.from, envelope.room);
        let meant = envelope.accepted.is_some_and(|to| to.contains(by));
        let again = !envelope.received.insert(by);
        if again {
            self.violation("C3", format!("{by} received {id} twice"));
        } else if id <= last {
            self.violation("C1", format!("{by} received {id} after {last} of the same sender"));
        }
        if true_from != from || !meant || ended {
            self.violation(
                "C6",
                format!("{by} received {id} from {from}: another peer sent it, or it was not for {by}, or its session had ended"),
            );
        }
        if let Some(room) = room {
            self.received_in_room(by, from, id, room);
        }
    }

    /// A member's envelope must arrive while the recipient is in the room, and while it knows the member.
    fn received_in_room(&mut self, by: &'a PeerId, from: &'a PeerId, id: u64, room: &'a RoomName) {
        let rooms = &self.sessions.entry(by).or_default().rooms;
        let (inside, known) = (rooms.contains_key(room), rooms.get(room).is_some_and(|view| view.contains(from)));
        if !inside {
            self.violation("C6", format!("{by} received {id} of {room} without being a member"));
        }
        if inside && !known {
            self.violation("C5", format!("{by} received {id} before the join of {from} in {room}"));
        }
    }

    fn saw(&mut self, by: &'a PeerId, room: &'a RoomName, peer: &'a PeerId, join: bool) {
        let (added, removed) = self.memberships.get(&(room, peer)).copied().unwrap_or_default();
        let session = self.sessions.entry(by).or_default();
        let saw = session.saw.entry((room, peer)).or_default();
        let (count, truth) = if join { (&mut saw.0, added) } else { (&mut saw.1, removed) };
        *count += 1;
        let invented = *count > truth;
        let view = session.rooms.get_mut(room);
        let changed = view.map(|view| if join { view.insert(peer) } else { view.remove(peer) });
        let verb = if join { "join" } else { "leave" };
        match changed {
            None => self.violation("C6", format!("{by} was told of a {verb} in {room}, which it is not in")),
            Some(false) => self.violation("C5", format!("{by} saw {peer} {verb} {room} twice")),
            Some(true) if invented => {
                self.violation("C5", format!("{by} saw {peer} {verb} {room}, which did not happen"))
            }
            Some(true) => {}
        }
    }

    /// Checks that every envelope of a session that has not ended has an outcome.
    pub(super) fn check_outcomes(&mut self) {
        let mut found = Vec::new();
        for (id, envelope) in &self.envelopes {
            if self.sessions.get(envelope.from).is_none_or(|sender| sender.ended) {
                continue;
            }
            let Some(to) = envelope.accepted else {
                if !envelope.refused {
                    found.push(format!("{id} was neither accepted nor refused"));
                }
                continue;
            };
            for peer in to {
                let reported = envelope.receipts.contains_key(peer);
                let received = envelope.received.contains(peer);
                let live_and_gone =
                    self.sessions.get(peer).is_some_and(|recipient| recipient.ended && !recipient.resumable);
                if !received && !reported && !live_and_gone {
                    found.push(format!("{id} for {peer} was lost without a receipt"));
                }
                if envelope.receipt && !reported {
                    found.push(format!("the sender of {id} got no receipt about {peer}"));
                }
            }
        }
        self.violations.extend(found.into_iter().map(|what| Violation { promise: "C2", what }));
    }

    /// Checks that all sessions see the same rooms and members as the server.
    pub(super) fn check_views(&mut self) {
        let none = BTreeSet::new();
        let mut found = Vec::new();
        for (peer, session) in self.sessions.iter().filter(|(_, session)| !session.ended) {
            for (room, members) in &self.members {
                if members.contains(peer) != session.rooms.contains_key(room) {
                    found.push(format!("{peer} and the server disagree on whether it is in {room}"));
                }
            }
            for (room, view) in &session.rooms {
                let others: BTreeSet<_> =
                    self.members.get(room).unwrap_or(&none).iter().copied().filter(|p| p != peer).collect();
                if *view != others {
                    found.push(format!("{peer} sees {view:?} in {room} instead of {others:?}"));
                }
            }
        }
        self.violations.extend(found.into_iter().map(|what| Violation { promise: "C5", what }));
    }

    fn violation(&mut self, promise: &'static str, what: String) {
        self.violations.push(Violation { promise, what });
    }
}
