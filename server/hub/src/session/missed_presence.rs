//! What a roster of today leaves out, although envelopes still to be written are about it.

use std::sync::Arc;

use crate::{
    id::RoomName,
    member::{Member, RoomInfo},
    reason::Reason,
    snapshot::Snapshot,
};

/// Members and rooms that are gone while envelopes from them are unacknowledged. Entries are bounded by the mailbox: each
/// stands for a frame in it. They share the members with all other sessions.
#[derive(Debug, Default)]
pub(super) struct MissedPresence {
    /// Rooms that the session has left.
    pub(super) former: Vec<FormerRoom>,
    /// Members that have left rooms in which the session is.
    pub(super) departed: Vec<(RoomName, Departed)>,
}

/// A room as it was when the session left it.
#[derive(Clone, Debug)]
pub(super) struct FormerRoom {
    /// The room with its members.
    pub(super) snapshot: Arc<Snapshot>,
    /// Members that had left it before.
    pub(super) departed: Vec<Departed>,
    /// The number of the `joined` frame with which the membership began.
    pub(super) joined_seq: u32,
    /// No frame after this one is an envelope of the room.
    pub(super) until: u32,
    /// Whether envelopes may be from members that the client does not know.
    pub(super) needs_roster: bool,
}

/// A member that has left a room.
#[derive(Clone, Debug)]
pub(super) struct Departed {
    /// Its last entry.
    pub(super) member: Arc<Member>,
    /// Why it left.
    pub(super) reason: Reason,
    /// The last envelope from it.
    pub(super) until: u32,
}

impl MissedPresence {
    /// Forgets what is about acknowledged frames only.
    pub(super) fn forget(&mut self, acked: u32) {
        self.former.retain(|former| former.until > acked);
        self.departed.retain(|(_, gone)| gone.until > acked);
    }

    /// Returns whether nothing is left to tell.
    pub(super) fn is_empty(&self) -> bool {
        self.former.is_empty() && self.departed.is_empty()
    }

    /// Takes the former members of a room.
    pub(super) fn take_departed(&mut self, room: &RoomName) -> Vec<Departed> {
        self.departed.extract_if(.., |(name, _)| name == room).map(|(_, gone)| gone).collect()
    }

    /// Returns the members that have left a room.
    pub(super) fn departed(&self, room: &RoomName) -> Vec<Departed> {
        self.departed.iter().filter(|(name, _)| name == room).map(|(_, gone)| gone.clone()).collect()
    }
}

/// Keeps the members that are not back and from which envelopes follow the frame `written`, in the order of the last of
/// those. The client has not been told that they left, since that comes after their envelopes.
pub(super) fn retain_missed(departed: &mut Vec<Departed>, snapshot: &Snapshot, written: u32) {
    departed.retain(|gone| {
        let back = snapshot.members.iter().any(|member| member.peer == gone.member.peer);
        gone.until > written && !back
    });
    departed.sort_by_key(|gone| gone.until);
}

/// Returns a room with some of its former members, in join order, `changes` versions ago.
pub(super) fn with_departed(snapshot: &Snapshot, departed: &[&Departed], changes: u32) -> Snapshot {
    let mut members: Vec<_> = snapshot.members.iter().cloned().collect();
    for gone in departed {
        let at = members.partition_point(|member| member.joined_at_ms <= gone.member.joined_at_ms);
        members.insert(at, gone.member.clone());
    }
    let info = RoomInfo {
        member_count: u32::try_from(members.len()).unwrap_or(u32::MAX),
        version: snapshot.info.version.saturating_sub(changes),
        ..snapshot.info.clone()
    };
    Snapshot { info, members: members.into_iter().collect() }
}
