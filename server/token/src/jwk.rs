//! Keys in JSON: JWK and JWK Set (RFC 7517).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;

use crate::algorithm::Algorithm;
use crate::json::{Json, Object, parse_object};
use crate::key::{Key, KeyError, KeySet, MAX_KEYS};

impl Key {
    /// Reads a public key from a JWK. `id` replaces its `kid`.
    ///
    /// # Errors
    ///
    /// If it is not JSON, or not a public RSA, P-256 or Ed25519 key for RS256, ES256 or EdDSA. Symmetric keys (`oct`) are not
    /// accepted in this form.
    pub fn from_jwk(id: Option<&str>, text: &str) -> Result<Self, KeyError> {
        let jwk = parse_object(text.as_bytes()).map_err(KeyError::Document)?;
        if jwk.contains_key("d") {
            return Err(KeyError::PrivateKey);
        }
        let id = id.or_else(|| member(&jwk, "kid"));
        from_object(id, &jwk)
    }
}

impl KeySet {
    /// Reads the usable keys of a JWK Set. Others, such as keys for encryption or of other types, are left out.
    ///
    /// # Errors
    ///
    /// If it is not a JWK Set, has more than [`MAX_KEYS`] keys or no usable one, or if two usable ones have the same id and
    /// algorithm.
    pub fn from_jwks(text: &str) -> Result<Self, KeyError> {
        let document = parse_object(text.as_bytes()).map_err(KeyError::Document)?;
        let Some(Json::List(jwks)) = document.get("keys") else {
            return Err(KeyError::Document("has no list `keys`"));
        };
        if jwks.len() > MAX_KEYS {
            return Err(KeyError::TooMany(jwks.len()));
        }
        let mut keys = Self::empty();
        for jwk in jwks {
            if let Json::Object(jwk) = jwk
                && !jwk.contains_key("d")
                && let Ok(key) = from_object(member(jwk, "kid"), jwk)
            {
                keys.push(key);
            }
        }
        if keys.is_empty() {
            return Err(KeyError::NoneUsable(jwks.len()));
        }
        if keys.is_ambiguous() { Err(KeyError::Ambiguous) } else { Ok(keys) }
    }
}

fn from_object(id: Option<&str>, jwk: &Object) -> Result<Key, KeyError> {
    let for_signatures = member(jwk, "use").is_none_or(|purpose| purpose == "sig") && may_verify(jwk);
    let for_algorithm = |algorithm: Algorithm| match jwk.get("alg") {
        None => true,
        Some(Json::Text(name)) => Algorithm::parse(name) == Some(algorithm),
        Some(_) => false,
    };
    let algorithm = match (member(jwk, "kty"), member(jwk, "crv")) {
        (Some("RSA"), _) => Algorithm::Rs256,
        (Some("EC"), Some("P-256")) => Algorithm::Es256,
        (Some("OKP"), Some("Ed25519")) => Algorithm::EdDsa,
        _ => return Err(KeyError::Unsupported),
    };
    if !for_signatures || !for_algorithm(algorithm) {
        return Err(KeyError::Unsupported);
    }
    match algorithm {
        Algorithm::Rs256 => Key::rsa(id, &bytes(jwk, "n")?, &bytes(jwk, "e")?),
        Algorithm::Es256 => {
            let (x, y) = (coordinate(jwk, "x")?, coordinate(jwk, "y")?);
            Key::new(id, algorithm, DecodingKey::from_ec_der(&[&[4], &x[..], &y[..]].concat()))
        }
        _ => Key::new(id, algorithm, DecodingKey::from_ed_der(&coordinate(jwk, "x")?)),
    }
}

fn may_verify(jwk: &Object) -> bool {
    match jwk.get("key_ops") {
        None => true,
        Some(Json::List(operations)) => operations.contains(&Json::Text("verify".to_owned())),
        Some(_) => false,
    }
}

fn member<'a>(jwk: &'a Object, name: &str) -> Option<&'a str> {
    match jwk.get(name) {
        Some(Json::Text(text)) => Some(text),
        _ => None,
    }
}

fn coordinate(jwk: &Object, name: &str) -> Result<Vec<u8>, KeyError> {
    let bytes = bytes(jwk, name)?;
    if bytes.len() == 32 { Ok(bytes) } else { Err(KeyError::Unsupported) }
}

fn bytes(jwk: &Object, name: &str) -> Result<Vec<u8>, KeyError> {
    let text = member(jwk, name).ok_or(KeyError::Unsupported)?;
    URL_SAFE_NO_PAD.decode(text).map_err(|_| KeyError::Unsupported)
}
