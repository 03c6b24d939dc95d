//! The files of a certificate, and what can be wrong with them.

use std::{
    fs,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};

use super::config::{CertificateSource, ClientAuth, TlsConfig};

/// Which file an error is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsFile {
    /// The certificate.
    Certificate,
    /// The private key.
    Key,
    /// The authorities of client certificates.
    ClientCa,
}

/// Why a certificate cannot be used. The text names the file, what is wrong, and the remedy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct TlsError {
    /// The file to repair.
    pub file: TlsFile,
    text: String,
}

impl TlsError {
    pub(super) fn new(file: TlsFile, path: &Path, problem: &str) -> Self {
        Self { file, text: format!("{} {problem}", path.display()) }
    }

    /// An error of the library that no file is to blame for.
    pub(super) fn library(error: &rustls::Error) -> Self {
        Self { file: TlsFile::Certificate, text: format!("TLS cannot be set up: {error}") }
    }

    /// Returns a number that differs between errors.
    pub(super) fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.text.hash(&mut hasher);
        hasher.finish()
    }
}

/// What the files hold. Empty if a part is not read from a file.
pub(super) struct Files {
    certificate: Vec<u8>,
    key: Vec<u8>,
    client_ca: Vec<u8>,
}

impl Files {
    /// Returns a number that differs between contents. Nothing depends on it but whether a change is noticed.
    pub(super) fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (&self.certificate, &self.key, &self.client_ca).hash(&mut hasher);
        hasher.finish()
    }
}

pub(super) const UNSUPPORTED_KEY: &str = "holds a private key of a kind that is not supported: use ECDSA with P-256 or P-384, RSA with 2,048 to 8,192 bits, or Ed25519";
const ENCRYPTED_KEY: &str =
    "holds a private key that is encrypted with a passphrase: decrypt it with `openssl pkey -in FILE -out NEWFILE`";
const NO_KEY: &str =
    "holds no private key: it must be a PEM file with a section that begins with -----BEGIN PRIVATE KEY-----";
const KEY_IS_CERTIFICATE: &str =
    "holds a certificate and no private key: have the certificate and the key been swapped?";
const NO_CERTIFICATE: &str =
    "holds no certificate: it must be a PEM file with sections that begin with -----BEGIN CERTIFICATE-----";
const CERTIFICATE_IS_KEY: &str =
    "holds a private key and no certificate: have the certificate and the key been swapped?";
const DER: &str = "is not PEM but DER: convert it with `openssl x509 -inform der` (certificates) or `openssl pkey -inform der` (keys)";
const BROKEN_PEM: &str = "is not valid PEM: it is damaged or was cut short while it was copied";

/// Longest file that is read.
const MAX_FILE: u64 = 1024 * 1024;

impl TlsConfig {
    /// Reads all files.
    pub(super) fn read(&self) -> Result<Files, TlsError> {
        let (certificate, key) = match &self.certificate {
            CertificateSource::Files { certificate, key } => {
                (read(TlsFile::Certificate, certificate)?, read(TlsFile::Key, key)?)
            }
            CertificateSource::Der { .. } => (Vec::new(), Vec::new()),
        };
        let client_ca = match &self.client_ca {
            Some(path) if self.client_auth != ClientAuth::Off => read(TlsFile::ClientCa, path)?,
            _ => Vec::new(),
        };
        Ok(Files { certificate, key, client_ca })
    }

