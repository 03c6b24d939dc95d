//! The watches of rooms, by what they watch.

use std::{
    collections::HashMap,
    sync::{Arc, RwLock, Weak},
};

use super::lock::{read, write};
use crate::{frame::RoomEvent, id::RoomName, watch::Watch};

/// Rooms in the map of watches, before those without a reader are looked for.
const MIN_ROOMS: usize = 64;

#[derive(Debug, Default)]
pub(super) struct Watchers {
    // Written when a watch starts; read at every change of a room.
    lists: RwLock<Lists>,
}

#[derive(Debug, Default)]
struct Lists {
    of_all_rooms: Vec<Weak<Watch>>,
    of_one_room: HashMap<RoomName, Vec<Weak<Watch>>>,
    // How many rooms there are in the map before it is cleaned.
    max_rooms: usize,
}

impl Watchers {
    /// Adds a watch of one room, or of all.
    pub(super) fn add(&self, only: Option<&RoomName>, watch: &Arc<Watch>) {
        let mut lists = write(&self.lists);
        let list = match only {
            None => &mut lists.of_all_rooms,
            Some(room) => {
                if lists.of_one_room.len() >= lists.max_rooms {
                    lists.of_one_room.retain(|_, watches| watches.iter().any(is_read));
                    lists.max_rooms = MIN_ROOMS.max(2 * lists.of_one_room.len());
                }
                lists.of_one_room.entry(room.clone()).or_default()
            }
        };
        list.retain(is_read);
        list.push(Arc::downgrade(watch));
    }

    /// Queues a change for those that watch the room. The caller holds the room's lock, so that they get changes in order.
    pub(super) fn publish(&self, event: &Arc<RoomEvent>) {
        let lists = read(&self.lists);
        let of_room = lists.of_one_room.get(&event.room).into_iter().flatten();
        for watch in lists.of_all_rooms.iter().chain(of_room).filter_map(Weak::upgrade) {
            watch.change(event);
        }
    }

    /// Wakes all readers.
    pub(super) fn wake(&self) {
        let lists = read(&self.lists);
        for watch in lists.of_all_rooms.iter().chain(lists.of_one_room.values().flatten()).filter_map(Weak::upgrade) {
            watch.wake();
        }
    }

    /// Returns how many watches have a reader.
    pub(super) fn len(&self) -> usize {
        let lists = read(&self.lists);
        lists.of_all_rooms.iter().chain(lists.of_one_room.values().flatten()).filter(|watch| is_read(watch)).count()
    }

    /// Returns how many rooms are in the map.
    #[cfg(test)]
    pub(super) fn rooms(&self) -> usize {
        read(&self.lists).of_one_room.len()
    }
}

fn is_read(watch: &Weak<Watch>) -> bool {
    watch.strong_count() > 0
}
