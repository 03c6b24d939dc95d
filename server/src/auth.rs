//! Authentication: verifies tokens with the keys of the configuration and of JWK Sets that issuers serve, and knows what the
//! certificates of clients permit. Asks the application's server about clients, if it is to.

mod certificates;
mod jwks;
mod stats;
mod webhook;

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use wigwag_node::auth::{Authenticate, ClientCertificate, Webhook};
use wigwag_token::{Claims, TokenError, TokenErrorKind, Verifier};

use self::jwks::Source;
use crate::config::{AuthSection, CertificateGrants, ConfigErrors};
use crate::fetch::Trust;

pub use jwks::JwksError;
pub use stats::AuthStats;

/// Verifies tokens. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Authenticator {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    verifier: Verifier,
    /// Few: one for each issuer with a URL.
    sources: Vec<Source>,
    certificates: Vec<CertificateGrants>,
    webhook: Option<Webhook>,
    stats: Arc<AuthStats>,
}

impl Authenticator {
    /// Reads the keys. `None` if clients need no token. Keys of JWK Sets are fetched by [`Self::refresh_forever`], and when a
    /// token names an unknown one.
    ///
    /// # Errors
    ///
    /// Every setting that cannot be used; those were checked before, but a file may have changed since.
    pub fn new(section: &AuthSection) -> Result<Option<Self>, ConfigErrors> {
        if !section.is_required() {
            return Ok(None);
        }
        let verifier = section.verifier()?;
        let certificates = section.certificate_grants()?;
        let urls: Vec<_> = section
            .issuers
            .iter()
            .filter_map(|issuer| Some((issuer.issuer.clone(), issuer.jwks_url().ok().flatten()?)))
            .collect();
        let trust = if urls.iter().any(|(_, url)| url.https) {
            Trust::with_tls(&section.jwks_ca_file).map_err(|error| ConfigErrors::one("auth.jwks_ca_file", error))?
        } else {
            Trust::without_tls()
        };
        let refresh = Duration::from_millis(section.jwks_refresh_ms.into());
        let sources = urls.into_iter().map(|(issuer, url)| Source::new(issuer, url, trust.clone(), refresh)).collect();
        let stats = Arc::default();
        let webhook = webhook::webhook(section, &stats)?;
        Ok(Some(Self { inner: Arc::new(Inner { verifier, sources, certificates, webhook, stats }) }))
    }

    /// Verifies a token at `now_ms`, in milliseconds since 1970, with the keys that are known.
    ///
    /// # Errors
    ///
    /// As [`Verifier::verify`].
    pub fn verify_now(&self, token: &str, now_ms: u64) -> Result<Claims, TokenError> {
        self.inner.verifier.verify(token, now_ms)
    }

    /// As [`Self::verify_now`]; if the token names a key that its issuer may have got since, fetches the issuer's JWK Set
    /// first, which takes at most 5 s and happens at most once in 10 s for all tokens together.
    ///
    /// # Errors
    ///
    /// As [`Self::verify_now`], and [`TokenErrorKind::KeysUnavailable`] if the key is unknown and the JWK Set cannot be
    /// fetched: such a token may be good.
    pub async fn verify(&self, token: &str, now_ms: u64) -> Result<Claims, TokenError> {
        let error = match self.verify_now(token, now_ms) {
            Err(error) if error.kind() == TokenErrorKind::UnknownKey => error,
            verified => return self.counted(verified),
        };
        let issuer = error.unknown_key().and_then(|key| key.issuer.as_deref());
        let Some(source) = self.inner.sources.iter().find(|source| Some(source.issuer()) == issuer) else {
            return self.counted(Err(error));
        };
        let fetched = source.refetch(&self.inner.verifier, &self.inner.stats).await;
        let verified = self.verify_now(token, now_ms).map_err(|error| match error.kind() {
            TokenErrorKind::UnknownKey if !fetched => TokenError::keys_unavailable(),
            _ => error,
        });
        self.counted(verified)
    }

    /// Fetches the JWK Sets now and then again and again. Keys stay in use while their source does not answer.
    pub async fn refresh_forever(&self) {
        let mut tasks = JoinSet::new();
        for index in 0..self.inner.sources.len() {
            let inner = self.inner.clone();
            tasks.spawn(async move { inner.sources[index].refresh_forever(&inner.verifier, &inner.stats).await });
        }
        // A task of the server that ends is a defect of it; without sources there is nothing to do.
        while tasks.join_next().await.is_some() {}
        std::future::pending().await
    }

    /// Returns who is asked about clients, if anyone is.
    pub fn webhook(&self) -> Option<Webhook> {
        self.inner.webhook.clone()
    }

    /// Returns the counters.
    pub fn stats(&self) -> &AuthStats {
        &self.inner.stats
    }

    fn counted(&self, verified: Result<Claims, TokenError>) -> Result<Claims, TokenError> {
        if verified.is_err() {
            self.inner.stats.count_refused();
        }
        verified
    }
}

impl Authenticate for Authenticator {
    fn verify<'a>(
        &'a self,
        token: &'a str,
        now_unix_ms: u64,
    ) -> Pin<Box<dyn Future<Output = Result<Claims, TokenError>> + Send + 'a>> {
        Box::pin(self.verify(token, now_unix_ms))
    }

    fn claims_of(&self, certificate: &ClientCertificate) -> Option<Claims> {
        certificates::claims_of(&self.inner.certificates, certificate)
    }
}
