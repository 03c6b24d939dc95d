//! No circle of files that import each other.

use std::collections::BTreeSet;
use std::path::PathBuf;

use wigwag_architecture::crates::roots;
use wigwag_architecture::graph::Arrows;
use wigwag_architecture::rust_uses::RustFiles;
use wigwag_architecture::{files_below, relative, repository, typescript};

/// Circles that may stay, each with all of its files and the reason.
const ALLOWED: &[(&[&str], &str)] = &[];

#[test]
fn no_circle_in_the_servers_crates() {
    let root = repository();
    let mut crates: Vec<(String, PathBuf)> = Vec::new();
    for manifest in files_below(&root.join("server"), &["toml"]) {
        if let (true, Some(directory)) = (manifest.ends_with("Cargo.toml"), manifest.parent()) {
            let text = std::fs::read_to_string(&manifest).expect("a readable Cargo.toml");
            let name = text.lines().find_map(|line| line.strip_prefix("name = ")).expect("a crate has a name");
            crates.extend(roots(name.trim_matches('"'), directory));
        }
    }
    assert!(crates.len() > 2, "only {crates:?}");
    let rust = RustFiles::read(&root, &crates);
    hold("server", rust.files.len(), &rust.arrows);
}

#[test]
fn no_circle_in_the_rust_client() {
    let root = repository();
    let rust = RustFiles::read(&root, &roots("wigwag-client", &root.join("clients/rust")));
    hold("clients/rust", rust.files.len(), &rust.arrows);
}

#[test]
fn no_circle_in_the_typescript_client() {
    let root = repository();
    let (files, arrows) = typescript::read(&root, &root.join("clients/typescript/src"));
    hold("clients/typescript", files.len(), &arrows);
}

#[test]
fn no_circle_in_the_example_page() {
    let root = repository();
    let (files, arrows) = typescript::read(&root, &root.join("examples/browser-call/src"));
    hold("examples/browser-call", files.len(), &arrows);
}

/// Prints what was read and fails if there is a circle that is not allowed.
fn hold(what: &str, files: usize, arrows: &Arrows) {
    assert!(files > 1 && arrows.count() > 0, "{what}: nothing was read");
    let circles = arrows.circles();
    println!("{what}: {files} files, {} arrows, {} circles", arrows.count(), circles.len());
    let not_allowed: Vec<String> = circles
        .iter()
        .filter(|circle| !ALLOWED.iter().any(|(files, _)| same(files, circle)))
        .map(|circle| arrows.describe(circle))
        .collect();
    assert!(not_allowed.is_empty(), "{what}:\n{}", not_allowed.join("\n"));
}

fn same(allowed: &[&str], circle: &BTreeSet<String>) -> bool {
    allowed.len() == circle.len() && allowed.iter().all(|file| circle.contains(*file))
}

#[test]
fn allowed_files_exist() {
    let root = repository();
    for file in ALLOWED.iter().flat_map(|(files, _)| *files) {
        assert!(
            root.join(file).is_file(),
            "{file} is in ALLOWED of {} but does not exist",
            relative(file!().as_ref(), &root)
        );
    }
}
