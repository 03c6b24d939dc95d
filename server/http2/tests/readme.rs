//! The tables of README.md name functions, types, files and tests that exist.

use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn readme_names_existing_code_and_tests() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources: Vec<(PathBuf, String)> = rust_files(&root.join("src"))
        .into_iter()
        .map(|path| (path.clone(), fs::read_to_string(path).expect("a source file")))
        .collect();
    let readme = fs::read_to_string(root.join("README.md")).expect("README.md");
    let mut names = 0;
    for row in readme.lines().filter(|line| line.starts_with("| ") && line.contains('`')) {
        let columns: Vec<&str> = row.trim_matches('|').split('|').collect();
        let [.., tests] = columns[..] else { continue };
        for name in quoted(tests) {
            let test = format!("    #[test]\n    fn {name}(");
            let at_top_level = format!("#[test]\nfn {name}(");
            let is_test = sources.iter().any(|(_, text)| text.contains(&test) || text.contains(&at_top_level));
            assert!(is_test, "{name} is not a test: {row}");
            names += 1;
        }
        for name in columns[..columns.len() - 1].iter().flat_map(|column| quoted(column)) {
            let item = name.rsplit("::").next().unwrap_or(name);
            assert!(name.starts_with(':') || sources.iter().any(|(_, text)| defines(text, item)), "{name}: {row}");
            names += 1;
        }
        for word in columns.iter().flat_map(|column| column.split([' ', ';', ',', ':'])) {
            assert!(!word.ends_with(".rs") || root.join("src").join(word).is_file(), "{word}: {row}");
        }
    }
    assert!(names > 80, "only {names} names were found in the tables");
}

fn defines(text: &str, item: &str) -> bool {
    ["fn ", "struct ", "enum ", "const ", "pub "].iter().any(|keyword| {
        text.match_indices(&format!("{keyword}{item}")).any(|(at, found)| {
            !text[at + found.len()..].starts_with(|next: char| next.is_alphanumeric() || next == '_')
        })
    }) || text.contains(&format!("    {item},\n"))
}

fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

fn rust_files(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() {
            files.extend(rust_files(&entry));
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            files.push(entry);
        }
    }
    files
}
