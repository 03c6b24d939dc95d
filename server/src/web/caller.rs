//! The caller of a request, and what ends it.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::Extensions;
use wigwag_net::host::is_forwarded;
use wigwag_net::listener::{PeerAddr, RequestHandle};
use wigwag_node::auth::Caller;
use wigwag_node::node::Abort;

use super::content::{self, Content};

/// Returns the caller of a request: the peer address of its connection.
pub(crate) fn caller(extensions: &Extensions) -> Caller {
    Caller::new(PeerAddr::of(extensions))
}

/// Returns the caller of a gRPC call.
pub(crate) fn grpc_caller(extensions: &Extensions) -> Caller {
    caller(extensions).over(if extensions.get::<ViaGrpcWeb>().is_some() { "grpc-web" } else { "grpc" })
}

/// Marks a request that arrived as gRPC-Web. The layer that translates it leaves no other sign.
#[derive(Clone, Copy)]
struct ViaGrpcWeb;

/// Returns what aborts a request: its HTTP/2 stream, or its connection over HTTP/1.1.
pub(crate) fn abort(extensions: &Extensions) -> Option<Abort> {
    RequestHandle::of(extensions).map(|request| Box::new(move || request.abort()) as Abort)
}

/// Returns the caller of a request that may be restricted to this machine. A request that a proxy forwarded, or whose host
/// is neither `localhost` nor an IP address, counts as remote.
pub(crate) fn local_caller<B>(request: &http::Request<B>) -> Caller {
    if is_forwarded(request.uri(), request.headers()) { Caller::new(None) } else { caller(request.extensions()) }
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
