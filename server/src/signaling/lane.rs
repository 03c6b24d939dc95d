//! The way past the router for the one call that matters most.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    task::{Context, Poll},
};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use futures_util::future::Either;
use http::{HeaderValue, Request, Version, header};
use tonic::{
    Status,
    codegen::{Body as HttpBody, Service, StdError},
};

use super::{SIGNAL, SignalingDoor};

/// Takes native gRPC calls of `Signal` itself and leaves everything else to the router, which would take them as well, but
/// wrap their bodies in a layer for each of its own: to be passed by every message.
#[derive(Clone)]
pub(crate) struct FastLane<S> {
    signaling: SignalingDoor,
    router: S,
}

impl<S> FastLane<S> {
    pub(crate) fn new(signaling: SignalingDoor, router: S) -> Self {
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

impl<S, B> Service<Request<B>> for FastLane<S>
where
    S: Service<Request<B>, Response = Response, Error = Infallible>,
    B: HttpBody<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<StdError>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Either<Ready<Result<Response, Infallible>>, S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.router.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        if is_native_signal(&request) {
            let answer = self.signaling.signal(request);
            Either::Left(ready(Ok(answer.map_or_else(Status::into_http, |answer| answer.map(Body::new)))))
        } else {
            Either::Right(self.router.call(request))
        }
    }
}
