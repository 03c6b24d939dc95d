//! One stream: a request, and its answer on the way.

use std::error::Error as StdError;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Waker;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};

use super::WriteBody;
use super::error::Error;
use super::request_body::{BodyBuffer, RequestBody};
use super::tunnel::TunnelBuffers;

/// A call of the service.
pub type ResponseFuture<B> = Pin<Box<dyn Future<Output = Result<Response<B>, Box<dyn StdError + Send + Sync>>> + Send>>;

/// What answers requests.
pub trait Service {
    /// The body of its responses.
    type Body: WriteBody + Unpin;

    /// Answers a request.
    fn call(&self, request: Request<RequestBody>) -> ResponseFuture<Self::Body>;
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
    Calling(ResponseFuture<B>),
    Responding(B),
    Tunneling(Arc<TunnelBuffers>),
}

/// What comes in on a stream.
pub(super) struct Input {
    pub(super) buffer: Option<Arc<BodyBuffer>>,
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
    /// The tunnel_buffers, if the request offered to become a tunnel.
    pub(super) tunnel_buffers: Option<Arc<TunnelBuffers>>,
}

/// How the end of a response is told.
pub(super) enum End {
    /// By trailers.
    Trailers(HeaderMap),
    /// By a frame of nothing else.
    EmptyData,
    /// It was, with the last frame.
    Sent,
}

impl<B> Stream<B> {
    /// Tells whoever is at work on it that the stream is gone.
    pub(super) fn fail(&self, error: &Error) {
        if let Some(buffer) = self.input.buffer.as_ref().filter(|_| self.input.open) {
            buffer.fail(error.clone());
        }
        if let Some(tunnel_buffers) = &self.output.tunnel_buffers {
            tunnel_buffers.fail();
        }
    }
}

impl Input {
    /// The request is whole.
    pub(super) fn end(&mut self, trailers: Option<HeaderMap>) {
        self.open = false;
        if let Some(buffer) = &self.buffer {
            buffer.end(trailers);
        }
    }
}
