//! PeerJS: the PeerServer protocol, so that `new Peer(id, {host, port, path: "/peerjs"})` works unchanged.
//!
//! The key of a client is its scope: peers of different keys do not see each other. Between PeerJS clients messages travel
//! whole; between them and other doors as descriptions and candidates ([`foreign`]).

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
use wigwag_proto::v1::envelope::Payload;

use self::{
    discovery::{Present, Realm},
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
use wigwag_net::{host::Hosts, websocket::WebSocketUpgrade};
use wigwag_node::{
    auth::Caller,
    error::ApiError,
    node::{Node, OpenNamed, random_uuid},
};

const NAME: &str = "peerjs";

/// The key of a client that was told none.
const DEFAULT_KEY: &str = "peerjs";

/// Longest key and token, in bytes.
const MAX_KEY: usize = 128;

/// The paths of a PeerServer at `/peerjs`, and of one at `/` with the default key.
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
    let text = "a signaling server that speaks the PeerServer protocol";
    Json(json!({"name": "Wigwag", "description": text})).into_response()
}

/// A client without an id of its own asks for one first.
async fn new_id() -> Response {
    // PeerServer says HTML; the client reads text.
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
        Some(realm) => ([(header::CACHE_CONTROL, "no-store")], Json(realm.ids(meant(&key)))).into_response(),
        // The client knows this status and says what to do about it.
        None => (StatusCode::UNAUTHORIZED, "peers are not listed here: see context.peerjs_discovery").into_response(),
    }
}

/// Where a client connects that was told no path.
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
    let wanted = Wanted::read(&query.unwrap_or_default());
    let (node, realm) = (context.node().clone(), context.realm().cloned());
    let caller = caller(&extensions);
    context.serve(upgrade, async move { PeerJs::enter(&node, &caller, wanted?, realm).await })
}

/// A key as its client means it: one that is told `null` or `undefined` writes the word, as PeerJS's own pages do.
fn meant(key: &str) -> &str {
    if matches!(key, "null" | "undefined") { DEFAULT_KEY } else { key }
}

/// What the URL asks for.
#[derive(Debug)]
pub(crate) struct Wanted {
    key: String,
    id: String,
    token: String,
}

impl Wanted {
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
        Ok(Self { key: meant(&key).to_owned(), id, token })
    }
}

pub(crate) struct PeerJs {
    scope: Scope,
    waiting: RetryQueue,
    calls: Calls,
    _present: Option<Present>,
}

impl PeerJs {
    pub(crate) async fn enter(
        node: &Node,
        caller: &Caller,
        wanted: Wanted,
        realm: Option<Realm>,
    ) -> Result<(CompatSession, Self), CompatError> {
        let Wanted { key, id, token } = wanted;
        let scope = Scope::new(NAME, &key);
        let peer = scope.peer(&id).map_err(|error| CompatError::invalid(format!("the id {error}"), ""))?;
        // Nobody else can prove to have this name, so it counts as who the peer is.
        let user = if id.len() <= MAX_KEY { id.clone() } else { String::new() };
        let request = OpenNamed { peer: peer.clone(), secret: Some(token.clone()), user, display_name: String::new() };
        let mut opened = CompatSession::open(node, caller, request.clone()).await;
        // Whoever knows the token comes back for its id: the page has reconnected before the server missed it.
        if opened.as_ref().is_err_and(is_taken) && node.replace(&peer, &token).await {
            opened = CompatSession::open(node, caller, request).await;
        }
        let session = opened.map_err(|error| match error.reason {
            "PEER_ID_TAKEN" => CompatError::new(error.reason, "ID is taken", ""),
            "LIMIT_EXCEEDED" => CompatError::new(error.reason, "Server has reached its concurrent user limit", ""),
            _ => error.into(),
        })?;
        let present = realm.map(|realm| realm.enter(&key, &id));
        Ok((session, Self { scope, waiting: RetryQueue::default(), calls: Calls::default(), _present: present }))
    }

