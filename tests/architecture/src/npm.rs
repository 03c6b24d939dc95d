//! The npm packages that a package of this repository needs at run time, from its `package-lock.json`.

use std::path::Path;

use serde_json::Value;

/// A package of the npm registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NpmPackage {
    /// The name, with its scope.
    pub name: String,
    /// The version.
    pub version: String,
    /// The license as an SPDX expression.
    pub license: String,
    /// The hash of the archive: the algorithm's name, a hyphen and base64.
    pub integrity: String,
}

/// Returns the packages that `directory` needs at run time, those of the optional peer dependencies left out.
///
/// # Panics
/// When there is no `package-lock.json` of version 3.
pub fn packages(directory: &Path) -> Vec<NpmPackage> {
    let lock = lock(directory);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut packages = Vec::new();
    for (path, package) in lock["packages"].as_object().into_iter().flatten() {
        let Some((_, name)) = path.rsplit_once("node_modules/") else { continue };
        if ["dev", "devOptional", "peer", "optional"].iter().any(|only| package[only] == true) {
            continue;
        }
        packages.push(NpmPackage {
            name: name.to_owned(),
            version: text(&package["version"]),
            license: text(&package["license"]).trim_matches(['(', ')']).to_owned(),
            integrity: text(&package["integrity"]),
        });
    }
    packages
}

/// Returns the name, version and license of the package in `directory` itself.
///
/// # Panics
/// When there is no `package-lock.json` of version 3.
pub fn root_package(directory: &Path) -> NpmPackage {
    let root = &lock(directory)["packages"][""];
    let text = |key: &str| root[key].as_str().unwrap_or_default().to_owned();
    NpmPackage { name: text("name"), version: text("version"), license: text("license"), integrity: String::new() }
}

fn lock(directory: &Path) -> Value {
    let text = std::fs::read_to_string(directory.join("package-lock.json")).expect("package-lock.json can be read");
    let lock: Value = serde_json::from_str(&text).expect("package-lock.json is JSON");
    assert_eq!(lock["lockfileVersion"], 3, "another version of package-lock.json");
    lock
}
