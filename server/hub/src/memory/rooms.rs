//! How rooms are created, found, published to and ended.

use std::sync::{Arc, atomic::Ordering};

use super::{
    entities::{MemberHandle, Room},
    lock::{lock, read, write},
    memberships::leave_session,
    shared::{Expired, Shared},
};
use crate::{
    error::{MemberError, RoomError},
    frame::{Body, Change, RoomEvent},
    id::{PeerId, RoomName},
    member::{DuplicateUsers, Metadata},
    reason::Reason,
    room::{RoomSpec, RoomState},
    time::Now,
};

impl Shared {
    pub(super) fn room(&self, room: &RoomName) -> Option<Arc<Room>> {
        read(&self.rooms).get(room).cloned()
    }

    /// Creates a room and calls `first` before any other thread can use it. Fails if the name is taken or the backend is at
    /// its room limit.
    pub(super) fn make_room<T>(
        &self,
        now: Now,
        spec: RoomSpec,
        first: impl FnOnce(&Arc<Room>, &mut RoomState<MemberHandle>) -> T,
    ) -> Result<T, RoomError> {
        let name = spec.room.clone();
        let room = Arc::new(Room::new(RoomState::new(spec, self.limits.members, now), now));
        let mut state = lock(&room.state);
        {
            let mut rooms = write(&self.rooms);
            if rooms.contains_key(&name) {
                return Err(RoomError::Exists(name));
            }
            // Those of all namespaces.
            if self.node.rooms.fetch_add(1, Ordering::Relaxed) >= self.limits.rooms {
                self.node.rooms.fetch_sub(1, Ordering::Relaxed);
                return Err(RoomError::Exhausted);
            }
            rooms.insert(name.clone(), room.clone());
        }
        tracing::info!(namespace = self.logged_namespace(), room.id = name.as_str(), "room created");
        self.watchers.publish(&RoomEvent::new(name, state.version(), Change::Created(state.info())));
        Ok(first(&room, &mut state))
    }

    /// Returns the specification of a room that is created by a join.
    pub(super) fn default_spec(&self, room: RoomName) -> RoomSpec {
        RoomSpec {
            room,
            display_name: "".into(),
            max_members: 0,
            duplicate_users: DuplicateUsers::Allow,
            metadata: Metadata::default(),
            empty_timeout_ms: self.limits.empty_timeout_ms,
        }
    }

    /// Publishes a change to all members except one, and to watchers. The caller holds the room's lock, so all receive
    /// changes in one order.
    pub(super) fn publish(&self, state: &RoomState<MemberHandle>, event: &Arc<RoomEvent>, except: Option<&PeerId>) {
        for member in state.members() {
            if Some(&member.entry.peer) != except {
                self.put_presence(&member.handle.session, event);
            }
        }
        self.watchers.publish(event);
    }

    /// Removes a member, and bans it if asked to; neither if the room has too many bans.
    pub(super) fn remove_member(
        &self,
        now: Now,
        room: &Arc<Room>,
        peer: &PeerId,
        ban: bool,
    ) -> Result<(), MemberError> {
        let reason = if ban { Reason::Banned } else { Reason::Removed };
        let mut state = lock(&room.state);
        if ban && state.member(peer).is_some() {
            let max = self.limits.bans;
            // An id made by the server is not used again once its session has ended.
            let lives = |peer: &PeerId| peer.is_scoped() || self.sessions.get(peer.as_str()).is_some();
            if !state.ban(peer, max, lives) {
                return Err(MemberError::TooManyBans { max });
            }
        }
        if self.evict_locked(now, room, &mut state, peer, reason, 0) { Ok(()) } else { Err(MemberError::PeerNotFound) }
    }

    /// Ends a room and sends `left` to its members. Returns `false` if it had ended.
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
            self.end_or_arm(now, room, &mut state);
        }
    }

    /// Ends an empty room whose timeout has run out, or sets the timer of one whose timeout has not.
    pub(super) fn end_or_arm(&self, now: Now, room: &Arc<Room>, state: &mut RoomState<MemberHandle>) {
        if state.ended() {
            return;
        }
        if state.ends_at_ms().is_some_and(|at| at <= now.mono_ms) {
            self.end_locked(now, room, state, Reason::Expired);
        } else {
            self.arm_empty_timer(room, state);
        }
    }

    /// Sets the timer that ends an empty room, in place of an earlier one: members that come and go leave no timers.
    pub(super) fn arm_empty_timer(&self, room: &Arc<Room>, state: &RoomState<MemberHandle>) {
        if let Some(at) = state.ends_at_ms() {
            let timer = self.timers.set(at, Expired::EmptyRoom(Arc::downgrade(room)));
            if let Some(earlier) = lock(&room.empty_timer).replace(timer) {
                self.timers.cancel(earlier);
            }
        }
    }

    /// Ends a room that the caller has locked.
    pub(super) fn end_locked(&self, now: Now, room: &Arc<Room>, state: &mut RoomState<MemberHandle>, reason: Reason) {
        let mut snapshot = None;
        for member in state.members() {
            leave_session(state, member, || snapshot.get_or_insert_with(|| Arc::new(state.snapshot())).clone());
        }
        let (members, event) = state.end(reason);
        for member in &members {
            member.handle.membership.revoke();
        }
        for member in members {
            let session = member.handle.session;
            self.put_control(now, &session, 0, Body::Left { room: room.name.clone(), reason });
        }
        // The registry's lock is taken after the room's, never the other way round.
        let mut rooms = write(&self.rooms);
        if rooms.get(&room.name).is_some_and(|r| Arc::ptr_eq(r, room)) {
            rooms.remove(&room.name);
            self.node.rooms.fetch_sub(1, Ordering::Relaxed);
        }
        let duration_ms = now.mono_ms.saturating_sub(room.created_ms);
        tracing::info!(
            namespace = self.logged_namespace(),
            room.id = room.name.as_str(),
            reason = reason.as_str(),
            duration_ms,
            "room ended"
        );
        self.watchers.publish(&event);
    }
}