    fn shown<'a>(&self, peer: &'a str) -> &'a str {
        self.scope.name_of(peer).unwrap_or(peer)
    }

    /// Sends a message to a PeerJS client of the same key or, if the destination is a peer id, to a peer of another door.
    async fn send(&mut self, session: &mut CompatSession, dst: &str, message: &Object) -> Result<(), CompatError> {
        if let Ok(peer) = self.scope.peer(dst) {
            let sent = session.send("", peer.as_str(), payload::wrap_native(message.clone())).await;
            if !(looks_like_peer_id(dst) && sent.as_ref().is_err_and(is_absent)) {
                return sent.map_err(CompatError::from);
            }
        }
        match self.calls.outgoing(dst, message)? {
            Some(payload) => session.send("", dst, payload).await.map_err(CompatError::from),
            // What other doors have no word for.
            None => Ok(()),
        }
    }

    /// Sends a message, or keeps it for a while if nobody is there.
    async fn send_or_wait(
        &mut self,
        session: &mut CompatSession,
        dst: &str,
        message: Object,
    ) -> Result<Option<DropReason>, CompatError> {
        if self.waiting.is_for(dst) {
            return Ok(self.waiting.push(dst, message));
        }
        match self.send(session, dst, &message).await {
            Ok(()) => Ok(None),
            Err(error) if error.reason == "PEER_NOT_FOUND" => Ok(self.waiting.push(dst, message)),
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

/// Told to a client whose message found nobody. The client knows the type only; the rest is for people.
fn expired(dst: &str, why: DropReason) -> Value {
    json!({"type": "EXPIRE", "src": dst, "payload": {"msg": why.text()}})
}

impl Adapter for PeerJs {
    async fn begin(&mut self, _: &mut CompatSession, out: &mut Vec<Value>) {
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
            // The socket's own pings tell whether the client is there.
            ("HEARTBEAT", _) => {}
            ("LEAVE", None) => session.end(Reason::Left),
            // PeerServer does not mind a client that talks to itself.
            (_, Some(dst)) if self.scope.name_of(session.peer().as_str()) == Some(&dst) => {
                message.insert("src".into(), dst.into());
                out.push(Value::Object(message));
            }
            ("OFFER" | "ANSWER" | "CANDIDATE", Some(dst)) => {
                let expires = self.send_or_wait(session, &dst, message).await?;
                out.extend(expires.map(|why| expired(&dst, why)));
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

    fn on_event(&mut self, _: &CompatSession, events: ClientEvent, out: &mut Vec<Value>) -> Result<(), CompatError> {
        match events {
            ClientEvent::Signal { from, payload } => out.extend(self.signal(&from, &payload)),
            ClientEvent::Lost { peer, .. } => out.push(expired(self.shown(peer.as_str()), DropReason::Lost)),
            // There are no rooms here.
            ClientEvent::Entered { .. }
            | ClientEvent::Came { .. }
            | ClientEvent::Went { .. }
            | ClientEvent::Out { .. } => {}
            ClientEvent::Refused(_) | ClientEvent::Done | ClientEvent::MoveOn { .. } => {}
        }
        Ok(())
    }

    fn error_message(error: &CompatError) -> Value {
        let CompatError { reason, message, hint, .. } = error;
        let kind = if reason == "PEER_ID_TAKEN" { "ID-TAKEN" } else { "ERROR" };
        json!({"type": kind, "payload": {"msg": message, "reason": reason, "hint": hint}})
    }

    fn due(&self) -> Option<Instant> {
        self.waiting.due()
    }

    async fn tick(&mut self, session: &mut CompatSession, out: &mut Vec<Value>) {
        for (dst, messages) in self.waiting.take_due() {
            let mut left = messages;
            while let Some(message) = left.front() {
                match self.send(session, &dst, message).await {
                    Err(error) if error.reason == "PEER_NOT_FOUND" => break,
                    Err(error) => out.push(Self::error_message(&error)),
                    Ok(()) => {}
                }
                left.pop();
            }
            out.extend(self.waiting.put_back(dst.clone(), left).map(|why| expired(&dst, why)));
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
