//! Fetches a JWK Set over HTTP/1.1: one request on one connection, to the host of the URL and no other.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, HOST, USER_AGENT};
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use wigwag_token::KeyError;

use crate::config::JwksUrl;

/// Time for everything: resolving the name, connecting, the response.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Largest document.
const MAX_BYTES: usize = 64 * 1024;

/// Fetches documents. Cheap to clone.
#[derive(Clone)]
pub(super) struct Fetcher {
    tls: Option<TlsConnector>,
}

/// Why a JWK Set was not fetched. Nothing that the server answered is part of the text.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The server did not answer in time.
    #[error("no answer within 5 s")]
    Timeout,
    /// The connection failed.
    #[error("no connection: {}", .0.kind())]
    Connect(io::Error),
    /// The TLS handshake failed.
    #[error(
        "the TLS handshake failed: {0}; certificates are checked against auth.jwks_ca_file, or those of this machine"
    )]
    Tls(io::Error),
    /// The request failed.
    #[error("the HTTP request failed")]
    Http(#[from] hyper::Error),
    /// The status is not 200.
    #[error("the status is {0}, not 200; redirects are not followed: set jwks_url to the URL of the document itself")]
    Status(StatusCode),
    /// The document is too large, or was cut.
    #[error("the document has more than 64 KiB, or was cut")]
    Body,
    /// The document is not a JWK Set.
    #[error(transparent)]
    Document(#[from] KeyError),
    /// The document has no usable keys.
    #[error("the document has no key for the algorithms of the issuer")]
    NoKeys,
}

impl Fetcher {
    pub(super) fn without_tls() -> Self {
        Self { tls: None }
    }

    /// Creates a fetcher that trusts the certificates of a file, or those that this machine trusts if `ca_file` is empty.
    pub(super) fn with_tls(ca_file: &str) -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        if ca_file.is_empty() {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        } else {
            let certificates = CertificateDer::pem_file_iter(ca_file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
            let certificates = certificates.map_err(|error| format!("cannot be read: {error}"))?;
            roots.add_parsable_certificates(certificates);
        }
        if roots.is_empty() {
            return Err(
                "there are no certificates to trust: install those of this system (on Debian: ca-certificates), \
                        or name a PEM file"
                    .to_owned(),
            );
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { tls: Some(TlsConnector::from(Arc::new(config))) })
    }

    pub(super) async fn fetch(&self, url: &JwksUrl) -> Result<String, FetchError> {
        timeout(TIMEOUT, self.fetch_slowly(url)).await.map_err(|_| FetchError::Timeout)?
    }

    async fn fetch_slowly(&self, url: &JwksUrl) -> Result<String, FetchError> {
        let stream = TcpStream::connect((url.host.as_str(), url.port)).await.map_err(FetchError::Connect)?;
        if !url.https {
            return request(stream, url).await;
        }
        let invalid = |error| FetchError::Tls(io::Error::new(io::ErrorKind::InvalidInput, error));
        let name = ServerName::try_from(url.host.clone()).map_err(|_| invalid("the host has no valid name"))?;
        let tls = self.tls.as_ref().ok_or_else(|| invalid("TLS is not configured"))?;
        request(tls.connect(name, stream).await.map_err(FetchError::Tls)?, url).await
    }
}

impl std::fmt::Debug for Fetcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fetcher").field("tls", &self.tls.is_some()).finish()
    }
}

async fn request(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    url: &JwksUrl,
) -> Result<String, FetchError> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // Ends the connection when this function ends, also after the time-out.
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    let request = Request::get(&url.path)
        .header(HOST, &url.authority)
        .header(ACCEPT, "application/jwk-set+json, application/json")
        .header(USER_AGENT, concat!("wigwag-server/", env!("CARGO_PKG_VERSION")))
        .body(Empty::<Bytes>::new())
        .map_err(|_| FetchError::Status(StatusCode::BAD_REQUEST))?;
    let response = sender.send_request(request).await?;
    if response.status() != StatusCode::OK {
        return Err(FetchError::Status(response.status()));
    }
    let body = Limited::new(response.into_body(), MAX_BYTES).collect().await.map_err(|_| FetchError::Body)?;
    String::from_utf8(body.to_bytes().into()).map_err(|_| FetchError::Body)
}
