//! Reads small texts from files and standard input.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use crate::{exit::Exit, failure::Failure};

/// Reads at most `limit` bytes of text from a file, or from standard input if it is called `-`. `what` names it in errors.
pub(crate) fn read(path: &Path, what: &str, limit: usize) -> Result<String, Failure> {
    String::from_utf8(read_bytes(path, what, limit)?)
        .map_err(|_| Failure::new(Exit::Refused, format!("{what} {} is not UTF-8 text", shown(path))))
}

/// Reads at most `limit` bytes, as [`read`].
pub(crate) fn read_bytes(path: &Path, what: &str, limit: usize) -> Result<Vec<u8>, Failure> {
    let unreadable = |error: io::Error| {
        Failure::new(Exit::NotFound, format!("cannot read {what} {}: {error}", shown(path)))
            .with_hint("check the path, and whether you may read it")
    };
    let source: Box<dyn Read> =
        if path == Path::new("-") { Box::new(io::stdin()) } else { Box::new(File::open(path).map_err(unreadable)?) };
    let mut bytes = Vec::new();
    source.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() > limit {
        let text = format!("{what} {} has more than {limit} bytes", shown(path));
        return Err(Failure::new(Exit::Refused, text).with_hint("is it the right file?"));
    }
    Ok(bytes)
}

/// Removes the line end that editors and `echo` add.
pub(crate) fn without_line_end(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

fn shown(path: &Path) -> String {
    if path == Path::new("-") { "from standard input".to_owned() } else { path.display().to_string() }
}
