//! Entry points of the fuzz targets.

use jsonwebtoken::EncodingKey;

use crate::algorithm::Algorithm;
use crate::claims::SessionClaims;
use crate::key::{Key, KeySet};
use crate::minter::Minter;
use crate::verifier::{Issuer, Verifier};

const SECRET: &[u8] = b"a secret for fuzzing of 32 bytes";

/// When the tokens are verified, in milliseconds since 1970.
const NOW_MS: u64 = 1_800_000_000_000;

/// Verifies the input as a token, as a header and a payload (separated by a line break) that are signed, and reads it as what a
/// session remembers and as a JWK Set.
pub fn token(bytes: &[u8]) {
    let Ok(key) = Key::hmac("main", SECRET) else { return };
    let Ok(verifier) = Verifier::new(vec![Issuer::of_hmac_keys(KeySet::from(vec![key]))]) else { return };
    let text = String::from_utf8_lossy(bytes);
    assert!(verifier.verify(&text, NOW_MS).is_err(), "a token without a signature");
    let _ = KeySet::from_jwks(&text);
    if let Ok(claims) = SessionClaims::decode(bytes) {
        assert_eq!(claims.encode(), bytes, "an encoding has one form");
    }
    let at = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let (header, payload) = (&bytes[..at], bytes.get(at + 1..).unwrap_or_default());
    let Some(token) = sign(header, payload) else { return };
    let Ok(claims) = verifier.verify(&token, NOW_MS) else { return };
    assert_eq!(SessionClaims::decode(&claims.session().encode()), Ok(claims.session()));
    let minted = Minter::hmac("main", SECRET).map(|minter| minter.mint(&claims));
    // A token may be too long once it is written in full.
    if let Ok(Ok(minted)) = minted {
        assert_eq!(verifier.verify(&minted, NOW_MS), Ok(claims), "what was verified can be minted");
    }
}

fn sign(header: &[u8], payload: &[u8]) -> Option<String> {
    use base64::Engine as _;
    let encode = |bytes| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
    let signed = format!("{}.{}", encode(header), encode(payload));
    let key = EncodingKey::from_secret(SECRET).ok()?;
    let signature = jsonwebtoken::crypto::sign(signed.as_bytes(), &key, Algorithm::Hs256.of_crypto()).ok()?;
    Some(format!("{signed}.{signature}"))
}
