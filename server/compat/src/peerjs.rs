//! PeerJS: the PeerServer protocol, so that `new Peer(id, {host, port, path: "/peerjs"})` works unchanged.
//!
//! The key of a client is its scope: peers of different keys do not see each other. Between PeerJS clients messages travel
//! unchanged; to and from other peers as descriptions and candidates ([`translate`]).

pub(crate) mod discovery;
mod retry_queue;
mod translate;

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
    auth::Caller,
    error::ApiError,
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
    context::{CompatContext, caller},
    error::CompatError,
    names::{Scope, looks_like_peer_id},
    payload,
    session::{ClientEvent, CompatSession},
};

const NAME: &str = "peerjs";

/// The key of a client that was not given one.
const DEFAULT_KEY: &str = "peerjs";

/// Longest key and token, in bytes.
const MAX_KEY: usize = 128;

/// Returns the routes of a PeerServer at `/peerjs`, and of one at `/` with the default key.
pub(crate) fn routes() -> Router<CompatContext> {
    Router::new()
        .route("/peerjs", any(socket_or_about))
        .route("/peerjs/", get(about))
        .route("/peerjs/id", get(new_id))
        .route(
            "/peerjs/peers",
            get(|state: State<CompatContext>, uri: Uri, headers: HeaderMap| {
                peers(state, Path(DEFAULT_KEY.to_owned()), uri, headers)
            }),
        )
        .route("/peerjs/peerjs", any(socket))
        .route("/peerjs/{key}/id", get(new_id))
        .route("/peerjs/{key}/peers", get(peers))
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

async fn peers(
    State(context): State<CompatContext>,
    Path(key): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    match context.realm() {
        Some(_) if !context.hosts().allow(&uri, &headers) => Hosts::refusal().into_response(),
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
    let params = ConnectParams::read(&query.unwrap_or_default());
    let (node, realm) = (context.node().clone(), context.realm().cloned());
    let caller = caller(&extensions);
    context.serve(upgrade, async move { PeerJs::open(&node, &caller, params?, realm).await })
}

/// Returns the key a client means: PeerJS writes the words `null` and `undefined` for a key that is not set.
fn effective_key(key: &str) -> &str {
    if matches!(key, "null" | "undefined") { DEFAULT_KEY } else { key }
}

/// The parameters of the URL.
#[derive(Debug)]
pub(crate) struct ConnectParams {
    key: String,
    id: String,
    token: String,
}

impl ConnectParams {
    pub(crate) fn read(query: &str) -> Result<Self, CompatError> {
        let value = |name: &str| {
            let found = form_urlencoded::parse(query.as_bytes()).find(|(key, value)| key == name && !value.is_empty());
            found.map(|(_, value)| value.into_owned())
        };
        let (Some(key), Some(id), Some(token)) = (value("key"), value("id"), value("token")) else {
            return Err(CompatError::invalid("No id, token, or key supplied to websocket server", ""));
        };
        if key.len() > MAX_KEY || token.len() > MAX_KEY {
            return Err(CompatError::invalid("Invalid key provided", "keys and tokens have at most 128 bytes"));
        }
        Ok(Self { key: effective_key(&key).to_owned(), id, token })
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
        let request = OpenNamed { peer: peer.clone(), secret: Some(token.clone()), user, display_name: String::new() };
        let mut opened = CompatSession::open(node, caller, request.clone()).await;
        // A client that knows the token replaces its old connection: the page reconnected before the server noticed.
        if opened.as_ref().is_err_and(is_taken) && node.replace(&peer, &token).await {
            opened = CompatSession::open(node, caller, request).await;
        }
        let session = opened.map_err(|error| match error.reason {
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
        if let Ok(peer) = self.scope.peer(dst) {
            let sent = session.send("", peer.as_str(), payload::wrap_native(message.clone())).await;
            if !(looks_like_peer_id(dst) && sent.as_ref().is_err_and(is_absent)) {
                return sent.map_err(CompatError::from);
            }
        }
        match self.calls.outgoing(dst, message)? {
            Some(payload) => session.send("", dst, payload).await.map_err(CompatError::from),
            // The API does not have a message for it.
            None => Ok(()),
        }
    }

    /// Sends a message, or queues it for a while if there is no such peer.
    async fn send_or_queue(
        &mut self,
        session: &mut CompatSession,
        dst: &str,
        message: Object,
    ) -> Result<Option<DropReason>, CompatError> {
        if self.retries.contains(dst) {
            return Ok(self.retries.push(dst, message));
        }
        match self.send(session, dst, &message).await {
            Ok(()) => Ok(None),
            Err(error) if error.reason == "PEER_NOT_FOUND" => Ok(self.retries.push(dst, message)),
            Err(error) if error.reason == "FORBIDDEN" => Ok(Some(DropReason::Forbidden)),
            Err(error) => Err(error),
        }
    }
}

fn is_taken(error: &ApiError) -> bool {
    error.reason == "PEER_ID_TAKEN"
}

fn is_absent(error: &ApiError) -> bool {
    error.reason == "PEER_NOT_FOUND"
}

/// Writes the answer to a message that could not be delivered. PeerJS reads the type only; the text is for people.
fn expire_message(dst: &str, reason: DropReason) -> Value {
    json!({"type": "EXPIRE", "src": dst, "payload": {"msg": reason.text()}})
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
        let kind = payload::field(&message, "type")?.unwrap_or_default().to_owned();
        let dst = payload::field(&message, "dst")?.map(str::to_owned);
        match (kind.as_str(), dst) {
            // WebSocket pings detect a dead connection.
            ("HEARTBEAT", _) => {}
            ("LEAVE", None) => session.close(Reason::Left),
            // PeerServer lets a client send to itself.
            (_, Some(dst)) if self.scope.name_of(session.peer().as_str()) == Some(&dst) => {
                message.insert("src".into(), dst.into());
                out.push(Value::Object(message));
            }
            ("OFFER" | "ANSWER" | "CANDIDATE", Some(dst)) => {
                let dropped = self.send_or_queue(session, &dst, message).await?;
                out.extend(dropped.map(|reason| expire_message(&dst, reason)));
            }
            ("LEAVE" | "EXPIRE", Some(dst)) => match self.send(session, &dst, &message).await {
                Err(error) if error.reason == "PEER_NOT_FOUND" => {}
                sent => sent?,
            },
            ("OFFER" | "ANSWER" | "CANDIDATE" | "EXPIRE", None) => {
                return Err(CompatError::invalid("dst is missing", "name the id of the peer"));
            }
            (kind, _) => {
                return Err(CompatError::unknown_type(kind, "OFFER, ANSWER, CANDIDATE, LEAVE, EXPIRE or HEARTBEAT"));
            }
        }
        Ok(())
    }

    fn on_event(&mut self, _: &CompatSession, event: ClientEvent, out: &mut Vec<Value>) -> Result<(), CompatError> {
        match event {
            ClientEvent::Signal { from, payload } => out.extend(self.signal(&from, &payload)),
            ClientEvent::Undelivered { peer, .. } => {
                out.push(expire_message(self.shown(peer.as_str()), DropReason::Lost))
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

    fn error_message(error: &CompatError) -> Value {
        let CompatError { reason, message, hint, .. } = error;
        let kind = if reason == "PEER_ID_TAKEN" { "ID-TAKEN" } else { "ERROR" };
        json!({"type": kind, "payload": {"msg": message, "reason": reason, "hint": hint}})
    }

    fn next_timeout(&self) -> Option<Instant> {
        self.retries.next_attempt()
    }

    async fn on_timeout(&mut self, session: &mut CompatSession, out: &mut Vec<Value>) {
        for (dst, mut messages) in self.retries.take_due() {
            while let Some(message) = messages.front() {
                match self.send(session, &dst, message).await {
                    Err(error) if error.reason == "PEER_NOT_FOUND" => break,
                    Err(error) => out.push(Self::error_message(&error)),
                    Ok(()) => {}
                }
                messages.pop();
            }
            out.extend(self.retries.put_back(dst.clone(), messages).map(|reason| expire_message(&dst, reason)));
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
