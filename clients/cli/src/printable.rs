//! Makes text of others safe for a terminal.

use std::borrow::Cow;

/// Escapes control characters, which a terminal would obey, and those that change the direction of the text around them.
/// Names, metadata and messages come from other users.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let escape = |character: char| {
        if is_unsafe(character) { character.escape_default().to_string() } else { character.to_string() }
    };
    Cow::Owned(text.chars().map(escape).collect())
}

fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn escape_sequences_and_line_ends_are_escaped_and_letters_are_not() {
        assert_eq!(printable("Ada Łódź 🦀"), "Ada Łódź 🦀");
        assert_eq!(printable("a\u{1b}[2Jb\r\n\u{9b}c\u{202e}"), "a\\u{1b}[2Jb\\r\\n\\u{9b}c\\u{202e}");
    }
}
