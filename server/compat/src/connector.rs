//! The connector: `ws://host/connector`, messages `{type, to?, data}` with nine types, and rooms.

use axum::{
    Router,
    extract::{RawQuery, State},
    http::Extensions,
    response::Response,
    routing::any,
};
use serde_json::{Value, json};
use wigwag_hub::{PeerId, Reason, RoomName};
use wigwag_net::websocket::WebSocketUpgrade;
use wigwag_node::{
    auth::Caller,
    clock::{iso8601, unix_ms},
    frame::RawBody,
    node::{Node, OpenNamed, random_uuid},
};
use wigwag_proto::v1::{self as pb, AppData, app_data::Content, envelope::Payload};

use crate::{
    adapter::{Adapter, Object},
    context::CompatContext,
    error::CompatError,
    names::{MAIN, Scope},
    payload::{self, SdpForm, object},
    roster::Roster,
    session::{ClientEvent, CompatSession},
    ticket::{admit, client_id, secret},
};

const NAME: &str = "connector";
const TYPES: &str =
    "connect, create_room, join_room, leave_room, end_room, offer, answer, candidate or message (in lower case)";

/// Returns the route of the protocol.
pub(crate) fn routes() -> Router<CompatContext> {
    Router::new().route("/connector", any(serve))
}

async fn serve(
    State(context): State<CompatContext>,
    RawQuery(query): RawQuery,
    extensions: Extensions,
    upgrade: WebSocketUpgrade,
) -> Response {
    let (node, caller) = (context.node().clone(), context.caller(&extensions, &query.unwrap_or_default()));
    context.serve(upgrade, async move { Connector::open(&node, &caller).await })
}

/// The adapter of one client.
pub(crate) struct Connector {
    scope: Scope,
    shape: DataShape,
}

/// How signals are written into `data`. A client receives the shape it last sent.
#[derive(Clone, Copy, Debug)]
struct DataShape {
    /// Whether descriptions are text or objects.
    description: SdpForm,
    /// Whether the signal is a field of `data` rather than `data` itself.
    nested: bool,
}

impl Connector {
    pub(crate) async fn open(node: &Node, caller: &Caller) -> Result<(CompatSession, Self), CompatError> {
        let scope = Scope::new(NAME, MAIN);
        let ticket = admit(node, caller, NAME, None, None).await?;
        let id = client_id(ticket.as_ref());
        let peer = scope.peer(&id).map_err(|error| CompatError::invalid(error.to_string(), ""))?;
        let request = OpenNamed {
            peer,
            secret: secret(caller, ticket.as_ref()),
            user: String::new(),
            display_name: String::new(),
            ticket,
        };
        let (session, _) = CompatSession::open_or_replace(node, caller, request).await?;
        Ok((session, Self { scope, shape: DataShape { description: SdpForm::Object, nested: false } }))
    }

    /// Relays a message: unchanged to clients of this protocol, as signals to others.
    async fn relay(&mut self, session: &mut CompatSession, mut message: Object) -> Result<(), CompatError> {
        let Some(to) = payload::field(&message, "to")?.map(str::to_owned) else {
            return Err(CompatError::invalid("to is missing", "name a client's id"));
        };
        let (room, payloads) = if self.scope.name_of(&to).is_some() {
            required_data(&message)?;
            message.remove("to");
            (String::new(), vec![payload::wrap_native(message)])
        } else {
            (shared_room(session, &to), self.read(&message)?)
        };
        let mut sent = Ok(());
        for payload in payloads {
            sent = sent.and(session.send(&room, &to, payload).await);
        }
        sent.map_err(|error| match error.reason {
            "PEER_NOT_FOUND" => CompatError::peer_not_found(&to, "to is the id of a connected client"),
            _ => error.into(),
        })
    }

    /// Reads the signals of a message.
    fn read(&mut self, message: &Object) -> Result<Vec<Payload>, CompatError> {
        let kind = payload::field(message, "type")?.unwrap_or_default();
        let data = required_data(message)?;
        Ok(match kind {
            "offer" | "answer" => vec![Payload::Description(self.description(kind, data)?)],
            "candidate" => vec![Payload::Candidate(self.candidate(data)?)],
            // An offer and its first candidate in one.
            "connect" => {
                let offer = self.description("offer", data)?;
                vec![Payload::Description(offer), Payload::Candidate(payload::candidate(data_of(message)?)?)]
            }
            _ => vec![match data {
                Value::String(text) => payload::text(text),
                other => payload::text(other.to_string()),
            }],
        })
    }

