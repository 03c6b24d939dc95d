//! Many sessions that do nothing: what each costs in memory.

use std::time::Duration;

use super::{
    IDLE_BYTES, IDLE_US, JOIN_US, Measured, USED_BYTES, WorkloadError,
    sessions::{Sessions, TIMEOUT},
};
use crate::{clock, meter::Meter, process::Server, protocol::Protocol, signal::Shape};

/// Members of a room.
const ROOM: usize = 4;

/// Candidates each session sends after its description.
const CANDIDATES: u32 = 5;

/// Most signals in flight.
const IN_FLIGHT: usize = 200;

/// How long the sessions rest before memory is read: allocators return freed memory late, and what the first heartbeat
/// allocates belongs to a session.
const REST: Duration = Duration::from_secs(11);

/// Sessions to be opened and left idle.
pub(super) struct Idle {
    pub(super) sessions: usize,
    pub(super) per_connection: usize,
}

impl Idle {
    pub(super) fn run(&self, protocol: Protocol, server: &Server) -> Result<Measured, WorkloadError> {
        let count = self.sessions as f64;
        let mut sessions = Sessions::new(protocol, server)?;
        let empty = server.memory()?;
        let per_session = |bytes: u64| bytes.saturating_sub(empty) as f64 / count;

        let meter = Meter::start(server)?;
        sessions.open(self.sessions, self.per_connection, |session| format!("r{}", session / ROOM))?;
        if protocol.has_rooms() {
            // One member is notified of the second in a room, two of the third, three of the fourth.
            sessions.wait_notified(self.sessions / ROOM * (ROOM * (ROOM - 1) / 2))?;
        }
        sessions.settle()?;
        let usage = meter.stop()?;
        let join = (JOIN_US, usage.server * 1e6 / count);
        if server.counts_instructions() {
            // The memory of the process is mostly valgrind's.
            return Ok(Measured::per(count, usage, [join]));
        }

        let resting = Meter::start(server)?;
        sessions.rest(REST)?;
        let rested = resting.stop()?;
        let idle = per_session(server.memory()?);

        self.exchange_signals(&mut sessions)?;
        sessions.rest(Duration::from_secs(1))?;
        let used = per_session(server.memory()?);
        let values =
            [(IDLE_BYTES, idle), (USED_BYTES, used), join, (IDLE_US, rested.server * 1e6 / rested.wall / count)];
        Ok(Measured { values: values.into(), usage })
    }

    /// Sends a description and some candidates from every session to its neighbor, as for one call.
    fn exchange_signals(&self, sessions: &mut Sessions) -> Result<(), WorkloadError> {
        let mut arrivals = Arrivals { next: vec![0; self.sessions], total: 0 };
        let mut sent = 0;
        for number in 0..=CANDIDATES {
            for session in (0..self.sessions).step_by(2) {
                if number <= 1 {
                    let shape = if number == 0 { Shape::Description } else { Shape::Candidate };
                    sessions.engine.pair(session, session + 1, shape);
                }
                sessions.engine.send_signal(session, number);
                sessions.engine.send_signal(session + 1, number);
                sent += 2;
                // Not all at once: the memory of many calls is of interest, not that of one burst.
                arrivals.wait(sessions, sent - sent.min(IN_FLIGHT))?;
            }
            arrivals.wait(sessions, sent)?;
        }
        for session in 0..self.sessions {
            sessions.engine.acknowledge(session);
        }
        Ok(())
    }
}

/// The signals that arrived: each session receives those of its neighbor, in order.
struct Arrivals {
    next: Vec<u32>,
    total: usize,
}

impl Arrivals {
    fn wait(&mut self, sessions: &mut Sessions, expected: usize) -> Result<(), WorkloadError> {
        let deadline = clock::now() + TIMEOUT;
        let mut wrong = None;
        while self.total < expected {
            sessions.poll(|_, session, number| {
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
