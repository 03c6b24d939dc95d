//! Answers that are remembered for as long as they say.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use sha2::{Digest as _, Sha256};
use wigwag_node::auth::WebhookAnswer;

/// Most answers at a time. Further ones are not remembered until some have expired.
const MAX_ENTRIES: usize = 10_000;

/// How long to wait before the next search for expired answers while the cache is full, in milliseconds.
const PRUNE_INTERVAL_MS: u64 = 1_000;

/// Answers by the digests of their questions.
#[derive(Debug, Default)]
pub(super) struct Cache {
    entries: Mutex<Entries>,
}

#[derive(Debug, Default)]
struct Entries {
    answers: HashMap<Key, (WebhookAnswer, u64)>,
    pruned_ms: u64,
}

pub(super) type Key = [u8; 32];

impl Cache {
    pub(super) fn key(question: &[u8]) -> Key {
        Sha256::digest(question).into()
    }

    /// Returns the answer to a question, unless it is too old or its claims have expired.
    pub(super) fn find(&self, key: &Key, now_ms: u64) -> Option<WebhookAnswer> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.answers.get(key).filter(|(_, until_ms)| *until_ms > now_ms).map(|(answer, _)| answer.clone())
    }

    pub(super) fn insert(&self, key: Key, answer: WebhookAnswer, now_ms: u64, cache_ms: u64) {
        let expires_at_ms = match &answer {
            WebhookAnswer::Allowed(Some(claims)) => claims.expires_at_ms,
            _ => u64::MAX,
        };
        let until_ms = (now_ms + cache_ms).min(expires_at_ms);
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let Entries { answers, pruned_ms } = &mut *entries;
        if answers.len() >= MAX_ENTRIES && now_ms.saturating_sub(*pruned_ms) >= PRUNE_INTERVAL_MS {
            *pruned_ms = now_ms;
            answers.retain(|_, (_, until_ms)| *until_ms > now_ms);
        }
        if answers.len() < MAX_ENTRIES || answers.contains_key(&key) {
            answers.insert(key, (answer, until_ms));
        }
    }
}

#[cfg(test)]
mod tests {
    use wigwag_token::Claims;

    use super::*;

    #[test]
    fn answers_are_forgotten_in_time_and_bounded() {
        let cache = Cache::default();
        let denied = || WebhookAnswer::Denied(String::new());
        for number in 0..MAX_ENTRIES + 10 {
            cache.insert(Cache::key(&number.to_le_bytes()), denied(), 5_000, 1_000);
        }
        let found = |number: usize, now_ms| cache.find(&Cache::key(&number.to_le_bytes()), now_ms).is_some();
        assert!(found(0, 5_999) && !found(0, 6_000));
        assert!(!found(MAX_ENTRIES, 5_999), "there was no place");
        cache.insert(Cache::key(b"late"), denied(), 6_000, 1_000);
        assert!(cache.find(&Cache::key(b"late"), 6_999).is_some(), "the others have expired");

        let claims = WebhookAnswer::Allowed(Some(Claims::new("ada", 6_500)));
        cache.insert(Cache::key(b"short"), claims, 6_000, 1_000);
        assert!(cache.find(&Cache::key(b"short"), 6_499).is_some());
        assert!(cache.find(&Cache::key(b"short"), 6_500).is_none(), "no longer than its claims");
    }
}
