//! Messages for peers who are not there yet: kept for five seconds, tried again and again, then told as expired.
//!
//! They wait with their sender, which keeps them in order, true and bounded, and works from any node.

use std::collections::VecDeque;

use tokio::time::{Duration, Instant};

use crate::adapter::Object;

/// How long a message waits for its receiver. PeerServer's default.
const PATIENCE: Duration = Duration::from_secs(5);

/// Time between two attempts.
const RETRY: Duration = Duration::from_millis(200);

/// Messages one client may have waiting.
const MAX_MESSAGES: usize = 64;

/// Bytes they may have in all.
const MAX_BYTES: usize = 256 * 1024;

/// DropReason a message will not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DropReason {
    /// Nobody of that id came in time.
    NobodyCame,
    /// Too many messages are waiting.
    TooMany,
    /// The server does not carry it.
    Forbidden,
    /// It was on its way when its receiver went.
    Lost,
}

impl DropReason {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::NobodyCame => "nobody of this id came within five seconds",
            Self::TooMany => "too many messages are waiting for peers who are not there",
            Self::Forbidden => "this server does not carry direct messages to peers of other doors",
            Self::Lost => "the message was lost with its receiver's connection",
        }
    }
}

/// What one client has waiting.
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

/// Messages for one receiver, in order.
#[derive(Debug, Default)]
pub(super) struct Messages {
    messages: VecDeque<(Object, usize)>,
    /// When the first was put here.
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
    /// Whether something waits for this id; what is sent to it must wait behind that.
    pub(super) fn is_for(&self, dst: &str) -> bool {
        self.queues.iter().any(|queue| queue.dst == dst)
    }

    /// Keeps a message. When there is no room it and all others for the same id are given up.
    pub(super) fn push(&mut self, dst: &str, message: Object) -> Option<DropReason> {
        let bytes = serde_json::to_string(&message).map_or(0, |text| text.len());
        let count: usize = self.queues.iter().map(|queue| queue.messages.messages.len()).sum();
        let held: usize = self.queues.iter().map(|queue| queue.messages.bytes()).sum();
        if count >= MAX_MESSAGES || held + bytes > MAX_BYTES {
            self.queues.retain(|queue| queue.dst != dst);
            return Some(DropReason::TooMany);
        }
        let now = Instant::now();
        let at = self.queues.iter().position(|queue| queue.dst == dst).unwrap_or_else(|| {
            let messages = Messages { since: Some(now), ..Messages::default() };
            self.queues.push(Queue { dst: dst.to_owned(), since: now, retry: now + RETRY, messages });
            self.queues.len() - 1
        });
        self.queues[at].messages.messages.push_back((message, bytes));
        None
    }

    /// When the next attempt is due.
    pub(super) fn due(&self) -> Option<Instant> {
        self.queues.iter().map(|queue| queue.retry).min()
    }

    /// Takes the messages out for which an attempt is due.
    pub(super) fn take_due(&mut self) -> Vec<(String, Messages)> {
        let now = Instant::now();
        let (due, rest) = std::mem::take(&mut self.queues).into_iter().partition(|queue: &Queue| queue.retry <= now);
        self.queues = rest;
        due.into_iter().map(|queue| (queue.dst, Messages { since: Some(queue.since), ..queue.messages })).collect()
    }

    /// Keeps what could not be sent, or gives it up when it has waited long enough.
    pub(super) fn put_back(&mut self, dst: String, messages: Messages) -> Option<DropReason> {
        let now = Instant::now();
        let since = messages.since.unwrap_or(now);
        if messages.messages.is_empty() {
            return None;
        }
        if now >= since + PATIENCE {
            return Some(DropReason::NobodyCame);
        }
        let retry = (now + RETRY).min(since + PATIENCE);
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
    async fn messages_are_tried_again_and_expire_once_for_each_receiver() {
        let started = Instant::now();
        let mut waiting = RetryQueue::default();
        assert_eq!(waiting.push("ada", message("1")), None);
        assert_eq!(waiting.push("ada", message("2")), None);
        let mut expired = Vec::new();
        let mut attempts = 0;
        while let Some(due) = waiting.due() {
            tokio::time::sleep_until(due).await;
            for (dst, messages) in waiting.take_due() {
                attempts += 1;
                assert_eq!(messages.front(), Some(&message("1")));
                expired.extend(waiting.put_back(dst, messages));
            }
        }
        assert_eq!(expired, [DropReason::NobodyCame]);
        assert!(attempts > 20, "{attempts}");
        assert_eq!(started.elapsed().as_millis() / 100, 50);
        assert!(!waiting.is_for("ada"));
    }

    #[tokio::test(start_paused = true)]
    async fn what_waits_is_bounded() {
        let mut waiting = RetryQueue::default();
        for _ in 0..MAX_MESSAGES {
            assert_eq!(waiting.push("ada", message("x")), None);
        }
        assert_eq!(waiting.push("bob", message("x")), Some(DropReason::TooMany));
        assert!(waiting.is_for("ada") && !waiting.is_for("bob"));
        assert_eq!(waiting.push("ada", message("x")), Some(DropReason::TooMany));
        assert!(waiting.due().is_none());

        let large = "x".repeat(60_000);
        for _ in 0..4 {
            assert_eq!(waiting.push("ada", message(&large)), None);
        }
        assert_eq!(waiting.push("ada", message(&large)), Some(DropReason::TooMany));
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_sent_is_not_kept() {
        let mut waiting = RetryQueue::default();
        waiting.push("ada", message("1"));
        tokio::time::advance(RETRY).await;
        for (dst, mut messages) in waiting.take_due() {
            messages.pop();
            assert_eq!(waiting.put_back(dst, messages), None);
        }
        assert!(waiting.due().is_none());
    }
}
