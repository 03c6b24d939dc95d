//! `[log]`: the level and the format of the log.

use serde::{Deserialize, Serialize};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;
use wigwag_node::audit::LoggedUsers;

use super::error::ConfigErrors;

/// Settings of the log, which goes to standard error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogSection {
    /// A level (`error`, `warn`, `info`, `debug`, `trace`, or `off`), or directives of tracing's `EnvFilter` separated by
    /// commas, such as `info,wigwag_node=debug`. What no directive names is logged at the level that stands alone, or at
    /// info. Default: `info`.
    pub level: String,
    /// Text or JSON. Default: JSON, unless standard error is a terminal.
    pub format: LogFormat,
    /// Whether the lines of opened and resumed sessions hold the client's IP address. Default: false, since addresses are
    /// personal data.
    pub addresses: bool,
    /// How user ids appear in the lines of the log: as they are, as keyed hashes, or not at all. Default: `plain`.
    pub users: LogUsers,
    /// A file with the key of the hashes, at least 16 bytes, so that they are the same after a restart and on all nodes. Empty,
    /// the default: a key is made at each start.
    pub pseudonym_key_file: String,
}

/// How user ids appear in the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogUsers {
    /// As they are.
    #[default]
    Plain,
    /// As keyed hashes.
    Pseudonymous,
    /// Not at all.
    Off,
}

pub(super) const ALLOWED_USERS: &str = "\"plain\", \"pseudonymous\" or \"off\"";

/// Least length of the key, in bytes.
const MIN_KEY_BYTES: usize = 16;

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
        Self {
            level: "info".to_owned(),
            format: LogFormat::Auto,
            addresses: false,
            users: LogUsers::Plain,
            pseudonym_key_file: String::new(),
        }
    }
}

/// The target of the audit log.
const AUDIT: &str = "wigwag_audit";

/// The levels, the highest first.
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// The first parts of the targets of the server's log lines: its crates, and the audit log.
const CRATES: [&str; 7] =
    [AUDIT, "wigwag_compat", "wigwag_http2", "wigwag_hub", "wigwag_net", "wigwag_node", "wigwag_server"];

/// At debug and trace, these libraries log every frame and header of every connection, with its address. Directives can
/// still enable them by name.
const LIBRARIES_AT_INFO: &str = "h2=info,hyper=info,hyper_util=info,tonic=info,tonic_web=info,tower=info";

impl LogSection {
    /// Returns the directives for tracing's `EnvFilter`.
    pub fn filter(&self) -> String {
        let alone = directives(&self.level).into_iter().rfind(|directive| level_of(directive).is_some());
        let base = alone.unwrap_or("info");
        // Of two directives with the same target the last one holds.
        match level_of(base) {
            Some("off") => format!("{base},{}", self.level),
            Some("debug" | "trace") => format!("{base},{LIBRARIES_AT_INFO},{}", self.level),
            // The audit log is complete at every level, unless a directive names it.
            _ => format!("{base},{AUDIT}=info,{}", self.level),
        }
    }

    /// Returns the key of pseudonyms, if user ids are logged as such.
    ///
    /// # Errors
    ///
    /// The key file cannot be used, or the system has no randomness.
    pub fn logged_users(&self) -> Result<LoggedUsers, String> {
        match self.users {
            LogUsers::Plain => Ok(LoggedUsers::Plain),
            LogUsers::Off => Ok(LoggedUsers::Off),
            LogUsers::Pseudonymous if self.pseudonym_key_file.is_empty() => {
                let mut key = [0; 32];
                getrandom::fill(&mut key).map_err(|error| format!("the system has no randomness: {error}"))?;
                Ok(LoggedUsers::Pseudonymous(key.as_slice().into()))
            }
            LogUsers::Pseudonymous => match std::fs::read(&self.pseudonym_key_file) {
                Ok(key) if key.len() >= MIN_KEY_BYTES => Ok(LoggedUsers::Pseudonymous(key.into())),
                Ok(key) => Err(format!("a file of at least {MIN_KEY_BYTES} bytes: it has {}", key.len())),
                Err(error) => Err(format!("a file that can be read ({error})")),
            },
        }
    }

    pub(super) fn check(&self, errors: &mut ConfigErrors) {
        if !self.pseudonym_key_file.is_empty() && self.users != LogUsers::Pseudonymous {
            let allowed = "\"pseudonymous\", or no log.pseudonym_key_file: there is nothing to hash";
            errors.add("log.users", "", allowed);
        } else if let Err(allowed) = self.logged_users() {
            errors.add("log.pseudonym_key_file", format!("{:?}", self.pseudonym_key_file), allowed);
        }
        let problem = directives(&self.level).into_iter().find_map(|directive| problem_of(directive, MOST_DETAILED));
        let problem = match problem {
            Some(problem) => problem,
            None if EnvFilter::try_new(&self.level).is_ok() => return,
            None => "is not a list of directives".to_owned(),
        };
        let allowed = "error, warn, info, debug, trace, off, or directives such as info,wigwag_node=debug";
        errors.add("log.level", format!("{:?}", self.level), format!("{problem}: use {allowed}"));
    }
}

