//! Metadata as KEY=VALUE.

use std::collections::HashMap;

/// Writes metadata as `a=1 b=2`, in the order of the keys.
pub(crate) fn metadata_text(metadata: &HashMap<String, String>) -> String {
    let mut pairs: Vec<_> = metadata.iter().map(|(key, value)| format!("{key}={value}")).collect();
    pairs.sort();
    pairs.join(" ")
}

/// Parses KEY=VALUE.
pub(crate) fn key_and_value(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').filter(|(key, _)| !key.is_empty()).ok_or("write it as KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}
