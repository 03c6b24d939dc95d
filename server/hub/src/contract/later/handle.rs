//! The attachments and uplinks of [`Later`](super::Later).

use std::{
    collections::BTreeMap,
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    task::Waker,
};

use bytes::Bytes;

use super::faults::{
    Faults,
    Repeated::{self, Again, Once},
};
use crate::{
    backend::{Attachment, Grants, Join, Outbound, Submitted, Uplink, WrittenFrames},
    error::{AckError, DetachReason, JoinError, MemberError, SendError, StepError, StoreError},
    frame::{Body, Item},
    id::{PeerId, RoomName},
    member::Metadata,
    rate::Limited,
    reason::Reason,
    session::{Fetched, SessionKind},
    time::Now,
};

/// A handle whose operations answer later. Every other time its connection has nothing more to write, it is woken
/// nevertheless.
pub(super) struct LaterHandle<T: ?Sized> {
    inner: Arc<T>,
    faults: Arc<Faults>,
    idle: AtomicU32,
}

/// Wraps an attachment or an uplink.
pub(super) fn handle<T: ?Sized>(inner: Arc<T>, faults: Arc<Faults>) -> Arc<LaterHandle<T>> {
    Arc::new(LaterHandle { inner, faults, idle: AtomicU32::new(0) })
}

impl<T: Uplink + ?Sized> LaterHandle<T> {
    /// The frames of a live session have no numbers.
    fn step(&self) -> Repeated {
        if self.inner.kind() == SessionKind::Live { Again } else { Once }
    }
}

impl<T: Uplink + ?Sized> Uplink for LaterHandle<T> {
    fn peer(&self) -> &PeerId {
        self.inner.peer()
    }

    fn epoch(&self) -> u32 {
        self.inner.epoch()
    }

    fn kind(&self) -> SessionKind {
        self.inner.kind()
    }

    fn metadata(&self) -> Metadata {
        self.inner.metadata()
    }

    fn applied(&self) -> u32 {
        self.inner.applied()
    }

    fn acked(&self) -> u32 {
        self.inner.acked()
    }

    fn rate_limit(&self, now: Now, bytes: usize) -> Result<(), Limited> {
        self.inner.rate_limit(now, bytes)
    }

    fn take_pong(&self) -> bool {
        self.inner.take_pong()
    }

    fn acknowledge(&self, now: Now, upto: u32) -> Submitted<Result<(), AckError>> {
        self.faults.run(Once, || self.inner.acknowledge(now, upto))
    }

    fn send(&self, now: Now, cseq: u32, send: Outbound) -> Submitted<Result<(), StepError<SendError>>> {
        self.faults.run(self.step(), || self.inner.send(now, cseq, send))
    }

    fn join(&self, now: Now, cseq: u32, join: Join) -> Submitted<Result<(), StepError<JoinError>>> {
        self.faults.run(self.step(), || self.inner.join(now, cseq, join))
    }

    fn leave(&self, now: Now, cseq: u32, room: &RoomName) -> Submitted<Result<(), StepError<MemberError>>> {
        self.faults.run(self.step(), || self.inner.leave(now, cseq, room))
    }

    fn end_room(&self, now: Now, cseq: u32, room: &RoomName) -> Submitted<Result<(), StepError<MemberError>>> {
        self.faults.run(self.step(), || self.inner.end_room(now, cseq, room))
    }

    fn remove_member(
        &self,
        now: Now,
        cseq: u32,
        room: &RoomName,
        peer: &PeerId,
        ban: bool,
    ) -> Submitted<Result<(), StepError<MemberError>>> {
        self.faults.run(self.step(), || self.inner.remove_member(now, cseq, room, peer, ban))
    }

    fn update_member(
        &self,
        now: Now,
        cseq: u32,
        room: &RoomName,
        display_name: Option<Arc<str>>,
        metadata: BTreeMap<String, String>,
    ) -> Submitted<Result<(), StepError<MemberError>>> {
        self.faults.run(self.step(), || self.inner.update_member(now, cseq, room, display_name, metadata))
    }

    fn grants(&self) -> Grants {
        self.inner.grants()
    }

    fn grants_version(&self) -> u32 {
        self.inner.grants_version()
    }

    fn rooms(&self) -> Submitted<Result<Vec<RoomName>, StoreError>> {
        self.faults.run(Once, || self.inner.rooms())
    }

    fn remove_from(&self, now: Now, room: &RoomName, reason: Reason) -> Submitted<Result<(), StoreError>> {
        self.faults.run(Once, || self.inner.remove_from(now, room, reason))
    }

    fn refresh(
        &self,
        now: Now,
        cseq: u32,
        grants: Grants,
        answer: Bytes,
    ) -> Submitted<Result<(), StepError<Infallible>>> {
        self.faults.run(self.step(), || self.inner.refresh(now, cseq, grants, answer))
    }

    fn reply(&self, now: Now, cseq: u32, body: Body) -> Submitted<Result<(), StepError<Infallible>>> {
        self.faults.run(self.step(), || self.inner.reply(now, cseq, body))
    }

    fn close(&self, now: Now, reason: Reason) -> Submitted<Result<(), StoreError>> {
        self.faults.run(Once, || self.inner.close(now, reason))
    }
}

impl Attachment for LaterHandle<dyn Attachment> {
    fn ack(&self, now: Now, upto: u32) -> Result<(), u32> {
        self.inner.ack(now, upto)
    }

    fn last_activity_ms(&self) -> u64 {
        self.inner.last_activity_ms()
    }

    fn is_over(&self) -> bool {
        self.inner.is_over()
    }

    fn expect_pong(&self) {
        self.inner.expect_pong();
    }

    fn track_written(&self, written: Arc<dyn WrittenFrames>) {
        self.inner.track_written(written);
    }

    fn awaits_written(&self) -> bool {
        self.inner.awaits_written()
    }

    fn fetch(&self, now: Now, waker: &Waker, budget: usize, out: &mut Vec<Item>) -> Fetched {
        let fetched = self.inner.fetch(now, &self.faults.waker(waker), budget, out);
        if fetched == Fetched::Idle && self.idle.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) {
            waker.wake_by_ref();
        }
        fetched
    }

    fn put(&self, now: Now, body: Body) -> Submitted<Result<(), StoreError>> {
        self.faults.run(Again, || self.inner.put(now, body))
    }

    fn detach(&self, now: Now, reason: DetachReason) -> Submitted<Result<(), StoreError>> {
        self.faults.run(Once, || self.inner.detach(now, reason))
    }
}
