//! Counters of authentication.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counters of authentication.
#[derive(Debug, Default)]
pub struct AuthStats {
    refused: AtomicU64,
    fetched: AtomicU64,
    failed: AtomicU64,
}

impl AuthStats {
    /// Tokens that were refused.
    pub fn tokens_refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// JWK Sets that were fetched.
    pub fn jwks_fetched(&self) -> u64 {
        self.fetched.load(Ordering::Relaxed)
    }

    /// JWK Sets that could not be fetched.
    pub fn jwks_failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    pub(super) fn count_refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_fetch(&self, succeeded: bool) {
        let counter = if succeeded { &self.fetched } else { &self.failed };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}
