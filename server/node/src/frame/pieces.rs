//! A frame that is written piece by piece.

use bytes::Bytes;

use super::{OutFrame, roster::ProtobufMembers};

/// A frame that is being written, as much at a time as its transport takes. What is left to write is not encoded: an
/// envelope and the members of a room are shared with other connections.
#[derive(Debug)]
pub struct FramePieces {
    seq: u32,
    /// Small parts, which are written before `payload`.
    head: Vec<u8>,
    /// How much of `head` is written.
    written: usize,
    payload: Bytes,
    members: Option<ProtobufMembers>,
}

impl FramePieces {
    /// Begins a frame, which follows the bytes `prefix`.
    pub fn new(frame: OutFrame, prefix: &[u8]) -> Self {
        let seq = frame.seq;
        let (numbers, payload, members) = frame.into_parts();
        Self { seq, head: [prefix, &numbers].concat(), written: 0, payload, members }
    }

    /// Returns the frame's number; 0 if it has none.
    pub fn seq(&self) -> u32 {
        self.seq
    }

    /// Appends the next bytes of the frame to `out`, at most `max`. Returns whether more follow.
    pub fn write(&mut self, out: &mut Vec<u8>, max: usize) -> bool {
        let end = out.len() + max;
        loop {
            let head = &self.head[self.written..];
            let fits = head.len().min(end - out.len());
            out.extend_from_slice(&head[..fits]);
            self.written += fits;
            if fits < head.len() {
                return true;
            }
            let fits = self.payload.len().min(end - out.len());
            out.extend_from_slice(&self.payload.split_to(fits));
            if !self.payload.is_empty() {
                return true;
            }
            self.head.clear();
            self.written = 0;
            match self.members.as_mut().and_then(|members| members.next(&mut self.head)) {
                Some(member) => self.payload = member,
                // An emptied `Bytes` would keep its memory.
                None => {
                    (self.payload, self.members) = (Bytes::new(), None);
                    return false;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use prost::Message as _;
    use wigwag_hub::{
        Item, Now, PeerId, RoomName,
        frame::{Body, Joined},
        member::{DuplicateUsers, Metadata},
        room::{Newcomer, RoomSpec, RoomState},
    };
    use wigwag_proto::v1::{ServerFrame, server_frame::Body as Pb};

    use super::*;
    use crate::json;

    const NOW: Now = Now { mono_ms: 0, unix_ms: 1_795_193_347_120 };

    /// A room with so many members, whose names are not ASCII.
    fn room(members: u64) -> RoomState<()> {
        let spec = RoomSpec {
            room: RoomName::parse("demo").expect("a name"),
            display_name: "Demo".into(),
            max_members: 0,
            duplicate_users: DuplicateUsers::Allow,
            metadata: Metadata::default(),
            empty_timeout_ms: 0,
        };
        let mut room = RoomState::new(spec, 10_000, NOW);
        for n in 0..members {
            let pairs = [("k".to_owned(), "€".repeat(40 + n as usize))];
            room.join(
                Newcomer {
                    peer: PeerId::from_random(n.into()),
                    user: "".into(),
                    verified: false,
                    display_name: format!("Zoë {n}").into(),
                    metadata: Metadata::parse(pairs).expect("small"),
                },
                (),
                NOW,
            );
        }
        room
    }

    fn frames(members: u64) -> [OutFrame; 2] {
        let (snapshot, me) = (std::sync::Arc::new(room(members).snapshot()), PeerId::from_random(1));
        let joined = Joined { snapshot: snapshot.clone(), created: true };
        let item = Item::Numbered { seq: 300, reply_to: 2, body: Body::Joined(std::sync::Arc::new(joined)) };
        let mut joined = OutFrame::from_item(item, &me);
        joined.ack = 7;
        [joined, OutFrame::from_item(Item::Roster(snapshot), &me)]
    }

    fn in_pieces(frame: &OutFrame, size: usize) -> Vec<u8> {
        let mut pieces = FramePieces::new(frame.clone(), b"");
        let mut bytes = Vec::new();
        loop {
            let before = bytes.len();
            let more = pieces.write(&mut bytes, size);
            assert!(bytes.len() - before <= size);
            if !more {
                return bytes;
            }
            assert_eq!(bytes.len() - before, size);
        }
    }

    #[test]
    fn pieces_of_any_size_are_the_whole_frame() {
        for members in [2, 3, 100] {
            for frame in frames(members) {
                let mut whole = Vec::new();
                frame.encode(&mut whole);
                assert_eq!(whole.len(), frame.encoded_len());
                for size in [1, 7, 1_000, 1 << 20] {
                    assert!(in_pieces(&frame, size) == whole, "{members} members in pieces of {size}");
                }
                let decoded = ServerFrame::decode(&whole[..]).expect("a frame");
                let (others, room) = match decoded.body.clone() {
                    Some(Pb::Joined(joined)) => {
                        assert_eq!((decoded.seq, decoded.ack, decoded.reply_to, joined.created), (300, 7, 2, true));
                        assert_eq!(joined.me.expect("me").display_name, "Zoë 1");
                        (joined.members, joined.room)
                    }
                    Some(Pb::Roster(roster)) => (roster.members, roster.room),
                    other => panic!("{other:?}"),
                };
                assert_eq!((others.len() as u64, room.as_str()), (members - 1, "demo"));
                assert!(others.iter().all(|member| member.display_name != "Zoë 1"));
                if let Some(mut text) = frame.json_roster() {
                    let mut json = Vec::new();
                    let mut more = true;
                    while more {
                        let before = json.len();
                        more = text.write(&mut json, 100);
                        assert!((1..=100).contains(&(json.len() - before)) || !more);
                        assert!(std::str::from_utf8(&json).is_ok(), "whole characters");
                    }
                    assert_eq!(serde_json::from_slice::<ServerFrame>(&json).expect("JSON"), decoded);
                } else {
                    assert!(members < 100);
                    let json = json::write_frame(&frame).expect("JSON");
                    assert_eq!(serde_json::from_slice::<ServerFrame>(&json).expect("JSON"), decoded);
                }
            }
        }
    }

    #[test]
    fn all_connections_share_one_encoded_member() {
        let snapshot = room(100).snapshot();
        for me in 0..2 {
            let item = Item::Roster(std::sync::Arc::new(snapshot.clone()));
            let frame = OutFrame::from_item(item, &PeerId::from_random(me));
            assert!(in_pieces(&frame, 1_000).len() > 10_000);
        }
        let encoded = snapshot.members[5].encoded.protobuf.get().expect("encoded").clone();
        let frame = OutFrame::from_item(Item::Roster(std::sync::Arc::new(snapshot.clone())), &PeerId::from_random(0));
        assert!(frame.encoded_len() > 10_000);
        assert_eq!(snapshot.members[5].encoded.protobuf.get().expect("encoded").as_ptr(), encoded.as_ptr());
    }
}
