//! How peers of the dialects are named: `dialect:scope:name`.

use std::borrow::Cow;

use wigwag_hub::{PeerId, RoomName, id::NameError};

/// The names this server's dialects use. No other peer id holds a colon.
const PROTOCOLS: [&str; 5] = [ROOMS_WS, "plain-json", "connector", "socketio", "peerjs"];

/// The scope of dialects that have only one.
pub(crate) const MAIN: &str = "main";

/// A set of peers of one dialect, whose names differ.
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

    /// The peer id of a name. Fails when it would be too long or the name holds control characters.
    pub(crate) fn peer(&self, name: &str) -> Result<PeerId, NameError> {
        if name.is_empty() {
            return Err(NameError::Empty);
        }
        PeerId::scoped(self.protocol, &self.scope, name)
    }

    /// A peer id's name, if it is of this scope.
    pub(crate) fn name_of<'a>(&self, peer: &'a str) -> Option<&'a str> {
        peer.strip_prefix(self.prefix.as_str())
    }
}

/// Returns how `/rooms` and rooms-ws name a member: by its user id if it came through rooms-ws, else by its peer id. Either
/// is what a rooms-ws client puts into `targetUserId`.
pub fn shown_id(room: &RoomName, peer: &PeerId) -> String {
    Scope::new(ROOMS_WS, room.as_str()).name_of(peer.as_str()).unwrap_or(peer.as_str()).to_owned()
}

/// The name of rooms-ws in peer ids.
pub(crate) const ROOMS_WS: &str = "rooms-ws";

/// Whether two peer ids are of one dialect.
pub(crate) fn same_protocol(one: &str, other: &str) -> bool {
    let adapter = |peer: &str| peer.find(':');
    adapter(one).is_some_and(|at| adapter(other) == Some(at) && one[..at] == other[..at])
}

/// Whether a name could be taken for the peer id of somebody else, where both are shown side by side.
pub(crate) fn looks_like_peer_id(name: &str) -> bool {
    let made_here = name.len() == 26 && name.bytes().all(|b| b.is_ascii_lowercase() || (b'2'..=b'7').contains(&b));
    made_here || name.split_once(':').is_some_and(|(protocol, _)| PROTOCOLS.contains(&protocol))
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
    fn names_that_pass_for_peer_ids_are_told_apart() {
        assert!(looks_like_peer_id(PeerId::from_random(7).as_str()));
        assert!(looks_like_peer_id("peerjs:peerjs:ada"));
        for fine in ["ada", "urn:ada", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "3fa85f64-5717-4562-b3fc-2c963f66afa6"] {
            assert!(!looks_like_peer_id(fine), "{fine}");
        }
    }
}
