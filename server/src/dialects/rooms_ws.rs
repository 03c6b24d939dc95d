//! rooms-ws: `ws://host/?roomId=R&userId=U&userName=N`. One socket is one user in one room.

use axum::response::Response;
use serde_json::{Value, json};
use wigwag_hub::{PeerId, RoomName, member::Member};
use wigwag_proto::v1::{self as pb, envelope::Payload};

use super::{
    Dialects,
    complaint::Complaint,
    guest::{Guest, News},
    scope::{Scope, looks_like_peer_id},
    signal::{self, Shape, object},
    talk::{Dialect, Object},
};
use crate::{
    authz::Caller,
    clock::iso8601,
    node::{Node, Visitor},
    websocket::Upgrade,
    wire::RawBody,
};

const NAME: &str = "rooms-ws";

/// Opens a conversation for a request's query.
pub(super) fn open(dialects: &Dialects, caller: Caller, query: &str, upgrade: Upgrade) -> Response {
    let wanted = Wanted::read(query);
    let node = dialects.node().clone();
    dialects.talk(upgrade, async move { RoomsWs::enter(&node, &caller, wanted?).await })
}

/// How a member is called in this dialect, and in `/rooms`: its user id if it came through this dialect, else its peer
/// id. Either is what a client of this dialect puts into `targetUserId`.
pub(crate) fn shown_id(room: &RoomName, peer: &PeerId) -> String {
    Scope::new(NAME, room.as_str()).name_of(peer.as_str()).unwrap_or(peer.as_str()).to_owned()
}

/// What the URL asks for.
#[derive(Debug)]
pub(super) struct Wanted {
    room: String,
    user: String,
    name: String,
}

impl Wanted {
    pub(super) fn read(query: &str) -> Result<Self, Complaint> {
        let value = |name: &'static str| {
            let found = form_urlencoded::parse(query.as_bytes()).find(|(key, value)| key == name && !value.is_empty());
            let hint = "connect to /?roomId=ROOM&userId=ID&userName=NAME";
            found
                .map(|(_, value)| value.into_owned())
                .ok_or_else(|| Complaint::invalid(format!("{name} is missing"), hint))
        };
        Ok(Self { room: value("roomId")?, user: value("userId")?, name: value("userName")? })
    }
}

pub(super) struct RoomsWs {
    room: RoomName,
    scope: Scope,
    shape: Shape,
}

impl RoomsWs {
    pub(super) async fn enter(node: &Node, caller: &Caller, wanted: Wanted) -> Result<(Guest, Self), Complaint> {
        let Wanted { room, user, name } = wanted;
        let room = RoomName::parse(&room)
            .map_err(|error| Complaint::invalid(format!("roomId {error}"), "use 1 to 128 bytes of text"))?;
        if looks_like_peer_id(&user) {
            return Err(Complaint::invalid("userId has the form of a peer id of this server", "choose another one"));
        }
        let scope = Scope::new(NAME, room.as_str());
        let peer = scope
            .peer(&user)
            .map_err(|_| Complaint::invalid("userId is too long or holds control characters", "use up to 128 bytes"))?;
        let visitor = Visitor { peer, secret: None, user, display_name: name };
        let guest = Guest::open(node, caller, visitor).await.map_err(|fault| match fault.reason {
            "PEER_ID_TAKEN" => {
                Complaint::new(fault.reason, "this userId is taken in this room", "choose another userId")
            }
            _ => fault.into(),
        })?;
        Ok((guest, Self { room, scope, shape: Shape::default() }))
    }

    fn shown<'a>(&self, peer: &'a str) -> &'a str {
        self.scope.name_of(peer).unwrap_or(peer)
    }

    fn participant(&self, member: &Member) -> Value {
        json!({
            "id": self.shown(member.peer.as_str()),
            "name": &*member.display_name,
            "joinedAt": iso8601(member.joined_at_ms),
        })
    }

    /// Sends to the user of that id, or to the peer.
    async fn send(&self, guest: &mut Guest, target: &str, own: Payload, other: Payload) -> Result<(), Complaint> {
        let room = self.room.as_str();
        if let Ok(peer) = self.scope.peer(target) {
            match guest.send(room, peer.as_str(), own).await {
                Err(fault) if fault.reason == "PEER_NOT_FOUND" => {}
                sent => return sent.map_err(Complaint::from),
            }
        }
        guest.send_in_room_or_directly(room, target, other).await.map_err(|fault| match fault.reason {
            "PEER_NOT_FOUND" => {
                Complaint::absent(target, "targetUserId names a participant of the same room; GET /rooms lists them")
            }
            _ => fault.into(),
        })
    }
}

impl Dialect for RoomsWs {
    async fn begin(&mut self, guest: &mut Guest, _: &mut Vec<Value>) {
        let join = pb::Join { room: self.room.to_string(), ..pb::Join::default() };
        guest.ask(RawBody::Join(Box::new(join))).await;
    }

    async fn said(&mut self, guest: &mut Guest, mut message: Object, _: &mut Vec<Value>) -> Result<(), Complaint> {
        let kind = signal::field(&message, "type")?.unwrap_or_default().to_owned();
        let payload = match kind.as_str() {
            "offer" | "answer" => {
                let (description, shape) = signal::description(&kind, message.get("sdp"))?;
                self.shape = shape;
                Payload::Description(description)
            }
            "ice-candidate" => Payload::Candidate(signal::candidate(&message)?),
            "message" => signal::text_of(&message)?,
            _ => return Err(Complaint::unknown_type(&kind, "offer, answer, ice-candidate or message")),
        };
        let Some(target) = signal::field(&message, "targetUserId")?.map(str::to_owned) else {
            return Err(Complaint::invalid("targetUserId is missing", "name a participant's id"));
        };
        message.remove("targetUserId");
        self.send(guest, &target, signal::whole(message), payload).await
    }

    fn heard(&mut self, guest: &Guest, news: News, out: &mut Vec<Value>) -> Result<(), Complaint> {
        match news {
            News::Entered { room, .. } => {
                let Some(roster) = guest.roster(&room) else { return Ok(()) };
                let participants: Vec<_> = roster.others.iter().map(|member| self.participant(member)).collect();
                out.push(json!({
                    "type": "participants",
                    "roomId": room.as_str(),
                    "userId": self.shown(guest.peer().as_str()),
                    "participants": participants,
                }));
            }
            News::Came { member, .. } => out.push(json!({
                "type": "participant-joined",
                "userId": self.shown(member.peer.as_str()),
                "userName": &*member.display_name,
                "participant": self.participant(&member),
            })),
            News::Went { member, reason, .. } => out.push(json!({
                "type": "participant-left",
                "userId": self.shown(member.peer.as_str()),
                "userName": &*member.display_name,
                "reason": reason.as_str(),
            })),
            News::Signal { from, payload } => out.extend(self.signal(&from, &payload)),
            News::Lost { peer, reason } => {
                out.push(Self::complain(&Complaint::lost(self.shown(peer.as_str()), reason)));
            }
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

impl RoomsWs {
    fn signal(&self, from: &str, payload: &Payload) -> Option<Value> {
        let mut message = match payload {
            Payload::Description(description) => {
                object(json!({"type": description.r#type, "sdp": self.shape.write(description)}))
            }
            Payload::Candidate(candidate) => {
                object(json!({"type": "ice-candidate", "candidate": signal::candidate_json(candidate)}))
            }
            _ if self.scope.name_of(from).is_some() => signal::unwhole(payload)?,
            _ => signal::data_message(payload)?,
        };
        message.insert("fromUserId".into(), self.shown(from).into());
        Some(Value::Object(message))
    }
}
