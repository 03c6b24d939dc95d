//! Joins of which many members are notified.

use super::{Measured, NOTIFY_US, P50, WorkloadError, sessions::Sessions};
use crate::{clock, meter::Meter, process::Server, protocol::Protocol};

/// Sessions that join at a time while a room is filled.
const AT_ONCE: usize = 20;

/// Joins, one after the other, into rooms that then have `size` members.
pub(super) struct Broadcast {
    pub(super) size: usize,
    pub(super) rooms: usize,
    /// Joins into each room.
    pub(super) joins: usize,
}

impl Broadcast {
    pub(super) fn run(&self, protocol: Protocol, server: &Server) -> Result<Measured, WorkloadError> {
        let members = self.size - self.joins;
        let mut sessions = Sessions::new(protocol, server)?;
        for room in 0..self.rooms {
            // A few at a time: when very many join at once, members get rosters in place of single changes.
            for first in (0..members).step_by(AT_ONCE) {
                let before = sessions.notified;
                let last = members.min(first + AT_ONCE);
                sessions.open(last - first, 1, |_| format!("r{room}"))?;
                sessions.wait_notified(before + (first..last).sum::<usize>())?;
            }
        }

        sessions.settle()?;
        let mut walls = Vec::new();
        let mut notified = 0;
        let before = sessions.notified;
        let meter = Meter::start(server)?;
        for join in 0..self.joins {
            for room in 0..self.rooms {
                let start = clock::now();
                notified += members + join;
                sessions.open(1, 1, |_| format!("r{room}"))?;
                sessions.wait_notified(before + notified)?;
                walls.push(start.elapsed().as_secs_f64() * 1e6);
            }
        }
        sessions.settle()?;
        let usage = meter.stop()?;
        walls.sort_by(f64::total_cmp);
        let notified = notified as f64;
        let values = [(NOTIFY_US, usage.server * 1e6 / notified), (P50, walls[walls.len() / 2])];
        Ok(Measured::per(notified, usage, values))
    }
}
