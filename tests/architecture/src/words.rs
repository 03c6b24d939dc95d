//! Searches the prose of the repository, comments and texts in the code included, for words it does without.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use regex::{Regex, RegexBuilder};

use crate::prose::{Block, Language, prose};
use crate::{files_below, relative};

/// A phrase to avoid.
pub struct Rule {
    /// What the rule is called in a report.
    pub name: &'static str,
    /// A regular expression; case does not count, a space stands for any white space, also for the end of a line.
    pub find: &'static str,
    /// What around a hit makes it right, as a regular expression; empty for none.
    pub except: &'static str,
    /// What to write instead.
    pub say: &'static str,
}

/// A hit that may stay.
pub struct Allowed {
    /// The file.
    pub file: &'static str,
    /// The text around the hit, as it is in the file, on one line.
    pub phrase: &'static str,
    /// Why it may stay.
    pub reason: &'static str,
}

/// A phrase that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// The file, relative to the root of the repository.
    pub file: String,
    /// The line on which the phrase begins.
    pub line: usize,
    /// The phrase.
    pub text: String,
    /// The text around it.
    pub context: String,
    /// The name of the rule.
    pub rule: &'static str,
    /// What to write instead.
    pub say: &'static str,
}

impl std::fmt::Display for Hit {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}:{}: \"{}\": say {}   [{}]", self.file, self.line, self.text, self.say, self.context)
    }
}

/// Rules, ready to search.
pub struct WordList {
    /// Finds any of the rules: most of the text is done with after one search.
    any: Regex,
    rules: Vec<(&'static Rule, Regex, Option<Regex>)>,
    allowed: &'static [Allowed],
}

impl WordList {
    /// Compiles rules.
    ///
    /// # Panics
    /// When a rule is not a regular expression.
    pub fn new(rules: &'static [Rule], allowed: &'static [Allowed]) -> Self {
        let compile = |rule: &'static Rule| {
            let except = (!rule.except.is_empty()).then(|| pattern(rule.except));
            (rule, pattern(rule.find), except)
        };
        let any: Vec<String> = rules.iter().map(|rule| format!("(?:{})", rule.find)).collect();
        Self { any: pattern(&any.join("|")), rules: rules.iter().map(compile).collect(), allowed }
    }

    /// Searches one text.
    pub fn search(&self, file: &str, language: Language, text: &str) -> Vec<Hit> {
        let mut hits = Vec::new();
        for block in prose(language, text).into_iter().filter(|block| self.any.is_match(&block.text)) {
            for (rule, find, except) in &self.rules {
                for found in find.find_iter(&block.text) {
                    let excepted = except.iter().flat_map(|except| except.find_iter(&block.text));
                    let (start, end) = (found.start(), found.end());
                    if excepted.into_iter().any(|except| except.start() < end && start < except.end())
                        || self.is_allowed(file, &block, start, end)
                    {
                        continue;
                    }
                    hits.push(Hit {
                        file: file.to_owned(),
                        line: block.line_at(start),
                        text: found.as_str().to_owned(),
                        context: block.around(start, end),
                        rule: rule.name,
                        say: rule.say,
                    });
                }
            }
        }
        hits.sort_by_key(|hit| hit.line);
        hits
    }

    /// Searches the prose of the repository at `root`.
    ///
    /// # Panics
    /// When a file cannot be read.
    pub fn search_repository(&self, root: &Path) -> Vec<Hit> {
        files(root).into_iter().flat_map(|(file, language)| self.search(&file, language, &read(root, &file))).collect()
    }

    /// Returns the allowed hits that are not there any more.
    ///
    /// # Panics
    /// When a file cannot be read.
    pub fn stale(&self, root: &Path) -> Vec<&'static Allowed> {
        let files = files(root);
        let is_there = |allowed: &Allowed| {
            files.iter().find(|(file, _)| file == allowed.file).is_some_and(|(file, language)| {
                prose(*language, &read(root, file)).iter().any(|block| block.text.contains(allowed.phrase))
            })
        };
        self.allowed.iter().filter(|allowed| !is_there(allowed)).collect()
    }

    fn is_allowed(&self, file: &str, block: &Block, start: usize, end: usize) -> bool {
        self.allowed.iter().filter(|allowed| allowed.file == file).any(|allowed| {
            block.text.match_indices(allowed.phrase).any(|(at, phrase)| at <= start && end <= at + phrase.len())
        })
    }
}

fn pattern(text: &str) -> Regex {
    let text = text.replace(' ', r"\s+");
    // Without Unicode, whose word boundaries are slow to find: the phrases are ASCII.
    let built = RegexBuilder::new(&text).case_insensitive(true).unicode(false).build();
    built.unwrap_or_else(|error| panic!("{error}"))
}

fn read(root: &Path, file: &str) -> String {
    std::fs::read_to_string(root.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Returns the files with prose. Generated code is left out, and the word list, which has to name the words.
fn files(root: &Path) -> Vec<(String, Language)> {
    const BY_EXTENSION: [(&[&str], Language); 4] = [
        (&["md", "proto", "html"], Language::Plain),
        (&["rs"], Language::Rust),
        (&["ts", "tsx", "js", "mjs", "cjs"], Language::TypeScript),
        (&["py", "sh"], Language::Script),
    ];
    let mut files: Vec<(String, Language)> = ["README.md", "ARCHITECTURE.md", "server/config.example.toml"]
        .map(|file| (file.to_owned(), Language::Plain))
        .into();
    files.push(("CHANGELOG.md".to_owned(), Language::Changelog));
    files.push(("Makefile".to_owned(), Language::Script));
    for directory in ["bench", "clients", "docs", "examples", "proto", "scripts", "server", "tests"] {
        for (extensions, language) in BY_EXTENSION {
            let found = files_below(&root.join(directory), extensions);
            files.extend(found.into_iter().map(|file| (relative(&file, root), language)));
        }
    }
    files.retain(|(file, _)| {
        ![
            "/generated/",
            "/gen/",
            "/dist/",
            "bench/results/",
            "tests/architecture/src/word_list.rs",
            "tests/architecture/tests/words.rs",
        ]
        .iter()
        .any(|left_out| file.contains(left_out))
    });
    files.sort();
    files
}

/// Writes how many hits there are of each rule and in each file, most first.
pub fn counts(hits: &[Hit]) -> String {
    let mut rules: BTreeMap<&str, usize> = BTreeMap::new();
    let mut files: BTreeMap<&str, usize> = BTreeMap::new();
    for hit in hits {
        *rules.entry(hit.rule).or_default() += 1;
        *files.entry(&hit.file).or_default() += 1;
    }
    let mut text = format!("{} hits\n", hits.len());
    for counted in [rules, files] {
        let mut counted: Vec<_> = counted.into_iter().collect();
        counted.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        for (name, count) in counted {
            let _ = writeln!(text, "{count:6} {name}");
        }
    }
    text
}
