//! `wigwag-chaos`: runs the scenarios against a server and prints the results.

#![forbid(unsafe_code)]

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

use clap::{Args, Parser, Subcommand};
use tokio::time::Instant;
use wigwag_chaos::{
    judge::judge,
    restart,
    server::Process,
    shared_connection::{self, Kind},
    slow, swarm,
};

/// Breaks connections on purpose and checks that sessions survive. Exits with 1 if a guarantee was broken.
#[derive(Debug, Parser)]
struct Cli {
    #[command(subcommand)]
    scenario: Scenario,
}

#[derive(Debug, Subcommand)]
enum Scenario {
    /// Sessions exchange envelopes in rooms while their connections break
    Swarm(SwarmArgs),
    /// Members that never read: their cost, and their effect on others
    Slow(SlowArgs),
    /// Good and bad streams share an HTTP/2 connection: what the good ones notice
    SharedConnection(SharedConnectionArgs),
    /// The server is stopped under traffic and restarted
    Restart(RestartArgs),
}

/// The server under test.
#[derive(Debug, Args)]
struct ServerArgs {
    /// The server's binary; started on a free port and stopped at the end
    #[arg(long, value_name = "PATH", default_value = "target/release/wigwag-server")]
    server: PathBuf,
}

#[derive(Debug, Args)]
struct SwarmArgs {
    #[command(flatten)]
    server: ServerArgs,
    /// Envelopes in total
    #[arg(long, default_value_t = 20_000)]
    messages: u32,
    /// Sessions
    #[arg(long, default_value_t = 200)]
    sessions: u32,
    /// Connections to break in total
    #[arg(long, default_value_t = 300)]
    cuts: u32,
    /// Seed for senders, recipients, payloads and failures
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Milliseconds between two pings of the server
    #[arg(long, default_value_t = 1_000)]
    heartbeat_ms: u32,
    /// Mailbox size of a connected session in frames, and in KiB. The default is more than can be in transit to a session,
    /// so that nothing is undeliverable. With 200, sessions are constantly disconnected as slow consumers; undeliverable
    /// envelopes are then counted, but are not a failure
    #[arg(long, default_value_t = swarm::ROOMY)]
    mailbox_frames: u32,
    /// Directory for the log of each session, one file each
    #[arg(long, value_name = "DIR")]
    logs: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct SlowArgs {
    #[command(flatten)]
    server: ServerArgs,
    /// Members that never read
    #[arg(long, default_value_t = 1_000)]
    members: usize,
    /// Members of one room
    #[arg(long, default_value_t = 20)]
    per_room: usize,
    /// Envelopes per second to each
    #[arg(long, default_value_t = 200)]
    per_second: u32,
    /// Bytes of each envelope
    #[arg(long, default_value_t = 100)]
    bytes: usize,
    /// Mailbox size of a session in bytes, attached or not
    #[arg(long, default_value_t = 131_072)]
    cap_bytes: usize,
    /// Pairs that measure round trips
    #[arg(long, default_value_t = 10)]
    pairs: usize,
    /// Rounds; medians are compared
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
}

#[derive(Debug, Args)]
struct RestartArgs {
    #[command(flatten)]
    server: ServerArgs,
    /// Sessions
    #[arg(long, default_value_t = 2_000)]
    sessions: usize,
    /// TCP connections they share
    #[arg(long, default_value_t = 40)]
    connections: usize,
    /// Members of a room
    #[arg(long, default_value_t = 5)]
    per_room: usize,
    /// Milliseconds the server may take to drain
    #[arg(long, default_value_t = 5_000)]
    drain_timeout_ms: u32,
    /// Milliseconds over which it asks sessions to reconnect
    #[arg(long, default_value_t = 2_000)]
    drain_window_ms: u32,
}

#[derive(Debug, Args)]
struct SharedConnectionArgs {
    #[command(flatten)]
    server: ServerArgs,
    /// Seconds
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Bad streams of each kind at a time
    #[arg(long, default_value_t = 100)]
    attackers: usize,
    /// Pairs of good streams
    #[arg(long, default_value_t = 50)]
    pairs: usize,
    /// Seconds between two lines about memory
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    report_every: u64,
    /// Path of a handler that panics, in a server built for this test
    #[arg(long, value_name = "PATH")]
    panic_path: Option<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let outcome = match Cli::parse().scenario {
        Scenario::Swarm(args) => run_swarm(args).await,
        Scenario::Slow(args) => run_slow(args).await,
        Scenario::SharedConnection(args) => run_shared_connection(args).await,
        Scenario::Restart(args) => run_restart(args).await,
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("wigwag-chaos: {error}");
            ExitCode::from(2)
        }
    }
}

async fn run_shared_connection(args: SharedConnectionArgs) -> io::Result<bool> {
    let server = Process::start(&args.server.server, free_port(), &[]).await?;
    let control = Process::start(&args.server.server, free_port(), &[]).await?;
    // Lives as long as the process.
    let panics = args.panic_path.map(|path| Kind::Panics(path.leak()));
    let options = shared_connection::Options {
        duration: Duration::from_secs(args.seconds),
        pairs: args.pairs,
        attackers: args.attackers,
        kinds: Kind::ALL.into_iter().chain(panics).collect(),
        watch_interval: Duration::from_secs(args.report_every),
    };
    let outcome = shared_connection::run(server.addr, control.addr, &options, |at, victims| {
        let (seconds, mib) = (at.as_secs(), server.resident_bytes().unwrap_or_default() >> 20);
        println!("after {seconds} s: {mib} MiB resident, {victims}");
    });
    let outcome = outcome.await?;
    println!("{outcome}");
    let twice = outcome.control.p99 * 2;
    Ok(outcome.victims.lost == 0 && outcome.victims.round_trips > 0 && outcome.victims.p99 <= twice)
}