    fn description(&mut self, kind: &str, data: &Value) -> Result<pb::SessionDescription, CompatError> {
        let inner = data.get("sdp").filter(|sdp| sdp.is_object());
        let (description, form) = payload::description(kind, Some(inner.unwrap_or(data)))?;
        self.shape = DataShape { description: form, nested: inner.is_some() };
        Ok(description)
    }

    fn candidate(&mut self, data: &Value) -> Result<pb::IceCandidate, CompatError> {
        match data {
            Value::Object(fields) => {
                self.shape.nested = fields.get("candidate").is_some_and(Value::is_object);
                payload::candidate(fields)
            }
            other => payload::candidate(&object(json!({"candidate": other}))),
        }
    }

    /// Writes a signal of a peer that does not use this protocol.
    fn write(&self, from: &str, payload: &Payload) -> Option<Value> {
        let (kind, data) = match payload {
            Payload::Description(description) => {
                let data = self.shape.description.write(description);
                (description.r#type.as_str(), if self.shape.nested { json!({"sdp": data}) } else { data })
            }
            Payload::Candidate(candidate) => {
                let data = payload::candidate_json(candidate);
                ("candidate", if self.shape.nested { json!({"candidate": data}) } else { data })
            }
            Payload::Message(AppData { content: Some(Content::Text(text)) }) => ("message", text.clone().into()),
            other => {
                let mut data = payload::data_message(other)?;
                data.remove("type");
                ("message", Value::Object(data))
            }
        };
        Some(json!({"type": kind, "from": from, "data": data}))
    }
}

impl Adapter for Connector {
    async fn on_open(&mut self, session: &mut CompatSession, out: &mut Vec<Value>) {
        out.push(details(session));
    }

    async fn on_message(
        &mut self,
        session: &mut CompatSession,
        message: Object,
        out: &mut Vec<Value>,
    ) -> Result<(), CompatError> {
        let kind = payload::field(&message, "type")?.unwrap_or_default();
        match kind {
            "connect" if payload::field(&message, "to")?.is_none() => out.push(details(session)),
            "connect" | "offer" | "answer" | "candidate" | "message" => return self.relay(session, message).await,
            "create_room" => {
                let data = data_of(&message)?;
                let create = pb::CreateRoom {
                    room: payload::field(data, "room")?.unwrap_or_default().to_owned(),
                    display_name: payload::field(data, "name")?.unwrap_or_default().to_owned(),
                    ..pb::CreateRoom::default()
                };
                session.request(RawBody::CreateRoom(Box::new(create))).await;
            }
            "join_room" => {
                let join = pb::Join { room: room_of(&message)?, ..pb::Join::default() };
                session.request(RawBody::Join(Box::new(join))).await;
            }
            "leave_room" => {
                let room = room_of(&message)?;
                let body = match payload::field(&message, "to")? {
                    // Removes another member, which only the owner of the room may do.
                    Some(to) if to != session.peer().as_str() => {
                        RawBody::RemoveMember(pb::RemoveMember { room, peer_id: to.to_owned(), ban: false })
                    }
                    _ => RawBody::Leave(pb::Leave { room }),
                };
                session.request(body).await;
            }
            "end_room" => session.request(RawBody::EndRoom(pb::EndRoom { room: room_of(&message)? })).await,
            _ => return Err(CompatError::unknown_type(kind, TYPES)),
        }
        Ok(())
    }

    fn on_event(
        &mut self,
        session: &CompatSession,
        event: ClientEvent,
        out: &mut Vec<Value>,
    ) -> Result<(), CompatError> {
        let me = session.peer();
        match event {
            ClientEvent::Joined { room, created } => {
                let Some(roster) = session.roster(&room) else { return Ok(()) };
                out.push(if created {
                    note("info", "room_created", room_data(&room, roster, Some(me)))
                } else {
                    note("update", "client_added", room_data(&room, roster, Some(me)))
                });
            }
            ClientEvent::MemberJoined { room, .. } => out.extend(update(session, "client_added", &room)),
            ClientEvent::MemberLeft { room, .. } => out.extend(update(session, "client_removed", &room)),
            ClientEvent::Left { room, reason: Reason::Left, .. } => {
                out.push(note("info", "room_left", json!({"room": room.as_str()})));
            }
            ClientEvent::Left { room, roster, reason } => {
                let title = if reason == Reason::Ended { "room_deleted" } else { "client_removed" };
                let mut data = match roster {
                    Some(roster) => room_data(&room, &roster, (reason == Reason::Ended).then_some(me)),
                    None => json!({"room": room.as_str()}),
                };
                data["reason"] = reason.as_str().into();
                out.push(note("update", title, data));
            }
            ClientEvent::Signal { from, payload } if self.scope.name_of(&from).is_some() => {
                out.extend(payload::unwrap_native(&payload).map(|message| received(&from, message)));
            }
            ClientEvent::Signal { from, payload } => out.extend(self.write(&from, &payload)),
            ClientEvent::Undelivered { peer, reason } => {
                out.extend(Self::refusal_message(&CompatError::undelivered(peer.as_str(), reason)))
            }
            ClientEvent::Refused(error) => out.extend(Self::refusal_message(&error)),
            ClientEvent::Done | ClientEvent::GoAway { .. } => {}
        }
        Ok(())
    }

