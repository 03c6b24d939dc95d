//! The certificate of servers that are measured with TLS.

use std::{fs, io, net::Ipv4Addr, path::PathBuf, sync::Arc};

use rcgen::{CertificateParams, KeyPair, SanType};
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};

/// A certificate for loopback in two files, and a client that trusts it. The files go with it.
#[derive(Debug)]
pub(crate) struct Certificate {
    pub(crate) cert: PathBuf,
    pub(crate) key: PathBuf,
    pub(crate) client: Arc<ClientConfig>,
}

impl Certificate {
    /// Makes a certificate with an ECDSA key. `name` distinguishes its files.
    pub(crate) fn new(name: &str) -> io::Result<Self> {
        let mut params = CertificateParams::default();
        params.subject_alt_names = vec![SanType::IpAddress(Ipv4Addr::LOCALHOST.into())];
        let key_pair = KeyPair::generate().map_err(io::Error::other)?;
        let certificate = params.self_signed(&key_pair).map_err(io::Error::other)?;
        let file = |kind: &str| std::env::temp_dir().join(format!("wigwag-bench-{name}-{kind}.pem"));
        let (cert, key) = (file("cert"), file("key"));
        fs::write(&cert, certificate.pem())?;
        fs::write(&key, key_pair.serialize_pem())?;
        let mut roots = RootCertStore::empty();
        roots.add(certificate.der().clone()).map_err(io::Error::other)?;
        let client = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { cert, key, client: Arc::new(client) })
    }
}

impl Drop for Certificate {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.cert);
        let _ = fs::remove_file(&self.key);
    }
}
