//! A comparison of two builds, and beside it that of a build with itself: a difference that the second one shows, too, is
//! noise.

use std::fmt::Write as _;

use super::{Report, Spread};
use crate::{
    subject::{AGAIN, BASE, NEW},
    workload::{IDLE_BYTES, INSTRUCTIONS, JOIN_US, NOTIFY_US, PER_CPU, USED_BYTES, Workload},
};

struct Value {
    name: &'static str,
    title: &'static str,
    unit: f64,
    digits: usize,
    /// More is better.
    more: bool,
}

const VALUES: [Value; 6] = [
    value(PER_CPU, "1,000 messages per CPU second (more is better)", 1_000.0, 1, true),
    value(IDLE_BYTES, "KiB per idle session", 1_024.0, 2, false),
    value(USED_BYTES, "KiB per session after a call's signals", 1_024.0, 2, false),
    value(JOIN_US, "CPU µs per join", 1.0, 1, false),
    value(NOTIFY_US, "CPU µs per member notified", 1.0, 2, false),
    value(INSTRUCTIONS, "instructions", 1.0, 0, false),
];

const fn value(name: &'static str, title: &'static str, unit: f64, digits: usize, more: bool) -> Value {
    Value { name, title, unit, digits, more }
}

/// One line of the comparison.
struct Row<'a> {
    subject: &'a str,
    workload: Workload,
    value: &'static Value,
    base: f64,
    new: f64,
    /// The new build to the base, in each round.
    ratio: Spread,
    /// The base to itself, in each round.
    again: Spread,
}

impl Row<'_> {
    /// Returns the ratio, above 1 when the new build needs more.
    fn cost(&self) -> f64 {
        if self.value.more { 1.0 / self.ratio.median } else { self.ratio.median }
    }
}

/// Returns the comparison as Markdown.
pub(super) fn markdown(report: &Report) -> String {
    let mut text = format!(
        "{} In brackets the least and the most of a round. base/base is the same build twice: its distance from 1 is noise.\n{}",
        report.setting(),
        report.remarks()
    );
    let rows = rows(report);
    for value in &VALUES {
        let mut rows = rows.iter().filter(|row| row.value.name == value.name).peekable();
        if rows.peek().is_none() {
            continue;
        }
        let title = value.title;
        let _ = write!(
            text,
            "\n### {title}\n\n| workload | transport | base | new | new/base | base/base |\n|---|---|---|---|---|---|\n"
        );
        for row in rows {
            let Row { subject, workload, base, new, ratio, again, .. } = row;
            let (unit, digits) = (value.unit, value.digits);
            let _ = writeln!(
                text,
                "| {} | {subject} | {:.digits$} | {:.digits$} | **{:.3}**{} | {:.3}{} |",
                workload.name(),
                base / unit,
                new / unit,
                ratio.median,
                range(ratio),
                again.median,
                range(again),
            );
        }
    }
    text
}

/// Describes, a line each, the values of which the new build needs more than `limit` times as much.
pub(super) fn above(report: &Report, limit: f64) -> Vec<String> {
    let above = rows(report).into_iter().filter(|row| row.cost() > limit);
    let line = |row: Row<'_>| {
        let (workload, title) = (row.workload.name(), row.value.title);
        format!("{workload}, {}, {title}: {:.3} times the base, the limit is {limit}", row.subject, row.cost())
    };
    above.map(line).collect()
}

fn rows(report: &Report) -> Vec<Row<'_>> {
    let bases = report.subjects.iter().filter_map(|name| name.strip_suffix(BASE)?.strip_suffix('@'));
    let bases: Vec<&str> = bases.collect();
    let mut rows = Vec::new();
    for workload in &report.workloads {
        for subject in &bases {
            rows.extend(VALUES.iter().filter_map(|value| row(report, subject, *workload, value)));
        }
    }
    rows
}

fn row<'a>(report: &Report, subject: &'a str, workload: Workload, value: &'static Value) -> Option<Row<'a>> {
    let of = |label: &str| format!("{subject}@{label}");
    let (base, again, new) = (of(BASE), of(AGAIN), of(NEW));
    let to_base = |other: &str| {
        let of_round = |round| {
            let value = |subject: &str| report.in_round(round, subject, workload, value.name);
            Some(value(other)? / value(&base)?)
        };
        Spread::of((1..=report.rounds).filter_map(of_round).collect())
    };
    Some(Row {
        subject: subject.strip_prefix("wigwag-").unwrap_or(subject),
        workload,
        value,
        base: report.median(&base, workload, value.name)?,
        new: report.median(&new, workload, value.name)?,
        ratio: to_base(&new)?,
        again: to_base(&again)?,
    })
}

/// Returns the least and the most in brackets, if they differ.
fn range(Spread { least, most, .. }: &Spread) -> String {
    if least < most { format!(" ({least:.3} to {most:.3})") } else { String::new() }
}
