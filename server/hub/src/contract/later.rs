//! A wrapper that makes any backend answer later and wake spuriously.

mod handle;

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;

use self::handle::handle;
use crate::{
    backend::{
        Attachment, Backend, BackendStats, Credentials, MemberPage, Open, Reached, RequestId, Resume, Resumed,
        Submitted, Uplink,
    },
    error::{FindError, OpenError, ResumeError, RoomError},
    id::{PeerId, RoomName},
    member::{Member, RoomInfo},
    reason::Reason,
    room::{RoomPatch, RoomSpec},
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
        then(self.0.open(now, open), |opened| opened.map(|attachment| handle(attachment) as Arc<dyn Attachment>))
    }

    fn resume(&self, now: Now, resume: Resume) -> Submitted<Result<Resumed, ResumeError>> {
        then(self.0.resume(now, resume), |resumed| {
            resumed.map(|r| Resumed { attachment: handle(r.attachment), applied: r.applied })
        })
    }

    fn find(&self, credentials: &Credentials, epoch: u32) -> Submitted<Result<Arc<dyn Uplink>, FindError>> {
        then(self.0.find(credentials, epoch), |found| found.map(|uplink| handle(uplink) as Arc<dyn Uplink>))
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
