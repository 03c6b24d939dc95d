//! A queue that holds its first element inline.

use std::collections::VecDeque;

/// A first-in, first-out queue that is usually empty or holds one element.
///
/// The first element is stored inline; only a second one allocates. The allocation is freed when the queue is empty.
///
/// ```
/// use wigwag_poll::ShortQueue;
///
/// let mut queue = ShortQueue::default();
/// queue.push_back(1);
/// queue.push_back(2);
/// assert_eq!((queue.pop_front(), queue.pop_front(), queue.pop_front()), (Some(1), Some(2), None));
/// ```
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
    /// Reserves capacity for `additional` more elements.
    pub fn reserve(&mut self, additional: usize) {
        let in_rest = additional.saturating_sub(usize::from(self.first.is_none()));
        if in_rest > 0 {
            self.rest.reserve(in_rest);
        }
    }

    /// Appends an element.
    pub fn push_back(&mut self, item: T) {
        if self.is_empty() {
            self.first = Some(item);
        } else {
            self.rest.push_back(item);
        }
    }

    /// Removes and returns the first element.
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

    /// Returns whether the queue holds no element.
    pub fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    /// Returns the number of elements.
    pub fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.rest.len()
    }

    /// Iterates over the elements, from first to last.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.first.iter().chain(&self.rest)
    }

    /// Drops all elements after the first `len`.
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
    fn elements_come_out_in_the_order_they_went_in() {
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
