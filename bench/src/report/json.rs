//! Every sample as JSON.

use serde_json::{Value, json};

use super::Report;
use crate::rounds::Sample;

/// The results as JSON.
pub(super) fn text(report: &Report) -> String {
    let samples: Vec<Value> = report.samples.iter().map(sample).collect();
    let whole = json!({
        "machine": report.machine,
        "rounds": report.rounds,
        "idleRounds": report.idle_rounds,
        "windowMs": report.scale.window.as_millis(),
        "sessions": report.scale.sessions,
        "pairs": report.scale.pairs,
        "cores": report.cores,
        "samples": samples,
    });
    format!("{whole:#}\n")
}

fn sample(sample: &Sample) -> Value {
    let mut value = json!({
        "server": sample.subject,
        "workload": sample.workload.name(),
        "round": sample.round,
    });
    match &sample.result {
        Ok(measured) => {
            value["values"] = json!(measured.values);
            value["usage"] = json!(measured.usage);
            value["generatorBound"] = json!(sample.generator_bound());
        }
        Err(error) => value["error"] = json!(error),
    }
    value
}
