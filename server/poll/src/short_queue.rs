//! A queue that mostly holds one thing.

use std::collections::VecDeque;

/// First in, first out. The first lies in the queue itself; memory of its own is only for those that wait behind it.
#[derive(Debug)]
pub struct ShortQueue<T> {
    first: Option<T>,
    rest: VecDeque<T>,
}

impl<T> Default for ShortQueue<T> {
    fn default() -> Self {
        Self { first: None, rest: VecDeque::new() }
    }
}

impl<T> ShortQueue<T> {
    /// Memory for as many more, in one go.
    pub fn reserve(&mut self, more: usize) {
        let behind = more.saturating_sub(usize::from(self.first.is_none()));
        if behind > 0 {
            self.rest.reserve(behind);
        }
    }

    pub fn push_back(&mut self, item: T) {
        if self.is_empty() {
            self.first = Some(item);
        } else {
            self.rest.push_back(item);
        }
    }

    pub fn pop_front(&mut self) -> Option<T> {
        let first = self.first.take()?;
        if self.rest.capacity() > 0 {
            self.first = self.rest.pop_front();
            if self.first.is_none() {
                self.rest = VecDeque::new();
            }
        }
        Some(first)
    }

    pub fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    pub fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.rest.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.first.iter().chain(&self.rest)
    }

    /// Throws all away but the first `len`.
    pub fn truncate(&mut self, len: usize) {
        if len == 0 {
            *self = Self::default();
        } else {
            self.rest.truncate(len - 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_come_out_as_they_went_in() {
        let mut queue = ShortQueue::default();
        for round in 0..3 {
            queue.reserve(round + 2);
            for n in 0..round + 2 {
                queue.push_back(n);
            }
            assert_eq!(queue.len(), round + 2);
            assert!(queue.iter().copied().eq(0..round + 2));
            queue.truncate(round + 1);
            for n in 0..round + 1 {
                assert_eq!(queue.pop_front(), Some(n));
            }
            assert!(queue.is_empty() && queue.pop_front().is_none());
            queue.push_back(0);
            queue.truncate(0);
            assert!(queue.is_empty());
        }
    }
}
