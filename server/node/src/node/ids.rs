//! Generates ids and secrets, and parses the session tokens that clients send.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use wigwag_hub::{PeerId, RoomName, backend::Credentials};

/// Random bytes of a secret.
const SECRET: usize = 32;
/// Their length in base64: with the padding of SHA-256 they are one block.
const SECRET_TEXT: usize = 43;

/// What a session token proves, and where.
#[derive(Clone, Debug)]
pub struct SessionToken {
    /// The namespace that it names. Nothing verifies that: in any other, its credentials are unknown.
    pub namespace: String,
    /// The credentials of the session.
    pub credentials: Credentials,
}

/// Generates the credentials of a session in a namespace and the token for its client. The backend keeps only a digest of the
/// secret. The namespace is a part of it, so that every node knows where to look for the session.
pub(super) fn new_session(namespace: &str) -> (Credentials, String) {
    let peer = PeerId::from_random(u128::from_ne_bytes(random()));
    let random = random::<SECRET>();
    let secret = if namespace.is_empty() {
        BASE64_URL_SAFE_NO_PAD.encode(random)
    } else {
        BASE64_URL_SAFE_NO_PAD.encode([&random[..], namespace.as_bytes()].concat())
    };
    let token = format!("{peer}.{secret}");
    (Credentials { peer, secret_digest: digest(&secret) }, token)
}

/// Parses a session token. `None` if it is malformed, which callers report as an unknown session.
pub fn session_token(token: &str) -> Option<SessionToken> {
    let (peer, secret) = token.rsplit_once('.')?;
    let namespace = if secret.len() <= SECRET_TEXT {
        String::new()
    } else {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(secret).ok()?;
        std::str::from_utf8(bytes.get(SECRET..)?).ok()?.to_owned()
    };
    let credentials = Credentials { peer: PeerId::parse(peer).ok()?, secret_digest: digest(secret) };
    Some(SessionToken { namespace, credentials })
}

/// Generates a room name that cannot be guessed.
pub fn random_room_name() -> RoomName {
    let name = PeerId::from_random(u128::from_ne_bytes(random()));
    RoomName::parse(name.as_str()).expect("26 characters of base32 are a room name")
}

/// Generates a name that cannot be guessed: 26 characters of base32.
pub fn random_name() -> String {
    PeerId::from_random(u128::from_ne_bytes(random())).to_string()
}

/// Generates a version 4 UUID (RFC 9562): 122 random bits.
pub fn random_uuid() -> String {
    let bits = u128::from_ne_bytes(random());
    let text = format!("{:032x}", bits & !(0xf << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62);
    [&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]].join("-")
}

/// Generates a number that names a request.
pub(super) fn random_number() -> u64 {
    u64::from_ne_bytes(random())
}

pub(super) fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system has a random number generator");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_has_its_form() {
        for _ in 0..64 {
            let uuid = random_uuid();
            let digit = |at: usize| uuid.as_bytes()[at];
            assert_eq!(uuid.len(), 36);
            assert!([8, 13, 18, 23].iter().all(|at| digit(*at) == b'-'), "{uuid}");
            assert!(digit(14) == b'4' && b"89ab".contains(&digit(19)), "{uuid}");
        }
        assert_ne!(random_uuid(), random_uuid());
    }

    #[test]
    fn a_token_proves_its_own_session_only() {
        for namespace in ["", "team-1", &"x".repeat(64)] {
            let (kept, token) = new_session(namespace);
            let read = session_token(&token).expect("a token");
            assert_eq!(read.credentials.peer, kept.peer);
            assert_eq!(read.credentials.secret_digest, kept.secret_digest);
            assert_eq!(read.namespace, namespace);
            assert!(!token.contains("team"), "not in clear text");
            assert_ne!(new_session(namespace).1, token);
        }
        assert_eq!(new_session("").1.len(), 26 + 1 + SECRET_TEXT);
        for malformed in ["", "no-dot", ".x"] {
            assert!(session_token(malformed).is_none(), "{malformed:?}");
        }
        assert!(session_token(&format!("p.{}", "=".repeat(SECRET_TEXT + 1))).is_none(), "not base64");
    }
}
