//! The order of runs: rounds interleave the servers, so that changes of the machine's speed affect all of them.

use std::collections::BTreeSet;

use crate::{
    meter::Usage,
    process::Server,
    subject::Subject,
    workload::{Measured, Scale, Workload},
};

/// What to measure, and how often.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) subjects: Vec<Subject>,
    pub(crate) workloads: Vec<Workload>,
    pub(crate) rounds: usize,
    /// Rounds of the idle workloads, if fewer.
    pub(crate) idle_rounds: usize,
    pub(crate) scale: Scale,
    pub(crate) cores: String,
    pub(crate) quiet: f64,
    pub(crate) repeats: usize,
    /// Two builds are compared.
    pub(crate) compares: bool,
    /// The servers run under callgrind.
    pub(crate) instructions: bool,
}

/// The result of one run.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    pub(crate) subject: String,
    pub(crate) workload: Workload,
    pub(crate) round: usize,
    pub(crate) result: Result<Measured, String>,
}

/// From this share of a core on a process counts as saturated.
const SATURATED: f64 = 0.95;

impl Sample {
    /// Returns whether the generator was the bottleneck. Wall rates are lower bounds then; the server's CPU time is valid.
    pub(crate) fn generator_bound(&self) -> bool {
        self.result.as_ref().is_ok_and(|Measured { usage, .. }| {
            usage.generator / usage.wall > SATURATED && usage.server / usage.wall < SATURATED
        })
    }
}

/// A plan that is being carried out.
pub(crate) struct Rounds<'a> {
    plan: &'a Plan,
    /// What failed and is not tried again: a program that is missing, a protocol that a build does not speak.
    skipped: BTreeSet<(String, Workload)>,
}

impl<'a> Rounds<'a> {
    pub(crate) fn new(plan: &'a Plan) -> Self {
        Self { plan, skipped: BTreeSet::new() }
    }

    /// Runs everything, and prints each result to standard error.
    pub(crate) fn run(mut self) -> Vec<Sample> {
        let mut samples = Vec::new();
        for round in 1..=self.plan.rounds {
            for workload in &self.plan.workloads {
                if round > self.plan.idle_rounds && workload.is_idle() {
                    continue;
                }
                for subject in &self.plan.subjects {
                    if let Some(result) = self.sample(subject, *workload) {
                        let sample = Sample { subject: subject.name.clone(), workload: *workload, round, result };
                        print_progress(&sample, self.plan.rounds);
                        samples.push(sample);
                    }
                }
            }
        }
        samples
    }

    fn sample(&mut self, subject: &Subject, workload: Workload) -> Option<Result<Measured, String>> {
        let key = (subject.name.clone(), workload);
        if !workload.supports(subject.protocol)
            || (subject.has_tls() && !self.plan.compares && !workload.is_run_with_tls())
            || self.skipped.contains(&key)
        {
            return None;
        }
        if let Some(program) = subject.missing() {
            eprintln!("{}: skipped, {program} is missing or not installed", subject.name);
            self.skipped.insert(key);
            return None;
        }
        let mut best: Option<Measured> = None;
        for _ in 0..=self.plan.repeats {
            match self.once(subject, workload) {
                Ok(measured) => {
                    let others = measured.usage.others;
                    if best.as_ref().is_none_or(|best| others < best.usage.others) {
                        best = Some(measured);
                    }
                    // Instructions do not depend on what else runs.
                    if others <= self.plan.quiet || self.plan.instructions {
                        break;
                    }
                }
                Err(error) => {
                    self.skipped.insert(key);
                    return Some(Err(error));
                }
            }
        }
        best.map(Ok)
    }

    fn once(&self, subject: &Subject, workload: Workload) -> Result<Measured, String> {
        let Plan { cores, instructions, scale, .. } = self.plan;
        let server = Server::start(&subject.command, cores, *instructions).map_err(|error| error.to_string())?;
        workload.run(subject, &server, scale).map_err(|error| error.to_string())
    }
}

fn print_progress(sample: &Sample, rounds: usize) {
    let Sample { subject, workload, round, result } = sample;
    let workload = workload.name();
    match result {
        Ok(Measured { values, usage }) => {
            let Usage { wall, server, generator, others, .. } = usage;
            let values: Vec<String> = values.iter().map(|(name, value)| format!("{name} {value:.2}")).collect();
            let (server, generator) = (server / wall, generator / wall);
            eprintln!(
                "{round}/{rounds} {workload} {subject}: {} (CPU: server {server:.2}, generator {generator:.2}, \
                 others {others:.2})",
                values.join(", ")
            );
        }
        Err(error) => eprintln!("{round}/{rounds} {workload} {subject}: FAILED: {error}"),
    }
}
