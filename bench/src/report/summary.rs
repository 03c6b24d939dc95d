//! One table for bench/README.md: the main values, each with its ratio to the server everything is compared with.

use std::fmt::Write as _;

use super::Report;
use crate::{
    subject::PEER,
    workload::{IDLE_BYTES, JOIN_US, NOTIFY_US, PER_CPU, Workload},
};

struct Column {
    title: &'static str,
    workload: Workload,
    value: &'static str,
    unit: f64,
}

const COLUMNS: [Column; 6] = [
    column("candidates", Workload::Candidate, PER_CPU, 1_000.0),
    column("3 KB descriptions", Workload::Description, PER_CPU, 1_000.0),
    column("32 in flight", Workload::Pipeline, PER_CPU, 1_000.0),
    column("idle session, KiB", Workload::Idle, IDLE_BYTES, 1_024.0),
    column("join, CPU µs", Workload::Idle, JOIN_US, 1.0),
    column("member notified in a room of 1,000, CPU µs", Workload::Join1000, NOTIFY_US, 1.0),
];

const fn column(title: &'static str, workload: Workload, value: &'static str, unit: f64) -> Column {
    Column { title, workload, value, unit }
}

/// The summary. `name` is that of the results it belongs to.
pub(super) fn markdown(report: &Report, name: &str) -> String {
    let columns: Vec<&Column> = COLUMNS.iter().filter(|column| report.workloads.contains(&column.workload)).collect();
    let titles: Vec<&str> = columns.iter().map(|column| column.title).collect();
    let mut text = format!("| server | {} |\n|{}\n", titles.join(" | "), "---|".repeat(columns.len() + 1));
    for subject in &report.subjects {
        let cells: Vec<String> = columns.iter().map(|column| cell(report, subject, column)).collect();
        if cells.iter().any(|cell| !cell.is_empty()) {
            let _ = writeln!(text, "| {subject} | {} |", cells.join(" | "));
        }
    }
    let _ = writeln!(
        text,
        "\n{name}: {} The first three columns are 1,000 messages per CPU second of the server: more is better. In brackets \
         the ratio to `{PEER}`.",
        report.setting()
    );
    text.push_str(&report.remarks());
    let _ = writeln!(text, "\n![The same as bars]({name}.svg)");
    text
}

fn cell(report: &Report, subject: &str, Column { workload, value, unit, .. }: &Column) -> String {
    let Some(median) = report.median(subject, *workload, value) else { return String::new() };
    let ratio = match report.median(PEER, *workload, value) {
        Some(peer) if peer > 0.0 && subject != PEER => format!(" ({:.2})", median / peer),
        _ => String::new(),
    };
    let shown = median / unit;
    let digits = usize::from(shown < 100.0);
    let bound = if report.bound(subject, *workload) { "\\*" } else { "" };
    format!("{shown:.digits$}{bound}{ratio}")
}
