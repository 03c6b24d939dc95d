//! The interface between the transports and the store that holds sessions, rooms and mailboxes.
//!
//! Transports call [`Backend`], [`Attachment`] and [`Uplink`] only. All answer with [`Submitted`]: the memory backend answers at
//! once and allocates nothing for it; a store across the network answers later.

use std::{collections::BTreeMap, fmt, future::Future, pin::Pin, sync::Arc, task::Waker};

use bytes::Bytes;

use crate::{
    error::{
        AckError, DetachReason, FindError, JoinError, MemberError, OpenError, ResumeError, RoomError, SendError,
        StepError, StoreError,
    },
    frame::{Body, Item},
    id::{PeerId, RoomName},
    member::{Member, Metadata, RoomInfo},
    reason::Reason,
    room::{RoomPatch, RoomSpec},
    session::{Fetched, SessionKind},
    snapshot::Snapshot,
    time::Now,
    watch::Watch,
};

/// The result of an operation, available now or later. The operation has begun and runs to its end, whether or not the
/// result is waited for.
#[must_use = "wait for the result, or say that it is of no interest with `forget`"]
pub enum Submitted<T> {
    /// Available now.
    Done(T),
    /// Available when the future resolves. Dropping the future neither undoes nor stops the operation.
    Pending(Pin<Box<dyn Future<Output = T> + Send>>),
}

impl<T> Submitted<T> {
    /// Waits for the result.
    pub async fn wait(self) -> T {
        match self {
            Self::Done(answer) => answer,
            Self::Pending(future) => future.await,
        }
    }

    /// Does not wait for the result. For callers that cannot, such as those that are dropped.
    pub fn forget(self) {}
}

impl<T: fmt::Debug> fmt::Debug for Submitted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done(answer) => f.debug_tuple("Done").field(answer).finish(),
            Self::Pending(_) => f.write_str("Pending"),
        }
    }
}

/// Proof that a client owns a session.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The session's peer id.
    pub peer: PeerId,
    /// Digest of the session's secret. Backends store digests only and compare them in constant time.
    pub secret_digest: [u8; 32],
}

/// Parameters of a session to open.
#[derive(Clone, Debug)]
pub struct Open {
    /// Its peer id and the digest of its secret.
    pub credentials: Credentials,
    /// The application's user id for the peer.
    pub user: Arc<str>,
    /// Whether the user id comes from a token or a compatibility protocol, and not from the client itself.
    pub verified: bool,
    /// Display name, used in rooms unless a join overrides it.
    pub display_name: Arc<str>,
    /// Metadata, used in rooms unless a join overrides it.
    pub metadata: Metadata,
    /// Whether, and for how long, the session outlives its connection.
    pub kind: SessionKind,
    /// A session that this one replaces. It ends ([`Reason::Replaced`]) in the step that opens this one, so that neither a
    /// refusal leaves its owner without any session nor a full backend refuses the exchange. Ignored if there is none.
    pub replaces: Option<Credentials>,
    /// Where it comes from, as a number that means nothing here: sessions of one source share a limit.
    pub source: u64,
    /// A random number that names this request. Its repetition returns the session that the first one opened, as long as
    /// that is attached in epoch 1.
    pub request: u64,
}

/// Parameters of a session to resume.
#[derive(Clone, Debug)]
pub struct Resume {
    /// Its peer id and the digest of its secret.
    pub credentials: Credentials,
    /// The epoch of the last `welcome` the client received.
    pub epoch: u32,
    /// The number of the last frame the client received.
    pub last_seq: u32,
    /// The version of each room the client knows.
    pub room_versions: BTreeMap<String, u32>,
}

/// A resumed session.
pub struct Resumed {
    /// The new attachment.
    pub attachment: Arc<dyn Attachment>,
    /// The last client frame that took effect; sent as `ack` of the `welcome`. Read in the same step that raised the
    /// epoch.
    pub applied: u32,
}

/// An envelope to send on behalf of a session.
#[derive(Clone, Debug)]
pub struct Outbound {
    /// The room that sender and recipient are members of; `None` = outside of rooms.
    pub room: Option<RoomName>,
    /// The recipient; `None` = every other member of the room.
    pub to: Option<PeerId>,
    /// Whether the sender wants a receipt for success as well as for failure. Needs `to`.
    pub receipt: bool,
    /// The encoded envelope. Opaque to the hub.
    pub envelope: Bytes,
}

/// Parameters of a join.
#[derive(Clone, Debug)]
pub struct Join {
    /// The room to join.
    pub room: RoomName,
    /// Display name in this room; `None` = the session's.
    pub display_name: Option<Arc<str>>,
    /// Metadata in this room; `None` = the session's.
    pub metadata: Option<Metadata>,
    /// Whether the join may create the room.
    pub create: Create,
}

/// Whether a join creates the room.
#[derive(Clone, Debug)]
pub enum Create {
    /// The room must exist.
    Never,
    /// The room is created if it does not exist.
    IfAbsent,
    /// The room must not exist, and is created from this specification.
    New(RoomSpec),
}

