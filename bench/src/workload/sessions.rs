//! The sessions of one server, from connecting to joining.

use std::time::Duration;

use super::WorkloadError;
use crate::{
    clock,
    engine::{Engine, SessionId},
    process::Server,
    protocol::{Event, Protocol},
};

/// Sessions that are being opened at a time.
const AT_ONCE: usize = 128;

/// How long a step other than a measured window may take.
pub(super) const TIMEOUT: Duration = Duration::from_secs(60);

/// How long one poll waits for bytes.
pub(super) const POLL_TIMEOUT: Duration = Duration::from_millis(20);

/// Time after which a server has nothing left to do, such as reading acknowledgments.
const SETTLE: Duration = Duration::from_millis(100);

/// All sessions of a run.
pub(super) struct Sessions {
    pub(super) engine: Engine,
    protocol: Protocol,
    counts_instructions: bool,
    started: usize,
    joined: usize,
    /// Notifications of joins that members have received.
    pub(super) notified: usize,
}

impl Sessions {
    pub(super) fn new(protocol: Protocol, server: &Server) -> Result<Self, WorkloadError> {
        let counts_instructions = server.counts_instructions();
        Ok(Self {
            engine: Engine::new(server.addr(), server.tls())?,
            protocol,
            counts_instructions,
            started: 0,
            joined: 0,
            notified: 0,
        })
    }

    /// Opens `count` sessions, `per_connection` on each connection, and waits until all have joined. `room` names the room
    /// of a session.
    pub(super) fn open(
        &mut self,
        count: usize,
        per_connection: usize,
        room: impl Fn(SessionId) -> String,
    ) -> Result<(), WorkloadError> {
        // Instructions are to be the same in each run, so their order is not left to chance.
        let at_once = if self.counts_instructions { 1 } else { AT_ONCE };
        let end = self.started + count;
        let deadline = clock::now() + TIMEOUT;
        while self.joined < end {
            while self.started < end && self.started - self.joined < at_once.max(per_connection) {
                let ids = self.started..end.min(self.started + per_connection);
                let name = |id: SessionId| format!("u{id}");
                let transport = self.protocol.transport(&room(ids.start), &name(ids.start));
                let clients = ids.clone().map(|id| self.protocol.client(&room(id), &name(id))).collect();
                self.started = ids.end;
                self.engine.connect(transport, clients)?;
            }
            self.poll(|_, _, _| {})?;
            if clock::now() > deadline {
                return Err(WorkloadError::Timeout(format!("{} of {end} sessions joined in time", self.joined)));
            }
        }
        Ok(())
    }

    /// Waits until this many notifications of joins have arrived in all.
    pub(super) fn wait_notified(&mut self, notified: usize) -> Result<(), WorkloadError> {
        let deadline = clock::now() + TIMEOUT;
        while self.notified < notified {
            self.poll(|_, _, _| {})?;
            if clock::now() > deadline {
                let text = format!("{} of {notified} notifications of joins arrived in time", self.notified);
                return Err(WorkloadError::Timeout(text));
            }
        }
        Ok(())
    }

    /// Lets time pass while the server's pings are answered.
    pub(super) fn rest(&mut self, time: Duration) -> Result<(), WorkloadError> {
        let end = clock::now() + time;
        while clock::now() < end {
            self.poll(|_, _, _| {})?;
        }
        Ok(())
    }

    /// Waits until the server is idle, if its instructions are counted: what is measured begins and ends there.
    pub(super) fn settle(&mut self) -> Result<(), WorkloadError> {
        if self.counts_instructions { self.rest(SETTLE) } else { Ok(()) }
    }

    /// Polls the engine once. Passes signals to `signal` and counts joins.
    pub(super) fn poll(&mut self, mut signal: impl FnMut(&mut Engine, SessionId, u32)) -> Result<(), WorkloadError> {
        let (mut joined, mut notified) = (0, 0);
        self.engine.poll(POLL_TIMEOUT, |engine, session, event| match event {
            Event::Joined => joined += 1,
            Event::MemberJoined | Event::Roster => notified += 1,
            Event::Signal(number) => signal(engine, session, number),
            Event::BareAck => {}
        })?;
        self.joined += joined;
        self.notified += notified;
        Ok(())
    }
}
