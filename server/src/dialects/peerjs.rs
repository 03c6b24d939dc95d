//! PeerJS: the PeerServer protocol, so that `new Peer(id, {host, port, path: "/peerjs"})` works unchanged.
//!
//! The key of a client is its scope: peers of different keys do not see each other. Between PeerJS clients messages travel
//! whole; between them and other doors as descriptions and candidates ([`foreign`]).

mod foreign;
mod realm;
mod waiting;

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
    foreign::Calls,
    realm::Present,
    waiting::{Waiting, Why},
};
use super::{
    Dialects,
    complaint::Complaint,
    guest::{Guest, News},
    scope::{Scope, looks_like_peer_id},
    signal,
    talk::{Dialect, Object},
};
use crate::{
    authz::Caller,
    fault::Fault,
    http::refusal,
    node::{Node, Visitor, random_uuid},
    websocket::Upgrade,
};

pub(super) use realm::Realm;

const NAME: &str = "peerjs";

/// The key of a client that was told none.
const DEFAULT_KEY: &str = "peerjs";

/// Longest key and token, in bytes.
const MAX_KEY: usize = 128;

/// The paths of a PeerServer at `/peerjs`, and of one at `/` with the default key.
pub(super) fn routes() -> Router<Dialects> {
    Router::new()
        .route("/peerjs", any(socket_or_about))
        .route("/peerjs/", get(about))
        .route("/peerjs/id", get(new_id))
        .route(
            "/peerjs/peers",
            get(|state: State<Dialects>, uri: Uri, headers: HeaderMap| {
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

async fn peers(State(dialects): State<Dialects>, Path(key): Path<String>, uri: Uri, headers: HeaderMap) -> Response {
    match dialects.realm() {
        Some(_) if !dialects.inner.hosts.allow(&uri, &headers) => refusal(),
        Some(realm) => ([(header::CACHE_CONTROL, "no-store")], Json(realm.ids(meant(&key)))).into_response(),
        // The client knows this status and says what to do about it.
        None => (StatusCode::UNAUTHORIZED, "peers are not listed here: see dialects.peerjs_discovery").into_response(),
    }
}

/// Where a client connects that was told no path.
async fn socket_or_about(state: State<Dialects>, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    if !Upgrade::is_asked_for(&parts) {
        return about().await;
    }
    match Upgrade::from_request_parts(&mut parts, &state.0).await {
        Ok(upgrade) => socket(state, RawQuery(parts.uri.query().map(str::to_owned)), parts.extensions, upgrade).await,
        Err(refusal) => refusal.into_response(),
    }
}

async fn socket(
    State(dialects): State<Dialects>,
    RawQuery(query): RawQuery,
    extensions: Extensions,
    upgrade: Upgrade,
) -> Response {
    let wanted = Wanted::read(&query.unwrap_or_default());
    let (node, realm) = (dialects.node().clone(), dialects.realm().cloned());
    let caller = Caller::of(&extensions);
    dialects.talk(upgrade, async move { PeerJs::enter(&node, &caller, wanted?, realm).await })
}

/// A key as its client means it: one that is told `null` or `undefined` writes the word, as PeerJS's own pages do.
fn meant(key: &str) -> &str {
    if matches!(key, "null" | "undefined") { DEFAULT_KEY } else { key }
}

/// What the URL asks for.
#[derive(Debug)]
pub(super) struct Wanted {
    key: String,
    id: String,
    token: String,
}

impl Wanted {
    pub(super) fn read(query: &str) -> Result<Self, Complaint> {
        let value = |name: &str| {
            let found = form_urlencoded::parse(query.as_bytes()).find(|(key, value)| key == name && !value.is_empty());
            found.map(|(_, value)| value.into_owned())
        };
        let (Some(key), Some(id), Some(token)) = (value("key"), value("id"), value("token")) else {
            return Err(Complaint::invalid("No id, token, or key supplied to websocket server", ""));
        };
        if key.len() > MAX_KEY || token.len() > MAX_KEY {
            return Err(Complaint::invalid("Invalid key provided", "keys and tokens have at most 128 bytes"));
        }
        Ok(Self { key: meant(&key).to_owned(), id, token })
    }
}

pub(super) struct PeerJs {
    scope: Scope,
    waiting: Waiting,
    calls: Calls,
    _present: Option<Present>,
}

impl PeerJs {
    pub(super) async fn enter(
        node: &Node,
        caller: &Caller,
        wanted: Wanted,
        realm: Option<Realm>,
    ) -> Result<(Guest, Self), Complaint> {
        let Wanted { key, id, token } = wanted;
        let scope = Scope::new(NAME, &key);
        let peer = scope.peer(&id).map_err(|error| Complaint::invalid(format!("the id {error}"), ""))?;
        // Nobody else can prove to have this name, so it counts as who the peer is.
        let user = if id.len() <= MAX_KEY { id.clone() } else { String::new() };
        let visitor = Visitor { peer: peer.clone(), secret: Some(token.clone()), user, display_name: String::new() };
        let mut opened = Guest::open(node, caller, visitor.clone()).await;
        // Whoever knows the token comes back for its id: the page has reconnected before the server missed it.
        if opened.as_ref().is_err_and(is_taken) && node.replace(&peer, &token).await {
            opened = Guest::open(node, caller, visitor).await;
        }
        let guest = opened.map_err(|fault| match fault.reason {
            "PEER_ID_TAKEN" => Complaint::new(fault.reason, "ID is taken", ""),
            "LIMIT_EXCEEDED" => Complaint::new(fault.reason, "Server has reached its concurrent user limit", ""),
            _ => fault.into(),
        })?;
        let present = realm.map(|realm| realm.enter(&key, &id));
        Ok((guest, Self { scope, waiting: Waiting::default(), calls: Calls::default(), _present: present }))
    }

    fn shown<'a>(&self, peer: &'a str) -> &'a str {
        self.scope.name_of(peer).unwrap_or(peer)
    }

    /// Sends a message to a PeerJS client of the same key or, if the destination is a peer id, to a peer of another door.
    async fn send(&mut self, guest: &mut Guest, dst: &str, message: &Object) -> Result<(), Complaint> {
        if let Ok(peer) = self.scope.peer(dst) {
            let sent = guest.send("", peer.as_str(), signal::whole(message.clone())).await;
            if !(looks_like_peer_id(dst) && sent.as_ref().is_err_and(is_absent)) {
                return sent.map_err(Complaint::from);
            }
        }
        match self.calls.outgoing(dst, message)? {
            Some(payload) => guest.send("", dst, payload).await.map_err(Complaint::from),
            // What other doors have no word for.
            None => Ok(()),
        }
    }

    /// Sends a message, or keeps it for a while if nobody is there.
    async fn send_or_wait(&mut self, guest: &mut Guest, dst: &str, message: Object) -> Result<Option<Why>, Complaint> {
        if self.waiting.is_for(dst) {
            return Ok(self.waiting.push(dst, message));
        }
        match self.send(guest, dst, &message).await {
            Ok(()) => Ok(None),
            Err(complaint) if complaint.reason == "PEER_NOT_FOUND" => Ok(self.waiting.push(dst, message)),
            Err(complaint) if complaint.reason == "FORBIDDEN" => Ok(Some(Why::Forbidden)),
            Err(complaint) => Err(complaint),
        }
    }
}

fn is_taken(fault: &Fault) -> bool {
    fault.reason == "PEER_ID_TAKEN"
}

fn is_absent(fault: &Fault) -> bool {
    fault.reason == "PEER_NOT_FOUND"
}

/// Told to a client whose message found nobody. The client knows the type only; the rest is for people.
fn expired(dst: &str, why: Why) -> Value {
    json!({"type": "EXPIRE", "src": dst, "payload": {"msg": why.text()}})
}

impl Dialect for PeerJs {
    async fn begin(&mut self, _: &mut Guest, out: &mut Vec<Value>) {
        out.push(json!({"type": "OPEN"}));
    }

    async fn said(&mut self, guest: &mut Guest, mut message: Object, out: &mut Vec<Value>) -> Result<(), Complaint> {
        message.remove("src");
        let kind = signal::field(&message, "type")?.unwrap_or_default().to_owned();
        let dst = signal::field(&message, "dst")?.map(str::to_owned);
        match (kind.as_str(), dst) {
            // The socket's own pings tell whether the client is there.
            ("HEARTBEAT", _) => {}
            ("LEAVE", None) => guest.end(Reason::Left),
            // PeerServer does not mind a client that talks to itself.
            (_, Some(dst)) if self.scope.name_of(guest.peer().as_str()) == Some(&dst) => {
                message.insert("src".into(), dst.into());
                out.push(Value::Object(message));
            }
            ("OFFER" | "ANSWER" | "CANDIDATE", Some(dst)) => {
                let expires = self.send_or_wait(guest, &dst, message).await?;
                out.extend(expires.map(|why| expired(&dst, why)));
            }
            ("LEAVE" | "EXPIRE", Some(dst)) => match self.send(guest, &dst, &message).await {
                Err(complaint) if complaint.reason == "PEER_NOT_FOUND" => {}
                sent => sent?,
            },
            ("OFFER" | "ANSWER" | "CANDIDATE" | "EXPIRE", None) => {
                return Err(Complaint::invalid("dst is missing", "name the id of the peer"));
            }
            (kind, _) => {
                return Err(Complaint::unknown_type(kind, "OFFER, ANSWER, CANDIDATE, LEAVE, EXPIRE or HEARTBEAT"));
            }
        }
        Ok(())
    }

    fn heard(&mut self, _: &Guest, news: News, out: &mut Vec<Value>) -> Result<(), Complaint> {
        match news {
            News::Signal { from, payload } => out.extend(self.signal(&from, &payload)),
            News::Lost { peer, .. } => out.push(expired(self.shown(peer.as_str()), Why::Lost)),
            // There are no rooms here.
            News::Entered { .. } | News::Came { .. } | News::Went { .. } | News::Out { .. } => {}
            News::Refused(_) | News::Done | News::MoveOn { .. } => {}
        }
        Ok(())
    }

    fn complain(complaint: &Complaint) -> Value {
        let Complaint { reason, message, hint, .. } = complaint;
        let kind = if reason == "PEER_ID_TAKEN" { "ID-TAKEN" } else { "ERROR" };
        json!({"type": kind, "payload": {"msg": message, "reason": reason, "hint": hint}})
    }

    fn due(&self) -> Option<Instant> {
        self.waiting.due()
    }

    async fn tick(&mut self, guest: &mut Guest, out: &mut Vec<Value>) {
        for (dst, messages) in self.waiting.take_due() {
            let mut left = messages;
            while let Some(message) = left.front() {
                match self.send(guest, &dst, message).await {
                    Err(complaint) if complaint.reason == "PEER_NOT_FOUND" => break,
                    Err(complaint) => out.push(Self::complain(&complaint)),
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
            let mut message = signal::unwhole(payload)?;
            message.insert("src".into(), src.into());
            return Some(Value::Object(message));
        }
        self.calls.incoming(from, payload)
    }
}
