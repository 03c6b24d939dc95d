//! The token to look at.

use std::path::Path;

use crate::{exit::Exit, failure::Failure, globals::Globals, target::variable, text_input};

/// Longest text that is read as a token. Servers accept at most 8 KiB.
const MAX_INPUT: usize = 64 << 10;

/// Returns the token that was given as an argument, with --token or --token-file, or in WIGWAG_TOKEN.
pub(super) fn given(argument: Option<&str>, globals: &Globals) -> Result<String, Failure> {
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
