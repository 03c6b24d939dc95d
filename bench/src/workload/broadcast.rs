//! Joins that many hear of.

use super::{Measured, NOTIFY_US, P50, WorkloadError, crowd::Crowd};
use crate::{clock, meter::Meter, process::Server, subject::Protocol};

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
        let there = self.size - self.joins;
        let mut crowd = Crowd::new(protocol, server)?;
        for room in 0..self.rooms {
            // A few at a time: a crowd that storms a room is told of itself in rosters, which is another matter.
            for first in (0..there).step_by(AT_ONCE) {
                let before = crowd.told;
                let last = there.min(first + AT_ONCE);
                crowd.open(last - first, 1, |_| format!("r{room}"))?;
                crowd.until_told(before + (first..last).sum::<usize>())?;
            }
        }

        let mut walls = Vec::new();
        let mut told = 0;
        let before = crowd.told;
        let meter = Meter::start(server.pid())?;
        for join in 0..self.joins {
            for room in 0..self.rooms {
                let start = clock::now();
                told += there + join;
                crowd.open(1, 1, |_| format!("r{room}"))?;
                crowd.until_told(before + told)?;
                walls.push(start.elapsed().as_secs_f64() * 1e6);
            }
        }
        let usage = meter.stop()?;
        walls.sort_by(f64::total_cmp);
        let values = [(NOTIFY_US, usage.server * 1e6 / told as f64), (P50, walls[walls.len() / 2])];
        Ok(Measured { values: values.into(), usage })
    }
}
