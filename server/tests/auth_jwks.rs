//! JWK Sets: when they are fetched, from whom, and what happens while they cannot be.

use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rcgen::{CertificateParams, KeyPair, PKCS_ED25519, PublicKeyData as _};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tempfile::NamedTempFile;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use wigwag_node::clock::unix_ms;
use wigwag_server::auth::Authenticator;
use wigwag_server::config::{AuthIssuer, AuthSection};
use wigwag_token::{Claims, Minter, TokenErrorKind};

const ISSUER: &str = "https://issuer.example";

/// A key, its entry in a JWK Set, and tokens of it.
struct Signer {
    id: &'static str,
    jwk: String,
    minter: Minter,
}

impl Signer {
    fn new(id: &'static str) -> Self {
        let key = KeyPair::generate_for(&PKCS_ED25519).expect("a key");
        let x = base64url(key.der_bytes());
        let jwk = format!(r#"{{"kty":"OKP","crv":"Ed25519","use":"sig","kid":"{id}","x":"{x}"}}"#);
        let minter = Minter::from_pem(id, &key.serialize_pem()).expect("a key").with_audience("signal");
        Self { id, jwk, minter }
    }

    fn token(&self) -> String {
        let claims = Claims { issuer: Some(ISSUER.into()), ..Claims::new("ada", unix_ms() + 60_000) };
        self.minter.mint(&claims).unwrap_or_else(|error| panic!("{}: {error}", self.id))
    }
}

fn base64url(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let digits = bytes.chunks(3).flat_map(|chunk| {
        let bits = chunk.iter().enumerate().fold(0u32, |bits, (at, byte)| bits | u32::from(*byte) << (16 - 8 * at));
        (0..=chunk.len()).map(move |at| char::from(ALPHABET[(bits >> (18 - 6 * at)) as usize & 63]))
    });
    digits.collect()
}

fn documents(signers: &[&Signer]) -> String {
    let keys: Vec<&str> = signers.iter().map(|signer| signer.jwk.as_str()).collect();
    ok(&format!(r#"{{"keys":[{}]}}"#, keys.join(",")))
}

fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

/// A server that answers every request with the same text. Empty: not at all.
struct Source {
    addr: SocketAddr,
    answer: Arc<Mutex<String>>,
    requests: Arc<AtomicUsize>,
}

impl Source {
    async fn start(answer: String, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let addr = listener.local_addr().expect("an address");
        let (answer, requests) = (Arc::new(Mutex::new(answer)), Arc::new(AtomicUsize::new(0)));
        let (answers, counter) = (answer.clone(), requests.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (answers, counter, tls) = (answers.clone(), counter.clone(), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => answer_one(stream, &answers, &counter).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                answer_one(stream, &answers, &counter).await;
                            }
                        }
                    }
                });
            }
        });
        Self { addr, answer, requests }
    }

    fn set(&self, answer: String) {
        *self.answer.lock().expect("not poisoned") = answer;
    }

    fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    fn authenticator(&self, url: &str, ca_file: &str) -> Authenticator {
        let issuer = AuthIssuer {
            issuer: ISSUER.to_owned(),
            algorithms: vec!["EdDSA".to_owned()],
            audience: vec!["signal".to_owned()],
            jwks_url: url.replace("PORT", &self.addr.port().to_string()),
            ..AuthIssuer::default()
        };
        let section = AuthSection { issuers: vec![issuer], jwks_ca_file: ca_file.to_owned(), ..AuthSection::default() };
        Authenticator::new(&section).expect("usable").expect("an issuer is configured")
    }

    fn over_http(&self) -> Authenticator {
        self.authenticator("http://127.0.0.1:PORT/jwks.json", "")
    }
}

async fn answer_one(mut stream: impl AsyncRead + AsyncWrite + Unpin, answers: &Mutex<String>, counter: &AtomicUsize) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut request).await.unwrap_or(0) == 0 {
            return;
        }
    }
    assert!(request.starts_with(b"GET /jwks.json HTTP/1.1\r\n"));
    counter.fetch_add(1, Ordering::SeqCst);
    let answer = answers.lock().expect("not poisoned").clone();
    if answer.is_empty() {
        return std::future::pending().await;
    }
    // The client may have closed the connection after the first bytes of a large answer.
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
}

async fn kind(authenticator: &Authenticator, token: &str) -> Option<TokenErrorKind> {
    authenticator.verify(token, unix_ms()).await.err().map(|error| error.kind())
}

/// Lets more time pass than there must be between two fetches.
async fn pass_the_pause() {
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(11)).await;
    tokio::time::resume();
}

