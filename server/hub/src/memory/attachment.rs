//! The attachment of a connection to its session.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    sync::{Arc, Weak, atomic::Ordering},
    task::Waker,
};

use bytes::Bytes;

use super::{
    delivery::{Taken, wake},
    entities::{Membership, Room, SenderState, Session},
    lock::lock,
    shared::Shared,
};
use crate::{
    backend::{Attachment, Grants, Join, Outbound, Submitted, Uplink, WrittenFrames},
    error::{AckError, DetachReason, JoinError, MemberError, SendError, StepError, StoreError},
    frame::{Body, Delivery, Item},
    id::{PeerId, RoomName},
    mailbox::Origin,
    member::Metadata,
    rate::Limited,
    reason::Reason,
    session::{Fetched, SessionKind, SessionState},
    time::Now,
};

#[derive(Debug)]
pub(super) struct MemoryAttachment {
    pub(super) shared: Arc<Shared>,
    pub(super) session: Arc<Session>,
    pub(super) epoch: u32,
}

impl Uplink for MemoryAttachment {
    fn peer(&self) -> &PeerId {
        &self.session.peer
    }

    fn epoch(&self) -> u32 {
        self.epoch
    }

    fn kind(&self) -> SessionKind {
        self.session.kind
    }

    fn metadata(&self) -> Metadata {
        self.session.metadata.clone()
    }

    fn applied(&self) -> u32 {
        self.session.applied.load(Ordering::Acquire)
    }

    fn acked(&self) -> u32 {
        self.session.state().mailbox().acked()
    }

    fn rate_limit(&self, now: Now, bytes: usize) -> Result<(), Limited> {
        let admitted = self.session.rates.admit(&self.shared.limits, now, bytes);
        admitted.inspect_err(|limited| self.shared.counters.count_limited(limited))
    }

