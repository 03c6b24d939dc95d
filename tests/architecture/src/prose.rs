//! The prose in a file: its paragraphs, or the comments and string literals of code.

/// What a file is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Language {
    /// Markdown, protobuf, TOML: everything is read.
    Plain,
    /// Markdown of which only the section "Unreleased" is read, without what is in backticks: names it replaced.
    Changelog,
    /// Comments and string literals are read.
    Rust,
    /// Comments and string literals are read; JavaScript as well.
    TypeScript,
    /// Python, shell, make: comments that begin with `#` and docstrings are read.
    Script,
}

/// A paragraph, a comment or a string literal on one line.
#[derive(Debug, Default)]
pub struct Block {
    /// Its text, lines joined by spaces.
    pub text: String,
    /// Where in the text lines begin, and their numbers.
    lines: Vec<(usize, usize)>,
}

impl Block {
    /// Returns the number of the line that holds the byte at `at`.
    pub fn line_at(&self, at: usize) -> usize {
        self.lines.iter().rev().find(|(start, _)| *start <= at).map_or(0, |(_, line)| *line)
    }

    /// Returns some words around the bytes from `start` to `end`.
    pub fn around(&self, start: usize, end: usize) -> String {
        let from = self.text[..start].char_indices().rev().take(30).last().map_or(0, |(at, _)| at);
        let to = self.text[end..].char_indices().nth(30).map_or(self.text.len(), |(at, _)| end + at);
        self.text[from..to].to_owned()
    }

    fn push(&mut self, line: usize, text: &str) {
        if !self.text.is_empty() {
            self.text.push(' ');
        }
        self.lines.push((self.text.len(), line));
        self.text.push_str(text);
    }
}

/// Returns the prose of a file.
pub fn prose(language: Language, text: &str) -> Vec<Block> {
    match language {
        Language::Plain => paragraphs(text.lines().enumerate().map(|(at, line)| (at + 1, line.to_owned()))),
        Language::Changelog => paragraphs(unreleased(text)),
        Language::Script => paragraphs(script(text).into_iter()),
        Language::Rust | Language::TypeScript => crate::code_text::pieces(language, text),
    }
}

/// Joins lines that follow each other; the marks of comments, quotes and lists at their start are left out.
pub(crate) fn paragraphs(lines: impl Iterator<Item = (usize, String)>) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut last = None;
    for (number, line) in lines {
        let text = line.trim().trim_start_matches(['/', '!', '#', '>', '*']).trim();
        if text.is_empty() {
            last = None;
            continue;
        }
        if last.is_none_or(|last| last + 1 != number) {
            blocks.push(Block::default());
        }
        if let Some(block) = blocks.last_mut() {
            block.push(number, text);
        }
        last = Some(number);
    }
    blocks
}

fn unreleased(text: &str) -> impl Iterator<Item = (usize, String)> {
    let numbered = text.lines().enumerate().map(|(at, line)| (at + 1, line));
    numbered
        .skip_while(|(_, line)| !(line.starts_with("## ") && line.contains("Unreleased")))
        .skip(1)
        .take_while(|(_, line)| !line.starts_with("## "))
        .map(|(number, line)| (number, line.split('`').step_by(2).collect::<Vec<_>>().join("``")))
}

fn script(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut in_docstring = false;
    for (at, line) in text.lines().enumerate() {
        let quotes = line.matches("\"\"\"").count();
        let comment = line.find('#').filter(|at| *at == 0 || line[..*at].ends_with([' ', '\t']));
        if in_docstring || line.trim_start().starts_with("\"\"\"") {
            found.push((at + 1, line.replace("\"\"\"", " ")));
        } else if let Some(comment) = comment {
            found.push((at + 1, line[comment..].to_owned()));
        }
        in_docstring ^= quotes % 2 == 1;
    }
    found
}
