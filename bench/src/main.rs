//! `wigwag-bench`: measures Wigwag beside other signaling servers. See `bench/README.md`.

#![forbid(unsafe_code)]

mod clock;
mod engine;
mod goals;
mod instructions;
mod machine;
mod meter;
mod process;
mod protocol;
mod report;
mod rounds;
mod signal;
mod subject;
mod tls;
mod transport;
mod workload;

use std::{path::PathBuf, process::ExitCode, time::Duration};

use clap::Parser;

use crate::{
    report::Report,
    rounds::{Plan, Rounds},
    subject::Subject,
    workload::{Scale, Workload},
};

/// Measures signaling servers, each pinned to its cores, and prints tables.
#[derive(Debug, Parser)]
// Arguments that bench/run.sh is given replace its own.
#[command(version, args_override_self = true)]
struct Cli {
    /// A build of Wigwag: the command that starts it, or LABEL=COMMAND to compare builds. May be repeated.
    #[arg(long, value_name = "COMMAND")]
    wigwag: Vec<String>,
    /// A build to compare another one with: the command that starts it. It is measured twice in each round, so that noise
    /// can be told from a difference.
    #[arg(long, value_name = "COMMAND", requires = "new", conflicts_with_all = ["wigwag", "baselines"])]
    base: Option<String>,
    /// The build that is compared with it.
    #[arg(long, value_name = "COMMAND", requires = "base")]
    new: Option<String>,
    /// With --base: ends with exit code 1 if the new build needs more than this many times as much of anything.
    #[arg(long, value_name = "RATIO", requires = "base")]
    limit: Option<f64>,
    /// With --base: counts instructions; the commands run the servers under callgrind (see bench/instructions.sh).
    #[arg(long, requires = "base", requires = "signals")]
    instructions: bool,
    /// The folder of the baselines' scripts. Without it none is run.
    #[arg(long, value_name = "DIR")]
    baselines: Option<PathBuf>,
    /// The folder of installed baselines (matchbox_server).
    #[arg(long, value_name = "DIR", default_value = "target/tools/bin")]
    tools: PathBuf,
    /// Names of rows to measure, or their beginnings; all when left out.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Workloads; when left out all, or with --instructions those of the signal path.
    #[arg(long, value_delimiter = ',')]
    workloads: Vec<Workload>,
    /// Rounds: each runs every workload on every server once.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Rounds of the idle workloads, if fewer: memory hardly varies, and each run takes as long as many others.
    #[arg(long, default_value_t = 3)]
    idle_rounds: usize,
    /// Measured time of a relay workload in milliseconds.
    #[arg(long, default_value_t = 1_000)]
    window_ms: u64,
    /// Signals measured in a relay workload, in place of a time.
    #[arg(long, value_name = "NUMBER", requires = "instructions")]
    signals: Option<usize>,
    /// Sessions of the idle workloads, a multiple of four.
    #[arg(long, default_value_t = 10_000, value_parser = sessions)]
    sessions: usize,
    /// Pairs of the relay workloads, in place of the default of each, for runs with a slow profiler.
    #[arg(long)]
    pairs: Option<usize>,
    /// Cores of the servers, as taskset takes them.
    #[arg(long, default_value = "0")]
    cores: String,
    /// A run is repeated if other processes kept more than this many processors busy meanwhile…
    #[arg(long, default_value_t = 0.15)]
    quiet: f64,
    /// … at most this many times. The quietest run counts.
    #[arg(long, default_value_t = 3)]
    repeats: usize,
    /// Where to write NAME.json, NAME.md and, unless builds are compared, NAME.svg and NAME.summary.md; nowhere when left
    /// out.
    #[arg(long, value_name = "DIR/NAME")]
    out: Option<PathBuf>,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let subjects = subjects(&cli);
    if subjects.is_empty() {
        eprintln!(
            "wigwag-bench: nothing to measure; pass --wigwag, --baselines, or --base and --new, and with --only the \
             beginning of a row's name"
        );
        return ExitCode::FAILURE;
    }
    let workloads = if cli.workloads.is_empty() { Workload::usual(cli.instructions) } else { cli.workloads };
    let plan = Plan {
        subjects,
        workloads,
        rounds: cli.rounds,
        idle_rounds: cli.idle_rounds,
        scale: Scale {
            window: Duration::from_millis(cli.window_ms),
            signals: cli.signals,
            sessions: cli.sessions,
            pairs: cli.pairs,
        },
        cores: cli.cores,
        quiet: cli.quiet,
        repeats: cli.repeats,
        compares: cli.base.is_some(),
        instructions: cli.instructions,
    };
    let samples = Rounds::new(&plan).run();
    let report = Report::new(&plan, samples);
    println!("{}", report.markdown());
    if let Some(out) = cli.out
        && let Err(error) = report.write(&out)
    {
        eprintln!("wigwag-bench: the results cannot be written: {error}");
        return ExitCode::FAILURE;
    }
    let above = cli.limit.map(|limit| report.above(limit)).unwrap_or_default();
    for line in &above {
        eprintln!("wigwag-bench: {line}");
    }
    if report.failed() || !above.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn sessions(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("a number above 0 is needed".to_owned()),
        Ok(count) if count % 4 > 0 => Err("a multiple of four is needed: rooms have four members".to_owned()),
        Ok(count) => Ok(count),
    }
}

fn subjects(cli: &Cli) -> Vec<Subject> {
    let builds = cli.wigwag.iter().flat_map(|build| match build.split_once('=') {
        Some((label, command)) if !label.contains(['/', ' ']) => subject::wigwag(label, command),
        _ => subject::wigwag("", build),
    });
    let own = std::env::current_exe().ok().and_then(|path| Some(path.parent()?.to_owned())).unwrap_or_default();
    let others = cli.baselines.iter().flat_map(|root| subject::baselines(root, &cli.tools, &own));
    let compared = match (&cli.base, &cli.new) {
        (Some(base), Some(new)) => subject::compared(base, new),
        _ => Vec::new(),
    };
    let wanted =
        |subject: &Subject| cli.only.is_empty() || cli.only.iter().any(|name| subject.name.starts_with(name.as_str()));
    builds.chain(compared).chain(others).filter(wanted).collect()
}
