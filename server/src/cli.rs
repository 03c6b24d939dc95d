//! The command line.

mod token;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::config::{Override, Overrides};

pub use token::TokenArgs;

/// A WebRTC signaling server: peers meet in rooms and exchange offers, answers and candidates.
///
/// Settings come from flags, then from WIGWAG_* environment variables (session.grace_ms is WIGWAG_SESSION__GRACE_MS),
/// then from the file, then from the defaults. PORT replaces the port of `listen`, unless --listen sets it.
///
/// Exit codes: 0 after a drain, 1 if the server cannot start, 64 for an invalid command line or configuration, 70 after a
/// defect of the server, 130 after a second signal.
#[derive(Debug, Parser)]
#[command(name = "wigwag-server", version)]
pub struct Cli {
    /// What to do instead of serving.
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    flags: Flags,
}

/// A subcommand. Without one the server runs.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Run with a new key, and print it and a token that permits everything for an hour
    Dev,
    /// Sign a token with a key of the configuration
    Token(TokenArgs),
    /// Check the configuration and list all errors in it
    CheckConfig,
    /// Print the effective configuration as TOML, without secrets
    PrintConfig,
    /// Print the third-party packages in this program, with their licenses
    Licenses,
}

/// What [`Command::Licenses`] prints. `make licenses` writes it after a change of the dependencies.
pub const LICENSES: &str = include_str!("cli/licenses.txt");

#[derive(Debug, Args)]
struct Flags {
    /// Read settings from this TOML file (WIGWAG_CONFIG)
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Listen on this IP address and port
    #[arg(long, global = true, value_name = "ADDR")]
    listen: Option<String>,
    /// Let other machines connect although clients need no token
    #[arg(long, global = true)]
    insecure_open: bool,
    /// Speak TLS with a certificate that is made at the start and that clients have to accept, for phones on a LAN
    #[arg(long, global = true)]
    tls_self_signed: bool,
    /// Name of this node
    #[arg(long, global = true, value_name = "NAME")]
    node_name: Option<String>,
    /// Threads that serve connections; 0 = one per processor
    #[arg(long, global = true, value_name = "COUNT")]
    workers: Option<String>,
    /// Level of the log (error, warn, info, debug, trace, off), or directives such as info,wigwag_node=debug
    #[arg(long, global = true, value_name = "FILTER")]
    log_level: Option<String>,
    /// Form of the log: auto, text or json
    #[arg(long, global = true, value_name = "FORM")]
    log_format: Option<String>,
    /// Any other setting, such as session.grace_ms=60000; may be repeated
    #[arg(long = "set", global = true, value_name = "KEY=VALUE", value_parser = key_and_value)]
    set: Vec<(String, String)>,
}

impl Cli {
    /// Returns the settings that the flags override.
    pub fn overrides(&self) -> Overrides {
        let flags = &self.flags;
        let mut settings = Vec::new();
        let mut add = |flag: &str, key: &str, value: Option<String>| {
            let (flag, key) = (flag.to_owned(), key.to_owned());
            settings.extend(value.map(|value| Override { flag, key, value }));
        };
        for (key, value) in &flags.set {
            add("--set", key, Some(value.clone()));
        }
        add("--listen", "listen", flags.listen.clone());
        add("--insecure-open", "insecure_open", flags.insecure_open.then(|| "true".to_owned()));
        add("--tls-self-signed", "tls.self_signed", flags.tls_self_signed.then(|| "true".to_owned()));
        add("--node-name", "node_name", flags.node_name.clone());
        add("--workers", "workers", flags.workers.clone());
        add("--log-level", "log.level", flags.log_level.clone());
        add("--log-format", "log.format", flags.log_format.clone());
        Overrides { file: flags.config.clone(), settings }
    }
}

fn key_and_value(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write it as KEY=VALUE")?;
    Ok((key.trim().to_owned(), value.trim().to_owned()))
}
