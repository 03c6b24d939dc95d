//! The caller of a request, and what ends it.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::{Extensions, HeaderMap, header};
use wigwag_net::host::is_forwarded;
use wigwag_net::listener::{ClientAddr, RequestHandle};
use wigwag_node::auth::{BearerToken, Caller};
use wigwag_node::node::Abort;

use super::content::{self, Content};

/// Returns the caller of a request: the address of its client.
pub(crate) fn caller(extensions: &Extensions) -> Caller {
    let client = ClientAddr::of(extensions);
    Caller::new(client.map(|client| client.addr)).through_proxy(client.is_some_and(|client| client.through_proxy))
}

/// Returns the caller of a gRPC call, with the value of its header `authorization`.
pub(crate) fn grpc_caller(extensions: &Extensions, authorization: Option<&[u8]>) -> Caller {
    let transport = if extensions.get::<ViaGrpcWeb>().is_some() { "grpc-web" } else { "grpc" };
    caller(extensions).over(transport).with_token(authorization.and_then(BearerToken::from_authorization))
}

/// Returns the token of a request's header `authorization`.
pub(crate) fn token_of(headers: &HeaderMap) -> Option<BearerToken> {
    headers.get(header::AUTHORIZATION).and_then(|value| BearerToken::from_authorization(value.as_bytes()))
}

/// Marks a request that arrived as gRPC-Web. The layer that translates it leaves no other sign.
#[derive(Clone, Copy)]
struct ViaGrpcWeb;

/// Returns what aborts a request: its HTTP/2 stream, or its connection over HTTP/1.1.
pub(crate) fn abort(extensions: &Extensions) -> Option<Abort> {
    RequestHandle::of(extensions).map(|request| Box::new(move || request.abort()) as Abort)
}

/// Returns the caller of a request that may be restricted to this machine. A request that shows signs of a proxy, or whose host
/// is neither `localhost` nor an IP address, counts as one from elsewhere.
pub(crate) fn local_caller<B>(request: &http::Request<B>) -> Caller {
    let forwarded = is_forwarded(request.uri(), request.headers());
    caller(request.extensions()).through_proxy(forwarded).with_token(token_of(request.headers()))
}

/// Inserts the [`local_caller`] into a request's extensions.
pub(super) async fn identify(mut request: Request, next: Next) -> Response {
    let caller = local_caller(&request);
    if matches!(content::of(&request), Content::GrpcWeb(_)) {
        request.extensions_mut().insert(ViaGrpcWeb);
    }
    request.extensions_mut().insert(caller);
    next.run(request).await
}
