//! `[tls]`: encryption on the public listener.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use wigwag_net::tls::{CertificateSource, ClientAuth, TlsConfig, TlsContext, TlsError, TlsFile, TlsVersion};

use super::error::ConfigErrors;

/// Settings of TLS. Without a certificate the listener speaks clear text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TlsSection {
    /// The PEM file of the certificate: the server's own first, then its intermediates. Empty, the default: no TLS.
    pub cert_file: PathBuf,
    /// The PEM file of its private key: PKCS #8, PKCS #1 or SEC 1, not encrypted.
    pub key_file: PathBuf,
    /// Whether a certificate for this machine is made at each start, which no client trusts by itself. For tries on a LAN.
    /// Default: false.
    pub self_signed: bool,
    /// The oldest version of TLS that is accepted. Default: `1.2`.
    pub min_version: TlsVersion,
    /// Whether clients show a certificate (mutual TLS). Default: `off`.
    pub client_auth: ClientAuth,
    /// The PEM file with the authorities of client certificates. Needed unless `client_auth` is `off`.
    pub client_ca_file: PathBuf,
}

pub(super) const ALLOWED_VERSION: &str = "\"1.2\" or \"1.3\"";
pub(super) const ALLOWED_CLIENT_AUTH: &str = "\"off\", \"optional\" or \"required\"";

impl TlsSection {
    /// Returns whether the public listener speaks TLS.
    pub fn is_on(&self) -> bool {
        self.self_signed || is_set(&self.cert_file)
    }

    /// Reads the certificate. `self_signed` makes one. `None` without TLS.
    ///
    /// # Errors
    ///
    /// As for [`TlsContext::load`], and those of `self_signed`.
    pub fn load<E: From<TlsError>>(
        &self,
        self_signed: impl FnOnce() -> Result<CertificateSource, E>,
    ) -> Result<Option<Arc<TlsContext>>, E> {
        if !self.is_on() {
            return Ok(None);
        }
        let certificate = if self.self_signed { self_signed()? } else { self.files() };
        Ok(Some(TlsContext::load(self.config(certificate))?))
    }

    fn files(&self) -> CertificateSource {
        CertificateSource::Files { certificate: self.cert_file.clone(), key: self.key_file.clone() }
    }

    fn config(&self, certificate: CertificateSource) -> TlsConfig {
        TlsConfig {
            certificate,
            client_auth: self.client_auth,
            client_ca: is_set(&self.client_ca_file).then(|| self.client_ca_file.clone()),
            min_version: self.min_version,
        }
    }

    pub(super) fn check(&self, errors: &mut ConfigErrors) {
        let (cert, key, ca) = (is_set(&self.cert_file), is_set(&self.key_file), is_set(&self.client_ca_file));
        let before = errors.0.len();
        if cert && !key {
            errors.add("tls.key_file", "", "must name the private key of tls.cert_file");
        }
        if key && !cert {
            errors.add("tls.cert_file", "", "must name the certificate of the key in tls.key_file");
        }
        if self.self_signed && (cert || key) {
            errors.add(
                "tls.self_signed",
                true,
                "false, or no tls.cert_file and no tls.key_file: there is one certificate",
            );
        }
        match self.client_auth {
            ClientAuth::Off if ca => {
                errors.add("tls.client_auth", "\"off\"", "\"optional\" or \"required\", or no tls.client_ca_file");
            }
            ClientAuth::Optional | ClientAuth::Required if !self.is_on() => {
                let allowed = "\"off\", unless tls.cert_file is set: without TLS no client shows a certificate";
                errors.add("tls.client_auth", displayed(self.client_auth), allowed);
            }
            ClientAuth::Optional | ClientAuth::Required if !ca => {
                let allowed = "must name the authorities of client certificates (tls.client_auth)";
                errors.add("tls.client_ca_file", "", allowed);
            }
            _ => {}
        }
        // The files are read only if it is clear which.
        if errors.0.len() > before {
            return;
        }
        let checked = match (cert, self.self_signed && ca) {
            (true, _) => TlsContext::load(self.config(self.files())).map(drop),
            (false, true) => TlsContext::check_client_ca(&self.client_ca_file),
            (false, false) => Ok(()),
        };
        if let Err(error) = checked {
            let key = match error.file {
                TlsFile::Certificate => "tls.cert_file",
                TlsFile::Key => "tls.key_file",
                TlsFile::ClientCa => "tls.client_ca_file",
            };
            errors.add(key, "", error.to_string());
        }
    }
}

fn displayed(client_auth: ClientAuth) -> &'static str {
    match client_auth {
        ClientAuth::Off => "\"off\"",
        ClientAuth::Optional => "\"optional\"",
        ClientAuth::Required => "\"required\"",
    }
}

fn is_set(path: &Path) -> bool {
    !path.as_os_str().is_empty()
}
