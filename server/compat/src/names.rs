//! Peer ids of compatibility clients: `protocol:scope:name`.

use std::borrow::Cow;

use wigwag_hub::{PeerId, RoomName, id::NameError};

/// The protocols' names in peer ids. No other peer id holds a colon.
const PROTOCOLS: [&str; 5] = [ROOMS_WS, "plain-json", "connector", "socketio", "peerjs"];

/// The scope of protocols that have only one.
pub(crate) const MAIN: &str = "main";

/// A namespace of one protocol: within it, every peer has a different name.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    protocol: &'static str,
    scope: String,
    prefix: String,
}

impl Scope {
    pub(crate) fn new(protocol: &'static str, scope: &str) -> Self {
        debug_assert!(PROTOCOLS.contains(&protocol));
        let scope = escaped(scope).into_owned();
        Self { protocol, prefix: format!("{protocol}:{scope}:"), scope }
    }

    /// Returns the peer id of a name. Fails when the name is empty or holds control characters, or the id would be too long.
    pub(crate) fn peer(&self, name: &str) -> Result<PeerId, NameError> {
        if name.is_empty() {
            return Err(NameError::Empty);
        }
        PeerId::scoped(self.protocol, &self.scope, name)
    }

    /// Returns the name in a peer id, if the id belongs to this scope.
    pub(crate) fn name_of<'a>(&self, peer: &'a str) -> Option<&'a str> {
        peer.strip_prefix(self.prefix.as_str())
    }
}

/// Returns the id under which `/rooms` and rooms-ws show a member: the user id of a rooms-ws client, the peer id of any
/// other. A rooms-ws client puts it into `targetUserId`.
pub fn shown_id(room: &RoomName, peer: &PeerId) -> String {
    Scope::new(ROOMS_WS, room.as_str()).name_of(peer.as_str()).unwrap_or(peer.as_str()).to_owned()
}

/// The name of rooms-ws in peer ids.
pub(crate) const ROOMS_WS: &str = "rooms-ws";

/// Returns whether two peer ids belong to the same compatibility protocol.
pub(crate) fn same_protocol(one: &str, other: &str) -> bool {
    let colon = |peer: &str| peer.find(':');
    colon(one).is_some_and(|at| colon(other) == Some(at) && one[..at] == other[..at])
}

/// Returns whether a name could be mistaken for another peer's id where both are shown side by side.
pub(crate) fn looks_like_peer_id(name: &str) -> bool {
    let is_generated = name.len() == 26 && name.bytes().all(|b| b.is_ascii_lowercase() || (b'2'..=b'7').contains(&b));
    is_generated || name.split_once(':').is_some_and(|(protocol, _)| PROTOCOLS.contains(&protocol))
}

/// Percent-encodes colons in a scope, so that the third part of a peer id starts at the second colon.
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
    fn names_that_look_like_peer_ids_are_recognized() {
        assert!(looks_like_peer_id(PeerId::from_random(7).as_str()));
        assert!(looks_like_peer_id("peerjs:peerjs:ada"));
        for fine in ["ada", "urn:ada", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "3fa85f64-5717-4562-b3fc-2c963f66afa6"] {
            assert!(!looks_like_peer_id(fine), "{fine}");
        }
    }
}
