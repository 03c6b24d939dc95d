//! The seam for scale: where sessions, rooms and mailboxes live.
//!
//! Doors know [`Backend`] and [`Attachment`] and nothing behind them. Both answer with [`Submitted`]: in memory the
//! answer is there at once and nothing is allocated; a store across the network answers later.

use std::{collections::BTreeMap, fmt, future::Future, pin::Pin, sync::Arc, task::Waker};

use bytes::Bytes;

use crate::{
    error::{Cut, FindError, JoinError, MemberError, OpenError, ResumeError, RoomError, SendError, StepError},
    frame::{Body, Item},
    id::{PeerId, RoomName},
    member::{Member, Metadata, RoomInfo, Snapshot},
    reason::Reason,
    room::{RoomPatch, RoomSpec},
    session::{Fetched, Grade},
    time::Now,
    watch::Watch,
};

/// An answer that is there, or on its way.
pub enum Submitted<T> {
    /// There.
    Done(T),
    /// On its way. Dropping the future does not undo the operation.
    Pending(Pin<Box<dyn Future<Output = T> + Send>>),
}

impl<T> Submitted<T> {
    /// Waits for the answer.
    pub async fn wait(self) -> T {
        match self {
            Self::Done(answer) => answer,
            Self::Pending(future) => future.await,
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Submitted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done(answer) => f.debug_tuple("Done").field(answer).finish(),
            Self::Pending(_) => f.write_str("Pending"),
        }
    }
}

/// What proves that a client owns a session.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// Which session.
    pub peer: PeerId,
    /// Digest of its secret. Backends keep digests only and compare them in constant time.
    pub secret_digest: [u8; 32],
}

/// A session to open.
#[derive(Clone, Debug)]
pub struct Open {
    /// Its peer id and the digest of its secret.
    pub credentials: Credentials,
    /// Who the application says the peer is.
    pub user: Arc<str>,
    /// The user id comes from a token or a dialect.
    pub verified: bool,
    /// Name for people, the default for rooms.
    pub display_name: Arc<str>,
    /// Pairs, the default for rooms.
    pub metadata: Metadata,
    /// How long it lives without a connection.
    pub grade: Grade,
}

/// A session to resume.
#[derive(Clone, Debug)]
pub struct Resume {
    /// Its peer id and the digest of its secret.
    pub credentials: Credentials,
    /// The last epoch the client was welcomed in.
    pub epoch: u32,
    /// The last frame it was handed.
    pub last_seq: u32,
    /// The version it knows of each room.
    pub room_versions: BTreeMap<String, u32>,
}

/// A session that goes on.
pub struct Resumed {
    /// The new attachment.
    pub attachment: Arc<dyn Attachment>,
    /// The last client frame that took effect: `ack` of the `welcome`. Read in the same step that raised the epoch.
    pub applied: u32,
}

/// An envelope as its sender's door hands it over.
#[derive(Clone, Debug)]
pub struct Outbound {
    /// The room both ends are members of; `None` = direct.
    pub room: Option<RoomName>,
    /// The recipient; `None` = every other member.
    pub to: Option<PeerId>,
    /// The sender wants to hear of success as well. Needs `to`.
    pub receipt: bool,
    /// What travels: opaque.
    pub envelope: Bytes,
}

/// A seat to take.
#[derive(Clone, Debug)]
pub struct Join {
    /// Which room.
    pub room: RoomName,
    /// Name for people in this room; `None` = the session's.
    pub display_name: Option<Arc<str>>,
    /// Pairs for this room; `None` = the session's.
    pub metadata: Option<Metadata>,
    /// What to do about the room itself.
    pub create: Create,
}

/// What a join does about the room.
#[derive(Clone, Debug)]
pub enum Create {
    /// It must exist.
    Never,
    /// It is made when it does not exist.
    IfAbsent,
    /// It must not exist and is made from this.
    New(RoomSpec),
}

/// What a backend's envelope reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reached {
    /// Members whose mailbox took it.
    pub accepted: u32,
    /// Members whose mailbox was full.
    pub undeliverable: Vec<PeerId>,
}

/// How much a backend holds, for health, metrics and tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Census {
    /// Sessions, detached ones included.
    pub sessions: usize,
    /// Sessions with a connection.
    pub attached: usize,
    /// Rooms.
    pub rooms: usize,
    /// Timers waiting for sessions away, empty rooms and answers by request id.
    pub timers: usize,
    /// Watchers.
    pub watchers: usize,
    /// Envelopes put into mailboxes since the start.
    pub delivered_total: u64,
    /// Envelopes that became undeliverable since the start.
    pub undeliverable_total: u64,
    /// Resumes since the start.
    pub resumed_total: u64,
    /// Connections cut because they did not read, since the start.
    pub slow_consumers_total: u64,
}