    fn take_pong(&self) -> bool {
        let awaited = &self.session.awaited_pongs;
        awaited.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |pongs| pongs.checked_sub(1)).is_ok()
    }

    fn acknowledge(&self, now: Now, upto: u32) -> Submitted<Result<(), AckError>> {
        Submitted::Done(self.ack(now, upto).map_err(|written| AckError::NotWritten { written }))
    }

    fn send(&self, now: Now, cseq: u32, send: Outbound) -> Submitted<Result<(), StepError<SendError>>> {
        let mut sender = lock(&self.session.sender);
        let SenderState { memberships, last_recipient } = &mut *sender;
        Submitted::Done(self.session.check_next(self.epoch, cseq).and_then(|()| {
            let undelivered = match (&send.room, &send.to) {
                (None, None) => return Err(StepError::Refused(SendError::PeerNotFound)),
                (None, Some(to)) => self.send_to(now, cseq, None, to, last_recipient, &send),
                (Some(room), to) => {
                    let active = active_membership(memberships, room);
                    let (room, membership) = active.ok_or(StepError::Refused(SendError::NotJoined))?;
                    match to {
                        Some(to) => self.send_to(now, cseq, Some((room, membership)), to, last_recipient, &send),
                        None => self.broadcast(now, cseq, room, membership, &send),
                    }
                }
            }
            .map_err(StepError::Refused)?;
            self.session.mark_applied(cseq);
            for (peer, reason) in undelivered {
                let origin = self.origin(cseq, &send);
                self.shared.send_receipt(now, &origin, &peer, Delivery::Undeliverable(reason));
            }
            Ok(())
        }))
    }

    fn join(&self, now: Now, cseq: u32, join: Join) -> Submitted<Result<(), StepError<JoinError>>> {
        let mut sender = lock(&self.session.sender);
        Submitted::Done(self.session.check_next(self.epoch, cseq).and_then(|()| {
            let joined = self.shared.join_room(now, &self.session, self.epoch, cseq, &join)?;
            self.session.mark_applied(cseq);
            if let Some((room, membership)) = joined {
                sender.memberships.retain(|(name, _, earlier)| *name != join.room && earlier.is_active());
                sender.memberships.push((join.room, room, membership));
            }
            Ok(())
        }))
    }

    fn leave(&self, now: Now, cseq: u32, room: &RoomName) -> Submitted<Result<(), StepError<MemberError>>> {
        self.in_room(cseq, room, |found| {
            if self.shared.evict(now, found, &self.session.peer, Reason::Left, cseq) {
                Ok(())
            } else {
                Err(MemberError::NotJoined)
            }
        })
    }

    fn end_room(&self, now: Now, cseq: u32, room: &RoomName) -> Submitted<Result<(), StepError<MemberError>>> {
        self.in_room(cseq, room, |found| {
            self.check_owner(found)?;
            self.shared.end_room(now, found, Reason::Ended);
            self.shared.put_control(now, &self.session, cseq, Body::Done);
            Ok(())
        })
    }

    fn remove_member(
        &self,
        now: Now,
        cseq: u32,
        room: &RoomName,
        peer: &PeerId,
        ban: bool,
    ) -> Submitted<Result<(), StepError<MemberError>>> {
        self.in_room(cseq, room, |found| {
            self.check_owner(found)?;
            self.shared.remove_member(now, found, peer, ban)?;
            self.shared.put_control(now, &self.session, cseq, Body::Done);
            Ok(())
        })
    }

    fn update_member(
        &self,
        now: Now,
        cseq: u32,
        room: &RoomName,
        display_name: Option<Arc<str>>,
        metadata: BTreeMap<String, String>,
    ) -> Submitted<Result<(), StepError<MemberError>>> {
        self.in_room(cseq, room, |found| {
            let mut state = lock(&found.state);
            if let Some(event) = state.update_member(&self.session.peer, display_name, &metadata)? {
                self.shared.publish(&state, &event, Some(&self.session.peer));
                self.count_deliveries(now, found, state.members().len());
            }
            drop(state);
            self.shared.put_control(now, &self.session, cseq, Body::Done);
            Ok(())
        })
    }

    fn grants(&self) -> Grants {
        self.session.grants()
    }

    fn grants_version(&self) -> u32 {
        self.session.grants_version.load(Ordering::Acquire)
    }

    fn rooms(&self) -> Submitted<Result<Vec<RoomName>, StoreError>> {
        let rooms = self.session.state().rooms().iter().map(|joined| joined.room.name.clone()).collect();
        Submitted::Done(Ok(rooms))
    }

    fn remove_from(&self, now: Now, room: &RoomName, reason: Reason) -> Submitted<Result<(), StoreError>> {
        let mut sender = lock(&self.session.sender);
        if let Some((found, _)) = active_membership(&mut sender.memberships, room) {
            self.shared.evict(now, found, &self.session.peer, reason, 0);
        }
        Submitted::Done(Ok(()))
    }

    fn refresh(
        &self,
        now: Now,
        cseq: u32,
        grants: Grants,
        answer: Bytes,
    ) -> Submitted<Result<(), StepError<Infallible>>> {
        let _sender = lock(&self.session.sender);
        Submitted::Done(self.session.check_next(self.epoch, cseq).map(|()| {
            self.session.set_grants(grants);
            self.shared.put_control(now, &self.session, cseq, Body::Encoded(answer));
            self.session.mark_applied(cseq);
        }))
    }

    fn reply(&self, now: Now, cseq: u32, body: Body) -> Submitted<Result<(), StepError<Infallible>>> {
        let _sender = lock(&self.session.sender);
        Submitted::Done(self.session.check_next(self.epoch, cseq).map(|()| {
            self.shared.put_control(now, &self.session, cseq, body);
            self.session.mark_applied(cseq);
        }))
    }

    fn close(&self, now: Now, reason: Reason) -> Submitted<Result<(), StoreError>> {
        let newest = |state: &SessionState<_>| state.epoch() == self.epoch;
        self.shared.end_session_if(now, &self.session, reason, newest);
        Submitted::Done(Ok(()))
    }
}

