//! Opens and resumes sessions.

use std::sync::Arc;

use wigwag_hub::{
    Attachment, Limits, Reason, Uplink,
    backend::{FreshToken, Open, Resume},
    error::{ResumeError, StoreError},
    member::{MAX_DISPLAY_NAME_BYTES, MAX_METADATA_BYTES, Metadata},
    rate::{Rate, RateLimitKind},
    session::SessionKind,
};
use wigwag_proto::v1::{self as pb, welcome::Outcome};

use super::{Node, ids, session_token};
use crate::{
    auth::{Action, BearerToken, Caller, Connect, Identity, nothing_stored},
    error::ApiError,
    features::Features,
    frame,
    ice::IceUser,
    rate_settings::setting_of,
};

/// A session that was opened or resumed for a connection.
pub struct Opened {
    /// The connection's attachment to the session.
    pub attachment: Arc<dyn Attachment>,
    /// The answer to the hello.
    pub welcome: pb::Welcome,
    /// The sequence number of the last client frame that took effect, which is the `ack` of the welcome.
    pub applied: u32,
    /// The features in use on this connection.
    pub features: Features,
    /// Who the session is. `None` without authentication.
    pub identity: Option<Arc<Identity>>,
    /// The number of what the session may do ([`Uplink::grants_version`]), read before that was.
    pub grants_version: u32,
}

impl Node {
    /// Opens a session for a hello, or resumes the one it names.
    ///
    /// A session that cannot be resumed is replaced by a new one, and the welcome says why.
    ///
    /// # Errors
    ///
    /// When the token is missing or refused, the policy forbids it, a field is invalid, the node is draining or full, or the
    /// session to resume is attached to a newer connection.
    pub async fn open(&self, caller: &Caller, mut hello: pb::Hello) -> Result<Opened, ApiError> {
        // First: to verify a token is work.
        self.check_opens(caller)?;
        let token = BearerToken::new(&std::mem::take(&mut hello.token)).or_else(|| caller.token.clone());
        let certificate = caller.certificate.clone().filter(|_| token.is_none());
        // Who resumes without a token has what the session remembers: the webhook is not asked about it.
        let remembered = token.is_none() && hello.resume.is_some();
        let narrows = certificate.is_some() && self.policy().webhook().is_some_and(|webhook| webhook.always);
        let connect = Some(connect(caller, &hello)).filter(|_| !remembered || narrows);
        if self.policy().webhook().is_some() {
            // Before others are asked about it.
            check_client(&hello)?;
            check_label("hello.user_id", &hello.user_id)?;
        }
        let now_ms = self.now().unix_ms;
        let identity = self.policy().authenticate(token.as_ref(), certificate.as_deref(), connect, now_ms).await;
        let identity = match identity {
            Err(_) if remembered => None,
            identity => identity.map_err(|error| self.count_failure(caller, error))?,
        };
        let mut caller = Caller { identity, token: None, certificate, ..caller.clone() };
        check_client(&hello)?;
        // Before the session is touched: a hello that is refused changes nothing.
        let features = Features::parse("hello.features", &hello.features)?;
        let mut opened = match hello.resume {
            Some(ref resume) => match self.resume(&caller, &hello, resume).await? {
                Ok(opened) => opened,
                Err(reason) => {
                    if caller.identity.is_none() && self.policy().webhook().is_some() {
                        caller.identity = self.ask_webhook(&caller, &hello).await?;
                    }
                    self.create(&caller, hello, Some(reason)).await?
                }
            },
            None => self.create(&caller, hello, None).await?,
        };
        opened.welcome.features = features.answer();
        opened.welcome.server_time = features.negotiates().then(|| frame::timestamp(self.now().unix_ms));
        if features.negotiates() {
            opened.welcome.limits = Some(self.public_limits(true));
        }
        opened.features = features;
        Ok(opened)
    }

    /// Asks the webhook about a client that has neither token nor certificate.
    async fn ask_webhook(&self, caller: &Caller, hello: &pb::Hello) -> Result<Option<Arc<Identity>>, ApiError> {
        self.authenticate(caller, None, None, Some(connect(caller, hello))).await
    }

