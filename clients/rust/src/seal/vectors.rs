//! The test vectors that all clients share.

use prost::Message;
use serde_json::Value;
use wigwag_proto::v1;

use super::{RoomKeys, RoomSecret, format::with_length};
use crate::member::PeerId;

fn vectors() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../vectors/sealing.json");
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).expect("JSON")
}

fn text<'a>(vector: &'a Value, field: &str) -> &'a str {
    vector[field].as_str().unwrap_or_else(|| panic!("{field} in {vector}"))
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal")).collect()
}

fn keys(vector: &Value) -> RoomKeys {
    let secret = &vector["secret"];
    let secret = match secret["key"].as_str() {
        Some(key) => RoomSecret::key(bytes(key).try_into().expect("32 bytes")),
        None => RoomSecret::passphrase(text(secret, "passphrase")),
    };
    RoomKeys::derive(&secret, text(vector, "room")).expect("keys")
}

fn peer(id: &str) -> Option<PeerId> {
    (!id.is_empty()).then(|| id.into())
}

#[test]
fn sealing_gives_the_bytes_of_the_vectors() {
    let vectors = vectors();
    let vectors = vectors["vectors"].as_array().expect("vectors");
    assert!(vectors.len() >= 16);
    for vector in vectors {
        let name = text(vector, "name");
        let keys = keys(vector);
        let from = peer(text(vector, "from"));
        assert_eq!(keys.id().to_vec(), bytes(text(vector, "keyId")), "{name}");
        assert_eq!(keys.sender_key(text(vector, "from")).to_vec(), bytes(text(vector, "senderKey")), "{name}");
        let plaintext = bytes(text(vector, "plaintext"));
        let payload = v1::Envelope::decode(&*plaintext).expect("an envelope").payload.expect("a payload");
        let (to, counter) = (text(vector, "to"), vector["counter"].as_u64().expect("a number"));
        let nonce = bytes(text(vector, "nonce")).try_into().expect("12 bytes");
        let sealed = keys.sealer(from.as_ref()).seal_with(to, payload.clone(), counter, nonce);
        assert_eq!(sealed, bytes(text(vector, "sealed")), "{name}");
        let opened = keys.opener().open_wire(text(vector, "from"), to, &sealed);
        assert!(opened == Ok(payload), "{name}");
    }
}

#[test]
fn an_envelope_that_must_not_open_gives_the_reason() {
    let vectors = vectors();
    let failures = vectors["failures"].as_array().expect("failures");
    assert!(failures.len() >= 20);
    for vector in failures {
        let mut opener = keys(vector).opener();
        let (from, last) = (text(vector, "from"), vector["lastCounter"].as_u64().expect("a number"));
        if last > 0 {
            opener.record(from, last);
        }
        // As a session does: an envelope to one peer must be sealed for this peer, whatever the envelope says.
        let to = if text(vector, "to").is_empty() { "" } else { text(vector, "me") };
        let error = opener.open_wire(from, to, &bytes(text(vector, "sealed"))).expect_err(text(vector, "name"));
        assert_eq!(error.reason, text(vector, "reason"), "{}", text(vector, "name"));
    }
}

#[test]
fn texts_are_bound_with_their_length() {
    assert_eq!(with_length("demo").collect::<Vec<u8>>(), b"\0\x04demo");
}
