//! Third-party packages: their licenses and sources are allowed by deny.toml, which cargo-deny reads too (`make deny`), their
//! license texts are in the binary, and the bills of materials are complete.

use std::collections::BTreeSet;
use std::iter::Peekable;

use serde_json::json;
use wigwag_architecture::license_texts::{FILE, render};
use wigwag_architecture::npm::{packages, root_package};
use wigwag_architecture::third_party::{Package, all_packages, checksums, packages_in, page_packages};
use wigwag_architecture::{repository, sbom};

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// What deny.toml says: the licenses in `allow`, and the crates in `deny` that are refused in every version.
fn allowed_and_banned() -> (BTreeSet<String>, BTreeSet<String>) {
    let text = std::fs::read_to_string(repository().join("deny.toml")).expect("deny.toml can be read");
    let deny: toml::Table = text.parse().expect("deny.toml is TOML");
    let texts = |value: &toml::Value| value.as_str().map(str::to_owned);
    let allowed = deny["licenses"]["allow"].as_array().expect("a list").iter().filter_map(texts).collect();
    let banned = deny["bans"]["deny"].as_array().expect("a list").iter().filter_map(|entry| texts(&entry["crate"]));
    (allowed, banned.filter(|entry| !entry.contains(':')).collect())
}

/// Whether an SPDX expression can be met with these licenses alone.
fn satisfied(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace(" WITH ", "\u{1}");
    let mut words = spaced.split_whitespace().map(|word| word.replace('\u{1}', " WITH ")).peekable();
    let met = alternatives(&mut words, allowed);
    met && words.next().is_none()
}

fn alternatives<I: Iterator<Item = String>>(words: &mut Peekable<I>, allowed: &BTreeSet<String>) -> bool {
    let mut met = all_of(words, allowed);
    while words.next_if(|word| word == "OR").is_some() {
        met |= all_of(words, allowed);
    }
    met
}

fn all_of<I: Iterator<Item = String>>(words: &mut Peekable<I>, allowed: &BTreeSet<String>) -> bool {
    let mut met = term(words, allowed);
    while words.next_if(|word| word == "AND").is_some() {
        met &= term(words, allowed);
    }
    met
}

fn term<I: Iterator<Item = String>>(words: &mut Peekable<I>, allowed: &BTreeSet<String>) -> bool {
    match words.next() {
        Some(open) if open == "(" => {
            let met = alternatives(words, allowed);
            words.next().is_some_and(|close| close == ")") && met
        }
        Some(license) => allowed.contains(&license),
        None => false,
    }
}

/// What deny.toml does not permit about a package of another project.
fn problem(package: &Package, allowed: &BTreeSet<String>, banned: &BTreeSet<String>) -> Option<String> {
    let source = package.source.as_deref()?;
    if banned.contains(&package.name) {
        return Some(format!("{}: banned", package.id()));
    }
    if source != CRATES_IO {
        return Some(format!("{}: its source is {source}", package.id()));
    }
    let license = &package.license;
    (!satisfied(license, allowed)).then(|| format!("{}: the license {license:?} is not allowed", package.id()))
}

#[test]
fn licenses_and_sources_of_all_dependencies_are_allowed() {
    let (allowed, banned) = allowed_and_banned();
    let packages = all_packages(&repository());
    assert!(packages.iter().filter(|package| package.source.is_some()).count() > 100);
    let problems: Vec<String> = packages.iter().filter_map(|package| problem(package, &allowed, &banned)).collect();
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

#[test]
fn what_is_not_allowed_is_found() {
    let (allowed, banned) = allowed_and_banned();
    let good = all_packages(&repository()).into_iter().find(|package| package.name == "bytes").expect("it is used");
    assert_eq!(problem(&good, &allowed, &banned), None);
    for wrong in [
        Package { license: "GPL-3.0-only".to_owned(), ..good.clone() },
        Package { license: "MIT AND GPL-3.0-only".to_owned(), ..good.clone() },
        Package { license: "(MIT OR ISC) AND LGPL-2.1-or-later".to_owned(), ..good.clone() },
        Package { license: String::new(), ..good.clone() },
        Package { source: Some("git+https://github.com/tokio-rs/bytes".to_owned()), ..good.clone() },
        Package { name: "openssl-sys".to_owned(), ..good.clone() },
    ] {
        assert!(problem(&wrong, &allowed, &banned).is_some(), "{wrong:?}");
    }
    for fine in ["MIT OR GPL-3.0-only", "(GPL-3.0-only OR MIT) AND ISC", "Apache-2.0 WITH LLVM-exception OR X"] {
        let package = Package { license: fine.to_owned(), ..good.clone() };
        assert_eq!(problem(&package, &allowed, &banned), None, "{fine}");
    }
}

#[test]
fn every_npm_package_that_users_get_has_an_allowed_license() {
    let (allowed, _) = allowed_and_banned();
    let found = packages(&repository().join("clients/typescript"));
    assert!(found.iter().any(|package| package.name == "@bufbuild/protobuf"));
    for package in found {
        assert!(satisfied(&package.license, &allowed), "{package:?}");
        assert!(package.integrity.starts_with("sha512-"), "{package:?}");
    }
}

#[test]
fn the_license_texts_in_the_binary_are_up_to_date() {
    let root = repository();
    let text = render(&packages_in(&root, "wigwag-server"), &page_packages(&root));
    let committed = std::fs::read_to_string(root.join(FILE)).unwrap_or_default();
    assert!(text == committed, "{FILE} is stale: run `make licenses`");
    for package in packages_in(&root, "wigwag-server").iter().filter(|package| package.source.is_some()) {
        assert!(committed.contains(&format!("\n  {}: ", package.id())), "{} is missing", package.id());
    }
}

#[test]
fn bills_of_materials_have_what_cyclonedx_requires() {
    let root = repository();
    let crates = packages_in(&root, "wigwag-server");
    let server = sbom::of_binary("wigwag-server", &crates, &checksums(&root), &page_packages(&root));
    assert_eq!(sbom::problems(&server), Vec::<String>::new());
    assert_eq!(server["metadata"]["component"]["purl"], "pkg:cargo/wigwag-server@0.1.0");
    let components = server["components"].as_array().expect("a list");
    let tokio = components.iter().find(|component| component["name"] == "tokio").expect("it is used");
    assert!(tokio["hashes"][0]["content"].is_string(), "{tokio}");
    for never in ["serde_derive", "syn", "tempfile"] {
        assert!(!components.iter().any(|component| component["name"] == never), "{never} is not in the binary");
    }

    let directory = root.join("clients/typescript");
    let client = sbom::of_npm(&root_package(&directory), &packages(&directory));
    assert_eq!(sbom::problems(&client), Vec::<String>::new());

    let mut broken = server.clone();
    broken["components"][0]["licenses"] = json!([]);
    broken["components"][1]["version"] = json!("");
    broken["dependencies"][0]["dependsOn"] = json!(["pkg:cargo/absent@1.0.0"]);
    assert_eq!(sbom::problems(&broken).len(), 3, "{:?}", sbom::problems(&broken));
}