/// The most detailed level that this build can log. Release builds leave out trace, since the HTTP/2 libraries enter a span
/// of that level for every frame.
const MOST_DETAILED: LevelFilter = tracing::level_filters::STATIC_MAX_LEVEL;

/// Empty directives are left out.
fn directives(text: &str) -> Vec<&str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect()
}

/// Returns the level whose name this is.
fn level_of(word: &str) -> Option<&'static str> {
    LEVELS.into_iter().find(|level| level.eq_ignore_ascii_case(word))
}

/// Returns what is wrong with a directive. `EnvFilter` takes a mistyped level for the name of a module, and then logs
/// nothing else.
fn problem_of(directive: &str, most_detailed: LevelFilter) -> Option<String> {
    let (target, word) = match directive.rsplit_once('=').filter(|(_, level)| !level.contains(['}', ']'])) {
        Some((target, level)) => (Some(target), level),
        // A span without a level: everything in it.
        None if directive.contains('[') => (Some(directive), "trace"),
        None => (None, directive),
    };
    let Some(level) = level_of(word) else {
        let also = if target.is_none() { ", and a module needs one, as in wigwag_node=debug" } else { "" };
        return Some(format!("{word:?} is not a level{also}"));
    };
    let module = target.map(|target| target.split(['[', ':']).next().unwrap_or_default()).unwrap_or_default();
    if module.starts_with("wigwag") && !CRATES.contains(&module) {
        return Some(format!("{module:?} is not a part of the server, whose parts are {}", CRATES.join(", ")));
    }
    let left_out = level.parse::<LevelFilter>().is_ok_and(|level| level > most_detailed);
    left_out.then(|| {
        format!("{directive:?} asks for lines of level {level}, which this build leaves out; the most detailed is {most_detailed}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(level: &str) -> Option<String> {
        let mut errors = ConfigErrors::default();
        LogSection { level: level.to_owned(), ..LogSection::default() }.check(&mut errors);
        errors.0.pop().map(|error| error.to_string())
    }

    #[test]
    fn a_mistyped_level_or_module_is_an_error_that_names_those_there_are() {
        for level in ["warning", "inof", "3", "info,wigwag_node", "wigwag_node=verbose", "info,h2=warning", "info,="] {
            let text = problem(level).unwrap_or_else(|| panic!("{level} is accepted"));
            assert!(text.contains("error, warn, info, debug, trace"), "{text}");
        }
        let text = problem("info,wigwag_nod=debug").expect("there is no such module");
        assert!(text.contains("\"wigwag_nod\"") && text.contains("wigwag_node, wigwag_server"), "{text}");
    }

    #[test]
    fn levels_in_any_case_and_directives_are_accepted() {
        for level in ["error", "warn", "info", "DEBUG", "off", "info,wigwag_node::connection=debug", "h2=debug"] {
            assert_eq!(problem(level), None, "{level}");
        }
        for span in ["info,h2[send{frame=a}]=debug", "[span]=info"] {
            assert_eq!(problem(span), None, "{span}");
        }
    }

    #[test]
    fn a_level_that_the_build_leaves_out_is_refused_with_the_reason() {
        for directive in ["trace", "wigwag_http2=trace", "h2[send]"] {
            let text = problem_of(directive, LevelFilter::DEBUG).unwrap_or_else(|| panic!("{directive} is accepted"));
            assert!(text.contains("this build leaves out") && text.contains("debug"), "{text}");
            assert_eq!(problem_of(directive, LevelFilter::TRACE), None, "{directive}");
        }
    }

    #[test]
    fn what_no_directive_names_is_logged_at_the_level_that_stands_alone_or_at_info() {
        let filter = |level: &str| LogSection { level: level.to_owned(), ..LogSection::default() }.filter();
        assert_eq!(filter("wigwag_node=debug"), "info,wigwag_audit=info,wigwag_node=debug");
        assert_eq!(filter("warn"), "warn,wigwag_audit=info,warn");
        assert_eq!(filter("error,wigwag_audit=off"), "error,wigwag_audit=info,error,wigwag_audit=off");
        assert_eq!(filter("off"), "off,off");
        assert_eq!(filter("debug,h2=debug"), format!("debug,{LIBRARIES_AT_INFO},debug,h2=debug"));
    }
}
