//! The responses to requests with a request id, so that a repetition returns the first response.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::lock::lock;
use crate::{backend::Reached, error::RoomError, member::RoomInfo};

/// What a cached response counts as in addition to what it holds: its entries in the map and in the timers.
const ENTRY_BYTES: usize = 512;

/// A method that takes request ids. The same id in another method is another request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Method {
    CreateRoom,
    SendToRoom,
}

/// Under what a response is cached.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct ResponseKey {
    pub(super) caller: Arc<str>,
    pub(super) method: Method,
    pub(super) id: Arc<str>,
}

/// The response to a request with a request id.
#[derive(Clone, Debug)]
pub(super) enum CachedResponse {
    Created(RoomInfo),
    Sent(Reached),
}

#[derive(Debug)]
pub(super) struct Responses {
    // Held to look a key up, never while a request runs.
    slots: Mutex<HashMap<ResponseKey, Arc<Slot>>>,
    // What all slots of all namespaces count as. Written under `slots` or by the one request that runs in a slot.
    bytes: Arc<AtomicUsize>,
}

/// The place of one response.
#[derive(Debug, Default)]
pub(super) struct Slot {
    // Held while the request runs, so that its repetition waits for the response; requests with other ids do not.
    pub(super) response: Mutex<Option<([u8; 32], CachedResponse)>>,
    bytes: AtomicUsize,
}

impl Responses {
    /// Makes an empty list, whose bytes are counted here.
    pub(super) fn new(bytes: Arc<AtomicUsize>) -> Self {
        Self { slots: Mutex::default(), bytes }
    }

    /// Returns the count of the bytes of all namespaces.
    pub(super) fn bytes_of_node(&self) -> &Arc<AtomicUsize> {
        &self.bytes
    }

    /// Returns the slot of a key, a new one if there is none.
    pub(super) fn slot(&self, key: &ResponseKey, max_bytes: usize) -> Result<Arc<Slot>, RoomError> {
        let mut slots = lock(&self.slots);
        if let Some(slot) = slots.get(key) {
            return Ok(slot.clone());
        }
        if self.bytes.load(Ordering::Relaxed) >= max_bytes {
            return Err(RoomError::RequestIdsExhausted);
        }
        let slot = Arc::new(Slot::default());
        slots.insert(key.clone(), slot.clone());
        self.charge(&slot, ENTRY_BYTES + key.caller.len() + key.id.len());
        Ok(slot)
    }

    pub(super) fn charge(&self, slot: &Slot, bytes: usize) {
        slot.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Removes a slot whose request failed, unless a repetition waits in it: that one runs next.
    pub(super) fn release_unused(&self, key: &ResponseKey, slot: Arc<Slot>) {
        let mut slots = lock(&self.slots);
        // The map's reference and this one. Others are made under the lock that is held.
        if Arc::strong_count(&slot) == 2 && lock(&slot.response).is_none() {
            self.remove(&mut slots, key);
        }
    }

    /// Removes a response whose time is over.
    pub(super) fn forget(&self, key: &ResponseKey) {
        self.remove(&mut lock(&self.slots), key);
    }

    /// Forgets the responses to a caller's requests that have been answered. Returns how many there were.
    pub(super) fn forget_caller(&self, caller: &Arc<str>) -> usize {
        let mut slots = lock(&self.slots);
        let keys: Vec<_> = slots.keys().filter(|key| key.caller == *caller).cloned().collect();
        // A request that runs has its own reference to the slot: it answers, and its repetition runs again.
        keys.iter().for_each(|key| self.remove(&mut slots, key));
        keys.len()
    }

    fn remove(&self, slots: &mut HashMap<ResponseKey, Arc<Slot>>, key: &ResponseKey) {
        if let Some(slot) = slots.remove(key) {
            self.bytes.fetch_sub(slot.bytes.load(Ordering::Relaxed), Ordering::Relaxed);
        }
    }
}

impl CachedResponse {
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Created(info) => info.room.as_str().len() + info.display_name.len() + info.metadata.bytes(),
            Self::Sent(reached) => reached.undeliverable.len() * 64,
        }
    }
}
