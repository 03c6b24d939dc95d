//! Arrows between TypeScript files: one for each relative `import` and `export … from`, those of types included.
//!
//! A file that only hands on what others define therefore is in a circle only if a file below imports it.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

use crate::graph::Arrows;
use crate::{files_below, relative};

static FROM: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?m)^\s*(?:import|export)\b([^;"'`()]*?)\bfrom\s*["'](\.[^"']+)["']"#).expect("a valid pattern")
});
static BARE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"(?m)(?:^\s*import\s*|\bimport\(\s*)["'](\.[^"']+)["']"#).expect("a valid pattern"));

/// Returns the files below `directory` and the arrows between them; names of files are relative to `base`.
///
/// # Panics
/// When a file cannot be read, or imports one that does not exist.
pub fn read(base: &Path, directory: &Path) -> (BTreeSet<String>, Arrows) {
    let mut files = BTreeSet::new();
    let mut arrows = Arrows::default();
    for file in files_below(directory, &["ts", "tsx"]) {
        let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let from = relative(&file, base);
        for found in FROM.captures_iter(&text) {
            let to = relative(&target(&file, &found[2]), base);
            for name in names(&found[1]) {
                arrows.add(&from, &to, &name);
            }
        }
        for found in BARE.captures_iter(&text) {
            arrows.add(&from, &relative(&target(&file, &found[1]), base), "*");
        }
        files.insert(from);
    }
    (files, arrows)
}

/// Returns the names in what stands between `import` and `from`.
fn names(clause: &str) -> Vec<String> {
    clause
        .split([',', '{', '}'])
        .map(|part| part.split_whitespace().filter(|word| *word != "type").collect::<Vec<_>>().join(" "))
        .filter(|name| !name.is_empty())
        .collect()
}

/// Returns the file that `specifier` names in `file`.
fn target(file: &Path, specifier: &str) -> PathBuf {
    let mut path = file.parent().unwrap_or(file).to_path_buf();
    for part in Path::new(specifier).components() {
        match part {
            Component::ParentDir => _ = path.pop(),
            Component::Normal(name) => path.push(name),
            _ => {}
        }
    }
    let bare = if path.extension().is_some_and(|extension| extension == "js" || extension == "jsx") {
        path.with_extension("")
    } else {
        path.clone()
    };
    let with = |suffix: &str| PathBuf::from(format!("{}{suffix}", bare.display()));
    let candidates = [path.clone(), with(".ts"), with(".tsx"), bare.join("index.ts"), bare.join("index.tsx")];
    candidates
        .into_iter()
        .find(|candidate| candidate.is_file())
        .unwrap_or_else(|| panic!("{} imports {specifier}, which is not there", file.display()))
}
