//! Many sessions that do nothing: what each costs to have.

use std::time::Duration;

use super::{
    IDLE_BYTES, IDLE_US, JOIN_US, Measured, USED_BYTES, WorkloadError,
    crowd::{Crowd, PATIENCE},
};
use crate::{clock, meter::Meter, process::Server, signal::Shape, subject::Protocol};

/// Members of a room.
const ROOM: usize = 4;

/// Candidates each session sends after its description.
const CANDIDATES: u32 = 5;

/// Signals under way at a time.
const UNDER_WAY: usize = 200;

/// How long they rest before memory is read: allocators give back late, and what sessions need for their heartbeats
/// belongs to them.
const REST: Duration = Duration::from_secs(11);

/// Sessions to be idle.
pub(super) struct Fill {
    pub(super) sessions: usize,
    pub(super) per_connection: usize,
}

impl Fill {
    pub(super) fn run(&self, protocol: Protocol, server: &Server) -> Result<Measured, WorkloadError> {
        let count = self.sessions as f64;
        let mut crowd = Crowd::new(protocol, server)?;
        let empty = server.memory()?;
        let per_session = |bytes: u64| bytes.saturating_sub(empty) as f64 / count;

        let meter = Meter::start(server.pid())?;
        crowd.open(self.sessions, self.per_connection, |session| format!("r{}", session / ROOM))?;
        if protocol.has_rooms() {
            // The second member of a room is told to one, the third to two, the fourth to three.
            crowd.until_told(self.sessions / ROOM * (ROOM * (ROOM - 1) / 2))?;
        }
        let usage = meter.stop()?;

        let resting = Meter::start(server.pid())?;
        crowd.rest(REST)?;
        let rested = resting.stop()?;
        let idle = per_session(server.memory()?);

        self.chat(&mut crowd)?;
        crowd.rest(Duration::from_secs(1))?;
        let used = per_session(server.memory()?);
        let values = [
            (IDLE_BYTES, idle),
            (USED_BYTES, used),
            (JOIN_US, usage.server * 1e6 / count),
            (IDLE_US, rested.server * 1e6 / rested.wall / count),
        ];
        Ok(Measured { values: values.into(), usage })
    }

    /// Every session sends a description and some candidates to its neighbor, as for one call.
    fn chat(&self, crowd: &mut Crowd) -> Result<(), WorkloadError> {
        let mut arrived = Arrived { next: vec![0; self.sessions], total: 0 };
        let mut spoken = 0;
        for number in 0..=CANDIDATES {
            for session in (0..self.sessions).step_by(2) {
                if number <= 1 {
                    let shape = if number == 0 { Shape::Description } else { Shape::Candidate };
                    crowd.engine.pair(session, session + 1, shape);
                }
                crowd.engine.speak(session, number);
                crowd.engine.speak(session + 1, number);
                spoken += 2;
                // Not all at once: it is the memory of calls that is of interest, not that of one burst.
                arrived.until(crowd, spoken - spoken.min(UNDER_WAY))?;
            }
            arrived.until(crowd, spoken)?;
        }
        for session in 0..self.sessions {
            crowd.engine.settle(session);
        }
        Ok(())
    }
}

/// The signals that came: each session hears those of its neighbor, in order.
struct Arrived {
    next: Vec<u32>,
    total: usize,
}

impl Arrived {
    fn until(&mut self, crowd: &mut Crowd, expected: usize) -> Result<(), WorkloadError> {
        let deadline = clock::now() + PATIENCE;
        let mut wrong = None;
        while self.total < expected {
            crowd.turn(|_, session, number| {
                if number != self.next[session] {
                    wrong.get_or_insert_with(|| format!("signal {number} came in place of {}", self.next[session]));
                }
                self.next[session] += 1;
                self.total += 1;
            })?;
            if let Some(wrong) = wrong {
                return Err(WorkloadError::Wrong(wrong));
            }
            if clock::now() > deadline {
                return Err(WorkloadError::Wrong(format!("{} of {expected} signals arrived", self.total)));
            }
        }
        Ok(())
    }
}
