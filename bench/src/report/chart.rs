//! The medians as bars: one panel per value.

use std::fmt::Write as _;

use super::Report;
use crate::workload::{IDLE_BYTES, JOIN_US, NOTIFY_US, PER_CPU, Workload};

struct Panel {
    title: &'static str,
    workload: Workload,
    value: &'static str,
    unit: f64,
}

const PANELS: [Panel; 6] = [
    panel("Candidates, 1,000 messages per CPU second (more is better)", Workload::Candidate, PER_CPU, 1_000.0),
    panel("3 KB descriptions, 1,000 messages per CPU second", Workload::Description, PER_CPU, 1_000.0),
    panel("32 candidates in flight, 1,000 messages per CPU second", Workload::Pipeline, PER_CPU, 1_000.0),
    panel("Memory of an idle connection, KiB (less is better)", Workload::Idle, IDLE_BYTES, 1_024.0),
    panel("CPU of connecting and joining, µs (less is better)", Workload::Idle, JOIN_US, 1.0),
    panel("CPU per member notified of a join, room of 1,000, µs (less is better)", Workload::Join1000, NOTIFY_US, 1.0),
];

const fn panel(title: &'static str, workload: Workload, value: &'static str, unit: f64) -> Panel {
    Panel { title, workload, value, unit }
}

const WIDTH: f64 = 720.0;
const NAMES: f64 = 150.0;
const BAR: f64 = 18.0;
const GAP: f64 = 44.0;

/// The results as SVG.
pub(super) fn svg(report: &Report) -> String {
    let mut body = String::new();
    let mut y = 10.0;
    for panel in &PANELS {
        let bars: Vec<(&str, f64)> = report
            .subjects
            .iter()
            .filter_map(|subject| {
                let median = report.median(subject, panel.workload, panel.value)?;
                Some((subject.as_str(), median / panel.unit))
            })
            .collect();
        let most = bars.iter().map(|(_, value)| *value).fold(0.0, f64::max);
        if most <= 0.0 {
            continue;
        }
        y += 18.0;
        let _ = writeln!(body, r#"<text x="10" y="{y}" font-weight="bold">{}</text>"#, panel.title);
        y += 8.0;
        for (subject, value) in bars {
            let width = (WIDTH - NAMES - 80.0) * value / most;
            let color = if subject.starts_with("wigwag") { "#d9480f" } else { "#868e96" };
            let middle = y + BAR - 5.0;
            let _ = writeln!(
                body,
                r#"<text x="{}" y="{middle}" text-anchor="end">{subject}</text><rect x="{NAMES}" y="{y}" width="{width:.1}" height="{}" fill="{color}"/><text x="{:.1}" y="{middle}">{value:.1}</text>"#,
                NAMES - 8.0,
                BAR - 4.0,
                NAMES + width + 6.0,
            );
            y += BAR;
        }
        y += GAP - BAR;
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{y}\" viewBox=\"0 0 {WIDTH} {y}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n{body}</svg>\n"
    )
}
