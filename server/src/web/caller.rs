//! The caller of a request, and what ends it.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::{Extensions, HeaderMap, header};
use wigwag_net::host::is_forwarded;
use wigwag_net::listener::{PeerAddr, RequestHandle};
use wigwag_net::tls::{PeerCertificate, SubjectAltName};
use wigwag_node::auth::{BearerToken, Caller, CertificateName, ClientCertificate};
use wigwag_node::node::Abort;

use super::content::{self, Content};

/// Returns the caller of a request: the peer address and the certificate of its connection.
pub(crate) fn caller(extensions: &Extensions) -> Caller {
    Caller::new(PeerAddr::of(extensions)).with_certificate(certificate_of(extensions))
}

/// Returns the certificate that the connection of a request has shown. That of a proxy stands for all its clients.
fn certificate_of(extensions: &Extensions) -> Option<ClientCertificate> {
    let certificate = PeerCertificate::of(extensions)?;
    let name = |name: &SubjectAltName| match name {
        SubjectAltName::Dns(name) => Some(CertificateName::Dns(name.clone())),
        SubjectAltName::Uri(name) => Some(CertificateName::Uri(name.clone())),
        SubjectAltName::Email(name) => Some(CertificateName::Email(name.clone())),
        SubjectAltName::Ip(_) => None,
    };
    let ms = |seconds: i64| u64::try_from(seconds).unwrap_or(0).saturating_mul(1_000);
    Some(ClientCertificate {
        names: certificate.names().iter().filter_map(name).collect(),
        not_before_ms: ms(certificate.not_before()),
        not_after_ms: ms(certificate.not_after()),
    })
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

/// Returns the caller of a request, with its token.
pub(crate) fn caller_with_token(extensions: &Extensions, headers: &HeaderMap) -> Caller {
    caller(extensions).with_token(token_of(headers))
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
    let forwarded = is_forwarded(request.uri(), request.headers());
    let addr = PeerAddr::of(request.extensions()).filter(|_| !forwarded);
    Caller::new(addr).with_certificate(certificate_of(request.extensions())).with_token(token_of(request.headers()))
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
