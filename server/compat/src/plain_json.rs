//! Plain JSON: `ws://host/json/ROOM`. The path names the room; with two members, messages need no recipient.

use axum::{
    Router,
    extract::{Path, RawQuery, State},
    http::Extensions,
    response::Response,
    routing::any,
};
use serde_json::{Value, json};
use wigwag_hub::RoomName;
use wigwag_net::websocket::WebSocketUpgrade;
use wigwag_node::{
    auth::Caller,
    frame::RawBody,
    node::{Node, OpenNamed},
};
use wigwag_proto::v1 as pb;

use crate::{
    adapter::{Adapter, Object},
    context::CompatContext,
    error::CompatError,
    flat_json::{FlatJson, Vocabulary},
    names::Scope,
    payload,
    query::parameter,
    session::{ClientEvent, CompatSession},
    ticket::{admit, client_id, secret},
};

const NAME: &str = "plain-json";

/// Returns the route of the protocol.
pub(crate) fn routes() -> Router<CompatContext> {
    Router::new().route("/json/{*room}", any(serve))
}

async fn serve(
    State(context): State<CompatContext>,
    Path(room): Path<String>,
    RawQuery(query): RawQuery,
    extensions: Extensions,
    upgrade: WebSocketUpgrade,
) -> Response {
    let query = query.unwrap_or_default();
    let (node, caller) = (context.node().clone(), context.caller(&extensions, &query));
    let name = name_of(&query);
    context.serve(upgrade, async move { PlainJson::open(&node, &caller, &room, name?).await })
}

/// Reads the display name from a query. May be empty.
pub(crate) fn name_of(query: &str) -> Result<String, CompatError> {
    Ok(parameter(query, "name")?.unwrap_or_default())
}

static VOCABULARY: Vocabulary = Vocabulary {
    candidate: "new-ice-candidate",
    sender: "from",
    server_types: &["welcome", "peer-joined", "peer-left", "error"],
    by_name: false,
};

/// The adapter of one client.
pub(crate) struct PlainJson {
    room: RoomName,
    messages: FlatJson,
}

impl PlainJson {
    pub(crate) async fn open(
        node: &Node,
        caller: &Caller,
        room: &str,
        name: String,
    ) -> Result<(CompatSession, Self), CompatError> {
        let room = RoomName::parse(room)
            .map_err(|error| CompatError::invalid(format!("the room's name {error}"), "connect to /json/ROOM"))?;
        let scope = Scope::new(NAME, room.as_str());
        let ticket = admit(node, caller, NAME, None, Some(room.as_str())).await?;
        let peer = scope
            .peer(&client_id(ticket.as_ref()))
            .map_err(|_| CompatError::invalid("the room's name is too long", "use a shorter one"))?;
        let request = OpenNamed {
            peer,
            secret: secret(caller, ticket.as_ref()),
            user: String::new(),
            display_name: name,
            ticket,
        };
        let (session, _) = CompatSession::open_or_replace(node, caller, request).await?;
        Ok((session, Self { room, messages: FlatJson::new(scope, &VOCABULARY) }))
    }

    /// Returns the recipient of a message: the one it names, or the only other member.
    fn target(&self, session: &CompatSession, message: &Object) -> Result<String, CompatError> {
        if let Some(to) = payload::field(message, "to")? {
            return Ok(to.to_owned());
        }
        let others = session.roster(&self.room).map(|roster| roster.others.as_slice()).unwrap_or_default();
        match others {
            [] => {
                Err(CompatError::new("PEER_NOT_FOUND", "there is no other member in this room", "wait for peer-joined"))
            }
            [other] => Ok(other.peer.to_string()),
            _ => Err(CompatError::invalid(
                format!("to is missing, and there are {} others in this room", others.len()),
                "name one of them: peer ids are in welcome and peer-joined",
            )),
        }
    }
}

impl Adapter for PlainJson {
    async fn on_open(&mut self, session: &mut CompatSession, _: &mut Vec<Value>) {
        let join = pb::Join { room: self.room.to_string(), ..pb::Join::default() };
        session.request(RawBody::Join(Box::new(join))).await;
    }

    async fn on_message(
        &mut self,
        session: &mut CompatSession,
        mut message: Object,
        _: &mut Vec<Value>,
    ) -> Result<(), CompatError> {
        let payload = self.messages.read(&message)?;
        let to = self.target(session, &message)?;
        let payload = match (self.messages.scope.name_of(&to), payload) {
            (Some(_), _) => {
                message.remove("to");
                payload::wrap_native(message)
            }
            (None, Some(payload)) => payload,
            (None, None) => {
                return Err(self.messages.unknown_type(payload::field(&message, "type")?.unwrap_or_default()));
            }
        };
        session.send_in_room_or_directly(self.room.as_str(), &to, payload).await.map_err(|error| match error.reason {
            "PEER_NOT_FOUND" => {
                CompatError::peer_not_found(&to, "to names a member of this room: see welcome and peer-joined")
            }
            _ => error.into(),
        })
    }

    fn on_event(
        &mut self,
        session: &CompatSession,
        event: ClientEvent,
        out: &mut Vec<Value>,
    ) -> Result<(), CompatError> {
        match event {
            ClientEvent::Joined { room, .. } => {
                let others = session.roster(&room).map(|roster| roster.others.as_slice()).unwrap_or_default();
                let peers: Vec<_> = others.iter().map(|member| member.peer.as_str()).collect();
                let me = session.peer().as_str();
                out.push(json!({"type": "welcome", "id": me, "room": room.as_str(), "peers": peers}));
            }
            ClientEvent::MemberJoined { member, .. } => {
                let (id, name) = (member.peer.as_str(), &*member.display_name);
                out.push(json!({"type": "peer-joined", "id": id, "name": name}));
            }
            ClientEvent::MemberLeft { member, reason, .. } => {
                let (id, reason) = (member.peer.as_str(), reason.as_str());
                out.push(json!({"type": "peer-left", "id": id, "reason": reason}));
            }
            event => self.messages.on_event(event, out)?,
        }
        Ok(())
    }

    fn refusal_message(error: &CompatError) -> Option<Value> {
        Some(error.to_json())
    }
}
