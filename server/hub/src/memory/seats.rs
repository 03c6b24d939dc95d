//! Seats: taken, given up, taken away.

use std::sync::{Arc, Mutex};

use super::{
    Chair, Room, Session, Shared, Ticket,
    delivery::{note_cut, wake},
    lock, write,
};
use crate::{
    backend::{Create, Join},
    error::{JoinError, RoomError, StepError},
    frame::{Body, Change, Joined, RoomEvent},
    id::{PeerId, RoomName},
    mailbox::Entry,
    member::{DuplicateUsers, Metadata},
    reason::Reason,
    room::{Newcomer, RoomSpec, RoomState},
    session::Phase,
    time::Now,
};

/// A join as it stands before its room.
struct Asked<'a> {
    now: Now,
    session: &'a Arc<Session>,
    epoch: u32,
    reply_to: u32,
    join: &'a Join,
}

/// The room and the right to act in it, when the seat is new.
type NewSeat = Option<(Arc<Room>, Arc<Ticket>)>;

impl Shared {
    /// Gives a session a seat and puts the answer into its mailbox. Gives back the ticket when the seat is new. The caller
    /// holds the session's inlet: nobody else takes seats for it.
    pub(super) fn take_seat(
        &self,
        now: Now,
        session: &Arc<Session>,
        epoch: u32,
        reply_to: u32,
        join: &Join,
    ) -> Result<NewSeat, StepError<JoinError>> {
        let max = self.limits.rooms_per_session;
        {
            let own = session.state();
            if own.seats().len() >= max && !own.seats().iter().any(|seat| seat.name == join.room) {
                return Err(StepError::Refused(JoinError::TooManyRooms { max }));
            }
        }
        let asked = Asked { now, session, epoch, reply_to, join };
        loop {
            if let Some(room) = self.room(&join.room) {
                let mut state = lock(&room.state);
                if state.ended() {
                    continue; // It ended between the look-up and the lock.
                }
                let seat = self.sit_down(&asked, &room, &mut state, false);
                if matches!(seat, Err(StepError::Cut(_))) {
                    self.settle(now, &room, &mut state); // The member it was to replace may have been the last one.
                }
                return seat;
            }
            let spec = match &join.create {
                Create::Never => return Err(StepError::Refused(JoinError::RoomNotFound)),
                Create::IfAbsent => self.default_spec(join.room.clone()),
                Create::New(spec) => spec.clone(),
            };
            let made = self.make_room(now, spec, |room, state| {
                let seat = self.sit_down(&asked, room, state, true);
                if seat.is_err() {
                    self.end_locked(now, room, state, Reason::Expired);
                }
                seat
            });
            match made {
                Ok(seat) => return seat,
                Err(RoomError::Exists(_)) => {} // Somebody else was faster.
                Err(_) => return Err(StepError::Refused(JoinError::RoomsExhausted)),
            }
        }
    }

    fn sit_down(
        &self,
        asked: &Asked<'_>,
        room: &Arc<Room>,
        state: &mut RoomState<Chair>,
        created: bool,
    ) -> Result<NewSeat, StepError<JoinError>> {
        let Asked { now, session, epoch, reply_to, join } = *asked;
        if matches!(join.create, Create::New(_)) && !created {
            return Err(StepError::Refused(JoinError::RoomExists));
        }
        let holder = state.seat(&session.peer).map(|seat| seat.with.session.clone());
        match holder {
            Some(holder) if Arc::ptr_eq(&holder, session) => {
                // Put while the room is locked: no change can come between the answer and what it says.
                let joined = Joined { snapshot: state.snapshot(), me: session.peer.clone(), created: false };
                self.put_control(now, session, reply_to, Body::Joined(Arc::new(joined)));
                return Ok(None);
            }
            // Somebody had this id before, is over, and is about to lose the seat.
            Some(predecessor) => {
                let reason = match predecessor.state().phase() {
                    Phase::Ended(reason) => reason,
                    Phase::Attached | Phase::Detached { .. } => Reason::Replaced,
                };
                self.remove_replying(now, state, &session.peer, reason, 0);
            }
            None => {}
        }
        let newcomer = Newcomer {
            peer: session.peer.clone(),
            user: session.user.clone(),
            verified: session.verified,
            display_name: join.display_name.clone().unwrap_or_else(|| session.display_name.clone()),
            metadata: join.metadata.clone().unwrap_or_else(|| session.metadata.clone()),
        };
        if let Some(older) = state.admits(&newcomer).map_err(StepError::Refused)? {
            self.remove_replying(now, state, &older, Reason::Replaced, 0);
        }
        let ticket = Arc::new(Ticket::default());
        let mut own = session.state();
        if let Some(cut) = own.cut(epoch) {
            return Err(StepError::Cut(cut)); // Lost meanwhile: it takes no seat.
        }
        let event = state.join(newcomer, Chair { session: session.clone(), ticket: ticket.clone() }, now);
        let joined = Joined { snapshot: state.snapshot(), me: session.peer.clone(), created };
        own.sit(room.name.clone(), room.clone());
        let entry = Entry { reply_to, body: Body::Joined(Arc::new(joined)), origin: None };
        let put = own.put_control(entry, &self.limits, now);
        note_cut(session, &put);
        let waker = own.take_waker();
        drop(own);
        wake(waker);
        self.settle_control(now, session, &put);
        if !sabotaged!("join-not-told") {
            self.tell(state, &event, Some(&session.peer));
        }
        Ok(Some((room.clone(), ticket)))
    }

