//! What a stretch of time cost the server, the generator and other processes.

use std::{
    io,
    time::{Duration, Instant},
};

use serde::Serialize;

use crate::{
    clock, instructions, machine,
    process::{self, Server},
};

/// A reading of all counters, to be compared with a later one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meter<'a> {
    server: &'a Server,
    at: Instant,
    server_cpu: Duration,
    own_cpu: Duration,
    busy: Duration,
}

/// The difference of two readings.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Usage {
    /// Seconds.
    pub(crate) wall: f64,
    /// CPU seconds of the server.
    pub(crate) server: f64,
    /// CPU seconds of the generator.
    pub(crate) generator: f64,
    /// Processors that other processes kept busy: 0.1 is a tenth of one.
    pub(crate) others: f64,
    /// Instructions of the server, if it runs under callgrind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) instructions: Option<u64>,
}

impl<'a> Meter<'a> {
    /// Takes the first reading.
    pub(crate) fn start(server: &'a Server) -> io::Result<Self> {
        if server.counts_instructions() {
            instructions::start(server.pid())?;
        }
        Self::now(server)
    }

    fn now(server: &'a Server) -> io::Result<Self> {
        Ok(Self {
            server,
            at: clock::now(),
            server_cpu: process::cpu_of(server.pid())?,
            own_cpu: process::cpu_of(std::process::id())?,
            busy: machine::busy()?,
        })
    }

    /// Takes the second reading.
    pub(crate) fn stop(&self) -> io::Result<Usage> {
        let end = Self::now(self.server)?;
        let counting = self.server.counts_instructions();
        let instructions = if counting { Some(instructions::read(self.server.pid())?) } else { None };
        let wall = (end.at - self.at).as_secs_f64();
        let server = end.server_cpu.saturating_sub(self.server_cpu).as_secs_f64();
        let generator = end.own_cpu.saturating_sub(self.own_cpu).as_secs_f64();
        let busy = end.busy.saturating_sub(self.busy).as_secs_f64();
        // The time of other processes is known to the tick only, at either end.
        let others = busy - server - generator - 2.0 * machine::TICK.as_secs_f64();
        Ok(Usage { wall, server, generator, others: (others / wall).max(0.0), instructions })
    }
}
