//! Sessions that each send a few signals a second, as those of real calls do: what their acknowledgments cost.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use super::{BARE_ACKS, Measured, PER_CPU, WALL, WorkloadError, sessions::Sessions};
use crate::{
    clock,
    engine::{Engine, SessionId},
    meter::Meter,
    process::Server,
    protocol::{Event, Protocol},
    signal::Shape,
};

/// Time between two signals of a session.
const INTERVAL: Duration = Duration::from_millis(500);

/// How long a client's acknowledgment waits for a frame that carries it: the longest that the protocol allows.
const ACK_DELAY: Duration = Duration::from_secs(2);

/// Time until the acknowledgments that the joins caused are over.
const WARM_UP: Duration = Duration::from_secs(3);

/// Sessions in pairs, which send to each other at the same rate but not at the same time.
pub(super) struct Steady {
    pub(super) sessions: usize,
    pub(super) window: Duration,
}

impl Steady {
    pub(super) fn run(&self, protocol: Protocol, server: &Server) -> Result<Measured, WorkloadError> {
        let mut sessions = Sessions::new(protocol, server)?;
        sessions.open(self.sessions, 1, |session| format!("p{}", session / 2))?;
        for first in (0..self.sessions).step_by(2) {
            sessions.engine.pair(first, first + 1, Shape::Candidate);
        }
        let mut traffic = Traffic::new(self.sessions, clock::now());
        traffic.run_for(&mut sessions, WARM_UP)?;
        let (delivered, bare) = (traffic.delivered, traffic.bare_acks);
        let meter = Meter::start(server)?;
        traffic.run_for(&mut sessions, self.window)?;
        let usage = meter.stop()?;
        let delivered = (traffic.delivered - delivered) as f64;
        if delivered == 0.0 {
            return Err(WorkloadError::Timeout(format!("no signal arrived in {} ms", self.window.as_millis())));
        }
        let bare = (traffic.bare_acks - bare) as f64;
        let values =
            [(PER_CPU, delivered / usage.server), (WALL, delivered / usage.wall), (BARE_ACKS, bare / delivered)];
        Ok(Measured { values: values.into(), usage })
    }
}

/// The signals and acknowledgments of all sessions.
struct Traffic {
    /// When each session sends next. All intervals are the same, so the first is always due first.
    due: VecDeque<(Instant, SessionId)>,
    sent: Vec<u32>,
    /// When what a session received must be acknowledged at the latest. In order, since all may wait for the same time.
    acks: VecDeque<(Instant, SessionId)>,
    awaits_ack: Vec<bool>,
    delivered: u64,
    /// Frames of both directions that only acknowledge.
    bare_acks: u64,
}

impl Traffic {
    fn new(sessions: usize, now: Instant) -> Self {
        let each = INTERVAL.div_f64(sessions as f64);
        // Not in the order of the sessions: the two of a pair would send at almost the same time.
        let order = (0..sessions).step_by(2).chain((1..sessions).step_by(2));
        let due = (0_u32..).zip(order).map(|(place, session)| (now + each * place, session)).collect();
        Self {
            due,
            sent: vec![0; sessions],
            acks: VecDeque::new(),
            awaits_ack: vec![false; sessions],
            delivered: 0,
            bare_acks: 0,
        }
    }

    fn run_for(&mut self, sessions: &mut Sessions, time: Duration) -> Result<(), WorkloadError> {
        let end = clock::now() + time;
        loop {
            let now = clock::now();
            if now >= end {
                return Ok(());
            }
            self.send_due(&mut sessions.engine, now);
            let next =
                [self.due.front(), self.acks.front()].into_iter().flatten().map(|(at, _)| *at).fold(end, Instant::min);
            sessions.engine.poll(next.saturating_duration_since(now), |_, session, event| match event {
                Event::Signal(_) => {
                    self.delivered += 1;
                    self.owe_ack(session);
                }
                Event::BareAck => self.bare_acks += 1,
                Event::Joined | Event::MemberJoined | Event::Roster => {}
            })?;
        }
    }

    fn owe_ack(&mut self, session: SessionId) {
        if !std::mem::replace(&mut self.awaits_ack[session], true) {
            self.acks.push_back((clock::now() + ACK_DELAY, session));
        }
    }

    fn send_due(&mut self, engine: &mut Engine, now: Instant) {
        while let Some((_, session)) = self.acks.pop_front_if(|(at, _)| *at <= now) {
            self.awaits_ack[session] = false;
            // Sends nothing if a signal has carried it meanwhile.
            self.bare_acks += u64::from(engine.acknowledge(session));
        }
        while let Some((at, session)) = self.due.pop_front_if(|(at, _)| *at <= now) {
            engine.send_signal(session, self.sent[session]);
            self.sent[session] = self.sent[session].wrapping_add(1);
            self.due.push_back((at + INTERVAL, session));
        }
    }
}
