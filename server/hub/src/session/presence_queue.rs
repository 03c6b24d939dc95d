//! The presence events queued for a session's connection.

use std::{collections::VecDeque, sync::Arc};

use super::missed_presence::{Departed, FormerRoom, MissedPresence};
use crate::{
    frame::{Change, Item, RoomEvent},
    id::RoomName,
    snapshot::Snapshot,
};

/// A room that the session is in, with the backend's handle for the room.
#[derive(Debug)]
pub struct JoinedRoom<R> {
    /// The room's name.
    pub name: RoomName,
    /// The backend's handle for the room.
    pub room: R,
    /// Whether changes of the room are queued for the connection. If not, the connection needs a roster.
    pub subscribed: bool,
    /// The version of the room that the client said it knows when it resumed.
    pub known_version: Option<u32>,
    /// The number of the `joined` frame with which this membership began.
    pub joined_seq: u32,
}

/// The rooms of a session and the presence items queued about them: changes in order or, if those overflowed or went to
/// an earlier connection, a roster.
///
/// Presence items have no numbers. Each has a position after a numbered frame, so that a join is written before what the
/// new member sends.
#[derive(Debug)]
pub(super) struct PresenceQueue<R> {
    rooms: Vec<JoinedRoom<R>>,
    /// Each item with the number of the frame it follows, in that order.
    queue: VecDeque<(u32, Item)>,
    /// What the answers to joins that the connection still has to write show, by their numbers, in that order.
    shown: VecDeque<(u32, Arc<Snapshot>)>,
    roster_due: bool,
    /// What a roster of today would leave out. Most sessions have none.
    missed: Option<Box<MissedPresence>>,
}

/// What was known of a room when it was subscribed again.
pub(super) struct Resubscribed {
    /// The version that the client said it knows.
    pub(super) known_version: Option<u32>,
    /// The number of the `joined` frame with which the membership began.
    pub(super) joined_seq: u32,
    /// Members that have left while envelopes from them were not acknowledged.
    pub(super) departed: Vec<Departed>,
}

/// What a session that leaves a room is to know of it.
pub(super) struct LastRoster {
    /// The room with the session in it.
    pub(super) snapshot: Arc<Snapshot>,
    /// Whether envelopes held may be from members that the client does not know.
    pub(super) needs_roster: bool,
    /// The last frame acknowledged.
    pub(super) acked: u32,
    /// The last frame in the mailbox.
    pub(super) until: u32,
}

impl<R> PresenceQueue<R> {
    pub(super) fn new() -> Self {
        Self { rooms: Vec::new(), queue: VecDeque::new(), shown: VecDeque::new(), roster_due: false, missed: None }
    }

    pub(super) fn rooms(&self) -> &[JoinedRoom<R>] {
        &self.rooms
    }

    /// Adds a room and subscribes to it. The membership begins with the numbered frame `joined_seq`.
    pub(super) fn join(&mut self, name: RoomName, room: R, joined_seq: u32) {
        self.rooms.push(JoinedRoom { name, room, subscribed: true, known_version: None, joined_seq });
    }

    /// Removes a room. Items already queued about it stay. `last_roster` is needed if envelopes held may be from members that
    /// the client does not know, or the answer to the join is held. Returns the room if the connection must be told of it, as no items are queued.
    pub(super) fn leave(&mut self, name: &RoomName, last_roster: Option<LastRoster>) -> Option<FormerRoom> {
        let at = self.rooms.iter().position(|joined| joined.name == *name)?;
        let left = self.rooms.remove(at);
        let departed = self.missed.as_mut().map(|missed| missed.take_departed(name)).unwrap_or_default();
        let LastRoster { snapshot, needs_roster, acked, until } = last_roster?;
        let former = FormerRoom { snapshot, departed, joined_seq: left.joined_seq, until, needs_roster };
        let missed = self.missed.get_or_insert_default();
        missed.forget(acked);
        missed.former.push(former.clone());
        (!left.subscribed).then_some(former)
    }

    /// Returns the rooms that the session left while the frames after `written` were to be written, oldest first.
    pub(super) fn former_rooms(&self, written: u32) -> Vec<FormerRoom> {
        let former = self.missed.iter().flat_map(|missed| &missed.former);
        former.filter(|former| former.until > written).cloned().collect()
    }

    /// Returns the number of the `joined` frame with which the membership in a room began.
    pub(super) fn joined_seq(&self, room: &RoomName) -> Option<u32> {
        self.rooms.iter().find(|joined| joined.name == *room).map(|joined| joined.joined_seq)
    }

    /// Forgets what is about acknowledged frames only.
    pub(super) fn forget(&mut self, acked: u32) {
        if let Some(missed) = &mut self.missed {
            missed.forget(acked);
            if missed.is_empty() {
                self.missed = None;
            }
        }
    }

    /// Records a member that left a room while an envelope from it, the frame `until`, was not acknowledged.
    pub(super) fn note_departed(&mut self, room: &RoomName, acked: u32, departed: Departed) {
        // Not for an envelope that it sent elsewhere, or in an earlier membership.
        if self.joined_seq(room).is_some_and(|joined_seq| departed.until > joined_seq) {
            let missed = self.missed.get_or_insert_default();
            missed.forget(acked);
            missed.departed.retain(|(name, gone)| name != room || gone.member.peer != departed.member.peer);
            missed.departed.push((room.clone(), departed));
        }
    }

    /// Returns whether former members of a room are recorded.
    pub(super) fn has_departed(&self, room: &RoomName) -> bool {
        self.missed.as_ref().is_some_and(|missed| missed.departed.iter().any(|(name, _)| name == room))
    }

