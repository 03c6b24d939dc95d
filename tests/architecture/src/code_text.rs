//! Finds comments and string literals in Rust and TypeScript.

use crate::prose::{Block, Language, paragraphs};

/// Returns the comments, those on lines that follow each other joined, and the string literals that have more than
/// one word.
pub(crate) fn pieces(language: Language, text: &str) -> Vec<Block> {
    let mut scanner = Scanner {
        language,
        rest: text,
        line: 1,
        before: '\n',
        previous: '\n',
        comments: Vec::new(),
        strings: Vec::new(),
    };
    scanner.code(false);
    let mut blocks = paragraphs(scanner.comments.into_iter());
    for lines in scanner.strings {
        // One word alone is a name or a value.
        if lines.iter().any(|(_, line)| line.trim().contains(char::is_whitespace)) {
            blocks.extend(paragraphs(lines.into_iter()));
        }
    }
    blocks
}

struct Scanner<'a> {
    language: Language,
    rest: &'a str,
    line: usize,
    /// The last character of code that is not white space.
    before: char,
    /// The last character.
    previous: char,
    comments: Vec<(usize, String)>,
    strings: Vec<Vec<(usize, String)>>,
}

impl Scanner<'_> {
    /// Reads code, to the brace that closes it if it is `nested` in a template.
    fn code(&mut self, nested: bool) {
        let mut depth = 0;
        while let Some(next) = self.rest.chars().next() {
            let typescript = self.language == Language::TypeScript;
            if self.rest.starts_with("//") {
                let end = self.rest.find('\n').unwrap_or(self.rest.len());
                self.comments.push((self.line, self.rest[..end].to_owned()));
                self.skip(end);
            } else if self.rest.starts_with("/*") {
                let end = self.rest.find("*/").map_or(self.rest.len(), |end| end + 2);
                let body = self.rest[..end].trim_end_matches("*/");
                self.comments.extend(numbered(self.line, body));
                self.skip(end);
            } else if let Some((from, to, end)) = self.raw_string() {
                self.string(from, to, end);
            } else if next == '"' || (typescript && next == '\'') {
                let end = closing(self.rest, next);
                self.string(1, end, end + 1);
            } else if typescript && next == '`' {
                self.template();
            } else if typescript && next == '/' && "(,=:!&|?[{;\n".contains(self.before) {
                self.skip(regular_expression(self.rest));
                self.before = '/';
            } else if next == '\'' {
                self.skip(character(self.rest));
                self.before = '\'';
            } else {
                match next {
                    '{' => depth += 1,
                    '}' if nested && depth == 0 => return,
                    '}' => depth -= 1,
                    _ => {}
                }
                if !next.is_whitespace() {
                    self.before = next;
                }
                self.skip(next.len_utf8());
            }
        }
    }

    /// Returns where the content of a raw string of Rust begins and ends, and where it ends itself, if one begins here.
    fn raw_string(&self) -> Option<(usize, usize, usize)> {
        let in_word = (self.previous.is_alphanumeric() || self.previous == '_') && !matches!(self.previous, 'b' | 'c');
        if self.language != Language::Rust || in_word {
            return None;
        }
        let after = self.rest.strip_prefix('r')?;
        let hashes = after.len() - after.trim_start_matches('#').len();
        let body = after[hashes..].strip_prefix('"')?;
        let start = hashes + 2;
        let end = start + body.find(&format!("\"{}", "#".repeat(hashes)))?;
        Some((start, end, end + 1 + hashes))
    }

    /// Takes a string literal that ends before `end`, with the content from `from` to `to`.
    fn string(&mut self, from: usize, to: usize, end: usize) {
        let line = self.line + self.rest[..from].matches('\n').count();
        let lines = numbered(line, &self.rest[from..to]);
        self.strings.push(lines.map(|(line, text)| (line, text.trim_end_matches('\\').replace("\\n", " "))).collect());
        self.before = '"';
        self.skip(end);
    }

    /// Reads a template literal with the code inside it.
    fn template(&mut self) {
        self.skip(1);
        let mut lines = vec![(self.line, String::new())];
        while let Some(next) = self.rest.chars().next() {
            if next == '`' {
                self.skip(1);
                break;
            } else if self.rest.starts_with("${") {
                self.skip(2);
                self.before = '{';
                self.code(true);
                self.skip(1);
                lines.push((self.line, String::new()));
            } else {
                let length = if next == '\\' {
                    1 + self.rest[1..].chars().next().map_or(0, char::len_utf8)
                } else {
                    next.len_utf8()
                };
                if let Some((_, line)) = lines.last_mut() {
                    line.push_str(&self.rest[..length]);
                }
                self.skip(length);
                if next == '\n' {
                    lines.push((self.line, String::new()));
                }
            }
        }
        self.before = '"';
        self.strings.push(joined(lines));
    }

    fn skip(&mut self, bytes: usize) {
        let (skipped, rest) = self.rest.split_at(bytes.min(self.rest.len()));
        self.line += skipped.matches('\n').count();
        self.previous = skipped.chars().next_back().unwrap_or(self.previous);
        self.rest = rest;
    }
}

fn numbered(first: usize, text: &str) -> impl Iterator<Item = (usize, String)> {
    text.lines().enumerate().map(move |(at, line)| (first + at, line.to_owned()))
}

/// Joins the parts of one line.
fn joined(parts: Vec<(usize, String)>) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    for (number, part) in parts {
        match lines.last_mut() {
            Some((last, line)) if *last == number => {
                line.push('…');
                line.push_str(&part);
            }
            _ => lines.push((number, part)),
        }
    }
    lines
}

/// Returns where the quote is that closes the string at the start of `text`.
fn closing(text: &str, quote: char) -> usize {
    let mut characters = text.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => _ = characters.next(),
            _ if character == quote => return at,
            _ => {}
        }
    }
    text.len()
}

/// Returns the length of the character literal at the start of `text`, or of the quote of a lifetime.
fn character(text: &str) -> usize {
    let mut characters = text[1..].chars();
    match (characters.next(), characters.next()) {
        (Some('\\'), _) => closing(text, '\'') + 1,
        (Some(only), Some('\'')) => 2 + only.len_utf8(),
        _ => 1,
    }
}

/// Returns the length of the regular expression at the start of `text`, or 1 if it is a division.
fn regular_expression(text: &str) -> usize {
    let mut in_class = false;
    let mut characters = text.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => _ = characters.next(),
            '[' => in_class = true,
            ']' => in_class = false,
            '/' if !in_class => return at + 1,
            '\n' => return 1,
            _ => {}
        }
    }
    1
}
