//! Counters of authentication.

use std::sync::atomic::{AtomicU64, Ordering};

use wigwag_node::auth::WebhookAnswer;

/// Counters of authentication.
#[derive(Debug, Default)]
pub struct AuthStats {
    refused: AtomicU64,
    fetched: AtomicU64,
    failed: AtomicU64,
    webhook_allowed: AtomicU64,
    webhook_denied: AtomicU64,
    webhook_failed: AtomicU64,
    webhook_cached: AtomicU64,
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

    /// Questions to the webhook that were answered with yes, by itself or from memory.
    pub fn webhook_allowed(&self) -> u64 {
        self.webhook_allowed.load(Ordering::Relaxed)
    }

    /// Those that were answered with no.
    pub fn webhook_denied(&self) -> u64 {
        self.webhook_denied.load(Ordering::Relaxed)
    }

    /// Those that were not answered as they should be.
    pub fn webhook_failed(&self) -> u64 {
        self.webhook_failed.load(Ordering::Relaxed)
    }

    /// Those that were answered from memory.
    pub fn webhook_cached(&self) -> u64 {
        self.webhook_cached.load(Ordering::Relaxed)
    }

    /// Counts a question to the webhook. `None`: it was not answered.
    pub(super) fn count_webhook(&self, answer: Option<&WebhookAnswer>, cached: bool) {
        let counter = match answer {
            Some(WebhookAnswer::Allowed(_)) => &self.webhook_allowed,
            Some(WebhookAnswer::Denied(_)) => &self.webhook_denied,
            None => &self.webhook_failed,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        self.webhook_cached.fetch_add(cached.into(), Ordering::Relaxed);
    }

    pub(super) fn count_refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_fetch(&self, succeeded: bool) {
        let counter = if succeeded { &self.fetched } else { &self.failed };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}
