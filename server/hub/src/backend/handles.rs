//! The handles of a session: the way up of its client, and the attachment of its connection.

use std::{collections::BTreeMap, fmt, sync::Arc, task::Waker};

use bytes::Bytes;

use super::{
    requests::{Grants, Join, Outbound},
    submitted::Submitted,
};
use crate::{
    error::{AckError, DetachReason, JoinError, MemberError, SendError, StepError, StoreError},
    frame::{Body, Item},
    id::{PeerId, RoomName},
    member::Metadata,
    rate::Limited,
    reason::Reason,
    session::{Fetched, SessionKind},
    time::Now,
};

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
///
/// Steps may be submitted while earlier ones are not answered, some hundreds of them. They take effect in the order of the
/// calls. One that follows a step that did not take effect, refused or not stored, does not either ([`StepError::Gap`]) and
/// may be submitted again.
pub trait Uplink: Send + Sync {
    /// Returns the session's peer id.
    fn peer(&self) -> &PeerId;
    /// Returns the attachment's epoch.
    fn epoch(&self) -> u32;
    /// Returns whether the session is resumable.
    fn kind(&self) -> SessionKind;
    /// Returns the metadata that the session was opened with.
    fn metadata(&self) -> Metadata;
    /// Returns the number of the last client frame that took effect: in any call, as far as this node knows, and at least
    /// in those made here.
    fn applied(&self) -> u32;
    /// Returns the highest number acknowledged, as far as this node knows.
    fn acked(&self) -> u32;

    /// Counts a client frame of this many bytes if it may be applied now; otherwise returns how long it has to wait. The
    /// limits are the session's: all its connections and calls share them.
    fn rate_limit(&self, now: Now, bytes: usize) -> Result<(), Limited>;
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
    /// Returns what the session may do, as far as this node knows.
    fn grants(&self) -> Grants;
    /// Returns a number that changes whenever [`Self::grants`] does. Takes no lock.
    fn grants_version(&self) -> u32;
    /// Replaces what the session may do, and answers with these bytes ([`Body::Encoded`]).
    fn refresh(
        &self,
        now: Now,
        cseq: u32,
        grants: Grants,
        answer: Bytes,
    ) -> Submitted<Result<(), StepError<std::convert::Infallible>>>;
    /// Returns the rooms that the session is in, in the order in which it joined.
    fn rooms(&self) -> Submitted<Result<Vec<RoomName>, StoreError>>;
    /// Takes the session out of a room because it may not be there any more; its client receives `left` with this reason.
    /// Ignored if it is not in the room.
    fn remove_from(&self, now: Now, room: &RoomName, reason: Reason) -> Submitted<Result<(), StoreError>>;
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

    /// Puts a numbered frame with this body into the mailbox, which answers nothing and must not be lost. A
    /// repetition puts another one. Ignored if the attachment is over.
    fn put(&self, now: Now, body: Body) -> Submitted<Result<(), StoreError>>;
    /// Ends the attachment because its connection was lost or closed for `reason`. A resumable session waits for its
    /// client to return; a live one ends. Once it has answered, others can see that.
    fn detach(&self, now: Now, reason: DetachReason) -> Submitted<Result<(), StoreError>>;
}

/// A resumed session.
pub struct Resumed {
    /// The new attachment.
    pub attachment: Arc<dyn Attachment>,
    /// The last client frame that took effect; sent as `ack` of the `welcome`. Read in the same step that raised the
    /// epoch.
    pub applied: u32,
}
