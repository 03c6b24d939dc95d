//! What is wrong with the files of a certificate, and that each error names the file and the remedy.

use std::{fs, path::PathBuf};

use rcgen::{CertificateParams, KeyPair};
use tempfile::TempDir;

use super::*;

struct Fixture {
    folder: TempDir,
}

impl Fixture {
    fn new() -> Self {
        let fixture = Self { folder: TempDir::new().expect("a folder") };
        let (cert, key) = issued(|_| {});
        fixture.put("cert.pem", &cert);
        fixture.put("key.pem", &key);
        fixture
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn put(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path(name), text).expect("a file");
    }

    fn config(&self) -> TlsConfig {
        TlsConfig {
            certificate: CertificateSource::Files { certificate: self.path("cert.pem"), key: self.path("key.pem") },
            client_auth: ClientAuth::Off,
            client_ca: None,
            min_version: TlsVersion::Tls12,
        }
    }

    fn error(&self) -> (TlsFile, String) {
        let error = TlsContext::load(self.config()).expect_err("cannot be used");
        (error.file, error.to_string())
    }
}

/// Returns a certificate and its key in PEM.
fn issued(change: impl FnOnce(&mut CertificateParams)) -> (String, String) {
    let mut params = CertificateParams::new(["localhost".to_owned()]).expect("names");
    change(&mut params);
    let key = KeyPair::generate().expect("a key");
    (params.self_signed(&key).expect("a certificate").pem(), key.serialize_pem())
}

#[test]
fn a_usable_certificate_is_loaded_with_its_expiry() {
    let fixture = Fixture::new();
    let (cert, key) = issued(|params| params.not_after = rcgen::date_time_ymd(2100, 1, 1));
    fixture.put("cert.pem", cert);
    fixture.put("key.pem", key);
    assert_eq!(TlsContext::load(fixture.config()).expect("usable").expires(), 4_102_444_800);
}

#[test]
fn each_error_names_the_file_and_the_remedy() {
    let fixture = Fixture::new();
    let (cert, key) = issued(|_| {});
    let der = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate").cert.der().to_vec();
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let traditional =
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----\n";
    let (expired, expired_key) = issued(|params| params.not_after = rcgen::date_time_ymd(2020, 1, 2));
    let (early, early_key) = issued(|params| params.not_before = rcgen::date_time_ymd(2200, 1, 2));
    let (certificate, private) = (TlsFile::Certificate, TlsFile::Key);
    for (cert, key, file, expected) in [
        (&*key, &*cert, certificate, "swapped?"),
        (&*cert, &*cert, private, "swapped?"),
        ("", &*key, certificate, "-----BEGIN CERTIFICATE-----"),
        (&*cert, "", private, "-----BEGIN PRIVATE KEY-----"),
        (&*cert, encrypted, private, "openssl pkey -in"),
        (&*cert, traditional, private, "openssl pkey -in"),
        (&*cert, &key[..60], private, "cut short"),
        (&cert[..60], &*key, certificate, "cut short"),
        (&*cert, &*expired_key, private, "is not the key of the first certificate in"),
        (&*expired, &*expired_key, certificate, "expired on Jan  2"),
        (&*early, &*early_key, certificate, "set the clock"),
    ] {
        fixture.put("cert.pem", cert);
        fixture.put("key.pem", key);
        let (wrong, text) = fixture.error();
        let name = if file == TlsFile::Key { "key.pem" } else { "cert.pem" };
        assert!(wrong == file && text.contains(expected) && text.contains(name), "{expected}: {text}");
        assert!(!text.contains("AAAA"), "{text}");
    }
    fixture.put("cert.pem", der);
    assert!(fixture.error().1.contains("openssl x509 -inform der"), "{:?}", fixture.error());
    fs::remove_file(fixture.path("cert.pem")).expect("removed");
    assert!(fixture.error().1.contains("does not exist"), "{:?}", fixture.error());
}

#[test]
fn client_authorities_are_read_only_when_they_matter() {
    let fixture = Fixture::new();
    fixture.put("ca.pem", "nothing");
    let with = |client_auth| TlsConfig { client_auth, client_ca: Some(fixture.path("ca.pem")), ..fixture.config() };
    assert!(TlsContext::load(with(ClientAuth::Off)).is_ok());
    let error = TlsContext::load(with(ClientAuth::Required)).expect_err("no authority");
    assert!(error.file == TlsFile::ClientCa && error.to_string().contains("ca.pem"), "{error}");
    assert_eq!(TlsContext::check_client_ca(&fixture.path("ca.pem")), Err(error));
    fixture.put("ca.pem", issued(|_| {}).0);
    assert!(TlsContext::load(with(ClientAuth::Required)).is_ok());
    assert!(TlsContext::check_client_ca(&fixture.path("ca.pem")).is_ok());
}

#[test]
fn a_change_is_used_once_and_a_broken_one_reported_once() {
    let fixture = Fixture::new();
    let context = TlsContext::load(fixture.config()).expect("usable");
    let expires = context.expires();
    assert_eq!(context.reload(), Ok(false));

    // The certificate is there and its key not yet.
    let (cert, key) = issued(|params| params.not_after = rcgen::date_time_ymd(2100, 1, 1));
    fixture.put("cert.pem", cert);
    assert!(context.reload().expect_err("another key").to_string().contains("both files"));
    assert_eq!(context.reload(), Ok(false));
    assert_eq!(context.expires(), expires);
    fixture.put("key.pem", key);
    assert_eq!(context.reload(), Ok(true));
    assert_eq!(context.reload(), Ok(false));
    assert_eq!(context.expires(), 4_102_444_800);

    fs::remove_file(fixture.path("key.pem")).expect("removed");
    assert!(context.reload().is_err());
    assert_eq!(context.reload(), Ok(false));
    assert_eq!(context.expires(), 4_102_444_800);
}