/// Where sessions, rooms and mailboxes live.
///
/// # Guarantees
///
/// 1. **One step.** Recognizing a client frame that was applied before and giving a new one its effect are one atomic
///    operation: after an unknown outcome the frame can be sent again.
/// 2. **Pair order.** What one session sends to another arrives in the order of the calls.
/// 3. **Nothing lost in silence.** An accepted envelope is handed to the receiver's connection, or its sender gets a
///    receipt that says why not, or the sender's own session has ended.
/// 4. **One attachment.** After [`Self::resume`] has answered, no operation of an older epoch takes effect.
/// 5. **Presence.** Each member is told of each join and leave of others once, in version order, a join before the first
///    envelope of the one who joined; or by a roster that holds the same.
/// 6. **Seats.** A room never has more members than it may; a resume takes no seat; the end of a session frees all of its
///    seats, and a room whose last member went ends after its empty timeout.
/// 7. **Bounds.** A session holds no more than its mailbox and presence limits.
/// 8. **Wake-ups** may come too often, never too seldom: whoever holds an attachment asks [`Attachment::fetch`] again.
///    A waker may be called while a room is locked, so it must do no more than wake.
///
/// No method blocks for longer than a short lock.
pub trait Backend: Send + Sync + 'static {
    /// Opens a session in epoch 1. It is registered before this answers.
    fn open(&self, now: Now, open: Open) -> Submitted<Result<Arc<dyn Attachment>, OpenError>>;
    /// Attaches a session again: through any door, whether or not its old connection still looks alive.
    fn resume(&self, now: Now, resume: Resume) -> Submitted<Result<Resumed, ResumeError>>;
    /// Finds a living attachment by its session's credentials, for calls that are not streams.
    fn find(&self, credentials: &Credentials, epoch: u32) -> Submitted<Result<Arc<dyn Attachment>, FindError>>;
    /// Ends a session on behalf of its owner ([`Reason::Replaced`] and the like). `false` when there is none.
    fn end_session(&self, now: Now, credentials: &Credentials, reason: Reason) -> Submitted<bool>;

    /// Ends a session whose client said bye in this epoch, whether or not that attachment is over, unless a newer one has
    /// begun: a page that goes may lose its connection before its last words arrive. `false` when nothing was ended.
    fn bye(&self, now: Now, credentials: &Credentials, epoch: u32) -> Submitted<bool>;

    /// Creates an empty room. With a request id, a repetition gives the first answer.
    fn create_room(&self, now: Now, spec: RoomSpec, request_id: &str) -> Submitted<Result<RoomInfo, RoomError>>;
    /// Describes a room.
    fn room(&self, room: &RoomName) -> Submitted<Result<RoomInfo, RoomError>>;
    /// Describes a room with its members.
    fn snapshot(&self, room: &RoomName) -> Submitted<Result<Snapshot, RoomError>>;
    /// Rooms by name in byte order, from behind `after`, at most `max`.
    fn rooms(&self, after: Option<&RoomName>, max: usize) -> Submitted<Vec<RoomInfo>>;
    /// Members in join order from behind position `after`, at most `max`, with the room's version.
    fn members(&self, room: &RoomName, after: Option<u64>, max: usize) -> Submitted<Result<MemberPage, RoomError>>;
    /// One member.
    fn member(&self, room: &RoomName, peer: &PeerId) -> Submitted<Result<Arc<Member>, RoomError>>;
    /// Changes a room.
    fn update_room(&self, now: Now, room: &RoomName, patch: RoomPatch) -> Submitted<Result<RoomInfo, RoomError>>;
    /// Ends a room; its members hear `left`.
    fn end_room(&self, now: Now, room: &RoomName) -> Submitted<Result<(), RoomError>>;
    /// Takes a member's seat; it hears `left`.
    fn remove_member(&self, now: Now, room: &RoomName, peer: &PeerId, ban: bool) -> Submitted<Result<(), RoomError>>;
    /// Sends an envelope that comes from no session. With a request id, a repetition sends nothing and gives the first
    /// answer.
    fn send_to_room(
        &self,
        now: Now,
        room: &RoomName,
        to: Option<&PeerId>,
        envelope: Bytes,
        request_id: &str,
    ) -> Submitted<Result<Reached, RoomError>>;
    /// Watches all rooms, or one.
    fn watch(&self, room: Option<RoomName>) -> Arc<Watch>;

    /// Does what is due: grace periods, reconnecting members, empty rooms. To be called at least every second.
    fn tick(&self, now: Now);
    /// Tells every attached session to go, each at its own moment within the window, and makes watchers look again.
    fn go_away(&self, window_ms: u32);
    /// Tells every sender of what is still unacknowledged, then lets every connection write what it has and ends all
    /// sessions.
    fn drain(&self, now: Now);
    /// How much there is.
    fn census(&self) -> Census;
}

