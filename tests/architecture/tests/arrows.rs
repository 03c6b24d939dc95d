//! Which crate may depend on which.

use std::collections::BTreeSet;

use wigwag_architecture::crates::{Member, members, roots};
use wigwag_architecture::rust_uses::handed_on;
use wigwag_architecture::table::{Edges, Row, check, reversed};
use wigwag_architecture::{relative, repository};

const ARROWS_AT: &str = concat!(file!(), ":", line!());

/// Crates of the workspace, without what only their tests need.
const ARROWS: &[Row<'_>] = &[
    Row { from: "wigwag-proto", to: &[] },
    Row { from: "wigwag-hub", to: &[] },
    Row { from: "wigwag-poll", to: &[] },
    Row { from: "wigwag-token", to: &[] },
    Row { from: "wigwag-http2", to: &["wigwag-poll"] },
    Row { from: "wigwag-net", to: &["wigwag-http2", "wigwag-poll"] },
    Row { from: "wigwag-node", to: &["wigwag-hub", "wigwag-poll", "wigwag-proto", "wigwag-token"] },
    Row { from: "wigwag-compat", to: &["wigwag-hub", "wigwag-net", "wigwag-node", "wigwag-proto"] },
    Row {
        from: "wigwag-server",
        to: &[
            "wigwag-compat",
            "wigwag-http2",
            "wigwag-hub",
            "wigwag-net",
            "wigwag-node",
            "wigwag-proto",
            "wigwag-token",
        ],
    },
    Row { from: "wigwag-client", to: &["wigwag-proto"] },
    Row { from: "wigwag-cli", to: &["wigwag-client", "wigwag-proto", "wigwag-token"] },
    Row { from: "backend-rooms", to: &["wigwag-proto"] },
    Row { from: "two-peers", to: &["wigwag-client"] },
    Row { from: "wigwag-architecture", to: &[] },
    Row { from: "wigwag-bench", to: &[] },
    Row { from: "wigwag-grpc-conformance", to: &["wigwag-http2", "wigwag-net", "wigwag-server"] },
    Row { from: "wigwag-chaos", to: &["wigwag-proto", "wigwag-server"] },
];

/// Crates of others that a crate must do without; its tests may use them.
const FORBIDDEN: &[Row<'_>] = &[
    Row { from: "wigwag-hub", to: &["axum", "clap", "hyper", "prost", "serde", "serde_json", "tokio", "tonic"] },
    Row { from: "wigwag-http2", to: &["axum", "h2", "hyper", "hyper-util", "tokio", "tonic", "tower"] },
    Row { from: "wigwag-net", to: &["prost", "tonic"] },
    Row { from: "wigwag-node", to: &["axum", "hyper", "hyper-util", "tonic", "tower-http"] },
    Row { from: "wigwag-compat", to: &["tonic"] },
    Row { from: "wigwag-token", to: &["axum", "hyper", "hyper-util", "prost", "tokio", "tonic"] },
];

fn edges() -> Edges {
    members(&repository()).into_iter().map(|(name, member)| (name, member.ours)).collect()
}

#[test]
fn crates_depend_on_what_the_table_says() {
    let problems = check(ARROWS, &edges(), ARROWS_AT);
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

#[test]
fn crates_do_without_what_is_forbidden() {
    let problems = forbidden(&members(&repository()));
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

fn forbidden(members: &std::collections::BTreeMap<String, Member>) -> Vec<String> {
    let mut problems = Vec::new();
    for row in FORBIDDEN {
        let others = members.get(row.from).map(|member| member.others.clone()).unwrap_or_default();
        for name in row.to.iter().filter(|name| others.contains(**name)) {
            problems.push(format!("{} must not depend on {name} (FORBIDDEN in {})", row.from, file!()));
        }
    }
    problems
}

#[test]
fn no_crate_hands_on_the_items_of_another() {
    let root = repository();
    let members = members(&root);
    let names: BTreeSet<String> = members.keys().map(|name| name.replace('-', "_")).collect();
    let mut problems = Vec::new();
    for (name, member) in members.iter().filter(|(_, member)| !member.ours.is_empty()) {
        for (file, path) in handed_on(&roots(name, &member.directory), &names) {
            problems.push(format!("{}: `pub use {path}`: name the crate where it is used", relative(&file, &root)));
        }
    }
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

#[test]
fn the_table_finds_every_reversed_arrow() {
    for (arrow, turned) in reversed(ARROWS) {
        let problems = check(ARROWS, &turned, ARROWS_AT);
        assert!(problems.len() >= 2, "{arrow} reversed was not found: {problems:?}");
    }
}

#[test]
fn the_table_finds_what_is_missing_and_what_is_stale() {
    let table = [Row { from: "a", to: &["b"] }, Row { from: "b", to: &[] }];
    let none = BTreeSet::new();
    let found = Edges::from([("a".into(), none.clone()), ("c".into(), none)]);
    let problems = check(&table, &found, "here");
    assert_eq!(
        problems,
        [
            "a -> b is in the table but not used: remove it at here",
            "c is not in the table: add a row at here",
            "b is in the table but does not exist: remove its row at here",
        ]
    );
}

#[test]
fn a_forbidden_crate_is_found() {
    let member = Member { others: BTreeSet::from(["tokio".to_owned(), "bytes".to_owned()]), ..Member::default() };
    let problems = forbidden(&std::iter::once(("wigwag-hub".to_owned(), member)).collect());
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].starts_with("wigwag-hub must not depend on tokio"), "{problems:?}");
}
