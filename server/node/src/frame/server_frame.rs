//! Server frames: numbers of the connection, and an encoded body that may be shared with other connections.

use bytes::{BufMut, Bytes, BytesMut};
use prost::encoding::{encode_varint, encoded_len_varint};
use wigwag_hub::{
    frame::{Body, Change, Item, RoomEvent},
    id::PeerId,
};
use wigwag_proto::v1::{self as pb, server_frame::Body as Pb};

use super::{
    convert::{self, field},
    roster::{JsonRoster, ProtobufMembers, Rest, RestFrame, RosterBody, RosterFormat},
};

/// The protobuf key of `ServerFrame.envelope`: field 4, wire type LEN.
const ENVELOPE_KEY: u8 = 4 << 3 | 2;

/// A `ServerFrame` whose body is already encoded.
#[derive(Clone, Debug, Default)]
pub struct OutFrame {
    /// The sequence number; 0 if the frame is not numbered.
    pub seq: u32,
    /// The last client frame that took effect; 0 if the frame does not acknowledge.
    pub ack: u32,
    /// The sequence number of the client frame that this one answers, or 0.
    pub reply_to: u32,
    body: OutBody,
}

#[derive(Clone, Debug, Default)]
enum OutBody {
    /// No body: the frame only acknowledges.
    #[default]
    None,
    /// An encoded `Envelope`, without its key and length.
    Envelope(Bytes),
    /// An encoded body field, with its key and length.
    Field(Bytes),
    /// A long list of members, encoded while it is written.
    // Boxed: frames are moved often, and few are of this kind.
    Roster(Box<RosterBody>),
}

impl OutFrame {
    /// Creates a frame without a sequence number.
    pub fn unnumbered(body: Pb) -> Self {
        Self { body: OutBody::Field(field(body)), ..Self::default() }
    }

    /// Creates a frame that only acknowledges.
    pub fn ack(ack: u32) -> Self {
        Self { ack, ..Self::default() }
    }

    /// Creates a frame that asks the client to reconnect after `reconnect_after_ms`, at `endpoint` if it is not empty. A
    /// session that is not `resumable` ends with the node.
    pub fn go_away(reconnect_after_ms: u32, resumable: bool, endpoint: &str) -> Self {
        let advice = if resumable { pb::Advice::Resume } else { pb::Advice::Rejoin };
        Self::unnumbered(Pb::GoAway(pb::GoAway {
            reason: "DRAINING".into(),
            advice: advice.into(),
            reconnect_after_ms,
            resumable,
            endpoint: endpoint.to_owned(),
        }))
    }

    /// Converts an item of the mailbox of `receiver`.
    pub fn from_item(item: Item, receiver: &PeerId) -> Self {
        match item {
            Item::Numbered { seq, reply_to, body } => Self { seq, ack: 0, reply_to, body: numbered(body, receiver) },
            Item::Presence(event) => Self { body: OutBody::Field(presence(&event)), ..Self::default() },
            Item::Roster(snapshot) => match RosterBody::roster(&snapshot, receiver) {
                Some(roster) => Self { body: OutBody::Roster(Box::new(roster)), ..Self::default() },
                None => Self::unnumbered(Pb::Roster(convert::roster(&snapshot, convert::others(&snapshot, receiver)))),
            },
            Item::GoAway { reconnect_after_ms, resumable, endpoint } => {
                Self::go_away(reconnect_after_ms, resumable, endpoint.as_deref().unwrap_or_default())
            }
        }
    }

    /// Returns whether this is a frame with many members, which may have to be shortened.
    pub fn has_roster(&self) -> bool {
        matches!(self.body, OutBody::Roster(_))
    }

    /// Shortens a frame whose members its receiver could not read at once. Returns what is to follow it.
    pub fn split_off(&mut self, format: RosterFormat) -> Option<Rest> {
        if let OutBody::Roster(roster) = &mut self.body { roster.split_off(format) } else { None }
    }

    /// Returns the next frame of a rest, and what is to follow it.
    pub fn from_rest(rest: Rest, format: RosterFormat) -> (Option<Self>, Option<Rest>) {
        let Some((frame, rest)) = rest.next(format) else { return (None, None) };
        let frame = match frame {
            RestFrame::Roster(roster) => Self { body: OutBody::Roster(Box::new(roster)), ..Self::default() },
            RestFrame::Member(body) => Self::unnumbered(*body),
        };
        (Some(frame), rest)
    }

    /// Returns the encoded `Envelope`, if the body is one.
    pub fn envelope(&self) -> Option<&Bytes> {
        if let OutBody::Envelope(bytes) = &self.body { Some(bytes) } else { None }
    }

    /// Returns the size of the encoded frame in bytes.
    pub fn encoded_len(&self) -> usize {
        let number = |n: u32| if n == 0 { 0 } else { 1 + encoded_len_varint(n.into()) };
        let body = match &self.body {
            OutBody::None => 0,
            OutBody::Envelope(bytes) => 1 + encoded_len_varint(bytes.len() as u64) + bytes.len(),
            OutBody::Field(bytes) => bytes.len(),
            OutBody::Roster(roster) => roster.len(),
        };
        number(self.seq) + number(self.ack) + number(self.reply_to) + body
    }

