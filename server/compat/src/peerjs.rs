//! PeerJS: the PeerServer protocol, so that `new Peer(id, {host, port, path: "/peerjs"})` works unchanged.
//!
//! The key of a client is its scope: peers of different keys do not see each other. Between PeerJS clients messages travel
//! unchanged; to and from other peers as descriptions and candidates ([`translate`]).

pub(crate) mod discovery;
mod retry_queue;
mod translate;

use std::fmt;

use axum::{
    Json, Router,
    extract::{FromRequestParts as _, Path, RawQuery, Request, State},
    http::{Extensions, HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::{any, get},
};
use serde_json::{Value, json};
use tokio::time::Instant;
use wigwag_hub::Reason;
use wigwag_net::{host::Hosts, websocket::WebSocketUpgrade};
use wigwag_node::{
    auth::{BearerToken, Caller},
    node::{Node, OpenNamed, random_uuid},
};
use wigwag_proto::v1::envelope::Payload;

use self::{
    discovery::{Realm, Registration},
    retry_queue::{DropReason, RetryQueue},
    translate::Calls,
};
use crate::{
    adapter::{Adapter, Object},
    context::CompatContext,
    error::CompatError,
    names::{Scope, looks_like_peer_id},
    payload,
    query::parameter,
    session::{ClientEvent, CompatSession},
    ticket::admit,
};

const NAME: &str = "peerjs";

/// The key of a client that was not given one.
const DEFAULT_KEY: &str = "peerjs";

/// Longest key and token, in bytes.
const MAX_KEY: usize = 128;

/// The words that PeerJS writes in a URL in place of a key that is not set.
const NO_KEY: [&str; 2] = ["null", "undefined"];

/// Returns the routes of a PeerServer at `/peerjs`, and of one at `/` with the default key.
pub(crate) fn routes() -> Router<CompatContext> {
    let router = Router::new()
        .route("/peerjs", any(socket_or_about))
        .route("/peerjs/", get(about))
        .route("/peerjs/peerjs", any(socket))
        .route("/peerjs/{key}/id", get(new_id))
        .route("/peerjs/{key}/peers", get(peers));
    // A route `/{key}/id` would also match calls of gRPC methods.
    [DEFAULT_KEY].iter().chain(&NO_KEY).fold(router, |router, key| {
        router.route(&format!("/{key}/id"), get(new_id)).route(&format!("/{key}/peers"), get(peers_of_default_key))
    })
}

async fn about() -> Response {
    let text = "A signaling server that supports the PeerServer protocol";
    Json(json!({"name": "Wigwag", "description": text})).into_response()
}

/// Generates an id for a client that does not choose one.
async fn new_id() -> Response {
    // PeerServer sends this content type; the client reads text.
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, "no-store")], random_uuid())
        .into_response()
}

async fn peers_of_default_key(
    state: State<CompatContext>,
    uri: Uri,
    headers: HeaderMap,
    extensions: Extensions,
) -> Response {
    peers(state, Path(DEFAULT_KEY.to_owned()), uri, headers, extensions).await
}

async fn peers(
    State(context): State<CompatContext>,
    Path(key): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    extensions: Extensions,
) -> Response {
    match context.realm() {
        Some(_) if !context.hosts().allow(&uri, &headers, &extensions) => Hosts::refusal().into_response(),
        Some(realm) => ([(header::CACHE_CONTROL, "no-store")], Json(realm.ids(effective_key(&key)))).into_response(),
        // The PeerJS client explains this status.
        None => {
            (StatusCode::UNAUTHORIZED, "listing peers is switched off: set compat.peerjs_discovery").into_response()
        }
    }
}

/// Serves clients that are configured without a path.
async fn socket_or_about(state: State<CompatContext>, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    if !WebSocketUpgrade::is_requested(&parts) {
        return about().await;
    }
    match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => socket(state, RawQuery(parts.uri.query().map(str::to_owned)), parts.extensions, upgrade).await,
        Err(error) => error.into_response(),
    }
}

async fn socket(
    State(context): State<CompatContext>,
    RawQuery(query): RawQuery,
    extensions: Extensions,
    upgrade: WebSocketUpgrade,
) -> Response {
    let query = query.unwrap_or_default();
    let params = ConnectParams::read(&query);
    let (node, realm) = (context.node().clone(), context.realm().cloned());
    // The client's own token is the ticket: nothing else can be added to its URL.
    let token = params.as_ref().ok().and_then(|params| BearerToken::new(&params.token));
    let caller = context.caller(&extensions, "").with_token(token);
    context.serve(upgrade, async move { PeerJs::open(&node, &caller, params?, realm).await })
}

/// Returns the key a client means.
fn effective_key(key: &str) -> &str {
    if NO_KEY.contains(&key) { DEFAULT_KEY } else { key }
}

/// The parameters of the URL.
pub(crate) struct ConnectParams {
    key: String,
    id: String,
    token: String,
}

