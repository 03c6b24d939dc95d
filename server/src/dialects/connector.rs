//! The connector: `ws://host/connector`, messages `{type, to?, data}` with nine types, and rooms.

use axum::response::Response;
use serde_json::{Value, json};
use wigwag_hub::{PeerId, Reason, RoomName};
use wigwag_proto::v1::{self as pb, AppData, app_data::Content, envelope::Payload};

use super::{
    Dialects,
    complaint::Complaint,
    guest::{Guest, News},
    roster::Roster,
    scope::{MAIN, Scope},
    signal::{self, Shape, object},
    talk::{Dialect, Object},
};
use crate::{
    authz::Caller,
    clock::{iso8601, unix_ms},
    node::{Node, Visitor, random_name, random_uuid},
    websocket::Upgrade,
    wire::RawBody,
};

const NAME: &str = "connector";
const TYPES: &str =
    "connect, create_room, join_room, leave_room, end_room, offer, answer, candidate or message (in lower case)";

/// Opens a conversation.
pub(super) fn open(dialects: &Dialects, caller: Caller, upgrade: Upgrade) -> Response {
    let node = dialects.node().clone();
    dialects.talk(upgrade, async move { Connector::enter(&node, &caller).await })
}

pub(super) struct Connector {
    scope: Scope,
    shape: DataShape,
}

/// How a client writes signals into `data`: what it last sent decides what it gets.
#[derive(Clone, Copy, Debug)]
struct DataShape {
    /// `data` is the description as text or as an object.
    description: Shape,
    /// The signal is a field of `data`, not `data` itself.
    nested: bool,
}

impl Connector {
    pub(super) async fn enter(node: &Node, caller: &Caller) -> Result<(Guest, Self), Complaint> {
        let scope = Scope::new(NAME, MAIN);
        let peer = scope.peer(&random_name()).map_err(|error| Complaint::invalid(error.to_string(), ""))?;
        let visitor = Visitor { peer, secret: None, user: String::new(), display_name: String::new() };
        let guest = Guest::open(node, caller, visitor).await?;
        Ok((guest, Self { scope, shape: DataShape { description: Shape::Object, nested: false } }))
    }

    /// Sends a message on: whole to clients of this dialect, as signals to others.
    async fn relay(&mut self, guest: &mut Guest, mut message: Object) -> Result<(), Complaint> {
        let Some(to) = signal::field(&message, "to")?.map(str::to_owned) else {
            return Err(Complaint::invalid("to is missing", "name a client's id"));
        };
        let (room, payloads) = if self.scope.name_of(&to).is_some() {
            complete(&message)?;
            message.remove("to");
            (String::new(), vec![signal::whole(message)])
        } else {
            (shared_room(guest, &to), self.read(&message)?)
        };
        let mut sent = Ok(());
        for payload in payloads {
            sent = sent.and(guest.send(&room, &to, payload).await);
        }
        sent.map_err(|fault| match fault.reason {
            "PEER_NOT_FOUND" => Complaint::absent(&to, "to is the id of a connected client"),
            _ => fault.into(),
        })
    }

    /// A message's signals.
    fn read(&mut self, message: &Object) -> Result<Vec<Payload>, Complaint> {
        let kind = signal::field(message, "type")?.unwrap_or_default();
        let data = complete(message)?;
        Ok(match kind {
            "offer" | "answer" => vec![Payload::Description(self.description(kind, data)?)],
            "candidate" => vec![Payload::Candidate(self.candidate(data)?)],
            // An offer and its first candidate in one.
            "connect" => {
                let offer = self.description("offer", data)?;
                vec![Payload::Description(offer), Payload::Candidate(signal::candidate(data_of(message)?)?)]
            }
            _ => vec![match data {
                Value::String(text) => signal::text(text),
                other => signal::text(other.to_string()),
            }],
        })
    }

    fn description(&mut self, kind: &str, data: &Value) -> Result<pb::SessionDescription, Complaint> {
        let inner = data.get("sdp").filter(|sdp| sdp.is_object());
        let (description, shape) = signal::description(kind, Some(inner.unwrap_or(data)))?;
        self.shape = DataShape { description: shape, nested: inner.is_some() };
        Ok(description)
    }

    fn candidate(&mut self, data: &Value) -> Result<pb::IceCandidate, Complaint> {
        match data {
            Value::Object(fields) => {
                self.shape.nested = fields.get("candidate").is_some_and(Value::is_object);
                signal::candidate(fields)
            }
            other => signal::candidate(&object(json!({"candidate": other}))),
        }
    }

    /// A signal of another door.
    fn write(&self, from: &str, payload: &Payload) -> Option<Value> {
        let (kind, data) = match payload {
            Payload::Description(description) => {
                let data = self.shape.description.write(description);
                (description.r#type.as_str(), if self.shape.nested { json!({"sdp": data}) } else { data })
            }
            Payload::Candidate(candidate) => {
                let data = signal::candidate_json(candidate);
                ("candidate", if self.shape.nested { json!({"candidate": data}) } else { data })
            }
            Payload::Message(AppData { content: Some(Content::Text(text)) }) => ("message", text.clone().into()),
            other => {
                let mut data = signal::data_message(other)?;
                data.remove("type");
                ("message", Value::Object(data))
            }
        };
        Some(json!({"type": kind, "from": from, "data": data}))
    }
}

impl Dialect for Connector {
    async fn begin(&mut self, guest: &mut Guest, out: &mut Vec<Value>) {
        out.push(details(guest));
    }

