//! Opens sessions for clients of the compatibility protocols, which may choose their own peer ids.

use std::{fmt, sync::Arc};

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
#[derive(Clone)]
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

impl fmt::Debug for OpenNamed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenNamed").field("peer", &self.peer).finish_non_exhaustive()
    }
}

impl Node {
    /// Opens a session with a given peer id.
    ///
    /// # Errors
    ///
    /// When the policy forbids it, a field is invalid, the peer id is taken, or the node is draining or full.
    pub async fn open_named(&self, caller: &Caller, request: OpenNamed) -> Result<Arc<dyn Attachment>, ApiError> {
        self.check_opens(caller)?;
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
            None => new_session("").0.secret_digest,
        };
        let verified = identity.is_some() || !request.user.is_empty();
        let user: Arc<str> = identity.as_ref().map_or_else(|| request.user.into(), |identity| identity.user.clone());
        self.policy().check_user(caller.namespace(), &user)?;
        let open = Open {
            credentials: Credentials { peer: request.peer, secret_digest },
            verified,
            user: user.clone(),
            display_name: request.display_name.into(),
            metadata: Metadata::default(),
            kind: SessionKind::Live,
            replaces: None,
            source: caller.source(),
            request: random_number(),
            grants: identity.as_deref().map_or_else(nothing_stored, Identity::to_stored),
        };
        let opened = self.backend_of(caller).open(self.now(), open).wait().await;
        let attachment = opened.map_err(|error| (error, self.limits()))?;
        self.check_still_good(&*attachment, Some(&user), identity.as_deref()).await?;
        let peer = attachment.peer().as_str();
        // Such ids begin with the name of the protocol.
        let transport = peer.split(':').next().unwrap_or_default();
        let address = self.logged_address(caller);
        let namespace = caller.logged_namespace();
        tracing::info!(namespace, peer.id = peer, transport, resumable = false, address, "session opened");
        Ok(attachment)
    }

    /// Ends the session with the peer id of a request if its secret matches, so that its client can open it anew: the one in
    /// the namespace of its ticket. Returns whether it did.
    ///
    /// # Errors
    ///
    /// When the backend's store does not answer.
    pub async fn replace(&self, request: &OpenNamed) -> Result<bool, ApiError> {
        let secret = request.secret.as_deref().unwrap_or_default();
        let credentials = Credentials { peer: request.peer.clone(), secret_digest: digest(secret) };
        let namespace = request.ticket.as_ref().map_or("", |ticket| ticket.identity.namespace());
        Ok(self.backend_in(namespace).end_session(self.now(), &credentials, Reason::Replaced).wait().await?)
    }
}
