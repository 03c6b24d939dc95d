//! The caller of a request, and what ends it.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::{Extensions, HeaderMap, header};
use wigwag_net::host::is_forwarded;
use wigwag_net::listener::{ClientAddr, RequestHandle};
use wigwag_net::tls::{PeerCertificate, SubjectAltName};
use wigwag_node::auth::{BearerToken, Caller, CertificateName, ClientCertificate, ClientHeaders};
use wigwag_node::node::Abort;

use super::content::{self, Content};

/// Returns the caller of a request: the address of its client, and the certificate of its connection.
pub(crate) fn caller(extensions: &Extensions) -> Caller {
    let client = ClientAddr::of(extensions);
    Caller::new(client.map(|client| client.addr))
        .through_proxy(client.is_some_and(|client| client.through_proxy))
        .with_certificate(certificate_of(extensions))
        .with_headers(extensions.get::<ClientHeaders>().cloned())
}

/// Inserts those fields of a request that the webhook is told into its extensions.
pub(crate) fn with_webhook_headers<B>(names: &[String], mut request: http::Request<B>) -> http::Request<B> {
    if let Some(headers) = headers_of(names, request.headers()) {
        request.extensions_mut().insert(headers);
    }
    request
}

/// Returns the fields with these names. A field that a request has several times is joined, as HTTP/2 has cookies (RFC 9113,
/// section 8.2.3).
fn headers_of(names: &[String], headers: &HeaderMap) -> Option<ClientHeaders> {
    ClientHeaders::pick(names, |name| {
        let separator = if name == "cookie" { "; " } else { ", " };
        let values = headers.get_all(name).iter().map(|value| value.to_str().ok()).collect::<Option<Vec<_>>>()?;
        Some(values.join(separator)).filter(|_| !values.is_empty())
    })
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
