//! A gRPC connection to the server.

use std::{error::Error as _, time::Duration};

use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
    service::{Interceptor, interceptor::InterceptedService},
    transport::{Certificate, Channel, ClientTlsConfig, Endpoint},
};
use wigwag_proto::v1::{room_service_client::RoomServiceClient, signaling_service_client::SignalingServiceClient};

use crate::{exit::Exit, failure::Failure, target::Target};

/// Largest answer: a page of rooms or members has at most 1 MiB, a snapshot of a watch 3 MiB and one member.
const MAX_MESSAGE: usize = 16 << 20;

/// Rooms and members of one page.
pub(crate) const PAGE_SIZE: u32 = 1_000;

/// Interval of HTTP/2 PING frames, which notice a dead network during a watch.
const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// A client of RoomService.
pub(crate) type Rooms = RoomServiceClient<InterceptedService<Channel, Bearer>>;

/// Connects to RoomService.
pub(crate) async fn rooms(target: &Target) -> Result<Rooms, Failure> {
    let bearer = Bearer::new(target)?;
    let client = RoomServiceClient::with_interceptor(connect(target).await?, bearer);
    Ok(client.max_decoding_message_size(MAX_MESSAGE))
}

/// Connects to SignalingService, for calls.
pub(crate) async fn signaling(
    target: &Target,
) -> Result<SignalingServiceClient<InterceptedService<Channel, Bearer>>, Failure> {
    let bearer = Bearer::new(target)?;
    Ok(SignalingServiceClient::with_interceptor(connect(target).await?, bearer))
}

async fn connect(target: &Target) -> Result<Channel, Failure> {
    let uri = target.uri()?;
    let is_https = uri.scheme_str() == Some("https");
    let invalid = |error: tonic::transport::Error| {
        Failure::new(Exit::Usage, format!("the URL cannot be used: {}", chain(&error)))
    };
    let mut endpoint = Endpoint::from(uri)
        .connect_timeout(target.timeout)
        .timeout(target.timeout)
        .tcp_nodelay(true)
        .http2_keep_alive_interval(KEEP_ALIVE)
        .keep_alive_while_idle(true)
        .user_agent(concat!("wigwag-cli/", env!("CARGO_PKG_VERSION")))
        .map_err(invalid)?;
    if is_https {
        endpoint = secured(endpoint, target.ca.as_deref())?;
    }
    endpoint.connect().await.map_err(|error| Failure::unreachable(&target.url, &chain(&error)))
}

/// Trusts the certificate authorities of the operating system, and the given one.
fn secured(endpoint: Endpoint, ca: Option<&[u8]>) -> Result<Endpoint, Failure> {
    let known = ClientTlsConfig::new().with_enabled_roots();
    let Some(pem) = ca else {
        return endpoint.tls_config(known).map_err(|error| {
            let text = format!("this machine has no certificate authorities that could be used: {}", chain(&error));
            Failure::new(Exit::Unreachable, text)
                .with_hint("install the package ca-certificates, or give one with --ca-file")
        });
    };
    let given = Certificate::from_pem(pem);
    // A machine without certificate authorities, such as a container, uses only the given one.
    let both = endpoint.clone().tls_config(known.ca_certificate(given.clone()));
    let both = both.or_else(|_| endpoint.tls_config(ClientTlsConfig::new().ca_certificate(given)));
    both.ok().filter(|_| String::from_utf8_lossy(pem).contains("-----BEGIN CERTIFICATE-----")).ok_or_else(|| {
        Failure::new(Exit::Usage, "the certificate authority is not a PEM file with a line BEGIN CERTIFICATE")
            .with_hint("give the certificate of the authority with --ca-file")
    })
}

/// Adds the token to every call.
#[derive(Clone)]
pub(crate) struct Bearer(Option<MetadataValue<Ascii>>);

impl Bearer {
    fn new(target: &Target) -> Result<Self, Failure> {
        let header = target.token.as_ref().map(|token| format!("Bearer {token}").parse()).transpose();
        let mut header: Option<MetadataValue<Ascii>> = header.map_err(|_| {
            Failure::new(Exit::NoPermission, "the token has characters that a header cannot have")
                .with_reason("TOKEN_INVALID")
                .with_hint("a token is three parts of letters, digits, - and _ with dots between them")
        })?;
        if let Some(header) = &mut header {
            header.set_sensitive(true);
        }
        Ok(Self(header))
    }
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(header) = &self.0 {
            request.metadata_mut().insert("authorization", header.clone());
        }
        Ok(request)
    }
}

/// Writes an error with its causes.
fn chain(error: &tonic::transport::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}