    fn refusal_message(error: &CompatError) -> Option<Value> {
        let CompatError { reason, message, hint, .. } = error;
        let title = match &**reason {
            "PEER_NOT_FOUND" => "client missing",
            "INVALID_FIELD" => "missing fields",
            "UNKNOWN_FRAME" | "PROTOCOL" => "invalid message",
            "ROOM_EXISTS" => "duplicate room",
            "ROOM_NOT_FOUND" => "invalid room",
            "NOT_JOINED" => "client not found",
            "FORBIDDEN" => "unauthorised",
            other => other,
        };
        Some(note("error", title, json!({"message": message, "reason": reason, "hint": hint})))
    }
}

/// Writes a message of the server. Versions of the connector differ in whether they read `title` or `event`.
fn note(kind: &str, title: &str, data: Value) -> Value {
    json!({
        "type": kind,
        "title": title,
        "event": title,
        "data": data,
        "timestamp": iso8601(unix_ms()),
        "message_id": random_uuid(),
    })
}

/// Writes the message that gives a client its id.
fn details(session: &CompatSession) -> Value {
    note("info", "client_details", json!({"id": session.peer().as_str()}))
}

fn update(session: &CompatSession, title: &str, room: &RoomName) -> Option<Value> {
    session.roster(room).map(|roster| note("update", title, room_data(room, roster, Some(session.peer()))))
}

/// Writes a room with its members in the order in which they joined. `me` is given if the client is still one of them.
fn room_data(room: &RoomName, roster: &Roster, me: Option<&PeerId>) -> Value {
    let clients: Vec<_> = roster.all(me).map(PeerId::as_str).collect();
    json!({"room": room.as_str(), "roomId": room.as_str(), "name": &*roster.info.display_name, "clients": clients})
}

/// Writes what another client of this protocol sent.
fn received(from: &str, mut message: Object) -> Value {
    if message.get("type").is_some_and(|kind| kind == "connect") {
        let data = message.remove("data");
        return note("info", "offer", json!({"type": "offer", "from": from, "data": data}));
    }
    message.insert("from".into(), from.into());
    Value::Object(message)
}

/// Returns the data of a message to another client. It is not validated, except for the fields that `connect` must have.
fn required_data(message: &Object) -> Result<&Value, CompatError> {
    let data = match message.get("data") {
        None | Some(Value::Null) => {
            return Err(CompatError::invalid("data is missing", "put the signal into \"data\""));
        }
        Some(data) => data,
    };
    if message.get("type").is_some_and(|kind| kind == "connect") {
        for field in ["sdp", "candidate"] {
            if !data_of(message)?.contains_key(field) {
                let hint = "connect carries an offer and a candidate: data.sdp and data.candidate";
                return Err(CompatError::invalid(format!("data.{field} is missing"), hint));
            }
        }
    }
    Ok(data)
}

fn data_of(message: &Object) -> Result<&Object, CompatError> {
    match message.get("data") {
        Some(Value::Object(data)) => Ok(data),
        _ => Err(CompatError::invalid("data is missing or is not an object", "send \"data\": {\"room\": …}")),
    }
}

fn room_of(message: &Object) -> Result<String, CompatError> {
    match payload::field(data_of(message)?, "room")? {
        Some(room) => Ok(room.to_owned()),
        None => Err(CompatError::invalid("data.room is missing", "name the room in \"data\"")),
    }
}

/// Returns a room that both peers are in; empty if there is none.
fn shared_room(session: &CompatSession, to: &str) -> String {
    let Ok(peer) = PeerId::parse(to) else { return String::new() };
    let mut rooms = session.rooms().filter(|room| session.roster(room).is_some_and(|roster| roster.has(&peer)));
    rooms.next().map(ToString::to_string).unwrap_or_default()
}
