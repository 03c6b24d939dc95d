//! Protobuf JSON at the doors that speak it. Nothing behind them knows of it.

mod frame;

use crate::error::{ApiError, Code};
use serde::de::DeserializeOwned;
use serde_json::error::Category;

pub use frame::{Unreadable, read_frame, read_seq, write_frame};

/// Deepest nesting that is read. The API itself nests five deep; what is in unknown fields may be deeper.
const MAX_DEPTH: usize = 64;

/// Longest part of a parser's complaint that is passed on: it may quote what it read.
const MAX_COMPLAINT: usize = 200;

/// Why a text is no message.
#[derive(Debug)]
pub enum BadJson {
    /// It is not JSON, or nested too deep. The text says where.
    Syntax(String),
    /// It is JSON, but a field has a value it may not have.
    Field {
        /// As the client wrote it, such as `createRoom.duplicateUsers`.
        path: String,
        /// What is wrong, and where.
        why: String,
    },
}

impl BadJson {
    /// As the fault of one request.
    pub fn to_error(&self) -> ApiError {
        let (path, why) = match self {
            Self::Syntax(why) => ("body", format!("this is not JSON: {why}")),
            Self::Field { path, why } => (path.as_str(), format!("{path}: {why}")),
        };
        ApiError::new(Code::InvalidArgument, "INVALID_FIELD", why).with("field", path)
    }
}

/// Reads a message.
pub fn read<T: DeserializeOwned>(text: &[u8]) -> Result<T, BadJson> {
    if too_deep(text) {
        return Err(BadJson::Syntax(format!("it is nested deeper than {MAX_DEPTH}")));
    }
    serde_json::from_slice(text).map_err(|error| match error.classify() {
        Category::Data => BadJson::Field { path: path_of::<T>(text), why: complaint(&error) },
        Category::Syntax | Category::Eof | Category::Io => BadJson::Syntax(complaint(&error)),
    })
}

/// Reads again and notes the way: only what failed once pays for it.
fn path_of<T: DeserializeOwned>(text: &[u8]) -> String {
    let reader = &mut serde_json::Deserializer::from_slice(text);
    match serde_path_to_error::deserialize::<_, T>(reader) {
        Err(error) => error.path().to_string().chars().take(MAX_COMPLAINT).collect(),
        Ok(_) => String::new(),
    }
}

/// The parser's words, with line and column.
fn complaint(error: &serde_json::Error) -> String {
    let text = error.to_string();
    if text.len() <= MAX_COMPLAINT {
        return text;
    }
    let start: String = text.chars().take(MAX_COMPLAINT).collect();
    format!("{start}… at line {} column {}", error.line(), error.column())
}

/// Whether brackets are open more than [`MAX_DEPTH`] deep at any point. The parser skips unknown fields without a limit.
fn too_deep(text: &[u8]) -> bool {
    let opening = |byte: &u8| matches!(byte, b'{' | b'[');
    // Most texts hold fewer brackets than that, and counting is much cheaper than what follows.
    if text.iter().filter(|byte| opening(byte)).count() <= MAX_DEPTH {
        return false;
    }
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'{' | b'[' => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return true;
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use wigwag_proto::v1::CreateRoomRequest;

    use super::*;

    fn refusal<T: DeserializeOwned + std::fmt::Debug>(text: &str) -> (String, String) {
        let error = read::<T>(text.as_bytes()).expect_err("is refused").to_error();
        (error.metadata[0].1.clone(), error.message.into_owned())
    }

    #[test]
    fn a_wrong_field_is_named_with_its_place() {
        let (path, why) = refusal::<CreateRoomRequest>("{\"room\": \"a\",\n \"maxMembers\": \"x\"}");
        assert_eq!(path, "maxMembers");
        assert!(why.contains("line 2 column"), "{why}");
    }

    #[test]
    fn a_complaint_does_not_repeat_the_whole_text() {
        let (_, why) =
            refusal::<CreateRoomRequest>(&format!("{{\"maxMembers\": {{}}, \"room\": \"{}\"}}", "é".repeat(5_000)));
        assert!(why.chars().count() < 300);
        let (_, why) = refusal::<CreateRoomRequest>(&format!("{{\"duplicateUsers\": \"{}\"}}", "é".repeat(5_000)));
        assert!(why.chars().count() < 300 && why.contains("line 1"), "{why}");
    }

    #[test]
    fn deep_texts_are_refused_wherever_they_are_deep() {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let deep = |n: usize| format!("{{\"new\":{}1{}}}", open.repeat(n), close.repeat(n));
            assert!(read::<CreateRoomRequest>(deep(MAX_DEPTH - 1).as_bytes()).is_ok());
            for n in [MAX_DEPTH, 10_000] {
                assert!(refusal::<CreateRoomRequest>(&deep(n)).1.contains("nested deeper"));
            }
        }
        assert!(refusal::<CreateRoomRequest>(&"[".repeat(10_000)).1.contains("nested deeper"));
        // Brackets inside text open nothing.
        let text = format!("{{\"displayName\":\"\\\"{}\"}}", "[".repeat(500));
        assert!(read::<CreateRoomRequest>(text.as_bytes()).is_ok());
    }
}
