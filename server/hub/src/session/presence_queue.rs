//! The presence events queued for a session's connection.

use std::{collections::VecDeque, sync::Arc};

use crate::{
    frame::{Item, RoomEvent},
    id::RoomName,
    member::Snapshot,
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
    /// Each item with the number of the frame it follows.
    queue: VecDeque<(u32, Item)>,
    roster_due: bool,
}

/// What was known of a room when it was subscribed again.
pub(super) struct Resubscribed {
    /// The version that the client said it knows.
    pub(super) known_version: Option<u32>,
    /// The number of the `joined` frame with which the membership began.
    pub(super) joined_seq: u32,
}

impl<R> PresenceQueue<R> {
    pub(super) fn new() -> Self {
        Self { rooms: Vec::new(), queue: VecDeque::new(), roster_due: false }
    }

    pub(super) fn rooms(&self) -> &[JoinedRoom<R>] {
        &self.rooms
    }

    /// Adds a room and subscribes to it. The membership begins with the numbered frame `joined_seq`.
    pub(super) fn join(&mut self, name: RoomName, room: R, joined_seq: u32) {
        self.rooms.push(JoinedRoom { name, room, subscribed: true, known_version: None, joined_seq });
    }

    /// Removes a room. Items already queued about it stay.
    pub(super) fn leave(&mut self, name: &RoomName) {
        self.rooms.retain(|joined| joined.name != *name);
    }

    /// Removes all rooms and all queued items. Returns the rooms.
    pub(super) fn end(&mut self) -> Vec<JoinedRoom<R>> {
        self.queue = VecDeque::new();
        std::mem::take(&mut self.rooms)
    }

    /// Queues a change of a room, to be written after the frame `after`. If `max` items are queued already, rosters
    /// replace all of them. Ignored while a roster of that room is due anyway.
    pub(super) fn put(&mut self, event: &Arc<RoomEvent>, after: u32, max: usize) {
        if !self.rooms.iter().any(|joined| joined.name == event.room && joined.subscribed) {
            return;
        }
        if self.queue.len() >= max {
            return self.unsubscribe_all();
        }
        self.queue.push_back((after, Item::Presence(event.clone())));
    }

    /// Queues the request to reconnect elsewhere, in front of everything else.
    pub(super) fn put_go_away(&mut self, reconnect_after_ms: u32) {
        self.queue.push_front((0, Item::GoAway { reconnect_after_ms }));
    }

    /// Queues a roster, to be written after the frame `after`. It goes to the front: what is queued already is newer, or
    /// about other rooms.
    pub(super) fn put_roster(&mut self, snapshot: &Arc<Snapshot>, after: u32) {
        self.queue.push_front((after, Item::Roster(snapshot.clone())));
    }

    /// Takes the next item that may be written once the frame `written` is.
    pub(super) fn pop(&mut self, written: u32) -> Option<Item> {
        self.queue.pop_front_if(|(after, _)| *after <= written).map(|(_, item)| item)
    }

    /// Drops all queued changes and queues no more: each room needs a roster.
    pub(super) fn unsubscribe_all(&mut self) {
        self.queue.retain(|(_, item)| matches!(item, Item::GoAway { .. }));
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
        Some(Resubscribed { known_version: joined.known_version.take(), joined_seq: joined.joined_seq })
    }

    /// Sets the version of each room that the client knows.
    pub(super) fn set_known_versions(&mut self, mut version: impl FnMut(&RoomName) -> Option<u32>) {
        for joined in &mut self.rooms {
            joined.known_version = version(&joined.name);
        }
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
