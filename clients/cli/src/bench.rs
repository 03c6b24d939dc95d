//! `wigwag bench`: a load test of a server.

mod load;

use std::{
    io::{self, IsTerminal as _, Write as _},
    time::Duration,
};

use clap::Args;
use hdrhistogram::Histogram;
use serde_json::{Value, json};

use self::load::{Load, Outcome};
use crate::{
    duration,
    exit::Exit,
    failure::Failure,
    globals::Globals,
    output::{Output, fields},
    target::Target,
};

/// Put load on a server: sessions in rooms that send each other messages at a fixed rate.
///
/// Sends are scheduled beforehand, and the time until a message arrives counts from when it was due: a server that stalls is not
/// sent less meanwhile, and looks as slow as it is (no coordinated omission). Timers are exact to a millisecond: a message that
/// is sent up to 2 ms after it was due counts from then. Exit code 1 if a message was lost, or --fail-p99 was exceeded. Run it
/// on another machine than the server, or the two share a processor. Rooms are called bench-…, which a token must admit.
#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    /// Sessions, each with a connection
    #[arg(long, value_name = "COUNT", default_value_t = 20, value_parser = clap::value_parser!(u32).range(2..=20_000))]
    sessions: u32,
    /// Rooms, with two sessions each at least (default: half as many as sessions)
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    rooms: Option<u32>,
    /// Messages a second, all sessions together
    #[arg(long, value_name = "COUNT", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    rate: u32,
    /// How long to send
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration::parse)]
    duration: Duration,
    /// Bytes of a message; a candidate has some 200, a session description some 3,000
    #[arg(long, value_name = "BYTES", default_value_t = 200, value_parser = clap::value_parser!(u32).range(40..=65_000))]
    size: u32,
    /// Exit code 1 if of a hundred messages more than one takes longer than this
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    fail_p99: Option<Duration>,
}

pub(crate) async fn run(arguments: &BenchArgs, globals: &Globals, output: Output) -> Result<Exit, Failure> {
    let rooms = arguments.rooms.unwrap_or(arguments.sessions / 2);
    if arguments.sessions / 2 < rooms {
        let text = format!("{} sessions are too few for {rooms} rooms: each room needs two", arguments.sessions);
        return Err(Failure::new(Exit::Usage, text).with_hint("lower --rooms, or raise --sessions"));
    }
    let target = Target::resolve(globals, output)?;
    let is_terminal = io::stderr().is_terminal();
    let progress = move |text: &str| {
        if is_terminal {
            let _ = write!(io::stderr(), "\r{text:70}");
        }
    };
    let load = Load {
        sessions: arguments.sessions as usize,
        rooms: rooms as usize,
        rate: arguments.rate,
        duration: arguments.duration,
        size: arguments.size as usize,
    };
    let outcome = load.run(&target, &progress).await?;
    if is_terminal {
        let _ = write!(io::stderr(), "\r{:70}\r", "");
    }
    let value = result(&load, &outcome);
    output.show(&value, || {
        let ms = |name: &str, of: &str| format!("{} ms", value[name][of]);
        let latency =
            ["p50", "p90", "p99", "p999", "max"].map(|of| format!("{of} {}", ms("latency_ms", of))).join(", ");
        fields([
            ("sessions", format!("{} in {} rooms", load.sessions, load.rooms)),
            ("connect", format!("p50 {}, max {}", ms("connect_ms", "p50"), ms("connect_ms", "max"))),
            ("sent", format!("{} of {} bytes, {} a second", outcome.sent, load.size, value["rate"])),
            ("received", outcome.received.to_string()),
            ("lost", outcome.lost().to_string()),
            ("latency", latency),
            ("late sends", format!("p99 {}: above a few ms this machine is the bottleneck", ms("late_ms", "p99"))),
        ])
    })?;
    judge(arguments, &outcome)
}

fn judge(arguments: &BenchArgs, outcome: &Outcome) -> Result<Exit, Failure> {
    if outcome.lost() > 0 {
        let why = outcome.trouble.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
        return Err(Failure::new(Exit::Failed, format!("{} messages did not arrive{why}", outcome.lost()))
            .with_hint("lower --rate until none is lost; the metrics of the server say what it could not deliver"));
    }
    let p99 = Duration::from_micros(outcome.latency.value_at_quantile(0.99));
    match arguments.fail_p99 {
        Some(limit) if p99 > limit => Err(Failure::new(
            Exit::Failed,
            format!("p99 is {:.1} ms, above --fail-p99 {} ms", p99.as_secs_f64() * 1_000.0, limit.as_millis()),
        )),
        _ => Ok(Exit::Done),
    }
}

fn result(load: &Load, outcome: &Outcome) -> Value {
    let rate = outcome.sent as f64 / load.duration.as_secs_f64();
    json!({
        "sessions": load.sessions,
        "rooms": load.rooms,
        "size": load.size,
        "seconds": load.duration.as_secs_f64(),
        "sent": outcome.sent,
        "received": outcome.received,
        "lost": outcome.lost(),
        "rate": (rate * 10.0).round() / 10.0,
        "connect_ms": quantiles(&outcome.connect),
        "latency_ms": quantiles(&outcome.latency),
        "late_ms": quantiles(&outcome.late),
    })
}

/// Writes microseconds as milliseconds.
fn quantiles(histogram: &Histogram<u64>) -> Value {
    let ms = |microseconds: u64| microseconds as f64 / 1_000.0;
    let at = |quantile| ms(histogram.value_at_quantile(quantile));
    json!({ "p50": at(0.5), "p90": at(0.9), "p99": at(0.99), "p999": at(0.999), "max": ms(histogram.max()) })
}
