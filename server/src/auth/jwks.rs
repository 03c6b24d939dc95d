//! The JWK Set of an issuer: when it is fetched.

use std::time::Duration;

use bytes::Bytes;
use http::header::ACCEPT;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};
use wigwag_token::{KeyError, KeySet, Verifier};

use super::stats::AuthStats;
use crate::fetch::{Call, FetchError, HttpClient, HttpUrl, Trust};

/// Time for a fetch.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The least time between two fetches, however many tokens name unknown keys, and the pause after a failure.
const MIN_PAUSE: Duration = Duration::from_secs(10);

/// Where the keys of an issuer come from.
#[derive(Debug)]
pub(super) struct Source {
    issuer: String,
    client: HttpClient,
    refresh: Duration,
    /// Held during a fetch, so that there is one at a time, and all that wait for it use its result.
    last: Mutex<Option<Last>>,
}

#[derive(Clone, Copy, Debug)]
struct Last {
    at: Instant,
    succeeded: bool,
}

impl Source {
    pub(super) fn new(issuer: String, url: HttpUrl, trust: Trust, refresh: Duration) -> Self {
        // No connection waits for the next fetch, which is minutes away.
        Self { issuer, client: HttpClient::new(url, trust, TIMEOUT, 0), refresh, last: Mutex::default() }
    }

    pub(super) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Fetches the document unless that was tried within the last [`MIN_PAUSE`]. Returns whether the last fetch succeeded.
    pub(super) async fn refetch(&self, verifier: &Verifier, stats: &AuthStats) -> bool {
        let mut last = self.last.lock().await;
        if let Some(last) = *last
            && last.at.elapsed() < MIN_PAUSE
        {
            return last.succeeded;
        }
        let result = self.fetch(verifier).await;
        stats.count_fetch(result.is_ok());
        match &result {
            Ok(keys) => tracing::debug!(issuer = self.issuer, keys, "JWK Set fetched"),
            Err(error) => tracing::warn!(issuer = self.issuer, %error, "JWK Set not fetched"),
        }
        *last = Some(Last { at: Instant::now(), succeeded: result.is_ok() });
        result.is_ok()
    }

    pub(super) async fn refresh_forever(&self, verifier: &Verifier, stats: &AuthStats) {
        let mut failures = 0u32;
        loop {
            let pause = if self.refetch(verifier, stats).await {
                failures = 0;
                self.refresh
            } else {
                failures = failures.saturating_add(1);
                (MIN_PAUSE * 2u32.saturating_pow(failures - 1).min(64)).min(self.refresh)
            };
            sleep(pause).await;
        }
    }

    /// Returns the number of keys that are now in use.
    async fn fetch(&self, verifier: &Verifier) -> Result<usize, JwksError> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/jwk-set+json, application/json"));
        let answer = self.client.send(&Call { method: Method::GET, headers, body: Bytes::new() }).await?;
        if answer.status != StatusCode::OK {
            return Err(FetchError::Status(answer.status).into());
        }
        let document = std::str::from_utf8(&answer.body).map_err(|_| JwksError::Text)?;
        let keys = KeySet::from_jwks(document)?;
        match verifier.replace_fetched_keys(&self.issuer, &keys) {
            Some(used) if used > 0 => Ok(used),
            _ => Err(JwksError::NoKeys),
        }
    }
}

/// Why a JWK Set was not fetched. Nothing that the server answered is part of the text.
#[derive(Debug, thiserror::Error)]
pub enum JwksError {
    /// The document could not be fetched.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The document is not UTF-8.
    #[error("the document is not UTF-8")]
    Text,
    /// The document is not a JWK Set.
    #[error(transparent)]
    Document(#[from] KeyError),
    /// The document has no usable keys.
    #[error("the document has no key for the algorithms of the issuer")]
    NoKeys,
}
