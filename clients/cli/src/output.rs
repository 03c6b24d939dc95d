//! Prints results and failures.

use std::{
    io::{self, IsTerminal as _, Write as _},
    process::ExitCode,
};

use anstyle::{AnsiColor, Style};
use clap::ValueEnum;
use comfy_table::{Table, presets};
use serde::Serialize;
use serde_json::json;

use crate::{exit::Exit, failure::Failure, printable::printable};

/// How results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Columns for people
    Table,
    /// JSON, as the REST API writes it; streams are one object a line
    Json,
    /// YAML; streams are one document after another
    Yaml,
}

/// Standard output and standard error, in the form that was asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    format: Format,
}

impl Output {
    pub(crate) fn new(format: Format) -> Self {
        Self { format }
    }

    pub(crate) fn format(self) -> Format {
        self.format
    }

    /// Prints a result: `table` is what people read.
    pub(crate) fn show(self, value: &impl Serialize, table: impl FnOnce() -> String) -> Result<Exit, Failure> {
        match self.format {
            Format::Table => print(&table()),
            Format::Json => print(&(serde_json::to_string_pretty(value).map_err(unwritable)? + "\n")),
            Format::Yaml => print(&yaml(value)?),
        }
    }

    /// Prints one item of a stream.
    pub(crate) fn show_next(self, value: &impl Serialize, line: impl FnOnce() -> String) -> Result<Exit, Failure> {
        match self.format {
            Format::Table => print(&(line() + "\n")),
            Format::Json => print(&(serde_json::to_string(value).map_err(unwritable)? + "\n")),
            Format::Yaml => print(&format!("---\n{}", yaml(value)?)),
        }
    }

    /// Prints what a command did that has no result.
    pub(crate) fn done(self, did: &str) -> Result<Exit, Failure> {
        self.show(&json!({}), || format!("{did}\n"))
    }

    /// Prints a remark for people to standard error.
    pub(crate) fn note(self, text: &str) {
        let _ = writeln!(io::stderr(), "{}", printable(text));
    }

    /// Prints a failure to standard error, and returns its exit code.
    pub(crate) fn failure(self, failure: &Failure) -> ExitCode {
        let Failure { exit, reason, message, hint } = failure;
        let text = match self.format {
            Format::Table => {
                let red = style(io::stderr().is_terminal(), AnsiColor::Red.on_default().bold());
                let reason = if reason.is_empty() { String::new() } else { format!(" ({reason})") };
                let hint = if hint.is_empty() { String::new() } else { format!("\n  {hint}") };
                format!("{red}error:{red:#} {}{reason}{hint}", printable(message))
            }
            Format::Json | Format::Yaml => {
                json!({ "exit_code": *exit as u8, "reason": reason, "message": message, "hint": hint }).to_string()
            }
        };
        let _ = writeln!(io::stderr(), "{text}");
        (*exit).into()
    }
}

/// Returns `style` for a terminal whose user has not asked for plain text (no-color.org).
pub(crate) fn style(is_terminal: bool, style: Style) -> Style {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let is_plain = set("NO_COLOR").is_some() || set("TERM").is_some_and(|term| term == "dumb");
    if is_terminal && !is_plain { style } else { Style::new() }
}

/// Writes rows in columns under a heading.
pub(crate) fn columns<const N: usize>(heading: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(heading);
    table.add_rows(rows.into_iter().map(|row| row.map(|cell| printable(&cell).into_owned())));
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    let lines = table.lines().map(|line| line.trim_end().to_owned() + "\n");
    lines.collect()
}

/// Writes names and values below each other; empty values are left out.
pub(crate) fn fields<'a>(rows: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let rows: Vec<_> = rows.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    rows.iter().map(|(name, value)| format!("{name:width$}  {}\n", printable(value))).collect()
}

/// Writes `-` for an empty text.
pub(crate) fn dash(text: &str) -> String {
    if text.is_empty() { "-".to_owned() } else { text.to_owned() }
}

/// Prints to standard output. A reader that has gone away, such as `head`, ends the program as if all were printed.
pub(crate) fn print(text: &str) -> Result<Exit, Failure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(Exit::Done),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(Exit::Done as i32),
        Err(error) => Err(Failure::new(Exit::Defect, format!("cannot write to standard output: {error}"))),
    }
}

fn yaml(value: &impl Serialize) -> Result<String, Failure> {
    let text = serde_saphyr::to_string(value).map_err(unwritable)?;
    Ok(if text.ends_with('\n') { text } else { text + "\n" })
}

fn unwritable(error: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Defect, format!("cannot write the result in this form: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_hold_no_control_characters() {
        let rows = [["lobby".to_owned(), "3".to_owned()], ["a\u{1b}[2J".to_owned(), "12".to_owned()]];
        assert_eq!(columns(["ROOM", "MEMBERS"], rows), "ROOM        MEMBERS\nlobby       3\na\\u{1b}[2J  12\n");
    }

    #[test]
    fn fields_leave_out_what_is_empty() {
        let rows = [("room", "lobby".to_owned()), ("owner", String::new()), ("version", "2".to_owned())];
        assert_eq!(fields(rows), "room     lobby\nversion  2\n");
    }

    #[test]
    fn yaml_quotes_texts_that_would_be_read_as_something_else() {
        let text = yaml(&json!({ "a": "yes", "b": "1", "c": ["x: y", "null"] })).expect("serializable");
        for quoted in ["yes", "1", "x: y", "null"] {
            assert!(!text.contains(&format!(": {quoted}\n")), "{text}");
        }
    }
}