    /// Takes a seat away from a session that is still there, and tells it why. `reply_to` 0 unless it asked.
    /// `false` when it has no seat.
    pub(super) fn unseat(&self, now: Now, room: &Arc<Room>, peer: &PeerId, reason: Reason, reply_to: u32) -> bool {
        self.unseat_locked(now, room, &mut lock(&room.state), peer, reason, reply_to)
    }

    /// The same with the room locked by the caller.
    pub(super) fn unseat_locked(
        &self,
        now: Now,
        room: &Arc<Room>,
        state: &mut RoomState<Chair>,
        peer: &PeerId,
        reason: Reason,
        reply_to: u32,
    ) -> bool {
        let unseated = self.remove_replying(now, state, peer, reason, reply_to);
        if unseated {
            self.settle(now, room, state);
        }
        unseated
    }

    /// Takes a seat away from a session that has ended.
    pub(super) fn vacate(&self, now: Now, room: &Arc<Room>, session: &Arc<Session>, reason: Reason) {
        let mut state = lock(&room.state);
        if state.seat(&session.peer).is_none_or(|seat| !Arc::ptr_eq(&seat.with.session, session)) {
            return; // It has lost it, and who has the same id now may have one.
        }
        if let Some((seat, events)) = state.leave(&session.peer, reason, now) {
            seat.with.ticket.tear();
            for event in &events {
                self.tell(&state, event, None);
            }
            self.settle(now, room, &mut state);
        }
    }

    fn remove_replying(
        &self,
        now: Now,
        state: &mut RoomState<Chair>,
        peer: &PeerId,
        reason: Reason,
        reply_to: u32,
    ) -> bool {
        let Some((seat, events)) = state.leave(peer, reason, now) else { return false };
        seat.with.ticket.tear();
        let room = state.name().clone();
        if !sabotaged!("seat-kept-after-removal") {
            seat.with.session.state().stand_up(&room);
        }
        self.put_control(now, &seat.with.session, reply_to, Body::Left { room, reason });
        for event in &events {
            self.tell(state, event, None);
        }
        true
    }

    /// Tells a change to all members but one, and to watchers. The caller holds the room's lock, so all hear changes in
    /// one order.
    pub(super) fn tell(&self, state: &RoomState<Chair>, event: &Arc<RoomEvent>, but: Option<&PeerId>) {
        for seat in state.seats() {
            if Some(&seat.member.peer) != but {
                self.put_presence(&seat.with.session, event);
            }
        }
        self.tell_watchers(event);
    }

    pub(super) fn tell_watchers(&self, event: &Arc<RoomEvent>) {
        for watch in super::read(&self.watches).iter().filter_map(std::sync::Weak::upgrade) {
            watch.change(event);
        }
    }

