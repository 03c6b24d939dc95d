//! Sessions for clients of the compatibility dialects, who may choose their own names.

use std::sync::Arc;

use wigwag_hub::{
    Attachment, PeerId, Reason,
    backend::{Credentials, Open},
    member::Metadata,
    session::Grade,
};

use super::{
    Node, check_label,
    secret::{digest, new_session},
};
use crate::{
    authz::{Action, Caller},
    fault::Fault,
};

/// A client that wants a session of its own making. Never resumable.
#[derive(Clone, Debug)]
pub(crate) struct Visitor {
    /// The peer id it gets; [`Fault`] PEER_ID_TAKEN when somebody has it.
    pub(crate) peer: PeerId,
    /// A secret of the client's: whoever knows it may take the session over with [`Node::replace`].
    pub(crate) secret: Option<String>,
    /// Who it says it is. Within a dialect the name is the client's alone; empty when it has none.
    pub(crate) user: String,
    /// Name for people.
    pub(crate) display_name: String,
}

impl Node {
    /// Opens a visitor's session.
    pub(crate) async fn visit(&self, caller: &Caller, visitor: Visitor) -> Result<Arc<dyn Attachment>, Fault> {
        self.policy().allow(caller, Action::Open, None)?;
        if self.draining() {
            return Err(Fault::draining());
        }
        for (field, text) in [("name", &visitor.display_name), ("user id", &visitor.user)] {
            check_label(field, text)?;
        }
        let secret_digest = match &visitor.secret {
            Some(secret) => digest(secret),
            // Nobody has it.
            None => new_session().0.secret_digest,
        };
        let open = Open {
            credentials: Credentials { peer: visitor.peer, secret_digest },
            verified: !visitor.user.is_empty(),
            user: visitor.user.into(),
            display_name: visitor.display_name.into(),
            metadata: Metadata::default(),
            grade: Grade::Live,
        };
        let attachment = self.backend().open(self.now(), open).wait().await?;
        tracing::info!(peer.id = %attachment.peer(), resumable = false, "session opened");
        Ok(attachment)
    }

    /// Ends the session of this name if the secret is its own, so that its client can have the name again.
    pub(crate) async fn replace(&self, peer: &PeerId, secret: &str) -> bool {
        let credentials = Credentials { peer: peer.clone(), secret_digest: digest(secret) };
        self.backend().end_session(self.now(), &credentials, Reason::Replaced).wait().await
    }
}
