//! Keys that verify tokens.

use std::fmt;
use std::sync::Arc;

use jsonwebtoken::DecodingKey;
use jsonwebtoken::crypto::CryptoProvider;

use crate::algorithm::Algorithm;
use crate::compact::MAX_KEY_ID_BYTES;

/// Minimum length of a secret for HMAC in bytes: that of the hash (RFC 7518 section 3.2).
pub const MIN_SECRET_BYTES: usize = 32;

/// Most keys of an issuer.
pub const MAX_KEYS: usize = 100;

/// A key that verifies tokens, with one algorithm. `Debug` does not show it.
#[derive(Clone)]
pub struct Key {
    id: Option<Arc<str>>,
    algorithm: Algorithm,
    decoding: DecodingKey,
}

impl Key {
    /// Creates a key for HS256 from a secret.
    ///
    /// # Errors
    ///
    /// If the id is empty or longer than [`MAX_KEY_ID_BYTES`], if the secret has fewer than [`MIN_SECRET_BYTES`] bytes, or if
    /// it is a public key: everyone could sign with it.
    pub fn hmac(id: &str, secret: &[u8]) -> Result<Self, KeyError> {
        check_secret(secret)?;
        let decoding = DecodingKey::from_secret(secret).map_err(|_| KeyError::NoKey)?;
        Self::new(Some(id), Algorithm::Hs256, decoding)
    }

    /// Reads a public key in PEM: `PUBLIC KEY` (RSA, P-256 or Ed25519) or `RSA PUBLIC KEY`. Its type decides the algorithm.
    ///
    /// # Errors
    ///
    /// If it is none of these, or an RSA key of fewer than 2048 or more than 8192 bits, or a private key.
    pub fn from_pem(id: Option<&str>, pem: &str) -> Result<Self, KeyError> {
        if pem.matches("-----BEGIN ").count() != 1 {
            return Err(if pem.contains("-----BEGIN ") { KeyError::SeveralKeys } else { KeyError::NoKey });
        }
        if pem.contains("PRIVATE KEY-----") {
            return Err(KeyError::PrivateKey);
        }
        if pem.contains("-----BEGIN CERTIFICATE-----") {
            return Err(KeyError::Certificate);
        }
        let pem = pem.as_bytes();
        if let Ok(decoding) = DecodingKey::from_ed_pem(pem) {
            return Self::new(id, Algorithm::EdDsa, decoding);
        }
        if let Ok(decoding) = DecodingKey::from_ec_pem(pem) {
            // An uncompressed point of P-256 (SEC 1 section 2.3.3).
            let on_p256 = decoding.try_get_as_bytes().is_ok_and(|point| point.len() == 65 && point[0] == 4);
            return if on_p256 { Self::new(id, Algorithm::Es256, decoding) } else { Err(KeyError::Unsupported) };
        }
        let decoding = DecodingKey::from_rsa_pem(pem).map_err(|_| KeyError::Unsupported)?;
        let der = decoding.try_get_as_bytes().map_err(|_| KeyError::Unsupported)?;
        let provider = CryptoProvider::try_get_default().ok_or(KeyError::Unsupported)?;
        let components = (provider.key_utils.rsa_pub_components_from_public_key)(der);
        let (modulus, exponent) = components.map_err(|_| KeyError::Unsupported)?;
        Self::rsa(id, &modulus, &exponent)
    }

    pub(crate) fn rsa(id: Option<&str>, modulus: &[u8], exponent: &[u8]) -> Result<Self, KeyError> {
        let (modulus, exponent) = (without_zeros(modulus), without_zeros(exponent));
        let bits = modulus.first().map_or(0, |first| modulus.len() * 8 - first.leading_zeros() as usize);
        if !(2048..=8192).contains(&bits) {
            return Err(KeyError::RsaSize(bits));
        }
        // With the exponent 1 everything is its own signature.
        let odd = exponent.last().is_some_and(|last| last % 2 == 1);
        if !odd || exponent == [1] || exponent.len() > 4 {
            return Err(KeyError::Unsupported);
        }
        Self::new(id, Algorithm::Rs256, DecodingKey::from_rsa_raw_components(modulus, exponent))
    }