    /// Makes a room and does what comes first in it before anybody else can. Fails when the name is taken or there are too
    /// many rooms.
    pub(super) fn make_room<T>(
        &self,
        now: Now,
        spec: RoomSpec,
        first: impl FnOnce(&Arc<Room>, &mut RoomState<Chair>) -> T,
    ) -> Result<T, RoomError> {
        let name = spec.room.clone();
        let state = RoomState::new(spec, self.limits.members, now);
        let room = Arc::new(Room { name: name.clone(), state: Mutex::new(state), timer: Mutex::new(None) });
        let mut state = lock(&room.state);
        {
            let mut rooms = write(&self.rooms);
            if rooms.contains_key(&name) {
                return Err(RoomError::Exists(name));
            }
            if rooms.len() >= self.limits.rooms {
                return Err(RoomError::Exhausted);
            }
            rooms.insert(name.clone(), room.clone());
        }
        self.tell_watchers(&RoomEvent::new(name, state.version(), Change::Created(state.info())));
        Ok(first(&room, &mut state))
    }

    fn default_spec(&self, room: RoomName) -> RoomSpec {
        RoomSpec {
            room,
            display_name: "".into(),
            max_members: 0,
            duplicate_users: DuplicateUsers::Allow,
            metadata: Metadata::default(),
            empty_timeout_ms: self.limits.empty_timeout_ms,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        backend::{Attachment, Credentials, Open, Outbound, Submitted},
        error::SendError,
        limits::Limits,
        memory::MemoryBackend,
        session::Grade,
    };

    const NOW: Now = Now { mono_ms: 1_000, unix_ms: 1_000 };

    fn open(backend: &MemoryBackend, name: &str) -> Arc<dyn Attachment> {
        let open = Open {
            credentials: Credentials { peer: PeerId::parse(name).expect("valid"), secret_digest: [0; 32] },
            user: name.into(),
            verified: true,
            display_name: name.into(),
            metadata: Metadata::default(),
            grade: Grade::Live,
        };
        backend.open_session(NOW, open).expect("opens")
    }

    fn join(attachment: &dyn Attachment, room: &RoomName) {
        let join = Join { room: room.clone(), display_name: None, metadata: None, create: Create::IfAbsent };
        assert!(matches!(attachment.join(NOW, 0, join), Submitted::Done(Ok(()))));
    }

    fn send(attachment: &dyn Attachment, room: &RoomName) -> Result<(), StepError<SendError>> {
        let send = Outbound { room: Some(room.clone()), to: None, receipt: false, envelope: bytes::Bytes::new() };
        match attachment.send(NOW, 0, send) {
            Submitted::Done(answer) => answer,
            Submitted::Pending(_) => panic!("in memory answers are there"),
        }
    }

    /// A page that is loaded again: its old connection ends on one thread while the new one joins on another.
    #[test]
    fn who_has_an_id_again_gets_a_seat_of_its_own() {
        let (backend, room) = (MemoryBackend::new(Limits::default()), RoomName::parse("demo").expect("valid"));
        let witness = open(&backend, "witness");
        let old = open(&backend, "rooms-ws:demo:ada");
        join(&*witness, &room);
        join(&*old, &room);
        let ending = backend.shared.sessions.get(old.peer().as_str()).expect("there");
        // `end_session` as far as the registry: the id is free, the seat is not.
        let (seats, _) = ending.state().end(Reason::ConnectionLost).expect("it was not over");
        let _ = backend.shared.sessions.remove(&ending, None);

        let new = open(&backend, "rooms-ws:demo:ada");
        join(&*new, &room);
        // The rest of it.
        for seat in seats {
            backend.shared.vacate(NOW, &seat.room, &ending, Reason::ConnectionLost);
        }
        assert_eq!(send(&*new, &room), Ok(()), "it was told `joined`");
        let seats = backend.look(&room, |state| Ok(state.seats().len())).expect("a room");
        assert_eq!(seats, 2);
        let mut heard = Vec::new();
        witness.fetch(NOW, std::task::Waker::noop(), 1 << 20, &mut heard);
        let of_ada = |item: &crate::frame::Item| match item {
            crate::frame::Item::Presence(event) => match &event.change {
                Change::MemberJoined(member) if member.peer == *new.peer() => Some('+'),
                Change::MemberLeft(peer, _) if peer == new.peer() => Some('-'),
                _ => None,
            },
            _ => None,
        };
        assert_eq!(heard.iter().filter_map(of_ada).collect::<String>(), "+-+");
    }
}
