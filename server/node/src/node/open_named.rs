//! Opens sessions for clients of the compatibility protocols, which may choose their own peer ids.

use std::sync::Arc;

use wigwag_hub::{
    Attachment, PeerId, Reason,
    backend::{Credentials, Open},
    member::Metadata,
    session::SessionKind,
};

use super::{
    Node, check_label,
    ids::{digest, new_session, random_number},
};
use crate::{
    auth::{Action, Caller, Identity, Ticket, nothing_stored},
    error::ApiError,
};

/// A request for a session with a given peer id. Such a session is never resumable.
#[derive(Clone, Debug)]
pub struct OpenNamed {
    /// The session's peer id. Opening fails with PEER_ID_TAKEN if another session has it.
    pub peer: PeerId,
    /// A secret chosen by the client. Anyone who knows it may end the session with [`Node::replace`].
    pub secret: Option<String>,
    /// The user id, which must be unique within the compatibility protocol. May be empty.
    pub user: String,
    /// The display name.
    pub display_name: String,
    /// The ticket that admits the client. Needed if the server requires tokens; its user id takes the place of `user`.
    pub ticket: Option<Ticket>,
}

impl Node {
    /// Opens a session with a given peer id.
    ///
    /// # Errors
    ///
    /// When the policy forbids it, a field is invalid, the peer id is taken, or the node is draining or full.
    pub async fn open_named(&self, caller: &Caller, request: OpenNamed) -> Result<Arc<dyn Attachment>, ApiError> {
        let identity = request.ticket.map(|ticket| ticket.identity);
        let caller = &Caller { identity: identity.clone(), token: None, ..caller.clone() };
        self.policy().allow(caller, Action::Open, None)?;
        if self.draining() {
            return Err(ApiError::draining());
        }
        for (field, text) in [("name", &request.display_name), ("user id", &request.user)] {
            check_label(field, text)?;
        }
        let secret_digest = match &request.secret {
            Some(secret) => digest(secret),
            // The digest of a random secret that no client has.
            None => new_session().0.secret_digest,
        };
        let open = Open {
            credentials: Credentials { peer: request.peer, secret_digest },
            verified: identity.is_some() || !request.user.is_empty(),
            user: identity.as_ref().map_or_else(|| request.user.into(), |identity| identity.user.clone()),
            display_name: request.display_name.into(),
            metadata: Metadata::default(),
            kind: SessionKind::Live,
            replaces: None,
            source: caller.source(),
            request: random_number(),
            grants: identity.as_deref().map_or_else(nothing_stored, Identity::to_stored),
        };
        let attachment = self.backend().open(self.now(), open).wait().await.map_err(|error| (error, self.limits()))?;
        if let Some(identity) = &identity {
            self.check_still_good(&*attachment, identity).await?;
        }
        let peer = attachment.peer().as_str();
        // Such ids begin with the name of the protocol.
        let transport = peer.split(':').next().unwrap_or_default();
        let address = self.logged_address(caller);
        tracing::info!(peer.id = peer, transport, resumable = false, address, "session opened");
        Ok(attachment)
    }

    /// Ends the session with this peer id if `secret` matches, so that its client can open it anew. Returns whether it
    /// did.
    ///
    /// # Errors
    ///
    /// When the backend's store does not answer.
    pub async fn replace(&self, peer: &PeerId, secret: &str) -> Result<bool, ApiError> {
        let credentials = Credentials { peer: peer.clone(), secret_digest: digest(secret) };
        Ok(self.backend().end_session(self.now(), &credentials, Reason::Replaced).wait().await?)
    }
}