    /// Resumes a session. The inner error says why it cannot be resumed and a new one is opened.
    async fn resume(
        &self,
        caller: &Caller,
        hello: &pb::Hello,
        resume: &pb::Resume,
    ) -> Result<Result<Opened, Reason>, ApiError> {
        let found =
            session_token(&resume.session_token).and_then(|token| Some((self.backend_of_session(&token)?, token)));
        let Some((backend, token)) = found else { return Ok(Err(Reason::UnknownSession)) };
        let namespace = token.namespace;
        let elsewhere = |identity: &Arc<Identity>| identity.namespace() != namespace;
        let request = |fresh: Option<&Arc<Identity>>| Resume {
            credentials: token.credentials.clone(),
            epoch: resume.epoch,
            last_seq: resume.last_seq,
            room_versions: resume.room_versions.iter().map(|(room, version)| (room.clone(), *version)).collect(),
            token: fresh.map(|identity| FreshToken { user: identity.user.clone(), grants: identity.to_stored() }),
        };
        let mut fresh = caller.identity.clone();
        if fresh.as_ref().is_some_and(elsewhere) {
            if caller.certificate.is_none() {
                // The namespace of the token does not have such a session.
                return Ok(Err(Reason::UnknownSession));
            }
            // As below.
            fresh = None;
        }
        let mut resumed = backend.resume(self.now(), request(fresh.as_ref())).wait().await;
        if matches!(resumed, Err(ResumeError::OtherUser)) && caller.certificate.is_some() {
            // The session of another user than the certificate's, opened with a token, goes on with what it remembers.
            fresh = None;
            resumed = backend.resume(self.now(), request(None)).wait().await;
        }
        if matches!(resumed, Err(ResumeError::GrantsExpired)) && fresh.is_none() && self.policy().webhook().is_some() {
            fresh = self.ask_webhook(caller, hello).await?;
            if fresh.as_ref().is_some_and(elsewhere) {
                return Ok(Err(Reason::UnknownSession));
            }
            resumed = backend.resume(self.now(), request(fresh.as_ref())).wait().await;
        }
        match resumed {
            Ok(resumed) => {
                let grants_version = resumed.attachment.grants_version();
                let identity = match fresh {
                    Some(fresh) => Some(fresh),
                    None => Identity::from_stored(&resumed.attachment.grants()).map(Arc::new),
                };
                if let Some(identity) = &identity {
                    self.leave_rooms_not_granted(&*resumed.attachment, identity).await?;
                }
                // Again: it may have been revoked since the token was looked at.
                self.check_still_good(&*resumed.attachment, None, identity.as_deref()).await?;
                let (peer, epoch) = (resumed.attachment.peer().as_str(), resumed.attachment.epoch());
                let (transport, address) = (caller.transport, self.logged_address(caller));
                let namespace = Some(&*namespace).filter(|namespace| !namespace.is_empty());
                let client = hello.client.as_str();
                tracing::info!(namespace, peer.id = peer, epoch, transport, client, address, "session resumed");
                let (token, outcome) = (resume.session_token.clone(), Outcome::Resumed);
                let welcome = self.welcome(&*resumed.attachment, identity.as_deref(), token, outcome).await;
                let applied = resumed.applied;
                Ok(Ok(Opened {
                    attachment: resumed.attachment,
                    welcome,
                    applied,
                    features: Features::default(),
                    identity,
                    grants_version,
                }))
            }
            Err(ResumeError::Reset(reason)) => Ok(Err(reason)),
            Err(ResumeError::Store(StoreError::Lost)) => Ok(Err(Reason::StoreLost)),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes a session out of the rooms that its new token does not admit; its client gets `left` with FORBIDDEN.
    ///
    /// # Errors
    ///
    /// When the backend's store does not answer.
    pub async fn leave_rooms_not_granted(&self, uplink: &dyn Uplink, identity: &Identity) -> Result<(), ApiError> {
        for room in uplink.rooms().wait().await? {
            if !identity.grants().admits(room.as_str()) {
                uplink.remove_from(self.now(), &room, Reason::Forbidden).wait().await?;
            }
        }
        Ok(())
    }

    /// Ends a session that was opened or resumed while its token was being revoked or its user denied. Without a token the user
    /// is `named`.
    pub(super) async fn check_still_good(
        &self,
        uplink: &dyn Uplink,
        named: Option<&str>,
        identity: Option<&Identity>,
    ) -> Result<(), ApiError> {
        let user = identity.map_or(named.unwrap_or_default(), |identity| &identity.user);
        let namespace = identity.map_or("", Identity::namespace);
        let revoked = identity.map_or(Ok(()), |identity| self.policy().check_revoked(identity, self.now().unix_ms));
        if let Err(error) = revoked.and_then(|()| self.policy().check_user(namespace, user)) {
            uplink.close(self.now(), Reason::Forbidden).wait().await?;
            return Err(error);
        }
        Ok(())
    }

    async fn create(&self, caller: &Caller, hello: pb::Hello, reset: Option<Reason>) -> Result<Opened, ApiError> {
        // Also for the new session that replaces one that cannot be resumed.
        self.policy().allow(caller, Action::Open, None)?;
        if self.draining() {
            return Err(ApiError::draining());
        }
        for (field, text) in [("hello.display_name", &hello.display_name), ("hello.user_id", &hello.user_id)] {
            check_label(field, text)?;
        }
        let identity = caller.identity.as_deref();
        let (user, display_name): (Arc<str>, _) = match identity {
            Some(identity) if !hello.user_id.is_empty() && *hello.user_id != *identity.user => {
                return Err(ApiError::invalid(
                    "hello.user_id",
                    "is not that of the token (claim sub): leave it out, or ask for a token for this user",
                ));
            }
            Some(identity) => (identity.user.clone(), hello.display_name.into()),
            None => (hello.user_id.into(), hello.display_name.into()),
        };
        self.policy().check_user(caller.namespace(), &user)?;
        // What the token says is put on top of it in each room: a refresh may change that.
        let metadata = Metadata::parse(hello.metadata)?;
        let session = self.session();
        let kind = if hello.resumable {
            let asked = if hello.grace_ms == 0 { session.grace_ms } else { hello.grace_ms };
            SessionKind::Resumable { grace_ms: asked.min(session.max_grace_ms) }
        } else {
            SessionKind::Live
        };
        let replaces = session_token(&hello.replaces).filter(|token| token.namespace == caller.namespace());
        let (credentials, token) = ids::new_session(caller.namespace());
        let open = Open {
            credentials,
            user: user.clone(),
            verified: identity.is_some(),
            display_name,
            metadata,
            kind,
            replaces: replaces.map(|token| token.credentials),
            source: caller.source(),
            request: ids::random_number(),
            grants: identity.map_or_else(nothing_stored, Identity::to_stored),
        };
        let opened = self.backend_of(caller).open(self.now(), open).wait().await;
        let attachment = opened.map_err(|error| (error, self.limits()))?;
        self.check_still_good(&*attachment, Some(&user), identity).await?;
        let outcome = if reset.is_some() { Outcome::Reset } else { Outcome::New };
        tracing::info!(
            namespace = caller.logged_namespace(),
            peer.id = attachment.peer().as_str(),
            transport = caller.transport,
            client = hello.client,
            resumable = hello.resumable,
            reset_reason = reset.map(Reason::as_str),
            address = self.logged_address(caller),
            "session opened"
        );
        let mut welcome = self.welcome(&*attachment, identity, token, outcome).await;
        welcome.reset_reason = reset.map(Reason::as_str).unwrap_or_default().into();
        let (identity, grants_version) = (caller.identity.clone(), attachment.grants_version());
        Ok(Opened { attachment, welcome, applied: 0, features: Features::default(), identity, grants_version })
    }

    /// Returns the caller's IP address if the configuration allows it in the log.
    pub(super) fn logged_address(&self, caller: &Caller) -> Option<impl tracing::Value + use<>> {
        let addr = caller.addr.filter(|_| self.inner.config.log_addresses)?;
        Some(tracing::field::display(addr.ip().to_canonical()))
    }

    async fn welcome(
        &self,
        attachment: &dyn Attachment,
        identity: Option<&Identity>,
        session_token: String,
        outcome: Outcome,
    ) -> pb::Welcome {
        let ice = self.ice_servers(&IceUser::of(identity, attachment.peer().as_str())).await;
        pb::Welcome {
            peer_id: attachment.peer().to_string(),
            session_token,
            epoch: attachment.epoch(),
            outcome: outcome.into(),
            reset_reason: String::new(),
            heartbeat_ms: self.session().heartbeat_ms,
            grace_ms: match attachment.kind() {
                SessionKind::Live => 0,
                SessionKind::Resumable { grace_ms } => grace_ms,
            },
            limits: Some(self.public_limits(false)),
            ice_servers: ice.servers,
            node: self.name().to_owned(),
            ice_expires_at: ice.expires_at_ms.map(frame::timestamp),
            features: Vec::new(),
            server_time: None,
        }
    }

    /// Returns the limits that clients are told. `rates`: also those that clients of version 0.1.0 do not know.
    fn public_limits(&self, rates: bool) -> pb::Limits {
        let size = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        pb::Limits {
            max_frame_bytes: size(self.session().max_frame_bytes),
            max_room_name_bytes: size(wigwag_hub::id::MAX_ROOM_NAME_BYTES),
            max_display_name_bytes: size(MAX_DISPLAY_NAME_BYTES),
            max_metadata_bytes: size(MAX_METADATA_BYTES),
            max_rooms: size(self.limits().rooms_per_session),
            max_members: self.limits().members,
            mailbox_frames: size(self.limits().mailbox_frames),
            mailbox_bytes: size(self.limits().mailbox_bytes),
            max_grace_ms: self.session().max_grace_ms,
            frames_per_second: self.limits().session_frames.per_second,
            rates: if rates { rate_limits(self.limits()) } else { Vec::new() },
        }
    }
}

/// Returns the rate limits that there are.
fn rate_limits(limits: &Limits) -> Vec<pb::RateLimit> {
    let limits = [
        (RateLimitKind::SessionFrames, limits.session_frames),
        (RateLimitKind::SessionBytes, limits.session_bytes),
        (RateLimitKind::SessionDeliveries, limits.session_deliveries),
        (RateLimitKind::SessionJoins, limits.session_joins),
        (RateLimitKind::RoomJoins, limits.room_joins),
        (RateLimitKind::RoomDeliveries, limits.room_deliveries),
        (RateLimitKind::UserOpens, limits.user_opens),
        (RateLimitKind::UserJoins, limits.user_joins),
    ];
    limits
        .into_iter()
        .filter(|(_, rate)| rate.is_limited())
        .map(|(kind, Rate { per_second, burst })| pb::RateLimit { name: setting_of(kind).into(), per_second, burst })
        .collect()
}

/// Checks the length of what says which software the client is.
fn check_client(hello: &pb::Hello) -> Result<(), ApiError> {
    if hello.client.len() > MAX_DISPLAY_NAME_BYTES {
        return Err(ApiError::invalid("hello.client", too_long(hello.client.len())));
    }
    Ok(())
}

/// Returns what the webhook is told of a client that opens or resumes a session.
fn connect<'a>(caller: &'a Caller, hello: &'a pb::Hello) -> Connect<'a> {
    Connect { client: &hello.client, ..Connect::new(caller, &hello.user_id) }
}

/// Checks a display name or user id: at most 128 bytes without control characters. May be empty.
pub fn check_label(field: &'static str, text: &str) -> Result<(), ApiError> {
    if text.len() > MAX_DISPLAY_NAME_BYTES {
        return Err(ApiError::invalid(field, too_long(text.len())));
    }
    if text.chars().any(char::is_control) {
        return Err(ApiError::invalid(field, "contains a control character: remove it"));
    }
    Ok(())
}

fn too_long(bytes: usize) -> String {
    format!("is {bytes} bytes long: use at most {MAX_DISPLAY_NAME_BYTES}")
}
