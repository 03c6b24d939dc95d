//! TLS: the certificate of a server, its rules, and how both are replaced while it runs.
//!
//! TLS is rustls with the cryptography of aws-lc. What it allows, TLS 1.2 with AEAD cipher suites and forward secrecy and
//! TLS 1.3, is what rustls offers: there is no setting that weakens it.

mod config;
mod files;
mod peer_certificate;
mod watch;

use std::{
    fmt,
    path::Path,
    sync::{
        Arc, RwLock,
        atomic::{AtomicI64, AtomicU64, Ordering::Relaxed},
    },
};

use rustls::{
    RootCertStore, ServerConfig,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::PrivatePkcs8KeyDer,
    server::{NoServerSessionStorage, ProducesTickets, WebPkiClientVerifier, danger::ClientCertVerifier},
    sign::{CertifiedKey, SingleCertAndKey},
};

pub use self::{
    config::{CertificateSource, ClientAuth, TlsConfig, TlsVersion},
    files::{TlsError, TlsFile},
    peer_certificate::{PeerCertificate, SubjectAltName},
};

/// The TLS of a listener: the certificate in use, and the rules. What replaces it applies to new connections.
pub struct TlsContext {
    config: TlsConfig,
    // A lock rather than an atomic pointer: taken once for each connection, and written when a file has changed.
    current: RwLock<Arc<ServerConfig>>,
    provider: Arc<CryptoProvider>,
    tickets: Option<Arc<dyn ProducesTickets>>,
    expires: AtomicI64,
    /// The hash of what the files held when they were read last, valid or not.
    seen: AtomicU64,
}

impl fmt::Debug for TlsContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsContext").field("config", &self.config).finish_non_exhaustive()
    }
}

/// The protocols offered by ALPN (RFC 7301), the preferred one first.
pub(crate) const ALPN: [&[u8]; 2] = [ALPN_HTTP2, b"http/1.1"];
/// HTTP/2 in ALPN.
pub(crate) const ALPN_HTTP2: &[u8] = b"h2";

impl TlsContext {
    /// Reads the certificate, its key and the client authorities.
    ///
    /// # Errors
    ///
    /// A file cannot be read or used, the key is that of another certificate, or the certificate is not valid now.
    pub fn load(config: TlsConfig) -> Result<Arc<Self>, TlsError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        // A resumed session would not show its certificate again, so that one that has expired meanwhile would go
        // unnoticed. Keys of tickets are replaced each six hours.
        let tickets = match config.client_auth {
            ClientAuth::Off => Some(aws_lc_rs::Ticketer::new().map_err(|error| TlsError::library(&error))?),
            ClientAuth::Optional | ClientAuth::Required => None,
        };
        let files = config.read()?;
        let (server, expires) = build(&config, &files, &provider, tickets.clone())?;
        Ok(Arc::new(Self {
            seen: AtomicU64::new(files.fingerprint()),
            current: RwLock::new(Arc::new(server)),
            expires: AtomicI64::new(expires),
            config,
            provider,
            tickets,
        }))
    }

    /// Checks a file with the authorities of client certificates.
    ///
    /// # Errors
    ///
    /// It cannot be read or used.
    pub fn check_client_ca(path: &Path) -> Result<(), TlsError> {
        let certificate =
            CertificateSource::Der { chain: Vec::new(), key: PrivatePkcs8KeyDer::from(Vec::new()).into() };
        let config = TlsConfig {
            certificate,
            client_auth: ClientAuth::Required,
            client_ca: Some(path.to_owned()),
            min_version: TlsVersion::default(),
        };
        verifier(&config, &config.read()?, &Arc::new(aws_lc_rs::default_provider())).map(drop)
    }

    /// Returns when the certificate expires, in seconds since 1970.
    pub fn expires(&self) -> i64 {
        self.expires.load(Relaxed)
    }

    /// Returns what a new connection uses.
    pub(crate) fn current(&self) -> Arc<ServerConfig> {
        self.current.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// Reads the files again. Returns whether they hold something else than the last time, which is then used if it can be.
    ///
    /// # Errors
    ///
    /// As for [`load`](Self::load), once for each change: what was in use before stays in use.
    pub fn reload(&self) -> Result<bool, TlsError> {
        let files = match self.config.read() {
            Ok(files) => files,
            Err(error) => {
                let unreadable = error.fingerprint();
                return if self.seen.swap(unreadable, Relaxed) == unreadable { Ok(false) } else { Err(error) };
            }
        };
        let fingerprint = files.fingerprint();
        if self.seen.swap(fingerprint, Relaxed) == fingerprint {
            return Ok(false);
        }
        let (server, expires) = build(&self.config, &files, &self.provider, self.tickets.clone())?;
        *self.current.write().unwrap_or_else(std::sync::PoisonError::into_inner) = Arc::new(server);
        self.expires.store(expires, Relaxed);
        Ok(true)
    }
}

/// Builds the configuration of rustls, and returns it with the time at which the certificate expires.
fn build(
    config: &TlsConfig,
    files: &files::Files,
    provider: &Arc<CryptoProvider>,
    tickets: Option<Arc<dyn ProducesTickets>>,
) -> Result<(ServerConfig, i64), TlsError> {
    let (chain, key) = config.certificate_and_key(files)?;
    let expires = config.check_validity(&chain)?;
    let signing_key =
        provider.key_provider.load_private_key(key).map_err(|_| config.key_error(files::UNSUPPORTED_KEY))?;
    let certified = CertifiedKey::new(chain, signing_key);
    certified.keys_match().map_err(|error| config.mismatch(&error))?;

    let versions: &[_] = match config.min_version {
        TlsVersion::Tls12 => &[&rustls::version::TLS13, &rustls::version::TLS12],
        TlsVersion::Tls13 => &[&rustls::version::TLS13],
    };
    let mut server = ServerConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(versions)
        .map_err(|error| TlsError::library(&error))?
        .with_client_cert_verifier(verifier(config, files, provider)?)
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
    server.alpn_protocols = ALPN.map(<[u8]>::to_vec).to_vec();
    // What a client needs to resume travels in its ticket; nothing is kept here.
    server.session_storage = Arc::new(NoServerSessionStorage {});
    match tickets {
        Some(tickets) => server.ticketer = tickets,
        None => server.send_tls13_tickets = 0,
    }
    Ok((server, expires))
}

/// Returns what checks the certificates of clients.
fn verifier(
    config: &TlsConfig,
    files: &files::Files,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    if config.client_auth == ClientAuth::Off {
        return Ok(WebPkiClientVerifier::no_client_auth());
    }
    let mut roots = RootCertStore::empty();
    for authority in config.client_authorities(files)? {
        roots.add(authority).map_err(|error| config.client_ca_error(format!("cannot be used: {error}")))?;
    }
    let mut builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone());
    if config.client_auth == ClientAuth::Optional {
        builder = builder.allow_unauthenticated();
    }
    builder.build().map_err(|error| config.client_ca_error(format!("cannot be used: {error}")))
}

#[cfg(test)]
mod tests;