    /// Appends the encoded frame to `out`.
    pub fn encode(&self, out: &mut impl BufMut) {
        self.encode_numbers(out);
        match &self.body {
            OutBody::None => {}
            OutBody::Envelope(bytes) => {
                out.put_u8(ENVELOPE_KEY);
                encode_varint(bytes.len() as u64, out);
                out.put_slice(bytes);
            }
            OutBody::Field(bytes) => out.put_slice(bytes),
            OutBody::Roster(roster) => {
                let mut head = roster.head();
                let mut members = ProtobufMembers::new((**roster).clone());
                out.put_slice(&head);
                head.clear();
                while let Some(member) = members.next(&mut head) {
                    out.put_slice(&head);
                    out.put_slice(&member);
                    head.clear();
                }
            }
        }
    }

    fn encode_numbers(&self, out: &mut impl BufMut) {
        for (key, number) in [(8_u8, self.seq), (16, self.ack), (24, self.reply_to)] {
            if number != 0 {
                out.put_u8(key);
                encode_varint(number.into(), out);
            }
        }
    }

    /// Splits the frame into what precedes its payload, its payload, and the members that follow.
    pub(super) fn into_parts(self) -> (Vec<u8>, Bytes, Option<ProtobufMembers>) {
        let mut head = Vec::new();
        self.encode_numbers(&mut head);
        match self.body {
            OutBody::None => (head, Bytes::new(), None),
            OutBody::Envelope(bytes) => {
                head.put_u8(ENVELOPE_KEY);
                encode_varint(bytes.len() as u64, &mut head);
                (head, bytes, None)
            }
            OutBody::Field(bytes) => (head, bytes, None),
            OutBody::Roster(roster) => (head, roster.head().into(), Some(ProtobufMembers::new(*roster))),
        }
    }

    /// Returns the frame as protobuf JSON that is written piece by piece, if it holds many members.
    pub fn json_roster(&self) -> Option<JsonRoster> {
        let OutBody::Roster(roster) = &self.body else { return None };
        JsonRoster::new((**roster).clone(), self.seq, self.ack, self.reply_to)
    }
}

fn numbered(body: Body, receiver: &PeerId) -> OutBody {
    OutBody::Field(match body {
        Body::Envelope(bytes) => return OutBody::Envelope(bytes),
        Body::Encoded(bytes) => bytes,
        Body::Joined(joined) => match RosterBody::joined(&joined, receiver) {
            Some(roster) => return OutBody::Roster(Box::new(roster)),
            None => {
                let others = convert::others(&joined.snapshot, receiver);
                field(Pb::Joined(convert::joined(&joined, receiver, others)))
            }
        },
        Body::Left { room, reason } => {
            field(Pb::Left(pb::Left { room: room.to_string(), reason: reason.as_str().into() }))
        }
        Body::Done => field(Pb::Done(pb::Done {})),
        Body::Receipt { peer, delivery } => field(Pb::Receipt(convert::receipt(&peer, delivery))),
    })
}

/// Returns the encoded change of a room: the first connection that writes it encodes it, and the others share the
/// bytes.
fn presence(event: &RoomEvent) -> Bytes {
    let encode = || {
        let (room, version) = (event.room.to_string(), event.version);
        match &event.change {
            Change::Created(info) | Change::Updated(info) => {
                field(Pb::RoomUpdated(pb::RoomUpdated { room, version, room_info: Some(convert::room_info(info)) }))
            }
            Change::MemberJoined(member) => {
                field(Pb::MemberJoined(pb::MemberJoined { room, version, member: Some(convert::member(member)) }))
            }
            Change::MemberUpdated(member) => {
                field(Pb::MemberUpdated(pb::MemberUpdated { room, version, member: Some(convert::member(member)) }))
            }
            Change::MemberLeft(peer, reason) => field(Pb::MemberLeft(pb::MemberLeft {
                room,
                version,
                peer_id: peer.to_string(),
                reason: reason.as_str().into(),
            })),
            // Members are notified of a room's end with `left`, so this case does not occur.
            Change::Ended(_) => BytesMut::new().freeze(),
        }
    };
    event.encoded.protobuf.get_or_init(encode).clone()
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::*;

    #[test]
    fn frames_decode_as_the_generated_type() {
        let body = pb::Envelope { room: "demo".into(), ..pb::Envelope::default() };
        let item = Item::Numbered { seq: 300, reply_to: 5, body: Body::Envelope(body.encode_to_vec().into()) };
        let mut frame = OutFrame::from_item(item, &PeerId::from_random(1));
        frame.ack = 70_000;
        let mut out = BytesMut::new();
        frame.encode(&mut out);
        assert_eq!(out.len(), frame.encoded_len());
        let decoded = pb::ServerFrame::decode(out).expect("decodes");
        assert_eq!((decoded.seq, decoded.ack, decoded.reply_to), (300, 70_000, 5));
        assert_eq!(decoded.body, Some(Pb::Envelope(body)));
    }
}
