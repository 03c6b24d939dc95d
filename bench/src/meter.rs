//! What a stretch of time cost the server, the generator and everybody else.

use std::{
    io,
    time::{Duration, Instant},
};

use serde::Serialize;

use crate::{clock, machine, process};

/// A moment, to be compared with a later one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meter {
    pid: u32,
    at: Instant,
    server: Duration,
    own: Duration,
    busy: Duration,
}

/// What passed between two moments.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Usage {
    /// Seconds.
    pub(crate) wall: f64,
    /// CPU seconds of the server.
    pub(crate) server: f64,
    /// CPU seconds of the generator.
    pub(crate) generator: f64,
    /// Processors others kept busy: 0.1 is a tenth of one.
    pub(crate) foreign: f64,
}

impl Meter {
    /// Now.
    pub(crate) fn start(pid: u32) -> io::Result<Self> {
        Ok(Self {
            pid,
            at: clock::now(),
            server: process::cpu_of(pid)?,
            own: process::cpu_of(std::process::id())?,
            busy: machine::busy()?,
        })
    }

    /// What passed since.
    pub(crate) fn stop(&self) -> io::Result<Usage> {
        let end = Self::start(self.pid)?;
        let wall = (end.at - self.at).as_secs_f64();
        let server = end.server.saturating_sub(self.server).as_secs_f64();
        let generator = end.own.saturating_sub(self.own).as_secs_f64();
        let busy = end.busy.saturating_sub(self.busy).as_secs_f64();
        // Others are known to the tick only, at either end.
        let others = busy - server - generator - 2.0 * machine::TICK.as_secs_f64();
        Ok(Usage { wall, server, generator, foreign: (others / wall).max(0.0) })
    }
}
