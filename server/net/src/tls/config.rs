//! What a TLS server shows and demands.

use std::{fmt, path::PathBuf};

use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde::{Deserialize, Serialize};

/// What a TLS server shows and demands.
#[derive(Debug)]
pub struct TlsConfig {
    /// Its certificate and private key.
    pub certificate: CertificateSource,
    /// Whether clients show a certificate.
    pub client_auth: ClientAuth,
    /// The PEM file with the authorities of client certificates. Required unless `client_auth` is off.
    pub client_ca: Option<PathBuf>,
    /// The oldest version of TLS that is accepted.
    pub min_version: TlsVersion,
}

/// Where a certificate comes from.
pub enum CertificateSource {
    /// PEM files, which are read again when they change.
    Files {
        /// The server's certificate, then its intermediates.
        certificate: PathBuf,
        /// The private key of the certificate: PKCS #8, PKCS #1 or SEC 1, not encrypted.
        key: PathBuf,
    },
    /// A certificate made by the caller.
    Der {
        /// The server's certificate, then its intermediates.
        chain: Vec<CertificateDer<'static>>,
        /// Its private key.
        key: PrivateKeyDer<'static>,
    },
}

impl fmt::Debug for CertificateSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Files { certificate, key } => {
                f.debug_struct("Files").field("certificate", certificate).field("key", key).finish()
            }
            // Without the key.
            Self::Der { .. } => f.write_str("Der"),
        }
    }
}

/// Whether clients show a certificate (mutual TLS).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClientAuth {
    /// They are not asked for one.
    #[default]
    Off,
    /// They are asked for one, and may go without. One that is shown must be valid.
    Optional,
    /// The handshake of a client without a valid one fails.
    Required,
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum TlsVersion {
    /// RFC 5246.
    #[default]
    #[serde(rename = "1.2")]
    Tls12,
    /// RFC 8446.
    #[serde(rename = "1.3")]
    Tls13,
}
