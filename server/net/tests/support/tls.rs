//! Certificates for a test, TLS clients, and a tunnel through which clients without TLS reach a server that speaks it.

#![allow(dead_code, reason = "each test file uses a part of this")]

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, SanType,
};
use rustls::{
    ClientConfig, RootCertStore, SupportedProtocolVersion,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName},
    version::{TLS12, TLS13},
};
use tempfile::TempDir;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use wigwag_net::tls::{CertificateSource, ClientAuth, TlsConfig, TlsContext, TlsVersion};

/// Whether the suites run over TLS: `make test-tls` sets `WIGWAG_TEST_TLS`.
pub(crate) fn is_on() -> bool {
    std::env::var_os("WIGWAG_TEST_TLS").is_some()
}

/// An authority, and a folder with the files of a server.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: TempDir,
}

/// A certificate and its key.
pub(crate) struct Issued {
    pub(crate) certificate: CertificateDer<'static>,
    pub(crate) key: PrivateKeyDer<'static>,
    pem: String,
    key_pem: String,
}

impl Authority {
    /// Makes an authority, and a certificate for localhost in the files [`cert`](Self::cert) and [`key`](Self::key).
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // OpenSSL takes a certificate for self-signed if it has the name of its issuer.
        params.distinguished_name.push(DnType::CommonName, "An authority");
        let key = KeyPair::generate().expect("a key");
        let issuer = CertifiedIssuer::self_signed(params, key).expect("a certificate");
        let authority = Self { issuer, folder: TempDir::new().expect("a folder") };
        authority.write(&authority.server("localhost"));
        std::fs::write(authority.path("ca.pem"), authority.issuer.pem()).expect("a file");
        authority
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn cert(&self) -> PathBuf {
        self.path("cert.pem")
    }

    pub(crate) fn key(&self) -> PathBuf {
        self.path("key.pem")
    }

    pub(crate) fn ca(&self) -> PathBuf {
        self.path("ca.pem")
    }

    /// Issues a certificate for a host name, localhost and its address.
    pub(crate) fn server(&self, name: &str) -> Issued {
        let loopback = SanType::IpAddress(Ipv4Addr::LOCALHOST.into());
        let [name, localhost] = [name, "localhost"].map(|name| SanType::DnsName(name.try_into().expect("a name")));
        self.issue(vec![name, localhost, loopback], ExtendedKeyUsagePurpose::ServerAuth, |_| {})
    }

    /// Issues a certificate for a client.
    pub(crate) fn client(&self, names: Vec<SanType>) -> Issued {
        self.issue(names, ExtendedKeyUsagePurpose::ClientAuth, |_| {})
    }

    pub(crate) fn issue(
        &self,
        names: Vec<SanType>,
        usage: ExtendedKeyUsagePurpose,
        change: impl FnOnce(&mut CertificateParams),
    ) -> Issued {
        let mut params = CertificateParams::default();
        params.subject_alt_names = names;
        params.extended_key_usages = vec![usage];
        change(&mut params);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        Issued {
            certificate: certificate.der().clone(),
            pem: certificate.pem(),
            key_pem: key.serialize_pem(),
            key: key.into(),
        }
    }

    /// Puts a certificate and its key into the files.
    pub(crate) fn write(&self, issued: &Issued) {
        issued.write(&self.cert(), &self.key());
    }

    /// The settings of a server with these files.
    pub(crate) fn config(&self) -> TlsConfig {
        TlsConfig {
            certificate: CertificateSource::Files { certificate: self.cert(), key: self.key() },
            client_auth: ClientAuth::Off,
            client_ca: None,
            min_version: TlsVersion::Tls12,
        }
    }

    pub(crate) fn context(&self) -> Arc<TlsContext> {
        TlsContext::load(self.config()).expect("usable")
    }

    /// A client that trusts the authority, and offers these protocols.
    pub(crate) fn client_config(&self, alpn: &[&str]) -> ClientConfig {
        self.client_config_with(alpn, &[&TLS13, &TLS12], None)
    }

    pub(crate) fn client_config_with(
        &self,
        alpn: &[&str],
        versions: &[&'static SupportedProtocolVersion],
        certificate: Option<Issued>,
    ) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.der().clone()).expect("a root");
        let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(versions)
            .expect("versions")
            .with_root_certificates(roots);
        let mut config = match certificate {
            Some(issued) => builder.with_client_auth_cert(vec![issued.certificate], issued.key).expect("a certificate"),
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = alpn.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        config
    }
}

impl Issued {
    /// Puts the certificate and its key into these files.
    pub(crate) fn write(&self, cert: &Path, key: &Path) {
        std::fs::write(cert, &self.pem).expect("a file");
        std::fs::write(key, &self.key_pem).expect("a file");
    }
}

/// Connects with TLS.
pub(crate) async fn connect(addr: SocketAddr, config: ClientConfig) -> std::io::Result<TlsStream<TcpStream>> {
    over(TcpStream::connect(addr).await?, config).await
}

/// Performs the handshake over a connection.
pub(crate) async fn over(socket: TcpStream, config: ClientConfig) -> std::io::Result<TlsStream<TcpStream>> {
    socket.set_nodelay(true)?;
    let name = ServerName::try_from("localhost").expect("a name");
    TlsConnector::from(Arc::new(config)).connect(name, socket).await
}

/// Accepts connections without TLS and passes their bytes on over TLS, as stunnel does. The protocol is left to the first
/// bytes, as without TLS. Ends with the runtime of the test.
pub(crate) async fn tunnel(authority: &Authority, server: SocketAddr) -> SocketAddr {
    tunnel_with(authority.client_config(&[]), server).await
}

/// As [`tunnel`], that shows this certificate.
pub(crate) async fn tunnel_as(authority: &Authority, certificate: Issued, server: SocketAddr) -> SocketAddr {
    tunnel_with(authority.client_config_with(&[], &[&TLS13, &TLS12], Some(certificate)), server).await
}

async fn tunnel_with(config: ClientConfig, server: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let addr = listener.local_addr().expect("bound");
    tokio::spawn(async move {
        loop {
            let Ok((mut near, _)) = listener.accept().await else {
                // The test has opened too many files.
                tokio::time::sleep(Duration::from_millis(5)).await;
                continue;
            };
            let config = config.clone();
            tokio::spawn(async move {
                let _ = near.set_nodelay(true);
                let Ok(mut far) = connect(server, config).await else { return };
                let ended = copy_bidirectional(&mut near, &mut far).await;
                if ended.is_err() {
                    // A reset of one side is one of the other.
                    let _ = socket2::SockRef::from(&near).set_linger(Some(Duration::ZERO));
                    let _ = socket2::SockRef::from(far.get_ref().0).set_linger(Some(Duration::ZERO));
                }
            });
        }
    });
    addr
}
