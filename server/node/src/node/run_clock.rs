//! A clock that stands still while the process does not run.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

/// A longer time between two ticks is one in which the process did not run: it was stopped (SIGSTOP, a paused container, a
/// snapshot of a virtual machine), or starved of processor time.
const MAX_GAP_MS: u64 = 1_000;

/// Counts the milliseconds in which the process ran. What a client sent while it did not run is still unread, so that time is
/// not the client's silence, and no part of a grace period.
#[derive(Debug)]
pub(super) struct RunClock {
    started: Instant,
    /// When the last tick was, in milliseconds since `started`; 0 before the first. Without ticks all time counts.
    last_tick_ms: AtomicU64,
    /// Milliseconds that do not count.
    lost_ms: AtomicU64,
    /// Milliseconds between two ticks.
    period_ms: u64,
    // Held while a gap is accounted for, which happens once for each.
    gap: Mutex<()>,
}

impl RunClock {
    /// Creates a clock that is ticked once in each `period`.
    pub(super) fn new(period: Duration) -> Self {
        Self {
            period_ms: u64::try_from(period.as_millis()).unwrap_or(0),
            started: Instant::now(),
            last_tick_ms: AtomicU64::new(0),
            lost_ms: AtomicU64::new(0),
            gap: Mutex::new(()),
        }
    }

    /// Returns the milliseconds in which the process ran until `instant`.
    pub(super) fn running_ms(&self, instant: Instant) -> u64 {
        let ms = self.since_start_ms(instant);
        let last = self.last_tick_ms.load(Ordering::Acquire);
        if last != 0 && ms > last + MAX_GAP_MS {
            self.note_gap(ms);
        }
        ms.saturating_sub(self.lost_ms.load(Ordering::Acquire))
    }

    /// Notes that the process runs at `instant`. Returns the milliseconds since the last tick in which it did not.
    pub(super) fn tick(&self, instant: Instant) -> u64 {
        let before = self.lost_ms.load(Ordering::Acquire);
        self.running_ms(instant);
        self.last_tick_ms.fetch_max(self.since_start_ms(instant).max(1), Ordering::AcqRel);
        self.lost_ms.load(Ordering::Acquire) - before
    }

    fn note_gap(&self, ms: u64) {
        let _held = self.gap.lock().unwrap_or_else(PoisonError::into_inner);
        let last = self.last_tick_ms.load(Ordering::Acquire);
        if ms > last + MAX_GAP_MS {
            self.lost_ms.fetch_add(ms - last - self.period_ms, Ordering::AcqRel);
            self.last_tick_ms.store(ms, Ordering::Release);
        }
    }

    /// Returns the milliseconds since the start, whether or not the process ran.
    pub(super) fn since_start_ms(&self, instant: Instant) -> u64 {
        u64::try_from(instant.saturating_duration_since(self.started).as_millis()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_without_ticks_does_not_count() {
        let clock = RunClock::new(Duration::from_millis(100));
        let at = |ms: u64| clock.started + Duration::from_millis(ms);
        assert_eq!(clock.running_ms(at(60_000)), 60_000, "nothing ticks yet");
        for ms in (60_000..=61_000).step_by(100) {
            assert_eq!(clock.tick(at(ms)), 0);
        }
        assert_eq!(clock.running_ms(at(61_900)), 61_900, "a late tick does not count as a gap");
        // Whatever reads the clock first notices the gap.
        assert_eq!(clock.running_ms(at(91_000)), 61_100);
        assert_eq!(clock.running_ms(at(91_050)), 61_150);
        clock.tick(at(91_060));
        assert_eq!(clock.running_ms(at(91_900)), 62_000);
        assert_eq!(clock.tick(at(101_060)), 9_900);
    }
}
