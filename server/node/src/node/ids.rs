//! Generates ids and secrets, and parses the session tokens that clients send.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use wigwag_hub::{PeerId, RoomName, backend::Credentials};

/// Generates a session's credentials and the token for its client. The backend keeps only a digest of the secret.
pub(super) fn new_session() -> (Credentials, String) {
    let peer = PeerId::from_random(u128::from_ne_bytes(random()));
    // 43 characters: with the padding of SHA-256 they are one block.
    let secret = BASE64_URL_SAFE_NO_PAD.encode(random::<32>());
    let token = format!("{peer}.{secret}");
    (Credentials { peer, secret_digest: digest(&secret) }, token)
}

/// Parses a session token. `None` if it is malformed, which callers report as an unknown session.
pub fn credentials(token: &str) -> Option<Credentials> {
    let (peer, secret) = token.rsplit_once('.')?;
    Some(Credentials { peer: PeerId::parse(peer).ok()?, secret_digest: digest(secret) })
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
        let (kept, token) = new_session();
        let read = credentials(&token).expect("a token");
        assert_eq!(read.peer, kept.peer);
        assert_eq!(read.secret_digest, kept.secret_digest);
        assert_ne!(new_session().1, token);
        assert!(credentials("").is_none());
        assert!(credentials("no-dot").is_none());
        assert!(credentials(".x").is_none());
    }
}
