//! The flags of every command.

use std::{path::PathBuf, time::Duration};

use clap::Args;

use crate::{duration, output::Format};

/// What every command understands.
#[derive(Clone, Args)]
pub(crate) struct Globals {
    /// URL of the server, such as https://signal.example.com (WIGWAG_URL)
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// Access token; other users of this machine see it in the list of processes, so prefer --token-file (WIGWAG_TOKEN)
    #[arg(long, global = true, value_name = "TOKEN", conflicts_with = "token_file")]
    pub(crate) token: Option<String>,
    /// Read the access token from this file, - is standard input
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// Also trust this certificate authority, a PEM file (WIGWAG_CA_FILE)
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// Use this profile of config.toml (WIGWAG_PROFILE)
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// How to print results
    #[arg(long, short, global = true, value_enum, value_name = "FORM", default_value = "table")]
    pub(crate) output: Format,
    /// Longest wait for a connection, and for the answer to a call
    #[arg(long, global = true, value_name = "TIME", default_value = "10s", value_parser = duration::parse)]
    pub(crate) timeout: Duration,
}
