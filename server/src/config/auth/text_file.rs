//! Files that settings name.

/// Reads a text file; its name is shown in the error, its content is not.
pub(super) fn read(path: &str) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("the file {path} cannot be read: {error}"))
}
