//! Giving client frames their effect, for streams and for calls alike.

use std::sync::Arc;

use bytes::Bytes;
use wigwag_hub::{
    Attachment, Now, PeerId, Reason, RoomName, Submitted,
    backend::{Create, Join, Outbound},
    error::{DetachReason, SendError, StepError},
    member::{DuplicateUsers, Metadata},
    room::RoomSpec,
    session::SessionKind,
};
use wigwag_proto::v1 as pb;

use crate::{
    auth::{Action, Caller},
    error::ApiError,
    frame::{self, RawBody},
    node::{Node, check_label, random_room_name},
};

/// What became of a client frame.
#[derive(Debug)]
pub enum FrameOutcome {
    /// It took effect, or its error is in the mailbox, or it had been applied before.
    Applied,
    /// The client said bye; the session is over.
    Bye,
    /// It does not follow the frame before.
    Gap { expected: u32, got: u32 },
    /// It breaks the protocol.
    Fatal(ApiError),
    /// The attachment is over.
    Detached(DetachReason),
}

/// The names in the last envelope. Most envelopes of a connection are for one peer in one room; those names need not be
/// checked again, nor held twice.
#[derive(Debug, Default)]
pub struct NameCache {
    room: Option<RoomName>,
    to: Option<PeerId>,
}

impl NameCache {
    fn room(&mut self, name: &str) -> Result<RoomName, ApiError> {
        match &self.room {
            Some(room) if room.as_str() == name => Ok(room.clone()),
            _ => Ok(self.room.insert(room_name("envelope.room", name)?).clone()),
        }
    }

    fn to(&mut self, id: &str) -> Result<PeerId, ApiError> {
        match &self.to {
            Some(to) if to.as_str() == id => Ok(to.clone()),
            _ => Ok(self.to.insert(peer_id("envelope.to", id)?).clone()),
        }
    }
}

/// Applies the frames of one attachment.
#[derive(Clone)]
pub struct Applier {
    pub node: Node,
    pub caller: Caller,
    pub attachment: Arc<dyn Attachment>,
}

impl Applier {
    /// Checks an envelope and hands it to the backend.
    pub fn submit(
        &self,
        now: Now,
        seq: u32,
        bytes: &[u8],
        names: &mut NameCache,
    ) -> Result<Submitted<Result<(), StepError<SendError>>>, ApiError> {
        let signal = frame::check(bytes)?;
        let room = if signal.room.is_empty() { None } else { Some(names.room(signal.room)?) };
        let to = if signal.to.is_empty() { None } else { Some(names.to(signal.to)?) };
        if to.is_none() {
            if room.is_none() {
                return Err(ApiError::invalid("envelope.to", "is missing: set room, or to, or both"));
            }
            if signal.receipt {
                return Err(ApiError::invalid("envelope.receipt", "needs to: a receipt is about one recipient"));
            }
        }
        if to.as_ref() == Some(self.attachment.peer()) {
            return Err(ApiError::invalid("envelope.to", "is the sender itself"));
        }
        let action = match &to {
            _ if room.is_some() => Action::Send,
            Some(to) if self.attachment.peer().shares_scope_with(to) => Action::DirectInScope,
            _ => Action::Direct,
        };
        self.node.policy().allow(&self.caller, action, room.as_ref())?;
        let envelope = signal.encode(self.attachment.peer().as_str());
        Ok(self.attachment.send(now, seq, Outbound { room, to, receipt: signal.receipt, envelope }))
    }

    /// Applies any frame.
    pub async fn apply(&self, seq: u32, body: Option<RawBody>) -> FrameOutcome {
        let outcome = match body {
            Some(RawBody::Envelope(bytes)) => self.envelope(seq, &bytes).await,
            Some(RawBody::Join(join)) => self.join(seq, *join).await,
            Some(RawBody::CreateRoom(create)) => self.create_room(seq, *create).await,
            Some(RawBody::Leave(leave)) => self.leave(seq, &leave.room).await,
            Some(RawBody::EndRoom(end)) => self.end_room(seq, &end.room).await,
            Some(RawBody::RemoveMember(remove)) => self.remove_member(seq, remove).await,
            Some(RawBody::UpdateMember(update)) => self.update_member(seq, *update).await,
            Some(RawBody::Refresh(_)) => {
                Err(ApiError::unimplemented("this server runs without authentication: there is no token to refresh"))
            }
            Some(RawBody::Bye(_)) => return self.bye(seq),
            Some(RawBody::Pong(_)) => return FrameOutcome::Applied,
            Some(RawBody::Hello(_)) => {
                return FrameOutcome::Fatal(ApiError::protocol(
                    "a second hello: open another connection for another session",
                ));
            }
            None => Err(ApiError::unknown_frame()),
        };
        match outcome {
            Ok(outcome) => outcome,
            Err(error) => self.refuse(seq, error).await,
        }
    }

    /// Answers a frame with an error, which uses its number up.
    pub async fn refuse(&self, seq: u32, error: ApiError) -> FrameOutcome {
        match self.attachment.reply(self.node.now(), seq, error.to_body()).wait().await {
            Ok(()) | Err(StepError::Seen) => FrameOutcome::Applied,
            Err(StepError::Gap { applied }) => gap(applied, seq),
            Err(StepError::Detached(cut)) => FrameOutcome::Detached(cut),
            Err(StepError::Refused(never)) => match never {},
        }
    }

    /// Turns the backend's answer into a verdict, and a refusal into an error frame.
    pub async fn conclude<E: Into<ApiError>>(&self, seq: u32, result: Result<(), StepError<E>>) -> FrameOutcome {
        match result {
            Ok(()) | Err(StepError::Seen) => FrameOutcome::Applied,
            Err(StepError::Gap { applied }) => gap(applied, seq),
            Err(StepError::Detached(cut)) => FrameOutcome::Detached(cut),
            Err(StepError::Refused(error)) => self.refuse(seq, error.into()).await,
        }
    }