    /// Returns the certificate chain and the private key.
    pub(super) fn certificate_and_key(
        &self,
        files: &Files,
    ) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), TlsError> {
        let (certificate, key) = match &self.certificate {
            CertificateSource::Files { certificate, key } => (certificate, key),
            CertificateSource::Der { chain, key } => return Ok((chain.clone(), key.clone_key())),
        };
        let chain = certificates(TlsFile::Certificate, certificate, &files.certificate)?;
        let wrong = |problem| TlsError::new(TlsFile::Key, key, problem);
        let key = match PrivateKeyDer::from_pem_slice(&files.key) {
            Ok(key) => key,
            Err(_) if contains(&files.key, "-----BEGIN ENCRYPTED PRIVATE KEY-----") => {
                return Err(wrong(ENCRYPTED_KEY));
            }
            Err(_) if contains(&files.key, "Proc-Type: 4,ENCRYPTED") => return Err(wrong(ENCRYPTED_KEY)),
            Err(_) if contains(&files.key, "PRIVATE KEY-----") => return Err(wrong(BROKEN_PEM)),
            Err(_) if contains(&files.key, "-----BEGIN CERTIFICATE-----") => return Err(wrong(KEY_IS_CERTIFICATE)),
            Err(_) if files.key.first() == Some(&DER_SEQUENCE) => return Err(wrong(DER)),
            Err(_) => return Err(wrong(NO_KEY)),
        };
        Ok((chain, key))
    }

    /// Returns the authorities of client certificates.
    pub(super) fn client_authorities(&self, files: &Files) -> Result<Vec<CertificateDer<'static>>, TlsError> {
        certificates(TlsFile::ClientCa, self.client_ca_path(), &files.client_ca)
    }

    /// Checks that the certificate can be parsed and is valid now. Returns when it expires.
    pub(super) fn check_validity(&self, chain: &[CertificateDer<'_>]) -> Result<i64, TlsError> {
        let wrong = |problem: &str| TlsError::new(TlsFile::Certificate, self.certificate_path(), problem);
        let Some(leaf) = chain.first() else { return Err(wrong(NO_CERTIFICATE)) };
        let Ok((_, leaf)) = x509_parser::parse_x509_certificate(leaf) else {
            return Err(wrong("holds a certificate that cannot be parsed: issue it again"));
        };
        let (from, until) = (leaf.validity().not_before, leaf.validity().not_after);
        let now = unix_now();
        if until.timestamp() <= now {
            return Err(wrong(&format!("holds a certificate that expired on {until}: renew it")));
        }
        if from.timestamp() > now {
            let problem = format!("holds a certificate that is valid from {from} on: set the clock of this machine");
            return Err(wrong(&problem));
        }
        Ok(until.timestamp())
    }

    /// The key is that of another certificate.
    pub(super) fn mismatch(&self, error: &rustls::Error) -> TlsError {
        let problem = match error {
            rustls::Error::InconsistentKeys(_) => format!(
                "is not the key of the first certificate in {}: the server's certificate comes first there, and both files \
                 must be of the same issue",
                self.certificate_path().display()
            ),
            other => format!("does not go with {}: {other}", self.certificate_path().display()),
        };
        self.key_error(&problem)
    }

    pub(super) fn key_error(&self, problem: &str) -> TlsError {
        let path = match &self.certificate {
            CertificateSource::Files { key, .. } => key.as_path(),
            CertificateSource::Der { .. } => Path::new(MADE_HERE),
        };
        TlsError::new(TlsFile::Key, path, problem)
    }

    pub(super) fn client_ca_error(&self, problem: String) -> TlsError {
        TlsError::new(TlsFile::ClientCa, self.client_ca_path(), &problem)
    }

    fn certificate_path(&self) -> &Path {
        match &self.certificate {
            CertificateSource::Files { certificate, .. } => certificate,
            CertificateSource::Der { .. } => Path::new(MADE_HERE),
        }
    }

    fn client_ca_path(&self) -> &Path {
        self.client_ca.as_deref().unwrap_or(Path::new("the file of client authorities"))
    }
}

/// Stands for the path of a certificate without a file.
const MADE_HERE: &str = "the self-signed certificate";

/// The first byte of a DER certificate or key.
const DER_SEQUENCE: u8 = 0x30;

fn read(file: TlsFile, path: &PathBuf) -> Result<Vec<u8>, TlsError> {
    let bytes = fs::metadata(path).and_then(|metadata| match metadata.len() {
        len if metadata.is_file() && len > MAX_FILE => Err(io::Error::other("it is larger than 1 MiB")),
        _ => fs::read(path),
    });
    bytes.map_err(|error| {
        let problem = match error.kind() {
            ErrorKind::NotFound => "does not exist: correct the path, or put the file there".to_owned(),
            ErrorKind::PermissionDenied => {
                "may not be read by this user: change its owner or mode, or those of its folder".to_owned()
            }
            _ => format!("cannot be read: {error}"),
        };
        TlsError::new(file, path, &problem)
    })
}

fn certificates(file: TlsFile, path: &Path, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let wrong = |problem| TlsError::new(file, path, problem);
    let certificates: Vec<_> =
        CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(|_| wrong(BROKEN_PEM))?;
    if !certificates.is_empty() {
        return Ok(certificates);
    }
    Err(wrong(match pem {
        pem if contains(pem, "-----BEGIN CERTIFICATE-----") => BROKEN_PEM,
        pem if contains(pem, "PRIVATE KEY-----") => CERTIFICATE_IS_KEY,
        [DER_SEQUENCE, ..] => DER,
        _ => NO_CERTIFICATE,
    }))
}

fn contains(pem: &[u8], text: &str) -> bool {
    pem.windows(text.len()).any(|window| window == text.as_bytes())
}

/// Returns the seconds since 1970.
// Certificates are valid by the wall clock.
#[allow(clippy::disallowed_methods)]
pub(super) fn unix_now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    i64::try_from(since).unwrap_or(i64::MAX)
}
