//! The webhook: an application's server that says who a client is and what it may do.

use std::{fmt, future::Future, net::IpAddr, pin::Pin, sync::Arc};

use wigwag_hub::RoomName;
use wigwag_token::Claims;

use super::{Caller, ClientHeaders, UserKey};
use crate::error::ApiError;

/// Asks the application's server.
pub trait AskWebhook: fmt::Debug + Send + Sync + 'static {
    /// Returns its answer. Takes a bounded time.
    fn ask<'a>(
        &'a self,
        question: Question<'a>,
        now_unix_ms: u64,
    ) -> Pin<Box<dyn Future<Output = Result<WebhookAnswer, WebhookUnavailable>> + Send + 'a>>;
}

/// What the webhook is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookEvent {
    /// A client opens a session, resumes one with a token or after its claims have expired, refreshes its claims, or requests
    /// the ICE servers without a session.
    Connect,
    /// A session enters a room, which it may create with that.
    Join,
}

/// What the webhook is told.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// What the client does.
    pub event: WebhookEvent,
    /// The user id. Empty if there is none.
    pub user: &'a str,
    /// The namespace of the user, if that is known: the one of its token, its certificate or an earlier answer. Empty by default.
    pub namespace: &'a str,
    /// Whether the user id is that of a token, a certificate or an earlier answer. Otherwise the client has named itself.
    pub verified: bool,
    /// The room of a join.
    pub room: Option<&'a str>,
    /// How the client reaches the server, such as `grpc`, `websocket` or `peerjs`.
    pub transport: &'a str,
    /// `hello.client`. Empty if there is none.
    pub client: &'a str,
    /// The address of the client, if the configuration allows to tell it.
    pub address: Option<IpAddr>,
    /// Those fields of its request that the configuration names. Not at a join.
    pub headers: Option<&'a ClientHeaders>,
}

/// What the webhook says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WebhookAnswer {
    /// The client may do it. With the claims that it has from now on, at a connect. They were issued when the webhook answered,
    /// however long that is remembered: `AdminService.Revoke` goes by the time of issue.
    Allowed(Option<Claims>),
    /// It may not. With a text for people, which may be empty.
    Denied(String),
}

/// The webhook does not answer, or not what it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WebhookUnavailable;

/// The webhook of a server, and when it is asked.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// What asks it.
    pub asks: Arc<dyn AskWebhook>,
    /// Whether it is asked about clients with a token or a certificate, too.
    pub always: bool,
    /// Whether it is asked at each join.
    pub joins: bool,
    /// Whether it is told the addresses of clients.
    pub addresses: bool,
    /// The fields of requests that it is told, in lower case.
    pub headers: Arc<[String]>,
}

/// A client that connects.
#[derive(Clone, Copy, Debug)]
pub struct Connect<'a> {
    /// Where it is.
    pub caller: &'a Caller,
    /// The protocol that it uses.
    pub transport: &'a str,
    /// The user id that it names, or that of its session.
    pub user: &'a str,
    /// Whether that is the user id of its session, which is verified.
    pub verified: bool,
    /// `hello.client`.
    pub client: &'a str,
}

impl<'a> Connect<'a> {
    /// Creates one of a client that names this user id.
    pub fn new(caller: &'a Caller, user: &'a str) -> Self {
        Self { caller, transport: caller.transport, user, verified: false, client: "" }
    }
}

impl Webhook {
    /// Asks about a client that connects. `verified`: the claims of its token or certificate. Returns those that it has from now
    /// on.
    ///
    /// # Errors
    ///
    /// FORBIDDEN; WEBHOOK_UNAVAILABLE.
    pub(super) async fn connect(
        &self,
        connect: Connect<'_>,
        verified: Option<Claims>,
        now_unix_ms: u64,
    ) -> Result<Claims, ApiError> {
        let namespace = match &verified {
            Some(claims) => claims.namespace.clone(),
            None if connect.verified => connect.caller.namespace().to_owned(),
            None => String::new(),
        };
        let question = Question {
            event: WebhookEvent::Connect,
            namespace: &namespace,
            user: verified.as_ref().map_or(connect.user, |claims| &claims.subject),
            verified: verified.is_some() || connect.verified,
            room: None,
            transport: connect.transport,
            client: connect.client,
            address: self.address(connect.caller),
            headers: connect.caller.headers.as_ref(),
        };
        let answer = self.asks.ask(question, now_unix_ms).await.map_err(|_| ApiError::webhook_unavailable())?;
        match (answer, verified) {
            (WebhookAnswer::Denied(reason), _) => Err(ApiError::webhook_denied(&reason)),
            (WebhookAnswer::Allowed(None), Some(claims)) => Ok(claims),
            // An answer that names no namespace is for the one of the question.
            (WebhookAnswer::Allowed(Some(claims)), None) => {
                Ok(Claims { namespace: either(claims.namespace, namespace), ..claims })
            }
            // The token stays what it is revoked by, and the session does not outlive it.
            (WebhookAnswer::Allowed(Some(answered)), Some(claims))
                if answered.subject == claims.subject && agree(&answered.namespace, &namespace) =>
            {
                Ok(Claims {
                    display_name: answered.display_name.or(claims.display_name),
                    expires_at_ms: answered.expires_at_ms.min(claims.expires_at_ms),
                    namespace: either(answered.namespace, namespace),
                    grants: answered.grants,
                    ..claims
                })
            }
            // It is not known who the client is, or two servers say different things.
            (WebhookAnswer::Allowed(_), _) => {
                tracing::debug!(
                    "the webhook's answer has no claims, or those of another user or namespace than the token's"
                );
                Err(ApiError::webhook_unavailable())
            }
        }
    }

    /// Asks whether a session may enter a room.
    ///
    /// # Errors
    ///
    /// FORBIDDEN; WEBHOOK_UNAVAILABLE.
    pub(super) async fn join(&self, caller: &Caller, room: &RoomName, now_unix_ms: u64) -> Result<(), ApiError> {
        let UserKey { namespace, user } = caller.subject();
        let question = Question {
            event: WebhookEvent::Join,
            namespace: &namespace,
            user: &user,
            verified: true,
            room: Some(room.as_str()),
            transport: caller.transport,
            client: "",
            address: self.address(caller),
            headers: None,
        };
        match self.asks.ask(question, now_unix_ms).await {
            Ok(WebhookAnswer::Allowed(_)) => Ok(()),
            Ok(WebhookAnswer::Denied(reason)) => Err(ApiError::webhook_denied(&reason)),
            Err(WebhookUnavailable) => Err(ApiError::webhook_unavailable()),
        }
    }

    fn address(&self, caller: &Caller) -> Option<IpAddr> {
        caller.addr.filter(|_| self.addresses).map(|addr| addr.ip().to_canonical())
    }
}

/// Returns whether a token and an answer may both hold: at most one of them names a namespace, or both the same.
fn agree(answered: &str, verified: &str) -> bool {
    answered.is_empty() || verified.is_empty() || answered == verified
}

/// Returns the namespace that is named.
fn either(answered: String, verified: String) -> String {
    if answered.is_empty() { verified } else { answered }
}