impl Attachment for MemoryAttachment {
    fn ack(&self, now: Now, upto: u32) -> Result<(), u32> {
        // Loads first: only the first frame of an epoch, and of a millisecond, has something to store.
        if self.session.used_epoch.load(Ordering::Acquire) < self.epoch {
            self.session.used_epoch.fetch_max(self.epoch, Ordering::AcqRel);
        }
        if self.session.attached_epoch.load(Ordering::Acquire) == self.epoch
            && self.session.last_activity_ms.load(Ordering::Relaxed) < now.mono_ms
        {
            self.session.last_activity_ms.fetch_max(now.mono_ms, Ordering::Relaxed);
        }
        if upto == 0 || !self.session.resumable() {
            return Ok(());
        }
        let mut delivered = Vec::new();
        self.session.state().ack(self.epoch, upto, |origin| {
            if origin.receipt {
                delivered.push(origin);
            }
        })?;
        self.shared.send_receipts(now, delivered, &self.session.peer, Delivery::Delivered);
        Ok(())
    }

    fn last_activity_ms(&self) -> u64 {
        self.session.last_activity_ms.load(Ordering::Relaxed)
    }

    fn is_over(&self) -> bool {
        self.session.attached_epoch.load(Ordering::Acquire) != self.epoch
    }

    fn expect_pong(&self) {
        self.session.awaited_pongs.fetch_add(1, Ordering::Relaxed);
    }

    fn track_written(&self, written: Arc<dyn WrittenFrames>) {
        // Fails only on a second call, which has no meaning: a live session has one attachment.
        let _ = self.session.written.set(written);
    }

    fn awaits_written(&self) -> bool {
        self.session.awaits_written.load(Ordering::Relaxed)
    }

    fn fetch(&self, now: Now, waker: &Waker, budget: usize, out: &mut Vec<Item>) -> Fetched {
        let mut written = Vec::new();
        let live = !self.session.resumable();
        let fetched = loop {
            let mut state = self.session.state();
            if state.epoch() == self.epoch && state.roster_due() {
                let rooms: Vec<_> = state.rooms_without_roster().map(|joined| joined.room.clone()).collect();
                drop(state);
                self.put_rosters(&rooms);
                continue;
            }
            if live {
                state.confirm(self.session.written(), |origin| written.push(origin));
            }
            let fetched = state.fetch(self.epoch, waker, budget, out);
            if live {
                self.session.awaits_written.store(state.awaits_written(), Ordering::Relaxed);
            }
            break fetched;
        };
        written.retain(|origin| origin.receipt);
        self.shared.send_receipts(now, written, &self.session.peer, Delivery::Written);
        if let Fetched::Detached(DetachReason::Ended(reason)) = fetched {
            self.shared.end_session(now, &self.session, reason); // Drained: everything it held has been handed out.
        }
        fetched
    }

    fn put(&self, now: Now, body: Body) -> Submitted<Result<(), StoreError>> {
        if self.session.attached_epoch.load(Ordering::Acquire) == self.epoch {
            self.shared.put_control(now, &self.session, 0, body);
        }
        Submitted::Done(Ok(()))
    }

    fn detach(&self, now: Now, reason: DetachReason) -> Submitted<Result<(), StoreError>> {
        // A session that has ended or has a newer attachment has nothing left to detach.
        let over = self.session.state().detach_reason(self.epoch);
        if over.is_none() {
            self.shared.detach_session(now, &self.session, self.epoch, reason);
        }
        Submitted::Done(Ok(()))
    }
}

/// The recipients that an accepted envelope did not reach, with the reasons.
type Undelivered = Vec<(PeerId, Reason)>;

impl MemoryAttachment {
    fn origin(&self, cseq: u32, send: &Outbound) -> Origin {
        let Session { peer, incarnation, .. } = &*self.session;
        Origin { from: peer.clone(), incarnation: *incarnation, seq: cseq, receipt: send.receipt }
    }

    /// Sends an envelope to one peer, in a room or outside of rooms.
    fn send_to(
        &self,
        now: Now,
        cseq: u32,
        room: Option<(&Room, &Membership)>,
        to: &PeerId,
        last_recipient: &mut Option<(PeerId, Weak<Session>)>,
        send: &Outbound,
    ) -> Result<Undelivered, SendError> {
        let recipient = self.shared.sessions.get_cached(to, last_recipient).ok_or(SendError::PeerNotFound)?;
        let guard = room.map(|(room, membership)| (&room.name, Some(membership)));
        match self.put(now, cseq, &recipient, send, guard) {
            Taken::Yes => Ok(Vec::new()),
            Taken::NotThere => Err(SendError::PeerNotFound),
            Taken::SenderRemoved => Err(SendError::NotJoined),
            Taken::Undeliverable(reason) => Ok(vec![(recipient.peer.clone(), reason)]),
        }
    }

