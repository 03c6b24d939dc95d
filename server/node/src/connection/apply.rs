//! Applies client frames to a session, for streams and for unary calls.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use tokio::time::Instant;
use wigwag_hub::{
    Now, PeerId, Reason, RoomName, Submitted, Uplink,
    backend::{Create, Join, Outbound},
    error::{DetachReason, SendError, StepError, StoreError},
    member::{DuplicateUsers, Metadata},
    room::RoomSpec,
    session::SessionKind,
};
use wigwag_proto::v1::{self as pb, server_frame::Body};

use crate::{
    auth::{Action, BearerToken, Caller, Connect, Identity},
    error::ApiError,
    frame::{self, RawBody},
    node::{Node, check_label, random_room_name},
};

/// How long a frame is submitted again while the backend's store does not answer. After that the connection is closed, and
/// its client sends the frame again once it has resumed.
const STORE_PATIENCE: Duration = Duration::from_secs(5);

/// The outcome of a client frame.
#[derive(Debug)]
pub enum FrameOutcome {
    /// It took effect, its error was put into the mailbox, or it is a duplicate of an applied frame.
    Applied,
    /// It was a bye, which has ended the session.
    Bye,
    /// Its sequence number does not follow that of the last applied frame.
    Gap {
        /// The sequence number that would have followed.
        expected: u32,
        /// The sequence number of the frame.
        got: u32,
    },
    /// It violates the protocol; the connection ends with this error.
    Fatal(ApiError),
    /// The attachment has ended, for this reason.
    Detached(DetachReason),
}

/// Caches the validated names of the last envelope. Most envelopes of a connection are for the same peer in the same
/// room, whose names then need neither be validated nor allocated again.
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

/// Applies the frames of a session's client.
#[derive(Clone)]
pub struct Applier {
    /// The node whose policy and limits apply.
    pub node: Node,
    /// The client that sends the frames.
    pub caller: Caller,
    /// The way up of the session.
    pub uplink: Arc<dyn Uplink>,
}

