//! Keys of each algorithm, and tokens signed with them.

use std::sync::LazyLock;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::EncodingKey;
use wigwag_token::{Algorithm, Issuer, Key, KeySet, Verifier};

/// When the tests take place, in milliseconds and in seconds since 1970.
pub(crate) const NOW_MS: u64 = 1_800_000_000_000;
pub(crate) const NOW: u64 = NOW_MS / 1_000;

pub(crate) const SECRET: &[u8] = b"the secret of the key named main";
pub(crate) const SECOND_SECRET: &[u8] = b"the secret of the key named second";

/// Signs whatever it is given.
pub(crate) struct Signer {
    pub(crate) issuer: &'static str,
    pub(crate) key_id: &'static str,
    pub(crate) algorithm: Algorithm,
    pub(crate) public_pem: String,
    /// Empty for a secret.
    #[allow(dead_code, reason = "not every test needs it")]
    pub(crate) private_pem: String,
    encoding: EncodingKey,
}

impl Signer {
    /// Signs a header and a payload as they are written.
    pub(crate) fn sign(&self, header: &str, payload: &str) -> String {
        self.sign_bytes(header.as_bytes(), payload.as_bytes())
    }

    pub(crate) fn sign_bytes(&self, header: &[u8], payload: &[u8]) -> String {
        self.sign_text(&format!("{}.{}", encode(header), encode(payload)))
    }

    /// Signs the first two parts of a token.
    pub(crate) fn sign_text(&self, signed: &str) -> String {
        let algorithm = match self.algorithm {
            Algorithm::Hs256 => jsonwebtoken::Algorithm::HS256,
            Algorithm::Rs256 => jsonwebtoken::Algorithm::RS256,
            Algorithm::Es256 => jsonwebtoken::Algorithm::ES256,
            Algorithm::EdDsa => jsonwebtoken::Algorithm::EdDSA,
        };
        let signature = jsonwebtoken::crypto::sign(signed.as_bytes(), &self.encoding, algorithm).expect("signed");
        format!("{signed}.{signature}")
    }

    /// Returns the header of good tokens.
    pub(crate) fn header(&self) -> String {
        format!(r#"{{"alg":"{}","typ":"JWT","kid":"{}"}}"#, self.algorithm, self.key_id)
    }

    /// Returns the claims of a good token.
    pub(crate) fn payload(&self, subject: &str) -> String {
        let issuer = if self.issuer.is_empty() { String::new() } else { format!(r#","iss":"{}""#, self.issuer) };
        format!(
            r#"{{"sub":"{subject}","exp":{},"aud":"signal"{issuer},"wigwag":{{"rooms":["r*"],"can":["join","send"]}}}}"#,
            NOW + 60
        )
    }

    /// Returns a good token.
    pub(crate) fn good(&self, subject: &str) -> String {
        self.sign(&self.header(), &self.payload(subject))
    }
}

/// A signer of each algorithm, in the order of [`Algorithm::ALL`], and one of another issuer whose key has the same id as
/// the one with RS256.
pub(crate) static SIGNERS: LazyLock<[Signer; 5]> = LazyLock::new(|| {
    [
        hmac("main", SECRET),
        rsa("https://rsa.example"),
        p256("https://ec.example"),
        ed25519("https://ed.example"),
        rsa("https://other.example"),
    ]
});

pub(crate) fn hmac(key_id: &'static str, secret: &[u8]) -> Signer {
    let encoding = EncodingKey::from_secret(secret).expect("a secret");
    Signer {
        issuer: "",
        key_id,
        algorithm: Algorithm::Hs256,
        public_pem: String::new(),
        private_pem: String::new(),
        encoding,
    }
}

fn rsa(issuer: &'static str) -> Signer {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key");
    let private = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).expect("DER");
    let public = AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()).expect("DER");
    let private_pem = pem("PRIVATE KEY", private.as_ref());
    let encoding = EncodingKey::from_rsa_pem(private_pem.as_bytes()).expect("a key");
    let public_pem = pem("PUBLIC KEY", public.as_ref());
    Signer { issuer, key_id: "rsa", algorithm: Algorithm::Rs256, public_pem, private_pem, encoding }
}

fn p256(issuer: &'static str) -> Signer {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
    let private = pair.to_pkcs8v1().expect("DER");
    let public = AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()).expect("DER");
    let private_pem = pem("PRIVATE KEY", private.as_ref());
    let encoding = EncodingKey::from_ec_pem(private_pem.as_bytes()).expect("a key");
    let public_pem = pem("PUBLIC KEY", public.as_ref());
    Signer { issuer, key_id: "ec", algorithm: Algorithm::Es256, public_pem, private_pem, encoding }
}

fn ed25519(issuer: &'static str) -> Signer {
    let pair = Ed25519KeyPair::generate().expect("a key");
    let private = pair.to_pkcs8v1().expect("DER");
    let public = AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()).expect("DER");
    let private_pem = pem("PRIVATE KEY", private.as_ref());
    let encoding = EncodingKey::from_ed_pem(private_pem.as_bytes()).expect("a key");
    let public_pem = pem("PUBLIC KEY", public.as_ref());
    Signer { issuer, key_id: "ed", algorithm: Algorithm::EdDsa, public_pem, private_pem, encoding }
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).expect("ASCII")).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// Returns a verifier that knows all signers, and a second secret.
pub(crate) fn verifier() -> Verifier {
    let secrets = [("main", SECRET), ("second", SECOND_SECRET)];
    let secrets: Vec<Key> = secrets.iter().map(|(id, secret)| Key::hmac(id, secret).expect("a key")).collect();
    let mut issuers = vec![Issuer::of_hmac_keys(KeySet::from(secrets))];
    for signer in &SIGNERS[1..] {
        let key = Key::from_pem(Some(signer.key_id), &signer.public_pem).expect("a key");
        issuers.push(Issuer {
            keys: KeySet::from(vec![key]),
            audiences: vec!["signal".to_owned()],
            ..Issuer::new(signer.issuer, vec![signer.algorithm])
        });
    }
    Verifier::new(issuers).expect("issuers")
}

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
