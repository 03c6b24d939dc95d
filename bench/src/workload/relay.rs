//! Pairs that bounce signals: each signal received is answered by one sent, so the number in flight stays the same.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use hdrhistogram::Histogram;

use super::{
    Measured, P50, P99, PER_CPU, WALL, WorkloadError,
    sessions::{Sessions, TIMEOUT},
};
use crate::{
    clock,
    engine::{Engine, SessionId},
    meter::Meter,
    process::Server,
    protocol::Protocol,
    signal::Shape,
};

/// Time for caches, buffers and just-in-time compilers to warm up.
const WARM_UP: Duration = Duration::from_millis(700);

/// A relay workload.
pub(super) struct Relay {
    pub(super) pairs: usize,
    pub(super) in_flight: usize,
    pub(super) shape: Shape,
    pub(super) length: Length,
}

/// How long signals are bounced.
#[derive(Clone, Copy)]
pub(super) enum Length {
    /// For this time.
    Time(Duration),
    /// Until this many have been delivered, rounded up to the same number from each session.
    Signals(usize),
}

impl Relay {
    pub(super) fn run(&self, protocol: Protocol, server: &Server) -> Result<Measured, WorkloadError> {
        let count = self.pairs * 2;
        let mut sessions = Sessions::new(protocol, server)?;
        sessions.open(count, 1, |session| format!("p{}", session / 2))?;
        for pair in 0..self.pairs {
            sessions.engine.pair(2 * pair, 2 * pair + 1, self.shape);
        }
        let mut directions = Vec::new();
        directions.resize_with(count, Direction::default);
        let bounce = Bounce { directions, delivered: 0, latencies: None, wrong: None };
        match self.length {
            Length::Time(window) => self.for_time(window, sessions, bounce, server),
            Length::Signals(signals) => self.for_signals(signals, sessions, bounce, server),
        }
    }

    fn for_time(
        &self,
        window: Duration,
        mut sessions: Sessions,
        mut bounce: Bounce,
        server: &Server,
    ) -> Result<Measured, WorkloadError> {
        bounce.start(&mut sessions.engine, self.in_flight, u32::MAX);
        bounce.run_for(&mut sessions, WARM_UP)?;

        let before = bounce.delivered;
        // 1 µs to a minute, three digits.
        bounce.latencies = Histogram::new_with_bounds(1, 60_000_000, 3).ok();
        let meter = Meter::start(server)?;
        bounce.run_for(&mut sessions, window)?;
        let usage = meter.stop()?;
        if bounce.delivered == before {
            return Err(WorkloadError::Timeout(format!("no signal arrived in {} ms", window.as_millis())));
        }
        let delivered = (bounce.delivered - before) as f64;
        let latencies = bounce.latencies.take();

        bounce.stop();
        bounce.drain(&mut sessions)?;
        let quantile = |q| latencies.as_ref().map_or(0.0, |l| l.value_at_quantile(q) as f64);
        let values = [
            (PER_CPU, delivered / usage.server),
            (WALL, delivered / usage.wall),
            (P50, quantile(0.5)),
            (P99, quantile(0.99)),
        ];
        Ok(Measured { values: values.into(), usage })
    }

    /// The server is idle at the beginning and at the end of what is measured, so that it does the same work each time.
    fn for_signals(
        &self,
        signals: usize,
        mut sessions: Sessions,
        mut bounce: Bounce,
        server: &Server,
    ) -> Result<Measured, WorkloadError> {
        let from_each = |signals: usize| u32::try_from(signals.div_ceil(self.pairs * 2)).unwrap_or(u32::MAX);
        bounce.start(&mut sessions.engine, self.in_flight, from_each(signals / 4));
        bounce.drain(&mut sessions)?;
        sessions.settle()?;

        let before = bounce.delivered;
        let meter = Meter::start(server)?;
        bounce.start(&mut sessions.engine, self.in_flight, from_each(signals));
        bounce.drain(&mut sessions)?;
        sessions.settle()?;
        let usage = meter.stop()?;
        let delivered = (bounce.delivered - before) as f64;
        Ok(Measured::per(delivered, usage, [(PER_CPU, delivered / usage.server)]))
    }
}

/// The signals of all pairs.
struct Bounce {
    /// By sender.
    directions: Vec<Direction>,
    delivered: u64,
    latencies: Option<Histogram<u64>>,
    wrong: Option<String>,
}

/// One direction of a pair.
#[derive(Default)]
struct Direction {
    sent: u32,
    received: u32,
    /// Signals that may still be sent.
    left: u32,
    /// When each signal in flight was sent.
    times: VecDeque<Instant>,
}

impl Bounce {
    /// Sends the first signals of each pair. Each session then sends `from_each` signals in all.
    fn start(&mut self, engine: &mut Engine, in_flight: usize, from_each: u32) {
        for direction in &mut self.directions {
            direction.left = from_each;
        }
        for first in (0..self.directions.len()).step_by(2) {
            for n in 0..in_flight {
                self.send(engine, first + n % 2);
            }
        }
    }

    /// Sends nothing more.
    fn stop(&mut self) {
        for direction in &mut self.directions {
            direction.left = 0;
        }
    }

    fn send(&mut self, engine: &mut Engine, from: SessionId) {
        let direction = &mut self.directions[from];
        if direction.left == 0 {
            return;
        }
        direction.left -= 1;
        engine.send_signal(from, direction.sent);
        direction.sent = direction.sent.wrapping_add(1);
        direction.times.push_back(clock::now());
    }

    fn received(&mut self, engine: &mut Engine, by: SessionId, number: u32) {
        let direction = &mut self.directions[by ^ 1];
        if number != direction.received || number == direction.sent {
            self.wrong.get_or_insert_with(|| format!("signal {number} came in place of {}", direction.received));
            return;
        }
        direction.received = direction.received.wrapping_add(1);
        self.delivered += 1;
        if let (Some(sent), Some(latencies)) = (direction.times.pop_front(), &mut self.latencies) {
            let micros = u64::try_from(sent.elapsed().as_micros()).unwrap_or(u64::MAX);
            latencies.saturating_record(micros);
        }
        self.send(engine, by);
    }

    fn in_flight(&self) -> usize {
        self.directions.iter().map(|direction| direction.times.len()).sum()
    }

    fn run_for(&mut self, sessions: &mut Sessions, time: Duration) -> Result<(), WorkloadError> {
        let end = clock::now() + time;
        while clock::now() < end {
            self.poll(sessions)?;
        }
        Ok(())
    }

    /// Runs until everything sent has arrived.
    fn drain(&mut self, sessions: &mut Sessions) -> Result<(), WorkloadError> {
        let mut deadline = clock::now() + TIMEOUT;
        let mut delivered = self.delivered;
        while self.in_flight() > 0 {
            self.poll(sessions)?;
            if self.delivered > delivered {
                (deadline, delivered) = (clock::now() + TIMEOUT, self.delivered);
            }
            if clock::now() > deadline {
                return Err(WorkloadError::Wrong(format!("{} signals were lost", self.in_flight())));
            }
        }
        Ok(())
    }

    fn poll(&mut self, sessions: &mut Sessions) -> Result<(), WorkloadError> {
        sessions.poll(|engine, session, number| self.received(engine, session, number))?;
        self.wrong.take().map_or(Ok(()), |wrong| Err(WorkloadError::Wrong(wrong)))
    }
}
