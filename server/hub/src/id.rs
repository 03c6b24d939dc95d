//! Identifiers of peers and of rooms.

use std::{
    borrow::Borrow,
    fmt,
    hash::{Hash, Hasher},
    sync::Arc,
};

/// Maximum length of a peer id in bytes. Ids made by the server have 26.
pub const MAX_PEER_ID_BYTES: usize = 256;

/// Maximum length of a room name in bytes.
pub const MAX_ROOM_NAME_BYTES: usize = 128;

const BASE32: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// Identifies one peer and its session: a peer has exactly one session.
#[derive(Clone, Eq, PartialOrd, Ord)]
pub struct PeerId(Arc<str>);

impl PartialEq for PeerId {
    fn eq(&self, other: &Self) -> bool {
        equal(&self.0, &other.0)
    }
}

impl Hash for PeerId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl PeerId {
    /// Encodes 128 random bits as 26 characters of base32 (RFC 4648 section 6, lower case, no padding).
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

    /// Validates an id from outside the server. Does not check that such a peer exists.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        check(text, MAX_PEER_ID_BYTES)?;
        Ok(Self(text.into()))
    }

    /// Makes the id of a compatibility protocol's peer: `protocol:scope:name`. The caller escapes colons in `protocol` and
    /// `scope`; `name` may contain them.
    ///
    /// Fails if the result is longer than [`MAX_PEER_ID_BYTES`] or contains control characters.
    pub fn scoped(protocol: &str, scope: &str, name: &str) -> Result<Self, NameError> {
        let text = format!("{protocol}:{scope}:{name}");
        check(&text, MAX_PEER_ID_BYTES)?;
        Ok(Self(text.into()))
    }

    /// Returns whether a client of a compatibility protocol chose the id, so that a later session may have it again.
    #[must_use]
    pub fn is_scoped(&self) -> bool {
        self.0.contains(':')
    }

    /// Returns whether both ids were made by [`Self::scoped`] with the same protocol and scope. Ids without a scope share
    /// none.
    #[must_use]
    pub fn shares_scope_with(&self, other: &Self) -> bool {
        let scope_end = |id: &str| id.match_indices(':').nth(1).map(|(at, _)| at);
        let (one, other) = (self.as_str(), other.as_str());
        scope_end(one).is_some_and(|at| scope_end(other) == Some(at) && one[..at] == other[..at])
    }

    /// Returns the id as text.
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
        equal(&self.0, &other.0)
    }
}

impl Hash for RoomName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

/// Compares pointers first: clones of one name are equal without a look at the text.
fn equal(one: &Arc<str>, other: &Arc<str>) -> bool {
    Arc::ptr_eq(one, other) || one == other
}

impl RoomName {
    /// Validates a name from outside the server.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        check(text, MAX_ROOM_NAME_BYTES)?;
        Ok(Self(text.into()))
    }

    /// Returns the name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a name is not valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Empty.
    #[error("is empty")]
    Empty,
    /// Too long.
    #[error("is longer than {0} bytes")]
    TooLong(usize),
    /// Contains a control character.
    #[error("contains a control character")]
    Control,
}

fn check(text: &str, max: usize) -> Result<(), NameError> {
    if text.is_empty() {
        return Err(NameError::Empty);
    }
    if text.len() > max {
        return Err(NameError::TooLong(max));
    }
    // Nearly all names are ASCII, where bytes suffice.
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
    fn random_ids_have_26_characters_and_keep_every_bit() {
        let low = PeerId::from_random(1);
        let high = PeerId::from_random(1 << 127);
        assert_eq!(low.as_str().len(), 26);
        assert_ne!(low, PeerId::from_random(0));
        assert_ne!(high, PeerId::from_random(0));
        assert!(low.as_str().bytes().all(|b| BASE32.contains(&b)));
    }

    #[test]
    fn room_names_are_validated() {
        assert_eq!(RoomName::parse(""), Err(NameError::Empty));
        assert_eq!(RoomName::parse(&"x".repeat(129)), Err(NameError::TooLong(128)));
        assert_eq!(RoomName::parse("a\nb"), Err(NameError::Control));
        assert_eq!(RoomName::parse("\u{85}"), Err(NameError::Control));
        assert!(RoomName::parse(&"é".repeat(64)).is_ok());
    }

    #[test]
    fn peers_share_a_scope_if_protocol_and_scope_are_equal() {
        let scoped = |protocol, scope, name| PeerId::scoped(protocol, scope, name).expect("a peer id");
        assert!(scoped("peerjs", "key", "a").shares_scope_with(&scoped("peerjs", "key", "b:c")));
        assert!(!scoped("peerjs", "key", "a").shares_scope_with(&scoped("peerjs", "key2", "a")));
        assert!(!scoped("peerjs", "key", "a").shares_scope_with(&scoped("socketio", "key", "a")));
        assert!(!scoped("peerjs", "a", "b").shares_scope_with(&scoped("peerjs", "a%3Ab", "b")));
    }

    #[test]
    fn ids_without_a_scope_share_none() {
        let (one, other) = (PeerId::from_random(1), PeerId::from_random(2));
        assert!(!one.shares_scope_with(&other));
        assert!(!one.shares_scope_with(&one), "not even with itself");
        let scoped = PeerId::scoped("peerjs", "key", "a").expect("a peer id");
        assert!(!scoped.shares_scope_with(&one) && !one.shares_scope_with(&scoped));
    }
}
