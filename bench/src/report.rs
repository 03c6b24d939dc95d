//! The results as tables, as JSON and as a chart.

mod chart;
mod compare;
mod json;
mod summary;
mod table;

use std::{fmt::Write as _, fs, io, path::Path};

use crate::{
    machine::Machine,
    rounds::{Plan, Sample},
    workload::{Measured, Scale, Workload},
};

/// All samples of a run, and where they come from.
pub(crate) struct Report {
    machine: Machine,
    subjects: Vec<String>,
    workloads: Vec<Workload>,
    rounds: usize,
    idle_rounds: usize,
    scale: Scale,
    cores: String,
    quiet: f64,
    /// Two builds are compared.
    compares: bool,
    instructions: bool,
    samples: Vec<Sample>,
}

/// A median with the least and the most.
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
            scale: plan.scale,
            cores: plan.cores.clone(),
            quiet: plan.quiet,
            compares: plan.compares,
            instructions: plan.instructions,
            samples,
        }
    }

    /// Returns whether something of Wigwag's could not be measured, or broke a guarantee.
    pub(crate) fn failed(&self) -> bool {
        let mut own = self.subjects.iter().filter(|subject| subject.starts_with("wigwag"));
        own.any(|subject| {
            let mut samples = self.samples.iter().filter(|sample| sample.subject == *subject).peekable();
            samples.peek().is_none() || samples.any(|sample| sample.result.is_err())
        })
    }

    /// Describes where and how it was measured.
    fn setting(&self) -> String {
        let Machine { cpus, model, memory_gib, kernel, node, revision } = &self.machine;
        let mut text = format!("{cpus} processors ({model}), {memory_gib} GiB, Linux {kernel}");
        if !node.is_empty() {
            let _ = write!(text, ", Node {}", node.trim_start_matches('v'));
        }
        // What is compared may be built from other revisions.
        if !revision.is_empty() && !self.compares {
            let _ = write!(text, "; Wigwag at {revision}");
        }
        if self.instructions {
            let _ = write!(
                text,
                "; instructions in user space, counted by callgrind: per signal, in `idle` per join into a room of four, in \
                 `join-…` per member notified; rounds: {}.",
                self.rounds
            );
            return text;
        }
        let cores = if self.cores.contains([',', '-']) { "cores" } else { "core" };
        let _ = write!(
            text,
            "; server on {cores} {}, load from another; medians of {} rounds, {} for idle sessions.",
            self.cores, self.rounds, self.idle_rounds
        );
        text
    }

    /// Describes what qualifies these samples, a line each.
    fn remarks(&self) -> String {
        let mut text = String::new();
        let bound = |subject: &String| self.workloads.iter().any(|workload| self.bound(subject, *workload));
        if !self.instructions && self.subjects.iter().any(bound) {
            text.push_str("\\* In some rounds the generator was the bottleneck: the value is that of a server that is not full.\n");
        }
        let disturbed = self.disturbed();
        if disturbed > 0 && !self.instructions {
            let _ = writeln!(
                text,
                "{disturbed} of {} runs were disturbed: other processes kept more than {} processors busy.",
                self.samples.len(),
                self.quiet
            );
        }
        for Sample { subject, workload, round, result } in &self.samples {
            if let Err(error) = result {
                let _ = writeln!(text, "\n{subject}, {}, round {round}, failed: {error}", workload.name());
            }
        }
        text
    }

    /// Returns whether the generator was the bottleneck in a run.
    fn bound(&self, subject: &str, workload: Workload) -> bool {
        self.of(subject, workload).any(Sample::generator_bound)
    }

    /// Describes, a line each, the values of which the new build needs more than `limit` times as much as the base.
    pub(crate) fn above(&self, limit: f64) -> Vec<String> {
        compare::above(self, limit)
    }

    /// Returns all tables as Markdown.
    pub(crate) fn markdown(&self) -> String {
        if self.compares { compare::markdown(self) } else { table::markdown(self) }
    }

    /// Writes `out` with the endings json and md, and for other servers summary.md and svg.
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
        if self.compares {
            return Ok(());
        }
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

    /// Returns the value of one round.
    fn in_round(&self, round: usize, subject: &str, workload: Workload, value: &str) -> Option<f64> {
        let sample = self.of(subject, workload).find(|sample| sample.round == round)?;
        sample.result.as_ref().ok()?.values.get(value).copied()
    }

    fn median(&self, subject: &str, workload: Workload, value: &str) -> Option<f64> {
        self.spread(subject, workload, value).map(|spread| spread.median)
    }

    /// Counts the runs during which other processes kept the machine busier than allowed.
    fn disturbed(&self) -> usize {
        let loud = |sample: &&Sample| sample.result.as_ref().is_ok_and(|m| m.usage.others > self.quiet);
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
