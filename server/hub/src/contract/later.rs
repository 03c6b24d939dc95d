//! A wrapper that makes any backend answer later and wake spuriously.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    task::{Context, Poll, Waker},
};

use bytes::Bytes;

use crate::{
    backend::{
        Attachment, Backend, BackendStats, Credentials, Join, MemberPage, Open, Outbound, Reached, RequestId, Resume,
        Resumed, Submitted, WrittenFrames,
    },
    error::{DetachReason, FindError, JoinError, MemberError, OpenError, ResumeError, RoomError, SendError, StepError},
    frame::{Body, Item},
    id::{PeerId, RoomName},
    member::{Member, RoomInfo},
    reason::Reason,
    room::{RoomPatch, RoomSpec},
    session::{Fetched, SessionKind},
    snapshot::Snapshot,
    time::Now,
    watch::Watch,
};

/// A wrapper whose every answer is [`Submitted::Pending`] until the second poll. Every other time a connection has nothing
/// more to write, it is woken nevertheless.
pub struct Later(Arc<dyn Backend>);

impl Later {
    /// Wraps a backend.
    #[must_use]
    pub fn new(backend: Arc<dyn Backend>) -> Self {
        Self(backend)
    }
}

struct LaterAttachment {
    inner: Arc<dyn Attachment>,
    idle: AtomicU32,
}

fn attachment(inner: Arc<dyn Attachment>) -> Arc<dyn Attachment> {
    Arc::new(LaterAttachment { inner, idle: AtomicU32::new(0) })
}

/// Resolves on the second poll, and wakes for it at once.
struct Second<T> {
    answer: Option<Submitted<T>>,
    polled: bool,
    inner: Option<Pin<Box<dyn Future<Output = T> + Send>>>,
}

impl<T: Send + Unpin + 'static> Future for Second<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        if !std::mem::replace(&mut self.polled, true) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        match self.answer.take() {
            Some(Submitted::Done(answer)) => return Poll::Ready(answer),
            Some(Submitted::Pending(future)) => self.inner = Some(future),
            None => {}
        }
        match &mut self.inner {
            Some(future) => future.as_mut().poll(context),
            None => Poll::Pending,
        }
    }
}

fn later<T: Send + Unpin + 'static>(answer: Submitted<T>) -> Submitted<T> {
    Submitted::Pending(Box::pin(Second { answer: Some(answer), polled: false, inner: None }))
}

fn then<T: Send + Unpin + 'static, U: Send + Unpin + 'static>(
    answer: Submitted<T>,
    map: impl FnOnce(T) -> U + Send + 'static,
) -> Submitted<U> {
    let first = later(answer);
    Submitted::Pending(Box::pin(async move { map(first.wait().await) }))
}

impl Backend for Later {
    fn open(&self, now: Now, open: Open) -> Submitted<Result<Arc<dyn Attachment>, OpenError>> {
        then(self.0.open(now, open), |opened| opened.map(attachment))
    }

    fn resume(&self, now: Now, resume: Resume) -> Submitted<Result<Resumed, ResumeError>> {
        then(self.0.resume(now, resume), |resumed| {
            resumed.map(|r| Resumed { attachment: attachment(r.attachment), applied: r.applied })
        })
    }

    fn find(&self, credentials: &Credentials, epoch: u32) -> Submitted<Result<Arc<dyn Attachment>, FindError>> {
        then(self.0.find(credentials, epoch), |found| found.map(attachment))
    }

    fn end_session(&self, now: Now, credentials: &Credentials, reason: Reason) -> Submitted<bool> {
        later(self.0.end_session(now, credentials, reason))
    }

    fn bye(&self, now: Now, credentials: &Credentials, epoch: u32) -> Submitted<bool> {
        later(self.0.bye(now, credentials, epoch))
    }

    fn create_room(
        &self,
        now: Now,
        spec: RoomSpec,
        request_id: Option<RequestId>,
    ) -> Submitted<Result<RoomInfo, RoomError>> {
        later(self.0.create_room(now, spec, request_id))
    }

    fn room(&self, room: &RoomName) -> Submitted<Result<RoomInfo, RoomError>> {
        later(self.0.room(room))
    }

    fn snapshot(&self, room: &RoomName) -> Submitted<Result<Snapshot, RoomError>> {
        later(self.0.snapshot(room))
    }

    fn rooms(&self, after: Option<&RoomName>, max: usize) -> Submitted<Vec<RoomInfo>> {
        later(self.0.rooms(after, max))
    }

    fn members(&self, room: &RoomName, after: Option<u64>, max: usize) -> Submitted<Result<MemberPage, RoomError>> {
        later(self.0.members(room, after, max))
    }

    fn member(&self, room: &RoomName, peer: &PeerId) -> Submitted<Result<Arc<Member>, RoomError>> {
        later(self.0.member(room, peer))
    }

