//! No circle of files that import each other.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use wigwag_architecture::crates::roots;
use wigwag_architecture::graph::Arrows;
use wigwag_architecture::rust_uses::RustFiles;
use wigwag_architecture::{files_below, repository, typescript};

/// Circles that may stay, each with all of its files and the reason.
const ALLOWED: &[(&[&str], &str)] = &[];

#[test]
fn no_circle_in_the_servers_crates() {
    let root = repository();
    let crates = crates_below(&root.join("server"));
    assert!(crates.len() > 2, "only {crates:?}");
    let rust = RustFiles::read(&root, &crates);
    hold("server", &rust.files.into_keys().collect(), &rust.arrows);
}

#[test]
fn no_circle_in_the_crates_of_clients() {
    let root = repository();
    let rust = RustFiles::read(&root, &crates_below(&root.join("clients")));
    hold("clients", &rust.files.into_keys().collect(), &rust.arrows);
}

#[test]
fn no_circle_in_the_typescript_client() {
    let root = repository();
    let (files, arrows) = typescript::read(&root, &root.join("clients/typescript/src"));
    hold("clients/typescript", &files, &arrows);
}

#[test]
fn no_circle_in_the_example_page() {
    let root = repository();
    let (files, arrows) = typescript::read(&root, &root.join("examples/browser-call/src"));
    hold("examples/browser-call", &files, &arrows);
}

/// Returns the libraries and binaries of the crates below a directory.
fn crates_below(directory: &Path) -> Vec<(String, PathBuf)> {
    let mut crates = Vec::new();
    for manifest in files_below(directory, &["toml"]) {
        if let (true, Some(directory)) = (manifest.ends_with("Cargo.toml"), manifest.parent()) {
            let text = std::fs::read_to_string(&manifest).expect("a readable Cargo.toml");
            let name = text.lines().find_map(|line| line.strip_prefix("name = ")).expect("a crate has a name");
            crates.extend(roots(name.trim_matches('"'), directory));
        }
    }
    crates
}

/// Prints what was read and fails if there is a circle that is not allowed, or an allowed one is gone.
fn hold(what: &str, files: &BTreeSet<String>, arrows: &Arrows) {
    assert!(files.len() > 1 && arrows.count() > 0, "{what}: nothing was read");
    println!("{what}: {} files, {} arrows, {} circles", files.len(), arrows.count(), arrows.circles().len());
    let problems = judge(ALLOWED, files, arrows);
    assert!(problems.is_empty(), "{what}:\n{}", problems.join("\n"));
}

fn judge(allowed: &[(&[&str], &str)], files: &BTreeSet<String>, arrows: &Arrows) -> Vec<String> {
    let circles = arrows.circles();
    let is = |allowed: &[&str], circle: &BTreeSet<String>| {
        allowed.len() == circle.len() && allowed.iter().all(|file| circle.contains(*file))
    };
    let mut problems: Vec<String> = circles
        .iter()
        .filter(|circle| !allowed.iter().any(|(files, _)| is(files, circle)))
        .map(|circle| arrows.describe(circle))
        .collect();
    for (members, reason) in allowed.iter().filter(|(members, _)| members.iter().any(|file| files.contains(*file))) {
        if !circles.iter().any(|circle| is(members, circle)) {
            problems.push(format!("allowed ({reason}) but not a circle any more: {}", members.join(", ")));
        }
    }
    problems
}

#[test]
fn allowed_files_exist() {
    let root = repository();
    for file in ALLOWED.iter().flat_map(|(files, _)| *files) {
        assert!(root.join(file).is_file(), "{file} is in ALLOWED but does not exist");
    }
}

#[test]
fn only_the_circle_that_is_allowed_may_stay() {
    let files: BTreeSet<String> = ["a", "b", "c"].map(str::to_owned).into();
    let mut arrows = Arrows::default();
    arrows.add("a", "b", "B");
    arrows.add("b", "a", "A");
    assert_eq!(judge(&[], &files, &arrows), ["circle of 2 files:\n  a -> b: B\n  b -> a: A\n"]);
    assert!(judge(&[(&["b", "a"], "reason")], &files, &arrows).is_empty());
    assert!(judge(&[(&["b", "a"], "reason"), (&["x", "y"], "elsewhere")], &files, &arrows).is_empty());
    arrows.add("b", "c", "C");
    arrows.add("c", "a", "A");
    let problems = judge(&[(&["b", "a"], "reason")], &files, &arrows);
    assert_eq!(problems.len(), 2, "a larger circle is not the allowed one: {problems:?}");
}
