//! The errors of a configuration: all at once, each with what is allowed.

use std::fmt;
use std::path::PathBuf;

/// One invalid setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The setting, as `session.grace_ms`; or the file, when it cannot be read at all.
    pub key: String,
    /// The value. Empty if there is none to show, or if it may be secret.
    pub value: String,
    /// What is allowed.
    pub allowed: String,
    /// Where the value came from. `None` for a default, and for settings that contradict each other.
    pub origin: Option<ValueOrigin>,
}

impl fmt::Display for ConfigError {
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

/// All errors of a configuration. Its `Display` is one line per error.
#[derive(Clone, Debug, Default, PartialEq, Eq, thiserror::Error)]
pub struct ConfigErrors(pub Vec<ConfigError>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.len();
        write!(f, "{count} invalid setting{}:", if count == 1 { "" } else { "s" })?;
        for error in &self.0 {
            write!(f, "\n  {error}")?;
        }
        Ok(())
    }
}

impl ConfigErrors {
    /// Creates the errors of one setting.
    pub(crate) fn one(key: &str, allowed: impl Into<String>) -> Self {
        let mut errors = Self::default();
        errors.add(key, "", allowed);
        errors
    }

    /// Adds an error. Its origin is filled in by the caller.
    pub(super) fn add(&mut self, key: &str, value: impl fmt::Display, allowed: impl Into<String>) {
        self.0.push(ConfigError {
            key: key.to_owned(),
            value: value.to_string(),
            allowed: allowed.into(),
            origin: None,
        });
    }

    /// Returns `value` if there are no errors.
    pub(super) fn or<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }
}

/// Where a value was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValueOrigin {
    /// On the command line, by this flag.
    Flag(String),
    /// In this environment variable.
    Environment(String),
    /// In the configuration file.
    File(PathBuf),
}

impl fmt::Display for ValueOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => write!(f, "from {flag}"),
            Self::Environment(name) => write!(f, "from {name}"),
            Self::File(path) => write!(f, "from {}", path.display()),
        }
    }
}
