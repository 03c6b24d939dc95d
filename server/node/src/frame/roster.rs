//! Frames with the members of a room: encoded while they are written, from members that all connections share.

mod parts;

use bytes::{BufMut, Bytes};
use prost::{
    Message,
    encoding::{decode_varint, encode_varint, encoded_len_varint},
};
use wigwag_hub::{
    frame::Joined,
    id::PeerId,
    member::{Member, Metadata},
    members::Members,
    snapshot::Snapshot,
};
use wigwag_proto::v1::{self as pb, server_frame::Body as Pb};

pub(super) use self::parts::RestFrame;
pub use self::parts::{Rest, RosterFormat, SnapshotParts};
use super::convert::{self, field};

/// Bytes of members up to which a frame is encoded at once.
const SHORT: usize = 4 * 1024;

/// The protobuf keys of `Joined.members` and `Roster.members`: fields 5 and 4, wire type LEN.
const JOINED_MEMBERS: u8 = 5 << 3 | 2;
const ROSTER_MEMBERS: u8 = 4 << 3 | 2;

/// A `joined` or `roster` with its members apart.
#[derive(Clone, Debug)]
pub(super) struct RosterBody {
    /// The body without its members.
    body: Box<Pb>,
    key: u8,
    members: Members,
    /// The receiver, which is not among the members that it receives.
    except: PeerId,
    /// The positions of the members in this frame.
    begin: usize,
    end: usize,
    /// Members at this position and after it are shown without their metadata.
    bare_from: usize,
    /// The bytes of the members in this frame, with keys and lengths.
    members_len: usize,
}

impl RosterBody {
    /// Creates the body of a `joined` frame; `None` if it is short.
    pub(super) fn joined(joined: &Joined, receiver: &PeerId) -> Option<Self> {
        let body = || Pb::Joined(convert::joined(joined, receiver, Members::default().iter()));
        Self::new(&joined.snapshot, receiver, JOINED_MEMBERS, body)
    }

    /// Creates the body of a `roster` frame; `None` if it is short.
    pub(super) fn roster(snapshot: &Snapshot, receiver: &PeerId) -> Option<Self> {
        let body = || Pb::Roster(convert::roster(snapshot, Members::default().iter()));
        Self::new(snapshot, receiver, ROSTER_MEMBERS, body)
    }

    fn new(snapshot: &Snapshot, except: &PeerId, key: u8, body: impl FnOnce() -> Pb) -> Option<Self> {
        if snapshot.weight() <= SHORT {
            return None;
        }
        let members = snapshot.members.clone();
        let others = members.iter().filter(|member| member.peer != *except);
        let members_len = others.map(|member| member_len(&protobuf(member))).sum();
        let (except, end) = (except.clone(), members.len());
        Some(Self { body: Box::new(body()), key, members, except, begin: 0, end, bare_from: end, members_len })
    }

    /// Encodes everything before the members: key and length of the body's field, and its other fields.
    pub(super) fn head(&self) -> Vec<u8> {
        let field = field((*self.body).clone());
        let mut rest = &field[..];
        // It was just encoded, so that both are there.
        let key = decode_varint(&mut rest).unwrap_or_default();
        let _ = decode_varint(&mut rest);
        let mut head = Vec::with_capacity(rest.len() + 16);
        encode_varint(key, &mut head);
        encode_varint((rest.len() + self.members_len) as u64, &mut head);
        head.put_slice(rest);
        head
    }

    /// Returns the size of the body's field.
    pub(super) fn len(&self) -> usize {
        self.head().len() + self.members_len
    }

    /// Returns the frame's JSON without the members, which [`JsonRoster`] adds.
    fn json_head(&self, seq: u32, ack: u32, reply_to: u32) -> Option<Vec<u8>> {
        let frame = pb::ServerFrame { seq, ack, reply_to, body: Some((*self.body).clone()) };
        let mut text = serde_json::to_vec(&frame).ok()?;
        // Ends with the braces of the body and the frame. The body has a room, so that a comma follows.
        text.truncate(text.len().checked_sub(2)?);
        text.extend_from_slice(b",\"members\":[");
        Some(text)
    }

