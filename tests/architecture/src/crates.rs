//! The crates of the workspace and what they depend on, as cargo reports them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// One crate of the workspace.
#[derive(Debug, Default)]
pub struct Member {
    /// The directory of its `Cargo.toml`.
    pub directory: PathBuf,
    /// The crates of the workspace it depends on, those of its tests left out.
    pub ours: BTreeSet<String>,
    /// The other crates it depends on, those of its tests left out.
    pub others: BTreeSet<String>,
}

/// Returns the crates of the workspace at `root` by name.
///
/// # Panics
/// When cargo cannot read the workspace.
pub fn members(root: &Path) -> BTreeMap<String, Member> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .current_dir(root)
        .output()
        .expect("cargo starts");
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON");
    parse(&metadata)
}

/// Returns the crates in what `cargo metadata` printed.
fn parse(metadata: &Value) -> BTreeMap<String, Member> {
    let packages = metadata["packages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let names: BTreeSet<&str> = packages.iter().filter_map(|package| package["name"].as_str()).collect();
    let mut members = BTreeMap::new();
    for package in packages {
        let name = package["name"].as_str().unwrap_or_default();
        let manifest = Path::new(package["manifest_path"].as_str().unwrap_or_default());
        let mut member = Member { directory: manifest.parent().unwrap_or(manifest).to_owned(), ..Member::default() };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let other = dependency["name"].as_str().unwrap_or_default();
            if dependency["kind"] == "dev" || other == name {
                continue;
            }
            let set = if names.contains(other) { &mut member.ours } else { &mut member.others };
            set.insert(other.to_owned());
        }
        members.insert(name.to_owned(), member);
    }
    members
}

/// Returns the roots of a crate's library and binaries in `src`, with the name other crates use.
pub fn roots(name: &str, directory: &Path) -> Vec<(String, PathBuf)> {
    let source = directory.join("src");
    let mut files = vec![source.join("lib.rs"), source.join("main.rs")];
    files.extend(crate::files_below(&source.join("bin"), &["rs"]));
    files.into_iter().filter(|file| file.is_file()).map(|file| (name.to_owned(), file)).collect()
}
