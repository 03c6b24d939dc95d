//! Checks of the architecture: which crate may depend on which, which file imports which, the words of the prose, and the
//! documented lines of the log; what follows from the third-party packages: their licenses, and bills of materials.
//!
//! The tables that say what is allowed are in the tests beside this library: `arrows.rs` (crates), `modules.rs` (the
//! server's top-level modules), `circles.rs` (files), `words.rs` and `log_lines.rs`.

#![forbid(unsafe_code)]

mod code_text;
pub mod crates;
pub mod graph;
pub mod license_texts;
pub mod log_lines;
pub mod npm;
pub mod prose;
pub mod rust_modules;
pub mod rust_uses;
mod rust_visitor;
pub mod sbom;
pub mod table;
pub mod third_party;
pub mod typescript;
pub mod word_list;
pub mod words;

use std::path::{Path, PathBuf};

/// Returns the root of the repository.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("two directories below the root").to_path_buf()
}

/// Returns the files below `directory` whose extension is one of `extensions`, sorted; hidden directories, `target`,
/// `node_modules` and `vendor` are skipped. A `directory` that does not exist holds no files.
pub fn files_below(directory: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    collect(directory, extensions, &mut found);
    found.sort();
    found
}

fn collect(directory: &Path, extensions: &[&str], found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            if !name.starts_with('.') && !["target", "node_modules", "vendor"].contains(&name.as_str()) {
                collect(&path, extensions, found);
            }
        } else if kind.is_file()
            && path.extension().is_some_and(|extension| extensions.contains(&extension.to_string_lossy().as_ref()))
        {
            found.push(path);
        }
    }
}

/// Returns `path` relative to `root`, with forward slashes.
pub fn relative(path: &Path, root: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/")
}
