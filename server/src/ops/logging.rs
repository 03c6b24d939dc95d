//! Sets up logging to standard error.

use std::io::{IsTerminal as _, stderr};

use tracing_subscriber::EnvFilter;

use crate::config::{LogFormat, LogSection};

/// At debug and trace, these libraries log every frame and header of every connection, with its address. `log.level` can
/// still enable them by name, since its directives follow these and take precedence.
const LIBRARIES_AT_INFO: &str = "h2=info,hyper=info,hyper_util=info,tonic=info,tonic_web=info,tower=info";

/// Starts logging. Must be called before anything is logged; a second call has no effect.
///
/// Log lines never hold session descriptions, candidates, tokens, credentials or IP addresses.
pub fn init_logging(log: &LogSection) {
    // `Config::load` has checked the filter.
    let filter = EnvFilter::try_new(format!("{LIBRARIES_AT_INFO},{}", log.level)).unwrap_or_default();
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
        tracing::debug!("logging is already set up");
    }
}
