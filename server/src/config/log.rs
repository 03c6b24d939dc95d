//! `[log]`: the level and the format of the log.

use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;

use super::error::ConfigErrors;

/// Settings of the log, which goes to standard error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogSection {
    /// A level (`error`, `warn`, `info`, `debug`, `trace`) or directives of tracing's `EnvFilter`, such as
    /// `info,wigwag_server=debug`.
    pub level: String,
    /// Text or JSON.
    pub format: LogFormat,
}

/// The form of a log line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    #[default]
    Auto,
    /// One readable line per event.
    Text,
    /// One JSON object per event.
    Json,
}

pub(super) const ALLOWED_FORMAT: &str = "\"auto\", \"text\" or \"json\"";

impl Default for LogSection {
    fn default() -> Self {
        Self { level: "info".to_owned(), format: LogFormat::Auto }
    }
}

impl LogSection {
    pub(super) fn check(&self, errors: &mut ConfigErrors) {
        if EnvFilter::try_new(&self.level).is_err() {
            let allowed = "a level (error, warn, info, debug, trace) or directives such as info,wigwag_server=debug";
            errors.add("log.level", &self.level, allowed);
        }
    }
}
