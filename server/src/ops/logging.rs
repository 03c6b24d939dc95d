//! Sets up logging to standard error, and what the process says when it ends.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::fs::File;
use std::io::{self, IsTerminal as _, Write, stderr};
use std::os::fd::AsFd as _;
use std::panic;
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use tracing_subscriber::EnvFilter;

use super::log_writer::LogWriter;
use crate::config::{LogFormat, LogSection};

/// The time that the last lines have to be written when the process ends.
const FLUSH_TIMEOUT: Duration = Duration::from_millis(500);

static WRITER: OnceLock<LogWriter> = OnceLock::new();

/// Starts logging, and logs panics from now on. Must be called before anything is logged; a second call has no effect.
///
/// Nothing that is logged waits for standard error or fails: lines that cannot be written are dropped and counted
/// ([`log_lines_dropped`]). Lines never hold session descriptions, candidates, tokens, credentials or IP addresses.
///
/// # Errors
///
/// When the thread that writes the log cannot be created.
pub fn init_logging(log: &LogSection) -> io::Result<()> {
    let writer = LogWriter::start(standard_error())?;
    if WRITER.set(writer.clone()).is_err() {
        return Ok(());
    }
    // `Config::load` has checked the filter.
    let filter = EnvFilter::try_new(log.filter()).unwrap_or_default();
    let terminal = stderr().is_terminal();
    let json = match log.format {
        LogFormat::Auto => !terminal,
        LogFormat::Text => false,
        LogFormat::Json => true,
    };
    // The library reports its internal errors with eprintln, which panics when standard error cannot be written.
    let builder = tracing_subscriber::fmt().with_env_filter(filter).log_internal_errors(false).with_writer(writer);
    let started = if json {
        builder.json().flatten_event(true).with_current_span(false).try_init()
    } else {
        builder.with_ansi(terminal).try_init()
    };
    if started.is_ok() {
        log_panics();
    }
    Ok(())
}

/// Returns the number of log lines dropped since the start: standard error was not read fast enough, or not writable.
pub fn log_lines_dropped() -> u64 {
    WRITER.get().map_or(0, LogWriter::dropped)
}

/// Waits until the log is written, at most half a second. For the end of the process.
pub fn flush_log() {
    if let Some(writer) = WRITER.get() {
        writer.flush(FLUSH_TIMEOUT);
    }
}

/// Writes a message for the person who started the server, as the last line on standard error. Never fails; waits for
/// standard error only before [`init_logging`].
pub fn print_error(message: &str) {
    let line = format!("wigwag-server: {message}\n");
    match WRITER.get() {
        Some(writer) => writer.push(line.as_bytes()),
        None => {
            let _ = stderr().write_all(line.as_bytes());
        }
    }
}

/// Returns standard error without the lock that the standard library keeps around it: a thread that waits for a stuck pipe
/// would hold it.
fn standard_error() -> Box<dyn Write + Send> {
    match stderr().as_fd().try_clone_to_owned() {
        Ok(descriptor) => Box::new(File::from(descriptor)),
        Err(_) => Box::new(stderr()),
    }
}

/// Logs panics instead of writing them to standard error, on which a thread that serves must not wait.
fn log_panics() {
    panic::set_hook(Box::new(|info| {
        let message = info.payload_as_str().unwrap_or("not a text");
        let location = info.location().map(ToString::to_string).unwrap_or_default();
        let current = thread::current();
        let thread = current.name().unwrap_or_default();
        // Only if RUST_BACKTRACE asks for it.
        let backtrace = Backtrace::capture();
        let backtrace = (backtrace.status() == BacktraceStatus::Captured).then(|| tracing::field::display(backtrace));
        tracing::error!(thread, location, backtrace, "panic: {message}");
    }));
}
