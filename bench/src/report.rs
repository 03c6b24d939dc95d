//! Results as tables, as JSON and as a picture.

mod chart;
mod json;
mod summary;
mod table;

use std::{fs, io, path::Path};

use crate::{
    machine::Machine,
    rounds::{Plan, Sample},
    workload::{Measured, Workload},
};

/// All samples of a run, and where they come from.
pub(crate) struct Report {
    machine: Machine,
    subjects: Vec<String>,
    workloads: Vec<Workload>,
    rounds: usize,
    idle_rounds: usize,
    window_ms: u128,
    quiet: f64,
    samples: Vec<Sample>,
}

/// A median with its neighbors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    pub(crate) least: f64,
    pub(crate) median: f64,
    pub(crate) most: f64,
}

impl Spread {
    fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let (least, most) = (*values.first()?, *values.last()?);
        let half = values.len() / 2;
        let median = if values.len() % 2 == 1 { values[half] } else { f64::midpoint(values[half - 1], values[half]) };
        Some(Self { least, median, most })
    }
}

impl Report {
    pub(crate) fn new(plan: &Plan, samples: Vec<Sample>) -> Self {
        Self {
            machine: Machine::here(),
            subjects: plan.subjects.iter().map(|subject| subject.name.clone()).collect(),
            workloads: plan.workloads.clone(),
            rounds: plan.rounds,
            idle_rounds: plan.idle_rounds.min(plan.rounds),
            window_ms: plan.scale.window.as_millis(),
            quiet: plan.quiet,
            samples,
        }
    }

    /// Something of Wigwag's could not be measured or broke a promise.
    pub(crate) fn failed(&self) -> bool {
        self.samples.iter().any(|sample| sample.result.is_err() && sample.subject.starts_with("wigwag"))
    }

    /// The tables.
    pub(crate) fn markdown(&self) -> String {
        table::markdown(self)
    }

    /// Writes `out` with the endings json, md, svg and summary.md.
    pub(crate) fn write(&self, out: &Path) -> io::Result<()> {
        if let Some(folder) = out.parent() {
            fs::create_dir_all(folder)?;
        }
        let path = |ending: &str| {
            let mut path = out.as_os_str().to_owned();
            path.push(ending);
            path
        };
        fs::write(path(".json"), json::text(self))?;
        fs::write(path(".md"), self.markdown())?;
        let name = out.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        fs::write(path(".summary.md"), summary::markdown(self, &name))?;
        fs::write(path(".svg"), chart::svg(self))
    }

    fn of<'a>(&'a self, subject: &'a str, workload: Workload) -> impl Iterator<Item = &'a Sample> {
        self.samples.iter().filter(move |sample| sample.subject == subject && sample.workload == workload)
    }

    fn spread(&self, subject: &str, workload: Workload, value: &str) -> Option<Spread> {
        let measured = self.of(subject, workload).filter_map(|sample| sample.result.as_ref().ok());
        Spread::of(measured.filter_map(|Measured { values, .. }| values.get(value).copied()).collect())
    }

    fn median(&self, subject: &str, workload: Workload, value: &str) -> Option<f64> {
        self.spread(subject, workload, value).map(|spread| spread.median)
    }

    /// Runs during which others kept the machine busier than asked for.
    fn disturbed(&self) -> usize {
        let loud = |sample: &&Sample| sample.result.as_ref().is_ok_and(|m| m.usage.foreign > self.quiet);
        self.samples.iter().filter(loud).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_of_odd_and_even_numbers() {
        assert_eq!(Spread::of(vec![3.0, 1.0, 2.0]), Some(Spread { least: 1.0, median: 2.0, most: 3.0 }));
        assert_eq!(Spread::of(vec![4.0, 2.0]).map(|spread| spread.median), Some(3.0));
        assert_eq!(Spread::of(vec![]), None);
    }
}
