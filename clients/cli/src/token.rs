//! `wigwag token`: signs, reads and checks access tokens.

mod claims;
mod create;
mod given;
mod inspect;
mod key;
mod verify;

use clap::Subcommand;

use crate::{exit::Exit, failure::Failure, globals::Globals, output::Output};

#[derive(Subcommand)]
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
