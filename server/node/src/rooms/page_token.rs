//! Page tokens: where the next page of a list begins.
//!
//! A token holds for the call and the room that it was issued for, on every node and after a restart. Its checksum is not
//! a secret: it keeps a client from using a token elsewhere, or one that was damaged on the way, such as in a URL.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

use crate::error::ApiError;

/// Bytes of the checksum in a token.
const CHECKSUM: usize = 8;

/// Returns the token for the page after `position`. `room` is empty if the call has none.
pub(super) fn encode(call: &str, room: &str, position: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode([&checksum(call, room, position)[..], position.as_bytes()].concat())
}

/// Returns the position in a token; `None` if it is empty, for the first page.
///
/// # Errors
///
/// INVALID_FIELD if the token is not one of this call and room.
pub(super) fn decode(call: &str, room: &str, token: &str) -> Result<Option<String>, ApiError> {
    if token.is_empty() {
        return Ok(None);
    }
    match position(call, room, token) {
        Some(position) => Ok(Some(position)),
        None => Err(refused()),
    }
}

/// Returns the error for a token that was not issued for the call.
pub(super) fn refused() -> ApiError {
    ApiError::invalid(
        "page_token",
        "is not a token of this call: use next_page_token of the response before, unchanged",
    )
}

fn position(call: &str, room: &str, token: &str) -> Option<String> {
    let mut bytes = BASE64_URL_SAFE_NO_PAD.decode(token).ok()?;
    if bytes.len() < CHECKSUM {
        return None;
    }
    let position = String::from_utf8(bytes.split_off(CHECKSUM)).ok()?;
    (bytes == checksum(call, room, &position)).then_some(position)
}

fn checksum(call: &str, room: &str, position: &str) -> [u8; CHECKSUM] {
    let mut hash = Sha256::new();
    for part in [call, room, position] {
        // The length keeps the parts apart.
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let hash: [u8; 32] = hash.finalize().into();
    let mut checksum = [0; CHECKSUM];
    checksum.copy_from_slice(&hash[..CHECKSUM]);
    checksum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_holds_for_its_call_and_room() {
        let token = encode("ListMembers", "a#b", "7");
        assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{token}");
        assert_eq!(decode("ListMembers", "a#b", &token).expect("its own"), Some("7".to_owned()));
        assert_eq!(decode("ListMembers", "a#b", "").expect("the first page"), None);
        for (call, room) in [("ListMembers", "a"), ("ListMembers", ""), ("ListRooms", "a#b"), ("ListRooms", "")] {
            assert_eq!(decode(call, room, &token).expect_err("another's").reason, "INVALID_FIELD");
        }
        for changed in ["7", "", "=", "AAAA"] {
            assert!(decode("ListMembers", "a#b", &format!("{token}{changed}")).is_err() || changed.is_empty());
        }
        for end in 1..token.len() {
            assert!(decode("ListMembers", "a#b", &token[..end]).is_err());
        }
    }
}
