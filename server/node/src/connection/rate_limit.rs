//! A client that sends too fast is read more slowly; nothing is taken out of the middle of what it sends.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep};
use wigwag_hub::{Attachment, Now, error::DetachReason};

use crate::node::Node;

/// How long a client may be kept waiting without a break before its connection is cut.
const RATE_LIMIT_GRACE: Duration = Duration::from_secs(5);

/// A frame that came too early, and how long this has been going on. Empty for a client that keeps its pace.
pub struct RateLimit<T> {
    held: Option<(T, Pin<Box<Sleep>>)>,
    waiting_since: Option<Instant>,
}

impl<T> Default for RateLimit<T> {
    fn default() -> Self {
        Self { held: None, waiting_since: None }
    }
}

impl<T> RateLimit<T> {
    /// Lets a frame through, or holds it until it may.
    pub fn admit(&mut self, now: Now, attachment: &dyn Attachment, input: T) -> Option<T> {
        let wait_ms = attachment.rate_limit(now);
        if wait_ms == 0 {
            return Some(input);
        }
        self.waiting_since.get_or_insert_with(Instant::now);
        self.held = Some((input, Box::pin(tokio::time::sleep(Duration::from_millis(wait_ms.into())))));
        None
    }

    /// Returns whether a frame is held. Nothing else may be read until it was let through.
    pub fn is_holding(&self) -> bool {
        self.held.is_some()
    }

    /// Nothing is left to read: the client keeps its pace again. A frame that need not wait shows less: the one before may
    /// have been let through late, on a busy machine, with many more behind it.
    pub fn caught_up(&mut self) {
        self.waiting_since = None;
    }

    /// The held frame once it may go; `None` when there is none. Fails when the client has been too fast for too long.
    pub fn poll(
        &mut self,
        cx: &mut Context<'_>,
        node: &Node,
        attachment: &dyn Attachment,
    ) -> Poll<Result<Option<T>, DetachReason>> {
        let Some((_, sleep)) = &mut self.held else { return Poll::Ready(Ok(None)) };
        if self.waiting_since.is_some_and(|since| since.elapsed() > RATE_LIMIT_GRACE) {
            return Poll::Ready(Err(DetachReason::RateLimited));
        }
        while sleep.as_mut().poll(cx).is_ready() {
            match attachment.rate_limit(node.now()) {
                0 => return Poll::Ready(Ok(self.held.take().map(|(input, _)| input))),
                wait_ms => sleep.as_mut().reset(Instant::now() + Duration::from_millis(wait_ms.into())),
            }
        }
        Poll::Pending
    }
}
