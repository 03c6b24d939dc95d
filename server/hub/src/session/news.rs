//! What a connection is told of the rooms its session sits in.

use std::{collections::VecDeque, sync::Arc};

use crate::{
    frame::{Item, RoomEvent},
    id::RoomName,
    member::Snapshot,
};

/// A seat the session holds, with the backend's handle of the room.
#[derive(Debug)]
pub struct Held<R> {
    /// Room name.
    pub name: RoomName,
    /// The backend's handle.
    pub room: R,
    /// Whether changes of the room are queued for the connection; if not, a roster is due.
    pub listening: bool,
    /// The version the client says it knows, after a resume.
    pub known: Option<u32>,
    /// The number of the `joined` this seat began with.
    pub since: u32,
}

/// The seats of a session, and what is to be told of their rooms: changes in order or, where those were too many or went
/// to an earlier connection, a roster.
///
/// Nothing here is numbered. Each item has its place behind a numbered frame, so that a join is told before what the
/// newcomer writes.
#[derive(Debug)]
pub(super) struct News<R> {
    seats: Vec<Held<R>>,
    /// The number of the frame each is behind, and the item.
    queue: VecDeque<(u32, Item)>,
    roster_due: bool,
}

/// What a seat knew when it began to listen again.
pub(super) struct Silence {
    /// The version its client says it knows.
    pub(super) known: Option<u32>,
    /// The number of the `joined` the seat began with.
    pub(super) since: u32,
}

impl<R> News<R> {
    pub(super) fn none() -> Self {
        Self { seats: Vec::new(), queue: VecDeque::new(), roster_due: false }
    }

    pub(super) fn seats(&self) -> &[Held<R>] {
        &self.seats
    }

    /// Takes a seat, which begins with the numbered frame `since`.
    pub(super) fn sit(&mut self, name: RoomName, room: R, since: u32) {
        self.seats.push(Held { name, room, listening: true, known: None, since });
    }

    /// Gives a seat up. What is queued about the room stays.
    pub(super) fn stand_up(&mut self, name: &RoomName) {
        self.seats.retain(|seat| seat.name != *name);
    }

    /// Gives all seats up, and forgets what was to be told.
    pub(super) fn end(&mut self) -> Vec<Held<R>> {
        self.queue = VecDeque::new();
        std::mem::take(&mut self.seats)
    }

    /// Queues a change of a room, to be told behind the frame `after`. When there are `max` items already, all of them give
    /// way to rosters. Ignored while a roster of that room is due anyway.
    pub(super) fn put(&mut self, event: &Arc<RoomEvent>, after: u32, max: usize) {
        if !self.seats.iter().any(|seat| seat.name == event.room && seat.listening) {
            return;
        }
        if self.queue.len() >= max {
            return self.stop_listening();
        }
        self.queue.push_back((after, Item::Presence(event.clone())));
    }

    /// Asks the client to go, before anything else it is told.
    pub(super) fn put_go_away(&mut self, reconnect_after_ms: u32) {
        self.queue.push_front((0, Item::GoAway { reconnect_after_ms }));
    }

    /// Tells how a room is once the frame `after` is written. In front: what is queued behind it is newer, or about other
    /// rooms.
    pub(super) fn put_roster(&mut self, snapshot: &Arc<Snapshot>, after: u32) {
        self.queue.push_front((after, Item::Roster(snapshot.clone())));
    }

    /// The next thing to tell once the frame `written` is.
    pub(super) fn pop(&mut self, written: u32) -> Option<Item> {
        self.queue.pop_front_if(|(after, _)| *after <= written).map(|(_, item)| item)
    }

    /// Changes are not queued any more: each room is told by a roster.
    pub(super) fn stop_listening(&mut self) {
        self.queue.retain(|(_, item)| matches!(item, Item::GoAway { .. }));
        for seat in &mut self.seats {
            seat.listening = false;
            seat.known = None;
        }
        self.roster_due = !self.seats.is_empty();
    }

    /// Listens to a room again. `None` when there is no seat in it, or it is listened to.
    pub(super) fn listen(&mut self, room: &RoomName) -> Option<Silence> {
        let seat = self.seats.iter_mut().find(|seat| seat.name == *room && !seat.listening)?;
        seat.listening = true;
        Some(Silence { known: seat.known.take(), since: seat.since })
    }

    /// Says which version of each room the client knows.
    pub(super) fn client_knows(&mut self, mut version: impl FnMut(&RoomName) -> Option<u32>) {
        for seat in &mut self.seats {
            seat.known = version(&seat.name);
        }
    }

    /// Whether some room is to be told by a roster.
    pub(super) fn roster_due(&self) -> bool {
        self.roster_due
    }

    /// The seats of which a roster is due. From now on it counts as asked for.
    pub(super) fn silent_seats(&mut self) -> impl Iterator<Item = &Held<R>> {
        self.roster_due = false;
        self.seats.iter().filter(|seat| !seat.listening)
    }
}
