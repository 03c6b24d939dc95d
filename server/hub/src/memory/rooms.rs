//! Rooms as backends and tools see them.

use std::sync::Arc;

use bytes::Bytes;

use super::{Answer, MemoryBackend, Room, Shared, delivery::Taken, lock, read, timers::Due, write};
use crate::{
    backend::{MemberPage, Reached},
    error::RoomError,
    frame::Body,
    id::{PeerId, RoomName},
    member::{Member, RoomInfo},
    reason::Reason,
    room::{RoomPatch, RoomSpec, RoomState},
    time::Now,
    watch::Watch,
};

impl MemoryBackend {
    pub(super) fn make(&self, now: Now, spec: RoomSpec, request_id: &str) -> Result<RoomInfo, RoomError> {
        let known = |answer: &Answer| match answer {
            Answer::Created(info) => Some(info.clone()),
            Answer::Sent(_) => None,
        };
        self.shared.once(now, request_id, known, Answer::Created, || {
            self.shared.make_room(now, spec, |room, state| {
                self.shared.arm_empty(room, state);
                state.info()
            })
        })
    }

    pub(super) fn look<T>(
        &self,
        room: &RoomName,
        look: impl FnOnce(&mut RoomState<super::Chair>) -> Result<T, RoomError>,
    ) -> Result<T, RoomError> {
        let found = self.shared.room(room).ok_or_else(|| RoomError::NotFound(room.clone()))?;
        let mut state = lock(&found.state);
        if state.ended() { Err(RoomError::NotFound(room.clone())) } else { look(&mut state) }
    }

    pub(super) fn page(&self, after: Option<&RoomName>, max: usize) -> Vec<RoomInfo> {
        use std::ops::Bound::{Excluded, Unbounded};
        let from = after.map_or(Unbounded, Excluded);
        let rooms: Vec<_> = read(&self.shared.rooms)
            .range::<RoomName, _>((from, Unbounded))
            .take(max)
            .map(|(_, r)| r.clone())
            .collect();
        rooms.iter().map(|room| lock(&room.state)).filter(|state| !state.ended()).map(|state| state.info()).collect()
    }

    pub(super) fn member_page(&self, room: &RoomName, after: Option<u64>, max: usize) -> Result<MemberPage, RoomError> {
        self.look(room, |state| {
            let mut members: Vec<_> =
                state.members_after(after).take(max + 1).map(|(at, member)| (at, member.clone())).collect();
            let more = members.len() > max;
            members.truncate(max);
            Ok(MemberPage { members, version: state.version(), more })
        })
    }

    pub(super) fn one_member(&self, room: &RoomName, peer: &PeerId) -> Result<Arc<Member>, RoomError> {
        self.look(room, |state| state.seat(peer).map(|s| s.member.clone()).ok_or(RoomError::PeerNotFound))
    }

    pub(super) fn patch(&self, now: Now, room: &RoomName, patch: RoomPatch) -> Result<RoomInfo, RoomError> {
        let found = self.shared.room(room).ok_or_else(|| RoomError::NotFound(room.clone()))?;
        let mut state = lock(&found.state);
        if state.ended() {
            return Err(RoomError::NotFound(room.clone()));
        }
        let event = state.update(patch)?;
        self.shared.tell(&state, &event, None);
        let info = state.info();
        self.shared.settle(now, &found, &mut state);
        Ok(info)
    }

    pub(super) fn end(&self, now: Now, room: &RoomName) -> Result<(), RoomError> {
        let found = self.shared.room(room).ok_or_else(|| RoomError::NotFound(room.clone()))?;
        if self.shared.end_room(now, &found, Reason::Ended) { Ok(()) } else { Err(RoomError::NotFound(room.clone())) }
    }

    pub(super) fn kick(&self, now: Now, room: &RoomName, peer: &PeerId, ban: bool) -> Result<(), RoomError> {
        let found = self.shared.room(room).ok_or_else(|| RoomError::NotFound(room.clone()))?;
        if self.shared.kick(now, &found, peer, ban) { Ok(()) } else { Err(RoomError::PeerNotFound) }
    }

    pub(super) fn send_into(
        &self,
        now: Now,
        room: &RoomName,
        to: Option<&PeerId>,
        envelope: Bytes,
        request_id: &str,
    ) -> Result<Reached, RoomError> {
        let known = |answer: &Answer| match answer {
            Answer::Sent(reached) => Some(reached.clone()),
            Answer::Created(_) => None,
        };
        self.shared.once(now, request_id, known, Answer::Sent, || self.send_now(now, room, to, &envelope))
    }

