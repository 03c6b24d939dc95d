//! Whole clients against a whole backend, in virtual time and by chance: links that break at any moment and lose what is on
//! the way, welcomes among it; slow readers, removals, drains.
//!
//! `SEED=n` runs one seed and says what happened, `SEEDS=n` runs that many (500 by default).

#![allow(unreachable_pub, reason = "modules of one test")]

use std::sync::Arc;

use wigwag_hub::{Backend, Limits, MemoryBackend, contract::later::Later};

mod client;
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
fn promises_are_kept_whatever_happens() {
    let seeds = match number("SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SEEDS").unwrap_or(500),
    };
    let (mut events, mut resumed) = (0, 0);
    for seed in seeds {
        let report = if number("SEED").is_some() { run::traced(seed, &memory) } else { run::run(seed, &memory) };
        report.trace.iter().for_each(|line| println!("{line}"));
        assert!(
            report.faults.is_empty(),
            "SEED={seed} cargo test -p wigwag-hub --test simulation\n{}",
            report.faults.join("\n")
        );
        events += report.events.len();
        resumed += report.resumed;
    }
    println!("{events} events, {resumed} resumes");
}

/// Every frame either side wrote or read, every answer of the backend, every step of the clock, to the last letter.
#[test]
fn a_seed_is_a_run() {
    let mut earlier = Vec::new();
    for seed in 0..40 {
        let (first, again) = (run::traced(seed, &memory), run::traced(seed, &memory));
        for (number, (one, two)) in first.trace.iter().zip(&again.trace).enumerate() {
            assert_eq!(one, two, "seed {seed} ran in two ways, from line {number} on");
        }
        assert_eq!(first.trace.len(), again.trace.len(), "seed {seed}");
        assert_eq!(first.events, again.events, "seed {seed}");
        assert_ne!(first.trace, earlier, "seed {seed} is another run");
        earlier = first.trace;
    }
}

/// A trace holds what a history leaves out, or two equal ones would say little.
#[test]
fn a_trace_is_whole() {
    let report = run::traced(7, &memory);
    for what in
        [" up: Up {", " down: Welcome", " down: Item", " applied ", " reads link ", " ms pass", "Presence(", "Handed {"]
    {
        assert!(report.trace.iter().any(|line| line.contains(what)), "no {what:?}");
    }
    assert!(report.trace.len() > 2 * report.events.len());
    assert_eq!(run::run(7, &memory).events, report.events, "reading along changes nothing");
}

#[test]
fn answers_may_come_later() {
    for seed in 0..100 {
        let report = run::run(seed, &|limits| Arc::new(Later::new(memory(limits))));
        assert_eq!(report.faults, [""; 0], "seed {seed}");
    }
}

#[test]
fn runs_are_eventful() {
    let reports: Vec<_> = (0..50).map(|seed| run::run(seed, &memory)).collect();
    let resumed: u64 = reports.iter().map(|report| report.resumed).sum();
    assert!(resumed > 100, "sessions are resumed: {resumed}");
    let kinds: std::collections::BTreeSet<_> =
        reports.iter().flat_map(|r| &r.events).map(|e| format!("{e:?}").split(' ').next().map(str::to_owned)).collect();
    assert_eq!(kinds.len(), 13, "everything a history can hold happens: {kinds:?}");
}
