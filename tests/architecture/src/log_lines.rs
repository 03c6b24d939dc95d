//! The lines of the log: those in the code, and those that a page lists.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The levels that are compared; trace is not in release builds.
const LEVELS: [&str; 4] = ["info", "warn", "error", "debug"];

/// A line that code logs.
#[derive(Debug, PartialEq, Eq)]
pub struct LogLine {
    /// `info`, `warn`, `error` or `debug`.
    pub level: String,
    /// Its text, with `…` for each placeholder.
    pub message: String,
    /// The names of its fields.
    pub fields: Vec<String>,
}

/// Returns the lines that a Rust file logs with the macros of `tracing`, tests left out.
///
/// # Panics
/// When the file is not Rust.
pub fn lines_in(code: &str) -> Vec<LogLine> {
    let mut lines = Vec::new();
    walk(tokens(code), &mut |name, arguments| {
        if LEVELS.contains(&name) {
            lines.extend(line(name, arguments));
        }
    });
    lines
}

/// Returns the texts of several words that a Rust file makes with `format!` or has in constants, tests left out.
///
/// # Panics
/// When the file is not Rust.
pub fn texts_in(code: &str) -> Vec<String> {
    let is_text = |text: &String| text.split_whitespace().count() > 2;
    let mut texts = Vec::new();
    walk(tokens(code), &mut |name, arguments| {
        if name == "format" {
            texts.extend(literal(&arguments));
        }
    });
    let tokens: Vec<TokenTree> = tokens(code).into_iter().collect();
    for end in tokens.split(|token| is_punct(token, ';')) {
        if let [.., equals, text] = end
            && is_punct(equals, '=')
        {
            texts.extend(string(text));
        }
    }
    texts.retain(is_text);
    texts
}

/// Returns what differs between the lines that code logs and those that a page lists under `### Lines at LEVEL`. There each
/// row of a table begins with one or more messages in backticks, in which `…` stands for any text, and has the names of
/// their fields in backticks.
pub fn compare(lines: &[LogLine], page: &str) -> Vec<String> {
    let rows = rows_of(page);
    let mut problems = Vec::new();
    for LogLine { level, message, fields } in lines {
        let fitting = || rows.iter().filter(|row| row.level == *level && row.fits(message));
        if fitting().next().is_none() {
            problems.push(format!("{level} `{message}` is not on the page"));
        }
        for field in fields {
            if fitting().next().is_some() && !fitting().any(|row| row.fields.contains(field)) {
                problems.push(format!("{level} `{message}`: its field `{field}` is not on the page"));
            }
        }
    }
    for row in &rows {
        for message in &row.messages {
            if !lines.iter().any(|line| line.level == row.level && fits(message, &line.message)) {
                problems.push(format!("{} `{message}` is on the page, but is not logged", row.level));
            }
        }
    }
    problems
}

struct Row {
    level: String,
    messages: Vec<String>,
    fields: Vec<String>,
}

impl Row {
    fn fits(&self, message: &str) -> bool {
        self.messages.iter().any(|pattern| fits(pattern, message))
    }
}

fn rows_of(page: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    for section in page.split("\n#").filter_map(|section| section.strip_prefix("## Lines at ")) {
        let (level, rest) = section.split_once('\n').unwrap_or((section, ""));
        for line in rest.lines() {
            let Some((first, others)) = line.strip_prefix('|').and_then(|row| row.split_once('|')) else { continue };
            let messages = quoted(first);
            if !messages.is_empty() {
                rows.push(Row { level: level.to_owned(), messages, fields: quoted(others) });
            }
        }
    }
    rows
}

/// Returns what is in backticks.
fn quoted(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Returns whether `text` is `pattern` with any text for each `…`.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('…') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(start) else { return false };
    let mut pieces: Vec<&str> = rest.split('…').collect();
    let end = pieces.pop().unwrap_or_default();
    for piece in pieces {
        let Some((_, after)) = text.split_once(piece) else { return false };
        text = after;
    }
    text.ends_with(end)
}

fn tokens(code: &str) -> TokenStream {
    code.parse().expect("a Rust file")
}

