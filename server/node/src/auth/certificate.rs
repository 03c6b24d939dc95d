//! The certificate of a client's connection (mutual TLS).

/// The certificate that the client of a connection has shown, and whose chain the TLS handshake has verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate {
    /// Its subject alternative names, in the order of the certificate.
    pub names: Vec<CertificateName>,
    /// Since when it is valid, in milliseconds since 1970.
    pub not_before_ms: u64,
    /// When it expires, in milliseconds since 1970.
    pub not_after_ms: u64,
}

/// A subject alternative name of a certificate (RFC 5280, section 4.2.1.6).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum CertificateName {
    /// A host name.
    Dns(String),
    /// A URI, such as the `spiffe://` names of a service mesh.
    Uri(String),
    /// An e-mail address.
    Email(String),
}

impl CertificateName {
    /// Returns the name as text, without its kind.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Dns(name) | Self::Uri(name) | Self::Email(name) => name,
        }
    }
}
