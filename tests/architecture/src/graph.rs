//! Arrows between files, and the circles they form.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Which file uses which other file, and the names that tie them.
#[derive(Debug, Default, Clone)]
pub struct Arrows(BTreeMap<String, BTreeMap<String, BTreeSet<String>>>);

impl Arrows {
    /// Adds an arrow; one from a file to itself is ignored.
    pub fn add(&mut self, from: &str, to: &str, name: &str) {
        if from != to {
            let targets = self.0.entry(from.to_owned()).or_default();
            targets.entry(to.to_owned()).or_default().insert(name.to_owned());
        }
    }

    /// Returns the number of pairs of files with an arrow.
    pub fn count(&self) -> usize {
        self.0.values().map(BTreeMap::len).sum()
    }

    /// Returns every arrow as (from, to, names), sorted.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, &BTreeSet<String>)> {
        self.0
            .iter()
            .flat_map(|(from, targets)| targets.iter().map(move |(to, names)| (from.as_str(), to.as_str(), names)))
    }

    /// Returns the circles: each largest set of two or more files in which every file reaches every other one.
    pub fn circles(&self) -> Vec<BTreeSet<String>> {
        let mut search =
            Search { arrows: self, order: BTreeMap::new(), low: BTreeMap::new(), stack: Vec::new(), found: Vec::new() };
        for from in self.0.keys() {
            if !search.order.contains_key(from.as_str()) {
                search.visit(from);
            }
        }
        search.found.sort();
        search.found
    }

    /// Writes the arrows inside a circle, one a line: `a.rs -> b.rs: Foo, bar`.
    pub fn describe(&self, circle: &BTreeSet<String>) -> String {
        let mut text = format!("circle of {} files:\n", circle.len());
        for (from, to, names) in self.iter().filter(|(from, to, _)| circle.contains(*from) && circle.contains(*to)) {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let _ = writeln!(text, "  {from} -> {to}: {}", names.join(", "));
        }
        text
    }
}

/// Tarjan's search for strongly connected components.
struct Search<'a> {
    arrows: &'a Arrows,
    order: BTreeMap<&'a str, usize>,
    low: BTreeMap<&'a str, usize>,
    stack: Vec<&'a str>,
    found: Vec<BTreeSet<String>>,
}

impl<'a> Search<'a> {
    fn visit(&mut self, file: &'a str) {
        let number = self.order.len();
        self.order.insert(file, number);
        self.low.insert(file, number);
        self.stack.push(file);
        for target in self.arrows.0.get(file).into_iter().flat_map(BTreeMap::keys) {
            let lowest = if !self.order.contains_key(target.as_str()) {
                self.visit(target);
                self.low[target.as_str()]
            } else if self.stack.contains(&target.as_str()) {
                self.order[target.as_str()]
            } else {
                continue;
            };
            let low = self.low.entry(file).or_insert(number);
            *low = (*low).min(lowest);
        }
        if self.low[file] == number {
            let start = self.stack.iter().position(|&other| other == file).unwrap_or(0);
            let members: BTreeSet<String> = self.stack.drain(start..).map(str::to_owned).collect();
            if members.len() > 1 {
                self.found.push(members);
            }
        }
    }
}
