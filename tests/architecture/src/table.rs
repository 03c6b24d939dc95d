//! Tables of allowed arrows, and what differs from them.

use std::collections::{BTreeMap, BTreeSet};

/// One line of a table: what `from` depends on, exactly.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// A crate or a module.
    pub from: &'a str,
    /// What it depends on, no more and no less.
    pub to: &'a [&'a str],
}

/// What each crate or module depends on.
pub type Edges = BTreeMap<String, BTreeSet<String>>;

/// Returns what differs between a table and the edges that were found; `place` names the table's file and line.
pub fn check(table: &[Row<'_>], found: &Edges, place: &str) -> Vec<String> {
    let mut problems = Vec::new();
    for (from, targets) in found {
        let Some(row) = table.iter().find(|row| row.from == from) else {
            problems.push(format!("{from} is not in the table: add a row at {place}"));
            continue;
        };
        for to in targets.iter().filter(|to| !row.to.contains(&to.as_str())) {
            problems.push(format!("{from} -> {to} is not allowed: remove it, or say why at {place}"));
        }
        for to in row.to.iter().filter(|to| !targets.contains(**to)) {
            problems.push(format!("{from} -> {to} is in the table but not used: remove it at {place}"));
        }
    }
    for row in table.iter().filter(|row| !found.contains_key(row.from)) {
        problems.push(format!("{} is in the table but does not exist: remove its row at {place}", row.from));
    }
    problems
}

/// Returns the edges that a table describes.
pub fn edges(table: &[Row<'_>]) -> Edges {
    let row = |row: &Row<'_>| (row.from.to_owned(), row.to.iter().map(|&to| to.to_owned()).collect());
    table.iter().map(row).collect()
}

/// Returns `table`'s edges with one of them reversed, for each of them: a good table finds every one.
pub fn reversed(table: &[Row<'_>]) -> Vec<(String, Edges)> {
    let mut all = Vec::new();
    for row in table {
        for &to in row.to {
            let mut turned = edges(table);
            turned.entry(row.from.to_owned()).or_default().remove(to);
            turned.entry(to.to_owned()).or_default().insert(row.from.to_owned());
            all.push((format!("{} -> {to}", row.from), turned));
        }
    }
    all
}
