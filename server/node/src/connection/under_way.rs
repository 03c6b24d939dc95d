//! The client frames that a connection has submitted and that the backend has not answered.

use std::{
    collections::VecDeque,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use super::FrameOutcome;

/// Most frames under way at a time. The client's next one is read when the first of them is concluded.
const MAX_UNDER_WAY: usize = 256;

type Conclusion = Pin<Box<dyn Future<Output = FrameOutcome> + Send>>;

/// A queue of frames that are concluded in their order: only the first one is polled.
///
/// Envelopes are submitted before they are queued, so that a store across the network has many of them at a time. Any other
/// frame is submitted when it is the first, and nothing is read from the client after it: what follows may depend on it.
#[derive(Default)]
pub(super) struct UnderWay {
    /// The one that is polled. Over a backend in memory there is hardly ever another.
    first: Option<Conclusion>,
    /// Those after it.
    #[expect(clippy::box_collection, reason = "an empty queue in place takes four times as much of every connection")]
    rest: Option<Box<VecDeque<Conclusion>>>,
    /// Something other than an envelope is the last of them.
    ends: bool,
    /// The input has ended after the last of the queue; `true` if it broke.
    input_end: Option<bool>,
}

/// What is concluded.
pub(super) enum Concluded {
    /// A frame.
    Frame(FrameOutcome),
    /// The input.
    Input {
        /// Whether the transport failed.
        broken: bool,
    },
}

impl UnderWay {
    pub(super) fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.rest.as_ref().map_or(0, |rest| rest.len())
    }

    fn push(&mut self, conclusion: Conclusion) {
        match &self.first {
            None => self.first = Some(conclusion),
            Some(_) => self.rest.get_or_insert_default().push_back(conclusion),
        }
    }

    /// Returns whether another frame may be read from the client.
    pub(super) fn takes_more(&self) -> bool {
        !self.ends && self.len() < MAX_UNDER_WAY
    }

    /// Queues the conclusion of an envelope that was submitted.
    pub(super) fn push_envelope(&mut self, conclusion: impl Future<Output = FrameOutcome> + Send + 'static) {
        self.push(Box::pin(conclusion));
    }

    /// Queues a frame that is submitted when it is polled, and after which no other is taken until it is concluded.
    pub(super) fn push_last(&mut self, conclusion: impl Future<Output = FrameOutcome> + Send + 'static) {
        self.push(Box::pin(conclusion));
        self.ends = true;
    }

    /// Notes that the input has ended. It is concluded after the frames.
    pub(super) fn end_input(&mut self, broken: bool) {
        self.ends = true;
        self.input_end = Some(broken);
    }

    /// Returns what is concluded first; `None` if there is nothing.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Concluded>> {
        let Some(first) = &mut self.first else {
            return Poll::Ready(self.input_end.take().map(|broken| Concluded::Input { broken }));
        };
        let Poll::Ready(outcome) = first.as_mut().poll(cx) else { return Poll::Pending };
        self.first = self.rest.as_mut().and_then(|rest| rest.pop_front());
        if self.first.is_none() {
            (self.rest, self.ends) = (None, false);
        }
        Poll::Ready(Some(Concluded::Frame(outcome)))
    }
}
