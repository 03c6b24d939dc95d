//! The certificates of servers that this one calls.

use std::{fmt, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};
use tokio_rustls::TlsConnector;

/// What the certificates of servers are checked against. Cheap to clone.
#[derive(Clone)]
pub struct Trust {
    pub(super) tls: Option<TlsConnector>,
}

impl Trust {
    /// Trusts nothing: for URLs without TLS.
    #[must_use]
    pub fn without_tls() -> Self {
        Self { tls: None }
    }

    /// Trusts the certificates of a file, or those that this machine trusts if `ca_file` is empty.
    ///
    /// # Errors
    ///
    /// If there are none, or the file cannot be read.
    pub fn with_tls(ca_file: &str) -> Result<Self, String> {
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
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trust").field("tls", &self.tls.is_some()).finish()
    }
}