    /// Sends an envelope to all other members of a room.
    fn broadcast(
        &self,
        now: Now,
        cseq: u32,
        room: &Room,
        membership: &Membership,
        send: &Outbound,
    ) -> Result<Undelivered, SendError> {
        // The list is copied under the room's lock and used without it: a mailbox that overflows ends its session, which
        // takes the locks of its rooms.
        let others = {
            let state = lock(&room.state);
            let mut others = Vec::with_capacity(state.members().len());
            for member in state.members() {
                if !Arc::ptr_eq(&member.handle.session, &self.session) {
                    others.push(member.handle.session.clone());
                }
            }
            others
        };
        let (mut undelivered, mut reached) = (Vec::new(), false);
        self.count_deliveries(now, room, others.len());
        for recipient in others {
            match self.put(now, cseq, &recipient, send, Some((&room.name, Some(membership)))) {
                Taken::Yes => reached = true,
                Taken::NotThere => {}
                // Removed in the middle. The envelope may be refused only if no member got it, since the number of a refused
                // frame is used again.
                Taken::SenderRemoved if reached => {
                    undelivered.push((recipient.peer.clone(), Reason::NotJoined));
                }
                Taken::SenderRemoved => return Err(SendError::NotJoined),
                Taken::Undeliverable(reason) => undelivered.push((recipient.peer.clone(), reason)),
            }
        }
        Ok(undelivered)
    }

    fn put(
        &self,
        now: Now,
        cseq: u32,
        recipient: &Arc<Session>,
        send: &Outbound,
        guard: Option<(&RoomName, Option<&Membership>)>,
    ) -> Taken {
        self.shared.put_envelope(now, recipient, send.envelope.clone(), Some(self.origin(cseq, send)), guard)
    }

    /// Counts what a frame has put into the mailboxes of a room's members.
    fn count_deliveries(&self, now: Now, room: &Room, receivers: usize) {
        self.session.rates.count_deliveries(&self.shared.limits, &room.deliveries, now, receivers);
    }

    /// Runs a request about a room that the session is a member of, as one step.
    fn in_room(
        &self,
        cseq: u32,
        room: &RoomName,
        run: impl FnOnce(&Arc<Room>) -> Result<(), MemberError>,
    ) -> Submitted<Result<(), StepError<MemberError>>> {
        let mut sender = lock(&self.session.sender);
        Submitted::Done(self.session.check_next(self.epoch, cseq).and_then(|()| {
            let active = active_membership(&mut sender.memberships, room);
            let (found, _) = active.ok_or(StepError::Refused(MemberError::NotJoined))?;
            run(found).map_err(StepError::Refused)?;
            self.session.mark_applied(cseq);
            Ok(())
        }))
    }

    fn check_owner(&self, room: &Room) -> Result<(), MemberError> {
        if lock(&room.state).owner() == Some(&self.session.peer) { Ok(()) } else { Err(MemberError::NotOwner) }
    }

    /// Brings the connection up to date about these rooms.
    fn put_rosters(&self, rooms: &[Arc<Room>]) {
        for room in rooms {
            let state = lock(&room.state);
            if !state.ended() {
                let snapshot = Arc::new(state.snapshot());
                let waker = {
                    let mut own = self.session.state();
                    own.put_roster(&snapshot);
                    own.take_waker()
                };
                wake(waker);
            }
        }
    }
}

/// Returns the room and the membership, if the session is a member.
fn active_membership<'a>(
    memberships: &'a mut Vec<(RoomName, Arc<Room>, Arc<Membership>)>,
    room: &RoomName,
) -> Option<(&'a Arc<Room>, &'a Arc<Membership>)> {
    let at = memberships.iter().position(|(name, _, _)| name == room)?;
    // Stores the caller's clone of the name: the next lookup with it compares pointers only.
    memberships[at].0.clone_from(room);
    if !memberships[at].2.is_active() {
        memberships.swap_remove(at);
        return None;
    }
    let (_, room, membership) = &memberships[at];
    Some((room, membership))
}
