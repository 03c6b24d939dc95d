//! The `Backend` interface of the memory backend.

use std::sync::Arc;

use bytes::Bytes;

use super::{MemoryBackend, shared::Shared};
use crate::{
    backend::{
        Attachment, Backend, BackendStats, Credentials, Erased, EventPage, MemberPage, Open, Reached, RequestId,
        Resume, Resumed, SessionFilter, SessionInfo,
        Submitted::{self, Done},
        Totals, Uplink, Whose,
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

impl Backend for MemoryBackend {
    fn in_namespace(&self, namespace: &str) -> Arc<dyn Backend> {
        Arc::new(self.of_namespace(namespace))
    }

    fn known_namespace(&self, namespace: &str) -> Option<Arc<dyn Backend>> {
        self.of_known_namespace(namespace).map(|backend| Arc::new(backend) as Arc<dyn Backend>)
    }

    fn open(&self, now: Now, open: Open) -> Submitted<Result<Arc<dyn Attachment>, OpenError>> {
        Done(self.open_session(now, open))
    }

    fn resume(&self, now: Now, resume: Resume) -> Submitted<Result<Resumed, ResumeError>> {
        Done(self.resume_session(now, resume))
    }

    fn find(&self, credentials: &Credentials, epoch: u32) -> Submitted<Result<Arc<dyn Uplink>, FindError>> {
        Done(self.find_attachment(credentials, epoch))
    }

    fn end_session(&self, now: Now, credentials: &Credentials, reason: Reason) -> Submitted<Result<bool, StoreError>> {
        Done(Ok(self.end_authenticated(now, credentials, reason)))
    }

    fn bye(&self, now: Now, credentials: &Credentials, epoch: u32) -> Submitted<Result<bool, StoreError>> {
        Done(Ok(self.end_authenticated_in(now, credentials, epoch)))
    }

    fn revoke(&self, now: Now, whose: &Whose, reason: Reason) -> Submitted<Result<usize, StoreError>> {
        Done(Ok(self.shared.revoke(now, whose, reason)))
    }

    fn erase(&self, now: Now, user: &Arc<str>) -> Submitted<Result<Erased, StoreError>> {
        Done(Ok(self.shared.erase(now, user)))
    }

    fn sessions(
        &self,
        filter: &SessionFilter,
        after: Option<&PeerId>,
        max: usize,
    ) -> Submitted<Result<Vec<SessionInfo>, StoreError>> {
        Done(Ok(self.shared.session_page(filter, after, max)))
    }

    fn events(&self, after: u64, max: usize) -> Submitted<Result<EventPage, StoreError>> {
        Done(Ok(self.shared.events.after(&self.shared.namespace, after, max)))
    }

    fn create_room(
        &self,
        now: Now,
        spec: RoomSpec,
        request_id: Option<RequestId>,
    ) -> Submitted<Result<RoomInfo, RoomError>> {
        Done(self.create(now, spec, request_id))
    }

    fn room(&self, room: &RoomName) -> Submitted<Result<RoomInfo, RoomError>> {
        Done(self.with_room(room, |state| Ok(state.info())))
    }

    fn snapshot(&self, room: &RoomName) -> Submitted<Result<Snapshot, RoomError>> {
        Done(self.with_room(room, |state| Ok(state.snapshot())))
    }

    fn rooms(&self, after: Option<&RoomName>, max: usize) -> Submitted<Result<Vec<RoomInfo>, StoreError>> {
        Done(Ok(self.room_page(after, max)))
    }

    fn members(&self, room: &RoomName, after: Option<u64>, max: usize) -> Submitted<Result<MemberPage, RoomError>> {
        Done(self.member_page(room, after, max))
    }

    fn member(&self, room: &RoomName, peer: &PeerId) -> Submitted<Result<Arc<Member>, RoomError>> {
        Done(self.one_member(room, peer))
    }

    fn update_room(&self, now: Now, room: &RoomName, patch: RoomPatch) -> Submitted<Result<RoomInfo, RoomError>> {
        Done(self.update(now, room, patch))
    }

    fn end_room(&self, now: Now, room: &RoomName) -> Submitted<Result<(), RoomError>> {
        Done(self.end(now, room))
    }

    fn remove_member(&self, now: Now, room: &RoomName, peer: &PeerId, ban: bool) -> Submitted<Result<(), RoomError>> {
        Done(self.remove(now, room, peer, ban))
    }

    fn send_to_room(
        &self,
        now: Now,
        room: &RoomName,
        to: Option<&PeerId>,
        envelope: Bytes,
        request_id: Option<RequestId>,
    ) -> Submitted<Result<Reached, RoomError>> {
        Done(self.send_into(now, room, to, envelope, request_id))
    }

    fn watch(&self, room: Option<RoomName>) -> Submitted<Result<Arc<Watch>, StoreError>> {
        Done(Ok(self.watch_rooms(room)))
    }

    fn tick(&self, now: Now) {
        self.root.tick_everywhere(now);
    }

    fn outlives_node(&self) -> bool {
        false
    }

    fn go_away(&self, window_ms: u32, endpoint: Option<&Arc<str>>) {
        Shared::go_away(&self.root.everywhere(), window_ms, endpoint);
    }

    fn drain(&self, now: Now) {
        self.root.everywhere().iter().for_each(|namespace| namespace.drain(now));
    }

    fn stats(&self) -> BackendStats {
        self.root.stats_everywhere()
    }

    fn totals(&self) -> Submitted<Result<Totals, StoreError>> {
        let BackendStats { sessions, rooms, .. } = self.root.stats_everywhere();
        Done(Ok(Totals { sessions, rooms }))
    }
}
