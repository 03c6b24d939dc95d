//! The tables of a run, as Markdown.

use std::fmt::Write as _;

use super::{Report, Spread};
use crate::{
    goals::GOALS,
    subject::{LIMIT, PEER},
    workload::{BARE_ACKS, IDLE_BYTES, IDLE_US, JOIN_US, NOTIFY_US, P50, P99, PER_CPU, USED_BYTES, WALL, Workload},
};

/// The results as Markdown.
pub(super) fn markdown(report: &Report) -> String {
    let mut text = format!("{} In brackets the least and the most.\n{}", report.setting(), report.remarks());
    let pairs = |own: usize| report.scale.pairs.unwrap_or(own);
    let sessions = report.scale.sessions;
    for workload in &report.workloads {
        let table = match workload {
            Workload::Candidate => {
                relay(report, *workload, &format!("{} pairs, one candidate of 220 bytes in flight", pairs(500)))
            }
            Workload::Description => {
                relay(report, *workload, &format!("{} pairs, one description of 3 KB in flight", pairs(500)))
            }
            Workload::Pipeline => relay(report, *workload, &format!("{} pairs, 32 candidates in flight", pairs(50))),
            Workload::Idle => {
                idle(report, *workload, &format!("{sessions} idle sessions in rooms of four, one on a connection"))
            }
            Workload::Shared => {
                idle(report, *workload, &format!("{sessions} idle sessions in rooms of four, 50 on a connection"))
            }
            Workload::Steady => steady(report, *workload),
            Workload::Join10 => join(report, *workload, "A join into a room of 10"),
            Workload::Join100 => join(report, *workload, "A join into a room of 100"),
            Workload::Join1000 => join(report, *workload, "A join into a room of 1,000"),
        };
        text.push_str(&table);
    }
    text.push_str(&goals(report));
    text
}

fn relay(report: &Report, workload: Workload, title: &str) -> String {
    let head =
        ["server", "1,000 messages per CPU second", "to Node ws", "to the TCP relay", "1,000/s", "p50 µs", "p99 µs"];
    rows(report, workload, title, &head, |subject| {
        let per_cpu = report.spread(subject, workload, PER_CPU)?;
        let to = |other| match report.median(other, workload, PER_CPU) {
            Some(other) => format!("{:.2}", per_cpu.median / other),
            None => String::new(),
        };
        let median = |value| report.median(subject, workload, value).unwrap_or_default();
        Some(vec![
            spread(per_cpu, 1_000.0, 1) + mark(report, subject, workload),
            to(PEER),
            to(LIMIT),
            format!("{:.1}", median(WALL) / 1_000.0),
            format!("{:.0}", median(P50)),
            format!("{:.0}", median(P99)),
        ])
    })
}

fn steady(report: &Report, workload: Workload) -> String {
    let title = format!("{} sessions that each send two candidates a second", report.scale.steady_sessions());
    let head = ["server", "1,000 messages per CPU second", "1,000/s", "bare acknowledgments per message"];
    rows(report, workload, &title, &head, |subject| {
        Some(vec![
            spread(report.spread(subject, workload, PER_CPU)?, 1_000.0, 1) + mark(report, subject, workload),
            format!("{:.1}", report.median(subject, workload, WALL)? / 1_000.0),
            format!("{:.3}", report.median(subject, workload, BARE_ACKS)?),
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
            spread(join, 1.0, 1) + mark(report, subject, workload),
            to.unwrap_or_default(),
            format!("{:.2}", report.median(subject, workload, IDLE_US)?),
        ])
    })
}

fn join(report: &Report, workload: Workload, title: &str) -> String {
    let head = ["server", "CPU µs per member notified", "to Node ws", "until all are notified, µs"];
    rows(report, workload, title, &head, |subject| {
        let notify = report.spread(subject, workload, NOTIFY_US)?;
        let to = report.median(PEER, workload, NOTIFY_US).map(|other| format!("{:.2}", notify.median / other));
        Some(vec![
            spread(notify, 1.0, 2) + mark(report, subject, workload),
            to.unwrap_or_default(),
            format!("{:.0}", report.median(subject, workload, P50)?),
        ])
    })
}

/// Ratios of medians, which count, and beside them the median of the ratios of each round.
fn goals(report: &Report) -> String {
    let mut text = String::new();
    let mut measured = false;
    for goal in GOALS.iter().filter(|goal| report.workloads.contains(&goal.workload)) {
        let floor = goal.floor.map_or_else(String::new, |floor| floor.to_string());
        let (what, target) = (goal.what, goal.goal);
        let ratio = goal.ratio(|subject, workload, value| report.median(subject, workload, value));
        measured |= ratio.is_some();
        let _ = match ratio {
            Some(ratio) => {
                let of_round =
                    |round| goal.ratio(|subject, workload, value| report.in_round(round, subject, workload, value));
                let by_round = Spread::of((1..=report.rounds).filter_map(of_round).collect());
                let by_round = by_round.map_or_else(String::new, |ratio| format!("{:.2}", ratio.median));
                writeln!(text, "| {what} | {ratio:.2} | {by_round} | {floor} | {target} | {} |", goal.outcome(ratio))
            }
            None => writeln!(text, "| {what} | not measured | | {floor} | {target} | |"),
        };
    }
    let head = "| what | ratio of medians | of a round | floor | goal | reached |\n|---|---|---|---|---|---|\n";
    if measured { format!("\n### Goals\n\n{head}{text}") } else { String::new() }
}

/// Marks a value that was measured while the generator was the bottleneck.
fn mark(report: &Report, subject: &str, workload: Workload) -> &'static str {
    if report.bound(subject, workload) { "\\*" } else { "" }
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
