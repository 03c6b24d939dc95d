//! Reads and writes protobuf JSON, for the transports and APIs that use it.

mod frame;

use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::error::Category;

pub use self::frame::{Unreadable, read_frame, read_seq, write_frame};
use crate::error::{ApiError, Code};

/// The deepest nesting that is accepted. The messages of the API nest five levels; unknown fields may nest deeper.
const MAX_DEPTH: usize = 64;

/// The longest part of the parser's error message that is passed on, because the message may quote its input.
const MAX_PARSER_MESSAGE: usize = 200;

/// Why a text cannot be read as a message.
#[derive(Debug)]
pub enum BadJson {
    /// It is not JSON, or nested too deep. Holds the parser's message, with line and column.
    Syntax(String),
    /// It is JSON, but a field has an invalid value: another type, or a text with half of a UTF-16 surrogate pair.
    Field {
        /// The path of the field, such as `createRoom.duplicateUsers`.
        path: String,
        /// The parser's message, with line and column.
        why: String,
    },
}

impl BadJson {
    /// Converts to the error of a request.
    pub fn to_error(&self) -> ApiError {
        let (path, why) = match self {
            Self::Syntax(why) => ("body", format!("invalid JSON: {why}")),
            Self::Field { path, why } => (path.as_str(), format!("{path}: {why}")),
        };
        ApiError::new(Code::InvalidArgument, "INVALID_FIELD", why).with("field", path)
    }
}

/// A byte order mark, which some libraries write before a text and RFC 8259 allows to ignore.
const BOM: &[u8] = "\u{feff}".as_bytes();

/// Reads a message. A byte order mark before it is ignored.
///
/// # Errors
///
/// When the text is not JSON, is nested deeper than 64 levels, or does not match the message type.
pub fn read<T: DeserializeOwned>(text: &[u8]) -> Result<T, BadJson> {
    let text = text.strip_prefix(BOM).unwrap_or(text);
    if is_too_deep(text) {
        return Err(BadJson::Syntax(format!("nested deeper than {MAX_DEPTH} levels")));
    }
    serde_json::from_slice(text).map_err(|error| match error.classify() {
        Category::Data => BadJson::Field { path: path_of::<T>(text), why: parser_message(&error) },
        // The grammar allows the escape of a lone surrogate (RFC 8259, section 8.2), and JavaScript writes it. Only the field
        // that holds it is wrong.
        Category::Syntax if serde_json::from_slice::<IgnoredAny>(text).is_ok() => BadJson::Field {
            path: path_of::<T>(text),
            why: format!("not Unicode text ({}): send both halves of a surrogate pair", parser_message(&error)),
        },
        Category::Syntax | Category::Eof | Category::Io => BadJson::Syntax(parser_message(&error)),
    })
}

/// Parses the text again to find the path of the invalid field. Only invalid texts are parsed twice.
fn path_of<T: DeserializeOwned>(text: &[u8]) -> String {
    let reader = &mut serde_json::Deserializer::from_slice(text);
    match serde_path_to_error::deserialize::<_, T>(reader) {
        Err(error) => error.path().to_string().chars().take(MAX_PARSER_MESSAGE).collect(),
        Ok(_) => String::new(),
    }
}

/// Returns the parser's message with line and column, shortened if it is long.
fn parser_message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    if text.len() <= MAX_PARSER_MESSAGE {
        return text;
    }
    let start: String = text.chars().take(MAX_PARSER_MESSAGE).collect();
    format!("{start}… at line {} column {}", error.line(), error.column())
}

/// Returns whether brackets nest deeper than [`MAX_DEPTH`]. The parser itself skips unknown fields without a limit.
fn is_too_deep(text: &[u8]) -> bool {
    let opening = |byte: &u8| matches!(byte, b'{' | b'[');
    // Most texts have fewer brackets in all, and counting them is much cheaper than tracking the depth.
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
    fn an_invalid_field_is_named_with_its_position() {
        let (path, why) = refusal::<CreateRoomRequest>("{\"room\": \"a\",\n \"maxMembers\": \"x\"}");
        assert_eq!(path, "maxMembers");
        assert!(why.contains("line 2 column"), "{why}");
    }

    #[test]
    fn a_byte_order_mark_is_ignored_and_numbers_may_be_written_as_floats() {
        let text = "\u{feff}{\"room\": \"a\", \"maxMembers\": 1.0, \"emptyTimeoutMs\": \"6e4\"}";
        let read: CreateRoomRequest = read(text.as_bytes()).expect("a message");
        assert_eq!((read.max_members, read.empty_timeout_ms), (1, 60_000));
        for bad in ["1.5", "-1.0", "1e10", "1e400", "\"NaN\"", "\"1.5\"", "\"\"", "true"] {
            assert_eq!(refusal::<CreateRoomRequest>(&format!("{{\"maxMembers\": {bad}}}")).0, "maxMembers", "{bad}");
        }
    }

    #[test]
    fn an_error_does_not_quote_the_whole_text() {
        let (_, why) =
            refusal::<CreateRoomRequest>(&format!("{{\"maxMembers\": {{}}, \"room\": \"{}\"}}", "é".repeat(5_000)));
        assert!(why.chars().count() < 300);
        let (_, why) = refusal::<CreateRoomRequest>(&format!("{{\"duplicateUsers\": \"{}\"}}", "é".repeat(5_000)));
        assert!(why.chars().count() < 300 && why.contains("line 1"), "{why}");
    }

    #[test]
    fn half_of_a_surrogate_pair_is_an_invalid_field() {
        for half in ["\\ud83d", "\\ude00", "\\ud83dx", "\\ud83d\\ud83d"] {
            let (path, why) =
                refusal::<CreateRoomRequest>(&format!("{{\"room\": \"a\", \"displayName\": \"{half}\"}}"));
            assert_eq!(path, "displayName");
            assert!(why.contains("surrogate pair"), "{why}");
        }
        let whole = read::<CreateRoomRequest>(b"{\"displayName\": \"\\ud83d\\ude00\"}").expect("a character");
        assert_eq!(whole.display_name, "\u{1f600}");
        // Not a syntax that only a lone surrogate breaks.
        assert_eq!(refusal::<CreateRoomRequest>("{\"displayName\": \"\\ud83d\"").0, "body");
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
        // Brackets inside strings do not nest.
        let text = format!("{{\"displayName\":\"\\\"{}\"}}", "[".repeat(500));
        assert!(read::<CreateRoomRequest>(text.as_bytes()).is_ok());
    }
}