#[tokio::test]
async fn unknown_keys_are_fetched_once_for_all_tokens_and_at_most_once_in_ten_seconds() {
    let (one, two, three) = (Signer::new("one"), Signer::new("two"), Signer::new("three"));
    let source = Source::start(documents(&[&one]), None).await;
    let authenticator = source.over_http();
    assert_eq!(
        authenticator.verify_now(&one.token(), unix_ms()).expect_err("no key").kind(),
        TokenErrorKind::UnknownKey
    );

    let token = one.token();
    let many = (0..50).map(|_| kind(&authenticator, &token));
    let answers = futures_util::future::join_all(many).await;
    assert!(answers.iter().all(Option::is_none), "{answers:?}");
    assert_eq!(source.requests(), 1);

    source.set(documents(&[&two]));
    assert_eq!(kind(&authenticator, &two.token()).await, Some(TokenErrorKind::UnknownKey), "too early");
    assert_eq!(source.requests(), 1);
    pass_the_pause().await;
    assert_eq!(kind(&authenticator, &two.token()).await, None, "a new key");
    assert_eq!(kind(&authenticator, &three.token()).await, Some(TokenErrorKind::UnknownKey), "of no key in it");
    assert_eq!(kind(&authenticator, &one.token()).await, Some(TokenErrorKind::UnknownKey), "no longer in the set");
    assert_eq!((source.requests(), authenticator.stats().jwks_fetched()), (2, 2));
}

#[tokio::test]
async fn keys_stay_in_use_while_their_source_is_away() {
    let (one, two) = (Signer::new("one"), Signer::new("two"));
    let source = Source::start(documents(&[&one]), None).await;
    let authenticator = source.over_http();
    assert_eq!(kind(&authenticator, &one.token()).await, None);
    source.set("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n".to_owned());
    pass_the_pause().await;
    assert_eq!(kind(&authenticator, &two.token()).await, Some(TokenErrorKind::KeysUnavailable), "it may be good");
    assert_eq!(kind(&authenticator, &one.token()).await, None, "fetched before");
    assert_eq!(authenticator.stats().jwks_failed(), 1);
    source.set(documents(&[&one, &two]));
    pass_the_pause().await;
    assert_eq!(kind(&authenticator, &two.token()).await, None);
}

#[tokio::test]
async fn keys_are_fetched_before_the_first_token_needs_them() {
    let one = Signer::new("one");
    let source = Source::start(documents(&[&one]), None).await;
    let authenticator = source.over_http();
    let refreshing = tokio::spawn({
        let authenticator = authenticator.clone();
        async move { authenticator.refresh_forever().await }
    });
    let fetched = async {
        while authenticator.stats().jwks_fetched() == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), fetched).await.expect("fetched");
    assert!(authenticator.verify_now(&one.token(), unix_ms()).is_ok());
    refreshing.abort();
}

#[tokio::test]
async fn only_a_small_jwk_set_with_status_200_counts() {
    let one = Signer::new("one");
    let good = documents(&[&one]);
    let elsewhere = Source::start(good.clone(), None).await;
    let padded = format!("{{\"pad\":\"{}\",{}", "p".repeat(64 * 1024), &good[good.find("\"keys\"").expect("keys")..]);
    for (name, answer) in [
        (
            "a redirect",
            format!("HTTP/1.1 302 Found\r\nlocation: http://{}/jwks.json\r\ncontent-length: 0\r\n\r\n", elsewhere.addr),
        ),
        ("not found", good.replace("200 OK", "404 Not Found")),
        ("more than 64 KiB", ok(&padded)),
        ("a page", ok("<html>keys</html>")),
        ("no keys", ok("{\"keys\":[]}")),
        ("a cut document", good[..good.len() - 10].to_owned()),
        ("no HTTP", "SSH-2.0-OpenSSH\r\n".to_owned()),
    ] {
        let source = Source::start(answer, None).await;
        let authenticator = source.over_http();
        assert_eq!(kind(&authenticator, &one.token()).await, Some(TokenErrorKind::KeysUnavailable), "{name}");
        assert_eq!((source.requests(), authenticator.stats().jwks_failed()), (1, 1), "{name}");
    }
    assert_eq!(elsewhere.requests(), 0, "redirects are not followed");
    let silent = Source::start(String::new(), None).await;
    tokio::time::pause();
    assert_eq!(kind(&silent.over_http(), &one.token()).await, Some(TokenErrorKind::KeysUnavailable), "no answer");
}

#[tokio::test]
async fn over_tls_the_certificate_must_be_trusted_and_name_the_host() {
    let key = KeyPair::generate().expect("a key");
    let certificate = CertificateParams::new(["localhost".to_owned()])
        .and_then(|params| params.self_signed(&key))
        .expect("a certificate");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
        .expect("a certificate");
    let one = Signer::new("one");
    let source = Source::start(documents(&[&one]), Some(TlsAcceptor::from(Arc::new(config)))).await;
    let mut file = NamedTempFile::new().expect("a file");
    file.write_all(certificate.pem().as_bytes()).expect("written");
    let ca_file = file.path().to_str().expect("a path");

    let trusted = source.authenticator("https://localhost:PORT/jwks.json", ca_file);
    assert_eq!(kind(&trusted, &one.token()).await, None);
    assert_eq!(source.requests(), 1);
    let another_name = source.authenticator("https://127.0.0.1:PORT/jwks.json", ca_file);
    assert_eq!(kind(&another_name, &one.token()).await, Some(TokenErrorKind::KeysUnavailable));
    assert_eq!(source.requests(), 1, "nothing is requested from a server that is not the issuer's");
}
