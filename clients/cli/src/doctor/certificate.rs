//! The server's certificate.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::{
    CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _},
};
use x509_parser::parse_x509_certificate;

use crate::{
    duration::{short, unix_ms, utc},
    exit::Exit,
    failure::Failure,
    report::Report,
};

/// A certificate that ends sooner should have been renewed: ACME clients do it a month ahead.
const RENEW_WITHIN_DAYS: u64 = 14;

/// Accepts every certificate, so that it can be looked at, and remembers it and what is wrong with it.
#[derive(Debug)]
pub(super) struct Recorder {
    verifier: Arc<WebPkiServerVerifier>,
    seen: Mutex<Option<Seen>>,
}

#[derive(Clone, Debug)]
struct Seen {
    certificate: CertificateDer<'static>,
    objection: Option<Error>,
}

impl Recorder {
    /// Trusts the authorities of the operating system, and those in `ca`, a PEM file.
    pub(super) fn new(ca: Option<&[u8]>) -> Result<Self, Failure> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if let Some(pem) = ca {
            let given: Vec<_> = CertificateDer::pem_slice_iter(pem).filter_map(Result::ok).collect();
            if given.is_empty() {
                let text = "the certificate authority is not a PEM file with a line BEGIN CERTIFICATE";
                return Err(
                    Failure::new(Exit::Usage, text).with_hint("give the certificate of the authority with --ca-file")
                );
            }
            roots.add_parsable_certificates(given);
        }
        if roots.is_empty() {
            let text = "this machine has no certificate authorities";
            return Err(Failure::new(Exit::Unreachable, text)
                .with_hint("install the package ca-certificates, or give one with --ca-file"));
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().map_err(defect)?;
        Ok(Self { verifier, seen: Mutex::new(None) })
    }
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verdict = self.verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        let seen = Seen { certificate: end_entity.clone().into_owned(), objection: verdict.err() };
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(seen);
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}

/// Says what the certificate is worth; returns whether clients accept it.
pub(super) fn examine(recorder: &Recorder, host: &str, report: &mut Report) -> Result<bool, Failure> {
    let seen = recorder.seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let Some(Seen { certificate, objection }) = seen else {
        report.wrong("tls", "the server shows no certificate", "give it one: docs/tls.md")?;
        return Ok(false);
    };
    let parsed = parse_x509_certificate(&certificate).ok().map(|(_, parsed)| parsed);
    let seconds = |time: Option<i64>| time.and_then(|time| u64::try_from(time).ok()).unwrap_or_default() * 1_000;
    let ends_ms = seconds(parsed.as_ref().map(|parsed| parsed.validity().not_after.timestamp()));
    let begins_ms = seconds(parsed.as_ref().map(|parsed| parsed.validity().not_before.timestamp()));
    let names = parsed.as_ref().and_then(|parsed| parsed.subject_alternative_name().ok().flatten());
    let names =
        names.map(|names| names.value.general_names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "));
    let now = unix_ms();
    let apart = |at: u64| short(std::time::Duration::from_millis(at.abs_diff(now)));
    let Some(objection) = objection else {
        let found = format!("the certificate is good until {} (for {})", utc(ends_ms), apart(ends_ms));
        if ends_ms.saturating_sub(now) < RENEW_WITHIN_DAYS * 86_400_000 {
            report.warning("tls", found, "renew it now, and find out why it was not renewed by itself")?;
        } else {
            report.ok("tls", found)?;
        }
        return Ok(true);
    };
    let (found, remedy) = match &objection {
        Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => (
            format!("the certificate expired {} ago, at {}", apart(ends_ms), utc(ends_ms)),
            "renew it, and have the server or proxy read it again".to_owned(),
        ),
        Error::InvalidCertificate(CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. }) => (
            format!("the certificate is not good before {} (in {})", utc(begins_ms), apart(begins_ms)),
            "compare the clock of this machine".to_owned(),
        ),
        Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => (
            format!("the certificate is for other names than {host}: {}", names.unwrap_or_else(|| "none".to_owned())),
            "use a URL with one of its names, or get a certificate for this one".to_owned(),
        ),
        Error::InvalidCertificate(CertificateError::UnknownIssuer) => (
            "the certificate is not from an authority that this machine trusts".to_owned(),
            "serve the whole chain (fullchain.pem), use a public authority, or trust yours with --ca-file".to_owned(),
        ),
        other => (format!("clients refuse the certificate: {other}"), "get another one: docs/tls.md".to_owned()),
    };
    report.wrong("tls", found, remedy)?;
    Ok(false)
}

/// A defect of this program.
fn defect(error: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Defect, format!("cannot prepare the checks: {error}"))
}
