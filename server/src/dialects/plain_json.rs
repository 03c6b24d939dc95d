//! Plain JSON: `ws://host/json/ROOM`. The path names the room; with two members nobody needs to be named.

use axum::response::Response;
use serde_json::{Value, json};
use wigwag_hub::RoomName;
use wigwag_proto::v1::{self as pb, envelope::Payload};

use super::{
    Dialects,
    complaint::Complaint,
    guest::{Guest, News},
    scope::Scope,
    signal::{self, Shape, object},
    talk::{Dialect, Object},
};
use crate::{
    authz::Caller,
    node::{Node, Visitor, random_name},
    websocket::Upgrade,
    wire::RawBody,
};

const NAME: &str = "plain-json";

/// Opens a conversation in a room.
pub(super) fn open(dialects: &Dialects, caller: Caller, room: String, query: &str, upgrade: Upgrade) -> Response {
    let node = dialects.node().clone();
    let name = name_of(query);
    dialects.talk(upgrade, async move { PlainJson::enter(&node, &caller, &room, name).await })
}

/// The name a query gives a client for others to see. May be empty.
pub(super) fn name_of(query: &str) -> String {
    let name = form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "name");
    name.map(|(_, name)| name.into_owned()).unwrap_or_default()
}

pub(super) struct PlainJson {
    room: RoomName,
    scope: Scope,
    shape: Shape,
}

impl PlainJson {
    pub(super) async fn enter(
        node: &Node,
        caller: &Caller,
        room: &str,
        name: String,
    ) -> Result<(Guest, Self), Complaint> {
        let room = RoomName::parse(room)
            .map_err(|error| Complaint::invalid(format!("the room's name {error}"), "connect to /json/ROOM"))?;
        let scope = Scope::new(NAME, room.as_str());
        let peer = scope
            .peer(&random_name())
            .map_err(|_| Complaint::invalid("the room's name is too long", "use a shorter one"))?;
        let visitor = Visitor { peer, secret: None, user: String::new(), display_name: name };
        let guest = Guest::open(node, caller, visitor).await?;
        Ok((guest, Self { room, scope, shape: Shape::default() }))
    }

    /// Whom a message is for: the one named, or the only other member.
    fn target(&self, guest: &Guest, message: &Object) -> Result<String, Complaint> {
        if let Some(to) = signal::field(message, "to")? {
            return Ok(to.to_owned());
        }
        let others = guest.roster(&self.room).map(|roster| roster.others.as_slice()).unwrap_or_default();
        match others {
            [] => Err(Complaint::new("PEER_NOT_FOUND", "nobody else is in this room", "wait for peer-joined")),
            [other] => Ok(other.peer.to_string()),
            _ => Err(Complaint::invalid(
                format!("to is missing, and there are {} others in this room", others.len()),
                "name one of them: peer ids are in welcome and peer-joined",
            )),
        }
    }
}

impl Dialect for PlainJson {
    async fn begin(&mut self, guest: &mut Guest, _: &mut Vec<Value>) {
        let join = pb::Join { room: self.room.to_string(), ..pb::Join::default() };
        guest.ask(RawBody::Join(Box::new(join))).await;
    }

    async fn said(&mut self, guest: &mut Guest, mut message: Object, _: &mut Vec<Value>) -> Result<(), Complaint> {
        let kind = signal::field(&message, "type")?.unwrap_or_default();
        let payload = match kind {
            "offer" | "answer" => {
                let (description, shape) = signal::description(kind, message.get("sdp"))?;
                self.shape = shape;
                Payload::Description(description)
            }
            "new-ice-candidate" => Payload::Candidate(signal::candidate(&message)?),
            "message" => signal::text_of(&message)?,
            _ => return Err(Complaint::unknown_type(kind, "offer, answer, new-ice-candidate or message")),
        };
        let to = self.target(guest, &message)?;
        let payload = match self.scope.name_of(&to) {
            Some(_) => {
                message.remove("to");
                signal::whole(message)
            }
            None => payload,
        };
        guest.send_in_room_or_directly(self.room.as_str(), &to, payload).await.map_err(|fault| match fault.reason {
            "PEER_NOT_FOUND" => Complaint::absent(&to, "to names a member of this room: see welcome and peer-joined"),
            _ => fault.into(),
        })
    }

    fn heard(&mut self, guest: &Guest, news: News, out: &mut Vec<Value>) -> Result<(), Complaint> {
        match news {
            News::Entered { room, .. } => {
                let others = guest.roster(&room).map(|roster| roster.others.as_slice()).unwrap_or_default();
                let peers: Vec<_> = others.iter().map(|member| member.peer.as_str()).collect();
                let me = guest.peer().as_str();
                out.push(json!({"type": "welcome", "id": me, "room": room.as_str(), "peers": peers}));
            }
            News::Came { member, .. } => {
                let (id, name) = (member.peer.as_str(), &*member.display_name);
                out.push(json!({"type": "peer-joined", "id": id, "name": name}));
            }
            News::Went { member, reason, .. } => {
                let (id, reason) = (member.peer.as_str(), reason.as_str());
                out.push(json!({"type": "peer-left", "id": id, "reason": reason}));
            }
            News::Signal { from, payload } => out.extend(self.signal(&from, &payload)),
            News::Lost { peer, reason } => out.push(Self::complain(&Complaint::lost(peer.as_str(), reason))),
            News::Refused(complaint) => return Err(complaint),
            News::Out { reason, .. } => return Err(Complaint::seat_lost(reason)),
            News::Done | News::MoveOn { .. } => {}
        }
        Ok(())
    }

    fn complain(complaint: &Complaint) -> Value {
        complaint.to_json()
    }
}

impl PlainJson {
    fn signal(&self, from: &str, payload: &Payload) -> Option<Value> {
        let mut message = match payload {
            Payload::Description(description) => {
                object(json!({"type": description.r#type, "sdp": self.shape.write(description)}))
            }
            Payload::Candidate(candidate) => {
                object(json!({"type": "new-ice-candidate", "candidate": signal::candidate_json(candidate)}))
            }
            _ if self.scope.name_of(from).is_some() => signal::unwhole(payload)?,
            _ => signal::data_message(payload)?,
        };
        message.insert("from".into(), from.into());
        Some(Value::Object(message))
    }
}
