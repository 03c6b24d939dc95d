//! The third-party packages that the server's binary holds: crates as cargo resolves them, and npm packages of its page.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::npm::{self, NpmPackage};

/// The npm packages that are part of the server's page, `examples/browser-call/dist/app.js`. A test of the page compares this
/// list, by way of the licenses that the server prints, with what the bundler reads.
pub const PAGE_PACKAGES: &[&str] = &["@bufbuild/protobuf", "@connectrpc/connect", "@connectrpc/connect-web"];

/// A package of another project.
#[derive(Clone, Debug)]
pub struct Package {
    /// The name in its registry.
    pub name: String,
    /// The version.
    pub version: String,
    /// The license as an SPDX expression.
    pub license: String,
    /// Where it was downloaded from; `None` for a crate of this workspace.
    pub source: Option<String>,
    /// Who its manifest says wrote it.
    pub authors: Vec<String>,
    /// The directory of its manifest.
    pub directory: PathBuf,
    /// The packages that it uses, as `name version`.
    pub dependencies: BTreeSet<String>,
}

impl Package {
    /// Returns `name version`, which identifies a package.
    pub fn id(&self) -> String {
        format!("{} {}", self.name, self.version)
    }
}

/// Returns every package that any crate of the workspace uses with any feature on any platform, for building and tests too;
/// with the crates of the workspace, which have no source.
///
/// # Panics
/// When cargo cannot resolve the workspace.
pub fn all_packages(root: &Path) -> Vec<Package> {
    let metadata = cargo(root, &["metadata", "--format-version", "1", "--all-features"]);
    parse(&serde_json::from_str(&metadata).expect("cargo metadata prints JSON"))
}

/// Returns the packages whose code is part of a crate's binary on any platform, with its default features: those of its
/// build scripts, its macros and its tests are left out. The crates of the workspace are part of it.
///
/// # Panics
/// When cargo cannot resolve the workspace.
pub fn packages_in(root: &Path, binary: &str) -> Vec<Package> {
    let edges = ["--edges", "normal,no-proc-macro", "--target", "all", "--prefix", "none", "--format", "{p}"];
    let tree = cargo(root, &[&["tree", "--package", binary], &edges[..]].concat());
    let names: BTreeSet<String> = tree
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            Some(format!("{} {}", words.next()?, words.next()?.strip_prefix('v')?))
        })
        .collect();
    let mut packages = all_packages(root);
    packages.retain(|package| names.contains(&package.id()));
    for package in &mut packages {
        package.dependencies.retain(|id| names.contains(id));
    }
    packages
}

/// Returns the npm packages in the server's page.
///
/// # Panics
/// When the client that the page is built with does not use one of [`PAGE_PACKAGES`].
pub fn page_packages(root: &Path) -> Vec<NpmPackage> {
    let mut packages = npm::packages(&root.join("clients/typescript"));
    packages.retain(|package| PAGE_PACKAGES.contains(&package.name.as_str()));
    assert_eq!(packages.len(), PAGE_PACKAGES.len(), "not in clients/typescript/package-lock.json");
    packages
}

/// Returns the checksums in `Cargo.lock` by `name version`.
///
/// # Panics
/// When there is no `Cargo.lock`.
pub fn checksums(root: &Path) -> BTreeMap<String, String> {
    let lock = std::fs::read_to_string(root.join("Cargo.lock")).expect("Cargo.lock can be read");
    let value = |block: &str, key: &str| {
        let start = format!("{key} = \"");
        block.lines().find_map(|line| Some(line.strip_prefix(&start)?.trim_end_matches('"').to_owned()))
    };
    lock.split("[[package]]")
        .filter_map(|block| {
            let id = format!("{} {}", value(block, "name")?, value(block, "version")?);
            Some((id, value(block, "checksum")?))
        })
        .collect()
}

/// Returns the packages in what `cargo metadata` printed, by name and version.
fn parse(metadata: &Value) -> Vec<Package> {
    let listed = |key: &Value| key.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut packages: BTreeMap<String, Package> = BTreeMap::new();
    for package in listed(&metadata["packages"]) {
        let manifest = PathBuf::from(text(&package["manifest_path"]));
        let parsed = Package {
            name: text(&package["name"]),
            version: text(&package["version"]),
            license: text(&package["license"]).replace('/', " OR ").replace("  ", " "),
            source: package["source"].as_str().map(str::to_owned),
            authors: listed(&package["authors"]).iter().map(text).collect(),
            directory: manifest.parent().unwrap_or(&manifest).to_owned(),
            dependencies: BTreeSet::new(),
        };
        packages.insert(text(&package["id"]), parsed);
    }
    let ids: BTreeMap<String, String> = packages.iter().map(|(key, package)| (key.clone(), package.id())).collect();
    for node in listed(&metadata["resolve"]["nodes"]) {
        let Some(package) = packages.get_mut(&text(&node["id"])) else { continue };
        for dependency in listed(&node["deps"]) {
            let normal = listed(&dependency["dep_kinds"]).iter().any(|kind| kind["kind"].is_null());
            if let Some(id) = ids.get(&text(&dependency["pkg"])).filter(|_| normal) {
                package.dependencies.insert(id.clone());
            }
        }
    }
    let mut packages: Vec<Package> = packages.into_values().collect();
    packages.sort_by_key(Package::id);
    packages
}

/// Runs cargo, at first without the network, which packages of other platforms may be missing for.
fn cargo(root: &Path, arguments: &[&str]) -> String {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let run = |more: &[&str]| {
        Command::new(&cargo).args(arguments).args(more).current_dir(root).output().expect("cargo starts")
    };
    let mut output = run(&["--locked", "--offline"]);
    if !output.status.success() {
        output = run(&["--locked"]);
    }
    assert!(output.status.success(), "cargo {}: {}", arguments[0], String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("cargo prints UTF-8")
}