    async fn envelope(&self, seq: u32, bytes: &Bytes) -> Result<FrameOutcome, ApiError> {
        let submitted = self.submit(self.node.now(), seq, bytes, &mut NameCache::default())?;
        Ok(self.conclude(seq, submitted.wait().await).await)
    }

    async fn join(&self, seq: u32, join: pb::Join) -> Result<FrameOutcome, ApiError> {
        let room = room_name("join.room", &join.room)?;
        self.node.policy().allow(&self.caller, Action::Join, Some(&room))?;
        check_label("join.display_name", &join.display_name)?;
        let metadata = Metadata::parse(join.metadata)?;
        let request = Join {
            room,
            display_name: Some(join.display_name).filter(|name| !name.is_empty()).map(Into::into),
            metadata: Some(metadata).filter(|metadata| !metadata.is_empty()),
            create: if self.node.auto_create() { Create::IfAbsent } else { Create::Never },
        };
        let joined = self.attachment.join(self.node.now(), seq, request).wait().await;
        Ok(self.conclude(seq, joined).await)
    }

    async fn create_room(&self, seq: u32, create: pb::CreateRoom) -> Result<FrameOutcome, ApiError> {
        let room = match create.room.as_str() {
            "" => random_room_name(),
            name => room_name("create_room.room", name)?,
        };
        self.node.policy().allow(&self.caller, Action::Create, Some(&room))?;
        check_label("create_room.display_name", &create.display_name)?;
        let spec = RoomSpec {
            room: room.clone(),
            display_name: create.display_name.into(),
            max_members: create.max_members,
            duplicate_users: duplicate_users("create_room.duplicate_users", create.duplicate_users)?,
            metadata: Metadata::parse(create.metadata)?,
            empty_timeout_ms: self.node.limits().empty_timeout_ms,
        };
        let request = Join { room, display_name: None, metadata: None, create: Create::New(spec) };
        let joined = self.attachment.join(self.node.now(), seq, request).wait().await;
        Ok(self.conclude(seq, joined).await)
    }

    async fn leave(&self, seq: u32, room: &str) -> Result<FrameOutcome, ApiError> {
        let room = room_name("leave.room", room)?;
        let left = self.attachment.leave(self.node.now(), seq, &room).wait().await;
        Ok(self.conclude(seq, left).await)
    }

    async fn end_room(&self, seq: u32, room: &str) -> Result<FrameOutcome, ApiError> {
        let room = room_name("end_room.room", room)?;
        self.node.policy().allow(&self.caller, Action::Govern, Some(&room))?;
        let ended = self.attachment.end_room(self.node.now(), seq, &room).wait().await;
        Ok(self.conclude(seq, ended).await)
    }

    async fn remove_member(&self, seq: u32, remove: pb::RemoveMember) -> Result<FrameOutcome, ApiError> {
        let room = room_name("remove_member.room", &remove.room)?;
        self.node.policy().allow(&self.caller, Action::Govern, Some(&room))?;
        let peer = peer_id("remove_member.peer_id", &remove.peer_id)?;
        let removed = self.attachment.remove_member(self.node.now(), seq, &room, &peer, remove.ban).wait().await;
        Ok(self.conclude(seq, removed).await)
    }

    async fn update_member(&self, seq: u32, update: pb::UpdateMember) -> Result<FrameOutcome, ApiError> {
        let room = room_name("update_member.room", &update.room)?;
        self.node.policy().allow(&self.caller, Action::Join, Some(&room))?;
        if let Some(name) = &update.display_name {
            check_label("update_member.display_name", name)?;
        }
        let name = update.display_name.map(Into::into);
        let metadata = update.metadata.into_iter().collect();
        let updated = self.attachment.update_member(self.node.now(), seq, &room, name, metadata).wait().await;
        Ok(self.conclude(seq, updated).await)
    }

    fn bye(&self, seq: u32) -> FrameOutcome {
        let applied = self.attachment.applied();
        if self.attachment.kind() != SessionKind::Live && seq != applied.wrapping_add(1) {
            return gap(applied, seq);
        }
        self.attachment.close(self.node.now(), Reason::Left);
        tracing::info!(peer.id = %self.attachment.peer(), "session ended by its client");
        FrameOutcome::Bye
    }
}

/// Reads a room name that came from outside.
pub fn room_name(field: &'static str, name: &str) -> Result<RoomName, ApiError> {
    RoomName::parse(name).map_err(|error| (field, error).into())
}

/// Reads a peer id that came from outside.
pub fn peer_id(field: &'static str, id: &str) -> Result<PeerId, ApiError> {
    PeerId::parse(id).map_err(|error| (field, error).into())
}

/// Reads a `DuplicateUsers`.
pub fn duplicate_users(field: &'static str, value: i32) -> Result<DuplicateUsers, ApiError> {
    match pb::DuplicateUsers::try_from(value) {
        Ok(pb::DuplicateUsers::Unspecified | pb::DuplicateUsers::Allow) => Ok(DuplicateUsers::Allow),
        Ok(pb::DuplicateUsers::Reject) => Ok(DuplicateUsers::Reject),
        Ok(pb::DuplicateUsers::Replace) => Ok(DuplicateUsers::Replace),
        Err(_) => Err(ApiError::invalid(field, "must be ALLOW, REJECT or REPLACE")),
    }
}

fn gap(applied: u32, got: u32) -> FrameOutcome {
    FrameOutcome::Gap { expected: applied.saturating_add(1), got }
}
