//! `wigwag.v1.AdminService`: what an operator does to a server.

use std::{sync::Arc, time::Duration};

use wigwag_hub::{
    PeerId, Reason,
    backend::{SessionFilter, Whose},
    error::StoreError,
};
use wigwag_proto::v1 as pb;

use crate::{
    auth::{Action, Caller, Identity, Revoked},
    connection::peer_id,
    error::ApiError,
    frame,
    node::{Node, check_label},
};

/// For how long a revocation is remembered if the request does not say.
const DEFAULT_REVOCATION: Duration = Duration::from_hours(24);

/// Sessions that are looked at in one step.
const PAGE: usize = 1_000;

/// Longest id of a token, in bytes.
const MAX_TOKEN_ID_BYTES: usize = wigwag_token::MAX_ID_BYTES;

/// The methods of `AdminService`, for every API that offers them. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Admin {
    node: Node,
}

impl Admin {
    /// Creates the service of a node.
    pub fn new(node: Node) -> Self {
        Self { node }
    }

    async fn identify(&self, caller: &Caller) -> Result<Caller, ApiError> {
        let caller = self.node.identify(caller).await?;
        self.node.policy().allow(&caller, Action::Admin, None)?;
        Ok(caller)
    }

    /// Ends a session without its secret.
    pub async fn end_session(
        &self,
        caller: &Caller,
        end: pb::EndSessionRequest,
    ) -> Result<pb::EndSessionResponse, ApiError> {
        let caller = self.identify(caller).await?;
        let peer = peer_id("peer_id", &end.peer_id)?;
        let ended =
            self.node.backend().revoke(self.node.now(), &Whose::Peer(peer.clone()), Reason::Ended).wait().await?;
        if ended == 0 {
            return Err(wigwag_hub::error::FindError::UnknownSession.into());
        }
        log_call("EndSession", &caller, Some(peer.as_str()), ended);
        Ok(pb::EndSessionResponse {})
    }

    /// Refuses tokens from now on, and ends the sessions that were opened with them.
    pub async fn revoke(&self, caller: &Caller, revoke: pb::RevokeRequest) -> Result<pb::RevokeResponse, ApiError> {
        let caller = self.identify(caller).await?;
        let revoked = match (revoke.user_id.as_str(), revoke.token_id.as_str()) {
            (user, "") if !user.is_empty() => {
                check_label("user_id", user)?;
                Revoked::User(user.into())
            }
            ("", id) if !id.is_empty() => {
                if id.len() > MAX_TOKEN_ID_BYTES {
                    let why = format!("is {} bytes long: use at most {MAX_TOKEN_ID_BYTES}", id.len());
                    return Err(ApiError::invalid("token_id", why));
                }
                Revoked::Id(id.into())
            }
            _ => return Err(ApiError::invalid("user_id", "or token_id must be set, and not both: set one of them")),
        };
        let now = self.node.now();
        let until_ms = match &revoke.until {
            None => now.unix_ms + u64::try_from(DEFAULT_REVOCATION.as_millis()).unwrap_or(u64::MAX),
            Some(until) => {
                let ms = frame::unix_ms(until);
                if ms <= now.unix_ms {
                    return Err(ApiError::invalid(
                        "until",
                        "is not in the future: set the last expiry of these tokens",
                    ));
                }
                ms
            }
        };
        // First: no session is opened with them after the others were ended.
        self.node.policy().revoke(&revoked, now.unix_ms, until_ms)?;
        let ended = match &revoked {
            Revoked::User(user) => {
                let whose = Whose::User(user.clone());
                self.node.backend().revoke(self.node.now(), &whose, Reason::Forbidden).wait().await?
            }
            Revoked::Id(id) => self.end_sessions_of_token(id).await?,
        };
        log_call("Revoke", &caller, None, ended);
        Ok(pb::RevokeResponse { sessions: u32::try_from(ended).unwrap_or(u32::MAX) })
    }

    async fn end_sessions_of_token(&self, id: &Arc<str>) -> Result<usize, StoreError> {
        let (mut after, mut ended): (Option<PeerId>, usize) = (None, 0);
        loop {
            let page = self.node.backend().sessions(&SessionFilter::default(), after.as_ref(), PAGE).wait().await?;
            let more = page.len() >= PAGE;
            after = page.last().map(|session| session.peer.clone());
            for session in page {
                if Identity::from_stored(&session.grants)
                    .is_some_and(|identity| identity.claims.id.as_ref() == Some(id))
                {
                    let whose = Whose::Peer(session.peer);
                    ended += self.node.backend().revoke(self.node.now(), &whose, Reason::Forbidden).wait().await?;
                }
            }
            if !more {
                return Ok(ended);
            }
        }
    }
}

/// Logs a call that has changed something, with who made it.
fn log_call(call: &'static str, caller: &Caller, peer: Option<&str>, sessions: usize) {
    let admin = caller.identity.as_ref().map(|identity| &*identity.user);
    tracing::info!(call, user.id = admin, peer.id = peer, sessions, "AdminService call");
}
