//! The lines that the checks write.

use std::io::{self, IsTerminal as _};

use anstyle::AnsiColor;
use serde::Serialize;
use serde_json::json;

use crate::{
    exit::Exit,
    failure::Failure,
    output::{Format, Output, print, style},
    printable::printable,
};

/// The outcome of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verdict {
    /// As it should be.
    Ok,
    /// Works, and will not for long, or not for everyone.
    Warning,
    /// Does not work.
    Wrong,
    /// Not checked.
    Skipped,
}

#[derive(Debug, Serialize)]
struct Check {
    check: String,
    verdict: Verdict,
    found: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    remedy: String,
}

/// What was found so far. For people each line is printed at once.
pub(crate) struct Report {
    output: Output,
    url: String,
    checks: Vec<Check>,
}

impl Report {
    pub(crate) fn new(output: Output, url: &str) -> Self {
        Self { output, url: url.to_owned(), checks: Vec::new() }
    }

    pub(crate) fn ok(&mut self, check: &str, found: impl Into<String>) -> Result<(), Failure> {
        self.add(check, Verdict::Ok, found.into(), String::new())
    }

    pub(crate) fn wrong(
        &mut self,
        check: &str,
        found: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Result<(), Failure> {
        self.add(check, Verdict::Wrong, found.into(), remedy.into())
    }

    pub(crate) fn warning(
        &mut self,
        check: &str,
        found: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Result<(), Failure> {
        self.add(check, Verdict::Warning, found.into(), remedy.into())
    }

    pub(crate) fn skipped(&mut self, check: &str, why: impl Into<String>) -> Result<(), Failure> {
        self.add(check, Verdict::Skipped, why.into(), String::new())
    }

    /// Ends the report: exit code 1 if something is wrong.
    pub(crate) fn end(self) -> Result<Exit, Failure> {
        let count = |verdict| self.checks.iter().filter(|check| check.verdict == verdict).count();
        let wrong = count(Verdict::Wrong);
        let value = json!({ "url": self.url, "ok": wrong == 0, "checks": self.checks });
        self.output.show(&value, || match (wrong, count(Verdict::Warning)) {
            (0, 0) => "nothing is wrong\n".to_owned(),
            (0, warnings) => format!("nothing is wrong; warnings: {warnings}\n"),
            (wrong, _) => format!("wrong: {wrong}\n"),
        })?;
        Ok(if wrong == 0 { Exit::Done } else { Exit::Failed })
    }

    fn add(&mut self, check: &str, verdict: Verdict, found: String, remedy: String) -> Result<(), Failure> {
        if self.output.format() == Format::Table {
            let (word, color) = match verdict {
                Verdict::Ok => ("ok", AnsiColor::Green),
                Verdict::Warning => ("warning", AnsiColor::Yellow),
                Verdict::Wrong => ("wrong", AnsiColor::Red),
                Verdict::Skipped => ("skipped", AnsiColor::BrightBlack),
            };
            let style = style(io::stdout().is_terminal(), color.on_default());
            let remedy =
                if remedy.is_empty() { String::new() } else { format!("{:20}  -> {}\n", "", printable(&remedy)) };
            print(&format!("{:10}  {style}{word:8}{style:#}  {}\n{remedy}", printable(check), printable(&found)))?;
        }
        self.checks.push(Check { check: check.to_owned(), verdict, found, remedy });
        Ok(())
    }
}
