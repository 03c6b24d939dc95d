//! `wigwag token`: signs, reads and checks access tokens.

mod create;
mod inspect;
mod key;
mod verify;

use std::path::Path;

use clap::Subcommand;
use serde_json::{Value, json};
use wigwag_token::Claims;

use crate::{
    arguments::Globals,
    duration::{self, short, utc},
    exit::Exit,
    failure::Failure,
    output::Output,
    target::variable,
    text_input,
};

/// Longest text that is read as a token. Servers accept at most 8 KiB.
const MAX_INPUT: usize = 64 << 10;

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Sign a token with a key
    Create(create::CreateArgs),
    /// Show what a token says, without checking its signature
    Inspect(inspect::InspectArgs),
    /// Check a token with a key, as a server would
    Verify(verify::VerifyArgs),
}

pub(crate) fn run(command: &TokenCommand, globals: &Globals, output: Output) -> Result<Exit, Failure> {
    match command {
        TokenCommand::Create(arguments) => arguments.run(output),
        TokenCommand::Inspect(arguments) => arguments.run(globals, output),
        TokenCommand::Verify(arguments) => arguments.run(globals, output),
    }
}

/// Returns the token that was given as an argument, with --token or --token-file, or in WIGWAG_TOKEN.
fn given(argument: Option<&str>, globals: &Globals) -> Result<String, Failure> {
    let from_file = |file: &Path| text_input::read(file, "the token", MAX_INPUT);
    let text = match (argument.or(globals.token.as_deref()), &globals.token_file) {
        (Some("-"), _) => from_file(Path::new("-"))?,
        (Some(token), _) => token.to_owned(),
        (None, Some(file)) => from_file(file)?,
        (None, None) => variable("WIGWAG_TOKEN").ok_or_else(|| {
            Failure::new(Exit::Usage, "there is no token to look at")
                .with_hint("give it as the argument, on standard input (-), with --token-file or in WIGWAG_TOKEN")
        })?,
    };
    let text = text.trim();
    Ok(text.strip_prefix("Bearer ").unwrap_or(text).to_owned())
}

/// Claims as JSON, in the form of the token, with times that people can read.
fn claims_json(claims: &Claims) -> Value {
    let grants = &claims.grants;
    json!({
        "sub": &*claims.subject,
        "name": claims.display_name.as_deref(),
        "issued_at": claims.issued_at_ms.map(utc),
        "expires_at": utc(claims.expires_at_ms),
        "jti": claims.id.as_deref(),
        "iss": claims.issuer.as_deref(),
        "wigwag": {
            "ns": claims.namespace,
            "rooms": grants.rooms.iter().map(|room| room.as_str()).collect::<Vec<_>>(),
            "can": grants.can.names().collect::<Vec<_>>(),
            "max_members": grants.max_members,
            "duplicate_users": grants.duplicate_users.map(|rule| rule.name()),
            "metadata": grants.metadata,
        },
    })
}

/// Says how far away a point in time is.
fn relative(at_ms: u64) -> String {
    let now = duration::unix_ms();
    let apart = short(std::time::Duration::from_millis(at_ms.abs_diff(now)));
    if at_ms >= now { format!("in {apart}") } else { format!("{apart} ago") }
}
