//! How much of what a connection wrote the kernel has taken.

use std::sync::atomic::{
    AtomicBool, AtomicU32, AtomicU64,
    Ordering::{Acquire, Release, SeqCst},
};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::Waker;

/// Counts the bytes of a byte stream: those put into it, and those of them that were sent, which means that the kernel has
/// taken them.
///
/// The one who writes and the one who sends share it. A position in the stream is the number of bytes before it.
#[derive(Debug, Default)]
pub struct SendProgress {
    put: AtomicU64,
    sent: AtomicU64,
    /// Whether `wakers` holds any, so that most sends do not lock it.
    awaited: AtomicBool,
    wakers: Mutex<Vec<Waker>>,
}

impl SendProgress {
    /// Counts bytes that were put into the stream.
    pub fn add_put(&self, bytes: usize) {
        // One task writes, so that a load and a store suffice.
        self.put.store(self.put() + bytes as u64, Release);
    }

    /// Counts bytes that were sent, and wakes the tasks that wait for that.
    pub fn add_sent(&self, bytes: usize) {
        self.sent.store(self.sent() + bytes as u64, Release);
        if self.awaited.load(SeqCst) {
            self.wake_all();
        }
    }

    /// Returns the position after the last byte that was put.
    pub fn put(&self) -> u64 {
        self.put.load(Acquire)
    }

    /// Returns the position after the last byte that was sent.
    pub fn sent(&self) -> u64 {
        self.sent.load(Acquire)
    }

    /// Wakes a task the next time that bytes are sent.
    pub fn wake_on_send(&self, waker: &Waker) {
        let mut wakers = self.wakers.lock().unwrap_or_else(PoisonError::into_inner);
        if !wakers.iter().any(|known| known.will_wake(waker)) {
            wakers.push(waker.clone());
        }
        self.awaited.store(true, SeqCst);
    }

    fn wake_all(&self) {
        let wakers = {
            let mut wakers = self.wakers.lock().unwrap_or_else(PoisonError::into_inner);
            self.awaited.store(false, SeqCst);
            std::mem::take(&mut *wakers)
        };
        wakers.into_iter().for_each(Waker::wake);
    }
}

/// Tells up to which number the numbered frames of a connection were sent.
///
/// The connection's task records numbers with the positions at the end of their frames, any thread may ask. Only two records are
/// kept at a time, so the answer may be lower than the truth, never higher.
#[derive(Debug, Default)]
pub struct SendMarks {
    progress: OnceLock<Arc<SendProgress>>,
    first: Mark,
    last: Mark,
    sent: AtomicU32,
}

/// A number and the position at the end of its frame; number 0 = none. Written by one task only: it stores 0 as the number while
/// it changes the position, and numbers only grow, so that a reader that finds the same number twice has read its position.
#[derive(Debug, Default)]
struct Mark {
    position: AtomicU64,
    number: AtomicU32,
}

impl Mark {
    fn set(&self, position: u64, number: u32) {
        self.number.store(0, SeqCst);
        self.position.store(position, SeqCst);
        self.number.store(number, SeqCst);
    }

    fn get(&self) -> Option<(u64, u32)> {
        let number = self.number.load(SeqCst);
        let position = self.position.load(SeqCst);
        (number != 0 && self.number.load(SeqCst) == number).then_some((position, number))
    }

    fn reached(&self, sent: u64) -> Option<u32> {
        self.get().filter(|(position, _)| *position <= sent).map(|(_, number)| number)
    }
}

impl SendMarks {
    /// Records that the frames up to `number` end at `position` or before it. Numbers and positions must not decrease.
    pub fn record(&self, progress: &Arc<SendProgress>, position: u64, number: u32) {
        let progress = self.progress.get_or_init(|| progress.clone());
        let sent = progress.sent();
        if let Some(reached) = self.last.reached(sent) {
            self.sent.store(reached, SeqCst);
            self.first.set(position, number);
            self.last.set(0, 0);
        } else if let Some(reached) = self.first.reached(sent) {
            self.sent.store(reached, SeqCst);
            match self.last.get() {
                Some((position, number)) => self.first.set(position, number),
                None => return self.first.set(position, number),
            }
            self.last.set(position, number);
        } else if self.first.get().is_none() {
            self.first.set(position, number);
        } else {
            self.last.set(position, number);
        }
    }

    /// Records that the frames up to `number` were sent.
    pub fn record_sent(&self, number: u32) {
        self.sent.fetch_max(number, SeqCst);
    }

    /// Wakes a task the next time that bytes are sent, if a frame was recorded that is not sent yet.
    pub fn wake_on_send(&self, waker: &Waker) {
        let waits = self.first.get().is_some() || self.last.get().is_some();
        if let Some(progress) = self.progress.get().filter(|_| waits) {
            progress.wake_on_send(waker);
        }
    }

    /// Returns the number up to which all frames were sent.
    pub fn sent(&self) -> u32 {
        let sent = self.progress.get().map_or(0, |progress| progress.sent());
        let marks = [self.first.reached(sent), self.last.reached(sent), Some(self.sent.load(SeqCst))];
        marks.into_iter().flatten().max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::WakeCount;

    #[test]
    fn marks_are_reached_in_order_and_never_too_early() {
        let (progress, marks) = (Arc::new(SendProgress::default()), SendMarks::default());
        assert_eq!(marks.sent(), 0);
        for number in 1..=10 {
            progress.add_put(10);
            marks.record(&progress, progress.put(), number);
            assert_eq!(marks.sent(), 0);
        }
        progress.add_sent(9);
        assert_eq!(marks.sent(), 0);
        progress.add_sent(1);
        assert_eq!(marks.sent(), 1);
        progress.add_sent(89);
        assert!(marks.sent() < 10);
        progress.add_put(10);
        marks.record(&progress, progress.put(), 11);
        progress.add_sent(2);
        assert!((1..11).contains(&marks.sent()));
        progress.add_sent(9);
        assert_eq!(marks.sent(), 11);
        marks.record_sent(12);
        marks.record_sent(3);
        assert_eq!(marks.sent(), 12);
    }

    #[test]
    fn a_steady_flow_is_followed() {
        let (progress, marks) = (Arc::new(SendProgress::default()), SendMarks::default());
        for number in 1..=1_000 {
            progress.add_put(10);
            marks.record(&progress, progress.put(), number);
            if number > 20 {
                progress.add_sent(10);
                assert!(marks.sent() <= number - 20);
                assert!(number < 100 || marks.sent() > number - 90, "{} of {number}", marks.sent());
            }
        }
    }

    #[test]
    fn a_task_that_waits_for_a_send_is_woken_once() {
        let (progress, (count, waker)) = (SendProgress::default(), WakeCount::new());
        progress.wake_on_send(&waker);
        progress.wake_on_send(&waker);
        assert_eq!(count.get(), 0);
        progress.add_sent(1);
        progress.add_sent(1);
        assert_eq!(count.get(), 1);
    }
}