    pub(crate) fn new(id: Option<&str>, algorithm: Algorithm, decoding: DecodingKey) -> Result<Self, KeyError> {
        if id.is_some_and(|id| !(1..=MAX_KEY_ID_BYTES).contains(&id.len())) {
            return Err(KeyError::Id);
        }
        Ok(Self { id: id.map(Arc::from), algorithm, decoding })
    }

    /// Returns its id: the `kid` of tokens signed with it.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Returns its algorithm.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Returns whether the signature is one of this key. Both are from a token whose form was checked.
    pub(crate) fn verifies(&self, signed: &str, signature: &str) -> bool {
        let algorithm = self.algorithm.of_crypto();
        jsonwebtoken::crypto::verify(signature, signed.as_bytes(), &self.decoding, algorithm).unwrap_or(false)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("id", &self.id).field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

/// The keys of an issuer.
#[derive(Clone, Debug, Default)]
pub struct KeySet(Vec<Key>);

impl KeySet {
    /// Creates a set of no keys.
    #[must_use]
    pub const fn empty() -> Self {
        Self(Vec::new())
    }

    /// Adds a key.
    pub fn push(&mut self, key: Key) {
        self.0.push(key);
    }

    /// Iterates over the keys.
    pub fn iter(&self) -> impl Iterator<Item = &Key> {
        self.0.iter()
    }

    /// Returns how many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns whether two keys have the same id and algorithm, so that the id names neither.
    pub(crate) fn is_ambiguous(&self) -> bool {
        let same = |one: &Key, other: &Key| one.id.is_some() && one.id == other.id && one.algorithm == other.algorithm;
        self.0.iter().enumerate().any(|(at, one)| self.0[..at].iter().any(|other| same(one, other)))
    }
}

impl From<Vec<Key>> for KeySet {
    fn from(keys: Vec<Key>) -> Self {
        Self(keys)
    }
}

/// Why a text is not a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The id is empty or too long.
    #[error("the id of a key has 1 to {MAX_KEY_ID_BYTES} bytes")]
    Id,
    /// The secret is too short.
    #[error(
        "the secret has {0} bytes: at least {MIN_SECRET_BYTES} are needed, such as those of `openssl rand -base64 48`"
    )]
    ShortSecret(usize),
    /// The secret is a public key.
    #[error("the secret is a PEM or JWK document, not a secret: generate one with `openssl rand -base64 48`")]
    NotSecret,
    /// There is no key.
    #[error("there is no key in it: expected PEM with a public key, a JWK, or a JWK Set")]
    NoKey,
    /// There are several keys where one is expected.
    #[error("there is more than one key in it: use one file for each key")]
    SeveralKeys,
    /// It is a private key.
    #[error("it is a private key: only its owner may have it; extract the public one with `openssl pkey -pubout`")]
    PrivateKey,
    /// It is a certificate.
    #[error("it is a certificate: extract its public key with `openssl x509 -pubkey -noout`")]
    Certificate,
    /// The RSA key is too small or too large.
    #[error("the RSA key has {0} bits: 2048 to 8192 are accepted")]
    RsaSize(usize),
    /// The key is of another type.
    #[error("the key is not an RSA, P-256 or Ed25519 public key for RS256, ES256 or EdDSA")]
    Unsupported,
    /// The document is not JSON, or not in the form of RFC 7517.
    #[error("it is not a JWK Set (RFC 7517): {0}")]
    Document(&'static str),
    /// No key in the document can verify tokens.
    #[error("none of its {0} keys can verify tokens: RSA, P-256 and Ed25519 keys for RS256, ES256 and EdDSA can")]
    NoneUsable(usize),
    /// The document has too many keys.
    #[error("it has {0} keys: at most {MAX_KEYS} are accepted")]
    TooMany(usize),
    /// Two keys have the same id.
    #[error("two of its keys have the same id and algorithm")]
    Ambiguous,
}

pub(crate) fn check_secret(secret: &[u8]) -> Result<(), KeyError> {
    if secret.len() < MIN_SECRET_BYTES {
        return Err(KeyError::ShortSecret(secret.len()));
    }
    let start = secret.trim_ascii_start();
    if start.starts_with(b"-----BEGIN ") || start.starts_with(b"{") {
        return Err(KeyError::NotSecret);
    }
    Ok(())
}

fn without_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    &number[zeros..]
}