    async fn said(&mut self, guest: &mut Guest, message: Object, out: &mut Vec<Value>) -> Result<(), Complaint> {
        let kind = signal::field(&message, "type")?.unwrap_or_default();
        match kind {
            "connect" if signal::field(&message, "to")?.is_none() => out.push(details(guest)),
            "connect" | "offer" | "answer" | "candidate" | "message" => return self.relay(guest, message).await,
            "create_room" => {
                let data = data_of(&message)?;
                let create = pb::CreateRoom {
                    room: signal::field(data, "room")?.unwrap_or_default().to_owned(),
                    display_name: signal::field(data, "name")?.unwrap_or_default().to_owned(),
                    ..pb::CreateRoom::default()
                };
                guest.ask(RawBody::CreateRoom(Box::new(create))).await;
            }
            "join_room" => {
                let join = pb::Join { room: room_of(&message)?, ..pb::Join::default() };
                guest.ask(RawBody::Join(Box::new(join))).await;
            }
            "leave_room" => {
                let room = room_of(&message)?;
                let body = match signal::field(&message, "to")? {
                    // Somebody else's leaving: only the owner may.
                    Some(to) if to != guest.peer().as_str() => {
                        RawBody::RemoveMember(pb::RemoveMember { room, peer_id: to.to_owned(), ban: false })
                    }
                    _ => RawBody::Leave(pb::Leave { room }),
                };
                guest.ask(body).await;
            }
            "end_room" => guest.ask(RawBody::EndRoom(pb::EndRoom { room: room_of(&message)? })).await,
            _ => return Err(Complaint::unknown_type(kind, TYPES)),
        }
        Ok(())
    }

    fn heard(&mut self, guest: &Guest, news: News, out: &mut Vec<Value>) -> Result<(), Complaint> {
        let me = guest.peer();
        match news {
            News::Entered { room, created } => {
                let Some(roster) = guest.roster(&room) else { return Ok(()) };
                out.push(if created {
                    note("info", "room_created", room_data(&room, roster, Some(me)))
                } else {
                    note("update", "client_added", room_data(&room, roster, Some(me)))
                });
            }
            News::Came { room, .. } => out.extend(update(guest, "client_added", &room)),
            News::Went { room, .. } => out.extend(update(guest, "client_removed", &room)),
            News::Out { room, reason: Reason::Left, .. } => {
                out.push(note("info", "room_left", json!({"room": room.as_str()})));
            }
            News::Out { room, roster, reason } => {
                let title = if reason == Reason::Ended { "room_deleted" } else { "client_removed" };
                let mut data = match roster {
                    Some(roster) => room_data(&room, &roster, (reason == Reason::Ended).then_some(me)),
                    None => json!({"room": room.as_str()}),
                };
                data["reason"] = reason.as_str().into();
                out.push(note("update", title, data));
            }
            News::Signal { from, payload } if self.scope.name_of(&from).is_some() => {
                out.extend(signal::unwhole(&payload).map(|message| received(&from, message)));
            }
            News::Signal { from, payload } => out.extend(self.write(&from, &payload)),
            News::Lost { peer, reason } => out.push(Self::complain(&Complaint::lost(peer.as_str(), reason))),
            News::Refused(complaint) => out.push(Self::complain(&complaint)),
            News::Done | News::MoveOn { .. } => {}
        }
        Ok(())
    }

    fn complain(complaint: &Complaint) -> Value {
        let Complaint { reason, message, hint, .. } = complaint;
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
fn details(guest: &Guest) -> Value {
    note("info", "client_details", json!({"id": guest.peer().as_str()}))
}

fn update(guest: &Guest, title: &str, room: &RoomName) -> Option<Value> {
    guest.roster(room).map(|roster| note("update", title, room_data(room, roster, Some(guest.peer()))))
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
fn complete(message: &Object) -> Result<&Value, Complaint> {
    let data = match message.get("data") {
        None | Some(Value::Null) => return Err(Complaint::invalid("data is missing", "put the signal into \"data\"")),
        Some(data) => data,
    };
    if message.get("type").is_some_and(|kind| kind == "connect") {
        for field in ["sdp", "candidate"] {
            if !data_of(message)?.contains_key(field) {
                let hint = "connect carries an offer and a candidate: data.sdp and data.candidate";
                return Err(Complaint::invalid(format!("data.{field} is missing"), hint));
            }
        }
    }
    Ok(data)
}

fn data_of(message: &Object) -> Result<&Object, Complaint> {
    match message.get("data") {
        Some(Value::Object(data)) => Ok(data),
        _ => Err(Complaint::invalid("data is missing or is not an object", "send \"data\": {\"room\": …}")),
    }
}

fn room_of(message: &Object) -> Result<String, Complaint> {
    match signal::field(data_of(message)?, "room")? {
        Some(room) => Ok(room.to_owned()),
        None => Err(Complaint::invalid("data.room is missing", "name the room in \"data\"")),
    }
}

/// A room both ends are in, or none.
fn shared_room(guest: &Guest, to: &str) -> String {
    let Ok(peer) = PeerId::parse(to) else { return String::new() };
    let mut rooms = guest.rooms().filter(|room| guest.roster(room).is_some_and(|roster| roster.has(&peer)));
    rooms.next().map(ToString::to_string).unwrap_or_default()
}
