//! Signs tokens.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::EncodingKey;
use serde_json::{Map, Value, json};

use crate::algorithm::Algorithm;
use crate::claims::Claims;
use crate::compact::{MAX_KEY_ID_BYTES, MAX_TOKEN_BYTES};
use crate::error::TokenError;
use crate::json::parse_object;
use crate::key::{KeyError, check_secret};
use crate::payload::Payload;

/// Signs tokens with one key. `Debug` does not show it.
#[derive(Clone)]
pub struct Minter {
    key_id: String,
    algorithm: Algorithm,
    encoding: EncodingKey,
    audience: Option<String>,
}

impl Minter {
    /// Creates a minter that signs with HS256 and a secret, which the server has under the same id.
    ///
    /// # Errors
    ///
    /// Those of [`Key::hmac`](crate::Key::hmac).
    pub fn hmac(key_id: &str, secret: &[u8]) -> Result<Self, KeyError> {
        check_secret(secret)?;
        Self::new(key_id, Algorithm::Hs256, EncodingKey::from_secret(secret))
    }

    /// Creates a minter that signs with a private key in PEM (PKCS #8: `PRIVATE KEY`). Its type decides the algorithm: RS256,
    /// ES256 (P-256) or EdDSA (Ed25519).
    ///
    /// # Errors
    ///
    /// If it is another kind of key.
    pub fn from_pem(key_id: &str, pem: &str) -> Result<Self, KeyError> {
        if !pem.contains("-----BEGIN PRIVATE KEY-----") {
            return Err(KeyError::Unsupported);
        }
        let pem = pem.as_bytes();
        let minter = match (EncodingKey::from_ed_pem(pem), EncodingKey::from_ec_pem(pem)) {
            (Ok(key), _) => Self::new(key_id, Algorithm::EdDsa, Ok(key)),
            (_, Ok(key)) => Self::new(key_id, Algorithm::Es256, Ok(key)),
            _ => Self::new(key_id, Algorithm::Rs256, EncodingKey::from_rsa_pem(pem)),
        }?;
        // Other curves are found only by signing.
        minter.sign("").map(|_| minter.clone()).map_err(|_| KeyError::Unsupported)
    }

    fn new(
        key_id: &str,
        algorithm: Algorithm,
        encoding: jsonwebtoken::errors::Result<EncodingKey>,
    ) -> Result<Self, KeyError> {
        if !(1..=MAX_KEY_ID_BYTES).contains(&key_id.len()) {
            return Err(KeyError::Id);
        }
        let encoding = encoding.map_err(|_| KeyError::Unsupported)?;
        Ok(Self { key_id: key_id.to_owned(), algorithm, encoding, audience: None })
    }

    /// Sets the claim `aud` of the tokens, for a server that checks it.
    #[must_use]
    pub fn with_audience(mut self, audience: &str) -> Self {
        self.audience = Some(audience.to_owned());
        self
    }

    /// Signs a token with these claims.
    ///
    /// # Errors
    ///
    /// If a verifier would refuse it for its form, whenever and with whatever key.
    pub fn mint(&self, claims: &Claims) -> Result<String, MintError> {
        let header = json!({ "alg": self.algorithm.name(), "typ": "JWT", "kid": self.key_id });
        let payload = payload(claims, self.audience.as_deref()).to_string();
        let parsed = parse_object(payload.as_bytes()).map_err(|_| MintError::Signature)?;
        Payload::parse(parsed).map_err(MintError::Claims)?;
        let signed = format!("{}.{}", encode(header.to_string()), encode(payload));
        let signature = self.sign(&signed)?;
        let token = format!("{signed}.{signature}");
        if token.len() > MAX_TOKEN_BYTES { Err(MintError::TooLong(token.len())) } else { Ok(token) }
    }

    fn sign(&self, signed: &str) -> Result<String, MintError> {
        jsonwebtoken::crypto::sign(signed.as_bytes(), &self.encoding, self.algorithm.of_crypto())
            .map_err(|_| MintError::Signature)
    }
}

impl fmt::Debug for Minter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Minter")
            .field("key_id", &self.key_id)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

/// Why no token was signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MintError {
    /// A claim has a form that no verifier accepts.
    #[error(transparent)]
    Claims(TokenError),
    /// The token would be too long.
    #[error(
        "the token would have {0} bytes: at most {MAX_TOKEN_BYTES} are accepted; grant fewer rooms or less metadata"
    )]
    TooLong(usize),
    /// The key does not sign.
    #[error("the key cannot sign tokens")]
    Signature,
}

fn payload(claims: &Claims, audience: Option<&str>) -> Value {
    let mut payload = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        payload.extend(value.map(|value| (name.to_owned(), value)));
    };
    put("sub", Some(json!(&*claims.subject)));
    put("name", claims.display_name.as_deref().map(Value::from));
    put("exp", Some(seconds(claims.expires_at_ms)));
    put("iat", claims.issued_at_ms.map(seconds));
    put("jti", claims.id.as_deref().map(Value::from));
    put("iss", claims.issuer.as_deref().map(Value::from));
    put("aud", audience.map(Value::from));
    put("wigwag", Some(wigwag(claims)));
    Value::Object(payload)
}

fn wigwag(claims: &Claims) -> Value {
    let grants = &claims.grants;
    let mut wigwag = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        wigwag.extend(value.map(|value| (name.to_owned(), value)));
    };
    put("ns", (!claims.namespace.is_empty()).then(|| json!(claims.namespace)));
    put("rooms", Some(grants.rooms.iter().map(|pattern| pattern.as_str()).collect()));
    put("can", Some(grants.can.names().collect()));
    put("max_members", grants.max_members.map(Value::from));
    put("duplicate_users", grants.duplicate_users.map(|rule| json!(rule.name())));
    put("metadata", (!grants.metadata.is_empty()).then(|| json!(grants.metadata)));
    Value::Object(wigwag)
}

/// Whole seconds are written without a fraction.
fn seconds(ms: u64) -> Value {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of points in time are below 2^53 for 280,000 years")]
    if ms.is_multiple_of(1_000) { json!(ms / 1_000) } else { json!(ms as f64 / 1_000.0) }
}

fn encode(text: String) -> String {
    URL_SAFE_NO_PAD.encode(text)
}