impl Applier {
    /// Validates an envelope and hands it to the backend.
    ///
    /// # Errors
    ///
    /// When the envelope is invalid or the policy forbids it; the error has not used up the sequence number yet.
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
                return Err(ApiError::invalid("envelope.to", "is missing: set room, to, or both"));
            }
            if signal.receipt {
                return Err(ApiError::invalid(
                    "envelope.receipt",
                    "requires envelope.to: a receipt is about one recipient",
                ));
            }
        }
        if to.as_ref() == Some(self.uplink.peer()) {
            return Err(ApiError::invalid("envelope.to", "must not be the sender: set another peer id"));
        }
        let action = match &to {
            None => Action::Broadcast,
            Some(_) if room.is_some() => Action::Send,
            Some(to) if self.uplink.peer().shares_scope_with(to) => Action::DirectInScope,
            _ => Action::Direct,
        };
        self.node.policy().allow(&self.caller, action, room.as_ref())?;
        let envelope = signal.encode(self.uplink.peer().as_str());
        Ok(self.uplink.send(now, seq, Outbound { room, to, receipt: signal.receipt, envelope }))
    }

    /// Applies a frame of any kind.
    pub async fn apply(&self, seq: u32, body: Option<RawBody>) -> FrameOutcome {
        let outcome = match body {
            Some(RawBody::Envelope(bytes)) => self.envelope(seq, &bytes).await,
            Some(RawBody::Join(join)) => self.join(seq, *join).await,
            Some(RawBody::CreateRoom(create)) => self.create_room(seq, *create).await,
            Some(RawBody::Leave(leave)) => self.leave(seq, &leave.room).await,
            Some(RawBody::EndRoom(end)) => self.end_room(seq, &end.room).await,
            Some(RawBody::RemoveMember(remove)) => self.remove_member(seq, remove).await,
            Some(RawBody::UpdateMember(update)) => self.update_member(seq, *update).await,
            Some(RawBody::Refresh(refresh)) => self.refresh(seq, &refresh.token).await,
            Some(RawBody::Bye(_)) => return self.bye(seq).await,
            Some(RawBody::Pong(_)) => return FrameOutcome::Applied,
            Some(RawBody::Report(_)) if seq == 0 => return FrameOutcome::Applied,
            Some(RawBody::Report(_)) => {
                Err(ApiError::invalid("seq", "of a report must be 0: a report is not numbered"))
            }
            Some(RawBody::Hello(_)) => {
                return FrameOutcome::Fatal(ApiError::protocol(
                    "only the first frame may be a hello: open another connection for another session",
                ));
            }
            None => Err(ApiError::unknown_frame()),
        };
        match outcome {
            Ok(outcome) => outcome,
            Err(error) => self.refuse(seq, error).await,
        }
    }

    /// Replies to a frame with an error, which uses up its sequence number.
    pub async fn refuse(&self, seq: u32, error: ApiError) -> FrameOutcome {
        let (namespace, peer) = (self.caller.logged_namespace(), self.uplink.peer().as_str());
        tracing::debug!(namespace, peer.id = peer, seq, reason = error.reason, "frame refused");
        let body = error.to_body();
        match self.until_answered(|| self.uplink.reply(self.node.now(), seq, body.clone())).await {
            Ok(()) | Err(StepError::Seen) => FrameOutcome::Applied,
            Err(StepError::Gap { applied }) => gap(applied, seq),
            Err(StepError::Detached(reason)) => FrameOutcome::Detached(reason),
            Err(StepError::Store(error)) => store_failed(error),
            Err(StepError::Refused(never)) => match never {},
        }
    }

    /// Turns the backend's result into an outcome; a refusal becomes an error reply.
    pub async fn conclude<E: Into<ApiError>>(&self, seq: u32, result: Result<(), StepError<E>>) -> FrameOutcome {
        match result {
            Ok(()) | Err(StepError::Seen) => FrameOutcome::Applied,
            Err(StepError::Gap { applied }) => gap(applied, seq),
            Err(StepError::Detached(reason)) => FrameOutcome::Detached(reason),
            Err(StepError::Refused(error)) => self.refuse(seq, error.into()).await,
            // Only the client knows what it sent: it decides whether to send it again.
            Err(StepError::Store(error @ StoreError::Unreachable { .. })) if !self.is_resumable() => {
                self.refuse(seq, error.into()).await
            }
            Err(StepError::Store(error)) => store_failed(error),
        }
    }

    /// Concludes an envelope that was submitted, once those before it are. Submits it again while the store does not answer,
    /// and if it came too early: one before it had to be answered, or submitted again.
    pub async fn conclude_envelope(
        &self,
        seq: u32,
        bytes: &[u8],
        submitted: Submitted<Result<(), StepError<SendError>>>,
    ) -> FrameOutcome {
        let mut result = submitted.wait().await;
        let (give_up_at, mut early) = (Instant::now() + STORE_PATIENCE, true);
        loop {
            let came_early = early && matches!(result, Err(StepError::Gap { .. }));
            if !came_early && !self.waits_for_store(&result, give_up_at).await {
                return self.conclude(seq, result).await;
            }
            early &= !came_early;
            match self.submit(self.node.now(), seq, bytes, &mut NameCache::default()) {
                Ok(submitted) => result = submitted.wait().await,
                Err(error) => return self.refuse(seq, error).await,
            }
        }
    }

    /// Submits an operation until the store answers: a frame with a number takes effect once.
    async fn until_answered<E>(
        &self,
        submit: impl Fn() -> Submitted<Result<(), StepError<E>>>,
    ) -> Result<(), StepError<E>> {
        let mut result = submit().wait().await;
        let give_up_at = Instant::now() + STORE_PATIENCE;
        while self.waits_for_store(&result, give_up_at).await {
            result = submit().wait().await;
        }
        result
    }

    /// Waits for the store, if it did not answer, the frame has a number, and there is time. Returns whether it did.
    async fn waits_for_store<E>(&self, result: &Result<(), StepError<E>>, give_up_at: Instant) -> bool {
        let Err(StepError::Store(StoreError::Unreachable { retry_after_ms })) = result else { return false };
        let again_at = Instant::now() + Duration::from_millis(u64::from(*retry_after_ms).max(10));
        let waits = self.is_resumable() && again_at <= give_up_at;
        if waits {
            tokio::time::sleep_until(again_at).await;
        }
        waits
    }

    fn is_resumable(&self) -> bool {
        self.uplink.kind() != SessionKind::Live
    }

    async fn envelope(&self, seq: u32, bytes: &Bytes) -> Result<FrameOutcome, ApiError> {
        let submitted = self.submit(self.node.now(), seq, bytes, &mut NameCache::default())?;
        Ok(self.conclude_envelope(seq, bytes, submitted).await)
    }

    async fn join(&self, seq: u32, join: pb::Join) -> Result<FrameOutcome, ApiError> {
        let room = room_name("join.room", &join.room)?;
        self.node.policy().allow(&self.caller, Action::Join, Some(&room))?;
        check_label("join.display_name", &join.display_name)?;
        let metadata = self.member_metadata(join.metadata)?;
        self.node.policy().allow_join(&self.caller, &room, self.node.now().unix_ms).await?;
        let request = Join {
            display_name: self.display_name(join.display_name),
            metadata,
            create: match self.node.policy().allow(&self.caller, Action::Create, Some(&room)) {
                Ok(()) if self.node.auto_create() => match self.room_settings(&room) {
                    Some(spec) => Create::IfAbsentWith(spec),
                    None => Create::IfAbsent,
                },
                _ => Create::Never,
            },
            room,
        };
        let joined = self.until_answered(|| self.uplink.join(self.node.now(), seq, request.clone())).await;
        Ok(self.conclude(seq, joined).await)
    }

    async fn create_room(&self, seq: u32, create: pb::CreateRoom) -> Result<FrameOutcome, ApiError> {
        let room = match create.room.as_str() {
            "" => random_room_name(),
            name => room_name("create_room.room", name)?,
        };
        self.node.policy().allow(&self.caller, Action::Create, Some(&room))?;
        check_label("create_room.display_name", &create.display_name)?;
        let rule = duplicate_users("create_room.duplicate_users", create.duplicate_users)?;
        let spec = RoomSpec {
            display_name: create.display_name.into(),
            metadata: Metadata::parse(create.metadata)?,
            ..self.room_spec(room.clone(), create.max_members, rule)
        };
        self.node.policy().allow_join(&self.caller, &room, self.node.now().unix_ms).await?;
        let (display_name, metadata) = (self.display_name(String::new()), self.member_metadata(HashMap::new())?);
        let request = Join { room, display_name, metadata, create: Create::New(spec) };
        let joined = self.until_answered(|| self.uplink.join(self.node.now(), seq, request.clone())).await;
        Ok(self.conclude(seq, joined).await)
    }

    async fn leave(&self, seq: u32, room: &str) -> Result<FrameOutcome, ApiError> {
        let room = room_name("leave.room", room)?;
        let left = self.until_answered(|| self.uplink.leave(self.node.now(), seq, &room)).await;
        Ok(self.conclude(seq, left).await)
    }

    async fn end_room(&self, seq: u32, room: &str) -> Result<FrameOutcome, ApiError> {
        let room = room_name("end_room.room", room)?;
        self.node.policy().allow(&self.caller, Action::Moderate, Some(&room))?;
        let ended = self.until_answered(|| self.uplink.end_room(self.node.now(), seq, &room)).await;
        Ok(self.conclude(seq, ended).await)
    }

    async fn remove_member(&self, seq: u32, remove: pb::RemoveMember) -> Result<FrameOutcome, ApiError> {
        let room = room_name("remove_member.room", &remove.room)?;
        self.node.policy().allow(&self.caller, Action::Moderate, Some(&room))?;
        let peer = peer_id("remove_member.peer_id", &remove.peer_id)?;
        let removed =
            self.until_answered(|| self.uplink.remove_member(self.node.now(), seq, &room, &peer, remove.ban)).await;
        Ok(self.conclude(seq, removed).await)
    }

    async fn update_member(&self, seq: u32, update: pb::UpdateMember) -> Result<FrameOutcome, ApiError> {
        let room = room_name("update_member.room", &update.room)?;
        self.node.policy().allow(&self.caller, Action::Join, Some(&room))?;
        if let Some(name) = &update.display_name {
            check_label("update_member.display_name", name)?;
        }
        let name: Option<Arc<str>> = update.display_name.map(Into::into);
        let metadata: BTreeMap<_, _> = update.metadata.into_iter().collect();
        if let Some(identity) = self.identity() {
            identity.check_update(name.is_some(), &metadata)?;
        }
        let updated = self
            .until_answered(|| self.uplink.update_member(self.node.now(), seq, &room, name.clone(), metadata.clone()))
            .await;
        Ok(self.conclude(seq, updated).await)
    }

    async fn refresh(&self, seq: u32, token: &str) -> Result<FrameOutcome, ApiError> {
        let Some(identity) = self.identity() else {
            return Err(ApiError::unimplemented("this server runs without authentication: do not send refresh"));
        };
        let token = BearerToken::new(token);
        let now = self.node.now();
        // Without a token the webhook is asked anew, if there is one.
        let connect = Connect { verified: true, ..Connect::new(&self.caller, &identity.user) };
        let Some(fresh) = self.node.authenticate(&self.caller, token.as_ref(), None, Some(connect)).await? else {
            return Err(ApiError::token_missing());
        };
        if fresh.user_key() != identity.user_key() {
            return Err(ApiError::token_invalid(
                "the token is for another user than the session: refresh with one for the same sub and wigwag.ns, or open a new \
                 session",
            ));
        }
        if fresh.has_expired(now.unix_ms) {
            return Err(ApiError::token_expired("the token has expired: refresh with a fresh one"));
        }
        let expires_at = Some(frame::timestamp(fresh.token_expires_at_ms()));
        let answer = frame::field(Body::Refreshed(pb::Refreshed { expires_at }));
        let refreshed =
            self.until_answered(|| self.uplink.refresh(self.node.now(), seq, fresh.to_stored(), answer.clone())).await;
        if refreshed.is_ok() {
            self.node.leave_rooms_not_granted(&*self.uplink, &fresh).await?;
        }
        Ok(match refreshed {
            Ok(()) | Err(StepError::Seen) => FrameOutcome::Applied,
            Err(StepError::Gap { applied }) => gap(applied, seq),
            Err(StepError::Detached(reason)) => FrameOutcome::Detached(reason),
            Err(StepError::Store(error)) => store_failed(error),
            Err(StepError::Refused(never)) => match never {},
        })
    }

    /// Returns whether the session's token has expired.
    pub(super) fn has_expired(&self, now: Now) -> bool {
        self.identity().is_some_and(|identity| identity.has_expired(now.unix_ms))
    }

    /// Takes over what the session may do, as of `version`, if that has changed since. For callers that keep no connection.
    pub fn follow_grants(&mut self, version: &mut u32) {
        let present = self.uplink.grants_version();
        if *version != present {
            *version = present;
            self.caller.identity = Identity::from_stored(&self.uplink.grants()).map(Arc::new);
        }
    }

    fn identity(&self) -> Option<&Identity> {
        self.caller.identity.as_deref()
    }

    /// Returns the display name for a room: that of the token before that of the client; `None` = that of the hello.
    fn display_name(&self, set: String) -> Option<Arc<str>> {
        let fixed = self.identity().and_then(|identity| identity.display_name.clone());
        fixed.or_else(|| Some(set).filter(|name| !name.is_empty()).map(Into::into))
    }

    /// Returns the metadata for a room: what the client sets here, or else in its hello, and on top of it what its token
    /// sets; `None` = that of the hello.
    fn member_metadata(&self, set: HashMap<String, String>) -> Result<Option<Metadata>, ApiError> {
        let overlaid = self.identity().filter(|identity| !identity.grants().metadata.is_empty());
        match overlaid {
            None if set.is_empty() => Ok(None),
            None => Ok(Some(Metadata::parse(set)?)),
            Some(identity) => {
                let mut pairs: BTreeMap<_, _> = match set.is_empty() {
                    true => self.uplink.metadata().iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect(),
                    false => set.into_iter().collect(),
                };
                identity.overlay(&mut pairs);
                Ok(Some(Metadata::parse(pairs)?))
            }
        }
    }

    /// Returns the settings of a room that a join creates, if the token has any.
    fn room_settings(&self, room: &RoomName) -> Option<RoomSpec> {
        let grants = self.identity()?.grants();
        let any = grants.max_members.is_some() || grants.duplicate_users.is_some();
        any.then(|| self.room_spec(room.clone(), 0, DuplicateUsers::Allow))
    }

    /// Returns the specification of a room that the session creates: what the client sets, and what its token says
    /// instead.
    fn room_spec(&self, room: RoomName, max_members: u32, duplicate_users: DuplicateUsers) -> RoomSpec {
        let grants = self.identity().map(Identity::grants);
        let most = grants.and_then(|grants| grants.max_members);
        RoomSpec {
            room,
            display_name: "".into(),
            max_members: match (max_members, most) {
                (0, most) => most.unwrap_or(0),
                (set, most) => set.min(most.unwrap_or(set)),
            },
            duplicate_users: match grants.and_then(|grants| grants.duplicate_users) {
                Some(wigwag_token::DuplicateUsers::Allow) => DuplicateUsers::Allow,
                Some(wigwag_token::DuplicateUsers::Reject) => DuplicateUsers::Reject,
                Some(wigwag_token::DuplicateUsers::Replace) => DuplicateUsers::Replace,
                None => duplicate_users,
            },
            metadata: Metadata::default(),
            empty_timeout_ms: self.node.limits().empty_timeout_ms,
        }
    }

    async fn bye(&self, seq: u32) -> FrameOutcome {
        let applied = self.uplink.applied();
        if self.is_resumable() && seq != applied.wrapping_add(1) {
            return gap(applied, seq);
        }
        match self.uplink.close(self.node.now(), Reason::Left).wait().await {
            Ok(()) => FrameOutcome::Bye,
            Err(error) => store_failed(error),
        }
    }
}

