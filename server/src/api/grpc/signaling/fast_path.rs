//! Serves `Signal` without the router.

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
use wigwag_http2::{PlainBody, WriteBody, WriteBuf, Written};

use super::{SIGNAL, SignalingServer, request_body::RequestFrames, response_body::SignalBody};
use crate::api::grpc::{compression, deadline};

/// Serves native gRPC calls of `Signal` directly and passes all other requests to the router. The router serves them too, but
/// each of its layers would wrap the body, and every message would pass through all of them.
#[derive(Clone)]
pub struct SignalFastPath<S> {
    signaling: SignalingServer,
    router: S,
}

impl<S> SignalFastPath<S> {
    /// Creates the fast path in front of `router`.
    pub fn new(signaling: SignalingServer, router: S) -> Self {
        Self { signaling, router }
    }
}

/// Returns whether no layer of the router applies to a request: it calls `Signal`, is not gRPC-Web, is not from a web page,
/// has no deadline and declares no compression.
fn is_native_signal<B>(request: &Request<B>) -> bool {
    let headers = request.headers();
    let content_type = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    request.uri().path() == SIGNAL
        && request.method() == http::Method::POST
        && request.version() == Version::HTTP_2
        && matches!(content_type, b"application/grpc" | b"application/grpc+proto")
        && !headers.contains_key(header::ORIGIN)
        && !headers.contains_key(deadline::TIMEOUT)
        && !compression::is_declared(headers)
}

/// The body of a response: that of `Signal`, or that of the router.
pub struct ResponseBody<B>(Kind<B>);

enum Kind<B> {
    // Boxed: it is large, and every HTTP/2 stream of the connection holds a `ResponseBody`.
    Signal(Box<SignalBody<RequestFrames<B>>>),
    Other(PlainBody<Body>),
}

type Error = Box<dyn std::error::Error + Send + Sync>;

impl<B> HttpBody for ResponseBody<B>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        match &mut self.get_mut().0 {
            Kind::Signal(body) => Pin::new(body).poll_frame(cx).map_err(|never| match never {}),
            Kind::Other(body) => Pin::new(body).poll_frame(cx).map_err(Into::into),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Signal(body) => body.is_end_stream(),
            Kind::Other(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Signal(body) => body.size_hint(),
            Kind::Other(body) => body.size_hint(),
        }
    }
}

impl<B> WriteBody for ResponseBody<B>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut WriteBuf<'_>,
    ) -> Poll<Option<Result<Written, Error>>> {
        match &mut self.get_mut().0 {
            Kind::Signal(body) => Pin::new(&mut **body).poll_write(cx, buf).map_err(|never| match never {}),
            Kind::Other(body) => Pin::new(body).poll_write(cx, buf).map_err(Into::into),
        }
    }
}

impl<S, B> Service<Request<B>> for SignalFastPath<S>
where
    S: Service<Request<B>, Response = Response, Error = Infallible>,
    B: HttpBody<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<StdError>,
{
    type Response = Response<ResponseBody<B>>;
    type Error = Infallible;
    type Future = Either<Ready<Result<Self::Response, Infallible>>, Map<S::Future, WrapBody<B>>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.router.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        if is_native_signal(&request) {
            let response = self.signaling.signal(request);
            Either::Left(ready(Ok(response.map(|body| ResponseBody(Kind::Signal(Box::new(body)))))))
        } else {
            Either::Right(self.router.call(request).map(wrap))
        }
    }
}

type WrapBody<B> = fn(Result<Response, Infallible>) -> Result<Response<ResponseBody<B>>, Infallible>;

fn wrap<B>(response: Result<Response, Infallible>) -> Result<Response<ResponseBody<B>>, Infallible> {
    response.map(|response| response.map(router_body))
}

fn router_body<B>(body: Body) -> ResponseBody<B> {
    ResponseBody(Kind::Other(PlainBody(body)))
}
