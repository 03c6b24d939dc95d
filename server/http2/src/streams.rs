//! The open streams of a connection.

use super::stream::Stream;

/// Streams by number and by slot. A slot is taken again once its stream is gone.
pub(super) struct Streams<B> {
    // In boxes: a stream is taken out while it is worked on.
    slots: Vec<Option<Box<Stream<B>>>>,
    free: Vec<usize>,
    /// Number and slot, in the order of the numbers, which is that in which they come.
    index: Vec<(u32, usize)>,
    /// The one looked for last: most frames are for it again.
    last: Option<(u32, usize)>,
}

impl<B> Streams<B> {
    pub(super) fn new() -> Self {
        Self { slots: Vec::new(), free: Vec::new(), index: Vec::new(), last: None }
    }

    pub(super) fn count(&self) -> usize {
        self.index.len()
    }

    /// All slots are below this.
    pub(super) fn slots(&self) -> usize {
        self.slots.len()
    }

    /// The slot of a stream.
    pub(super) fn find(&mut self, id: u32) -> Option<usize> {
        match self.last {
            Some((last, slot)) if last == id => Some(slot),
            _ => {
                self.last = self.position(id).map(|at| self.index[at]);
                self.last.map(|(_, slot)| slot)
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

    /// The slot the next stream will get.
    pub(super) fn next_slot(&self) -> usize {
        self.free.last().copied().unwrap_or(self.slots.len())
    }

    /// Adds a stream whose number is above all others.
    pub(super) fn add(&mut self, stream: Box<Stream<B>>) {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() - 1
        });
        self.index.push((stream.id, slot));
        self.slots[slot] = Some(stream);
    }

    /// Takes a stream out to work on it; it comes back, or is removed.
    pub(super) fn take(&mut self, slot: usize) -> Option<Box<Stream<B>>> {
        self.slots.get_mut(slot)?.take()
    }

    pub(super) fn put_back(&mut self, slot: usize, stream: Box<Stream<B>>) {
        self.slots[slot] = Some(stream);
    }

    /// Forgets a stream, whether or not it is taken out.
    pub(super) fn remove(&mut self, id: u32) -> Option<Box<Stream<B>>> {
        self.last = None;
        let (_, slot) = self.index.remove(self.position(id)?);
        self.free.push(slot);
        self.slots[slot].take()
    }
}
