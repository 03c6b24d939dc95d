//! The end of an HTTP/1.1 connection with unread input.

use std::{
    future::Future as _,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Sleep, sleep};

/// The input of a byte stream that lingers.
pub(super) trait UnreadInput {
    /// Discards input. Ready with the number of bytes; 0 at the end, or after an error.
    fn poll_discard(&mut self, cx: &mut Context<'_>) -> Poll<usize>;

    /// Returns whether the peer is in the middle of a request.
    fn is_unread(&self) -> bool;
}

/// How long a byte stream lingers.
const LINGER_TIMEOUT: Duration = Duration::from_secs(5);

/// The most input that is discarded meanwhile. More is not read.
const LINGER_BYTES: usize = 4 * 1024 * 1024;

/// Discards input after the write side was shut down, until the peer closes (RFC 9112, section 9.6). If the socket were
/// closed with unread input, the kernel would send a reset, which could overtake the last response.
pub(super) struct Linger {
    bytes_left: usize,
    /// Set when the write side is shut down.
    timer: Option<Pin<Box<Sleep>>>,
}

impl Default for Linger {
    fn default() -> Self {
        Self { bytes_left: LINGER_BYTES, timer: None }
    }
}

impl Linger {
    /// Returns whether [`poll`](Self::poll) was called.
    pub(super) fn has_begun(&self) -> bool {
        self.timer.is_some()
    }

    /// Ready when no input is to be expected, the peer has closed, or the time is over.
    pub(super) fn poll(&mut self, input: &mut impl UnreadInput, cx: &mut Context<'_>) -> Poll<()> {
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(LINGER_TIMEOUT)));
        if timer.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        while self.bytes_left > 0 {
            match input.poll_discard(cx) {
                Poll::Ready(0) => return Poll::Ready(()),
                Poll::Ready(len) => self.bytes_left = self.bytes_left.saturating_sub(len),
                Poll::Pending if input.is_unread() => break,
                Poll::Pending => return Poll::Ready(()),
            }
        }
        Poll::Pending
    }
}
