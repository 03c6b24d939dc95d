//! The tables people read.

use std::fmt::Write as _;

use super::{Report, Spread};
use crate::{
    goals::GOALS,
    rounds::Sample,
    subject::{LIMIT, PEER},
    workload::{IDLE_BYTES, IDLE_US, JOIN_US, NOTIFY_US, P50, P99, PER_CPU, USED_BYTES, WALL, Workload},
};

/// The results as Markdown.
pub(super) fn markdown(report: &Report) -> String {
    let mut text = String::new();
    let machine = &report.machine;
    let _ = writeln!(
        text,
        "{} processors ({}), {} GiB, Linux {}. One core for the server, one for the generator. Medians of {} rounds, \
         {} for idle sessions (least to most in brackets).",
        machine.cpus, machine.model, machine.memory_gib, machine.kernel, report.rounds, report.idle_rounds
    );
    match report.disturbed() {
        0 => {}
        loud => {
            let _ = writeln!(
                text,
                "{loud} of {} runs were disturbed: others kept more than {} processors busy.",
                report.samples.len(),
                report.quiet
            );
        }
    }
    for workload in &report.workloads {
        let table = match workload {
            Workload::Candidate => relay(report, *workload, "500 pairs, one candidate of 220 bytes in flight"),
            Workload::Description => relay(report, *workload, "500 pairs, one description of 3 KB in flight"),
            Workload::Pipeline => relay(report, *workload, "50 pairs, 32 candidates in flight"),
            Workload::Idle => idle(report, *workload, "Idle sessions in rooms of four, one on a connection"),
            Workload::Shared => idle(report, *workload, "Idle sessions in rooms of four, 50 on a connection"),
            Workload::Join10 => join(report, *workload, "A join into a room of 10"),
            Workload::Join100 => join(report, *workload, "A join into a room of 100"),
            Workload::Join1000 => join(report, *workload, "A join into a room of 1,000"),
        };
        text.push_str(&table);
    }
    text.push_str(&goals(report));
    text.push_str(&failures(report));
    text
}

fn relay(report: &Report, workload: Workload, title: &str) -> String {
    let head = ["server", "1,000 messages per CPU second", "to Node ws", "to bare TCP", "1,000/s", "p50 µs", "p99 µs"];
    rows(report, workload, title, &head, |subject| {
        let per_cpu = report.spread(subject, workload, PER_CPU)?;
        let to = |other| match report.median(other, workload, PER_CPU) {
            Some(other) => format!("{:.2}", per_cpu.median / other),
            None => String::new(),
        };
        let bound = report.of(subject, workload).any(Sample::generator_bound);
        let median = |value| report.median(subject, workload, value).unwrap_or_default();
        Some(vec![
            spread(per_cpu, 1_000.0, 1),
            to(PEER),
            to(LIMIT),
            format!("{:.1}{}", median(WALL) / 1_000.0, if bound { " (generator-bound)" } else { "" }),
            format!("{:.0}", median(P50)),
            format!("{:.0}", median(P99)),
        ])
    })
}

fn idle(report: &Report, workload: Workload, title: &str) -> String {
    let head =
        ["server", "KiB per session", "after a call's signals", "CPU µs per join", "to Node ws", "idle CPU µs/s"];
    rows(report, workload, title, &head, |subject| {
        let join = report.spread(subject, workload, JOIN_US)?;
        let to = report.median(PEER, workload, JOIN_US).map(|other| format!("{:.2}", join.median / other));
        Some(vec![
            spread(report.spread(subject, workload, IDLE_BYTES)?, 1_024.0, 1),
            spread(report.spread(subject, workload, USED_BYTES)?, 1_024.0, 1),
            spread(join, 1.0, 1),
            to.unwrap_or_default(),
            format!("{:.2}", report.median(subject, workload, IDLE_US)?),
        ])
    })
}

fn join(report: &Report, workload: Workload, title: &str) -> String {
    let head = ["server", "CPU µs per member told", "to Node ws", "until all heard, µs"];
    rows(report, workload, title, &head, |subject| {
        let notify = report.spread(subject, workload, NOTIFY_US)?;
        let to = report.median(PEER, workload, NOTIFY_US).map(|other| format!("{:.2}", notify.median / other));
        Some(vec![
            spread(notify, 1.0, 2),
            to.unwrap_or_default(),
            format!("{:.0}", report.median(subject, workload, P50)?),
        ])
    })
}

fn goals(report: &Report) -> String {
    let mut text = String::new();
    for goal in GOALS {
        let Some(ratio) = goal.ratio(|subject, workload, value| report.median(subject, workload, value)) else {
            continue;
        };
        if text.is_empty() {
            text.push_str("\n### Aims\n\n| what | measured | floor | goal | reached |\n|---|---|---|---|---|\n");
        }
        let floor = goal.floor.map_or_else(String::new, |floor| floor.to_string());
        let (aim, verdict) = (goal.goal, goal.verdict(ratio));
        let _ = writeln!(text, "| {} | {ratio:.2} | {floor} | {aim} | {verdict} |", goal.what);
    }
    text
}

fn failures(report: &Report) -> String {
    let mut text = String::new();
    for Sample { subject, workload, round, result } in &report.samples {
        if let Err(error) = result {
            let _ = writeln!(text, "\n{subject}, {}, round {round}, failed: {error}", workload.name());
        }
    }
    text
}

fn rows(
    report: &Report,
    workload: Workload,
    title: &str,
    head: &[&str],
    row: impl Fn(&str) -> Option<Vec<String>>,
) -> String {
    let rows: Vec<_> = report.subjects.iter().filter_map(|subject| Some((subject, row(subject)?))).collect();
    if rows.is_empty() {
        return String::new();
    }
    let name = workload.name();
    let mut text = format!("\n### {title} (`{name}`)\n\n| {} |\n|{}\n", head.join(" | "), "---|".repeat(head.len()));
    for (subject, cells) in rows {
        let _ = writeln!(text, "| {subject} | {} |", cells.join(" | "));
    }
    text
}

fn spread(Spread { least, median, most }: Spread, unit: f64, digits: usize) -> String {
    format!("**{:.digits$}** ({:.digits$} to {:.digits$})", median / unit, least / unit, most / unit)
}
