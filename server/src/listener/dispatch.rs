//! The step from a connection to the service: every request learns where it came from.

use std::error::Error as StdError;
use std::net::SocketAddr;
use std::sync::Arc;

use http::{Request, Response, header};
use hyper::body::Incoming;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;
use tower::util::Oneshot;

use super::RequestBody;
use super::link::Link;
use crate::clock::http_date;
use crate::http2::{self, Outgoing};

/// The address at the other end of the connection a request came in on. A request extension.
///
/// Never log it: addresses of peers stay out of the logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerAddr(pub SocketAddr);

/// The connection a request came in on. A request extension, cheap to clone, and outlives the request.
#[derive(Clone, Debug)]
pub struct ConnectionHandle {
    aborted: CancellationToken,
}

impl ConnectionHandle {
    pub(super) fn new(aborted: CancellationToken) -> Self {
        Self { aborted }
    }

    /// Closes the connection at once, with every stream on it: unsent bytes are thrown away. For a peer that does not
    /// read, where a polite end would never get through. May be called more than once, and after the end.
    pub fn abort(&self) {
        self.aborted.cancel();
    }
}

/// Hands the requests of one connection to a tower service.
pub(super) struct Dispatch<S> {
    pub(super) service: S,
    pub(super) peer: PeerAddr,
    pub(super) handle: ConnectionHandle,
    pub(super) link: Arc<Link>,
}

impl<S: Clone> Dispatch<S> {
    fn dispatch<B, R>(
        &self,
        mut request: Request<R>,
        body: impl FnOnce(R) -> RequestBody,
    ) -> Oneshot<S, Request<RequestBody>>
    where
        S: tower::Service<Request<RequestBody>, Response = Response<B>>,
    {
        self.link.set_dispatched();
        let extensions = request.extensions_mut();
        extensions.insert(self.peer);
        extensions.insert(self.handle.clone());
        self.service.clone().oneshot(request.map(body))
    }
}

impl<S, B> hyper::service::Service<Request<Incoming>> for Dispatch<S>
where
    S: tower::Service<Request<RequestBody>, Response = Response<B>> + Clone,
{
    type Response = Response<B>;
    type Error = S::Error;
    type Future = Oneshot<S, Request<RequestBody>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        self.dispatch(request, RequestBody::Http1)
    }
}

impl<S, B> http2::Service for Dispatch<S>
where
    S: tower::Service<Request<RequestBody>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<Box<dyn StdError + Send + Sync>>,
    B: Outgoing + Unpin + Send + 'static,
{
    type Body = B;

    fn call(&self, request: Request<http2::Incoming>) -> http2::Calling<B> {
        let answer = self.dispatch(request, RequestBody::Http2);
        Box::pin(async move {
            let mut response = answer.await.map_err(Into::into)?;
            // RFC 9110, section 6.6.1. The library for HTTP/1 writes it itself.
            response.headers_mut().entry(header::DATE).or_insert_with(http_date);
            Ok(response)
        })
    }
}
