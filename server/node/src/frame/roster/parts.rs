//! Rosters that are too large for one frame.
//!
//! Clients with the feature `roster_parts` get parts of at most 256 KiB. Others get what they can read: a frame of at most
//! 3 MiB, since gRPC libraries refuse messages over 4 MiB by default, and the rest member by member.

use std::sync::Arc;

use prost::{Message as _, encoding::encoded_len_varint};
use wigwag_hub::snapshot::Snapshot;
use wigwag_proto::v1::{self as pb, server_frame::Body as Pb, watch_rooms_response::Event};

use super::{ROSTER_MEMBERS, RosterBody, bare, json, member_len, protobuf};
use crate::frame::convert;

/// The largest part for a client with the feature `roster_parts`, in the encoding of its transport.
const MAX_PART: usize = 256 * 1024;

/// The largest frame with members for other clients, in protobuf.
const MAX_WHOLE: usize = 3 * 1024 * 1024;

/// Bytes for what surrounds the members and is not counted: the numbers of a frame, lengths, brackets.
const AROUND: usize = 128;

/// More than the bytes of a message without its members: a room's description and one member.
const LONGEST_HEAD: usize = 128 * 1024;

/// JSON takes at most so many times the bytes of protobuf: six for a control character, and the names of fields.
const JSON_FACTOR: usize = 8;

/// How the receiver of large rosters gets them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RosterFormat {
    /// In parts, with `more`.
    pub parts: bool,
    /// In protobuf JSON.
    pub json: bool,
}

impl RosterFormat {
    /// Returns whether parts are measured in JSON, and the limit of a message in bytes.
    fn limit(self) -> (bool, usize) {
        // Clients without the feature read JSON of any length.
        if self.parts { (self.json, MAX_PART) } else { (false, MAX_WHOLE) }
    }

    /// Returns whether members of so many bytes in protobuf fit into one message, without measuring it.
    fn fits(self, members_len: usize) -> bool {
        let (in_json, limit) = self.limit();
        members_len * if in_json { JSON_FACTOR } else { 1 } + LONGEST_HEAD <= limit
    }
}

/// The members that follow a frame that does not hold all of them, or not with all they have.
#[derive(Debug)]
pub struct Rest(RestFrames);

#[derive(Debug)]
enum RestFrames {
    /// In further `roster` frames.
    Roster(RosterBody),
    /// Each in a `member_joined`.
    Joined(RosterBody),
    /// Each in a `member_updated`, since the roster shows them without their metadata.
    Updated(RosterBody),
}

/// A frame with a part of the rest.
pub(in crate::frame) enum RestFrame {
    Roster(RosterBody),
    Member(Box<Pb>),
}

impl Rest {
    /// Returns the next frame, and what follows it.
    pub(in crate::frame) fn next(self, format: RosterFormat) -> Option<(RestFrame, Option<Self>)> {
        let (mut roster, joined) = match self.0 {
            RestFrames::Roster(mut roster) => {
                let rest = roster.split_off(format);
                return Some((RestFrame::Roster(roster), rest));
            }
            RestFrames::Joined(roster) => (roster, true),
            RestFrames::Updated(roster) => (roster, false),
        };
        let (room, version) = roster.room();
        let (member, next) = roster.next(roster.begin)?;
        let member = Some(convert::member(member));
        let frame = if joined {
            Pb::MemberJoined(pb::MemberJoined { room, version, member })
        } else {
            Pb::MemberUpdated(pb::MemberUpdated { room, version, member })
        };
        roster.begin = next;
        let rest = roster
            .next(next)
            .is_some()
            .then(|| Self(if joined { RestFrames::Joined(roster) } else { RestFrames::Updated(roster) }));
        Some((RestFrame::Member(Box::new(frame)), rest))
    }
}

impl RosterBody {
    /// Shortens the frame to what its receiver can read. Returns what is to follow it.
    pub(in crate::frame) fn split_off(&mut self, format: RosterFormat) -> Option<Rest> {
        if format.fits(self.members_len) {
            return None;
        }
        let (in_json, limit) = format.limit();
        let head = match in_json {
            true => self.json_head(0, 0, 0).map_or(0, |head| head.len()),
            false => self.head().len(),
        };
        if !format.parts && self.key == ROSTER_MEMBERS {
            return self.show_bare(limit.saturating_sub(head + AROUND)).map(|rest| Rest(RestFrames::Updated(rest)));
        }
        let mut left = limit.saturating_sub(head + AROUND);
        let (mut end, mut members_len) = (self.begin, 0);
        while let Some((member, next)) = self.next(end) {
            let in_protobuf = member_len(&protobuf(member));
            let len = if in_json { json(member).len() + 1 } else { in_protobuf };
            // A member alone always fits.
            if len > left && members_len > 0 {
                let mut rest = self.after(end);
                rest.members_len -= members_len;
                (self.end, self.bare_from, self.members_len) = (end, end, members_len);
                if !format.parts {
                    return Some(Rest(RestFrames::Joined(rest)));
                }
                self.set_more();
                return Some(Rest(RestFrames::Roster(rest)));
            }
            left = left.saturating_sub(len);
            members_len += in_protobuf;
            end = next;
        }
        None
    }

