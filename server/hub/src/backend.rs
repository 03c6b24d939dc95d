//! The interface between the transports and the store that holds sessions, rooms and mailboxes.
//!
//! Transports call [`Backend`], [`Attachment`] and [`Uplink`] only. All answer with [`Submitted`]: the memory backend answers at
//! once and allocates nothing for it; a store across the network answers later.

mod figures;
mod handles;
mod requests;
mod submitted;

use std::sync::Arc;

use bytes::Bytes;

pub use self::{
    figures::{
        BackendStats, Erased, EventPage, SessionChange, SessionEvent, SessionFilter, SessionInfo, Totals, Whose,
    },
    handles::{Attachment, Resumed, Uplink, WrittenFrames},
    requests::{Create, Credentials, FreshToken, Grants, Join, MemberPage, Open, Outbound, Reached, RequestId, Resume},
    submitted::Submitted,
};
use crate::{
    error::{FindError, OpenError, ResumeError, RoomError, StoreError},
    id::{PeerId, RoomName},
    member::{Member, RoomInfo},
    reason::Reason,
    room::{RoomPatch, RoomSpec},
    snapshot::Snapshot,
    time::Now,
    watch::Watch,
};

/// A store of sessions, rooms and mailboxes, in one namespace.
///
/// Each namespace has its own names: rooms, peers, users, tokens and request ids of one are not those of another, whatever
/// they are called, so that nothing in one is found, listed, watched, addressed, removed or revoked from another. A backend is
/// made with the empty one; [`Self::in_namespace`] returns the others. They share the limits of the node, and what is not about
/// names concerns all of them, whichever is asked: [`Self::tick`], [`Self::go_away`], [`Self::drain`], [`Self::stats`] and
/// [`Self::totals`].
///
/// # Guarantees
///
/// 1. **Exactly once.** Detecting a client frame that was already applied, and applying a new one, are one atomic step:
///    a client that does not know the outcome of a frame may send it again. A broadcast reaches each member once, however
///    often it is repeated, and no member that joined after it took effect.
/// 2. **Pair order.** What one session sends to another arrives in the order of the calls.
/// 3. **No silent loss.** An accepted envelope is acknowledged by the receiver, or its sender gets a receipt with the reason
///    why not, or the sender's own session has ended. A resumable session acknowledges with [`Attachment::ack`]. A live one
///    acknowledges what its connection has written, as the object given to [`Attachment::track_written`] counts it. Handing
///    a frame out with [`Attachment::fetch`] acknowledges nothing in either.
/// 4. **One attachment.** Once [`Self::resume`] has answered, no operation of an older epoch takes effect.
/// 5. **Presence.** Each member is told of every other member's join and leave exactly once, in version order, a join
///    before the first envelope from the member that joined; or it gets a roster with the same content.
/// 6. **Membership.** A room never has more members than its limit. A resume does not join any room. The end of a session
///    ends all its memberships, and a room without members ends after its empty timeout.
/// 7. **Bounds.** A session holds no more than its mailbox and presence limits.
/// 8. **Wake-ups.** Spurious wake-ups may occur. Missed ones may not, but they may be late: the next [`Self::tick`] makes up
///    for those that were lost on their way. A woken connection calls [`Attachment::fetch`] again. A waker may be called
///    while a room is locked, so it must do nothing but wake.
/// 9. **A store that fails.** A backend whose store does not answer says so ([`StoreError::Unreachable`]) and not that
///    something is not there. What a session holds stays, and its client numbers go on where the store saw them last: who
///    repeats what failed loses nothing and applies nothing twice. If the store comes back without what it held, its
///    sessions are over ([`StoreError::Lost`], [`Reason::StoreLost`]), and none goes on with a part of it.
///
/// No method blocks for longer than it takes to acquire a short lock.
pub trait Backend: Send + Sync + 'static {
    /// Returns the backend of a namespace. The empty name is that of the namespace that a backend is made with.
    fn in_namespace(&self, namespace: &str) -> Arc<dyn Backend>;
    /// Returns the backend of a namespace, unless it is certain that nothing is there: for names that nothing has verified,
    /// for which no place must be made.
    fn known_namespace(&self, namespace: &str) -> Option<Arc<dyn Backend>>;

    /// Opens a session in epoch 1. The session is registered before this answers. A repetition of the request opens no
    /// other.
    fn open(&self, now: Now, open: Open) -> Submitted<Result<Arc<dyn Attachment>, OpenError>>;
    /// Attaches a session again, over any transport, whether or not its old connection still looks alive. A resume that is
    /// refused because of its token changes nothing: neither the session's attachment nor the end of its grace period.
    fn resume(&self, now: Now, resume: Resume) -> Submitted<Result<Resumed, ResumeError>>;
    /// Finds the way up of a session by its credentials, on any node, for unary calls. Fails unless this epoch is attached,
    /// and for a session that is not resumable: its frames have no numbers, so that a repeated call would have its effect
    /// twice.
    fn find(&self, credentials: &Credentials, epoch: u32) -> Submitted<Result<Arc<dyn Uplink>, FindError>>;
    /// Ends a session on behalf of its owner ([`Reason::Replaced`] and similar). Returns `false` if there is none, as a
    /// repetition does.
    fn end_session(&self, now: Now, credentials: &Credentials, reason: Reason) -> Submitted<Result<bool, StoreError>>;

    /// Ends a session whose client said bye in this epoch. The attachment of that epoch may already be over, since a page
    /// that unloads can lose its connection before its bye arrives; but no newer epoch may have begun. Returns `false` if
    /// nothing was ended.
    fn bye(&self, now: Now, credentials: &Credentials, epoch: u32) -> Submitted<Result<bool, StoreError>>;

    /// Ends the session of a peer, or all sessions of a user or a token, without their secrets. Returns how many ended now.
    fn revoke(&self, now: Now, whose: &Whose, reason: Reason) -> Submitted<Result<usize, StoreError>>;
    /// Ends all sessions that name a user, with nothing remembered of them, and forgets the responses to that user's requests.
    /// Bans stay: they protect the members of a room from the user.
    fn erase(&self, now: Now, user: &Arc<str>) -> Submitted<Result<Erased, StoreError>>;
    /// Returns at most `max` sessions in byte order of their peer ids, starting after `after`; fewer only if no more follow.
    fn sessions(
        &self,
        filter: &SessionFilter,
        after: Option<&PeerId>,
        max: usize,
    ) -> Submitted<Result<Vec<SessionInfo>, StoreError>>;
    /// Returns at most `max` of the latest events of sessions, those with numbers above `after`.
    fn events(&self, after: u64, max: usize) -> Submitted<Result<EventPage, StoreError>>;

    /// Creates an empty room. A repetition of the request returns the first response, even if the room has changed since.
    fn create_room(
        &self,
        now: Now,
        spec: RoomSpec,
        request_id: Option<RequestId>,
    ) -> Submitted<Result<RoomInfo, RoomError>>;
    /// Returns a room's description.
    fn room(&self, room: &RoomName) -> Submitted<Result<RoomInfo, RoomError>>;
    /// Returns a room's description and members.
    fn snapshot(&self, room: &RoomName) -> Submitted<Result<Snapshot, RoomError>>;
    /// Returns at most `max` rooms in byte order of their names, starting after `after`; fewer only if no more follow.
    fn rooms(&self, after: Option<&RoomName>, max: usize) -> Submitted<Result<Vec<RoomInfo>, StoreError>>;
    /// Returns at most `max` members in join order, starting after position `after`, with the room's version.
    fn members(&self, room: &RoomName, after: Option<u64>, max: usize) -> Submitted<Result<MemberPage, RoomError>>;
    /// Returns one member.
    fn member(&self, room: &RoomName, peer: &PeerId) -> Submitted<Result<Arc<Member>, RoomError>>;
    /// Updates a room.
    fn update_room(&self, now: Now, room: &RoomName, patch: RoomPatch) -> Submitted<Result<RoomInfo, RoomError>>;
    /// Ends a room; its members receive `left`.
    fn end_room(&self, now: Now, room: &RoomName) -> Submitted<Result<(), RoomError>>;
    /// Removes a member from a room; it receives `left`.
    fn remove_member(&self, now: Now, room: &RoomName, peer: &PeerId, ban: bool) -> Submitted<Result<(), RoomError>>;
    /// Sends an envelope that does not come from a session. A repetition of the request sends nothing and returns the first
    /// response.
    fn send_to_room(
        &self,
        now: Now,
        room: &RoomName,
        to: Option<&PeerId>,
        envelope: Bytes,
        request_id: Option<RequestId>,
    ) -> Submitted<Result<Reached, RoomError>>;
    /// Watches all rooms, or one. The rooms that exist are read page by page, as the watcher goes on. A watch that may have
    /// missed something says so, and no more: its watcher begins again ([`WatchPoll::Lost`], [`WatchPoll::TooSlow`]).
    ///
    /// [`WatchPoll::Lost`]: crate::watch::WatchPoll::Lost
    /// [`WatchPoll::TooSlow`]: crate::watch::WatchPoll::TooSlow
    fn watch(&self, room: Option<RoomName>) -> Submitted<Result<Arc<Watch>, StoreError>>;

    /// Runs expired timers: grace periods, reconnecting members, empty rooms. Call it at least once per second.
    fn tick(&self, now: Now);
    /// Returns whether sessions outlive this node: another one can resume them.
    fn outlives_node(&self) -> bool;
    /// Asks every session attached to this node to reconnect, at `endpoint` if there is one, each at its own moment within
    /// the window, and wakes this node's watchers.
    fn go_away(&self, window_ms: u32, endpoint: Option<&Arc<str>>);
    /// Takes leave of the sessions of this node. If they end with it, their senders get receipts for everything still
    /// unacknowledged, and each session ends once its connection has written all it has.
    fn drain(&self, now: Now);
    /// Returns counts of what this node holds, without asking a store: a drain waits until its own sessions are gone.
    fn stats(&self) -> BackendStats;
    /// Returns counts of what all nodes hold.
    fn totals(&self) -> Submitted<Result<Totals, StoreError>>;
}
