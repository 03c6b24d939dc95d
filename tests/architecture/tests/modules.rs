//! Which top-level module of the server may use which.

use std::collections::BTreeMap;

use wigwag_architecture::crates::roots;
use wigwag_architecture::repository;
use wigwag_architecture::rust_uses::RustFiles;
use wigwag_architecture::table::{Edges, Row, check, reversed};

const ARROWS_AT: &str = concat!(file!(), ":", line!());

/// Modules of `server/src`; `lib` and `main` are the files of that name.
const ARROWS: &[Row<'_>] = &[
    Row { from: "main", to: &["app", "cli", "config", "ops"] },
    Row { from: "lib", to: &[] },
    Row { from: "cli", to: &["config"] },
    Row { from: "app", to: &["api", "auth", "config", "deny", "ops", "web"] },
    Row { from: "auth", to: &["config", "fetch"] },
    Row { from: "api", to: &["web"] },
    Row { from: "web", to: &[] },
    Row { from: "ops", to: &["auth", "config"] },
    Row { from: "config", to: &["fetch", "opens", "turn"] },
    Row { from: "deny", to: &["config"] },
    Row { from: "fetch", to: &[] },
    Row { from: "opens", to: &[] },
    Row { from: "turn", to: &["fetch"] },
];

#[test]
fn the_servers_modules_use_what_the_table_says() {
    let root = repository();
    let source = RustFiles::read(&root, &roots("wigwag-server", &root.join("server")));
    let mut edges: Edges = source.files.values().map(|module| (module.clone(), Default::default())).collect();
    let mut causes: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
    for (from, to, names) in source.arrows.iter() {
        let (inner, outer) = (source.files[from].as_str(), source.files[to].as_str());
        if inner != outer {
            edges.entry(inner.to_owned()).or_default().insert(outer.to_owned());
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            causes.entry((inner, outer)).or_default().push(format!("  {from} -> {to}: {}", names.join(", ")));
        }
    }
    for ((from, to), lines) in &causes {
        println!("{from} -> {to}\n{}", lines.join("\n"));
    }
    let problems = check(ARROWS, &edges, ARROWS_AT);
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

#[test]
fn the_table_finds_every_reversed_arrow() {
    for (arrow, turned) in reversed(ARROWS) {
        let problems = check(ARROWS, &turned, ARROWS_AT);
        assert!(problems.len() >= 2, "{arrow} reversed was not found: {problems:?}");
    }
}
