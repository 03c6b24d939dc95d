//! The streams of a connection that are not closed.

use std::num::NonZeroU32;

use super::stream::Stream;

/// Streams by identifier and by slot. The slot of a closed stream is used again.
pub(super) struct Streams<B> {
    // Boxed: a stream is taken out of its slot while it is polled.
    slots: Vec<Option<Box<Stream<B>>>>,
    free: Vec<usize>,
    /// Identifiers and slots, sorted: identifiers only increase (RFC 9113, section 5.1.1).
    index: Vec<(u32, usize)>,
    /// The result of the last look-up: most frames are for the same stream as the one before.
    last_found: Option<(NonZeroU32, usize)>,
}

impl<B> Streams<B> {
    pub(super) fn new() -> Self {
        Self { slots: Vec::new(), free: Vec::new(), index: Vec::new(), last_found: None }
    }

    pub(super) fn count(&self) -> usize {
        self.index.len()
    }

    /// Returns the number of slots, free ones included.
    pub(super) fn slots(&self) -> usize {
        self.slots.len()
    }

    /// Returns the slot of a stream.
    pub(super) fn find(&mut self, id: u32) -> Option<usize> {
        match self.last_found {
            Some((last, slot)) if last.get() == id => Some(slot),
            _ => {
                let slot = self.position(id).map(|at| self.index[at].1);
                self.last_found = NonZeroU32::new(id).zip(slot);
                slot
            }
        }
    }

    fn position(&self, id: u32) -> Option<usize> {
        self.index.binary_search_by_key(&id, |(id, _)| *id).ok()
    }

    pub(super) fn get(&mut self, slot: usize) -> Option<&mut Stream<B>> {
        self.slots.get_mut(slot)?.as_deref_mut()
    }

    pub(super) fn all(&mut self) -> impl Iterator<Item = &mut Stream<B>> {
        self.slots.iter_mut().filter_map(Option::as_deref_mut)
    }

    /// Returns the slot that [`add`](Self::add) will use next.
    pub(super) fn next_slot(&self) -> usize {
        self.free.last().copied().unwrap_or(self.slots.len())
    }

    /// Adds a stream, whose identifier is above all others.
    pub(super) fn add(&mut self, stream: Box<Stream<B>>) {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() - 1
        });
        self.index.push((stream.id, slot));
        self.slots[slot] = Some(stream);
    }

    /// Takes a stream out of its slot, to be [put back](Self::put_back) or [removed](Self::remove).
    pub(super) fn take(&mut self, slot: usize) -> Option<Box<Stream<B>>> {
        self.slots.get_mut(slot)?.take()
    }

    pub(super) fn put_back(&mut self, slot: usize, stream: Box<Stream<B>>) {
        self.slots[slot] = Some(stream);
    }

    /// Removes a stream and frees its slot. Returns it unless it is taken out.
    pub(super) fn remove(&mut self, id: u32) -> Option<Box<Stream<B>>> {
        self.last_found = None;
        let (_, slot) = self.index.remove(self.position(id)?);
        self.free.push(slot);
        self.slots[slot].take()
    }
}
