//! The rules of a server.

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use wigwag_hub::{RoomName, error::RoomError};
use wigwag_token::{Claims, TokenError, TokenErrorKind};

use super::{
    Action, BearerToken, Caller, ClientCertificate, Connect, Denied, Identity, Revoked, Ticket, TicketError,
    TicketRequest, UserKey, Webhook, deny_list::DenyList, revocations::Revocations, tickets::Tickets,
};
use crate::error::ApiError;

/// Verifies tokens.
pub trait Authenticate: fmt::Debug + Send + Sync + 'static {
    /// Returns the claims of a token that is good at this time. May wait for the keys of its issuer.
    fn verify<'a>(
        &'a self,
        token: &'a str,
        now_unix_ms: u64,
    ) -> Pin<Box<dyn Future<Output = Result<Claims, TokenError>> + Send + 'a>>;

    /// Returns who the owner of a verified certificate is, as the claims of a token would say it: they expire with the
    /// certificate. `None` if no name of it is known.
    fn claims_of(&self, certificate: &ClientCertificate) -> Option<Claims>;
}

/// The rules of a server.
#[derive(Clone, Debug)]
pub struct Policy {
    direct_messages: bool,
    tokens: Option<Tokens>,
    deny_list: Arc<DenyList>,
}

/// The rules of a server that requires tokens.
#[derive(Clone, Debug)]
struct Tokens {
    authenticator: Arc<dyn Authenticate>,
    revocations: Arc<Revocations>,
    tickets: Arc<Tickets>,
    webhook: Option<Webhook>,
}

impl Policy {
    /// Creates the policy of a server without authentication.
    pub fn open(direct_messages: bool) -> Self {
        Self { direct_messages, tokens: None, deny_list: Arc::default() }
    }

    /// Creates the policy of a server that requires tokens.
    pub fn with_tokens(direct_messages: bool, authenticator: Arc<dyn Authenticate>) -> Self {
        let tokens = Tokens { authenticator, revocations: Arc::default(), tickets: Arc::default(), webhook: None };
        Self { direct_messages, tokens: Some(tokens), deny_list: Arc::default() }
    }

    /// Has a webhook asked about clients. Without authentication there is none.
    #[must_use]
    pub fn with_webhook(mut self, webhook: Option<Webhook>) -> Self {
        if let Some(tokens) = &mut self.tokens {
            tokens.webhook = webhook;
        }
        self
    }

    /// Returns the webhook.
    pub fn webhook(&self) -> Option<&Webhook> {
        self.tokens.as_ref()?.webhook.as_ref()
    }

    /// Returns whether the server requires tokens.
    pub fn requires_tokens(&self) -> bool {
        self.tokens.is_some()
    }

    /// Verifies a token or, without one, looks up the certificate of the connection: a token that is refused is not made good by
    /// a certificate. `None` without authentication, where neither is looked at. If there is a webhook, it is asked about a
    /// client that `connect`s and has neither, or about each that does.
    ///
    /// # Errors
    ///
    /// TOKEN_MISSING, TOKEN_EXPIRED, TOKEN_INVALID; FORBIDDEN if the user is denied, or the webhook says so;
    /// KEYS_UNAVAILABLE, WEBHOOK_UNAVAILABLE.
    pub async fn authenticate(
        &self,
        token: Option<&BearerToken>,
        certificate: Option<&ClientCertificate>,
        connect: Option<Connect<'_>>,
        now_unix_ms: u64,
    ) -> Result<Option<Arc<Identity>>, ApiError> {
        let Some(tokens) = &self.tokens else { return Ok(None) };
        let verified = match (token, certificate) {
            (Some(token), _) => Some(tokens.authenticator.verify(token.expose(), now_unix_ms).await.map_err(refused)?),
            (None, None) => None,
            (None, Some(certificate)) => {
                let claims = tokens.authenticator.claims_of(certificate);
                // The handshake has checked it, but the connection may be older than its end.
                if claims.is_some() && certificate.not_after_ms <= now_unix_ms {
                    return Err(ApiError::token_expired(
                        "the certificate of this connection has expired: connect again with another one",
                    ));
                }
                claims
            }
        };
        let by_certificate = certificate.filter(|_| token.is_none() && verified.is_some());
        let webhook = tokens.webhook.as_ref().filter(|webhook| webhook.always || verified.is_none());
        let claims = match (webhook.zip(connect), verified) {
            (Some((webhook, connect)), verified) => {
                if let Some(claims) = &verified {
                    // Before others are asked about it.
                    self.check_claims(claims, now_unix_ms)?;
                }
                webhook.connect(connect, verified, now_unix_ms).await?
            }
            (None, Some(claims)) => claims,
            (None, None) if certificate.is_some() => return Err(ApiError::certificate_unknown()),
            (None, None) => return Err(ApiError::token_missing()),
        };
        self.check_claims(&claims, now_unix_ms)?;
        let mut identity = Identity::of(&claims);
        if let Some(certificate) = by_certificate {
            // To the second, as the handshake takes it: the leeway is for clocks of those who sign tokens.
            identity.expires_at_ms = identity.expires_at_ms.min(certificate.not_after_ms);
        }
        Ok(Some(Arc::new(identity)))
    }

