//! Pairs that bounce signals: each one received is answered by one sent, so the number in flight stays the same.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use hdrhistogram::Histogram;

use super::{
    Measured, P50, P99, PER_CPU, WALL, WorkloadError,
    crowd::{Crowd, PATIENCE},
};
use crate::{
    clock,
    engine::{Engine, SessionId},
    meter::Meter,
    process::Server,
    signal::Shape,
    subject::Protocol,
};

/// Time for caches, buffers and just-in-time compilers to warm up.
const WARM_UP: Duration = Duration::from_millis(700);

/// A relay workload.
pub(super) struct Relay {
    pub(super) pairs: usize,
    pub(super) in_flight: usize,
    pub(super) shape: Shape,
    pub(super) window: Duration,
}

/// One direction of a pair, by its sender.
#[derive(Default)]
struct Way {
    sent: u32,
    received: u32,
    /// When each signal under way was sent.
    times: VecDeque<Instant>,
}

struct Bounce {
    ways: Vec<Way>,
    delivered: u64,
    latencies: Option<Histogram<u64>>,
    /// Received signals are answered.
    going: bool,
    wrong: Option<String>,
}

impl Bounce {
    fn send(&mut self, engine: &mut Engine, from: SessionId) {
        let way = &mut self.ways[from];
        engine.speak(from, way.sent);
        way.sent = way.sent.wrapping_add(1);
        way.times.push_back(clock::now());
    }

    fn received(&mut self, engine: &mut Engine, by: SessionId, number: u32) {
        let way = &mut self.ways[by ^ 1];
        if number != way.received || number == way.sent {
            self.wrong.get_or_insert_with(|| format!("signal {number} came in place of {}", way.received));
            return;
        }
        way.received = way.received.wrapping_add(1);
        self.delivered += 1;
        if let (Some(sent), Some(latencies)) = (way.times.pop_front(), &mut self.latencies) {
            let micros = u64::try_from(sent.elapsed().as_micros()).unwrap_or(u64::MAX);
            latencies.saturating_record(micros);
        }
        if self.going {
            self.send(engine, by);
        }
    }

    fn under_way(&self) -> usize {
        self.ways.iter().map(|way| way.times.len()).sum()
    }
}

impl Relay {
    pub(super) fn run(&self, protocol: Protocol, server: &Server) -> Result<Measured, WorkloadError> {
        let sessions = self.pairs * 2;
        let mut crowd = Crowd::new(protocol, server)?;
        crowd.open(sessions, 1, |session| format!("p{}", session / 2))?;
        let mut bounce = Bounce { ways: Vec::new(), delivered: 0, latencies: None, going: true, wrong: None };
        bounce.ways.resize_with(sessions, Way::default);
        for pair in 0..self.pairs {
            crowd.engine.pair(2 * pair, 2 * pair + 1, self.shape);
            for n in 0..self.in_flight {
                bounce.send(&mut crowd.engine, 2 * pair + n % 2);
            }
        }
        Self::go(&mut crowd, &mut bounce, WARM_UP)?;

        let before = bounce.delivered;
        // 1 µs to a minute, three digits.
        bounce.latencies = Histogram::new_with_bounds(1, 60_000_000, 3).ok();
        let meter = Meter::start(server.pid())?;
        Self::go(&mut crowd, &mut bounce, self.window)?;
        let usage = meter.stop()?;
        let delivered = (bounce.delivered - before) as f64;
        let latencies = bounce.latencies.take();

        bounce.going = false;
        Self::drain(&mut crowd, &mut bounce)?;
        let quantile = |q| latencies.as_ref().map_or(0.0, |l| l.value_at_quantile(q) as f64);
        let values = [
            (PER_CPU, delivered / usage.server),
            (WALL, delivered / usage.wall),
            (P50, quantile(0.5)),
            (P99, quantile(0.99)),
        ];
        Ok(Measured { values: values.into(), usage })
    }

    fn go(crowd: &mut Crowd, bounce: &mut Bounce, time: Duration) -> Result<(), WorkloadError> {
        let end = clock::now() + time;
        while clock::now() < end {
            crowd.turn(|engine, session, number| bounce.received(engine, session, number))?;
            if let Some(wrong) = bounce.wrong.take() {
                return Err(WorkloadError::Wrong(wrong));
            }
        }
        Ok(())
    }

    /// Everything sent must arrive.
    fn drain(crowd: &mut Crowd, bounce: &mut Bounce) -> Result<(), WorkloadError> {
        let deadline = clock::now() + PATIENCE;
        while bounce.under_way() > 0 {
            crowd.turn(|engine, session, number| bounce.received(engine, session, number))?;
            if let Some(wrong) = bounce.wrong.take() {
                return Err(WorkloadError::Wrong(wrong));
            }
            if clock::now() > deadline {
                return Err(WorkloadError::Wrong(format!("{} signals were lost", bounce.under_way())));
            }
        }
        Ok(())
    }
}
