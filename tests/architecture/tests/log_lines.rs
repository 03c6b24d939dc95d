//! docs/operations.md lists every line that the server logs, and no other.

use std::fs::read_to_string;

use wigwag_architecture::log_lines::{LogLine, compare, lines_in, texts_in};
use wigwag_architecture::{files_below, relative, repository};

/// Files that log a text they were given, and where these texts are.
const PASSED_ON: &[(&str, &str)] = &[
    ("server/src/app/signals.rs", "server/src/app/signals.rs"),
    ("server/src/main.rs", "server/src/config/warnings.rs"),
];

#[test]
fn the_page_lists_the_lines_of_the_log() {
    let root = repository();
    let read = |path: &str| read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    let mut lines = Vec::new();
    for file in files_below(&root.join("server"), &["rs"]) {
        let path = relative(&file, &root);
        if !path.contains("/src/") || path.contains("/tests") || path.contains("/fuzz/") {
            continue;
        }
        for line in lines_in(&read(&path)) {
            if line.message != "…" {
                lines.push(line);
                continue;
            }
            let (_, source) = PASSED_ON
                .iter()
                .find(|(from, _)| *from == path)
                .unwrap_or_else(|| panic!("{path} logs a text it is given: name its source in PASSED_ON"));
            let texts = texts_in(&read(source));
            assert!(!texts.is_empty(), "{source} has no texts");
            let passed_on = |message| LogLine { level: line.level.clone(), message, fields: line.fields.clone() };
            lines.extend(texts.into_iter().map(passed_on));
        }
    }
    assert!(lines.len() > 30, "only {} lines were found", lines.len());
    println!("{} lines of the log", lines.len());
    let problems = compare(&lines, &read("docs/operations.md"));
    assert!(problems.is_empty(), "docs/operations.md:\n{}", problems.join("\n"));
}