/// The recipients that an envelope from a backend service reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reached {
    /// How many members' mailboxes accepted it.
    pub accepted: u32,
    /// The members whose mailbox was full.
    pub undeliverable: Vec<PeerId>,
}

/// The idempotency key of a request: makes its repetition return the first response.
///
/// Responses are kept by caller, method and id, each with the digest of the request, for [`Limits::request_id_ms`]. The
/// same id in another method, or from another caller, is another key. The same key with another digest is refused with
/// [`RoomError::RequestIdReused`].
///
/// [`Limits::request_id_ms`]: crate::limits::Limits::request_id_ms
#[derive(Clone, Debug)]
pub struct RequestId {
    /// Who makes the request. Empty = the only caller of a server without authentication.
    pub caller: Arc<str>,
    /// The id that the caller chose.
    pub id: Arc<str>,
    /// A digest of the request without its id.
    pub digest: [u8; 32],
}

/// Counts of what this node holds and has done, for its drain, for metrics and for tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BackendStats {
    /// Sessions whose last connection was to this node, including detached ones.
    pub sessions: usize,
    /// Sessions with a connection.
    pub attached: usize,
    /// Rooms that this node knows.
    pub rooms: usize,
    /// Timers pending for detached sessions, empty rooms and cached responses.
    pub timers: usize,
    /// Watchers.
    pub watchers: usize,
    /// Envelopes put into mailboxes since the start.
    pub delivered_total: u64,
    /// Envelopes that became undeliverable since the start.
    pub undeliverable_total: u64,
    /// Resumes since the start.
    pub resumed_total: u64,
    /// Connections closed since the start because the client did not read fast enough.
    pub slow_consumers_total: u64,
    /// Detached sessions ended before their grace period because there were too many.
    pub evicted_total: u64,
}

/// Counts of what all nodes of a backend hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Sessions, including detached ones.
    pub sessions: usize,
    /// Rooms.
    pub rooms: usize,
}

/// A page of members.
#[derive(Clone, Debug)]
pub struct MemberPage {
    /// Members in join order, each with its position.
    pub members: Vec<(u64, Arc<Member>)>,
    /// The room's version.
    pub version: u32,
    /// Whether more members follow.
    pub more: bool,
}

/// A store of sessions, rooms and mailboxes.
///
/// # Guarantees
///
/// 1. **Exactly once.** Detecting a client frame that was already applied, and applying a new one, are one atomic step:
///    a client that does not know the outcome of a frame may send it again.
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
    /// Opens a session in epoch 1. The session is registered before this answers. A repetition of the request opens no
    /// other.
    fn open(&self, now: Now, open: Open) -> Submitted<Result<Arc<dyn Attachment>, OpenError>>;
    /// Attaches a session again, over any transport, whether or not its old connection still looks alive.
    fn resume(&self, now: Now, resume: Resume) -> Submitted<Result<Resumed, ResumeError>>;
    /// Finds the way up of a session by its credentials, on any node, for unary calls. Fails unless this epoch is attached,
    /// and for a session that is not resumable: its frames have no numbers, so that a repeated call would have its effect
    /// twice.
    fn find(&self, credentials: &Credentials, epoch: u32) -> Submitted<Result<Arc<dyn Uplink>, FindError>>;
    /// Ends a session on behalf of its owner ([`Reason::Replaced`] and similar). Returns `false` if there is none.
    fn end_session(&self, now: Now, credentials: &Credentials, reason: Reason) -> Submitted<Result<bool, StoreError>>;

    /// Ends a session whose client said bye in this epoch. The attachment of that epoch may already be over, since a page
    /// that unloads can lose its connection before its bye arrives; but no newer epoch may have begun. Returns `false` if
    /// nothing was ended.
    fn bye(&self, now: Now, credentials: &Credentials, epoch: u32) -> Submitted<Result<bool, StoreError>>;

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

/// Tells how far a connection has come with writing the frames it fetched. Asked by any thread, also when the session ends
/// between two fetches, so it must neither block nor call the backend.
pub trait WrittenFrames: Send + Sync + fmt::Debug {
    /// Returns the number up to which all frames were written, which means that the kernel has taken them.
    fn written(&self) -> u32;
}

/// The way up of a session's client: what a call on any node needs to apply its frames.
///
/// `cseq` is the number of the client frame that asks for the operation. In a resumable session it must continue the
/// sequence (else [`StepError::Gap`]) or belong to a frame that was already applied ([`StepError::Seen`]); in a live
/// session it is only echoed in replies. [`StepError::Refused`] does not consume the number: the transport answers with
/// [`Self::reply`], which does.
pub trait Uplink: Send + Sync {
    /// Returns the session's peer id.
    fn peer(&self) -> &PeerId;
    /// Returns the attachment's epoch.
    fn epoch(&self) -> u32;
    /// Returns whether the session is resumable.
    fn kind(&self) -> SessionKind;
    /// Returns the number of the last client frame that took effect: in any call, as far as this node knows, and at least
    /// in those made here.
    fn applied(&self) -> u32;
    /// Returns the highest number acknowledged, as far as this node knows.
    fn acked(&self) -> u32;

