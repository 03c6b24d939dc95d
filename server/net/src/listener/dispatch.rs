//! Passes the requests of a connection to the service, with the connection's address and handle as extensions.

use std::{net::SocketAddr, sync::Arc, time::SystemTime};

use http::{Extensions, HeaderValue, Request, Response, header};
use hyper::body::Incoming as HyperBody;
use tokio_util::sync::CancellationToken;
use tower::{
    ServiceExt as _,
    util::{MapResponse, Oneshot},
};
use wigwag_http2 as http2;

use super::{HttpService, IncomingBody, io::ConnectionFlags};

/// The remote address of the connection that a request arrived on. A request extension.
///
/// Never log it: logs must not contain addresses of peers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerAddr(pub SocketAddr);

impl PeerAddr {
    /// Returns the address of a request that came from a listener.
    pub fn of(extensions: &Extensions) -> Option<SocketAddr> {
        extensions.get::<Self>().map(|peer| peer.0)
    }
}

/// A handle to the connection that a request arrived on. A request extension; cheap to clone, and may outlive the
/// request.
#[derive(Clone, Debug)]
pub struct ConnectionHandle {
    aborted: CancellationToken,
}

impl ConnectionHandle {
    pub(super) fn new(aborted: CancellationToken) -> Self {
        Self { aborted }
    }

    /// Returns the connection of a request that came from a listener.
    pub fn of(extensions: &Extensions) -> Option<Self> {
        extensions.get::<Self>().cloned()
    }

    /// Returns the token that [`abort`](Self::abort) cancels, for code that does not depend on this crate.
    pub fn abort_token(&self) -> CancellationToken {
        self.aborted.clone()
    }

    /// Closes the connection at once, with all of its streams, and discards unsent bytes. For a peer that does not read
    /// and would never receive a graceful close. May be called more than once, and after the connection has ended.
    pub fn abort(&self) {
        self.aborted.cancel();
    }
}

/// Passes the requests of one connection to a tower service.
pub(super) struct Dispatch<S> {
    pub(super) service: S,
    pub(super) peer: PeerAddr,
    pub(super) handle: ConnectionHandle,
    pub(super) flags: Arc<ConnectionFlags>,
}

/// The response of a service, with a date.
type Dispatched<S, B> = Oneshot<MapResponse<S, fn(Response<B>) -> Response<B>>, Request<IncomingBody>>;

impl<S: Clone> Dispatch<S> {
    fn dispatch<B, R>(&self, mut request: Request<R>, body: impl FnOnce(R) -> IncomingBody) -> Dispatched<S, B>
    where
        S: tower::Service<Request<IncomingBody>, Response = Response<B>>,
    {
        self.flags.set_dispatched();
        let extensions = request.extensions_mut();
        extensions.insert(self.peer);
        extensions.insert(self.handle.clone());
        self.service.clone().map_response(with_date as fn(_) -> _).oneshot(request.map(body))
    }
}

impl<S, B> hyper::service::Service<Request<HyperBody>> for Dispatch<S>
where
    S: tower::Service<Request<IncomingBody>, Response = Response<B>> + Clone,
{
    type Response = Response<B>;
    type Error = S::Error;
    type Future = Dispatched<S, B>;

    fn call(&self, request: Request<HyperBody>) -> Self::Future {
        self.dispatch(request, IncomingBody::Hyper)
    }
}

impl<S> http2::Service for Dispatch<S>
where
    S: HttpService,
{
    type Body = S::Body;

    fn call(&self, request: Request<http2::RequestBody>) -> http2::ResponseFuture<S::Body> {
        let response = self.dispatch(request, IncomingBody::Wigwag);
        Box::pin(async move { response.await.map_err(Into::into) })
    }
}

/// Adds the time to a response (RFC 9110, section 6.6.1). hyper would do so for HTTP/1 with a date that it caches, which
/// stands still after the clock has been set back.
fn with_date<B>(mut response: Response<B>) -> Response<B> {
    response.headers_mut().entry(header::DATE).or_insert_with(http_date);
    response
}

/// Returns the time as an HTTP date (RFC 9110, section 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
// The wall clock is only shown to the client here.
#[allow(clippy::disallowed_methods)]
fn http_date() -> HeaderValue {
    HeaderValue::from_str(&httpdate::fmt_http_date(SystemTime::now())).unwrap_or(HeaderValue::from_static(""))
}
