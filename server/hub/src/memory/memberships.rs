//! How sessions join rooms, leave them and are removed from them.

use std::sync::Arc;

use super::{
    delivery::wake,
    entities::{MemberHandle, Membership, Room, Session, SessionGuard},
    lock::lock,
    rates::check,
    shared::Shared,
};
use crate::{
    backend::{Create, Join},
    error::{JoinError, RoomError, StepError},
    frame::{Body, Change, RoomEvent},
    id::{PeerId, RoomName},
    rate::{Limited, RateLimitKind},
    reason::Reason,
    room::{Newcomer, RoomMember, RoomState},
    session::{Phase, Put},
    snapshot::Snapshot,
    time::Now,
};

/// A session's request to join a room.
struct JoinRequest<'a> {
    now: Now,
    session: &'a Arc<Session>,
    epoch: u32,
    reply_to: u32,
    join: &'a Join,
}

/// The room and the membership; `None` if the session was already a member.
type NewMembership = Option<(Arc<Room>, Arc<Membership>)>;

impl Shared {
    /// Adds a session to a room, creating the room if the join asks for it, and puts the answer into the session's mailbox.
    /// The caller holds the session's `sender`, so no other join of the session runs at the same time.
    pub(super) fn join_room(
        &self,
        now: Now,
        session: &Arc<Session>,
        epoch: u32,
        reply_to: u32,
        join: &Join,
    ) -> Result<NewMembership, StepError<JoinError>> {
        session
            .rates
            .admit_join(&self.limits, session.account.as_deref(), now)
            .map_err(|limited| self.limited(limited))?;
        let max = self.limits.rooms_per_session;
        {
            let own = session.state();
            if own.rooms().len() >= max && !own.rooms().iter().any(|joined| joined.name == join.room) {
                return Err(StepError::Refused(JoinError::TooManyRooms { max }));
            }
        }
        let request = JoinRequest { now, session, epoch, reply_to, join };
        loop {
            if let Some(room) = self.room(&join.room) {
                let mut state = lock(&room.state);
                if state.ended() {
                    continue; // It ended between the lookup and the lock.
                }
                let membership = self.admit(&request, &room, &mut state, false);
                if membership.is_err() {
                    self.end_or_arm(now, &room, &mut state); // It may have removed the last member before it failed.
                }
                return membership;
            }
            let spec = match &join.create {
                Create::Never => return Err(StepError::Refused(JoinError::RoomNotFound)),
                Create::IfAbsent => self.default_spec(join.room.clone()),
                Create::IfAbsentWith(spec) | Create::New(spec) => spec.clone(),
            };
            let created = self.make_room(now, spec, |room, state| {
                let membership = self.admit(&request, room, state, true);
                if membership.is_err() {
                    self.end_locked(now, room, state, Reason::Expired);
                }
                membership
            });
            match created {
                Ok(membership) => return membership,
                Err(RoomError::Exists(_)) => {} // Another session created it first: join that one.
                Err(_) => return Err(StepError::Refused(JoinError::RoomsExhausted)),
            }
        }
    }

