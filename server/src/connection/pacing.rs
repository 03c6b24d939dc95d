//! A client that sends too fast is read more slowly; nothing is taken out of the middle of what it sends.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep};
use wigwag_hub::{Attachment, Now, error::Cut};

use super::Input;
use crate::node::Node;

/// How long a client may be kept waiting without a break before its connection is cut.
const PATIENCE: Duration = Duration::from_secs(5);

/// A frame that came too early, and how long this has been going on. Empty for a client that keeps its pace.
#[derive(Default)]
pub(super) struct Pacing {
    held: Option<(Input, Pin<Box<Sleep>>)>,
    waiting_since: Option<Instant>,
}

impl Pacing {
    /// Lets a frame through, or holds it until it may.
    pub(super) fn admit(&mut self, now: Now, attachment: &dyn Attachment, input: Input) -> Option<Input> {
        let wait_ms = attachment.pace(now);
        if wait_ms == 0 {
            return Some(input);
        }
        self.waiting_since.get_or_insert_with(Instant::now);
        self.held = Some((input, Box::pin(tokio::time::sleep(Duration::from_millis(wait_ms.into())))));
        None
    }

    /// Nothing is left to read: the client keeps its pace again. A frame that need not wait shows less: the one before may
    /// have been let through late, on a busy machine, with many more behind it.
    pub(super) fn caught_up(&mut self) {
        self.waiting_since = None;
    }

    /// The held frame once it may go; `None` when there is none. Fails when the client has been too fast for too long.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        node: &Node,
        attachment: &dyn Attachment,
    ) -> Poll<Result<Option<Input>, Cut>> {
        let Some((_, sleep)) = &mut self.held else { return Poll::Ready(Ok(None)) };
        if self.waiting_since.is_some_and(|since| since.elapsed() > PATIENCE) {
            return Poll::Ready(Err(Cut::RateLimited));
        }
        while sleep.as_mut().poll(cx).is_ready() {
            match attachment.pace(node.now()) {
                0 => return Poll::Ready(Ok(self.held.take().map(|(input, _)| input))),
                wait_ms => sleep.as_mut().reset(Instant::now() + Duration::from_millis(wait_ms.into())),
            }
        }
        Poll::Pending
    }
}
