//! The connector: `ws://host/connector`, messages `{type, to?, data}` with nine types, and rooms.

use axum::{Router, extract::State, http::Extensions, response::Response, routing::any};
use serde_json::{Value, json};
use wigwag_hub::{PeerId, Reason, RoomName};
use wigwag_proto::v1::{self as pb, AppData, app_data::Content, envelope::Payload};

use crate::{
    adapter::{Adapter, Object},
    context::{CompatContext, caller},
    error::CompatError,
    names::{MAIN, Scope},
    payload::{self, SdpForm, object},
    roster::Roster,
    session::{ClientEvent, CompatSession},
};
use wigwag_net::websocket::WebSocketUpgrade;
use wigwag_node::{
    auth::Caller,
    clock::{iso8601, unix_ms},
    frame::RawBody,
    node::{Node, OpenNamed, random_name, random_uuid},
};

const NAME: &str = "connector";
const TYPES: &str =
    "connect, create_room, join_room, leave_room, end_room, offer, answer, candidate or message (in lower case)";

/// The path of the protocol.
pub(crate) fn routes() -> Router<CompatContext> {
    Router::new().route("/connector", any(open))
}

async fn open(State(context): State<CompatContext>, extensions: Extensions, upgrade: WebSocketUpgrade) -> Response {
    let (node, caller) = (context.node().clone(), caller(&extensions));
    context.serve(upgrade, async move { Connector::enter(&node, &caller).await })
}

pub(crate) struct Connector {
    scope: Scope,
    form: DataShape,
}

/// How a client writes signals into `data`: what it last sent decides what it gets.
#[derive(Clone, Copy, Debug)]
struct DataShape {
    /// `data` is the description as text or as an object.
    description: SdpForm,
    /// The signal is a field of `data`, not `data` itself.
    nested: bool,
}

impl Connector {
    pub(crate) async fn enter(node: &Node, caller: &Caller) -> Result<(CompatSession, Self), CompatError> {
        let scope = Scope::new(NAME, MAIN);
        let peer = scope.peer(&random_name()).map_err(|error| CompatError::invalid(error.to_string(), ""))?;
        let request = OpenNamed { peer, secret: None, user: String::new(), display_name: String::new() };
        let session = CompatSession::open(node, caller, request).await?;
        Ok((session, Self { scope, form: DataShape { description: SdpForm::Object, nested: false } }))
    }