impl ConnectParams {
    pub(crate) fn read(query: &str) -> Result<Self, CompatError> {
        let value = |name: &str| parameter(query, name);
        let (Some(key), Some(id), Some(token)) = (value("key")?, value("id")?, value("token")?) else {
            return Err(CompatError::invalid("No id, token, or key supplied to websocket server", ""));
        };
        if key.len() > MAX_KEY || token.len() > MAX_KEY {
            return Err(CompatError::invalid("Invalid key provided", "keys and tokens have at most 128 bytes"));
        }
        Ok(Self { key: effective_key(&key).to_owned(), id, token })
    }
}

impl fmt::Debug for ConnectParams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectParams").field("key", &self.key).field("id", &self.id).finish_non_exhaustive()
    }
}

/// The adapter of one client.
pub(crate) struct PeerJs {
    scope: Scope,
    retries: RetryQueue,
    calls: Calls,
    _registration: Option<Registration>,
}

impl PeerJs {
    pub(crate) async fn open(
        node: &Node,
        caller: &Caller,
        params: ConnectParams,
        realm: Option<Realm>,
    ) -> Result<(CompatSession, Self), CompatError> {
        let ConnectParams { key, id, token } = params;
        let scope = Scope::new(NAME, &key);
        let peer = scope.peer(&id).map_err(|error| CompatError::invalid(format!("the id {error}"), ""))?;
        // The token proves that the client owns the id, which therefore serves as its user.
        let user = if id.len() <= MAX_KEY { id.clone() } else { String::new() };
        let ticket = admit(node, caller, NAME, Some(&id), None).await?;
        if ticket.is_some() && key != DEFAULT_KEY {
            // The key is the scope: a ticket would let its client in everywhere.
            let hint = "leave the option key out: tickets are for the default one";
            return Err(CompatError::new("FORBIDDEN", "the ticket is not for this key", hint));
        }
        let request = OpenNamed { peer, secret: Some(token), user, display_name: String::new(), ticket };
        let (session, _) =
            CompatSession::open_or_replace(node, caller, request).await.map_err(|error| match error.reason {
                "PEER_ID_TAKEN" => CompatError::new(error.reason, "ID is taken", ""),
                "LIMIT_EXCEEDED" => CompatError::new(error.reason, "Server has reached its concurrent user limit", ""),
                _ => error.into(),
            })?;
        let registration = realm.map(|realm| realm.register(&key, &id));
        Ok((
            session,
            Self { scope, retries: RetryQueue::default(), calls: Calls::default(), _registration: registration },
        ))
    }

    fn shown<'a>(&self, peer: &'a str) -> &'a str {
        self.scope.name_of(peer).unwrap_or(peer)
    }

    /// Sends a message to a PeerJS client of the same key or, if the destination is the id of any other peer, to that peer.
    async fn send(&mut self, session: &mut CompatSession, dst: &str, message: &Object) -> Result<(), CompatError> {
        let sent = match self.scope.peer(dst) {
            Ok(peer) => {
                session.send("", peer.as_str(), payload::wrap_native(message.clone())).await.map_err(Into::into)
            }
            // No client can have this id.
            Err(_) => Err(CompatError::peer_not_found(dst, "")),
        };
        if !(looks_like_peer_id(dst) && sent.as_ref().is_err_and(is_absent)) {
            return sent;
        }
        if self.scope.name_of(dst).is_some() {
            // The peer id of a client of this key, which unwraps what it receives from the others.
            return Ok(session.send("", dst, payload::wrap_native(message.clone())).await?);
        }
        match self.calls.outgoing(dst, message)? {
            Some(payload) => session.send("", dst, payload).await.map_err(CompatError::from),
            // The API does not have a message for it.
            None => Ok(()),
        }
    }

    /// Sends a message, or queues it for a while if there is no such peer. Returns why it was dropped, if it was.
    async fn send_or_queue(&mut self, session: &mut CompatSession, dst: &str, message: Object) -> Result<(), String> {
        if !self.retries.contains(dst) {
            match self.send(session, dst, &message).await {
                Err(error) if is_absent(&error) => {}
                sent => return sent.map_err(|error| drop_text(&error)),
            }
        }
        match self.retries.push(dst, message) {
            None => Ok(()),
            Some(reason) => Err(reason.text().to_owned()),
        }
    }
}

/// Returns the text for people of a message that is not relayed.
fn drop_text(error: &CompatError) -> String {
    match &*error.reason {
        "FORBIDDEN" => DropReason::Forbidden.text().to_owned(),
        _ => format!("{}: {}", error.reason, error.message),
    }
}

fn is_absent(error: &CompatError) -> bool {
    error.reason == "PEER_NOT_FOUND"
}

/// Writes the answer to a message that could not be delivered, the only one that PeerServer has: on ERROR a client would
/// disconnect. PeerJS reads type and source only; the text is for people.
fn expire_message(dst: impl Into<Value>, text: &str) -> Value {
    json!({"type": "EXPIRE", "src": dst.into(), "payload": {"msg": text}})
}

