//! What depends on time: limits that refill, late resets, and responses that wait for too long (`tick_responses` in share.rs).

use super::Connection;
use crate::Service;

impl<S: Service> Connection<S> {
    /// Lets a [`TICK`](crate::TICK) pass. To be called once in each, while [`needs_tick`](Self::needs_tick).
    pub fn tick(&mut self) {
        if self.is_closed() {
            return;
        }
        for id in self.resets.tick(&self.limits) {
            self.put_late_reset(Some(id));
        }
        let waiting = self.tick_responses();
        self.ticking = waiting || !self.resets.is_idle();
        self.close_if_done();
    }

    /// Returns whether anything depends on time, or was counted since the last tick.
    pub fn needs_tick(&self) -> bool {
        self.ticking && !self.is_closed()
    }
}