    fn update_room(&self, now: Now, room: &RoomName, patch: RoomPatch) -> Submitted<Result<RoomInfo, RoomError>> {
        later(self.0.update_room(now, room, patch))
    }

    fn end_room(&self, now: Now, room: &RoomName) -> Submitted<Result<(), RoomError>> {
        later(self.0.end_room(now, room))
    }

    fn remove_member(&self, now: Now, room: &RoomName, peer: &PeerId, ban: bool) -> Submitted<Result<(), RoomError>> {
        later(self.0.remove_member(now, room, peer, ban))
    }

    fn send_to_room(
        &self,
        now: Now,
        room: &RoomName,
        to: Option<&PeerId>,
        envelope: Bytes,
        request_id: Option<RequestId>,
    ) -> Submitted<Result<Reached, RoomError>> {
        later(self.0.send_to_room(now, room, to, envelope, request_id))
    }

    fn watch(&self, room: Option<RoomName>) -> Arc<Watch> {
        self.0.watch(room)
    }

    fn tick(&self, now: Now) {
        self.0.tick(now);
    }

    fn go_away(&self, window_ms: u32) {
        self.0.go_away(window_ms);
    }

    fn drain(&self, now: Now) {
        self.0.drain(now);
    }

    fn stats(&self) -> BackendStats {
        self.0.stats()
    }
}

impl Attachment for LaterAttachment {
    fn peer(&self) -> &PeerId {
        self.inner.peer()
    }

    fn epoch(&self) -> u32 {
        self.inner.epoch()
    }

    fn kind(&self) -> SessionKind {
        self.inner.kind()
    }

    fn applied(&self) -> u32 {
        self.inner.applied()
    }

    fn record_activity(&self, now: Now) {
        self.inner.record_activity(now);
    }

    fn last_activity_ms(&self) -> u64 {
        self.inner.last_activity_ms()
    }

    fn is_over(&self) -> bool {
        self.inner.is_over()
    }

    fn rate_limit(&self, now: Now) -> u32 {
        self.inner.rate_limit(now)
    }

    fn fetch(&self, now: Now, waker: &Waker, budget: usize, out: &mut Vec<Item>) -> Fetched {
        let fetched = self.inner.fetch(now, waker, budget, out);
        if fetched == Fetched::Idle && self.idle.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) {
            waker.wake_by_ref();
        }
        fetched
    }

    fn track_written(&self, written: Arc<dyn WrittenFrames>) {
        self.inner.track_written(written);
    }

    fn awaits_written(&self) -> bool {
        self.inner.awaits_written()
    }

    fn expect_pong(&self) {
        self.inner.expect_pong();
    }

    fn take_pong(&self) -> bool {
        self.inner.take_pong()
    }

    fn ack(&self, now: Now, upto: u32) -> Result<(), u32> {
        self.inner.ack(now, upto)
    }

    fn acked(&self) -> u32 {
        self.inner.acked()
    }

    fn send(&self, now: Now, cseq: u32, send: Outbound) -> Submitted<Result<(), StepError<SendError>>> {
        later(self.inner.send(now, cseq, send))
    }

    fn join(&self, now: Now, cseq: u32, join: Join) -> Submitted<Result<(), StepError<JoinError>>> {
        later(self.inner.join(now, cseq, join))
    }

    fn leave(&self, now: Now, cseq: u32, room: &RoomName) -> Submitted<Result<(), StepError<MemberError>>> {
        later(self.inner.leave(now, cseq, room))
    }

    fn end_room(&self, now: Now, cseq: u32, room: &RoomName) -> Submitted<Result<(), StepError<MemberError>>> {
        later(self.inner.end_room(now, cseq, room))
    }

    fn remove_member(
        &self,
        now: Now,
        cseq: u32,
        room: &RoomName,
        peer: &PeerId,
        ban: bool,
    ) -> Submitted<Result<(), StepError<MemberError>>> {
        later(self.inner.remove_member(now, cseq, room, peer, ban))
    }

    fn update_member(
        &self,
        now: Now,
        cseq: u32,
        room: &RoomName,
        display_name: Option<Arc<str>>,
        metadata: BTreeMap<String, String>,
    ) -> Submitted<Result<(), StepError<MemberError>>> {
        later(self.inner.update_member(now, cseq, room, display_name, metadata))
    }

    fn reply(&self, now: Now, cseq: u32, body: Body) -> Submitted<Result<(), StepError<Infallible>>> {
        later(self.inner.reply(now, cseq, body))
    }

    fn detach(&self, now: Now, reason: DetachReason) -> Submitted<()> {
        later(self.inner.detach(now, reason))
    }

    fn close(&self, now: Now, reason: Reason) -> Submitted<()> {
        later(self.inner.close(now, reason))
    }
}