    /// Checks that claims are not revoked, and not those of a denied user.
    fn check_claims(&self, claims: &Claims, now_unix_ms: u64) -> Result<(), ApiError> {
        self.check_revoked(&Identity::of(claims), now_unix_ms)?;
        self.check_user(&claims.namespace, &claims.subject)
    }

    /// Asks the webhook whether a session may enter a room, if it is asked about joins.
    ///
    /// # Errors
    ///
    /// FORBIDDEN; WEBHOOK_UNAVAILABLE.
    pub async fn allow_join(&self, caller: &Caller, room: &RoomName, now_unix_ms: u64) -> Result<(), ApiError> {
        match self.webhook() {
            Some(webhook) if webhook.joins => webhook.join(caller, room, now_unix_ms).await,
            _ => Ok(()),
        }
    }

    /// Checks that the token of a session has not been revoked.
    ///
    /// # Errors
    ///
    /// TOKEN_INVALID.
    pub fn check_revoked(&self, identity: &Identity, now_unix_ms: u64) -> Result<(), ApiError> {
        match &self.tokens {
            Some(tokens) if tokens.revocations.contains(identity, now_unix_ms) => {
                Err(ApiError::token_invalid("the token was revoked: get another one from the application's server"))
            }
            _ => Ok(()),
        }
    }

    /// Replaces the list of users and rooms that are denied. Returns those that were not in it before: what they have is not
    /// ended.
    pub(crate) fn deny(&self, denied: Denied) -> Denied {
        self.deny_list.replace(denied)
    }

    /// Checks that a user of a namespace is not denied. An empty user id is not one.
    ///
    /// # Errors
    ///
    /// FORBIDDEN.
    pub fn check_user(&self, namespace: &str, user: &str) -> Result<(), ApiError> {
        self.deny_list.check_user(namespace, user)
    }

    /// Checks that a room of a namespace may be created or joined.
    ///
    /// # Errors
    ///
    /// FORBIDDEN if it is denied.
    pub(crate) fn check_room(&self, namespace: &str, room: &RoomName) -> Result<(), ApiError> {
        self.deny_list.check_room(namespace, room)
    }

    /// Returns how often a user or a room was refused because it is denied.
    pub fn denied_total(&self) -> u64 {
        self.deny_list.refused()
    }

    /// Refuses these tokens until `until_unix_ms`. The sessions that were opened with them are not ended.
    ///
    /// # Errors
    ///
    /// UNIMPLEMENTED without authentication, LIMIT_EXCEEDED if too many are remembered.
    pub fn revoke(&self, revoked: &Revoked, now_unix_ms: u64, until_unix_ms: u64) -> Result<(), ApiError> {
        let Some(tokens) = &self.tokens else {
            return Err(ApiError::unimplemented(
                "this server runs without authentication: there are no tokens to revoke",
            ));
        };
        if tokens.revocations.add(revoked, now_unix_ms, until_unix_ms) {
            tokens.tickets.remove(revoked);
            Ok(())
        } else {
            Err(ApiError::revocations_exhausted())
        }
    }

    /// Forgets the tickets of a user. Returns how many there were.
    pub(crate) fn erase_tickets(&self, user: &UserKey) -> usize {
        self.tokens.as_ref().map_or(0, |tokens| tokens.tickets.erase(user))
    }

    /// Adds a ticket with this secret. Returns the secret that admits, which is an earlier one if the request is repeated, and
    /// when it expires.
    ///
    /// # Errors
    ///
    /// UNIMPLEMENTED without authentication, LIMIT_EXCEEDED, INVALID_FIELD.
    pub(crate) fn add_ticket(
        &self,
        secret: String,
        ticket: Ticket,
        request: Option<TicketRequest>,
        now_unix_ms: u64,
    ) -> Result<(String, u64), ApiError> {
        let Some(tokens) = &self.tokens else {
            return Err(ApiError::unimplemented("this server runs without authentication: tickets are not needed"));
        };
        tokens.tickets.add(secret, ticket, request, now_unix_ms).map_err(|error| match error {
            TicketError::Exhausted => ApiError::tickets_exhausted(),
            TicketError::RequestIdReused => RoomError::RequestIdReused.into(),
        })
    }

    /// Returns whom the ticket of a client admits to a compatibility protocol. `None` without authentication.
    ///
    /// # Errors
    ///
    /// TOKEN_MISSING, TOKEN_INVALID; FORBIDDEN if its user is denied.
    pub fn admit_ticket(&self, caller: &Caller, protocol: &str, now_unix_ms: u64) -> Result<Option<Ticket>, ApiError> {
        let Some(tokens) = &self.tokens else { return Ok(None) };
        let secret = caller.token.as_ref().ok_or_else(ApiError::ticket_missing)?;
        let ticket = tokens.tickets.find(secret.expose(), now_unix_ms).filter(|ticket| ticket.protocol == protocol);
        let ticket = ticket.ok_or_else(|| {
            ApiError::token_invalid(
                "no such ticket, or it has expired or is for another protocol: get another one with \
                 RoomService.CreateTicket",
            )
        })?;
        self.check_user(ticket.identity.namespace(), &ticket.identity.user)?;
        Ok(Some(ticket))
    }

