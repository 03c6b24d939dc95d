//! Sessions for clients of the compatibility dialects, who may choose their own names.

use std::sync::Arc;

use wigwag_hub::{
    Attachment, PeerId, Reason,
    backend::{Credentials, Open},
    member::Metadata,
    session::SessionKind,
};

use super::{
    Node, check_label,
    ids::{digest, new_session},
};
use crate::{
    auth::{Action, Caller},
    error::ApiError,
};

/// A client that wants a session of its own making. Never resumable.
#[derive(Clone, Debug)]
pub struct OpenNamed {
    /// The peer id it gets; [`ApiError`] PEER_ID_TAKEN when somebody has it.
    pub peer: PeerId,
    /// A secret of the client's: whoever knows it may take the session over with [`Node::replace`].
    pub secret: Option<String>,
    /// Who it says it is. Within a dialect the name is the client's alone; empty when it has none.
    pub user: String,
    /// Name for people.
    pub display_name: String,
}

impl Node {
    /// Opens a visitor's session.
    pub async fn open_named(&self, caller: &Caller, request: OpenNamed) -> Result<Arc<dyn Attachment>, ApiError> {
        self.policy().allow(caller, Action::Open, None)?;
        if self.draining() {
            return Err(ApiError::draining());
        }
        for (field, text) in [("name", &request.display_name), ("user id", &request.user)] {
            check_label(field, text)?;
        }
        let secret_digest = match &request.secret {
            Some(secret) => digest(secret),
            // Nobody has it.
            None => new_session().0.secret_digest,
        };
        let open = Open {
            credentials: Credentials { peer: request.peer, secret_digest },
            verified: !request.user.is_empty(),
            user: request.user.into(),
            display_name: request.display_name.into(),
            metadata: Metadata::default(),
            kind: SessionKind::Live,
        };
        let attachment = self.backend().open(self.now(), open).wait().await?;
        tracing::info!(peer.id = %attachment.peer(), resumable = false, "session opened");
        Ok(attachment)
    }

    /// Ends the session of this name if the secret is its own, so that its client can have the name again.
    pub async fn replace(&self, peer: &PeerId, secret: &str) -> bool {
        let credentials = Credentials { peer: peer.clone(), secret_digest: digest(secret) };
        self.backend().end_session(self.now(), &credentials, Reason::Replaced).wait().await
    }
}
