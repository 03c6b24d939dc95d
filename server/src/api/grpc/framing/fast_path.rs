//! Serves native calls without the router.

use std::{
    convert::Infallible,
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
use wigwag_net::listener::DeniedClient;

use super::response::{MessageSource, ResponseMessages};
use crate::api::grpc::{compression, deadline};

/// A service with methods that [`FastPath`] may call without the router.
pub trait NativeService<B> {
    /// The messages of a response.
    type Messages: MessageSource;
    /// The response.
    type Future: Future<Output = Response<ResponseMessages<Self::Messages>>>;

    /// Returns whether a path is that of such a method.
    fn has_native(&self, path: &str) -> bool;

    /// Calls the method that the request's path names, which is such a method.
    fn call_native(&self, request: Request<B>) -> Self::Future;
}

/// Serves native gRPC calls directly and passes all other requests to the router. The router serves the same calls, but
/// each of its layers would wrap the body, and every message would pass through all of them.
#[derive(Clone, Debug)]
pub struct FastPath<T, S> {
    service: T,
    router: S,
}

impl<T, S> FastPath<T, S> {
    /// Creates the fast path of `service` in front of `router`.
    pub fn new(service: T, router: S) -> Self {
        Self { service, router }
    }
}

/// Returns whether no layer of the router applies to a gRPC call: it is not gRPC-Web, is not from a web page, has no deadline,
/// declares no compression, and the address of its client is not denied.
fn is_native<B>(request: &Request<B>) -> bool {
    let headers = request.headers();
    let content_type = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    request.method() == http::Method::POST
        && request.version() == Version::HTTP_2
        && matches!(content_type, b"application/grpc" | b"application/grpc+proto")
        && !headers.contains_key(header::ORIGIN)
        && !headers.contains_key(deadline::TIMEOUT)
        && !compression::is_declared(headers)
        && !DeniedClient::is(request.extensions())
}

/// The body of a response: that of a native call, or that of the router.
pub struct ResponseBody<M: MessageSource>(Kind<M>);

enum Kind<M: MessageSource> {
    // Boxed: it is large, and every HTTP/2 stream of the connection holds a `ResponseBody`.
    Native(Box<ResponseMessages<M>>),
    Other(PlainBody<Body>),
}

type Error = Box<dyn std::error::Error + Send + Sync>;

impl<M: MessageSource> HttpBody for ResponseBody<M> {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        match &mut self.get_mut().0 {
            Kind::Native(body) => Pin::new(body).poll_frame(cx).map_err(|never| match never {}),
            Kind::Other(body) => Pin::new(body).poll_frame(cx).map_err(Into::into),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Native(body) => body.is_end_stream(),
            Kind::Other(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Native(body) => body.size_hint(),
            Kind::Other(body) => body.size_hint(),
        }
    }
}

impl<M: MessageSource> WriteBody for ResponseBody<M> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut WriteBuf<'_>,
    ) -> Poll<Option<Result<Written, Error>>> {
        match &mut self.get_mut().0 {
            Kind::Native(body) => Pin::new(&mut **body).poll_write(cx, buf).map_err(|never| match never {}),
            Kind::Other(body) => Pin::new(body).poll_write(cx, buf).map_err(Into::into),
        }
    }
}

type BoxBody<M> = fn(Response<ResponseMessages<M>>) -> Result<Response<ResponseBody<M>>, Infallible>;
type WrapBody<M> = fn(Result<Response, Infallible>) -> Result<Response<ResponseBody<M>>, Infallible>;

impl<T, S, B> Service<Request<B>> for FastPath<T, S>
where
    T: NativeService<B>,
    S: Service<Request<B>, Response = Response, Error = Infallible>,
    B: HttpBody<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<StdError>,
{
    type Response = Response<ResponseBody<T::Messages>>;
    type Error = Infallible;
    type Future = Either<Map<T::Future, BoxBody<T::Messages>>, Map<S::Future, WrapBody<T::Messages>>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.router.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        if self.service.has_native(request.uri().path()) && is_native(&request) {
            Either::Left(self.service.call_native(request).map(box_body))
        } else {
            Either::Right(self.router.call(request).map(wrap_body))
        }
    }
}

fn box_body<M: MessageSource>(
    response: Response<ResponseMessages<M>>,
) -> Result<Response<ResponseBody<M>>, Infallible> {
    Ok(response.map(|body| ResponseBody(Kind::Native(Box::new(body)))))
}

fn wrap_body<M: MessageSource>(
    response: Result<Response, Infallible>,
) -> Result<Response<ResponseBody<M>>, Infallible> {
    response.map(|response| response.map(|body| ResponseBody(Kind::Other(PlainBody(body)))))
}
