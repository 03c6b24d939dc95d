//! The `Backend` interface of [`Later`].

use std::sync::Arc;

use bytes::Bytes;

use super::{
    Later,
    faults::Repeated::{Again, Once},
    handle::handle,
};
use crate::{
    backend::{
        Attachment, Backend, BackendStats, Credentials, Erased, EventPage, MemberPage, Open, Reached, RequestId,
        Resume, Resumed, SessionFilter, SessionInfo, Submitted, Totals, Uplink, Whose,
    },
    error::{FindError, OpenError, ResumeError, RoomError, StoreError},
    id::{PeerId, RoomName},
    member::{Member, RoomInfo},
    reason::Reason,
    room::{RoomPatch, RoomSpec},
    snapshot::Snapshot,
    time::Now,
    watch::Watch,
};

/// Changes the result of an operation.
fn map<T: Send + 'static, U: Send + 'static>(
    answer: Submitted<T>,
    change: impl FnOnce(T) -> U + Send + 'static,
) -> Submitted<U> {
    Submitted::Pending(Box::pin(async move { change(answer.wait().await) }))
}

impl Backend for Later {
    fn in_namespace(&self, namespace: &str) -> Arc<dyn Backend> {
        Arc::new(self.around(self.backend.in_namespace(namespace)))
    }

    fn known_namespace(&self, namespace: &str) -> Option<Arc<dyn Backend>> {
        self.backend.known_namespace(namespace).map(|backend| Arc::new(self.around(backend)) as Arc<dyn Backend>)
    }

    fn open(&self, now: Now, open: Open) -> Submitted<Result<Arc<dyn Attachment>, OpenError>> {
        let faults = self.faults.clone();
        self.faults.run(Once, || {
            map(self.backend.open(now, open), move |opened| {
                opened.map(|attachment| handle(attachment, faults) as Arc<dyn Attachment>)
            })
        })
    }

    fn resume(&self, now: Now, resume: Resume) -> Submitted<Result<Resumed, ResumeError>> {
        let faults = self.faults.clone();
        self.faults.run(Once, || {
            map(self.backend.resume(now, resume), move |resumed| {
                resumed.map(|r| Resumed { attachment: handle(r.attachment, faults), applied: r.applied })
            })
        })
    }

    fn find(&self, credentials: &Credentials, epoch: u32) -> Submitted<Result<Arc<dyn Uplink>, FindError>> {
        let faults = self.faults.clone();
        self.faults.run(Once, || {
            map(self.backend.find(credentials, epoch), move |found| {
                found.map(|uplink| handle(uplink, faults) as Arc<dyn Uplink>)
            })
        })
    }

    fn end_session(&self, now: Now, credentials: &Credentials, reason: Reason) -> Submitted<Result<bool, StoreError>> {
        self.faults.run(Again, || self.backend.end_session(now, credentials, reason))
    }

    fn bye(&self, now: Now, credentials: &Credentials, epoch: u32) -> Submitted<Result<bool, StoreError>> {
        self.faults.run(Again, || self.backend.bye(now, credentials, epoch))
    }

    fn revoke(&self, now: Now, whose: &Whose, reason: Reason) -> Submitted<Result<usize, StoreError>> {
        self.faults.run(Again, || self.backend.revoke(now, whose, reason))
    }

    fn erase(&self, now: Now, user: &Arc<str>) -> Submitted<Result<Erased, StoreError>> {
        self.faults.run(Again, || self.backend.erase(now, user))
    }

    fn sessions(
        &self,
        filter: &SessionFilter,
        after: Option<&PeerId>,
        max: usize,
    ) -> Submitted<Result<Vec<SessionInfo>, StoreError>> {
        self.faults.run(Once, || self.backend.sessions(filter, after, max))
    }

    fn events(&self, after: u64, max: usize) -> Submitted<Result<EventPage, StoreError>> {
        self.faults.run(Once, || self.backend.events(after, max))
    }

    fn create_room(
        &self,
        now: Now,
        spec: RoomSpec,
        request_id: Option<RequestId>,
    ) -> Submitted<Result<RoomInfo, RoomError>> {
        let repeated = if request_id.is_some() { Once } else { Again };
        self.faults.run(repeated, || self.backend.create_room(now, spec, request_id))
    }

    fn room(&self, room: &RoomName) -> Submitted<Result<RoomInfo, RoomError>> {
        self.faults.run(Once, || self.backend.room(room))
    }

    fn snapshot(&self, room: &RoomName) -> Submitted<Result<Snapshot, RoomError>> {
        self.faults.run(Once, || self.backend.snapshot(room))
    }

    fn rooms(&self, after: Option<&RoomName>, max: usize) -> Submitted<Result<Vec<RoomInfo>, StoreError>> {
        self.faults.run(Once, || self.backend.rooms(after, max))
    }

    fn members(&self, room: &RoomName, after: Option<u64>, max: usize) -> Submitted<Result<MemberPage, RoomError>> {
        self.faults.run(Once, || self.backend.members(room, after, max))
    }

    fn member(&self, room: &RoomName, peer: &PeerId) -> Submitted<Result<Arc<Member>, RoomError>> {
        self.faults.run(Once, || self.backend.member(room, peer))
    }

    fn update_room(&self, now: Now, room: &RoomName, patch: RoomPatch) -> Submitted<Result<RoomInfo, RoomError>> {
        self.faults.run(Again, || self.backend.update_room(now, room, patch))
    }

    fn end_room(&self, now: Now, room: &RoomName) -> Submitted<Result<(), RoomError>> {
        self.faults.run(Again, || self.backend.end_room(now, room))
    }

    fn remove_member(&self, now: Now, room: &RoomName, peer: &PeerId, ban: bool) -> Submitted<Result<(), RoomError>> {
        self.faults.run(Again, || self.backend.remove_member(now, room, peer, ban))
    }

    fn send_to_room(
        &self,
        now: Now,
        room: &RoomName,
        to: Option<&PeerId>,
        envelope: Bytes,
        request_id: Option<RequestId>,
    ) -> Submitted<Result<Reached, RoomError>> {
        let repeated = if request_id.is_some() { Once } else { Again };
        self.faults.run(repeated, || self.backend.send_to_room(now, room, to, envelope, request_id))
    }

    fn watch(&self, room: Option<RoomName>) -> Submitted<Result<Arc<Watch>, StoreError>> {
        let faults = self.faults.clone();
        self.faults
            .run(Once, || map(self.backend.watch(room), move |watch| watch.inspect(|watch| faults.note_watch(watch))))
    }

    fn tick(&self, now: Now) {
        self.backend.tick(now);
        self.faults.release_wakers();
    }

    fn outlives_node(&self) -> bool {
        self.backend.outlives_node()
    }

    fn go_away(&self, window_ms: u32, endpoint: Option<&Arc<str>>) {
        self.backend.go_away(window_ms, endpoint);
    }

    fn drain(&self, now: Now) {
        self.backend.drain(now);
    }

    fn stats(&self) -> BackendStats {
        self.backend.stats()
    }

    fn totals(&self) -> Submitted<Result<Totals, StoreError>> {
        self.faults.run(Once, || self.backend.totals())
    }
}
