//! What depends on time: limits that refill, late resets, and responses that wait for too long.

use super::Connection;
use crate::Service;
use crate::error::ErrorCode;
use crate::limits::TICK;

impl<S: Service> Connection<S> {
    /// Lets a [`TICK`] pass. To be called once in each, while [`needs_tick`](Self::needs_tick).
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

    /// Resets the streams whose responses have waited for too long. Returns whether any still wait.
    fn tick_responses(&mut self) -> bool {
        let limit = u16::try_from(self.limits.send_timeout.as_secs() / TICK.as_secs()).unwrap_or(u16::MAX);
        let connection_is_blocked = self.send.window <= 0;
        let (mut waiting, mut wait_for_connection, mut largest) = (false, false, 0);
        let mut late = Vec::new();
        for stream in self.streams.all() {
            let send = &mut stream.send;
            largest = largest.max(send.unreturned);
            if !send.is_waiting() {
                continue;
            }
            if send.window <= 0 {
                waiting = true;
                send.stalled = send.stalled.saturating_add(1);
                if send.stalled > limit {
                    late.push(stream.id);
                }
            } else if connection_is_blocked {
                wait_for_connection = true;
            }
        }
        self.send.stalled = if wait_for_connection { self.send.stalled.saturating_add(1) } else { 0 };
        // Earlier than the streams that wait for them, which a service may take for streams that are not read.
        if self.send.stalled > limit / 2 {
            // The client returns nothing to the connection's window. Most of it waits in the streams that were sent the
            // most and returned the least: they go, and not those that wait for them.
            let holding = self.streams.all().filter(|stream| stream.send.unreturned >= largest / 2);
            late.extend(holding.map(|stream| stream.id));
        }
        for id in late {
            if self.streams.find(id).is_some() {
                self.counts.send_timeouts += 1;
                self.reset(id, ErrorCode::CANCEL);
            }
        }
        waiting || wait_for_connection
    }
}
