//! Requests about rooms from backend services and tools.

use std::{
    ops::Bound::{Excluded, Unbounded},
    sync::Arc,
};

use bytes::Bytes;

use super::{
    MemoryBackend,
    delivery::Taken,
    entities::{MemberHandle, Room},
    lock::{lock, read},
    responses::{CachedResponse, Method},
    shared::Shared,
};
use crate::{
    backend::{MemberPage, Reached, RequestId},
    error::{MemberError, RoomError},
    id::{PeerId, RoomName},
    member::{Member, RoomInfo},
    reason::Reason,
    room::{RoomPatch, RoomSpec, RoomState},
    time::Now,
    watch::{SnapshotPages, Watch},
};

/// Rooms taken from the registry at a time, so that its lock is held for a moment only.
const ROOMS_AT_A_TIME: usize = 1_024;

/// Rooms whose members are copied for a watcher at a time.
const SNAPSHOTS_AT_A_TIME: usize = 64;

impl MemoryBackend {
    pub(super) fn create(
        &self,
        now: Now,
        spec: RoomSpec,
        request_id: Option<RequestId>,
    ) -> Result<RoomInfo, RoomError> {
        let unwrap = |response: &CachedResponse| match response {
            CachedResponse::Created(info) => Some(info.clone()),
            CachedResponse::Sent(_) => None,
        };
        self.shared.run_once(now, Method::CreateRoom, request_id, unwrap, CachedResponse::Created, || {
            self.shared.make_room(now, spec, |room, state| {
                self.shared.arm_empty_timer(room, state);
                state.info()
            })
        })
    }

    /// Calls `run` with the state of a room, unless the room has ended.
    pub(super) fn with_room<T>(
        &self,
        room: &RoomName,
        run: impl FnOnce(&mut RoomState<MemberHandle>) -> Result<T, RoomError>,
    ) -> Result<T, RoomError> {
        let found = self.found(room)?;
        let mut state = lock(&found.state);
        if state.ended() { Err(RoomError::NotFound(room.clone())) } else { run(&mut state) }
    }

    pub(super) fn room_page(&self, after: Option<&RoomName>, max: usize) -> Vec<RoomInfo> {
        let (mut page, mut after) = (Vec::new(), after.cloned());
        while page.len() < max {
            let rooms = self.shared.rooms_after(after.as_ref(), (max - page.len()).min(ROOMS_AT_A_TIME));
            let Some(last) = rooms.last() else { break };
            after = Some(last.name.clone());
            // A room that has just ended may still be in the registry. Others take its place in the page.
            let states = rooms.iter().map(|room| lock(&room.state));
            page.extend(states.filter(|state| !state.ended()).map(|state| state.info()));
        }
        page
    }

    pub(super) fn member_page(&self, room: &RoomName, after: Option<u64>, max: usize) -> Result<MemberPage, RoomError> {
        self.with_room(room, |state| {
            let mut members: Vec<_> =
                state.members_after(after).take(max + 1).map(|(at, member)| (at, member.clone())).collect();
            let more = members.len() > max;
            members.truncate(max);
            Ok(MemberPage { members, version: state.version(), more })
        })
    }

    pub(super) fn one_member(&self, room: &RoomName, peer: &PeerId) -> Result<Arc<Member>, RoomError> {
        self.with_room(room, |state| {
            state.member(peer).map(|member| member.entry.clone()).ok_or(RoomError::PeerNotFound)
        })
    }

    pub(super) fn update(&self, now: Now, room: &RoomName, patch: RoomPatch) -> Result<RoomInfo, RoomError> {
        let found = self.found(room)?;
        let mut state = lock(&found.state);
        if state.ended() {
            return Err(RoomError::NotFound(room.clone()));
        }
        let event = state.update(patch)?;
        self.shared.publish(&state, &event, None);
        let info = state.info();
        self.shared.end_or_arm(now, &found, &mut state);
        Ok(info)
    }