    /// Sends a message on: whole to clients of this dialect, as signals to others.
    async fn relay(&mut self, session: &mut CompatSession, mut message: Object) -> Result<(), CompatError> {
        let Some(to) = payload::field(&message, "to")?.map(str::to_owned) else {
            return Err(CompatError::invalid("to is missing", "name a client's id"));
        };
        let (room, payloads) = if self.scope.name_of(&to).is_some() {
            complete(&message)?;
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
            "PEER_NOT_FOUND" => CompatError::absent(&to, "to is the id of a connected client"),
            _ => error.into(),
        })
    }

    /// A message's signals.
    fn read(&mut self, message: &Object) -> Result<Vec<Payload>, CompatError> {
        let kind = payload::field(message, "type")?.unwrap_or_default();
        let data = complete(message)?;
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
        self.form = DataShape { description: form, nested: inner.is_some() };
        Ok(description)
    }

    fn candidate(&mut self, data: &Value) -> Result<pb::IceCandidate, CompatError> {
        match data {
            Value::Object(fields) => {
                self.form.nested = fields.get("candidate").is_some_and(Value::is_object);
                payload::candidate(fields)
            }
            other => payload::candidate(&object(json!({"candidate": other}))),
        }
    }

    /// A signal of another door.
    fn write(&self, from: &str, payload: &Payload) -> Option<Value> {
        let (kind, data) = match payload {
            Payload::Description(description) => {
                let data = self.form.description.write(description);
                (description.r#type.as_str(), if self.form.nested { json!({"sdp": data}) } else { data })
            }
            Payload::Candidate(candidate) => {
                let data = payload::candidate_json(candidate);
                ("candidate", if self.form.nested { json!({"candidate": data}) } else { data })
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
    async fn begin(&mut self, session: &mut CompatSession, out: &mut Vec<Value>) {
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
                session.ask(RawBody::CreateRoom(Box::new(create))).await;
            }
            "join_room" => {
                let join = pb::Join { room: room_of(&message)?, ..pb::Join::default() };
                session.ask(RawBody::Join(Box::new(join))).await;
            }
            "leave_room" => {
                let room = room_of(&message)?;
                let body = match payload::field(&message, "to")? {
                    // Somebody else's leaving: only the owner may.
                    Some(to) if to != session.peer().as_str() => {
                        RawBody::RemoveMember(pb::RemoveMember { room, peer_id: to.to_owned(), ban: false })
                    }
                    _ => RawBody::Leave(pb::Leave { room }),
                };
                session.ask(body).await;
            }
            "end_room" => session.ask(RawBody::EndRoom(pb::EndRoom { room: room_of(&message)? })).await,
            _ => return Err(CompatError::unknown_type(kind, TYPES)),
        }
        Ok(())
    }

    fn on_event(
        &mut self,
        session: &CompatSession,
        events: ClientEvent,
        out: &mut Vec<Value>,
    ) -> Result<(), CompatError> {
        let me = session.peer();
        match events {
            ClientEvent::Entered { room, created } => {
                let Some(roster) = session.roster(&room) else { return Ok(()) };
                out.push(if created {
                    note("info", "room_created", room_data(&room, roster, Some(me)))
                } else {
                    note("update", "client_added", room_data(&room, roster, Some(me)))
                });
            }
            ClientEvent::Came { room, .. } => out.extend(update(session, "client_added", &room)),
            ClientEvent::Went { room, .. } => out.extend(update(session, "client_removed", &room)),
            ClientEvent::Out { room, reason: Reason::Left, .. } => {
                out.push(note("info", "room_left", json!({"room": room.as_str()})));
            }
            ClientEvent::Out { room, roster, reason } => {
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
            ClientEvent::Lost { peer, reason } => {
                out.push(Self::error_message(&CompatError::lost(peer.as_str(), reason)))
            }
            ClientEvent::Refused(error) => out.push(Self::error_message(&error)),
            ClientEvent::Done | ClientEvent::MoveOn { .. } => {}
        }
        Ok(())
    }

    fn error_message(error: &CompatError) -> Value {
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
        note("error", title, json!({"message": message, "reason": reason, "hint": hint}))
    }
}

/// A message of the server's own. Versions of the connector differ in whether `title` or `event` tells what it is about.
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

/// The client's id.
fn details(session: &CompatSession) -> Value {
    note("info", "client_details", json!({"id": session.peer().as_str()}))
}

fn update(session: &CompatSession, title: &str, room: &RoomName) -> Option<Value> {
    session.roster(room).map(|roster| note("update", title, room_data(room, roster, Some(session.peer()))))
}

/// A room with its members in the order in which they joined; `me` is one of them, if still there.
fn room_data(room: &RoomName, roster: &Roster, me: Option<&PeerId>) -> Value {
    let clients: Vec<_> = roster.all(me).map(PeerId::as_str).collect();
    json!({"room": room.as_str(), "roomId": room.as_str(), "name": &*roster.info.display_name, "clients": clients})
}

/// What another client of this dialect sent.
fn received(from: &str, mut message: Object) -> Value {
    if message.get("type").is_some_and(|kind| kind == "connect") {
        let data = message.remove("data");
        return note("info", "offer", json!({"type": "offer", "from": from, "data": data}));
    }
    message.insert("from".into(), from.into());
    Value::Object(message)
}

/// The data of a message that goes to another client. What is in it is their affair, but for what the server must know.
fn complete(message: &Object) -> Result<&Value, CompatError> {
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

/// A room both ends are in, or none.
fn shared_room(session: &CompatSession, to: &str) -> String {
    let Ok(peer) = PeerId::parse(to) else { return String::new() };
    let mut rooms = session.rooms().filter(|room| session.roster(room).is_some_and(|roster| roster.has(&peer)));
    rooms.next().map(ToString::to_string).unwrap_or_default()
}
