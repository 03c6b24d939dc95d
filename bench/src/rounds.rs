//! The order of runs: rounds interleave the servers, so that what changes on the machine meets all of them.

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
}

/// One run that counts.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    pub(crate) subject: String,
    pub(crate) workload: Workload,
    pub(crate) round: usize,
    pub(crate) result: Result<Measured, String>,
}

/// A generator this busy, beside a server that is not, is the bottleneck.
const SATURATED: f64 = 0.95;

impl Sample {
    /// Its wall rates are lower bounds: the generator could do no more. What it cost the server stands.
    pub(crate) fn generator_bound(&self) -> bool {
        self.result.as_ref().is_ok_and(|Measured { usage, .. }| {
            usage.generator / usage.wall > SATURATED && usage.server / usage.wall < SATURATED
        })
    }
}

/// A plan on its way.
pub(crate) struct Rounds<'a> {
    plan: &'a Plan,
    /// What is not asked again: a protocol this build does not speak, a program that is not there.
    hopeless: BTreeSet<(String, Workload)>,
}

impl<'a> Rounds<'a> {
    pub(crate) fn new(plan: &'a Plan) -> Self {
        Self { plan, hopeless: BTreeSet::new() }
    }

    /// Runs everything; tells on standard error what it is at.
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
                        tell(&sample, self.plan.rounds);
                        samples.push(sample);
                    }
                }
            }
        }
        samples
    }

    fn sample(&mut self, subject: &Subject, workload: Workload) -> Option<Result<Measured, String>> {
        let key = (subject.name.clone(), workload);
        if !workload.fits(subject.protocol) || self.hopeless.contains(&key) {
            return None;
        }
        if let Some(program) = subject.missing() {
            eprintln!("{}: skipped, {program} is not there or not installed", subject.name);
            self.hopeless.insert(key);
            return None;
        }
        let mut best: Option<Measured> = None;
        for _ in 0..=self.plan.repeats {
            match self.once(subject, workload) {
                Ok(measured) => {
                    let foreign = measured.usage.foreign;
                    if best.as_ref().is_none_or(|best| foreign < best.usage.foreign) {
                        best = Some(measured);
                    }
                    if foreign <= self.plan.quiet {
                        break;
                    }
                }
                Err(error) => {
                    self.hopeless.insert(key);
                    return Some(Err(error));
                }
            }
        }
        best.map(Ok)
    }

    fn once(&self, subject: &Subject, workload: Workload) -> Result<Measured, String> {
        let server = Server::start(&subject.command, &self.plan.cores).map_err(|error| error.to_string())?;
        workload.run(subject, &server, &self.plan.scale).map_err(|error| error.to_string())
    }
}

fn tell(sample: &Sample, rounds: usize) {
    let Sample { subject, workload, round, result } = sample;
    let workload = workload.name();
    match result {
        Ok(Measured { values, usage }) => {
            let Usage { wall, server, generator, foreign } = usage;
            let values: Vec<String> = values.iter().map(|(name, value)| format!("{name} {value:.2}")).collect();
            let (server, generator) = (server / wall, generator / wall);
            eprintln!(
                "{round}/{rounds} {workload} {subject}: {} (CPU: server {server:.2}, generator {generator:.2}, \
                 others {foreign:.2})",
                values.join(", ")
            );
        }
        Err(error) => eprintln!("{round}/{rounds} {workload} {subject}: FAILED: {error}"),
    }
}