/// Parses a room name sent by a client; `field` names it in the error.
pub fn room_name(field: &'static str, name: &str) -> Result<RoomName, ApiError> {
    RoomName::parse(name).map_err(|error| (field, error).into())
}

/// Parses a peer id sent by a client; `field` names it in the error.
pub fn peer_id(field: &'static str, id: &str) -> Result<PeerId, ApiError> {
    PeerId::parse(id).map_err(|error| (field, error).into())
}

/// Parses a `DuplicateUsers` sent by a client; unspecified is `Allow`.
pub fn duplicate_users(field: &'static str, value: i32) -> Result<DuplicateUsers, ApiError> {
    match pb::DuplicateUsers::try_from(value) {
        Ok(pb::DuplicateUsers::Unspecified | pb::DuplicateUsers::Allow) => Ok(DuplicateUsers::Allow),
        Ok(pb::DuplicateUsers::Reject) => Ok(DuplicateUsers::Reject),
        Ok(pb::DuplicateUsers::Replace) => Ok(DuplicateUsers::Replace),
        Err(_) => Err(ApiError::invalid(field, "must be ALLOW, REJECT or REPLACE")),
    }
}

/// Returns the outcome of a frame whose store failed: its client comes back later, and sends it again.
fn store_failed(error: StoreError) -> FrameOutcome {
    match error {
        StoreError::Unreachable { .. } => FrameOutcome::Fatal(error.into()),
        StoreError::Lost => FrameOutcome::Detached(DetachReason::Ended(Reason::StoreLost)),
    }
}

fn gap(applied: u32, got: u32) -> FrameOutcome {
    FrameOutcome::Gap { expected: applied.saturating_add(1), got }
}
