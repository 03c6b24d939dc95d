//! Rate limiting of client frames: a client that sends too fast is read more slowly, and none of its frames is dropped.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep};
use wigwag_hub::{Now, Uplink, rate::Limited};

use crate::{
    frame::{RawBody, RawClientFrame},
    node::Node,
};

/// How long a client may exceed its limits without a break before its connection is closed.
const RATE_LIMIT_GRACE_MS: u64 = 5_000;

/// Returns whether a frame does not count: an acknowledgment that acknowledges something, and the answer to a ping. Clients
/// must send them, however many frames they are sent themselves.
pub fn is_free(uplink: &dyn Uplink, frame: &RawClientFrame) -> bool {
    if frame.seq != 0 {
        return false;
    }
    match &frame.body {
        None => frame.ack > uplink.acked(),
        Some(RawBody::Pong(_)) => uplink.take_pong() || frame.ack > uplink.acked(),
        Some(_) => false,
    }
}

/// Holds back the frame that exceeds a rate limit. Allocates only while a frame is held.
pub struct RateLimit<T> {
    held: Option<Box<Held<T>>>,
    waiting_since_ms: Option<u64>,
}

struct Held<T> {
    input: T,
    bytes: usize,
    limited: Limited,
    sleep: Pin<Box<Sleep>>,
}

impl<T> Default for RateLimit<T> {
    fn default() -> Self {
        Self { held: None, waiting_since_ms: None }
    }
}

impl<T> RateLimit<T> {
    /// Returns the frame, of this many bytes, if the limits admit it; otherwise holds it and returns `None`.
    pub fn admit(&mut self, now: Now, uplink: &dyn Uplink, input: T, bytes: usize) -> Option<T> {
        match uplink.rate_limit(now, bytes) {
            Ok(()) => Some(input),
            Err(limited) => {
                self.waiting_since_ms.get_or_insert(now.mono_ms);
                let sleep = Box::pin(tokio::time::sleep(wait(&limited)));
                self.held = Some(Box::new(Held { input, bytes, limited, sleep }));
                None
            }
        }
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

    /// Returns the held frame once the limits admit it; `None` if no frame is held.
    ///
    /// # Errors
    ///
    /// The limit that the client exceeds, when it has done so for 5 seconds without a break.
    pub fn poll(&mut self, cx: &mut Context<'_>, node: &Node, uplink: &dyn Uplink) -> Poll<Result<Option<T>, Limited>> {
        let Some(held) = &mut self.held else { return Poll::Ready(Ok(None)) };
        let now_ms = node.now().mono_ms;
        if self.waiting_since_ms.is_some_and(|since| now_ms.saturating_sub(since) > RATE_LIMIT_GRACE_MS) {
            return Poll::Ready(Err(held.limited));
        }
        while held.sleep.as_mut().poll(cx).is_ready() {
            match uplink.rate_limit(node.now(), held.bytes) {
                Ok(()) => return Poll::Ready(Ok(self.held.take().map(|held| held.input))),
                Err(limited) => {
                    held.limited = limited;
                    held.sleep.as_mut().reset(Instant::now() + wait(&limited));
                }
            }
        }
        Poll::Pending
    }
}

/// Returns how long to wait before the next look: no longer than until the connection would be closed.
fn wait(limited: &Limited) -> Duration {
    Duration::from_millis(u64::from(limited.retry_after_ms).min(RATE_LIMIT_GRACE_MS + 1))
}