    /// Removes all rooms and all queued items. Returns the rooms.
    pub(super) fn end(&mut self) -> Vec<JoinedRoom<R>> {
        self.queue = VecDeque::new();
        self.shown = VecDeque::new();
        self.missed = None;
        std::mem::take(&mut self.rooms)
    }

    /// Queues a change of a room, to be written after the frame `after`. If `max` items are queued already, rosters
    /// replace those about rooms that the session is in. Ignored while a roster of that room is due anyway.
    pub(super) fn put(&mut self, event: &Arc<RoomEvent>, after: u32, max: usize) {
        if !self.rooms.iter().any(|joined| joined.name == event.room && joined.subscribed) {
            return;
        }
        if self.queue.len() >= max {
            return self.overflow();
        }
        self.queue.push_back((after, Item::Presence(event.clone())));
    }

    /// Queues an [`Item::GoAway`], in front of everything else.
    pub(super) fn put_go_away(&mut self, item: Item) {
        self.queue.push_front((0, item));
    }

    /// Sets what the answer to a join with this number shows.
    pub(super) fn show_at(&mut self, seq: u32, snapshot: Arc<Snapshot>) {
        let at = self.shown.partition_point(|(other, _)| *other < seq);
        match self.shown.get_mut(at) {
            Some((other, shown)) if *other == seq => *shown = snapshot,
            _ => self.shown.insert(at, (seq, snapshot)),
        }
    }

    /// Takes what the answer to a join with this number shows.
    pub(super) fn take_shown(&mut self, seq: u32) -> Option<Arc<Snapshot>> {
        let (_, shown) = self.shown.pop_front_if(|(other, _)| *other == seq)?;
        if self.shown.is_empty() {
            self.shown = VecDeque::new();
        }
        Some(shown)
    }

    /// Queues a roster, to be written after the frame `after`. It goes before what else follows that frame, which is newer
    /// or about other rooms.
    pub(super) fn put_roster(&mut self, snapshot: Arc<Snapshot>, after: u32) {
        self.insert(after, Item::Roster(snapshot));
    }

    /// Queues the leaves of members that are gone in `version` of a room, each after the last envelope from it. The room
    /// was shown with all of them, in the version that is as many changes older, so that each leave raises it by one.
    pub(super) fn put_departures(&mut self, room: &RoomName, version: u32, departed: &[Departed]) {
        for (left, gone) in (0_u32..).zip(departed.iter().rev()) {
            let change = Change::MemberLeft(gone.member.peer.clone(), gone.reason);
            let event = RoomEvent::new(room.clone(), version.saturating_sub(left), change);
            let at = self.queue.partition_point(|(after, _)| *after <= gone.until);
            self.queue.insert(at, (gone.until, Item::Presence(event)));
        }
    }

    /// Takes the next item that may be written once the frame `written` is.
    pub(super) fn pop(&mut self, written: u32) -> Option<Item> {
        self.queue.pop_front_if(|(after, _)| *after <= written).map(|(_, item)| item)
    }

    /// Drops all queued changes and queues no more, since the connection is lost: each room needs a roster.
    pub(super) fn unsubscribe_all(&mut self) {
        self.queue.retain(|(_, item)| matches!(item, Item::GoAway { .. }));
        self.shown = VecDeque::new();
        self.unsubscribe();
    }

    /// Drops the queued changes of the rooms that the session is in, which need rosters then. What is queued about rooms
    /// that it has left stays: they get no rosters, and envelopes still to be written may be from members it announces.
    fn overflow(&mut self) {
        let rooms = &self.rooms;
        let former = |room: &RoomName, after: u32| {
            rooms.iter().find(|joined| joined.name == *room).is_none_or(|joined| after < joined.joined_seq)
        };
        self.queue.retain(|(after, item)| match item {
            Item::Presence(event) => former(&event.room, *after),
            Item::Roster(snapshot) => former(&snapshot.info.room, *after),
            Item::GoAway { .. } | Item::Numbered { .. } => true,
        });
        self.unsubscribe();
    }

    fn unsubscribe(&mut self) {
        for joined in &mut self.rooms {
            joined.subscribed = false;
            joined.known_version = None;
        }
        self.roster_due = !self.rooms.is_empty();
    }

    /// Subscribes to a room again. Returns `None` if the session is not in the room or is subscribed already.
    pub(super) fn resubscribe(&mut self, room: &RoomName) -> Option<Resubscribed> {
        let joined = self.rooms.iter_mut().find(|joined| joined.name == *room && !joined.subscribed)?;
        joined.subscribed = true;
        let departed = self.missed.as_ref().map(|missed| missed.departed(room)).unwrap_or_default();
        Some(Resubscribed { known_version: joined.known_version.take(), joined_seq: joined.joined_seq, departed })
    }

    /// Sets the version of each room that the client knows.
    pub(super) fn set_known_versions(&mut self, mut version: impl FnMut(&RoomName) -> Option<u32>) {
        for joined in &mut self.rooms {
            joined.known_version = version(&joined.name);
        }
    }

    /// Queues an item before what else follows the frame `after`.
    fn insert(&mut self, after: u32, item: Item) {
        let at = self.queue.partition_point(|(other, _)| *other < after);
        self.queue.insert(at, (after, item));
    }

    /// Returns whether a room needs a roster.
    pub(super) fn roster_due(&self) -> bool {
        self.roster_due
    }

    /// Iterates over the rooms that need a roster. From now on [`Self::roster_due`] is `false`.
    pub(super) fn rooms_without_roster(&mut self) -> impl Iterator<Item = &JoinedRoom<R>> {
        self.roster_due = false;
        self.rooms.iter().filter(|joined| !joined.subscribed)
    }
}
