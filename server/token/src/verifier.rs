//! Verifies tokens.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::algorithm::{self, Algorithm};
use crate::claims::Claims;
use crate::compact::{Compact, Header};
use crate::error::{TokenError, TokenErrorKind, UnknownKey};
use crate::grants::Grants;
use crate::key::{Key, KeySet};
use crate::payload::Payload;

/// How far the clocks of a signer and of this machine may be apart, in milliseconds.
pub const LEEWAY_MS: u64 = 10_000;

/// Who may sign tokens, with which keys.
#[derive(Clone, Debug)]
pub struct Issuer {
    /// The `iss` of its tokens, compared byte by byte. `None`: those without `iss`, or with one that is not the name of
    /// another issuer. Only one issuer may have no name.
    pub name: Option<Arc<str>>,
    /// The algorithms it uses. A token with another one is refused, whatever its key.
    pub algorithms: Vec<Algorithm>,
    /// Of `aud`, at least one must be among these. Empty: `aud` is not looked at.
    pub audiences: Vec<String>,
    /// Its keys. Those from a JWKS document can be replaced later: [`Verifier::replace_fetched_keys`].
    pub keys: KeySet,
    /// What its tokens without a claim `wigwag` permit.
    pub default_grants: Grants,
    /// The namespace of its tokens, whether they name it or not; one that names another is refused. Empty: the one that they name.
    pub namespace: String,
}

impl Issuer {
    /// Creates the issuer without a name, with secrets for HS256.
    #[must_use]
    pub fn of_hmac_keys(keys: KeySet) -> Self {
        Self { name: None, keys, ..Self::new("", vec![Algorithm::Hs256]) }
    }

    /// Creates an issuer without keys.
    #[must_use]
    pub fn new(name: &str, algorithms: Vec<Algorithm>) -> Self {
        Self {
            name: Some(name.into()),
            algorithms,
            audiences: Vec::new(),
            keys: KeySet::empty(),
            default_grants: Grants::default(),
            namespace: String::new(),
        }
    }
}

/// Verifies tokens of configured issuers. Share it in an [`Arc`].
///
/// A token is looked up by its issuer and its `kid`, both as exact keys of a map. Without `kid` the issuer must have exactly
/// one key for the algorithm. What can be refused without a signature is refused before it is checked.
#[derive(Debug)]
pub struct Verifier {
    named: HashMap<Arc<str>, Entry>,
    unnamed: Option<Entry>,
}

#[derive(Debug)]
struct Entry {
    issuer: Issuer,
    /// Read for each token, replaced when a document was fetched.
    fetched: RwLock<Arc<KeySet>>,
}

impl Verifier {
    /// Creates a verifier.
    ///
    /// # Errors
    ///
    /// If two issuers have the same name or none, or if one has no algorithm, a key for an algorithm it does not use, or two
    /// keys with the same id and algorithm.
    pub fn new(issuers: Vec<Issuer>) -> Result<Self, IssuerError> {
        let mut verifier = Self { named: HashMap::new(), unnamed: None };
        for issuer in issuers {
            issuer.check()?;
            let entry = Entry { fetched: RwLock::default(), issuer };
            let replaced = match entry.issuer.name.clone() {
                Some(name) => verifier.named.insert(name, entry),
                None => verifier.unnamed.replace(entry),
            };
            if replaced.is_some() {
                return Err(IssuerError::SameName);
            }
        }
        Ok(verifier)
    }

    /// Verifies a token at `now_ms`, in milliseconds since 1970.
    ///
    /// # Errors
    ///
    /// Why it is refused. [`TokenErrorKind::UnknownKey`] may become good once the keys of the issuer were fetched again; the
    /// rest of such a token is good, except for its signature, which was not checked.
    pub fn verify(&self, token: &str, now_ms: u64) -> Result<Claims, TokenError> {
        let Compact { header, claims, signed, signature } = Compact::parse(token)?;
        let Payload { mut claims, has_grants, audiences, not_before_ms } = Payload::parse(claims)?;
        let entry = self.entry(claims.issuer.as_deref())?;
        let Issuer { algorithms, default_grants, namespace, .. } = &entry.issuer;
        if !algorithms.contains(&header.algorithm) {
            let allowed = algorithm::list(algorithms);
            return Err(TokenError::invalid(format!(
                "alg of the header is not one of this issuer, which are {allowed}"
            )));
        }
        entry.check_audience(audiences)?;
        check_times(&claims, not_before_ms, now_ms)?;
        if !entry.key(header)?.verifies(signed, signature) {
            let text = "the signature does not match: the token was changed, or signed with another key of the same id";
            return Err(TokenError::invalid(text));
        }
        if !has_grants {
            claims.grants = default_grants.clone();
        }
        if !namespace.is_empty() {
            if !claims.namespace.is_empty() && claims.namespace != *namespace {
                return Err(TokenError::invalid(
                    "wigwag.ns of the token is not the namespace of its issuer: leave it out",
                ));
            }
            claims.namespace.clone_from(namespace);
        }
        Ok(claims)
    }

