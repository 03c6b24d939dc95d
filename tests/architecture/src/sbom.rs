//! Software bills of materials in the JSON format of CycloneDX 1.6, of the server's binary and of the npm package.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use std::collections::BTreeMap;

use crate::npm::NpmPackage;
use crate::third_party::Package;

/// Returns the bill of a binary: `name` is the crate that it is built from.
pub fn of_binary(name: &str, crates: &[Package], checksums: &BTreeMap<String, String>, npm: &[NpmPackage]) -> Value {
    let references: BTreeMap<String, String> =
        crates.iter().map(|package| (package.id(), cargo_url(&package.name, &package.version))).collect();
    let component = |package: &Package| {
        let hash = checksums.get(&package.id()).map(|hash| json!([{ "alg": "SHA-256", "content": hash }]));
        let kind = if package.name == name { "application" } else { "library" };
        component(kind, &package.name, &package.version, &package.license, &references[&package.id()], hash)
    };
    let root = crates.iter().find(|package| package.name == name);
    let mut components: Vec<Value> = crates.iter().filter(|package| package.name != name).map(component).collect();
    components.extend(npm.iter().map(npm_component));
    let dependencies = crates.iter().map(|package| {
        let mut uses: Vec<String> = package.dependencies.iter().filter_map(|id| references.get(id)).cloned().collect();
        if package.name == name {
            uses.extend(npm.iter().map(npm_url));
        }
        json!({ "ref": references[&package.id()], "dependsOn": uses })
    });
    bill(root.map_or(Value::Null, component), components, dependencies.collect())
}

/// Returns the bill of an npm package.
pub fn of_npm(root: &NpmPackage, packages: &[NpmPackage]) -> Value {
    let uses: Vec<String> = packages.iter().map(npm_url).collect();
    let dependencies = vec![json!({ "ref": npm_url(root), "dependsOn": uses })];
    bill(npm_component(root), packages.iter().map(npm_component).collect(), dependencies)
}

/// Returns what is missing or wrong in a bill, by the fields that the schema of CycloneDX 1.6 requires, and what makes one
/// useful: licenses, and references that lead somewhere.
pub fn problems(bill: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    let mut check = |holds: bool, problem: String| {
        if !holds {
            problems.push(problem);
        }
    };
    check(bill["bomFormat"] == "CycloneDX", "bomFormat is not CycloneDX".to_owned());
    check(bill["specVersion"] == "1.6", "specVersion is not 1.6".to_owned());
    check(bill["version"].as_u64().is_some_and(|version| version > 0), "version must be a positive number".to_owned());
    let mut references = Vec::new();
    let none = Vec::new();
    let components = bill["components"].as_array().unwrap_or(&none);
    check(!components.is_empty(), "there are no components".to_owned());
    for component in components.iter().chain([&bill["metadata"]["component"]]) {
        let name = &component["name"];
        check(["application", "library"].iter().any(|kind| component["type"] == *kind), format!("{name}: type"));
        check(name.as_str().is_some_and(|name| !name.is_empty()), format!("{component}: name"));
        check(component["version"].as_str().is_some_and(|version| !version.is_empty()), format!("{name}: version"));
        let license = &component["licenses"][0]["expression"];
        check(license.as_str().is_some_and(|license| !license.is_empty()), format!("{name}: license"));
        let reference = component["bom-ref"].as_str().unwrap_or_default();
        check(reference.starts_with("pkg:") && component["purl"] == reference, format!("{name}: purl"));
        check(!references.contains(&reference), format!("{name}: listed twice"));
        references.push(reference);
        for hash in component["hashes"].as_array().into_iter().flatten() {
            let length = if hash["alg"] == "SHA-256" { 64 } else { 128 };
            let content = hash["content"].as_str().unwrap_or_default();
            let good = content.len() == length && content.bytes().all(|byte| byte.is_ascii_hexdigit());
            check(good, format!("{name}: hash {content}"));
        }
    }
    for dependency in bill["dependencies"].as_array().unwrap_or(&none) {
        let uses = dependency["dependsOn"].as_array().into_iter().flatten();
        for reference in uses.chain([&dependency["ref"]]) {
            let known = reference.as_str().is_some_and(|reference| references.contains(&reference));
            check(known, format!("{reference} is not among the components"));
        }
    }
    problems
}

fn bill(root: Value, components: Vec<Value>, dependencies: Vec<Value>) -> Value {
    json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": { "component": root },
        "components": components,
        "dependencies": dependencies,
    })
}

fn component(kind: &str, name: &str, version: &str, license: &str, url: &str, hashes: Option<Value>) -> Value {
    let mut component = json!({
        "type": kind, "bom-ref": url, "name": name, "version": version,
        "licenses": [{ "expression": license }], "purl": url,
    });
    if let Some(hashes) = hashes {
        component["hashes"] = hashes;
    }
    component
}

fn npm_component(package: &NpmPackage) -> Value {
    let hash = package.integrity.strip_prefix("sha512-").and_then(|hash| BASE64_STANDARD.decode(hash).ok());
    let hex = hash.map(|bytes| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    let hashes = hex.map(|hex| json!([{ "alg": "SHA-512", "content": hex }]));
    component("library", &package.name, &package.version, &package.license, &npm_url(package), hashes)
}

/// Returns the package URL of a crate.
fn cargo_url(name: &str, version: &str) -> String {
    format!("pkg:cargo/{name}@{}", version.replace('+', "%2B"))
}

/// Returns the package URL of an npm package: the `@` of a scope is percent-encoded.
fn npm_url(package: &NpmPackage) -> String {
    format!("pkg:npm/{}@{}", package.name.replace('@', "%40"), package.version)
}