    /// Checks whether `caller` may do `action`, in that room if one is concerned. Does not check whether the room
    /// exists.
    ///
    /// # Errors
    ///
    /// FORBIDDEN, with the remedy in the message; TOKEN_MISSING.
    pub fn allow(&self, caller: &Caller, action: Action, room: Option<&RoomName>) -> Result<(), ApiError> {
        // Not for signals: a room that is denied has no members.
        if let (Action::Join | Action::Create, Some(room)) = (action, room) {
            self.check_room(caller.namespace(), room)?;
        }
        if action == Action::Direct && !self.direct_messages {
            return Err(ApiError::forbidden(
                "direct messages are disabled: join a room with the peer, or enable session.direct_messages",
            ));
        }
        if self.tokens.is_some() {
            let Some(identity) = &caller.identity else { return Err(ApiError::token_missing()) };
            return if identity.permits(action, room.map(RoomName::as_str)) {
                Ok(())
            } else {
                Err(ApiError::forbidden(action.not_granted()))
            };
        }
        match action {
            Action::Manage | Action::List | Action::Admin | Action::Operate if !caller.is_local() => {
                Err(ApiError::forbidden(
                    "without authentication RoomService accepts calls from this machine only: call it over loopback, as \
                 localhost or by IP address, without the headers of a proxy, or move it with room_service",
                ))
            }
            _ => Ok(()),
        }
    }

    /// Returns whether a caller that may list rooms sees this one.
    pub fn shows(&self, caller: &Caller, room: &RoomName) -> bool {
        self.tokens.is_none() || self.allow(caller, Action::List, Some(room)).is_ok()
    }
}

fn refused(error: TokenError) -> ApiError {
    match error.kind() {
        TokenErrorKind::Expired => ApiError::token_expired(error.to_string()),
        TokenErrorKind::KeysUnavailable => ApiError::keys_unavailable(error.to_string()),
        TokenErrorKind::NotYetValid | TokenErrorKind::Invalid | TokenErrorKind::UnknownKey => {
            ApiError::token_invalid(error.to_string())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::DeniedNames;

    fn from(addr: &str) -> Caller {
        Caller::new(Some(addr.parse().expect("an address")))
    }

    #[test]
    fn rooms_are_managed_from_this_machine_only() {
        let policy = Policy::open(true);
        for local in ["127.0.0.1:1", "127.8.9.1:1", "[::1]:1", "[::ffff:127.0.0.1]:1"] {
            assert!(policy.allow(&from(local), Action::Manage, None).is_ok(), "{local}");
        }
        for remote in ["192.0.2.1:1", "[2001:db8::1]:1", "[::ffff:192.0.2.1]:1"] {
            let error = policy.allow(&from(remote), Action::Manage, None).expect_err(remote);
            assert_eq!(error.reason, "FORBIDDEN");
            assert!(policy.allow(&from(remote), Action::Join, None).is_ok());
        }
        assert!(policy.allow(&Caller::default(), Action::Manage, None).is_err());
        assert!(policy.allow(&from("127.0.0.1:1").through_proxy(true), Action::Manage, None).is_err());
    }

    #[test]
    fn denied_rooms_and_users_are_refused_and_what_is_new_is_named() {
        let policy = Policy::open(true);
        let names = |names: &[&'static str]| names.iter().map(|name| Arc::from(*name)).collect();
        let list = |users, rooms| Denied::from([("".into(), DeniedNames { users: names(users), rooms: names(rooms) })]);
        let denied = list(&["eve"], &["lobby"]);
        assert_eq!(policy.deny(denied.clone()), denied);
        let room = RoomName::parse("lobby").expect("a name");
        for action in [Action::Join, Action::Create] {
            assert_eq!(
                policy.allow(&from("127.0.0.1:1"), action, Some(&room)).expect_err("denied").reason,
                "FORBIDDEN"
            );
        }
        let is_denied = |namespace, user| policy.check_user(namespace, user).is_err();
        assert!(is_denied("", "eve") && !is_denied("", "ada") && !is_denied("", ""));
        assert!(
            !is_denied("team-1", "eve") && policy.check_room("team-1", &room).is_ok(),
            "those of another namespace"
        );
        assert_eq!(policy.denied_total(), 3);
        assert_eq!(policy.deny(list(&["eve", "mallory"], &[])), list(&["mallory"], &[]));
        assert!(policy.allow(&from("127.0.0.1:1"), Action::Join, Some(&room)).is_ok());
    }

    #[test]
    fn direct_messages_can_be_switched_off() {
        assert!(Policy::open(true).allow(&from("127.0.0.1:1"), Action::Direct, None).is_ok());
        assert!(Policy::open(false).allow(&from("127.0.0.1:1"), Action::Direct, None).is_err());
        assert!(Policy::open(false).allow(&from("127.0.0.1:1"), Action::DirectInScope, None).is_ok());
    }
}
