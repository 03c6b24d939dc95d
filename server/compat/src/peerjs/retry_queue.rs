//! Messages to peers that are not connected yet: retried for five seconds, then reported as expired.
//!
//! The queue belongs to the sender's connection, which keeps messages in order and bounds them per client.

use std::collections::VecDeque;

use tokio::time::{Duration, Instant};

use crate::adapter::Object;

/// How long messages wait for their recipient. PeerServer's default.
const MESSAGE_TIMEOUT: Duration = Duration::from_secs(5);

/// Time between two attempts.
const RETRY_INTERVAL: Duration = Duration::from_millis(200);

/// Messages of one client that may wait.
const MAX_MESSAGES: usize = 64;

/// Bytes of these messages.
const MAX_BYTES: usize = 256 * 1024;

/// Why a message was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DropReason {
    /// No peer of that id connected in time.
    Expired,
    /// Too many messages are waiting.
    QueueFull,
    /// The server does not relay it.
    Forbidden,
    /// The recipient disconnected before it received the message.
    Lost,
}

impl DropReason {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Expired => "no peer with this id connected within five seconds",
            Self::QueueFull => "too many messages are waiting for peers that are not connected",
            Self::Forbidden => "this server does not relay direct messages to peers that do not use PeerJS",
            Self::Lost => "the recipient disconnected before it received the message",
        }
    }
}

/// The waiting messages of one client.
#[derive(Debug, Default)]
pub(super) struct RetryQueue {
    queues: Vec<Queue>,
}

#[derive(Debug)]
struct Queue {
    dst: String,
    since: Instant,
    retry: Instant,
    messages: Messages,
}

/// Messages to one recipient, in order.
#[derive(Debug, Default)]
pub(super) struct Messages {
    messages: VecDeque<(Object, usize)>,
    /// When the first was queued.
    since: Option<Instant>,
}

impl Messages {
    pub(super) fn front(&self) -> Option<&Object> {
        self.messages.front().map(|(message, _)| message)
    }

    pub(super) fn pop(&mut self) {
        self.messages.pop_front();
    }

    fn bytes(&self) -> usize {
        self.messages.iter().map(|(_, bytes)| bytes).sum()
    }
}

impl RetryQueue {
    /// Returns whether messages to this id are waiting. Later ones must be queued too, to keep their order.
    pub(super) fn contains(&self, dst: &str) -> bool {
        self.queues.iter().any(|queue| queue.dst == dst)
    }

    /// Queues a message. When the queue is full, drops it and all others to the same id.
    pub(super) fn push(&mut self, dst: &str, message: Object) -> Option<DropReason> {
        let bytes = serde_json::to_string(&message).map_or(0, |text| text.len());
        let count: usize = self.queues.iter().map(|queue| queue.messages.messages.len()).sum();
        let held: usize = self.queues.iter().map(|queue| queue.messages.bytes()).sum();
        if count >= MAX_MESSAGES || held + bytes > MAX_BYTES {
            self.queues.retain(|queue| queue.dst != dst);
            return Some(DropReason::QueueFull);
        }
        let now = Instant::now();
        let at = self.queues.iter().position(|queue| queue.dst == dst).unwrap_or_else(|| {
            let messages = Messages { since: Some(now), ..Messages::default() };
            self.queues.push(Queue { dst: dst.to_owned(), since: now, retry: now + RETRY_INTERVAL, messages });
            self.queues.len() - 1
        });
        self.queues[at].messages.messages.push_back((message, bytes));
        None
    }

    /// Returns when the next attempt is due.
    pub(super) fn next_attempt(&self) -> Option<Instant> {
        self.queues.iter().map(|queue| queue.retry).min()
    }

    /// Removes and returns the messages for which an attempt is due.
    pub(super) fn take_due(&mut self) -> Vec<(String, Messages)> {
        let now = Instant::now();
        let (due, rest) = std::mem::take(&mut self.queues).into_iter().partition(|queue: &Queue| queue.retry <= now);
        self.queues = rest;
        due.into_iter().map(|queue| (queue.dst, Messages { since: Some(queue.since), ..queue.messages })).collect()
    }

    /// Queues what could not be sent again, or drops it when it has waited long enough.
    pub(super) fn put_back(&mut self, dst: String, messages: Messages) -> Option<DropReason> {
        let now = Instant::now();
        let since = messages.since.unwrap_or(now);
        if messages.messages.is_empty() {
            return None;
        }
        if now >= since + MESSAGE_TIMEOUT {
            return Some(DropReason::Expired);
        }
        let retry = (now + RETRY_INTERVAL).min(since + MESSAGE_TIMEOUT);
        self.queues.push(Queue { dst, since, retry, messages });
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> Object {
        Object::from_iter([("payload".to_owned(), text.into())])
    }

    #[tokio::test(start_paused = true)]
    async fn messages_are_retried_and_expire_once_per_recipient() {
        let started = Instant::now();
        let mut retries = RetryQueue::default();
        assert_eq!(retries.push("ada", message("1")), None);
        assert_eq!(retries.push("ada", message("2")), None);
        let mut expired = Vec::new();
        let mut attempts = 0;
        while let Some(due) = retries.next_attempt() {
            tokio::time::sleep_until(due).await;
            for (dst, messages) in retries.take_due() {
                attempts += 1;
                assert_eq!(messages.front(), Some(&message("1")));
                expired.extend(retries.put_back(dst, messages));
            }
        }
        assert_eq!(expired, [DropReason::Expired]);
        assert!(attempts > 20, "{attempts}");
        assert_eq!(started.elapsed().as_millis() / 100, 50);
        assert!(!retries.contains("ada"));
    }

    #[tokio::test(start_paused = true)]
    async fn the_queue_is_bounded() {
        let mut retries = RetryQueue::default();
        for _ in 0..MAX_MESSAGES {
            assert_eq!(retries.push("ada", message("x")), None);
        }
        assert_eq!(retries.push("bob", message("x")), Some(DropReason::QueueFull));
        assert!(retries.contains("ada") && !retries.contains("bob"));
        assert_eq!(retries.push("ada", message("x")), Some(DropReason::QueueFull));
        assert!(retries.next_attempt().is_none());

        let large = "x".repeat(60_000);
        for _ in 0..4 {
            assert_eq!(retries.push("ada", message(&large)), None);
        }
        assert_eq!(retries.push("ada", message(&large)), Some(DropReason::QueueFull));
    }

    #[tokio::test(start_paused = true)]
    async fn sent_messages_are_not_queued_again() {
        let mut retries = RetryQueue::default();
        retries.push("ada", message("1"));
        tokio::time::advance(RETRY_INTERVAL).await;
        for (dst, mut messages) in retries.take_due() {
            messages.pop();
            assert_eq!(retries.put_back(dst, messages), None);
        }
        assert!(retries.next_attempt().is_none());
    }
}
