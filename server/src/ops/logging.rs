//! The log: what goes to standard error, and in which form.

use std::io::{IsTerminal as _, stderr};

use tracing_subscriber::EnvFilter;

use crate::config::{LogFormat, LogSection};

/// At debug and below, these tell of every frame and header on every connection, by address. Whoever wants that names
/// them in `log.level`, which comes after this and wins.
const QUIET: &str = "h2=info,hyper=info,hyper_util=info,tonic=info,tonic_web=info,tower=info";

/// Starts logging. Call once, first thing; a second call changes nothing.
///
/// Log lines never hold session descriptions, candidates, tokens, credentials or IP addresses.
pub fn init_logging(log: &LogSection) {
    // The filter was checked with the configuration.
    let filter = EnvFilter::try_new(format!("{QUIET},{}", log.level)).unwrap_or_default();
    let terminal = stderr().is_terminal();
    let json = match log.format {
        LogFormat::Auto => !terminal,
        LogFormat::Text => false,
        LogFormat::Json => true,
    };
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr);
    let started = if json {
        builder.json().flatten_event(true).with_current_span(false).try_init()
    } else {
        builder.with_ansi(terminal).try_init()
    };
    if started.is_err() {
        tracing::debug!("logging was started before");
    }
}
