//! `[auth]`: who signs the tokens that clients must have.

mod certificate;
mod grants;
mod issuer;
mod key;
mod text_file;
mod webhook;
mod webhook_when;

use serde::{Deserialize, Serialize};
use wigwag_token::{Issuer, Verifier};

use super::error::ConfigErrors;
use super::range::Range;
use super::secret::Secret;

pub use certificate::{AuthCertificate, CertificateGrants, NamePattern};
pub use issuer::AuthIssuer;
pub use key::AuthKey;
pub(super) use webhook_when::ALLOWED_WHEN as ALLOWED_WEBHOOK_WHEN;
pub use webhook_when::WebhookWhen;

/// Settings of authentication. With a key, an issuer, a certificate or a webhook, every client needs a token or a certificate, or
/// must be allowed by the webhook; without, the server is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AuthSection {
    /// Secrets for HS256, shared with the application servers that sign tokens. Default: none.
    pub keys: Vec<AuthKey>,
    /// Of the claim `aud` of tokens that these keys sign, at least one must be among these. Empty, the default: `aud` is not
    /// looked at.
    pub audience: Vec<String>,
    /// Issuers that sign with keys of which this server has the public part. Default: none.
    pub issuers: Vec<AuthIssuer>,
    /// What clients may do that have no token and a certificate with one of these names. Default: none.
    pub certificates: Vec<AuthCertificate>,
    /// Milliseconds after which a JWKS document is fetched again. Default: 600000, ten minutes.
    pub jwks_refresh_ms: u32,
    /// A file of certificates (PEM) that may sign those of JWKS servers. Empty, the default: those that this machine trusts.
    pub jwks_ca_file: String,
    /// The application's server that is asked about clients: https, or http on this machine. Empty, the default: none is.
    pub webhook_url: String,
    /// About which clients that connect it is asked. Default: `no_token`, those with neither token nor certificate.
    pub webhook_when: WebhookWhen,
    /// Whether it is asked at each join, too. Default: false.
    pub webhook_joins: bool,
    /// What it knows this server by: sent as `authorization: Bearer`. Default: none.
    pub webhook_secret: Secret,
    /// A file that holds it, in place of `webhook_secret`. A line break at its end is not part of it. Default: none.
    pub webhook_secret_file: String,
    /// The fields of a client's request that it is told, in lower case, such as `cookie`. At most 16, 8 KiB together. Default:
    /// none.
    pub webhook_headers: Vec<String>,
    /// Whether it is told the IP addresses of clients. Default: false, since addresses are personal data.
    pub webhook_addresses: bool,
    /// Milliseconds that it has for an answer, including the time until it is asked. Default: 2000.
    pub webhook_timeout_ms: u32,
    /// Questions under way at a time. Default: 64.
    pub webhook_concurrency: u32,
    /// A file of certificates (PEM) that may sign that of the webhook. Empty, the default: those that this machine trusts.
    pub webhook_ca_file: String,
    /// Failed authentications per second from one source (IPv4 address or IPv6 /64) on average. 0 = no limit. Further ones get
    /// RATE_LIMITED; a good token is accepted all the same. Default: 50.
    pub failures_per_second: u32,
    /// The same at once after a pause. Default: 2000.
    pub failures_burst: u32,
}

impl Default for AuthSection {
    fn default() -> Self {
        Self {
            keys: Vec::new(),
            audience: Vec::new(),
            issuers: Vec::new(),
            certificates: Vec::new(),
            jwks_refresh_ms: 600_000,
            jwks_ca_file: String::new(),
            webhook_url: String::new(),
            webhook_when: WebhookWhen::NoToken,
            webhook_joins: false,
            webhook_secret: Secret::default(),
            webhook_secret_file: String::new(),
            webhook_headers: Vec::new(),
            webhook_addresses: false,
            webhook_timeout_ms: 2_000,
            webhook_concurrency: 64,
            webhook_ca_file: String::new(),
            failures_per_second: 50,
            failures_burst: 2_000,
        }
    }
}

pub(super) const RANGES: &[Range] = &[
    Range::ms("auth.jwks_refresh_ms", 10_000, 86_400_000),
    Range::ms("auth.webhook_timeout_ms", 100, 10_000),
    Range::new("auth.webhook_concurrency", 1, 1_024),
    Range::new("auth.failures_per_second", 0, 1_000_000),
    Range::new("auth.failures_burst", 1, 1_000_000),
];

pub(super) const ALLOWED_KEYS: &str = "a list of { id, secret } or { id, secret_file }";

pub(super) const ALLOWED_ISSUERS: &str =
    "a list of { issuer, algorithms, audience, public_key_files, jwks_url, rooms, can }";

pub(super) const ALLOWED_CERTIFICATES: &str = "a list of { name, user, display_name, rooms, can }";

impl AuthSection {
    /// Returns whether clients need a token or a certificate, or must be allowed by the webhook.
    pub fn is_required(&self) -> bool {
        !self.keys.is_empty()
            || !self.issuers.is_empty()
            || !self.certificates.is_empty()
            || !self.webhook_url.is_empty()
    }

    /// Reads the keys and returns what verifies tokens.
    ///
    /// # Errors
    ///
    /// Every setting that cannot be used, such as a file that cannot be read.
    pub fn verifier(&self) -> Result<Verifier, ConfigErrors> {
        let mut errors = ConfigErrors::default();
        let verifier = self.build(&mut errors);
        match verifier {
            Some(verifier) => errors.or(verifier),
            None => Err(errors),
        }
    }

    /// Returns what certificates permit.
    ///
    /// # Errors
    ///
    /// Every setting that cannot be used.
    pub fn certificate_grants(&self) -> Result<Vec<CertificateGrants>, ConfigErrors> {
        let mut errors = ConfigErrors::default();
        let grants = certificate::read(&self.certificates, &mut errors);
        errors.or(grants)
    }

    pub(super) fn check(&self, errors: &mut ConfigErrors) {
        self.build(errors);
        certificate::read(&self.certificates, errors);
        self.check_webhook(errors);
        if self.jwks_ca_file.is_empty() {
            return;
        }
        let wrong = match std::fs::read_to_string(&self.jwks_ca_file) {
            Ok(text) if text.contains("-----BEGIN CERTIFICATE-----") => return,
            Ok(_) => "has no certificate in PEM".to_owned(),
            Err(error) => format!("cannot be read: {error}"),
        };
        errors.add("auth.jwks_ca_file", format!("{:?}", self.jwks_ca_file), wrong);
    }

    fn build(&self, errors: &mut ConfigErrors) -> Option<Verifier> {
        let mut issuers: Vec<Issuer> = Vec::new();
        let keys = key::read(&self.keys, errors);
        if !keys.is_empty() {
            issuers.push(Issuer { audiences: self.audience.clone(), ..Issuer::of_hmac_keys(keys) });
        }
        for (index, issuer) in self.issuers.iter().enumerate() {
            issuers.extend(issuer.read(&format!("auth.issuers[{index}]"), errors));
        }
        if self.keys.is_empty() && !self.audience.is_empty() {
            errors.add(
                "auth.audience",
                "",
                "is for the tokens of auth.keys, of which there are none: give each issuer its own",
            );
        }
        match Verifier::new(issuers) {
            Ok(verifier) => Some(verifier),
            Err(error) => {
                errors.add("auth", "", error.to_string());
                None
            }
        }
    }
}