    /// Returns the member at `at` or after it that the receiver is told of, and the place after it.
    fn next(&self, at: usize) -> Option<(&Member, usize)> {
        let mut at = at;
        while at < self.end {
            let member = self.members.run_at(at).first()?;
            at += 1;
            if member.peer != self.except {
                return Some((member, at));
            }
        }
        None
    }

    /// Returns the encoded member before the place `next`.
    fn protobuf(&self, member: &Member, next: usize) -> Bytes {
        if next > self.bare_from { bare(member).encode_to_vec().into() } else { protobuf(member) }
    }

    fn json(&self, member: &Member, next: usize) -> Bytes {
        if next > self.bare_from { json_text(&bare(member)) } else { json(member) }
    }
}

/// The members of a roster in protobuf, one after the other.
#[derive(Clone, Debug)]
pub(super) struct ProtobufMembers {
    roster: RosterBody,
    at: usize,
}

impl ProtobufMembers {
    pub(super) fn new(roster: RosterBody) -> Self {
        Self { at: roster.begin, roster }
    }

    /// Appends key and length of the next member to `head`, and returns its bytes.
    pub(super) fn next(&mut self, head: &mut Vec<u8>) -> Option<Bytes> {
        let (member, at) = self.roster.next(self.at)?;
        let bytes = self.roster.protobuf(member, at);
        self.at = at;
        head.put_u8(self.roster.key);
        encode_varint(bytes.len() as u64, head);
        Some(bytes)
    }
}

/// A frame with a roster in protobuf JSON, written piece by piece.
#[derive(Debug)]
pub struct JsonRoster {
    roster: RosterBody,
    at: usize,
    piece: Bytes,
    /// The end of the text is in `piece`.
    last: bool,
    first_member: bool,
}

impl JsonRoster {
    pub(super) fn new(roster: RosterBody, seq: u32, ack: u32, reply_to: u32) -> Option<Self> {
        let piece = roster.json_head(seq, ack, reply_to)?.into();
        Some(Self { at: roster.begin, roster, piece, last: false, first_member: true })
    }

    /// Appends the next bytes of the text to `out`, at most `max`, and does not end within a character. Returns whether
    /// more follow.
    pub fn write(&mut self, out: &mut Vec<u8>, max: usize) -> bool {
        let end = out.len() + max;
        loop {
            let mut cut = self.piece.len().min(end - out.len());
            while cut < self.piece.len() && self.piece[cut] & 0xC0 == 0x80 {
                cut -= 1;
            }
            out.extend_from_slice(&self.piece.split_to(cut));
            if !self.piece.is_empty() {
                return true;
            }
            if self.last {
                return false;
            }
            match self.roster.next(self.at) {
                Some((member, at)) if !self.first_member && out.len() < end => {
                    out.push(b',');
                    (self.at, self.piece) = (at, self.roster.json(member, at));
                }
                Some(_) if !self.first_member => return true,
                Some((member, at)) => {
                    (self.at, self.piece, self.first_member) = (at, self.roster.json(member, at), false);
                }
                None => (self.piece, self.last) = (Bytes::from_static(b"]}}"), true),
            }
        }
    }
}

/// Returns the encoded member: the first connection that writes it encodes it, and the others share the bytes.
fn protobuf(member: &Member) -> Bytes {
    member.encoded.protobuf.get_or_init(|| convert::member(member).encode_to_vec().into()).clone()
}

fn json(member: &Member) -> Bytes {
    member.encoded.json.get_or_init(|| json_text(&convert::member(member))).clone()
}

fn json_text(member: &pb::Member) -> Bytes {
    // Cannot fail: all keys are text.
    serde_json::to_vec(member).unwrap_or_default().into()
}

/// Converts a member without its metadata.
fn bare(member: &Member) -> pb::Member {
    convert::member(&Member { metadata: Metadata::default(), ..member.clone() })
}

fn member_len(bytes: &Bytes) -> usize {
    1 + encoded_len_varint(bytes.len() as u64) + bytes.len()
}
