//! What a connection writes: a frame's head, and a body that may be shared with other connections.

use bytes::{BufMut, Bytes, BytesMut};
use prost::{
    Message,
    encoding::{encode_varint, encoded_len_varint},
};
use wigwag_hub::{
    frame::{Body, Change, Item, RoomEvent},
    id::PeerId,
};
use wigwag_proto::v1::{self as pb, server_frame::Body as Pb};

use super::convert;

const ENVELOPE_KEY: u8 = 4 << 3 | 2;

/// One `ServerFrame`, ready to be written behind its head.
#[derive(Clone, Debug, Default)]
pub struct OutFrame {
    pub seq: u32,
    pub ack: u32,
    pub reply_to: u32,
    body: OutBody,
}

#[derive(Clone, Debug, Default)]
enum OutBody {
    /// A bare ack.
    #[default]
    None,
    /// An encoded `Envelope`; its key and length are still to be written.
    Envelope(Bytes),
    /// An encoded body field, key and length included.
    Field(Bytes),
}

impl OutFrame {
    /// A frame outside the numbering.
    pub fn unnumbered(body: Pb) -> Self {
        Self { body: OutBody::Field(field(body)), ..Self::default() }
    }

    /// A bare ack.
    pub fn ack(ack: u32) -> Self {
        Self { ack, ..Self::default() }
    }

    /// Asks the client to go at a moment of its own. Its session ends with the node.
    pub fn go_away(reconnect_after_ms: u32) -> Self {
        Self::unnumbered(Pb::GoAway(pb::GoAway {
            reason: "DRAINING".into(),
            advice: pb::Advice::Rejoin.into(),
            reconnect_after_ms,
            resumable: false,
            endpoint: String::new(),
        }))
    }

    /// What the hub gave for a connection of this peer.
    pub fn from_item(item: Item, receiver: &PeerId) -> Self {
        match item {
            Item::Numbered { seq, reply_to, body } => Self { seq, ack: 0, reply_to, body: numbered(body) },
            Item::Presence(event) => Self { body: OutBody::Field(presence(&event)), ..Self::default() },
            Item::Roster(snapshot) => Self::unnumbered(Pb::Roster(convert::roster(&snapshot, receiver))),
            Item::GoAway { reconnect_after_ms } => Self::go_away(reconnect_after_ms),
        }
    }

    /// The encoded `Envelope` it holds, if it is one.
    pub fn envelope(&self) -> Option<&Bytes> {
        if let OutBody::Envelope(bytes) = &self.body { Some(bytes) } else { None }
    }

    /// Bytes of the frame on the wire.
    pub fn encoded_len(&self) -> usize {
        let number = |n: u32| if n == 0 { 0 } else { 1 + encoded_len_varint(n.into()) };
        let body = match &self.body {
            OutBody::None => 0,
            OutBody::Envelope(bytes) => 1 + encoded_len_varint(bytes.len() as u64) + bytes.len(),
            OutBody::Field(bytes) => bytes.len(),
        };
        number(self.seq) + number(self.ack) + number(self.reply_to) + body
    }

    /// Writes the frame.
    pub fn encode(&self, out: &mut impl BufMut) {
        for (key, number) in [(8_u8, self.seq), (16, self.ack), (24, self.reply_to)] {
            if number != 0 {
                out.put_u8(key);
                encode_varint(number.into(), out);
            }
        }
        match &self.body {
            OutBody::None => {}
            OutBody::Envelope(bytes) => {
                out.put_u8(ENVELOPE_KEY);
                encode_varint(bytes.len() as u64, out);
                out.put_slice(bytes);
            }
            OutBody::Field(bytes) => out.put_slice(bytes),
        }
    }
}

/// A body as an encoded field of `ServerFrame`.
pub fn field(body: Pb) -> Bytes {
    pb::ServerFrame { body: Some(body), ..pb::ServerFrame::default() }.encode_to_vec().into()
}

fn numbered(body: Body) -> OutBody {
    OutBody::Field(match body {
        Body::Envelope(bytes) => return OutBody::Envelope(bytes),
        Body::Encoded(bytes) => bytes,
        Body::Joined(joined) => field(Pb::Joined(convert::joined(&joined))),
        Body::Left { room, reason } => {
            field(Pb::Left(pb::Left { room: room.to_string(), reason: reason.as_str().into() }))
        }
        Body::Done => field(Pb::Done(pb::Done {})),
        Body::Receipt { peer, delivery } => field(Pb::Receipt(convert::receipt(&peer, delivery))),
    })
}

/// A room's change, encoded by whoever writes it first and shared by all who write it after.
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
            // Members hear of a room's end by `left`; this form is never asked for.
            Change::Ended(_) => BytesMut::new().freeze(),
        }
    };
    event.encoded.get_or_init(encode).clone()
}

#[cfg(test)]
mod tests {
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
