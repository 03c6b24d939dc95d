//! `auth.issuers`: who signs tokens with private keys.

use std::path::Path;

use serde::{Deserialize, Serialize};
use wigwag_token::{Algorithm, Issuer, Key, KeyError, KeySet, MAX_ID_BYTES, is_namespace};

use super::super::error::ConfigErrors;
use super::{grants, text_file};
use crate::fetch::HttpUrl;

/// An issuer, such as an OpenID provider or an application server that keeps its private key to itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AuthIssuer {
    /// The `iss` of its tokens, compared byte by byte.
    pub issuer: String,
    /// The algorithms it signs with, of RS256, ES256 and EdDSA. Tokens with another one are refused.
    pub algorithms: Vec<String>,
    /// Of the claim `aud`, at least one must be among these. Empty: `aud` is not looked at; not with `jwks_url`, since such an
    /// issuer signs for other applications, too.
    pub audience: Vec<String>,
    /// Files with a public key each: PEM, whose file name without extension is the key's id; a JWK with `kid`; or a JWK Set.
    pub public_key_files: Vec<String>,
    /// Where its JWK Set is fetched: https, or http on this machine. Redirects are not followed.
    pub jwks_url: String,
    /// The rooms of tokens without the claim `wigwag`.
    pub rooms: Vec<String>,
    /// What tokens without the claim `wigwag` permit in these rooms.
    pub can: Vec<String>,
    /// The namespace of its tokens: one that names another in `wigwag.ns` is refused. Empty: that which each names.
    pub namespace: String,
}

impl AuthIssuer {
    pub(super) fn read(&self, name: &str, errors: &mut ConfigErrors) -> Option<Issuer> {
        if !(1..=MAX_ID_BYTES).contains(&self.issuer.len()) {
            errors.add(&format!("{name}.issuer"), "", "the claim iss of its tokens, 1 to 256 bytes");
            return None;
        }
        let algorithms = self.read_algorithms(name, errors);
        let keys = self.read_keys(name, &algorithms, errors);
        if self.public_key_files.is_empty() && self.jwks_url.is_empty() {
            errors.add(name, "", "needs public_key_files or jwks_url");
        }
        if let Err(allowed) = self.jwks_url() {
            errors.add(&format!("{name}.jwks_url"), format!("{:?}", self.jwks_url), allowed);
        }
        if !self.jwks_url.is_empty() && self.audience.is_empty() {
            let allowed = "needs the claim aud of tokens for this server: the issuer signs for other applications, too";
            errors.add(&format!("{name}.audience"), "[]", allowed);
        }
        if !is_namespace(&self.namespace) {
            let allowed = "at most 64 characters of a-z, 0-9, - and _";
            errors.add(&format!("{name}.namespace"), format!("{:?}", self.namespace), allowed);
        }
        Some(Issuer {
            namespace: self.namespace.clone(),
            audiences: self.audience.clone(),
            keys,
            default_grants: grants::read(name, &self.rooms, &self.can, errors),
            ..Issuer::new(&self.issuer, algorithms)
        })
    }

    /// Returns where its JWK Set is fetched, if it is.
    ///
    /// # Errors
    ///
    /// What is allowed instead.
    pub fn jwks_url(&self) -> Result<Option<HttpUrl>, String> {
        if self.jwks_url.is_empty() {
            Ok(None)
        } else {
            HttpUrl::parse(&self.jwks_url).map(Some).map_err(|error| error.to_string())
        }
    }

    fn read_algorithms(&self, name: &str, errors: &mut ConfigErrors) -> Vec<Algorithm> {
        let parsed = self.algorithms.iter().map(|name| Algorithm::parse(name).filter(|it| *it != Algorithm::Hs256));
        match parsed.collect::<Option<Vec<_>>>() {
            Some(algorithms) if !algorithms.is_empty() => algorithms,
            _ => {
                let allowed = "a list of those it signs with, of \"RS256\", \"ES256\" and \"EdDSA\"; secrets for HS256 belong \
                               into auth.keys";
                errors.add(&format!("{name}.algorithms"), format!("{:?}", self.algorithms), allowed);
                vec![Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa]
            }
        }
    }

    fn read_keys(&self, name: &str, algorithms: &[Algorithm], errors: &mut ConfigErrors) -> KeySet {
        let mut keys = KeySet::empty();
        for (at, path) in self.public_key_files.iter().enumerate() {
            let read = text_file::read(path)
                .and_then(|text| read_keys(path, &text).map_err(|error| format!("{path}: {error}")));
            let wrong = match read {
                Ok(read) => match read.iter().find(|key| !algorithms.contains(&key.algorithm())) {
                    Some(key) => format!("{path}: has a key for {}, which algorithms does not list", key.algorithm()),
                    None => {
                        read.iter().cloned().for_each(|key| keys.push(key));
                        continue;
                    }
                },
                Err(wrong) => wrong,
            };
            errors.add(&format!("{name}.public_key_files[{at}]"), "", wrong);
        }
        keys
    }
}

fn read_keys(path: &str, text: &str) -> Result<KeySet, KeyError> {
    if !text.trim_start().starts_with('{') {
        let id = Path::new(path).file_stem().and_then(|stem| stem.to_str());
        return Key::from_pem(id, text).map(|key| KeySet::from(vec![key]));
    }
    KeySet::from_jwks(text).or_else(|_| Key::from_jwk(None, text).map(|key| KeySet::from(vec![key])))
}
