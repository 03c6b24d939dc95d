//! Deadlines of a peer that pass while this process does not run: stopped with SIGSTOP, in a paused container, on a machine
//! that sleeps.

use std::time::Duration;

/// A timer that fires later than this shows that the process did not run in time.
const MAX_LATENESS: Duration = Duration::from_secs(1);

/// Excuses a peer that missed a deadline because this process did not run: what the peer has sent or read meanwhile was not
/// noticed yet. Not twice in succession, so that a machine that is always late still gives up dead peers.
#[derive(Debug, Default)]
pub(crate) struct LateTimer {
    excused: bool,
}

impl LateTimer {
    /// Returns whether to wait once more, given how long ago the deadline was.
    pub(crate) fn excuses(&mut self, late: Duration) -> bool {
        let excuses = late > MAX_LATENESS && !self.excused;
        self.excused |= excuses;
        excuses
    }

    /// Notes that the peer is alive.
    pub(crate) fn reset(&mut self) {
        self.excused = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn late_timer_is_excused_once_until_the_peer_is_heard() {
        let (in_time, late) = (MAX_LATENESS, MAX_LATENESS * 2);
        let mut timer = LateTimer::default();
        assert!(!timer.excuses(in_time));
        assert_eq!([late, late, in_time].map(|late| timer.excuses(late)), [true, false, false]);
        timer.reset();
        assert!(timer.excuses(late));
    }
}
