//! Rate limiting of client frames: a client that sends too fast is read more slowly, and none of its frames is dropped.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep};
use wigwag_hub::{Now, Uplink, error::DetachReason};

use crate::{
    frame::{RawBody, RawClientFrame},
    node::Node,
};

/// How long a client may exceed its rate without a break before its connection is closed.
const RATE_LIMIT_GRACE_MS: u64 = 5_000;

/// Returns whether a frame does not count: an acknowledgment that acknowledges something, and the answer to a ping. Clients
/// must send them, however many frames they are sent themselves.
pub fn is_free(node: &Node, uplink: &dyn Uplink, frame: &RawClientFrame) -> bool {
    if frame.seq != 0 || node.limits().frames_per_second == 0 {
        return false;
    }
    match &frame.body {
        None => frame.ack > uplink.acked(),
        Some(RawBody::Pong(_)) => uplink.take_pong() || frame.ack > uplink.acked(),
        Some(_) => false,
    }
}

/// Holds back the frame that exceeds the rate limit. Allocates only while a frame is held.
pub struct RateLimit<T> {
    held: Option<(T, Pin<Box<Sleep>>)>,
    waiting_since_ms: Option<u64>,
}

impl<T> Default for RateLimit<T> {
    fn default() -> Self {
        Self { held: None, waiting_since_ms: None }
    }
}

impl<T> RateLimit<T> {
    /// Returns the frame if the rate limit admits it; otherwise holds it and returns `None`.
    pub fn admit(&mut self, now: Now, uplink: &dyn Uplink, input: T) -> Option<T> {
        let wait_ms = uplink.rate_limit(now);
        if wait_ms == 0 {
            return Some(input);
        }
        self.waiting_since_ms.get_or_insert(now.mono_ms);
        self.held = Some((input, Box::pin(tokio::time::sleep(Duration::from_millis(wait_ms.into())))));
        None
    }

    /// Returns whether a frame is held. No other frame may be read until [`poll`](Self::poll) has released it.
    pub fn is_holding(&self) -> bool {
        self.held.is_some()
    }

    /// Notes that the input is empty, so the client no longer exceeds its rate.
    ///
    /// A frame that is admitted without waiting does not prove that: on a busy machine the frame before it may have
    /// been released late, with many more still to be read.
    pub fn caught_up(&mut self) {
        self.waiting_since_ms = None;
    }

    /// Returns the held frame once the rate limit admits it; `None` if no frame is held.
    ///
    /// # Errors
    ///
    /// [`DetachReason::RateLimited`] when the client has exceeded its rate for 5 seconds without a break.
    pub fn poll(
        &mut self,
        cx: &mut Context<'_>,
        node: &Node,
        uplink: &dyn Uplink,
    ) -> Poll<Result<Option<T>, DetachReason>> {
        let Some((_, sleep)) = &mut self.held else { return Poll::Ready(Ok(None)) };
        let now_ms = node.now().mono_ms;
        if self.waiting_since_ms.is_some_and(|since| now_ms.saturating_sub(since) > RATE_LIMIT_GRACE_MS) {
            return Poll::Ready(Err(DetachReason::RateLimited));
        }
        while sleep.as_mut().poll(cx).is_ready() {
            match uplink.rate_limit(node.now()) {
                0 => return Poll::Ready(Ok(self.held.take().map(|(input, _)| input))),
                wait_ms => sleep.as_mut().reset(Instant::now() + Duration::from_millis(wait_ms.into())),
            }
        }
        Poll::Pending
    }
}