    /// Applies the rate limit to a client frame: returns 0 and counts the frame if it may be processed now, otherwise the
    /// milliseconds to wait. The limit is the session's: all its connections and calls share it.
    fn rate_limit(&self, now: Now) -> u32;
    /// Records a pong of the client. Returns whether it answers a ping.
    fn take_pong(&self) -> bool;

    /// Records that a frame arrived from the client, and acknowledges everything up to `upto`; 0 acknowledges nothing. From
    /// now on an older epoch cannot be resumed. Fails with the highest number written if `upto` was never written. Ignored
    /// if the attachment is over.
    fn acknowledge(&self, now: Now, upto: u32) -> Submitted<Result<(), AckError>>;
    /// Sends an envelope. It is refused only if no recipient got it: a sender that is removed from the room while a
    /// broadcast is in progress gets a receipt with [`Reason::NotJoined`] for each member that was not reached.
    fn send(&self, now: Now, cseq: u32, send: Outbound) -> Submitted<Result<(), StepError<SendError>>>;
    /// Joins a room; the answer is put into the mailbox. Joining a room again is answered with its roster.
    fn join(&self, now: Now, cseq: u32, join: Join) -> Submitted<Result<(), StepError<JoinError>>>;
    /// Leaves a room; the answer is put into the mailbox.
    fn leave(&self, now: Now, cseq: u32, room: &RoomName) -> Submitted<Result<(), StepError<MemberError>>>;
    /// Ends a room that the session owns; the answer is put into the mailbox.
    fn end_room(&self, now: Now, cseq: u32, room: &RoomName) -> Submitted<Result<(), StepError<MemberError>>>;
    /// Removes a member from a room that the session owns; the answer is put into the mailbox.
    fn remove_member(
        &self,
        now: Now,
        cseq: u32,
        room: &RoomName,
        peer: &PeerId,
        ban: bool,
    ) -> Submitted<Result<(), StepError<MemberError>>>;
    /// Updates the session's own entry in a room; the answer is put into the mailbox.
    fn update_member(
        &self,
        now: Now,
        cseq: u32,
        room: &RoomName,
        display_name: Option<Arc<str>>,
        metadata: BTreeMap<String, String>,
    ) -> Submitted<Result<(), StepError<MemberError>>>;
    /// Answers a client frame with this body and consumes its number.
    fn reply(&self, now: Now, cseq: u32, body: Body) -> Submitted<Result<(), StepError<std::convert::Infallible>>>;
    /// Ends the session, because the client said bye or the server ends it for good. Once it has answered, its rooms are
    /// left.
    fn close(&self, now: Now, reason: Reason) -> Submitted<Result<(), StoreError>>;
}

/// One attachment of a session: the handle that a connection holds, on the node that holds the connection. Its frames go
/// up as those of any call ([`Uplink`]); only it reads from the mailbox.
pub trait Attachment: Uplink {
    /// Does what [`Uplink::acknowledge`] does, at once: on this node is known what was written. To be called for each frame
    /// that the client sends, before the frame is applied, whatever it acknowledges: that the client uses this epoch is
    /// stored with the next operation that is.
    fn ack(&self, now: Now, upto: u32) -> Result<(), u32>;
    /// Returns when the last frame arrived from the client, on the monotonic clock, or when the client attached if none
    /// has.
    fn last_activity_ms(&self) -> u64;
    /// Returns whether the attachment is over, as [`Self::fetch`] would report. May lag a moment. Takes no lock.
    fn is_over(&self) -> bool;
    /// Records that a ping was sent to the client.
    fn expect_pong(&self);

    /// Has the backend ask `written` what the connection of a live session has written: at each fetch, and when the session
    /// ends. That acknowledges it; without this call nothing is ever acknowledged. To be called once, before the first
    /// fetch. Ignored in a resumable session.
    fn track_written(&self, written: Arc<dyn WrittenFrames>);
    /// Returns whether the sender of a frame that a live session has handed out waits for the receipt that it was written.
    /// A fetch after it was sends the receipt. Takes no lock.
    fn awaits_written(&self) -> bool;
    /// Moves what is ready into `out`, about `budget` bytes at most, and stores the waker if nothing is left.
    fn fetch(&self, now: Now, waker: &Waker, budget: usize, out: &mut Vec<Item>) -> Fetched;

    /// Ends the attachment because its connection was lost or closed for `reason`. A resumable session waits for its
    /// client to return; a live one ends. Once it has answered, others can see that.
    fn detach(&self, now: Now, reason: DetachReason) -> Submitted<Result<(), StoreError>>;
}
