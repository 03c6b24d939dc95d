//! `wigwag.v1.AdminService`: what an operator does to a server.

use std::{sync::Arc, time::Duration};

use wigwag_hub::{Reason, backend::Whose};
use wigwag_proto::v1 as pb;

use crate::{
    audit::AuditLine,
    auth::{Action, Caller, Revoked, UserKey},
    connection::peer_id,
    error::ApiError,
    frame,
    node::{Node, check_label},
};

/// For how long a revocation is remembered if the request does not say.
const DEFAULT_REVOCATION: Duration = Duration::from_hours(24);

/// Longest id of a token, in bytes.
const MAX_TOKEN_ID_BYTES: usize = wigwag_token::MAX_ID_BYTES;

/// Longest issuer of a token, in bytes.
const MAX_ISSUER_BYTES: usize = wigwag_token::MAX_ID_BYTES;

/// The methods of `AdminService`, for every API that offers them. Each reaches the namespace of the caller's token. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Admin {
    node: Node,
}

impl Admin {
    /// Creates the service of a node.
    pub fn new(node: Node) -> Self {
        Self { node }
    }

    fn admit(&self, caller: &Caller) -> Result<(), ApiError> {
        self.node.policy().allow(caller, Action::Admin, None)
    }

    /// Ends a session without its secret.
    pub async fn end_session(
        &self,
        caller: &Caller,
        end: pb::EndSessionRequest,
    ) -> Result<pb::EndSessionResponse, ApiError> {
        let caller = self.node.identify(caller).await?;
        let line = AuditLine::new(&self.node, "EndSession", &caller).peer(&end.peer_id);
        line.outcome(self.end_session_as(&caller, end).await)
    }

    async fn end_session_as(
        &self,
        caller: &Caller,
        end: pb::EndSessionRequest,
    ) -> Result<pb::EndSessionResponse, ApiError> {
        self.admit(caller)?;
        let peer = peer_id("peer_id", &end.peer_id)?;
        let backend = self.node.backend_of(caller);
        let ended = backend.revoke(self.node.now(), &Whose::Peer(peer), Reason::Ended).wait().await?;
        if ended == 0 {
            return Err(wigwag_hub::error::FindError::UnknownSession.into());
        }
        Ok(pb::EndSessionResponse {})
    }

    /// Refuses tokens from now on, and ends the sessions that were opened with them.
    pub async fn revoke(&self, caller: &Caller, revoke: pb::RevokeRequest) -> Result<pb::RevokeResponse, ApiError> {
        let caller = self.node.identify(caller).await?;
        let line = AuditLine::new(&self.node, "Revoke", &caller).user(&revoke.user_id);
        line.outcome_of(self.revoke_as(&caller, revoke).await, |revoked| Some(revoked.sessions))
    }

    async fn revoke_as(&self, caller: &Caller, revoke: pb::RevokeRequest) -> Result<pb::RevokeResponse, ApiError> {
        self.admit(caller)?;
        if !revoke.issuer.is_empty() && revoke.token_id.is_empty() {
            return Err(ApiError::invalid("issuer", "is for token_id only: leave it out"));
        }
        let (revoked, whose) = match (revoke.user_id.as_str(), revoke.token_id.as_str()) {
            (user, "") if !user.is_empty() => {
                check_label("user_id", user)?;
                (Revoked::User(UserKey::new(caller.namespace(), user)), Whose::User(user.into()))
            }
            ("", id) if !id.is_empty() => {
                if id.len() > MAX_TOKEN_ID_BYTES {
                    let why = format!("is {} bytes long: use at most {MAX_TOKEN_ID_BYTES}", id.len());
                    return Err(ApiError::invalid("token_id", why));
                }
                if revoke.issuer.len() > MAX_ISSUER_BYTES {
                    let why = format!("is {} bytes long: use at most {MAX_ISSUER_BYTES}", revoke.issuer.len());
                    return Err(ApiError::invalid("issuer", why));
                }
                let id = Arc::<str>::from(id);
                let issuer = Some(revoke.issuer.as_str()).filter(|issuer| !issuer.is_empty()).map(Arc::<str>::from);
                let namespace = caller.namespace().into();
                (Revoked::Token { namespace, id: id.clone(), issuer: issuer.clone() }, Whose::Token { id, issuer })
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
        let ended = self.node.backend_of(caller).revoke(self.node.now(), &whose, Reason::Forbidden).wait().await?;
        Ok(pb::RevokeResponse { sessions: count(ended) })
    }

    /// Ends the sessions of a user, and forgets what is kept of it.
    pub async fn erase_user(
        &self,
        caller: &Caller,
        erase: pb::EraseUserRequest,
    ) -> Result<pb::EraseUserResponse, ApiError> {
        let caller = self.node.identify(caller).await?;
        let line = AuditLine::new(&self.node, "EraseUser", &caller).user(&erase.user_id);
        line.outcome_of(self.erase_user_as(&caller, &erase.user_id).await, |erased| Some(erased.sessions))
    }

    async fn erase_user_as(&self, caller: &Caller, user: &str) -> Result<pb::EraseUserResponse, ApiError> {
        self.admit(caller)?;
        if user.is_empty() {
            return Err(ApiError::invalid("user_id", "is missing: set the user to erase"));
        }
        check_label("user_id", user)?;
        // First: no session is opened with them after the others were ended.
        let tickets = self.node.policy().erase_tickets(&UserKey::new(caller.namespace(), user));
        let erased = self.node.backend_of(caller).erase(self.node.now(), &user.into()).wait().await?;
        Ok(pb::EraseUserResponse {
            sessions: count(erased.sessions),
            memberships: count(erased.memberships),
            frames: count(erased.frames),
            events: count(erased.events),
            tickets: count(tickets),
            responses: count(erased.responses),
        })
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