fn free_port() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

async fn run_swarm(args: SwarmArgs) -> io::Result<bool> {
    let SwarmArgs { server, messages, sessions, cuts, seed, heartbeat_ms, mailbox_frames, logs } = args;
    let settings = [
        format!("session.heartbeat_ms={heartbeat_ms}"),
        format!("session.mailbox_frames={mailbox_frames}"),
        format!("session.mailbox_bytes={}", mailbox_frames * 1_024),
        format!("session.detached_frames={}", swarm::ROOMY),
        format!("session.detached_bytes={}", swarm::ROOMY * 1_024),
    ];
    let server = Process::start(&server.server, free_port(), &settings).await?;
    let heartbeat = Duration::from_millis(heartbeat_ms.into());
    let began = Instant::now();
    let options = swarm::Options { sessions, messages, cuts, seed, heartbeat };
    let history = swarm::run(server.addr, options).await?;
    let took = began.elapsed();
    let resident = server.resident_bytes()?;
    if let Some(directory) = logs {
        history.write(&directory)?;
    }
    let verdict = judge(&history);
    for violation in &verdict.violations {
        println!("{:?}: {}", violation.promise, violation.what);
    }
    let per_second = verdict.messages as f64 / took.as_secs_f64();
    println!(
        "swarm sessions={sessions} seed={seed} seconds={:.1} messages_per_second={per_second:.0} server_rss_mib={} {verdict}",
        took.as_secs_f64(),
        resident >> 20,
    );
    let delivered = verdict.undeliverable == 0 || mailbox_frames < swarm::ROOMY;
    let fine = verdict.is_clean() && delivered && verdict.messages == u64::from(messages);
    if !fine {
        println!("replay: {options}");
    }
    Ok(fine)
}

/// What a slow member may cost beside its mailbox, for all of them together.
const SLOW_ALLOWANCE: u64 = 64 << 20;

async fn run_slow(args: SlowArgs) -> io::Result<bool> {
    let SlowArgs { server, members, per_room, per_second, bytes, cap_bytes, pairs, rounds } = args;
    let settings = [
        format!("session.mailbox_bytes={cap_bytes}"),
        "session.detached_bytes=0".to_owned(),
        "session.max_frame_bytes=65536".to_owned(),
        // Shorter than the calm phase, so that the sessions of one round are gone in the next.
        "session.grace_ms=2000".to_owned(),
    ];
    let server = Process::start(&server.server, free_port(), &settings).await?;
    let (flood, calm) = (Duration::from_secs(60), Duration::from_secs(5));
    let options = slow::Options { rounds: rounds.into(), members, per_room, per_second, bytes, pairs, flood, calm };
    let outcome = slow::run(&server, options).await.map_err(io::Error::other)?;
    for round in &outcome.rounds {
        let slow::Round { calm_p99, flood_p99, round_trips, flood, sent, per_second, notified, named, closed } = round;
        println!(
            "round seconds={:.1} sent={sent} to_each_per_second={per_second:.0} notified={notified} named={named} closed={closed} \
             calm_p99_us={} flood_p99_us={} round_trips={round_trips}",
            flood.as_secs_f64(),
            calm_p99.as_micros(),
            flood_p99.as_micros(),
        );
    }
    let grown = outcome.resident_peak.saturating_sub(outcome.resident_before);
    let allowed = members as u64 * cap_bytes as u64 + SLOW_ALLOWANCE;
    let (calm_p99, flood_p99) = (outcome.median(|round| round.calm_p99), outcome.median(|round| round.flood_p99));
    println!(
        "slow members={members} per_second={per_second} rss_before_mib={} rss_grown_mib={} allowed_mib={} \
         median_calm_p99_us={} median_flood_p99_us={}",
        outcome.resident_before >> 20,
        grown >> 20,
        allowed >> 20,
        calm_p99.as_micros(),
        flood_p99.as_micros(),
    );
    let all_cut = outcome.rounds.iter().all(|round| round.notified == members && round.named == members);
    Ok(grown <= allowed && all_cut && flood_p99 <= calm_p99 * 2)
}

async fn run_restart(args: RestartArgs) -> io::Result<bool> {
    let RestartArgs { server, sessions, connections, per_room, drain_timeout_ms, drain_window_ms } = args;
    let options = restart::Options {
        sessions,
        connections,
        per_room,
        drain_timeout_ms,
        drain_window_ms,
        before: Duration::from_secs(3),
        deadline: Duration::from_secs(60),
    };
    let outcome = restart::run(&server.server, free_port(), options).await?;
    let restart::Outcome { exit, back, notified, outcomes, sent, received, undeliverable, .. } = &outcome;
    println!(
        "restart sessions={sessions} exit={exit:?} drained_ms={} down_ms={} notified={notified} back={back} back_ms={} \
         outcomes={outcomes:?} sent={sent} received={received} undeliverable={undeliverable}",
        outcome.drained_in.as_millis(),
        outcome.down_for.as_millis(),
        outcome.back_in.as_millis(),
    );
    let in_time = outcome.drained_in <= Duration::from_millis(u64::from(drain_timeout_ms) + 2_000);
    let explicit = outcomes.keys().all(|outcome| outcome == "NEW" || outcome.starts_with("RESET_"));
    let accounted = outcomes.values().sum::<usize>() == sessions;
    Ok(*exit == Some(0) && in_time && *back == sessions && *notified == sessions && explicit && accounted)
}
