//! The way past the router for the one call that matters most.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    pin::Pin,
    task::{Context, Poll},
};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use futures_util::{
    FutureExt as _,
    future::{Either, Map},
};
use http::{HeaderValue, Request, Version, header};
use http_body::{Frame, SizeHint};
use tonic::codegen::{Body as HttpBody, Service, StdError};

use super::{SIGNAL, SignalingServer, request_body::RequestFrames, response_body::SignalBody};
use wigwag_http2::{PlainBody, WriteBody, WriteBuf, Written};

/// Takes native gRPC calls of `Signal` itself and leaves everything else to the router, which would take them as well, but
/// wrap their bodies in a layer for each of its own: to be passed by every message.
#[derive(Clone)]
pub struct SignalFastPath<S> {
    signaling: SignalingServer,
    router: S,
}

impl<S> SignalFastPath<S> {
    /// Puts the fast path in front of a router.
    pub fn new(signaling: SignalingServer, router: S) -> Self {
        Self { signaling, router }
    }
}

/// Whether it is a call no layer of the router has anything to do with: not of a web page, and not gRPC-Web.
fn is_native_signal<B>(request: &Request<B>) -> bool {
    let headers = request.headers();
    let content_type = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    request.uri().path() == SIGNAL
        && request.method() == http::Method::POST
        && request.version() == Version::HTTP_2
        && matches!(content_type, b"application/grpc" | b"application/grpc+proto")
        && !headers.contains_key(header::ORIGIN)
}

/// The body of an answer: of a signal, or whatever the router gave.
pub enum Reply<B> {
    // In a box: streams hold it, and most of them are none of these.
    Signal(Box<SignalBody<RequestFrames<B>>>),
    Other(PlainBody<Body>),
}

type Error = Box<dyn std::error::Error + Send + Sync>;

impl<B> HttpBody for Reply<B>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        match self.get_mut() {
            Self::Signal(answer) => Pin::new(answer).poll_frame(cx).map_err(|never| match never {}),
            Self::Other(body) => Pin::new(body).poll_frame(cx).map_err(Into::into),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Signal(answer) => answer.is_end_stream(),
            Self::Other(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Signal(answer) => answer.size_hint(),
            Self::Other(body) => body.size_hint(),
        }
    }
}

impl<B> WriteBody for Reply<B>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut WriteBuf<'_>,
    ) -> Poll<Option<Result<Written, Error>>> {
        match self.get_mut() {
            Self::Signal(answer) => Pin::new(&mut **answer).poll_write(cx, buf).map_err(|never| match never {}),
            Self::Other(body) => Pin::new(body).poll_write(cx, buf).map_err(Into::into),
        }
    }
}

impl<S, B> Service<Request<B>> for SignalFastPath<S>
where
    S: Service<Request<B>, Response = Response, Error = Infallible>,
    B: HttpBody<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<StdError>,
{
    type Response = Response<Reply<B>>;
    type Error = Infallible;
    type Future = Either<Ready<Result<Self::Response, Infallible>>, Map<S::Future, Wrap<B>>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.router.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        if is_native_signal(&request) {
            Either::Left(ready(Ok(match self.signaling.signal(request) {
                Ok(answer) => answer.map(|answer| Reply::Signal(Box::new(answer))),
                Err(status) => status.into_http().map(other),
            })))
        } else {
            Either::Right(self.router.call(request).map(wrap))
        }
    }
}

type Wrap<B> = fn(Result<Response, Infallible>) -> Result<Response<Reply<B>>, Infallible>;

fn wrap<B>(response: Result<Response, Infallible>) -> Result<Response<Reply<B>>, Infallible> {
    response.map(|response| response.map(other))
}

fn other<B>(body: Body) -> Reply<B> {
    Reply::Other(PlainBody(body))
}
