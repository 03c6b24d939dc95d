//! The workloads, and the values that are measured with them.

mod broadcast;
mod idle;
mod relay;
mod sessions;
mod steady;

use std::{collections::BTreeMap, io, time::Duration};

use clap::ValueEnum;

use crate::{engine::EngineError, meter::Usage, process::Server, protocol::Protocol, signal::Shape, subject::Subject};

use self::{
    broadcast::Broadcast,
    idle::Idle,
    relay::{Length, Relay},
    steady::Steady,
};

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
/// Server CPU per member notified of a join, in microseconds.
pub(crate) const NOTIFY_US: &str = "cpu_us_per_notification";
/// Frames of both directions that only acknowledge, per delivered message.
pub(crate) const BARE_ACKS: &str = "bare_acks";
/// Instructions of the server per signal, per join or per member notified.
pub(crate) const INSTRUCTIONS: &str = "instructions";

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
    /// 15,000 sessions that each send two candidates a second: the speed of real calls.
    Steady,
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

/// The size of the workloads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    /// Time measured in a relay workload.
    pub(crate) window: Duration,
    /// Signals measured in a relay workload, in place of a time.
    pub(crate) signals: Option<usize>,
    /// Sessions of the idle workloads.
    pub(crate) sessions: usize,
    /// Pairs of the relay workloads, if not their own number.
    pub(crate) pairs: Option<usize>,
}

impl Scale {
    /// Returns the sessions of the steady workload, of which there are two in a room.
    pub(crate) fn steady_sessions(&self) -> usize {
        self.pairs.map_or(15_000, |pairs| 2 * pairs)
    }
}

/// The result of a run.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    /// The values, by the names above.
    pub(crate) values: BTreeMap<&'static str, f64>,
    /// The cost of the stretch that was measured.
    pub(crate) usage: Usage,
}

impl Measured {
    /// Takes these values, or instructions per unit of work in their place if they were counted: under callgrind times are
    /// those of a slower machine.
    fn per<const N: usize>(units: f64, usage: Usage, values: [(&'static str, f64); N]) -> Self {
        let values = match usage.instructions {
            Some(instructions) => [(INSTRUCTIONS, instructions as f64 / units)].into(),
            None => values.into(),
        };
        Self { values, usage }
    }
}

/// Why a run has no result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WorkloadError {
    /// A connection or the machine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// Something did not arrive in time.
    #[error("{0}")]
    Timeout(String),
    /// The server broke a guarantee.
    #[error("{0}")]
    Wrong(String),
}

impl From<io::Error> for WorkloadError {
    fn from(error: io::Error) -> Self {
        Self::Engine(error.into())
    }
}

impl Workload {
    /// Returns its name on the command line and in results.
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// Returns the workloads that are run unless others are chosen.
    pub(crate) fn usual(instructions: bool) -> Vec<Self> {
        if instructions {
            // A join into a larger or smaller room runs the same code.
            vec![Self::Candidate, Self::Description, Self::Pipeline, Self::Idle, Self::Shared, Self::Join100]
        } else {
            Self::value_variants().iter().copied().filter(|workload| *workload != Self::Steady).collect()
        }
    }

    /// Returns whether its sessions do nothing.
    pub(crate) fn is_idle(self) -> bool {
        matches!(self, Self::Idle | Self::Shared)
    }

    /// Returns whether servers that speak TLS are measured with it: those where its cost shows most.
    pub(crate) fn is_run_with_tls(self) -> bool {
        matches!(self, Self::Candidate | Self::Description | Self::Idle)
    }

    /// Returns whether it can be run with this protocol.
    pub(crate) fn supports(self, protocol: Protocol) -> bool {
        match self {
            Self::Shared => protocol.multiplexes(),
            Self::Steady => protocol.acknowledges(),
            Self::Join10 | Self::Join100 | Self::Join1000 => protocol.has_rooms(),
            _ => true,
        }
    }

    /// Runs it against a server that has just started.
    pub(crate) fn run(self, subject: &Subject, server: &Server, scale: &Scale) -> Result<Measured, WorkloadError> {
        let protocol = subject.protocol;
        let length = scale.signals.map_or(Length::Time(scale.window), Length::Signals);
        let relay = |pairs, in_flight, shape| {
            let pairs = scale.pairs.unwrap_or(pairs);
            Relay { pairs, in_flight, shape, length }.run(protocol, server)
        };
        let idle = |per_connection| Idle { sessions: scale.sessions, per_connection }.run(protocol, server);
        let broadcast = |size, rooms: usize, joins| {
            // Instructions hardly vary, but take many times as long to count as to execute.
            let rooms = if server.counts_instructions() { rooms.div_ceil(2) } else { rooms };
            Broadcast { size, rooms, joins }.run(protocol, server)
        };
        match self {
            Self::Candidate => relay(500, 1, Shape::Candidate),
            Self::Description => relay(500, 1, Shape::Description),
            Self::Pipeline => relay(50, 32, Shape::Candidate),
            Self::Idle => idle(1),
            Self::Shared => idle(50),
            Self::Steady => {
                let sessions = scale.steady_sessions();
                Steady { sessions, window: scale.window }.run(protocol, server)
            }
            Self::Join10 => broadcast(10, 200, 1),
            Self::Join100 => broadcast(100, 10, 4),
            Self::Join1000 => broadcast(1_000, 1, 20),
        }
    }
}