    pub(super) fn end(&self, now: Now, room: &RoomName) -> Result<(), RoomError> {
        let found = self.found(room)?;
        if self.shared.end_room(now, &found, Reason::Ended) { Ok(()) } else { Err(RoomError::NotFound(room.clone())) }
    }

    pub(super) fn remove(&self, now: Now, room: &RoomName, peer: &PeerId, ban: bool) -> Result<(), RoomError> {
        let found = self.found(room)?;
        self.shared.remove_member(now, &found, peer, ban).map_err(|error| match error {
            MemberError::TooManyBans { max } => RoomError::TooManyBans { max },
            MemberError::Metadata(error) => RoomError::Metadata(error),
            MemberError::PeerNotFound | MemberError::NotJoined | MemberError::NotOwner => RoomError::PeerNotFound,
        })
    }

    pub(super) fn send_into(
        &self,
        now: Now,
        room: &RoomName,
        to: Option<&PeerId>,
        envelope: Bytes,
        request_id: Option<RequestId>,
    ) -> Result<Reached, RoomError> {
        let unwrap = |response: &CachedResponse| match response {
            CachedResponse::Sent(reached) => Some(reached.clone()),
            CachedResponse::Created(_) => None,
        };
        let send = || self.send_now(now, room, to, &envelope);
        self.shared.run_once(now, Method::SendToRoom, request_id, unwrap, CachedResponse::Sent, send)
    }

    fn send_now(&self, now: Now, room: &RoomName, to: Option<&PeerId>, envelope: &Bytes) -> Result<Reached, RoomError> {
        let recipients: Vec<_> = self.with_room(room, |state| match to {
            None => Ok(state.members().map(|member| member.handle.session.clone()).collect()),
            Some(to) => Ok(vec![state.member(to).ok_or(RoomError::PeerNotFound)?.handle.session.clone()]),
        })?;
        let mut reached = Reached::default();
        for session in recipients {
            match self.shared.put_envelope(now, &session, envelope.clone(), None, Some((room, None))) {
                Taken::Yes => reached.accepted += 1,
                Taken::Undeliverable(_) => reached.undeliverable.push(session.peer.clone()),
                Taken::NotThere | Taken::SenderRemoved => {}
            }
        }
        Ok(reached)
    }

    pub(super) fn watch_rooms(&self, only: Option<RoomName>) -> Arc<Watch> {
        let pages = Box::new(RoomPages(self.shared.clone()));
        let watch = Arc::new(Watch::new(only, self.shared.limits.watch_events, pages));
        // From now on it gets the changes of the rooms it knows.
        self.shared.watchers.add(watch.only(), &watch);
        watch
    }

    fn found(&self, room: &RoomName) -> Result<Arc<Room>, RoomError> {
        self.shared.room(room).ok_or_else(|| RoomError::NotFound(room.clone()))
    }
}

impl Shared {
    fn rooms_after(&self, after: Option<&RoomName>, max: usize) -> Vec<Arc<Room>> {
        let from = after.map_or(Unbounded, Excluded);
        read(&self.rooms).range::<RoomName, _>((from, Unbounded)).take(max).map(|(_, room)| room.clone()).collect()
    }
}

/// The rooms of a watch.
struct RoomPages(Arc<Shared>);

impl SnapshotPages for RoomPages {
    fn request(&self, watch: &Watch, after: Option<&RoomName>) {
        let rooms = match watch.only() {
            Some(only) => self.0.room(only).into_iter().collect(),
            None => self.0.rooms_after(after, SNAPSHOTS_AT_A_TIME),
        };
        for room in &rooms {
            let state = lock(&room.state);
            if !state.ended() {
                watch.snapshot(|| state.snapshot(), &room.name);
            }
        }
        let full = watch.only().is_none() && rooms.len() == SNAPSHOTS_AT_A_TIME;
        watch.end_page(rooms.last().filter(|_| full).map(|room| room.name.clone()));
    }
}