    fn send_now(&self, now: Now, room: &RoomName, to: Option<&PeerId>, envelope: &Bytes) -> Result<Reached, RoomError> {
        let receivers: Vec<_> = self.look(room, |state| match to {
            None => Ok(state.seats().map(|seat| seat.with.session.clone()).collect()),
            Some(to) => Ok(vec![state.seat(to).ok_or(RoomError::PeerNotFound)?.with.session.clone()]),
        })?;
        let mut reached = Reached::default();
        for session in receivers {
            match self.shared.put_envelope(now, &session, envelope.clone(), None, Some((room, None))) {
                Taken::Yes => reached.accepted += 1,
                Taken::Undeliverable(_) => reached.undeliverable.push(session.peer.clone()),
                Taken::NotThere | Taken::TicketTorn => {}
            }
        }
        Ok(reached)
    }

    pub(super) fn watch_rooms(&self, only: Option<RoomName>) -> Arc<Watch> {
        let watch = Arc::new(Watch::new(only, self.shared.limits.watch_events));
        {
            let mut watches = write(&self.shared.watches);
            watches.retain(|w| w.strong_count() > 0);
            watches.push(Arc::downgrade(&watch));
        }
        let rooms: Vec<_> = read(&self.shared.rooms).values().filter(|r| watch.wants(&r.name)).cloned().collect();
        for room in rooms {
            let state = lock(&room.state);
            if !state.ended() {
                watch.snapshot(|| state.snapshot(), &room.name);
            }
        }
        watch.synced();
        watch
    }
}

impl Shared {
    pub(super) fn room(&self, room: &RoomName) -> Option<Arc<Room>> {
        read(&self.rooms).get(room).cloned()
    }

    /// Removes a member, and keeps it out when asked to.
    pub(super) fn kick(&self, now: Now, room: &Arc<Room>, peer: &PeerId, ban: bool) -> bool {
        let reason = if ban { Reason::Banned } else { Reason::Removed };
        let mut state = lock(&room.state);
        if ban && state.seat(peer).is_some() {
            state.ban(peer);
        }
        self.unseat_locked(now, room, &mut state, peer, reason, 0)
    }

    /// Ends a room and tells its members. `false` when it had ended.
    pub(super) fn end_room(&self, now: Now, room: &Arc<Room>, reason: Reason) -> bool {
        let mut state = lock(&room.state);
        if state.ended() {
            return false;
        }
        self.end_locked(now, room, &mut state, reason);
        true
    }

    /// Ends a room that has been empty for its timeout.
    pub(super) fn end_if_empty(&self, now: Now, room: &Arc<Room>) {
        let mut state = lock(&room.state);
        if state.ends_at_ms().is_some_and(|at| at <= now.mono_ms) {
            self.settle(now, room, &mut state);
        }
    }

    /// Ends a room whose last member has just left and which does not wait; sees to it that it ends in time otherwise.
    pub(super) fn settle(&self, now: Now, room: &Arc<Room>, state: &mut RoomState<super::Chair>) {
        if state.ended() {
            return;
        }
        if state.ends_at_ms().is_some_and(|at| at <= now.mono_ms) {
            self.end_locked(now, room, state, Reason::Expired);
        } else if !sabotaged!("empty-room-stays") {
            self.arm_empty(room, state);
        }
    }

    /// Sees to it that an empty room ends in time.
    pub(super) fn arm_empty(&self, room: &Arc<Room>, state: &RoomState<super::Chair>) {
        if let Some(at) = state.ends_at_ms() {
            let timer = self.timers.at(at, Due::EmptyRoom(Arc::downgrade(room)));
            // Members that come and go leave no trail of them.
            if let Some(earlier) = lock(&room.timer).replace(timer) {
                self.timers.cancel(earlier);
            }
        }
    }

    pub(super) fn end_locked(&self, now: Now, room: &Arc<Room>, state: &mut RoomState<super::Chair>, reason: Reason) {
        let (seats, event) = state.end(reason);
        for seat in &seats {
            seat.with.ticket.tear();
        }
        for seat in seats {
            seat.with.session.state().stand_up(&room.name);
            self.put_control(now, &seat.with.session, 0, Body::Left { room: room.name.clone(), reason });
        }
        // After the room's lock, the registry's: never the other way round.
        let mut rooms = write(&self.rooms);
        if rooms.get(&room.name).is_some_and(|r| Arc::ptr_eq(r, room)) {
            rooms.remove(&room.name);
        }
        self.tell_watchers(&event);
    }
}
