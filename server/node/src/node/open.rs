//! How a connection gets its session: a new one, or one to resume.

use std::sync::Arc;

use wigwag_hub::{
    Attachment, Reason,
    backend::{Open, Resume},
    error::ResumeError,
    member::{MAX_DISPLAY_NAME_BYTES, MAX_METADATA_BYTES, Metadata},
    session::SessionKind,
};
use wigwag_proto::v1::{self as pb, welcome::Outcome};

use super::{Node, credentials, ids};
use crate::{
    auth::{Action, Caller},
    error::ApiError,
};

/// A connection's session.
pub struct Opened {
    pub attachment: Arc<dyn Attachment>,
    pub welcome: pb::Welcome,
    /// The last client frame that took effect: `ack` of the welcome.
    pub applied: u32,
}

impl Node {
    /// Answers a hello.
    pub async fn open(&self, caller: &Caller, hello: pb::Hello) -> Result<Opened, ApiError> {
        self.policy().allow(caller, Action::Open, None)?;
        if hello.client.len() > MAX_DISPLAY_NAME_BYTES {
            return Err(ApiError::invalid("hello.client", "is longer than 128 bytes"));
        }
        match hello.resume {
            Some(ref resume) => match self.resume(resume).await? {
                Ok(opened) => Ok(opened),
                Err(reason) => self.create(hello, Some(reason)).await,
            },
            None => self.create(hello, None).await,
        }
    }

    /// Resumes a session; the inner error is why there is none to resume.
    async fn resume(&self, resume: &pb::Resume) -> Result<Result<Opened, Reason>, ApiError> {
        let Some(credentials) = credentials(&resume.session_token) else { return Ok(Err(Reason::UnknownSession)) };
        let request = Resume {
            credentials,
            epoch: resume.epoch,
            last_seq: resume.last_seq,
            room_versions: resume.room_versions.iter().map(|(room, version)| (room.clone(), *version)).collect(),
        };
        match self.backend().resume(self.now(), request).wait().await {
            Ok(resumed) => {
                let peer = resumed.attachment.peer();
                tracing::info!(peer.id = %peer, epoch = resumed.attachment.epoch(), "session resumed");
                let welcome = self.welcome(&*resumed.attachment, resume.session_token.clone(), Outcome::Resumed);
                Ok(Ok(Opened { attachment: resumed.attachment, welcome, applied: resumed.applied }))
            }
            Err(ResumeError::Reset(reason)) => Ok(Err(reason)),
            Err(error @ ResumeError::Superseded) => Err(error.into()),
        }
    }

    async fn create(&self, hello: pb::Hello, reset: Option<Reason>) -> Result<Opened, ApiError> {
        if self.draining() {
            return Err(ApiError::draining());
        }
        for (field, text) in [("hello.display_name", &hello.display_name), ("hello.user_id", &hello.user_id)] {
            check_label(field, text)?;
        }
        let metadata = Metadata::parse(hello.metadata)?;
        if let Some(replaced) = credentials(&hello.replaces) {
            self.backend().end_session(self.now(), &replaced, Reason::Replaced).wait().await;
        }
        let session = self.session();
        let kind = if hello.resumable {
            let asked = if hello.grace_ms == 0 { session.grace_ms } else { hello.grace_ms };
            SessionKind::Resumable { grace_ms: asked.min(session.max_grace_ms) }
        } else {
            SessionKind::Live
        };
        let (credentials, token) = ids::new_session();
        let open = Open {
            credentials,
            user: hello.user_id.into(),
            verified: false,
            display_name: hello.display_name.into(),
            metadata,
            kind,
        };
        let attachment = self.backend().open(self.now(), open).wait().await?;
        let outcome = if reset.is_some() { Outcome::Reset } else { Outcome::New };
        tracing::info!(peer.id = %attachment.peer(), resumable = hello.resumable, reset = ?reset, "session opened");
        let mut welcome = self.welcome(&*attachment, token, outcome);
        welcome.reset_reason = reset.map(Reason::as_str).unwrap_or_default().into();
        Ok(Opened { attachment, welcome, applied: 0 })
    }

    fn welcome(&self, attachment: &dyn Attachment, session_token: String, outcome: Outcome) -> pb::Welcome {
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
            limits: Some(self.public_limits()),
            ice_servers: self.ice_servers(),
            node: self.name().to_owned(),
            ice_expires_at: None,
        }
    }

    fn public_limits(&self) -> pb::Limits {
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
        }
    }
}

/// A display name or user id: at most 128 bytes, no control characters. May be empty.
pub fn check_label(field: &'static str, text: &str) -> Result<(), ApiError> {
    if text.len() > MAX_DISPLAY_NAME_BYTES {
        return Err(ApiError::invalid(field, "is longer than 128 bytes"));
    }
    if text.chars().any(char::is_control) {
        return Err(ApiError::invalid(field, "holds a control character"));
    }
    Ok(())
}
