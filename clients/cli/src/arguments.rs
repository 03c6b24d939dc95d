//! The command line.

use clap::{Parser, Subcommand};

use crate::{
    bench::BenchArgs, completion::CompletionArgs, doctor::DoctorArgs, globals::Globals, ice::IceArgs, join::JoinArgs,
    members::MembersCommand, rooms::RoomsCommand, send::SendArgs, token::TokenCommand,
};

/// The command line tool of the Wigwag signaling server: tokens, rooms, members, messages.
///
/// The server and the token come from --url and --token, else from the profile that --profile names, else from WIGWAG_URL and
/// WIGWAG_TOKEN, else from the default profile. Profiles are in config.toml in the folder `wigwag` of your configuration files
/// (~/.config/wigwag/config.toml on Linux). Without any of them the server is http://127.0.0.1:8080.
#[derive(Parser)]
#[command(name = "wigwag", version, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) globals: Globals,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Sign, read and check access tokens
    #[command(subcommand)]
    Token(TokenCommand),
    /// List, create, change, end and watch rooms
    #[command(subcommand)]
    Rooms(RoomsCommand),
    /// List and remove the members of a room
    #[command(subcommand)]
    Members(MembersCommand),
    /// Send a message to a room or one of its members, without joining
    Send(SendArgs),
    /// Join a room: shows who comes, who goes and what arrives, and sends the lines that you type
    Join(JoinArgs),
    /// Check a server from here, and say what is wrong and what to do
    Doctor(DoctorArgs),
    /// Try the STUN and TURN servers that the server hands out
    Ice(IceArgs),
    /// Put load on a server and measure how long messages take
    Bench(BenchArgs),
    /// Print a completion script for a shell
    Completion(CompletionArgs),
}

const EXIT_CODES: &str = "\
Exit codes:
   0  done
   1  a check failed: the token is not good, doctor or ice found something wrong,
      the bench lost messages or was too slow
  64  the command line is invalid
  65  the server refused the request: a field is invalid, the room exists already
  66  no such room, member or file
  69  the server cannot be reached, or does not have this call
  70  a defect of this program or of the server
  75  not now: the server is draining, too many requests, a mailbox is full; try again later
  77  no token, or one that does not permit this
  78  the profile or its file cannot be used

With --output json an error is one JSON object on standard error: exit_code, reason, message, hint.
Colors are left out when standard output is not a terminal, or NO_COLOR is set.";

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::exit::Exit;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_help_lists_every_exit_code() {
        let listed: Vec<u8> = EXIT_CODES
            .lines()
            .filter_map(|line| line.strip_prefix("  ")?.trim_start().split_once("  ")?.0.parse().ok())
            .collect();
        assert_eq!(listed, Exit::ALL.map(|exit| exit as u8));
    }
}
