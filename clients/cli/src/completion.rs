//! `wigwag completion`: scripts for shells.

use clap::{Args, Command};
use clap_complete::Shell;

use crate::{exit::Exit, failure::Failure, output};

/// Print a completion script for a shell.
///
/// For bash: wigwag completion bash > ~/.local/share/bash-completion/completions/wigwag
#[derive(Debug, Args)]
pub(crate) struct CompletionArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints the script for this command line.
pub(crate) fn run(arguments: &CompletionArgs, mut command: Command) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, "wigwag", &mut script);
    output::print(&String::from_utf8_lossy(&script))
}
