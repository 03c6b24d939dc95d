//! Passes the requests of a connection to the service, with the client's address and the connection's handle as extensions.

use std::{
    future::{Future, ready},
    pin::Pin,
    sync::Arc,
    time::SystemTime,
};

use http::{Extensions, HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Version, header};
use http_body::Body as _;
use hyper::body::Incoming as HyperBody;
use tokio_util::sync::CancellationToken;
use tower::{
    ServiceExt as _,
    util::{MapResponse, Oneshot},
};
use wigwag_http2 as http2;

use super::{
    ClientAddr, DeniedClient, HttpService, IncomingBody, ListenerStats, ResponseBody,
    client_addr::Peer,
    http1::Unread,
    hyper_response_body::HyperResponseBody,
    io::ConnectionFlags,
    served::{ServedBody, catch_panic, panic_error},
    service::BoxError,
    shared::Shared,
    singleton_fields,
};
use crate::tls::PeerCertificate;

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

    /// Closes the connection at once, with all of its streams, and discards unsent bytes. For a peer that does not read
    /// and would never receive a graceful close; a [`RequestHandle`](super::RequestHandle) spares the other streams. May be called more than once, and after the connection has ended.
    pub fn abort(&self) {
        self.aborted.cancel();
    }
}

/// Passes the requests of one connection to a tower service.
pub(super) struct Dispatch<S> {
    pub(super) service: S,
    pub(super) peer: Peer,
    /// That of the client, if it has shown one. Boxed, since few do.
    pub(super) certificate: Option<Box<PeerCertificate>>,
    pub(super) handle: ConnectionHandle,
    pub(super) flags: Arc<ConnectionFlags>,
    pub(super) shared: Arc<Shared>,
}

/// The response of a service, with a date.
type Dispatched<S, B> = Oneshot<MapResponse<S, fn(Response<B>) -> Response<B>>, Request<IncomingBody>>;

impl<S: Clone> Dispatch<S> {
    fn client(&self, headers: &HeaderMap) -> ClientAddr {
        self.peer.client(headers, &self.shared.settings.trusted_proxies)
    }

    /// Returns the response to a request that repeats a header that it may have only once.
    fn refusal<B: ResponseBody>(&self, headers: &HeaderMap) -> Option<Response<ServedBody<B>>> {
        let response = singleton_fields::refusal(headers, &self.shared.stats)?;
        self.flags.set_dispatched();
        Some(with_date(response))
    }

    fn dispatch<B, R>(&self, mut request: Request<R>, body: impl FnOnce(R) -> IncomingBody) -> Dispatched<S, B>
    where
        S: tower::Service<Request<IncomingBody>, Response = Response<B>>,
    {
        self.flags.set_dispatched();
        let client = self.client(request.headers());
        let extensions = request.extensions_mut();
        if self.shared.settings.denied.contains(client.addr.ip()) {
            self.shared.stats.count_denied();
            extensions.insert(DeniedClient);
        }
        extensions.insert(client);
        if let Some(certificate) = &self.certificate {
            extensions.insert(PeerCertificate::clone(certificate));
        }
        extensions.insert(self.handle.clone());
        extensions.insert(self.shared.stats.clone());
        self.service.clone().map_response(with_date as fn(_) -> _).oneshot(request.map(body))
    }
}

impl<S: HttpService> hyper::service::Service<Request<HyperBody>> for Dispatch<S> {
    type Response = Response<HyperResponseBody<S::Body>>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn call(&self, request: Request<HyperBody>) -> Self::Future {
        let (stats, is_head) = (self.shared.stats.clone(), request.method() == Method::HEAD);
        if request.version() == Version::HTTP_2 {
            if let Some(response) = self.refusal(request.headers()) {
                return Box::pin(ready(Ok(response.map(HyperResponseBody::http2))));
            }
            let response = self.dispatch(request, IncomingBody::Hyper);
            return Box::pin(async move {
                let mut response = served(response, &stats).await?.ok_or_else(panic_error)?;
                ServedBody::remove_if_forbidden(&mut response, is_head);
                Ok(response.map(HyperResponseBody::http2))
            });
        }
        if let Err(hint) = check_host(&request) {
            self.flags.set_dispatched();
            let response = ServedBody::error(StatusCode::BAD_REQUEST, "INVALID_HOST", hint, &stats);
            return Box::pin(ready(Ok(response.map(HyperResponseBody::http1))));
        }
        if let Some(response) = self.refusal(request.headers()) {
            return Box::pin(ready(Ok(response.map(HyperResponseBody::http1))));
        }
        let unread = Unread::new(request.headers(), self.flags.clone());
        let response = self.dispatch(request, |body| match body.is_end_stream() {
            true => IncomingBody::Hyper(body),
            false => IncomingBody::Http1(unread.body(body)),
        });
        Box::pin(async move {
            let response = served(response, &stats).await?;
            let mut response = response.unwrap_or_else(|| {
                let hint = "the server has a bug: this request ended with a panic";
                ServedBody::error(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", hint, &stats)
            });
            unread.before_response(&mut response).await;
            Ok(response.map(HyperResponseBody::http1))
        })
    }
}

impl<S> http2::Service for Dispatch<S>
where
    S: HttpService,
{
    type Body = ServedBody<S::Body>;

    fn call(&self, request: Request<http2::RequestBody>) -> http2::ResponseFuture<ServedBody<S::Body>> {
        let (stats, is_head) = (self.shared.stats.clone(), request.method() == Method::HEAD);
        if let Some(mut response) = self.refusal(request.headers()) {
            ServedBody::remove_if_forbidden(&mut response, is_head);
            return Box::pin(ready(Ok(response)));
        }
        let response = self.dispatch(request, IncomingBody::Wigwag);
        Box::pin(async move {
            let mut response = served(response, &stats).await?.ok_or_else(panic_error)?;
            ServedBody::remove_if_forbidden(&mut response, is_head);
            Ok(response)
        })
    }
}

/// Waits for the response of a service. `None`: it panicked.
async fn served<F, B, E>(response: F, stats: &Arc<ListenerStats>) -> Result<Option<Response<ServedBody<B>>>, BoxError>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: ResponseBody,
    E: Into<BoxError>,
{
    let response = catch_panic(response, stats).await.transpose().map_err(Into::into)?;
    Ok(response.map(|response| ServedBody::wrap(response, stats)))
}

/// Checks the `Host` of an HTTP/1.1 request (RFC 9112, section 3.2). Returns what is wrong.
fn check_host<B>(request: &Request<B>) -> Result<(), &'static str> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) if request.version() == Version::HTTP_11 => Err("an HTTP/1.1 request must have a Host header"),
        (_, Some(_)) => Err("a request must not have more than one Host header"),
        _ => Ok(()),
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