    /// Shows the last members without metadata, so that all fit into `limit` bytes. Returns the roster of these members.
    fn show_bare(&mut self, limit: usize) -> Option<Self> {
        let bare_len = |member| {
            let len = bare(member).encoded_len();
            1 + encoded_len_varint(len as u64) + len
        };
        let mut all_bare = 0;
        let mut at = self.begin;
        while let Some((member, next)) = self.next(at) {
            all_bare += bare_len(member);
            at = next;
        }
        let mut len = all_bare;
        let mut end = self.begin;
        while let Some((member, next)) = self.next(end) {
            let longer = len - bare_len(member) + member_len(&protobuf(member));
            if longer > limit {
                let rest = self.after(end);
                (self.bare_from, self.members_len) = (end, len);
                return Some(rest);
            }
            (len, end) = (longer, next);
        }
        None
    }

    /// Returns a `roster` of the same room with the members from `begin` on.
    fn after(&self, begin: usize) -> Self {
        let body = match &*self.body {
            Pb::Joined(joined) => Pb::Roster(pb::Roster {
                room: joined.room.clone(),
                version: joined.version,
                room_info: joined.room_info.clone(),
                ..pb::Roster::default()
            }),
            other => other.clone(),
        };
        Self { body: Box::new(body), key: ROSTER_MEMBERS, begin, ..self.clone() }
    }

    fn set_more(&mut self) {
        match &mut *self.body {
            Pb::Joined(joined) => joined.more = true,
            Pb::Roster(roster) => roster.more = true,
            _ => {}
        }
    }

    fn room(&self) -> (String, u32) {
        match &*self.body {
            Pb::Joined(joined) => (joined.room.clone(), joined.version),
            Pb::Roster(roster) => (roster.room.clone(), roster.version),
            _ => Default::default(),
        }
    }
}

/// The events of `WatchRooms` that hold a room as it was when the watch began.
#[derive(Debug)]
pub struct SnapshotParts {
    snapshot: Arc<Snapshot>,
    format: RosterFormat,
    /// The position of the next member.
    at: usize,
    next: Next,
}

#[derive(Debug, PartialEq, Eq)]
enum Next {
    Snapshot,
    Member,
    End,
}

impl SnapshotParts {
    /// Begins with the first event.
    pub fn new(snapshot: Arc<Snapshot>, format: RosterFormat) -> Self {
        Self { snapshot, format, at: 0, next: Next::Snapshot }
    }

    fn part(&mut self) -> Event {
        /// A member's encoded pairs take at most so many times their bytes.
        const PAIRS_FACTOR: usize = 3;
        let Snapshot { info, members } = &*self.snapshot;
        let mut part = pb::RoomSnapshot { room_info: Some(convert::room_info(info)), ..pb::RoomSnapshot::default() };
        let whole = self.at == 0 && self.format.fits(self.snapshot.weight() * PAIRS_FACTOR);
        let (in_json, limit) = self.format.limit();
        let mut left = limit - LONGEST_HEAD / 2;
        self.next = Next::End;
        while let Some(member) = members.run_at(self.at).first() {
            if !whole {
                let len = if in_json { json(member).len() + 1 } else { member_len(&protobuf(member)) };
                if len > left && !part.members.is_empty() {
                    part.more = self.format.parts;
                    self.next = if self.format.parts { Next::Snapshot } else { Next::Member };
                    break;
                }
                left = left.saturating_sub(len);
            }
            part.members.push(convert::member(member));
            self.at += 1;
        }
        Event::Snapshot(part)
    }

    fn member(&mut self) -> Option<Event> {
        let Snapshot { info, members } = &*self.snapshot;
        let member = Some(convert::member(members.run_at(self.at).first()?));
        self.at += 1;
        Some(Event::MemberJoined(pb::MemberJoined { room: info.room.to_string(), version: info.version, member }))
    }
}

impl Iterator for SnapshotParts {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        match self.next {
            Next::Snapshot => Some(self.part()),
            Next::Member => self.member(),
            Next::End => None,
        }
    }
}
