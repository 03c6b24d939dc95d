//! The numbered frames a session has not acknowledged.

use std::collections::VecDeque;

use crate::{frame::Body, id::PeerId};

/// Who is to hear what became of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The sender.
    pub from: PeerId,
    /// Which of the sessions that have had this id: a dialect's client may take one again.
    pub incarnation: u64,
    /// The sender's seq of the envelope; it becomes `reply_to` of the receipt.
    pub seq: u32,
    /// The sender asked to hear of success as well.
    pub receipt: bool,
}

/// One numbered frame.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The request it answers, or 0.
    pub reply_to: u32,
    /// What it says.
    pub body: Body,
    /// For envelopes from a session: whom to tell what became of it.
    pub origin: Option<Origin>,
}

/// A queue of numbered frames: contiguous, counted in bytes, shortened by acknowledgements.
///
/// Numbers start at 1. `acked` < every number held ≤ `top`.
#[derive(Debug, Default)]
pub struct Mailbox {
    acked: u32,
    bytes: usize,
    entries: VecDeque<Entry>,
}

impl Mailbox {
    /// The highest number used so far.
    #[must_use]
    pub fn top(&self) -> u32 {
        self.acked + u32::try_from(self.entries.len()).unwrap_or(u32::MAX)
    }

    /// The highest number acknowledged.
    #[must_use]
    pub fn acked(&self) -> u32 {
        self.acked
    }

    /// Frames held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// No frames held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Bytes held, as [`Body::weight`] counts them.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether one more frame would stay within these bounds.
    #[must_use]
    pub fn fits(&self, weight: usize, frames: usize, bytes: usize) -> bool {
        self.entries.len() < frames && self.bytes + weight <= bytes
    }

    /// Numbers a frame and keeps it. `None` when the numbers are used up.
    pub fn push(&mut self, entry: Entry) -> Option<u32> {
        if self.top() == u32::MAX {
            return None;
        }
        self.bytes += entry.body.weight();
        self.entries.push_back(entry);
        Some(self.top())
    }

    /// Forgets everything up to `upto` and hands each entry that has an origin to `told`.
    ///
    /// Acknowledging less than before does nothing. The caller checks that `upto` ≤ [`Self::top`].
    pub fn ack(&mut self, upto: u32, mut told: impl FnMut(Origin)) {
        while self.acked < upto {
            let Some(entry) = self.entries.pop_front() else { return };
            self.acked += 1;
            self.bytes -= entry.body.weight();
            if let Some(origin) = entry.origin {
                told(origin);
            }
        }
    }

    /// The frame with this number, while it is held.
    #[must_use]
    pub fn get(&self, seq: u32) -> Option<&Entry> {
        let index = seq.checked_sub(self.acked)?.checked_sub(1)?;
        self.entries.get(index as usize)
    }

    /// Replaces the bodies numbered above `after` for which `fresh` gives a new one.
    pub fn refresh(&mut self, after: u32, mut fresh: impl FnMut(&Body) -> Option<Body>) {
        let skip = after.saturating_sub(self.acked) as usize;
        for entry in self.entries.iter_mut().skip(skip) {
            if let Some(body) = fresh(&entry.body) {
                self.bytes -= entry.body.weight();
                self.bytes += body.weight();
                entry.body = body;
            }
        }
    }

    /// The frames held, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// Takes every origin out, so that nobody hears of these entries a second time.
    pub fn take_origins(&mut self) -> Vec<Origin> {
        self.entries.iter_mut().filter_map(|entry| entry.origin.take()).collect()
    }

    /// Gives back memory that a burst left behind.
    pub fn shrink(&mut self) {
        if self.entries.is_empty() && self.entries.capacity() > 64 {
            self.entries = VecDeque::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn entry(len: usize) -> Entry {
        Entry { reply_to: 0, body: Body::Envelope(Bytes::from(vec![0; len])), origin: None }
    }

    #[test]
    fn numbers_are_contiguous_across_acks() {
        let mut mailbox = Mailbox::default();
        assert_eq!(mailbox.push(entry(10)), Some(1));
        assert_eq!(mailbox.push(entry(10)), Some(2));
        mailbox.ack(1, |_| {});
        assert_eq!(mailbox.push(entry(10)), Some(3));
        assert!(mailbox.get(1).is_none());
        assert!(mailbox.get(2).is_some());
        assert!(mailbox.get(3).is_some());
        assert!(mailbox.get(4).is_none());
        mailbox.ack(3, |_| {});
        assert_eq!((mailbox.len(), mailbox.bytes(), mailbox.top()), (0, 0, 3));
    }

    #[test]
    fn an_older_ack_changes_nothing() {
        let mut mailbox = Mailbox::default();
        for _ in 0..3 {
            mailbox.push(entry(1));
        }
        mailbox.ack(2, |_| {});
        mailbox.ack(1, |_| {});
        assert_eq!(mailbox.acked(), 2);
        assert_eq!(mailbox.len(), 1);
    }

    #[test]
    fn the_last_number_is_the_last() {
        let mut mailbox = Mailbox { acked: u32::MAX - 1, ..Mailbox::default() };
        assert_eq!(mailbox.push(entry(1)), Some(u32::MAX));
        assert_eq!(mailbox.push(entry(1)), None);
    }
}
