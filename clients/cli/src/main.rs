//! `wigwag`: the command line tool of the Wigwag WebRTC signaling server.
//!
//! It signs and reads tokens, manages rooms over `RoomService`, joins rooms as a peer, and checks and measures servers. It
//! uses what every application can use: the API in `wigwag-proto`, the Rust client, and `wigwag-token`.

#![forbid(unsafe_code)]

mod arguments;
mod bench;
mod completion;
mod doctor;
mod duration;
mod exit;
mod failure;
mod globals;
mod ice;
mod join;
mod members;
mod metadata;
mod output;
mod printable;
mod profile;
mod remote;
mod report;
mod rooms;
mod send;
mod target;
mod text_input;
mod token;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use crate::{
    arguments::{Cli, Command},
    exit::Exit,
    failure::Failure,
    output::Output,
};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Done }.into();
        }
    };
    let output = Output::new(cli.globals.output);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return output.failure(&Failure::new(Exit::Defect, format!("cannot start the runtime: {error}"))),
    };
    let code = match runtime.block_on(run(cli, output)) {
        Ok(exit) => exit.into(),
        Err(failure) => output.failure(&failure),
    };
    // A thread may wait for standard input, which need not end.
    runtime.shutdown_background();
    code
}

async fn run(cli: Cli, output: Output) -> Result<Exit, Failure> {
    let globals = &cli.globals;
    match &cli.command {
        Command::Token(command) => token::run(command, globals, output),
        Command::Rooms(command) => rooms::run(command, globals, output).await,
        Command::Members(command) => members::run(command, globals, output).await,
        Command::Send(send) => send::run(send, globals, output).await,
        Command::Join(join) => join::run(join, globals, output).await,
        Command::Doctor(doctor) => doctor::run(doctor, globals, output).await,
        Command::Ice(_) => ice::run(globals, output).await,
        Command::Bench(bench) => bench::run(bench, globals, output).await,
        Command::Completion(completion) => completion::run(completion, Cli::command()),
    }
}
