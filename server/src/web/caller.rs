//! Who makes a request.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::Extensions;
use tokio_util::sync::CancellationToken;
use wigwag_net::host::is_forwarded;
use wigwag_net::listener::{ConnectionHandle, PeerAddr};
use wigwag_node::auth::Caller;

/// Returns who is at the other end of a request's connection.
pub(crate) fn caller(extensions: &Extensions) -> Caller {
    Caller::new(PeerAddr::of(extensions))
}

/// Returns what ends a request's connection.
pub(crate) fn abort_token(extensions: &Extensions) -> Option<CancellationToken> {
    ConnectionHandle::of(extensions).map(|connection| connection.abort_token())
}

/// Returns who makes a request, where the answer may be reserved to this machine: a request that was forwarded, or asks
/// under a foreign name, counts as remote.
pub(crate) fn local_caller<B>(request: &http::Request<B>) -> Caller {
    if is_forwarded(request.uri(), request.headers()) { Caller::new(None) } else { caller(request.extensions()) }
}

/// Puts the [`local_caller`] into a request's extensions.
pub(super) async fn identify(mut request: Request, next: Next) -> Response {
    let caller = local_caller(&request);
    request.extensions_mut().insert(caller);
    next.run(request).await
}
