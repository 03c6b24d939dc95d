//! Keys, issuers and times.

#[path = "support/signers.rs"]
#[allow(dead_code, reason = "the other tests use the rest")]
mod signers;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use signers::{NOW_MS, SECRET, SIGNERS, Signer, encode, verifier};
use wigwag_token::TokenErrorKind::{Expired, NotYetValid, UnknownKey};
use wigwag_token::{
    Algorithm, Claims, Grants, Issuer, IssuerError, Key, KeyError, KeySet, Minter, Permissions, RoomPattern, Verifier,
};

/// Returns the JWK of a signer's public key, with more members.
fn jwk(signer: &Signer, id: &str, more: &str) -> String {
    let der = STANDARD
        .decode(signer.public_pem.lines().filter(|line| !line.starts_with("---")).collect::<String>())
        .expect("base64");
    let end = |from_end: usize, length: usize| URL_SAFE_NO_PAD.encode(&der[der.len() - from_end..][..length]);
    let members = match signer.algorithm {
        // The modulus is followed by the exponent 65537, five bytes with its tag and length.
        Algorithm::Rs256 => format!(r#""kty":"RSA","e":"AQAB","n":"{}""#, end(256 + 5, 256)),
        Algorithm::Es256 => format!(r#""kty":"EC","crv":"P-256","x":"{}","y":"{}""#, end(64, 32), end(32, 32)),
        _ => format!(r#""kty":"OKP","crv":"Ed25519","x":"{}""#, end(32, 32)),
    };
    format!(r#"{{"kid":"{id}",{members}{more}}}"#)
}

#[test]
fn a_token_of_each_algorithm_is_verified() {
    let verifier = verifier();
    for signer in &*SIGNERS {
        let claims = verifier.verify(&signer.good("ada"), NOW_MS).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(claims.issuer.as_deref().unwrap_or_default(), signer.issuer);
        assert!(claims.grants.allows(Permissions::JOIN | Permissions::SEND, "room"));
        assert!(!claims.grants.allows(Permissions::JOIN, "other") && !claims.grants.allows(Permissions::LIST, "room"));
    }
}

#[test]
fn what_is_minted_is_verified_with_every_claim() {
    let mut claims = Claims::new("ada", NOW_MS + 1_500);
    claims.display_name = Some("Ada \u{1f600}".into());
    claims.issued_at_ms = Some(NOW_MS - 1);
    claims.id = Some("token-1".into());
    claims.namespace = "team-1".to_owned();
    claims.grants = Grants {
        rooms: vec![RoomPattern::parse("a*").expect("a pattern")],
        can: Permissions::all(),
        max_members: Some(2),
        duplicate_users: wigwag_token::DuplicateUsers::parse("replace"),
        metadata: [("k".to_owned(), "v".to_owned())].into(),
    };
    let token = Minter::hmac("main", SECRET).expect("a key").mint(&claims).expect("minted");
    assert_eq!(verifier().verify(&token, NOW_MS), Ok(claims.clone()));
    claims.subject = "".into();
    assert!(
        Minter::hmac("main", SECRET).expect("a key").mint(&claims).is_err(),
        "what no verifier accepts is not signed"
    );
}

#[test]
fn clocks_may_be_ten_seconds_apart() {
    let (verifier, minter) = (verifier(), Minter::hmac("main", SECRET).expect("a key"));
    let token =
        minter.mint(&Claims { issued_at_ms: Some(NOW_MS), ..Claims::new("ada", NOW_MS + 60_000) }).expect("minted");
    let kind = |now_ms| verifier.verify(&token, now_ms).map_err(|error| error.kind());
    assert_eq!(kind(NOW_MS - 10_001), Err(NotYetValid));
    assert!(kind(NOW_MS - 10_000).is_ok() && kind(NOW_MS + 69_999).is_ok());
    assert_eq!(kind(NOW_MS + 70_000), Err(Expired));
    assert_eq!(kind(u64::MAX), Err(Expired));
}

#[test]
fn keys_are_read_from_pem_and_jwk() {
    for signer in &SIGNERS[1..4] {
        let from_pem = Key::from_pem(Some("id"), &signer.public_pem).expect("a key");
        let from_jwk = Key::from_jwk(None, &jwk(signer, "id", "")).expect("a key");
        for key in [from_pem, from_jwk] {
            assert_eq!((key.id(), key.algorithm()), (Some("id"), signer.algorithm));
            let issuer = Issuer { keys: KeySet::from(vec![key]), ..Issuer::new(signer.issuer, vec![signer.algorithm]) };
            let verifier = Verifier::new(vec![issuer]).expect("an issuer");
            let header = format!(r#"{{"alg":"{}","kid":"id"}}"#, signer.algorithm);
            assert!(verifier.verify(&signer.sign(&header, &signer.payload("ada")), NOW_MS).is_ok());
            let header = format!(r#"{{"alg":"{}"}}"#, signer.algorithm);
            assert!(
                verifier.verify(&signer.sign(&header, &signer.payload("ada")), NOW_MS).is_ok(),
                "one key needs no kid"
            );
        }
    }
}

#[test]
fn what_cannot_verify_is_no_key() {
    let [_, rsa, ec, ed, _] = &*SIGNERS;
    let pem = |text: &str| Key::from_pem(None, text).expect_err(text);
    assert_eq!(pem("text"), KeyError::NoKey);
    assert_eq!(pem(&rsa.public_pem.replace("PUBLIC", "PRIVATE")), KeyError::PrivateKey);
    assert_eq!(pem(&rsa.public_pem.replace("PUBLIC KEY", "CERTIFICATE")), KeyError::Certificate);
    assert_eq!(pem(&format!("{}{}", rsa.public_pem, ec.public_pem)), KeyError::SeveralKeys);
    assert_eq!(pem("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"), KeyError::Unsupported);
    for more in [r#","use":"enc""#, r#","alg":"RS512""#, r#","alg":7"#, r#","key_ops":["encrypt"]"#] {
        assert_eq!(Key::from_jwk(None, &jwk(rsa, "id", more)).expect_err(more), KeyError::Unsupported);
    }
    assert_eq!(Key::from_jwk(None, &jwk(ed, "id", r#","d":"AAAA""#)).expect_err("d"), KeyError::PrivateKey);
    let with = |n: &str, e: &str| Key::from_jwk(None, &format!(r#"{{"kty":"RSA","n":"{n}","e":"{e}"}}"#)).map(|_| ());
    assert_eq!(with(&encode([255; 128]), "AQAB"), Err(KeyError::RsaSize(1_024)));
    assert_eq!(with(&encode([&[0; 128][..], &[255; 128]].concat()), "AQAB"), Err(KeyError::RsaSize(1_024)));
    assert_eq!(with(&encode([255; 2_048]), "AQAB"), Err(KeyError::RsaSize(16_384)));
    for exponent in ["AQ", "AA", "", "Ag", "AQABAQAB"] {
        assert_eq!(with(&encode([255; 256]), exponent), Err(KeyError::Unsupported), "{exponent}");
    }
    for text in
        [r#"{"kty":"oct","k":"c2VjcmV0"}"#, r#"{"kty":"EC","crv":"P-384"}"#, r#"{"kty":"OKP","crv":"X25519","x":"AA"}"#]
    {
        assert_eq!(Key::from_jwk(None, text).map(|_| ()), Err(KeyError::Unsupported), "{text}");
    }
    assert_eq!(Key::hmac("id", &[7; 31]).map(|_| ()), Err(KeyError::ShortSecret(31)));
    assert_eq!(Key::hmac("id", rsa.public_pem.as_bytes()).map(|_| ()), Err(KeyError::NotSecret));
    assert_eq!(Key::hmac("", SECRET).map(|_| ()), Err(KeyError::Id));
}

#[test]
fn a_jwk_set_replaces_the_keys_that_were_fetched_before() {
    let [_, rsa, ec, ..] = &*SIGNERS;
    let issuer = Issuer::new(rsa.issuer, vec![Algorithm::Rs256]);
    let verifier = Verifier::new(vec![issuer]).expect("an issuer");
    let missing = |id: &str| {
        let token = rsa.sign(&format!(r#"{{"alg":"RS256","kid":"{id}"}}"#), &rsa.payload("ada"));
        verifier.verify(&token, NOW_MS).err()
    };
    let error = missing("one").expect("no key yet");
    assert_eq!(error.kind(), UnknownKey);
    let key = error.unknown_key().expect("a key");
    assert_eq!((key.issuer.as_deref(), key.key_id.as_deref()), (Some(rsa.issuer), Some("one")));

    let set = |id| {
        KeySet::from_jwks(&format!(
            r#"{{"keys":[{},{},{{"kty":"oct","k":"AA"}}]}}"#,
            jwk(rsa, id, ""),
            jwk(ec, "ec", "")
        ))
    };
    assert_eq!(verifier.replace_fetched_keys(rsa.issuer, &set("one").expect("a set")), Some(1), "ES256 is not allowed");
    assert!(missing("one").is_none() && missing("two").is_some());
    verifier.replace_fetched_keys(rsa.issuer, &set("two").expect("a set"));
    assert!(missing("one").is_some() && missing("two").is_none());
    assert_eq!(verifier.replace_fetched_keys("https://absent.example", &KeySet::empty()), None);
}

#[test]
fn documents_that_are_no_key_sets_are_refused() {
    let rsa = &SIGNERS[1];
    let twice = format!(r#"{{"keys":[{},{}]}}"#, jwk(rsa, "a", ""), jwk(rsa, "a", ""));
    assert_eq!(KeySet::from_jwks(&twice).map(|_| ()), Err(KeyError::Ambiguous));
    let many = format!(r#"{{"keys":[{}]}}"#, vec!["{}"; 101].join(","));
    assert_eq!(KeySet::from_jwks(&many).map(|_| ()), Err(KeyError::TooMany(101)));
    for text in ["", "[]", "{}", r#"{"keys":{}}"#, "<html>", r#"{"keys":[],"keys":[]}"#] {
        assert!(matches!(KeySet::from_jwks(text), Err(KeyError::Document(_))), "{text}");
    }
    assert_eq!(KeySet::from_jwks(r#"{"keys":[{"kty":"oct","k":"AA"},7]}"#).map(|_| ()), Err(KeyError::NoneUsable(2)));
}

#[test]
fn issuers_that_contradict_each_other_are_refused() {
    let key = || Key::hmac("main", SECRET).expect("a key");
    let hmac = |keys| Issuer::of_hmac_keys(KeySet::from(keys));
    let refused = |issuers| Verifier::new(issuers).map(|_| ()).expect_err("refused");
    assert_eq!(refused(vec![hmac(vec![key()]), hmac(vec![key()])]), IssuerError::SameName);
    assert_eq!(refused(vec![hmac(vec![key(), key()])]), IssuerError::SameKeyId);
    assert_eq!(refused(vec![Issuer::new("a", Vec::new())]), IssuerError::NoAlgorithm);
    let other = Issuer { keys: KeySet::from(vec![key()]), ..Issuer::new("a", vec![Algorithm::EdDsa]) };
    assert_eq!(refused(vec![other]), IssuerError::UnusedKey(Algorithm::Hs256));
}

#[test]
fn tokens_without_the_claim_get_what_the_issuer_grants() {
    let ed = &SIGNERS[3];
    let key = Key::from_pem(Some("ed"), &ed.public_pem).expect("a key");
    let default_grants = Grants {
        rooms: vec![RoomPattern::parse("lobby").expect("a pattern")],
        can: Permissions::JOIN,
        ..Grants::default()
    };
    let issuer =
        Issuer { keys: KeySet::from(vec![key]), default_grants, ..Issuer::new(ed.issuer, vec![Algorithm::EdDsa]) };
    let verifier = Verifier::new(vec![issuer]).expect("an issuer");
    let grants = |more: &str| {
        let payload = format!(r#"{{"sub":"ada","exp":1900000000,"iss":"{}"{more}}}"#, ed.issuer);
        verifier.verify(&ed.sign(&ed.header(), &payload), NOW_MS).expect("good").grants
    };
    assert!(grants("").allows(Permissions::JOIN, "lobby") && !grants("").allows(Permissions::JOIN, "other"));
    assert_eq!(grants(r#","wigwag":{}"#), Grants::default());
}

#[test]
fn an_issuer_may_be_of_one_namespace() {
    let ed = &SIGNERS[3];
    let verifier = |namespace: &str| {
        let keys = KeySet::from(vec![Key::from_pem(Some("ed"), &ed.public_pem).expect("a key")]);
        let namespace = namespace.to_owned();
        let issuer = Issuer { keys, namespace, ..Issuer::new(ed.issuer, vec![Algorithm::EdDsa]) };
        Verifier::new(vec![issuer]).expect("an issuer")
    };
    let verified = |of_issuer: &str, more: &str| {
        let payload = format!(r#"{{"sub":"ada","exp":1900000000,"iss":"{}"{more}}}"#, ed.issuer);
        verifier(of_issuer).verify(&ed.sign(&ed.header(), &payload), NOW_MS).map(|claims| claims.namespace)
    };
    let named = r#","wigwag":{"ns":"team-1"}"#;
    assert_eq!(verified("", "").expect("good"), "");
    for (of_issuer, more) in [("", named), ("team-1", named), ("team-1", ""), ("team-1", r#","wigwag":{}"#)] {
        assert_eq!(verified(of_issuer, more).expect("good"), "team-1", "{of_issuer:?} {more}");
    }
    assert!(verified("team-2", named).is_err(), "that of another tenant");
}

#[test]
fn nothing_shows_a_secret() {
    let (key, minter) = (Key::hmac("main", SECRET).expect("a key"), Minter::hmac("main", SECRET).expect("a key"));
    for text in [format!("{key:?}"), format!("{minter:?}"), format!("{:?}", verifier())] {
        assert!(!text.contains("secret") && !text.contains("116, 104, 101"), "{text}");
    }
}