    fn admit(
        &self,
        request: &JoinRequest<'_>,
        room: &Arc<Room>,
        state: &mut RoomState<MemberHandle>,
        created: bool,
    ) -> Result<NewMembership, StepError<JoinError>> {
        let JoinRequest { now, session, epoch, reply_to, join } = *request;
        if matches!(join.create, Create::New(_)) && !created {
            return Err(StepError::Refused(JoinError::RoomExists));
        }
        let holder = state.member(&session.peer).map(|member| member.handle.session.clone());
        match holder {
            Some(holder) if Arc::ptr_eq(&holder, session) => {
                // Put while the room is locked, so that no change comes between the answer and the state it describes.
                let mut own = session.state();
                let put = own.put_joined(reply_to, false, Arc::new(state.snapshot()), &self.limits, now);
                self.after_joined(now, session, own, &put);
                return Ok(None);
            }
            // An earlier session with this peer id has ended and has not left the room yet.
            Some(predecessor) => {
                let reason = match predecessor.state().phase() {
                    Phase::Ended(reason) => reason,
                    Phase::Attached | Phase::Detached { .. } => Reason::Replaced,
                };
                self.remove_and_notify(now, state, &session.peer, reason, 0);
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
        check(&room.joins, &self.limits, RateLimitKind::RoomJoins, now).map_err(|limited| self.limited(limited))?;
        if let Some(older) = state.admits(&newcomer).map_err(StepError::Refused)? {
            self.remove_and_notify(now, state, &older, Reason::Replaced, 0);
        }
        room.joins.charge(self.limits.room_joins, now, 1);
        let membership = Arc::new(Membership::default());
        let mut own = session.state();
        if let Some(reason) = own.detach_reason(epoch) {
            return Err(StepError::Detached(reason)); // The attachment ended meanwhile: it does not join.
        }
        let handle = MemberHandle { session: session.clone(), membership: membership.clone() };
        let event = state.join(newcomer, handle, now);
        own.join(room.name.clone(), room.clone());
        let put = own.put_joined(reply_to, created, Arc::new(state.snapshot()), &self.limits, now);
        self.after_joined(now, session, own, &put);
        self.publish(state, &event, Some(&session.peer));
        tracing::debug!(
            namespace = self.logged_namespace(),
            room.id = room.name.as_str(),
            peer.id = session.peer.as_str(),
            created,
            "member joined"
        );
        Ok(Some((room.clone(), membership)))
    }

    fn limited(&self, limited: Limited) -> StepError<JoinError> {
        self.counters.count_limited(&limited);
        StepError::Refused(JoinError::RateLimited(limited))
    }

    /// Handles what came of putting the answer to a join, and wakes the connection.
    fn after_joined(&self, now: Now, session: &Arc<Session>, mut own: SessionGuard<'_>, put: &Put) {
        self.note_detach(session, put);
        let waker = own.take_waker();
        drop(own);
        wake(waker);
        self.after_control(now, session, put);
    }

    /// Removes a member and sends it `left`. `reply_to` is 0 unless the member requested it. Returns `false` if it is not a
    /// member.
    pub(super) fn evict(&self, now: Now, room: &Arc<Room>, peer: &PeerId, reason: Reason, reply_to: u32) -> bool {
        self.evict_locked(now, room, &mut lock(&room.state), peer, reason, reply_to)
    }

    /// Does the same in a room that the caller has locked.
    pub(super) fn evict_locked(
        &self,
        now: Now,
        room: &Arc<Room>,
        state: &mut RoomState<MemberHandle>,
        peer: &PeerId,
        reason: Reason,
        reply_to: u32,
    ) -> bool {
        let evicted = self.remove_and_notify(now, state, peer, reason, reply_to);
        if evicted {
            self.end_or_arm(now, room, state);
        }
        evicted
    }

    /// Ends the membership of a session that has ended.
    pub(super) fn release(&self, now: Now, room: &Arc<Room>, session: &Arc<Session>, reason: Reason) {
        let mut state = lock(&room.state);
        if state.member(&session.peer).is_none_or(|member| !Arc::ptr_eq(&member.handle.session, session)) {
            return; // It was removed before; a newer session with the same peer id may have joined since.
        }
        if let Some((member, events)) = state.leave(&session.peer, reason, now) {
            member.handle.membership.revoke();
            self.log_left(&room.name, &session.peer, reason);
            self.publish_leave(&state, &member, &events);
            self.end_or_arm(now, room, &mut state);
        }
    }

    /// Removes a member, sends it `left` and publishes that. Returns `false` if it is not a member.
    fn remove_and_notify(
        &self,
        now: Now,
        state: &mut RoomState<MemberHandle>,
        peer: &PeerId,
        reason: Reason,
        reply_to: u32,
    ) -> bool {
        let Some(member) = state.member(peer) else { return false };
        leave_session(state, member, || Arc::new(state.snapshot()));
        let Some((member, events)) = state.leave(peer, reason, now) else { return false };
        let MemberHandle { session, membership } = &member.handle;
        membership.revoke();
        let room = state.name().clone();
        self.log_left(&room, peer, reason);
        self.put_control(now, session, reply_to, Body::Left { room, reason });
        self.publish_leave(state, &member, &events);
        true
    }

    /// Publishes that a member left, and what follows from it, to the others and to watchers. The caller holds the room's
    /// lock.
    fn publish_leave(
        &self,
        state: &RoomState<MemberHandle>,
        left: &RoomMember<MemberHandle>,
        events: &[Arc<RoomEvent>],
    ) {
        for event in events {
            if let Change::MemberLeft(_, reason) = &event.change {
                for member in state.members() {
                    let mut other = member.handle.session.state();
                    other.note_departed(state.name(), &left.entry, *reason);
                }
            }
            self.publish(state, event, None);
        }
    }

    fn log_left(&self, room: &RoomName, peer: &PeerId, reason: Reason) {
        let (room, peer, reason) = (room.as_str(), peer.as_str(), reason.as_str());
        tracing::debug!(namespace = self.logged_namespace(), room.id = room, peer.id = peer, reason, "member left");
    }
}

/// Removes a room that a member is about to leave from its session. Before the member leaves the room, which is what tells
/// those that joined after it, and in one step with the check of its mailbox: the others still send to it.
pub(super) fn leave_session(
    state: &RoomState<MemberHandle>,
    member: &RoomMember<MemberHandle>,
    roster: impl FnOnce() -> Arc<Snapshot>,
) {
    let newer = |peer: &PeerId| state.joined_after(peer, &member.entry.peer);
    member.handle.session.state().leave(state.name(), newer, roster);
}