    /// Replaces the keys of an issuer that were fetched before; [`Issuer::keys`] stay. Keys for algorithms that the issuer
    /// does not use are left out; if that leaves none, the former ones stay. Returns the number of keys that are used, `None`
    /// if there is no such issuer.
    pub fn replace_fetched_keys(&self, issuer: &str, keys: &KeySet) -> Option<usize> {
        let entry = self.named.get(issuer)?;
        let used = keys.iter().filter(|key| entry.issuer.algorithms.contains(&key.algorithm())).cloned();
        let used = KeySet::from(used.collect::<Vec<_>>());
        let count = used.len();
        if count > 0 {
            *entry.fetched.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(used);
        }
        Some(count)
    }

    fn entry(&self, issuer: Option<&str>) -> Result<&Entry, TokenError> {
        let named = issuer.and_then(|name| self.named.get(name));
        named.or(self.unnamed.as_ref()).ok_or_else(|| {
            TokenError::invalid(match issuer {
                None => "the token needs iss: keys are configured by issuer",
                Some(_) => "iss of the token is not a configured issuer",
            })
        })
    }
}

impl Issuer {
    fn check(&self) -> Result<(), IssuerError> {
        if self.algorithms.is_empty() {
            return Err(IssuerError::NoAlgorithm);
        }
        if let Some(key) = self.keys.iter().find(|key| !self.algorithms.contains(&key.algorithm())) {
            return Err(IssuerError::UnusedKey(key.algorithm()));
        }
        if self.keys.is_ambiguous() { Err(IssuerError::SameKeyId) } else { Ok(()) }
    }
}

impl Entry {
    fn check_audience(&self, audiences: Option<Vec<String>>) -> Result<(), TokenError> {
        let allowed = &self.issuer.audiences;
        if allowed.is_empty() || audiences.iter().flatten().any(|audience| allowed.contains(audience)) {
            return Ok(());
        }
        Err(TokenError::invalid(match audiences {
            None => "the token needs aud: its issuer signs tokens for several audiences",
            Some(_) => "aud of the token does not name this server: it was issued for another one",
        }))
    }

    fn key(&self, header: Header) -> Result<Key, TokenError> {
        let fetched = Arc::clone(&self.fetched.read().unwrap_or_else(PoisonError::into_inner));
        let keys = self.issuer.keys.iter().chain(fetched.iter());
        let usable = keys.filter(|key| key.algorithm() == header.algorithm);
        let mut named = usable.filter(|key| match &header.key_id {
            Some(id) => key.id() == Some(id),
            None => true,
        });
        let found = named.next();
        if header.key_id.is_none() && named.next().is_some() {
            let text =
                "the header has no kid, and its issuer has several keys: set kid to the id of the key that signs";
            return Err(TokenError::invalid(text));
        }
        found.cloned().ok_or_else(|| {
            let missing = match header.key_id {
                Some(_) => "the issuer has no key with the kid of the header",
                None => "the issuer has no key for the algorithm of the header",
            };
            let key = UnknownKey { issuer: self.issuer.name.clone(), key_id: header.key_id.as_deref().map(Arc::from) };
            TokenError::of_unknown_key(key, missing)
        })
    }
}

fn check_times(claims: &Claims, not_before_ms: Option<u64>, now_ms: u64) -> Result<(), TokenError> {
    if now_ms >= claims.expires_at_ms.saturating_add(LEEWAY_MS) {
        let seconds = (now_ms - claims.expires_at_ms) / 1_000;
        let text = format!("the token expired {seconds} s ago: get a fresh one");
        return Err(TokenError::new(TokenErrorKind::Expired, text));
    }
    // A token from the future would outlive the revocation of all tokens that were issued until now.
    for (name, at_ms) in [("nbf", not_before_ms), ("iat", claims.issued_at_ms)] {
        if let Some(ahead_ms) = at_ms.and_then(|at_ms| at_ms.checked_sub(now_ms)).filter(|ahead| *ahead > LEEWAY_MS) {
            let seconds = ahead_ms.div_ceil(1_000);
            let text = format!("{name} of the token is {seconds} s ahead: compare the clocks of both machines");
            return Err(TokenError::new(TokenErrorKind::NotYetValid, text));
        }
    }
    Ok(())
}

/// Why issuers cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IssuerError {
    /// Two issuers have the same name, or none.
    #[error("two issuers have the same name: give all keys of an issuer in one entry")]
    SameName,
    /// An issuer has no algorithm.
    #[error("an issuer needs at least one algorithm")]
    NoAlgorithm,
    /// An issuer has a key for another algorithm.
    #[error("an issuer has a key for {0}, which is not among its algorithms")]
    UnusedKey(Algorithm),
    /// Two keys of an issuer have the same id and algorithm.
    #[error("two keys of an issuer have the same id and algorithm: change the id of one")]
    SameKeyId,
}
