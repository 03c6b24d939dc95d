//! Randomized simulation of complete clients and a complete backend in virtual time: links break at any moment and lose
//! what is in flight, including welcomes; clients read slowly; members are removed; the node drains.
//!
//! `SEED=n` runs one seed and prints its trace, `SEEDS=n` runs that many (500 by default).

#![allow(unreachable_pub, reason = "modules of one test")]

use std::sync::Arc;

use wigwag_hub::{Backend, Limits, MemoryBackend, contract::later::Later};

mod client;
mod finish;
mod run;
mod server;
mod wire;

fn memory(limits: Limits) -> Arc<dyn Backend> {
    Arc::new(MemoryBackend::new(limits))
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn promises_are_kept_in_random_runs() {
    let seeds = match number("SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SEEDS").unwrap_or(500),
    };
    let (mut events, mut resumed) = (0, 0);
    for seed in seeds {
        let report = if number("SEED").is_some() { run::traced(seed, &memory) } else { run::run(seed, &memory) };
        report.trace.iter().for_each(|line| println!("{line}"));
        assert!(
            report.failures.is_empty(),
            "SEED={seed} cargo test -p wigwag-hub --test simulation\n{}",
            report.failures.join("\n")
        );
        events += report.events.len();
        resumed += report.resumed;
    }
    println!("{events} events, {resumed} resumes");
}

/// Compares every frame written or read, every answer of the backend and every step of the clock.
#[test]
fn a_seed_determines_the_run() {
    let mut earlier = Vec::new();
    for seed in 0..40 {
        let (first, again) = (run::traced(seed, &memory), run::traced(seed, &memory));
        for (number, (one, two)) in first.trace.iter().zip(&again.trace).enumerate() {
            assert_eq!(one, two, "two runs of seed {seed} differ from line {number} on");
        }
        assert_eq!(first.trace.len(), again.trace.len(), "seed {seed}");
        assert_eq!(first.events, again.events, "seed {seed}");
        assert_ne!(first.trace, earlier, "seed {seed} differs from the previous one");
        earlier = first.trace;
    }
}

/// A trace contains what a history leaves out; otherwise two equal traces would prove little.
#[test]
fn a_trace_is_complete() {
    let report = run::traced(7, &memory);
    for what in [
        " up: Up {",
        " down: Welcome",
        " down: Item",
        " applied ",
        " reads link ",
        " ms later",
        "Presence(",
        "Received {",
    ] {
        assert!(report.trace.iter().any(|line| line.contains(what)), "no {what:?}");
    }
    assert!(report.trace.len() > 2 * report.events.len());
    assert_eq!(run::run(7, &memory).events, report.events, "tracing does not change the run");
}

#[test]
fn answers_may_come_later() {
    for seed in 0..100 {
        let report = run::run(seed, &|limits| Arc::new(Later::new(memory(limits))));
        assert_eq!(report.failures, [""; 0], "seed {seed}");
    }
}

#[test]
fn a_store_may_fail() {
    for seed in 0..100 {
        let report = run::run(seed, &|limits| Arc::new(Later::with_faults(memory(limits), seed)));
        assert_eq!(report.failures, [""; 0], "seed {seed}");
    }
}

#[test]
fn runs_cover_all_kinds_of_events() {
    let reports: Vec<_> = (0..50).map(|seed| run::run(seed, &memory)).collect();
    let resumed: u64 = reports.iter().map(|report| report.resumed).sum();
    assert!(resumed > 100, "sessions are resumed: {resumed}");
    let kinds: std::collections::BTreeSet<_> =
        reports.iter().flat_map(|r| &r.events).map(|e| format!("{e:?}").split(' ').next().map(str::to_owned)).collect();
    assert_eq!(kinds.len(), 13, "every kind of event occurs: {kinds:?}");
}
