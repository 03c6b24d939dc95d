//! The numbered frames a session has not acknowledged.

use std::collections::VecDeque;

use crate::{
    frame::Body,
    id::{PeerId, RoomName},
};

/// The envelope's sender, which gets the receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The sender.
    pub from: PeerId,
    /// Which of the sessions that used this id: clients of compatibility protocols may reuse one.
    pub incarnation: u64,
    /// The sender's number of the envelope; becomes `reply_to` of the receipt.
    pub seq: u32,
    /// Whether the sender wants a receipt for success as well.
    pub receipt: bool,
}

/// The answer to a join, without the members of the room: those are read when it is handed out, again after each resume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinedEntry {
    /// The room.
    pub room: RoomName,
    /// The room's version at the join. What is handed out is never older.
    pub version: u32,
    /// Whether the request created the room.
    pub created: bool,
    /// What it counts as: about the bytes that the room took on the wire at the join.
    pub weight: usize,
}

/// What a mailbox holds of a numbered frame.
#[derive(Clone, Debug, PartialEq)]
pub enum Held {
    /// The frame itself.
    Body(Body),
    /// What is needed to make the answer to a join.
    Joined(JoinedEntry),
}

impl Held {
    /// Returns the number of bytes it counts as in a mailbox. Never 0.
    #[must_use]
    pub fn weight(&self) -> usize {
        match self {
            Self::Body(body) => body.weight(),
            Self::Joined(joined) => joined.weight,
        }
    }
}

impl From<Body> for Held {
    fn from(body: Body) -> Self {
        Self::Body(body)
    }
}

/// A numbered frame.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The request it answers, or 0.
    pub reply_to: u32,
    /// Its content.
    pub body: Held,
    /// For envelopes from a session: where to send the receipt.
    pub origin: Option<Origin>,
}

/// A queue of contiguously numbered frames, counted in bytes, from which acknowledgments remove.
///
/// Numbers start at 1. Invariant: `acked` < every number held ≤ `top`.
#[derive(Debug, Default)]
pub struct Mailbox {
    acked: u32,
    /// The highest number whose sender was told its outcome before it was acknowledged.
    reported: u32,
    bytes: usize,
    entries: VecDeque<Entry>,
}

impl Mailbox {
    /// Returns the highest number assigned so far.
    #[must_use]
    pub fn top(&self) -> u32 {
        self.acked + u32::try_from(self.entries.len()).unwrap_or(u32::MAX)
    }

    /// Returns the highest number acknowledged.
    #[must_use]
    pub fn acked(&self) -> u32 {
        self.acked
    }

    /// Returns the number of frames held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns whether no frames are held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns the number of bytes held, as [`Body::weight`] counts them.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Returns whether one more frame of this weight stays within the given bounds.
    #[must_use]
    pub fn fits(&self, weight: usize, frames: usize, bytes: usize) -> bool {
        self.entries.len() < frames && self.bytes + weight <= bytes
    }

    /// Appends a frame and returns its number, or `None` if the numbers are exhausted.
    pub fn push(&mut self, entry: Entry) -> Option<u32> {
        if self.top() == u32::MAX {
            return None;
        }
        self.bytes += entry.body.weight();
        self.entries.push_back(entry);
        Some(self.top())
    }

    /// Removes everything up to `upto` and passes the origins of what it removed to `acked`.
    ///
    /// Does nothing if `upto` was acknowledged before. The caller checks that `upto` ≤ [`Self::top`].
    pub fn ack(&mut self, upto: u32, mut acked: impl FnMut(Origin)) {
        while self.acked < upto {
            let Some(entry) = self.entries.pop_front() else { return };
            self.acked += 1;
            self.bytes -= entry.body.weight();
            if let Some(origin) = entry.origin
                && self.acked > self.reported
            {
                acked(origin);
            }
        }
    }

    /// Returns the frame with this number, if it is held.
    #[must_use]
    pub fn get(&self, seq: u32) -> Option<&Entry> {
        let index = seq.checked_sub(self.acked)?.checked_sub(1)?;
        self.entries.get(index as usize)
    }

    /// Takes the body of the frame with this number, if it is held. Its entry stays until it is acknowledged.
    pub fn take_body(&mut self, seq: u32) -> Option<(u32, Held)> {
        let index = seq.checked_sub(self.acked)?.checked_sub(1)?;
        let entry = self.entries.get_mut(index as usize)?;
        let body = std::mem::replace(&mut entry.body, Body::Done.into());
        self.bytes = self.bytes + Body::Done.weight() - body.weight();
        Some((entry.reply_to, body))
    }

    /// Iterates over the answers to joins of a room that are held and numbered above `after`.
    pub fn joined(&self, room: &RoomName, after: u32) -> impl Iterator<Item = (u32, &JoinedEntry)> {
        let skip = after.saturating_sub(self.acked) as usize;
        let entries = (self.acked + 1..=u32::MAX).zip(&self.entries).skip(skip);
        entries.filter_map(move |(seq, entry)| match &entry.body {
            Held::Joined(joined) if joined.room == *room => Some((seq, joined)),
            _ => None,
        })
    }

    /// Iterates over the frames held, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Entry> + ExactSizeIterator {
        self.entries.iter()
    }

    /// Returns the origins of everything held, once: no second receipt is to be sent for these entries.
    pub fn take_origins(&mut self) -> Vec<Origin> {
        let skip = self.reported.saturating_sub(self.acked) as usize;
        self.reported = self.top();
        self.entries.iter().skip(skip).filter_map(|entry| entry.origin.clone()).collect()
    }

    /// Releases memory that a burst left allocated.
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
        Entry { reply_to: 0, body: Body::Envelope(Bytes::from(vec![0; len])).into(), origin: None }
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
    fn an_older_ack_has_no_effect() {
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
    fn numbers_end_at_the_maximum() {
        let mut mailbox = Mailbox { acked: u32::MAX - 1, ..Mailbox::default() };
        assert_eq!(mailbox.push(entry(1)), Some(u32::MAX));
        assert_eq!(mailbox.push(entry(1)), None);
    }
}
