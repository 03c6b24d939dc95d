//! The `wigwag-server` binary: loads the configuration, binds the port and serves.

#![forbid(unsafe_code)]

use std::io::{ErrorKind, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser as _;
use tokio::net::TcpListener;
use wigwag_net::listener::RuntimePool;
use wigwag_net::workers::{self, Workers};
use wigwag_server::cli::{Cli, Command};
use wigwag_server::config::{Config, Environment};
use wigwag_server::{app, ops};

/// Idle connections are many small objects of a few sizes, next to large buffers that are mostly untouched. jemalloc keeps
/// the two apart in its size classes, so that the buffers cost no physical memory.
#[cfg(not(target_env = "msvc"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Exit code for an invalid command line or configuration (EX_USAGE of sysexits.h).
const BAD_USAGE: u8 = 64;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { BAD_USAGE } else { 0 });
        }
    };
    let config = match Config::load(&cli.overrides(), &Environment::of_process()) {
        Ok(config) => config,
        Err(errors) => {
            eprintln!("wigwag-server: {errors}");
            return ExitCode::from(BAD_USAGE);
        }
    };
    match cli.command {
        Some(Command::CheckConfig) => print("The configuration can be used.\n"),
        Some(Command::PrintConfig) => print(&config.to_toml()),
        None => return run(config),
    }
    ExitCode::SUCCESS
}

fn run(mut config: Config) -> ExitCode {
    ops::init_logging(&config.log);
    app::raise_open_files(&mut config);
    let (runtime, workers) = match workers::runtime().and_then(|runtime| Ok((runtime, Workers::start(config.workers)?)))
    {
        Ok(started) => started,
        Err(error) => return fail(&format!("cannot start the runtime: {error}")),
    };
    let code = runtime.block_on(bind_and_serve(config, workers.pool()));
    // Tasks that still run do not hold state that must be saved.
    runtime.shutdown_timeout(Duration::from_millis(100));
    code
}

async fn bind_and_serve(config: Config, pool: RuntimePool) -> ExitCode {
    let listener = match TcpListener::bind(config.listen).await {
        Ok(listener) => listener,
        Err(error) => return fail(&cannot_bind(&config, &error)),
    };
    let shutdown = match app::termination() {
        Ok(shutdown) => shutdown,
        Err(error) => return fail(&format!("cannot install signal handlers: {error}")),
    };
    print(&app::banner(&config, listener.local_addr().unwrap_or(config.listen)));
    match app::serve_over(pool, config, listener, shutdown).await {
        Ok(()) => ExitCode::SUCCESS,
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
    eprintln!("wigwag-server: {message}");
    ExitCode::FAILURE
}

/// Prints to stdout; ignores a closed pipe.
fn print(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}