/// Calls `found` with the name and the arguments of each macro, those in the arguments of other macros too.
fn walk(tokens: TokenStream, found: &mut impl FnMut(&str, Vec<TokenTree>)) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut for_tests = false;
    for (at, token) in tokens.iter().enumerate() {
        let TokenTree::Group(group) = token else {
            for_tests &= !is_punct(token, ';');
            continue;
        };
        let before = |back: usize| at.checked_sub(back).map(|at| &tokens[at]);
        if before(1).is_some_and(|token| is_punct(token, '#')) {
            for_tests |= group.stream().to_string().replace(' ', "") == "cfg(test)";
            continue;
        }
        if let (Some(TokenTree::Ident(name)), Some(bang)) = (before(2), before(1))
            && is_punct(bang, '!')
            && !for_tests
        {
            found(&name.to_string(), group.stream().into_iter().collect());
        }
        if !for_tests {
            walk(group.stream(), found);
        }
        // The body ends the item that an attribute belongs to.
        for_tests &= group.delimiter() != Delimiter::Brace;
    }
}

/// Reads the arguments of a logging macro. `None` without a message.
fn line(level: &str, arguments: Vec<TokenTree>) -> Option<LogLine> {
    let mut fields = Vec::new();
    for argument in arguments.split(|token| is_punct(token, ',')) {
        if let Some(message) = literal(argument) {
            return Some(LogLine { level: level.to_owned(), message, fields });
        }
        // `target: …` and its like are no fields.
        if argument.get(1).is_some_and(|token| is_punct(token, ':')) {
            continue;
        }
        let name = argument.iter().take_while(|token| !is_punct(token, '='));
        let name: String =
            name.filter(|token| !is_punct(token, '%') && !is_punct(token, '?')).map(ToString::to_string).collect();
        fields.push(name);
    }
    None
}

/// Returns the string literal that tokens begin with, with `…` for each placeholder.
fn literal(tokens: &[TokenTree]) -> Option<String> {
    string(tokens.first()?)
}

fn string(token: &TokenTree) -> Option<String> {
    let TokenTree::Literal(literal) = token else { return None };
    let text = syn::parse_str::<syn::LitStr>(&literal.to_string()).ok()?.value();
    let mut message = String::new();
    for (at, piece) in text.split('{').enumerate() {
        match piece.split_once('}') {
            Some((_, after)) if at > 0 => {
                message.push('…');
                message.push_str(after);
            }
            _ => message.push_str(piece),
        }
    }
    Some(message)
}

fn is_punct(token: &TokenTree, wanted: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: &str = r#"
        fn f() {
            tokio::select! {
                _ = x => tracing::warn!(node.id = name(a, b), %error, lost_ms = 2, "it took {lost_ms} ms: try again"),
            }
            tracing::info!("started");
            println!("no line of the log");
        }
        const WHY: &str = "no meaning at all";
        #[cfg(test)]
        mod tests {
            fn f() { tracing::error!("of a test"); }
        }
        fn g() { let text = format!("a longer {} text", 1); }
    "#;

    fn problems(page: &str) -> Vec<String> {
        compare(&lines_in(CODE), page)
    }

    #[test]
    fn lines_are_found_in_macros_but_not_in_tests() {
        let line = |level: &str, message: &str, fields: &[&str]| LogLine {
            level: level.into(),
            message: message.into(),
            fields: fields.iter().map(|&field| field.into()).collect(),
        };
        let expected =
            [line("warn", "it took … ms: try again", &["node.id", "error", "lost_ms"]), line("info", "started", &[])];
        assert_eq!(lines_in(CODE), expected);
        assert_eq!(texts_in(CODE), ["a longer … text", "no meaning at all"]);
    }

    #[test]
    fn a_page_must_have_each_line_with_its_fields_and_no_other() {
        let page = "## Log\n\n### Lines at info\n\n| message |\n|---|\n| `started` | |\n\n### Lines at warn\n\n\
                    | `it took … ms: …` | `node.id`, `error`, `lost_ms` |\n\n## More\n\n| `else` | |\n";
        assert_eq!(problems(page), [""; 0]);
        assert_eq!(problems(&page.replace("started", "begun")).len(), 2);
        assert_eq!(
            problems(&page.replace("`error`, ", "")),
            ["warn `it took … ms: try again`: its field `error` is not on the page"]
        );
        assert_eq!(problems(&page.replace("at warn", "at error")).len(), 2);
        assert_eq!(
            problems(&format!("{page}### Lines at debug\n| `gone` | |\n")),
            ["debug `gone` is on the page, but is not logged"]
        );
    }
}
