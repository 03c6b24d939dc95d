//! Sessions of one server, from their first byte to their seat.

use std::time::Duration;

use super::WorkloadError;
use crate::{
    clock,
    dialect::Heard,
    engine::{Engine, SessionId},
    process::Server,
    subject::Protocol,
};

/// Connections that are being opened at a time.
const AT_ONCE: usize = 128;

/// How long anything but a measured window may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// How long to wait for bytes before looking around.
pub(super) const GLANCE: Duration = Duration::from_millis(20);

/// All sessions of a run.
pub(super) struct Crowd {
    pub(super) engine: Engine,
    protocol: Protocol,
    dialed: usize,
    pub(super) joined: usize,
    /// Members that heard of a join.
    pub(super) told: usize,
}

impl Crowd {
    pub(super) fn new(protocol: Protocol, server: &Server) -> Result<Self, WorkloadError> {
        Ok(Self { engine: Engine::new(server.addr())?, protocol, dialed: 0, joined: 0, told: 0 })
    }

    /// Opens `count` sessions, `per_connection` on each connection, and waits until all have joined. `room` names the room
    /// of a session.
    pub(super) fn open(
        &mut self,
        count: usize,
        per_connection: usize,
        room: impl Fn(SessionId) -> String,
    ) -> Result<(), WorkloadError> {
        let end = self.dialed + count;
        let deadline = clock::now() + PATIENCE;
        while self.joined < end {
            while self.dialed < end && self.dialed - self.joined < AT_ONCE.max(per_connection) {
                let ids = self.dialed..end.min(self.dialed + per_connection);
                let name = |id: SessionId| format!("u{id}");
                let transport = self.protocol.transport(&room(ids.start), &name(ids.start));
                let dialects = ids.clone().map(|id| self.protocol.dialect(&room(id), &name(id))).collect();
                self.dialed = ids.end;
                self.engine.dial(transport, dialects)?;
            }
            self.turn(|_, _, _| {})?;
            if clock::now() > deadline {
                return Err(WorkloadError::Overdue(format!("{} of {end} sessions joined in time", self.joined)));
            }
        }
        Ok(())
    }

    /// Waits until this many members in all have heard of a join.
    pub(super) fn until_told(&mut self, told: usize) -> Result<(), WorkloadError> {
        let deadline = clock::now() + PATIENCE;
        while self.told < told {
            self.turn(|_, _, _| {})?;
            if clock::now() > deadline {
                return Err(WorkloadError::Overdue(format!("{} of {told} members heard of a join in time", self.told)));
            }
        }
        Ok(())
    }

    /// Lets time pass; what the server asks for is answered.
    pub(super) fn rest(&mut self, time: Duration) -> Result<(), WorkloadError> {
        let end = clock::now() + time;
        while clock::now() < end {
            self.turn(|_, _, _| {})?;
        }
        Ok(())
    }

    /// One turn of the engine. Signals are given to `signal`; joins are counted.
    pub(super) fn turn(&mut self, mut signal: impl FnMut(&mut Engine, SessionId, u32)) -> Result<(), WorkloadError> {
        let (mut joined, mut told) = (0, 0);
        self.engine.turn(GLANCE, |engine, session, heard| match heard {
            Heard::Joined => joined += 1,
            Heard::Member | Heard::Roster => told += 1,
            Heard::Signal(number) => signal(engine, session, number),
        })?;
        self.joined += joined;
        self.told += told;
        Ok(())
    }
}
