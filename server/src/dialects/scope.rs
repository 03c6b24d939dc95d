//! How peers of the dialects are named: `dialect:scope:name`.

use std::borrow::Cow;

use wigwag_hub::{PeerId, id::NameError};

/// The names this server's dialects use. No other peer id holds a colon.
const DIALECTS: [&str; 5] = ["rooms-ws", "plain-json", "connector", "socketio", "peerjs"];

/// The scope of dialects that have only one.
pub(super) const MAIN: &str = "main";

/// A set of peers of one dialect, whose names differ.
#[derive(Clone, Debug)]
pub(super) struct Scope {
    dialect: &'static str,
    scope: String,
    prefix: String,
}

impl Scope {
    pub(super) fn new(dialect: &'static str, scope: &str) -> Self {
        debug_assert!(DIALECTS.contains(&dialect));
        let scope = escaped(scope).into_owned();
        Self { dialect, prefix: format!("{dialect}:{scope}:"), scope }
    }

    /// The peer id of a name. Fails when it would be too long or the name holds control characters.
    pub(super) fn peer(&self, name: &str) -> Result<PeerId, NameError> {
        if name.is_empty() {
            return Err(NameError::Empty);
        }
        PeerId::from_dialect(self.dialect, &self.scope, name)
    }

    /// A peer id's name, if it is of this scope.
    pub(super) fn name_of<'a>(&self, peer: &'a str) -> Option<&'a str> {
        peer.strip_prefix(self.prefix.as_str())
    }
}

/// Whether two peers are of one dialect and scope.
pub(crate) fn share_scope(one: &PeerId, other: &PeerId) -> bool {
    let prefix = |peer: &str| peer.match_indices(':').nth(1).map(|(at, _)| at);
    let (one, other) = (one.as_str(), other.as_str());
    prefix(one).is_some_and(|at| prefix(other) == Some(at) && one[..at] == other[..at])
}

/// Whether two peer ids are of one dialect.
pub(super) fn same_dialect(one: &str, other: &str) -> bool {
    let dialect = |peer: &str| peer.find(':');
    dialect(one).is_some_and(|at| dialect(other) == Some(at) && one[..at] == other[..at])
}

/// Whether a name could be taken for the peer id of somebody else, where both are shown side by side.
pub(super) fn looks_like_peer_id(name: &str) -> bool {
    let made_here = name.len() == 26 && name.bytes().all(|b| b.is_ascii_lowercase() || (b'2'..=b'7').contains(&b));
    made_here || name.split_once(':').is_some_and(|(dialect, _)| DIALECTS.contains(&dialect))
}

/// A scope without colons, so that it is clear where the name begins.
fn escaped(scope: &str) -> Cow<'_, str> {
    if scope.contains([':', '%']) { scope.replace('%', "%25").replace(':', "%3A").into() } else { scope.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_belongs_to_one_scope_only() {
        let scope = Scope::new("rooms-ws", "demo");
        let ada = scope.peer("ada").expect("a name");
        assert_eq!(ada.as_str(), "rooms-ws:demo:ada");
        assert_eq!(scope.name_of(ada.as_str()), Some("ada"));
        assert_eq!(Scope::new("rooms-ws", "demo2").name_of(ada.as_str()), None);

        let one = Scope::new("rooms-ws", "a:b").peer("c").expect("a name");
        let other = Scope::new("rooms-ws", "a").peer("b:c").expect("a name");
        assert_ne!(one, other);
        let escaped = Scope::new("rooms-ws", "a%3Ab").peer("c").expect("a name");
        assert_ne!(one, escaped);
        assert!(scope.peer("").is_err() && scope.peer("a\nb").is_err() && scope.peer(&"x".repeat(300)).is_err());
    }

    #[test]
    fn a_shared_scope_is_the_whole_of_dialect_and_scope() {
        let id = |text: &str| PeerId::parse(text).expect("a peer id");
        assert!(share_scope(&id("peerjs:key:a"), &id("peerjs:key:b:c")));
        assert!(!share_scope(&id("peerjs:key:a"), &id("peerjs:key2:a")));
        assert!(!share_scope(&id("peerjs:key:a"), &id("socketio:key:a")));
        assert!(!share_scope(&id("abcdefghijklmnopqrstuvwxyz"), &id("abcdefghijklmnopqrstuvwxy2")));
        assert!(!share_scope(&id("peerjs:key:a"), &id("abcdefghijklmnopqrstuvwxyz")));
    }

    #[test]
    fn names_that_pass_for_peer_ids_are_told_apart() {
        assert!(looks_like_peer_id(PeerId::from_random(7).as_str()));
        assert!(looks_like_peer_id("peerjs:peerjs:ada"));
        for fine in ["ada", "urn:ada", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "3fa85f64-5717-4562-b3fc-2c963f66afa6"] {
            assert!(!looks_like_peer_id(fine), "{fine}");
        }
    }
}
