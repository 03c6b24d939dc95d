//! Shows what happens in a room.

use serde_json::{Value, json};
use wigwag_client::{Event, Member, Payload, PeerId, Room, Session};

use crate::{
    duration::{unix_ms, utc},
    failure::Failure,
    output::Output,
    printable::printable,
};

pub(super) struct View {
    output: Output,
}

impl View {
    pub(super) fn new(output: Output) -> Self {
        Self { output }
    }

    /// Shows who we are and whom we found.
    pub(super) fn joined(&self, session: &Session, room: &Room) -> Result<(), Failure> {
        let peer_id = session.peer_id();
        let found: Vec<_> = room.found().iter().map(name).collect();
        let ids: Vec<_> = room.found().iter().map(|member| member.peer_id.as_str()).collect();
        let value = json!({ "event": "joined", "room": room.name(), "peer_id": peer_id.as_str(), "members": ids });
        let who = if found.is_empty() { "no other members".to_owned() } else { format!("here: {}", found.join(", ")) };
        self.show(&value, &format!("joined {} as {peer_id}; {who}", room.name()))
    }

    pub(super) fn event(&self, room: &Room, event: &Event) -> Result<(), Failure> {
        let (mut value, text) = describe(room, event);
        if value.is_null() {
            return Ok(());
        }
        value["at"] = utc(unix_ms()).into();
        self.show(&value, &text)
    }

    /// Lists the members, for people.
    pub(super) fn members(&self, room: &Room) {
        for member in room.members() {
            self.remark(&format!("{} {}", member.peer_id, member.display_name));
        }
    }

    /// Says something that is not an event.
    pub(super) fn remark(&self, text: &str) {
        self.output.note(text);
    }

    fn show(&self, value: &Value, text: &str) -> Result<(), Failure> {
        self.output.show_next(value, || format!("{}  {}", utc(unix_ms()), printable(text))).map(|_| ())
    }
}

/// Returns an event for programs and for people; `null` if it says nothing about the room.
fn describe(room: &Room, event: &Event) -> (Value, String) {
    match event {
        Event::Envelope { from, payload, .. } => {
            let (kind, bytes, text) = summary(payload);
            let sender = from.as_ref().map_or_else(|| "the server".to_owned(), |from| name_of(room, from));
            let value = json!({
                "event": "envelope",
                "from": from.as_ref().map(PeerId::as_str),
                "kind": kind,
                "bytes": bytes,
                "text": text,
            });
            let line = text.map_or_else(|| format!("{kind}, {bytes} bytes"), str::to_owned);
            (value, format!("{sender}: {line}"))
        }
        Event::MemberJoined { member, .. } => {
            let value = json!({
                "event": "member_joined", "peer_id": member.peer_id.as_str(), "display_name": member.display_name,
            });
            (value, format!("{} joined", name(member)))
        }
        Event::MemberUpdated { member, .. } => {
            let value = json!({
                "event": "member_updated",
                "peer_id": member.peer_id.as_str(),
                "display_name": member.display_name,
                "role": format!("{:?}", member.role).to_lowercase(),
                "state": format!("{:?}", member.presence).to_lowercase(),
            });
            let (role, state) = (format!("{:?}", member.role), format!("{:?}", member.presence));
            (value, format!("{} is {} and {}", name(member), role.to_lowercase(), state.to_lowercase()))
        }
        Event::MemberLeft { peer_id, reason, .. } => {
            let why = reason.as_deref().map(|reason| format!(" ({reason})")).unwrap_or_default();
            let value = json!({ "event": "member_left", "peer_id": peer_id.as_str(), "reason": reason });
            (value, format!("{peer_id} left{why}"))
        }
        Event::RoomUpdated { info, .. } => {
            let owner = info.owner.as_ref().map(PeerId::as_str);
            let value = json!({ "event": "room_updated", "owner": owner, "max_members": info.max_members });
            (value, format!("the room changed: owner {}", owner.unwrap_or("none")))
        }
        Event::Undeliverable { to, reason, .. } => {
            let value = json!({ "event": "undeliverable", "to": to.as_str(), "reason": reason });
            (value, format!("not delivered to {}: {reason}", name_of(room, to)))
        }
        Event::SendFailed { error, .. } => {
            (json!({ "event": "send_failed", "reason": error.reason }), format!("not sent: {error}"))
        }
        Event::Left { reason, .. } => (json!({ "event": "left", "reason": reason }), format!("left: {reason}")),
        Event::Reconnecting => (json!({ "event": "reconnecting" }), "connection lost, reconnecting".to_owned()),
        Event::Resumed => (json!({ "event": "resumed" }), "connected again, nothing was missed".to_owned()),
        Event::TokenExpiring { .. } => {
            (json!({ "event": "token_expiring" }), "the token expires soon, and the session ends with it".to_owned())
        }
        _ => (Value::Null, String::new()),
    }
}

/// Kind, size and, of texts, the content.
fn summary(payload: &Payload) -> (&str, usize, Option<&str>) {
    match payload {
        Payload::Description(description) => (description.kind.as_str(), description.sdp.len(), None),
        Payload::Candidate(candidate) => ("candidate", candidate.candidate.as_deref().map_or(0, str::len), None),
        Payload::Text(text) => ("text", text.len(), Some(text)),
        Payload::Binary(bytes) => ("binary", bytes.len(), None),
        Payload::Sealed(bytes) => ("sealed", bytes.len(), None),
        _ => ("unknown", 0, None),
    }
}

fn name(member: &Member) -> String {
    if member.display_name.is_empty() {
        member.peer_id.to_string()
    } else {
        format!("{} ({})", member.display_name, member.peer_id)
    }
}

fn name_of(room: &Room, peer_id: &PeerId) -> String {
    let member = room.members().into_iter().find(|member| member.peer_id == *peer_id);
    member.as_ref().map_or_else(|| peer_id.to_string(), name)
}
