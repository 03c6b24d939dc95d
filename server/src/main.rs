//! The `wigwag-server` binary: loads the configuration, binds the port and serves.

#![forbid(unsafe_code)]

use std::io::{ErrorKind, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use clap::Parser as _;
use tokio::net::TcpListener;
use wigwag_net::listener::RuntimePool;
use wigwag_net::workers::{self, Workers};
use wigwag_node::clock::unix_ms;
use wigwag_server::app::{self, DevAccess, ServeError};
use wigwag_server::cli::{Cli, Command, LICENSES};
use wigwag_server::config::{Config, Environment};
use wigwag_server::ops;

/// Idle connections are many small objects of a few sizes, next to large buffers that are mostly untouched. jemalloc keeps
/// the two apart in its size classes, so that the buffers cost no physical memory.
#[cfg(not(target_env = "msvc"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Exit code for an invalid command line or configuration (EX_USAGE of sysexits.h).
const BAD_USAGE: u8 = 64;

/// Exit code for a defect of the server: a part without which it is of no use has failed (EX_SOFTWARE of sysexits.h).
const DEFECT: u8 = 70;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { BAD_USAGE } else { 0 });
        }
    };
    // Needs no configuration, not even a valid one.
    if cli.command == Some(Command::Licenses) {
        print(LICENSES);
        return ExitCode::SUCCESS;
    }
    let (overrides, environment) = (cli.overrides(), Environment::of_process());
    let config = match Config::load(&overrides, &environment) {
        Ok(config) => config,
        Err(errors) => {
            ops::print_error(&errors.to_string());
            return ExitCode::from(BAD_USAGE);
        }
    };
    let warnings = Config::warnings(&overrides, &environment);
    match cli.command {
        None => run(config, None, &warnings),
        Some(Command::Dev) => run_for_development(config, &warnings),
        Some(command) => {
            for warning in warnings {
                ops::print_error(&format!("warning: {warning}"));
            }
            execute(&command, &config)
        }
    }
}

/// Executes a command that does not serve.
fn execute(command: &Command, config: &Config) -> ExitCode {
    match command {
        Command::CheckConfig => print("The configuration can be used.\n"),
        Command::Token(token) => match token.mint(config, unix_ms()) {
            Ok(token) => print(&format!("{token}\n")),
            Err(error) => {
                ops::print_error(&error);
                return ExitCode::from(BAD_USAGE);
            }
        },
        Command::Licenses => print(LICENSES),
        Command::PrintConfig | Command::Dev => print(&config.to_toml()),
    }
    ExitCode::SUCCESS
}

fn run_for_development(mut config: Config, warnings: &[String]) -> ExitCode {
    match DevAccess::enable(&mut config, unix_ms()) {
        Ok(access) => run(config, Some(access), warnings),
        Err(error) => fail(&error),
    }
}

fn run(mut config: Config, dev: Option<DevAccess>, warnings: &[String]) -> ExitCode {
    if let Err(error) = ops::init_logging(&config.log) {
        return fail(&format!("cannot start the log: {error}"));
    }
    for warning in warnings {
        tracing::warn!("{warning}");
    }
    app::raise_open_files(&mut config);
    let (runtime, mut workers) =
        match workers::runtime().and_then(|runtime| Ok((runtime, Workers::start(config.workers)?))) {
            Ok(started) => started,
            Err(error) => return fail(&format!("cannot start the runtime: {error}")),
        };
    let pool = workers.pool();
    let serve = async {
        tokio::select! {
            code = bind_and_serve(config, dev, pool) => Ok(code),
            thread = workers.ended() => Err(thread),
        }
    };
    let code = match catch_unwind(AssertUnwindSafe(|| runtime.block_on(serve))) {
        Ok(Ok(code)) => code,
        Ok(Err(thread)) => defect(&format!("the thread {thread} ended, and the server cannot go on without it")),
        Err(_) => defect("the main thread panicked"),
    };
    // Tasks that still run do not hold state that must be saved.
    runtime.shutdown_timeout(Duration::from_millis(100));
    ops::flush_log();
    code
}

async fn bind_and_serve(config: Config, dev: Option<DevAccess>, pool: RuntimePool) -> ExitCode {
    let listener = match TcpListener::bind(config.listen).await {
        Ok(listener) => listener,
        Err(error) => return fail(&cannot_bind(&config, &error)),
    };
    let shutdown = match app::termination() {
        Ok(shutdown) => shutdown,
        Err(error) => return fail(&format!("cannot install signal handlers: {error}")),
    };
    let listen = listener.local_addr().unwrap_or(config.listen);
    let banner = match dev {
        Some(dev) => dev.banner(&config, listen),
        None => app::banner(&config, listen),
    };
    // In a thread that is not waited for: standard output may be a pipe that is not read.
    let _ = thread::Builder::new().name("wigwag-banner".to_owned()).spawn(move || print(&banner));
    match app::serve_over(pool, config, listener, shutdown).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error @ ServeError::TaskEnded(_)) => defect(&error.to_string()),
        Err(error) => fail(&error.to_string()),
    }
}

fn cannot_bind(config: &Config, error: &std::io::Error) -> String {
    let hint = match error.kind() {
        ErrorKind::AddrInUse => "another program uses this port: choose a free one with --listen or PORT",
        ErrorKind::PermissionDenied => "ports below 1024 need privileges: choose a higher one with --listen or PORT",
        ErrorKind::AddrNotAvailable => "this machine does not have this address: choose another with --listen",
        _ => "check the setting listen (--listen)",
    };
    format!("cannot listen on {}: {error}\n  {hint}", config.listen)
}

fn fail(message: &str) -> ExitCode {
    ops::print_error(message);
    ops::flush_log();
    ExitCode::FAILURE
}

/// Ends the process at once: after a defect there may be threads and tasks that never end.
fn defect(message: &str) -> ! {
    ops::print_error(message);
    ops::flush_log();
    std::process::exit(DEFECT.into())
}

/// Prints to stdout; ignores a closed pipe.
fn print(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}
