//! Names: of peers and of rooms.

use std::{
    borrow::Borrow,
    fmt,
    hash::{Hash, Hasher},
    sync::Arc,
};

/// Longest peer id in bytes; the server's own are 26.
pub const MAX_PEER_ID_BYTES: usize = 256;

/// Longest room name in bytes.
pub const MAX_ROOM_NAME_BYTES: usize = 128;

const BASE32: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// Names one peer's stay with the server, and its session: the two are one.
#[derive(Clone, Eq, PartialOrd, Ord)]
pub struct PeerId(Arc<str>);

impl PartialEq for PeerId {
    fn eq(&self, other: &Self) -> bool {
        same(&self.0, &other.0)
    }
}

impl Hash for PeerId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl PeerId {
    /// The id for 128 random bits: 26 characters of base32 (RFC 4648 section 6, lower case, no padding).
    #[must_use]
    pub fn from_random(bits: u128) -> Self {
        let text: String = (0..26)
            .map(|i| {
                let shift = 123 - 5 * i;
                let digit = if shift >= 0 { bits >> shift } else { bits << -shift };
                char::from(BASE32[(digit & 31) as usize])
            })
            .collect();
        Self(text.into())
    }

    /// Checks an id that came from outside. Whether anybody has it is another question.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        check(text, MAX_PEER_ID_BYTES)?;
        Ok(Self(text.into()))
    }

    /// A dialect's name for a peer: `dialect:scope:name`.
    ///
    /// Fails when the whole is longer than [`MAX_PEER_ID_BYTES`] or holds control characters.
    pub fn from_dialect(dialect: &str, scope: &str, name: &str) -> Result<Self, NameError> {
        let text = format!("{dialect}:{scope}:{name}");
        check(&text, MAX_PEER_ID_BYTES)?;
        Ok(Self(text.into()))
    }

    /// Returns whether both ids are of one protocol and scope.
    pub fn shares_scope_with(&self, other: &Self) -> bool {
        let scope_end = |id: &str| id.match_indices(':').nth(1).map(|(at, _)| at);
        let (one, other) = (self.as_str(), other.as_str());
        scope_end(one).is_some_and(|at| scope_end(other) == Some(at) && one[..at] == other[..at])
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A room's name: 1 to 128 bytes of UTF-8 without control characters, compared byte by byte.
#[derive(Clone, Eq, PartialOrd, Ord)]
pub struct RoomName(Arc<str>);

impl PartialEq for RoomName {
    fn eq(&self, other: &Self) -> bool {
        same(&self.0, &other.0)
    }
}

impl Hash for RoomName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

/// Clones of one name are known by their place, without a look at the text.
fn same(one: &Arc<str>, other: &Arc<str>) -> bool {
    Arc::ptr_eq(one, other) || one == other
}

impl RoomName {
    /// Checks a name that came from outside.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        check(text, MAX_ROOM_NAME_BYTES)?;
        Ok(Self(text.into()))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a name is not one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Empty.
    #[error("is empty")]
    Empty,
    /// Too long.
    #[error("is longer than {0} bytes")]
    TooLong(usize),
    /// Holds a control character.
    #[error("holds a control character")]
    Control,
}

fn check(text: &str, max: usize) -> Result<(), NameError> {
    if text.is_empty() {
        return Err(NameError::Empty);
    }
    if text.len() > max {
        return Err(NameError::TooLong(max));
    }
    // Nearly all are ASCII, where a byte tells it.
    let control =
        if text.is_ascii() { text.bytes().any(|b| b.is_ascii_control()) } else { text.chars().any(char::is_control) };
    if control {
        return Err(NameError::Control);
    }
    Ok(())
}

macro_rules! text_traits {
    ($($name:ident),*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }
        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    )*};
}
text_traits!(PeerId, RoomName);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_ids_are_26_characters_and_keep_every_bit() {
        let low = PeerId::from_random(1);
        let high = PeerId::from_random(1 << 127);
        assert_eq!(low.as_str().len(), 26);
        assert_ne!(low, PeerId::from_random(0));
        assert_ne!(high, PeerId::from_random(0));
        assert!(low.as_str().bytes().all(|b| BASE32.contains(&b)));
    }

    #[test]
    fn room_names_are_checked() {
        assert_eq!(RoomName::parse(""), Err(NameError::Empty));
        assert_eq!(RoomName::parse(&"x".repeat(129)), Err(NameError::TooLong(128)));
        assert_eq!(RoomName::parse("a\nb"), Err(NameError::Control));
        assert_eq!(RoomName::parse("\u{85}"), Err(NameError::Control));
        assert!(RoomName::parse(&"é".repeat(64)).is_ok());
    }
}
