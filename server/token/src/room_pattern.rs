//! Patterns of room names.

use std::fmt;
use std::sync::Arc;

/// Maximum length of a pattern in bytes, a `*` at its end not counted: that of a room name.
pub const MAX_PATTERN_BYTES: usize = 128;

/// An exact room name, or a prefix with `*` at its end. `*` alone matches every room; a `*` elsewhere is a character like any
/// other. Names are compared byte by byte.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RoomPattern(Arc<str>);

impl RoomPattern {
    /// Parses a pattern.
    ///
    /// # Errors
    ///
    /// If it is empty, longer than [`MAX_PATTERN_BYTES`], or contains a control character: no room has such a name.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        if text.is_empty() {
            return Err(PatternError::Empty);
        }
        if text.strip_suffix('*').unwrap_or(text).len() > MAX_PATTERN_BYTES {
            return Err(PatternError::TooLong);
        }
        if text.chars().any(char::is_control) {
            return Err(PatternError::Control);
        }
        Ok(Self(text.into()))
    }

    /// Returns whether a room with this name is meant.
    #[must_use]
    pub fn matches(&self, room: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(prefix) => room.starts_with(prefix),
            None => room == &*self.0,
        }
    }

    /// Returns whether every room that `other` matches is matched by this pattern, too.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        match (self.0.strip_suffix('*'), other.0.strip_suffix('*')) {
            (Some(prefix), Some(other)) => other.starts_with(prefix),
            (Some(prefix), None) => other.0.starts_with(prefix),
            (None, Some(_)) => false,
            (None, None) => self.0 == other.0,
        }
    }

    /// Returns the pattern as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for RoomPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// Why a text is not a pattern of room names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Empty.
    #[error("is empty: write a room name, a prefix that ends with *, or * for every room")]
    Empty,
    /// Too long.
    #[error("is longer than {MAX_PATTERN_BYTES} bytes, as no room name is")]
    TooLong,
    /// Contains a control character.
    #[error("contains a control character, as no room name does")]
    Control,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> RoomPattern {
        RoomPattern::parse(text).expect("a pattern")
    }

    #[test]
    fn a_pattern_is_an_exact_name_or_a_prefix() {
        assert!(pattern("a").matches("a") && !pattern("a").matches("ab") && !pattern("ab").matches("a"));
        assert!(pattern("a*").matches("a") && pattern("a*").matches("ab") && !pattern("a*").matches("ba"));
        assert!(pattern("*").matches("anything") && pattern("*").matches(""));
        assert!(pattern("a*c").matches("a*c") && !pattern("a*c").matches("abc"));
        assert!(!pattern("a").matches("A") && !pattern("é").matches("e\u{301}"), "byte by byte");
        assert!(pattern("a**").matches("a*b") && !pattern("a**").matches("ab"));
    }

    #[test]
    fn a_pattern_covers_what_it_matches_in_full() {
        for (one, other, covers) in [
            ("*", "a*", true),
            ("a*", "a*", true),
            ("a*", "ab", true),
            ("ab*", "a*", false),
            ("a", "a", true),
            ("a", "a*", false),
        ] {
            assert_eq!(pattern(one).covers(&pattern(other)), covers, "{one} {other}");
        }
    }

    #[test]
    fn what_no_room_is_called_is_not_a_pattern() {
        assert_eq!(RoomPattern::parse(""), Err(PatternError::Empty));
        assert_eq!(RoomPattern::parse(&"x".repeat(129)), Err(PatternError::TooLong));
        assert!(RoomPattern::parse(&("x".repeat(128) + "*")).is_ok());
        assert_eq!(RoomPattern::parse("a\n*"), Err(PatternError::Control));
    }
}
