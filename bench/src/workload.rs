//! What is done to a server, and what is read off it.

mod broadcast;
mod crowd;
mod fill;
mod relay;

use std::{collections::BTreeMap, io, time::Duration};

use clap::ValueEnum;

use crate::{
    engine::EngineError,
    meter::Usage,
    process::Server,
    signal::Shape,
    subject::{Protocol, Subject},
};

use self::{broadcast::Broadcast, fill::Fill, relay::Relay};

/// Delivered messages per CPU second of the server.
pub(crate) const PER_CPU: &str = "messages_per_cpu_s";
/// Delivered messages per second.
pub(crate) const WALL: &str = "messages_per_s";
/// Median time from a sender's write to the receiver's read, in microseconds.
pub(crate) const P50: &str = "p50_us";
/// The same for the slowest hundredth.
pub(crate) const P99: &str = "p99_us";
/// Resident bytes per idle session.
pub(crate) const IDLE_BYTES: &str = "idle_bytes";
/// Resident bytes per session after each has sent a description and five candidates.
pub(crate) const USED_BYTES: &str = "used_bytes";
/// Server CPU per session that connected and joined a room of four, in microseconds.
pub(crate) const JOIN_US: &str = "cpu_us_per_join";
/// Server CPU of idle sessions, in microseconds per session and second.
pub(crate) const IDLE_US: &str = "idle_cpu_us";
/// Server CPU per member that heard of a join, in microseconds.
pub(crate) const NOTIFY_US: &str = "cpu_us_per_notification";

/// A workload. Its name on the command line is its name in the results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Workload {
    /// 500 pairs with one candidate in flight: what signaling looks like.
    Candidate,
    /// The same with a session description of 3 KB.
    Description,
    /// 50 pairs with 32 candidates in flight: what a burst looks like.
    Pipeline,
    /// 10,000 connections with one session each, in rooms of four: memory, and the cost of joining.
    Idle,
    /// 10,000 sessions, 50 on each connection.
    Shared,
    /// Joins into rooms of 10.
    #[value(name = "join-10")]
    Join10,
    /// Joins into rooms of 100.
    #[value(name = "join-100")]
    Join100,
    /// Joins into a room of 1,000.
    #[value(name = "join-1000")]
    Join1000,
}

/// How long and how large.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    /// Time measured in a relay workload.
    pub(crate) window: Duration,
    /// Sessions of the idle workloads.
    pub(crate) sessions: usize,
    /// Pairs of the relay workloads, if not their own number.
    pub(crate) pairs: Option<usize>,
}

/// What a run of a workload gave.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    /// The values, by the names above.
    pub(crate) values: BTreeMap<&'static str, f64>,
    /// The cost of the stretch that was measured.
    pub(crate) usage: Usage,
}

/// Why a run gave nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WorkloadError {
    /// A connection or the machine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// Something did not come in time.
    #[error("{0}")]
    Overdue(String),
    /// A promise was broken.
    #[error("{0}")]
    Wrong(String),
}

impl From<io::Error> for WorkloadError {
    fn from(error: io::Error) -> Self {
        Self::Engine(error.into())
    }
}

impl Workload {
    /// Its name on the command line and in results.
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// Whether its sessions do nothing.
    pub(crate) fn is_idle(self) -> bool {
        matches!(self, Self::Idle | Self::Shared)
    }

    /// Whether it can be asked of a server with this protocol.
    pub(crate) fn fits(self, protocol: Protocol) -> bool {
        match self {
            Self::Shared => protocol.multiplexes(),
            Self::Join10 | Self::Join100 | Self::Join1000 => protocol.has_rooms(),
            _ => true,
        }
    }

    /// Does it to a server that has just started.
    pub(crate) fn run(self, subject: &Subject, server: &Server, scale: &Scale) -> Result<Measured, WorkloadError> {
        let protocol = subject.protocol;
        let window = scale.window;
        let relay = |pairs, in_flight, shape| {
            let pairs = scale.pairs.unwrap_or(pairs);
            Relay { pairs, in_flight, shape, window }.run(protocol, server)
        };
        let fill = |per_connection| Fill { sessions: scale.sessions, per_connection }.run(protocol, server);
        let broadcast = |size, rooms, joins| Broadcast { size, rooms, joins }.run(protocol, server);
        match self {
            Self::Candidate => relay(500, 1, Shape::Candidate),
            Self::Description => relay(500, 1, Shape::Description),
            Self::Pipeline => relay(50, 32, Shape::Candidate),
            Self::Idle => fill(1),
            Self::Shared => fill(50),
            Self::Join10 => broadcast(10, 200, 1),
            Self::Join100 => broadcast(100, 10, 4),
            Self::Join1000 => broadcast(1_000, 1, 20),
        }
    }
}
