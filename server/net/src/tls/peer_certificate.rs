//! The names in the certificate of a client.

use std::{net::IpAddr, sync::Arc};

use http::Extensions;
use rustls::pki_types::CertificateDer;
use x509_parser::{extensions::GeneralName, parse_x509_certificate};

/// The certificate that the client of a connection has shown, and that an authority of the configuration has issued. A
/// request extension, absent if the client has shown none. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerCertificate {
    names: Arc<[SubjectAltName]>,
    not_before: i64,
    not_after: i64,
}

/// A subject alternative name of a certificate (RFC 5280, section 4.2.1.6).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SubjectAltName {
    /// A host name.
    Dns(String),
    /// A URI, such as the `spiffe://` names of a service mesh.
    Uri(String),
    /// An e-mail address.
    Email(String),
    /// An IP address.
    Ip(IpAddr),
}

impl PeerCertificate {
    /// Returns the certificate of the connection that a request arrived on.
    pub fn of(extensions: &Extensions) -> Option<Self> {
        extensions.get::<Self>().cloned()
    }

    /// Returns the subject alternative names, in the order of the certificate. Names of other kinds are left out, and so
    /// is the common name of the subject, which identifies nothing (RFC 9525, section 2).
    pub fn names(&self) -> &[SubjectAltName] {
        &self.names
    }

    /// Returns since when the certificate is valid, in seconds since 1970.
    pub fn not_before(&self) -> i64 {
        self.not_before
    }

    /// Returns when the certificate expires, in seconds since 1970. The handshake has checked it; a connection may last longer.
    pub fn not_after(&self) -> i64 {
        self.not_after
    }

    /// Reads the names and the times of a certificate whose chain was verified.
    pub(crate) fn parse(certificate: &CertificateDer<'_>) -> Self {
        let Ok((_, parsed)) = parse_x509_certificate(certificate) else {
            // Without names it identifies nothing.
            return Self { names: Arc::default(), not_before: 0, not_after: 0 };
        };
        let names = parsed.subject_alternative_name().ok().flatten();
        let names = names.map_or(&[][..], |extension| &extension.value.general_names);
        let validity = parsed.validity();
        Self {
            names: names.iter().filter_map(name).collect(),
            not_before: validity.not_before.timestamp(),
            not_after: validity.not_after.timestamp(),
        }
    }
}

fn name(name: &GeneralName<'_>) -> Option<SubjectAltName> {
    Some(match *name {
        GeneralName::DNSName(name) => SubjectAltName::Dns(name.to_owned()),
        GeneralName::URI(name) => SubjectAltName::Uri(name.to_owned()),
        GeneralName::RFC822Name(name) => SubjectAltName::Email(name.to_owned()),
        GeneralName::IPAddress(bytes) => SubjectAltName::Ip(match bytes.len() {
            4 => <[u8; 4]>::try_from(bytes).ok()?.into(),
            _ => <[u8; 16]>::try_from(bytes).ok()?.into(),
        }),
        _ => return None,
    })
}