/// Returns the id that a message is for. A JavaScript program may pass any value in its place: one that PeerServer takes
/// for an id belongs to no client and is returned as the error; any other counts as missing.
fn destination(message: &Object) -> Result<Option<String>, Value> {
    match message.get("dst") {
        Some(Value::String(dst)) if !dst.is_empty() => Ok(Some(dst.clone())),
        None | Some(Value::String(_) | Value::Null | Value::Bool(false)) => Ok(None),
        Some(Value::Number(zero)) if zero.as_f64() == Some(0.0) => Ok(None),
        Some(other) => Err(other.clone()),
    }
}

impl Adapter for PeerJs {
    async fn on_open(&mut self, _: &mut CompatSession, out: &mut Vec<Value>) {
        out.push(json!({"type": "OPEN"}));
    }

    async fn on_message(
        &mut self,
        session: &mut CompatSession,
        mut message: Object,
        out: &mut Vec<Value>,
    ) -> Result<(), CompatError> {
        message.remove("src");
        let Some(Value::String(kind)) = message.get("type").cloned() else { return Ok(()) };
        let waits = matches!(kind.as_str(), "OFFER" | "ANSWER" | "CANDIDATE");
        let dst = match destination(&message) {
            Ok(dst) => dst,
            Err(other) => {
                if waits {
                    out.push(expire_message(other, DropReason::Expired.text()));
                }
                return Ok(());
            }
        };
        match (kind.as_str(), dst) {
            ("LEAVE", None) => session.close(Reason::Left).await,
            ("OFFER" | "ANSWER" | "CANDIDATE" | "LEAVE" | "EXPIRE", Some(dst)) => {
                if self.scope.name_of(session.peer().as_str()) == Some(&dst) {
                    // PeerServer lets a client send to itself.
                    message.insert("src".into(), dst.into());
                    out.push(Value::Object(message));
                } else if waits {
                    let sent = self.send_or_queue(session, &dst, message).await;
                    out.extend(sent.err().map(|text| expire_message(dst, &text)));
                } else {
                    // PeerServer does not report that these were not delivered.
                    let _ = self.send(session, &dst, &message).await;
                }
            }
            // HEARTBEAT is not needed: WebSocket pings detect a dead connection. The rest PeerServer ignores as well.
            _ => {}
        }
        Ok(())
    }

    fn on_event(&mut self, _: &CompatSession, event: ClientEvent, out: &mut Vec<Value>) -> Result<(), CompatError> {
        match event {
            ClientEvent::Signal { from, payload } => out.extend(self.signal(&from, &payload)),
            ClientEvent::Undelivered { peer, .. } => {
                out.push(expire_message(self.shown(peer.as_str()), DropReason::Lost.text()))
            }
            // The protocol does not have rooms.
            ClientEvent::Joined { .. }
            | ClientEvent::MemberJoined { .. }
            | ClientEvent::MemberLeft { .. }
            | ClientEvent::Left { .. } => {}
            ClientEvent::Refused(_) | ClientEvent::Done | ClientEvent::GoAway { .. } => {}
        }
        Ok(())
    }

    /// A refused client that may come back is only disconnected: after ERROR it would destroy itself.
    fn refusal_message(error: &CompatError) -> Option<Value> {
        let CompatError { reason, message, hint, .. } = error;
        let kind = match &**reason {
            "DRAINING" => return None,
            "PEER_ID_TAKEN" => "ID-TAKEN",
            _ => "ERROR",
        };
        Some(json!({"type": kind, "payload": {"msg": message, "reason": reason, "hint": hint}}))
    }

    /// A client that has received OPEN disconnects on ERROR, which ends all it was doing: PeerServer never sends it then.
    fn error_message(error: &CompatError) -> Option<Value> {
        let text = drop_text(error);
        error.dst.as_ref().map(|dst| expire_message(dst.as_str(), &text))
    }

    fn next_timeout(&self) -> Option<Instant> {
        self.retries.next_attempt()
    }

    async fn on_timeout(&mut self, session: &mut CompatSession, out: &mut Vec<Value>) {
        for (dst, mut messages) in self.retries.take_due() {
            while let Some(message) = messages.front() {
                match self.send(session, &dst, message).await {
                    Err(error) if is_absent(&error) => break,
                    sent => out.extend(sent.err().map(|error| expire_message(dst.as_str(), &drop_text(&error)))),
                }
                messages.pop();
            }
            let dropped = self.retries.put_back(dst.clone(), messages);
            out.extend(dropped.map(|reason| expire_message(dst, reason.text())));
        }
    }
}

impl PeerJs {
    fn signal(&mut self, from: &str, payload: &Payload) -> Option<Value> {
        if let Some(src) = self.scope.name_of(from) {
            let mut message = payload::unwrap_native(payload)?;
            message.insert("src".into(), src.into());
            return Some(Value::Object(message));
        }
        self.calls.incoming(from, payload)
    }
}
