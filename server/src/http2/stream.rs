//! One stream: a request, and its answer on the way.

use std::error::Error as StdError;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Waker;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};

use super::Outgoing;
use super::error::Broken;
use super::inbox::{Inbox, Incoming};
use super::tunnel::Pipe;

/// A call of the service.
pub(crate) type Calling<B> = Pin<Box<dyn Future<Output = Result<Response<B>, Box<dyn StdError + Send + Sync>>> + Send>>;

/// What answers requests.
pub(crate) trait Service {
    /// The body of its responses.
    type Body: Outgoing + Unpin;

    /// Answers a request.
    fn call(&self, request: Request<Incoming>) -> Calling<Self::Body>;
}

pub(super) struct Stream<B> {
    pub(super) id: u32,
    /// Rings for its place.
    pub(super) waker: Waker,
    pub(super) work: Work<B>,
    pub(super) input: Input,
    pub(super) output: Output,
}

/// What a stream is at.
pub(super) enum Work<B> {
    Calling(Calling<B>),
    Answering(B),
    Tunneling(Arc<Pipe>),
}

/// What comes in on a stream.
pub(super) struct Input {
    pub(super) inbox: Option<Arc<Inbox>>,
    pub(super) open: bool,
    /// Bytes the peer may still send.
    pub(super) window: i64,
    /// Bytes that count against the connection's window.
    pub(super) held: u32,
    /// Bytes to give back to the stream's window.
    pub(super) credit: u32,
    /// What the declared length leaves to come.
    pub(super) left: Option<u64>,
}

/// What goes out on a stream.
pub(super) struct Output {
    /// Bytes that may still be sent.
    pub(super) window: i64,
    /// The head of the response is sent.
    pub(super) answered: bool,
    /// What the body gave and was not sent.
    pub(super) rest: Bytes,
    /// The body has ended.
    pub(super) end: Option<End>,
    /// The pipe, if the request offered to become a tunnel.
    pub(super) pipe: Option<Arc<Pipe>>,
}

/// How the end of a response is told.
pub(super) enum End {
    /// By trailers.
    Trailers(HeaderMap),
    /// By a frame of nothing else.
    Alone,
    /// It was, with the last frame.
    Told,
}

impl<B> Stream<B> {
    /// Tells whoever is at work on it that the stream is gone.
    pub(super) fn breaks(&self, broken: &Broken) {
        if let Some(inbox) = self.input.inbox.as_ref().filter(|_| self.input.open) {
            inbox.breaks(broken.clone());
        }
        if let Some(pipe) = &self.output.pipe {
            pipe.breaks();
        }
    }
}

impl Input {
    /// The request is whole.
    pub(super) fn end(&mut self, trailers: Option<HeaderMap>) {
        self.open = false;
        if let Some(inbox) = &self.inbox {
            inbox.end(trailers);
        }
    }
}