/// A page of members.
#[derive(Clone, Debug)]
pub struct MemberPage {
    /// Position and member, in join order.
    pub members: Vec<(u64, Arc<Member>)>,
    /// The room's version.
    pub version: u32,
    /// There are more.
    pub more: bool,
}

/// One attachment of a session: what a connection holds.
///
/// Operations named `cseq` take the client frame's number. In a resumable session it must continue the sequence
/// ([`StepError::Gap`]) or have been applied before ([`StepError::Seen`]); in another it is only echoed in replies.
/// A [`StepError::Refused`] does not use the number up: the door answers with [`Self::reply`], which does.
pub trait Attachment: Send + Sync {
    /// Which peer.
    fn peer(&self) -> &PeerId;
    /// Which epoch.
    fn epoch(&self) -> u32;
    /// How long the session lives without a connection.
    fn grade(&self) -> Grade;
    /// The last client frame that took effect.
    fn applied(&self) -> u32;
    /// Notes a frame from the client, a sign of life: from now on an older epoch cannot be resumed.
    fn heard(&self, now: Now);
    /// When the client was last heard of, on the monotonic clock; when it attached, if it has been silent since.
    fn last_heard_ms(&self) -> u64;
    /// Whether the attachment is over, as [`Self::fetch`] would say. May be true a moment later than there. No lock.
    fn is_over(&self) -> bool;

    /// Asks whether the client may send another frame now: 0, or the milliseconds to wait. A frame that may is counted.
    /// The pace is the session's: it holds for all of its connections and calls together.
    fn pace(&self, now: Now) -> u32;

    /// Hands what is ready to the connection, about `budget` bytes at most, and leaves the waker when it was all.
    fn fetch(&self, now: Now, waker: &Waker, budget: usize, out: &mut Vec<Item>) -> Fetched;
    /// Acknowledges everything up to `upto`. Fails, with the highest number written, when it was never sent. Ignored when
    /// the attachment is over.
    fn ack(&self, now: Now, upto: u32) -> Result<(), u32>;

    /// Sends an envelope. Refused is only what nobody got: a sender that loses its seat while its envelope to a whole room is
    /// on the way gets a receipt, [`Reason::NotJoined`], for each member that was not reached.
    fn send(&self, now: Now, cseq: u32, send: Outbound) -> Submitted<Result<(), StepError<SendError>>>;
    /// Takes a seat; the answer is put into the mailbox. A second join of a room is answered with its roster.
    fn join(&self, now: Now, cseq: u32, join: Join) -> Submitted<Result<(), StepError<JoinError>>>;
    /// Gives a seat up; the answer is put into the mailbox.
    fn leave(&self, now: Now, cseq: u32, room: &RoomName) -> Submitted<Result<(), StepError<MemberError>>>;
    /// Ends a room the session owns; the answer is put into the mailbox.
    fn end_room(&self, now: Now, cseq: u32, room: &RoomName) -> Submitted<Result<(), StepError<MemberError>>>;
    /// Removes a member from a room the session owns; the answer is put into the mailbox.
    fn remove_member(
        &self,
        now: Now,
        cseq: u32,
        room: &RoomName,
        peer: &PeerId,
        ban: bool,
    ) -> Submitted<Result<(), StepError<MemberError>>>;
    /// Changes the session's own entry in a room; the answer is put into the mailbox.
    fn update_member(
        &self,
        now: Now,
        cseq: u32,
        room: &RoomName,
        display_name: Option<Arc<str>>,
        metadata: BTreeMap<String, String>,
    ) -> Submitted<Result<(), StepError<MemberError>>>;
    /// Uses a frame's number up with this answer.
    fn reply(&self, now: Now, cseq: u32, body: Body) -> Submitted<Result<(), StepError<std::convert::Infallible>>>;

    /// The connection is lost, or given up for `cut`. A resumable session waits; any other ends.
    fn detach(&self, now: Now, cut: Cut);
    /// The client said bye, or the door ends the session for good.
    fn close(&self, now: Now, reason: Reason);
}
