//! The goals for Wigwag, as ratios of medians of one run, so that they do not depend on the machine.

use crate::{
    subject::{LIMIT, PEER, PEER_TLS},
    workload::{IDLE_BYTES, JOIN_US, NOTIFY_US, PER_CPU, USED_BYTES, Workload},
};

/// A goal, and for most a floor that must hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Goal {
    /// Its title.
    pub(crate) what: &'static str,
    /// The subject whose value is compared.
    pub(crate) of: &'static str,
    pub(crate) workload: Workload,
    pub(crate) value: &'static str,
    /// The divisor.
    pub(crate) by: By,
    pub(crate) floor: Option<f64>,
    pub(crate) goal: f64,
    /// More is better.
    pub(crate) more: bool,
}

/// The divisor of a ratio.
#[derive(Clone, Copy, Debug)]
pub(crate) enum By {
    /// The same value of another server.
    Other(&'static str),
    /// The same value of the same server in another workload.
    Workload(Workload),
    /// KiB.
    Kib,
}

const GRPC: &str = "wigwag-grpc";
const PROTO: &str = "wigwag-ws-proto";
const GRPC_TLS: &str = "wigwag-grpc-tls";
const PROTO_TLS: &str = "wigwag-ws-proto-tls";
const JSON: &str = "wigwag-ws-json";

/// All goals.
pub(crate) const GOALS: &[Goal] = &[
    at_least("gRPC, candidates, to Node ws", GRPC, Workload::Candidate, PEER, 1.7).floor(1.4),
    at_least("gRPC, candidates, to the TCP relay", GRPC, Workload::Candidate, LIMIT, 0.6),
    at_least("gRPC, 3 KB descriptions, to Node ws", GRPC, Workload::Description, PEER, 3.7).floor(3.0),
    at_least("gRPC, 32 in flight, to Node ws", GRPC, Workload::Pipeline, PEER, 18.0).floor(12.0),
    at_least("WebSocket binary, candidates, to Node ws", PROTO, Workload::Candidate, PEER, 2.2).floor(2.0),
    at_least("WebSocket binary, candidates, to the TCP relay", PROTO, Workload::Candidate, LIMIT, 0.85),
    at_least("WebSocket JSON, candidates, to Node ws", JSON, Workload::Candidate, PEER, 2.0).floor(1.5),
    // 1 / 1.35: at most 1.35 times the CPU time.
    at_least("gRPC with TLS, candidates, to clear text", GRPC_TLS, Workload::Candidate, GRPC, 0.741),
    at_least("WebSocket with TLS, candidates, to clear text", PROTO_TLS, Workload::Candidate, PROTO, 0.741),
    at_least("WebSocket with TLS, candidates, to Node ws with TLS", PROTO_TLS, Workload::Candidate, PEER_TLS, 2.0),
    memory("gRPC, idle connection, KiB", GRPC, Workload::Idle, IDLE_BYTES, 32.0).floor(40.0),
    memory("gRPC, connection after a call's signals, KiB", GRPC, Workload::Idle, USED_BYTES, 40.0),
    memory("gRPC, idle session, 50 on a connection, KiB", GRPC, Workload::Shared, IDLE_BYTES, 8.0).floor(16.0),
    memory("WebSocket, idle connection, KiB", PROTO, Workload::Idle, IDLE_BYTES, 8.0).floor(12.0),
    at_most("gRPC, CPU per join, to Node ws", GRPC, Workload::Idle, JOIN_US, 0.5).floor(0.8),
    at_most("WebSocket, CPU per join, to Node ws", PROTO, Workload::Idle, JOIN_US, 0.3),
    at_most("gRPC, CPU per notification, 1,000, to Node ws", GRPC, Workload::Join1000, NOTIFY_US, 0.9).floor(1.0),
    at_most("WebSocket, CPU per notification, 1,000, to Node ws", PROTO, Workload::Join1000, NOTIFY_US, 0.7),
    Goal {
        by: By::Workload(Workload::Join100),
        ..at_most("gRPC, CPU per notification, 1,000 to 100", GRPC, Workload::Join1000, NOTIFY_US, 1.1).floor(1.25)
    },
];

const fn at_least(what: &'static str, of: &'static str, workload: Workload, other: &'static str, goal: f64) -> Goal {
    Goal { what, of, workload, value: PER_CPU, by: By::Other(other), floor: None, goal, more: true }
}

const fn at_most(what: &'static str, of: &'static str, workload: Workload, value: &'static str, goal: f64) -> Goal {
    Goal { what, of, workload, value, by: By::Other(PEER), floor: None, goal, more: false }
}

const fn memory(what: &'static str, of: &'static str, workload: Workload, value: &'static str, goal: f64) -> Goal {
    Goal { what, of, workload, value, by: By::Kib, floor: None, goal, more: false }
}

impl Goal {
    const fn floor(self, floor: f64) -> Self {
        Self { floor: Some(floor), ..self }
    }

    /// Returns the ratio, once `median` of (server, workload, value) is known for both sides.
    pub(crate) fn ratio(&self, median: impl Fn(&str, Workload, &str) -> Option<f64>) -> Option<f64> {
        let value = median(self.of, self.workload, self.value)?;
        let by = match self.by {
            By::Other(other) => median(other, self.workload, self.value)?,
            By::Workload(workload) => median(self.of, workload, self.value)?,
            By::Kib => 1_024.0,
        };
        Some(value / by)
    }

    /// Returns what a ratio reaches.
    pub(crate) fn outcome(&self, ratio: f64) -> &'static str {
        let reached = |bound: f64| if self.more { ratio >= bound } else { ratio <= bound };
        match () {
            () if reached(self.goal) => "goal",
            () if self.floor.is_some_and(reached) => "floor",
            () if self.floor.is_some() => "missed",
            () => "not yet",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_judged_in_their_direction() {
        let value = |server: &str, _: Workload, _: &str| Some(if server == GRPC { 150.0 } else { 100.0 });
        let goal = at_least("", GRPC, Workload::Candidate, PEER, 1.7).floor(1.4);
        let ratio = goal.ratio(value).expect("both sides are known");
        assert_eq!((ratio, goal.outcome(ratio)), (1.5, "floor"));
        let memory = memory("", GRPC, Workload::Idle, IDLE_BYTES, 32.0);
        assert_eq!((memory.outcome(31.0), memory.outcome(41.0)), ("goal", "not yet"));
        assert_eq!(memory.floor(40.0).outcome(41.0), "missed");
    }
}
