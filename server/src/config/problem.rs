//! What is wrong with a configuration: every problem at once, each with what would be right.

use std::fmt;

use super::source::Origin;

/// One setting that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The setting, as `session.grace_ms`; or the file, when it cannot be read at all.
    pub key: String,
    /// What was given. Empty when there is nothing to show, or when it may be secret.
    pub value: String,
    /// What is allowed there.
    pub allowed: String,
    /// Where the value came from. `None` when it is the default, or when several settings do not fit together.
    pub origin: Option<Origin>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.key)?;
        if !self.value.is_empty() {
            write!(f, " = {}", self.value)?;
        }
        if let Some(origin) = &self.origin {
            write!(f, " ({origin})")?;
        }
        write!(f, ": {}", self.allowed)
    }
}

/// All that is wrong with a configuration. Its `Display` is one line per problem.
#[derive(Clone, Debug, Default, PartialEq, Eq, thiserror::Error)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.len();
        write!(f, "{count} setting{} cannot be used:", if count == 1 { "" } else { "s" })?;
        for problem in &self.0 {
            write!(f, "\n  {problem}")?;
        }
        Ok(())
    }
}

impl Problems {
    /// Adds a problem found in a loaded configuration.
    pub(super) fn add(&mut self, key: &str, value: impl fmt::Display, allowed: impl Into<String>) {
        self.0.push(Problem { key: key.to_owned(), value: value.to_string(), allowed: allowed.into(), origin: None });
    }

    pub(super) fn or<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }
}
