//! Tokens that must be refused, each for its own reason.

#[path = "support/signers.rs"]
mod signers;

use signers::{NOW, NOW_MS, SECOND_SECRET, SECRET, SIGNERS, Signer, encode, hmac, verifier};
use wigwag_token::TokenErrorKind::{Expired, Invalid, NotYetValid, UnknownKey};
use wigwag_token::{MAX_TOKEN_BYTES, TokenErrorKind};

type Case = (String, String, TokenErrorKind);

/// Checks that every case is refused with its kind and a text that shows nothing of the token, and that good tokens are
/// accepted in between.
fn all_are_refused(cases: Vec<Case>, at_least: usize) {
    let verifier = verifier();
    assert!(cases.len() >= at_least, "only {} cases", cases.len());
    println!("{} hostile tokens", cases.len());
    for (name, token, kind) in cases {
        match verifier.verify(&token, NOW_MS) {
            Ok(_) => panic!("accepted: {name}"),
            Err(error) => {
                assert_eq!(error.kind(), kind, "{name}: {error}");
                assert_eq!(error.unknown_key().is_some(), kind == UnknownKey, "{name}");
                for text in [error.to_string(), format!("{error:?}")] {
                    assert!(!text.contains("hostile") && !text.contains("eyJ"), "{name}: {text}");
                }
            }
        }
        for signer in &SIGNERS[..4] {
            let claims = verifier.verify(&signer.good("ada"), NOW_MS).expect("a good token");
            assert_eq!(&*claims.subject, "ada");
        }
    }
}

fn case(name: impl Into<String>, token: impl Into<String>, kind: TokenErrorKind) -> Case {
    (name.into(), token.into(), kind)
}

/// A token of the key `main`, good but for its header.
fn with_header(header: &str) -> String {
    SIGNERS[0].sign(header, &SIGNERS[0].payload("hostile"))
}

/// A token of the key `main`, good but for its payload.
fn with_payload(payload: &str) -> String {
    SIGNERS[0].sign(&SIGNERS[0].header(), payload)
}

/// The payload of a good token with one claim replaced, or left out if `value` is empty.
fn replaced(signer: &Signer, name: &str, value: &str) -> String {
    let mut claims = vec![
        ("sub", r#""hostile""#.to_owned()),
        ("exp", (NOW + 60).to_string()),
        ("aud", r#""signal""#.to_owned()),
        ("wigwag", r#"{"rooms":["*"],"can":["join"]}"#.to_owned()),
    ];
    if !signer.issuer.is_empty() {
        claims.push(("iss", format!("{:?}", signer.issuer)));
    }
    claims.retain(|(known, _)| *known != name);
    if !value.is_empty() {
        claims.push((name, value.to_owned()));
    }
    let members: Vec<String> = claims.iter().map(|(name, value)| format!("{name:?}:{value}")).collect();
    format!("{{{}}}", members.join(","))
}

#[test]
fn algorithms() {
    let [main, rsa, ec, ed, other] = &*SIGNERS;
    let mut cases = Vec::new();
    for name in ["none", "None", "NONE", "nOnE", "none\\u0000", " none", "NonE"] {
        let header = format!(r#"{{"alg":"{name}","kid":"main"}}"#);
        let unsigned = format!("{}.{}.", encode(&header), encode(main.payload("hostile")));
        cases.push(case(format!("unsigned, alg {name}"), unsigned, Invalid));
        cases.push(case(format!("signed, alg {name}"), with_header(&header), Invalid));
    }
    for alg in [
        r#""hs256""#,
        r#""HS256 ""#,
        r#""HS384""#,
        r#""HS512""#,
        r#""PS256""#,
        r#""ES256K""#,
        r#""RS512""#,
        r#""""#,
        "256",
        r#"["HS256"]"#,
        r#"{"name":"HS256"}"#,
        "null",
        "true",
        r#""HS256\u0000""#,
        r#""dir""#,
        r#""EdDSA""#,
        r#""RS256""#,
    ] {
        cases.push(case(format!("alg {alg}"), with_header(&format!(r#"{{"alg":{alg},"kid":"main"}}"#)), Invalid));
    }
    cases.push(case("no alg", with_header(r#"{"kid":"main"}"#), Invalid));
    // A public key is known to everyone: none may do as the secret of HS256.
    for signer in [rsa, ec, ed, other] {
        let der = signer.public_pem.lines().filter(|line| !line.starts_with("---")).collect::<String>();
        for (form, secret) in [
            ("PEM", signer.public_pem.clone()),
            ("PEM without its last line break", signer.public_pem.trim_end().to_owned()),
            ("base64", der),
        ] {
            let forger = hmac(signer.key_id, secret.as_bytes());
            let token = forger.sign(&forger.header(), &signer.payload("hostile"));
            cases.push(case(
                format!("HS256 with the {} key of {} as {form}", signer.algorithm, signer.issuer),
                token,
                Invalid,
            ));
            let token = forger.sign(
                &format!(r#"{{"alg":"{}","kid":"{}"}}"#, signer.algorithm, signer.key_id),
                &signer.payload("hostile"),
            );
            cases.push(case(format!("{} with an HMAC of its {form}", signer.algorithm), token, Invalid));
        }
        let token = signer.sign(&main.header(), &main.payload("hostile"));
        cases.push(case(format!("a signature of {} under HS256", signer.algorithm), token, Invalid));
        let zeros = if signer.algorithm.name() == "RS256" { 256 } else { 64 };
        for byte in [0u8, 1, 255] {
            let signed = format!("{}.{}", encode(signer.header()), encode(signer.payload("hostile")));
            let token = format!("{signed}.{}", encode(vec![byte; zeros]));
            cases.push(case(format!("{} signature of bytes {byte}", signer.algorithm), token, Invalid));
        }
    }
    let token = ed.sign(&ed.header(), &rsa.payload("hostile").replace("rsa.example", "ec.example"));
    cases.push(case("EdDSA for an issuer with ES256", token, Invalid));
    all_are_refused(cases, 60);
}

#[test]
fn headers() {
    let main = &SIGNERS[0];
    let mut cases = Vec::new();
    for kid in [
        "../../../../dev/null",
        "/dev/null",
        "/etc/passwd",
        "x' UNION SELECT 'secret",
        "main\\u0000",
        "main\\n",
        "MAIN",
        "main ",
        " main",
        "second2",
        "rsa",
        "https://attacker.example/key",
        "*",
        "main*",
        "main,second",
    ] {
        let header = format!(r#"{{"alg":"HS256","kid":"{kid}"}}"#);
        cases.push(case(format!("kid {kid}"), with_header(&header), UnknownKey));
        let empty = hmac("", b"\0").sign(&header, &main.payload("hostile"));
        cases.push(case(format!("kid {kid}, signed with a zero byte"), empty, UnknownKey));
    }
    for kid in
        [format!("{:?}", "k".repeat(65)), r#""""#.into(), "7".into(), "null".into(), r#"["main"]"#.into(), "{}".into()]
    {
        cases.push(case(format!("kid {kid}"), with_header(&format!(r#"{{"alg":"HS256","kid":{kid}}}"#)), Invalid));
    }
    cases.push(case("the id of another key", with_header(r#"{"alg":"HS256","kid":"second"}"#), Invalid));
    cases.push(case("no kid, two keys", with_header(r#"{"alg":"HS256"}"#), Invalid));
    for member in [
        r#""crit":["exp"]"#,
        r#""crit":[]"#,
        r#""crit":null"#,
        r#""crit":["b64"],"b64":false"#,
        r#""b64":false"#,
        r#""b64":true"#,
        r#""zip":"DEF""#,
        r#""enc":"A256GCM""#,
        r#""typ":"JOSE""#,
        r#""typ":"at+jwt2""#,
        r#""typ":1"#,
        r#""typ":["JWT"]"#,
        r#""typ":"""#,
        r#""cty":"JWT""#,
        r#""alg":"HS256""#,
        r#""alg":"none""#,
        r#""kid":"second""#,
        r#""\u0061lg":"none""#,
    ] {
        let header = format!(r#"{{"alg":"HS256","kid":"main",{member}}}"#);
        cases.push(case(format!("header with {member}"), with_header(&header), Invalid));
    }
    // Keys that a token brings along are not looked at: these are signed with them.
    let forger = hmac("main", b"the secret of somebody else, 32+ bytes");
    let brought = encode(b"the secret of somebody else, 32+ bytes");
    for member in [
        format!(r#""jwk":{{"kty":"oct","k":"{brought}","kid":"main"}}"#),
        r#""jku":"https://attacker.example/jwks.json""#.to_owned(),
        r#""x5u":"https://attacker.example/chain.pem""#.to_owned(),
        format!(r#""x5c":["{brought}"],"x5t":"abc""#),
    ] {
        let header = format!(r#"{{"alg":"HS256","kid":"main",{member}}}"#);
        cases.push(case(format!("a key in {}", &member[..6]), forger.sign(&header, &main.payload("hostile")), Invalid));
    }
    for header in [
        "[]",
        "null",
        "\"HS256\"",
        "",
        "{",
        "{}{}",
        "{\"alg\":\"HS256\"",
        "\u{feff}{\"alg\":\"HS256\",\"kid\":\"main\"}",
    ] {
        cases.push(case(format!("the header {header}"), with_header(header), Invalid));
    }
    let bytes =
        main.sign_bytes(b"{\"alg\":\"HS256\",\"kid\":\"main\",\"x\":\"\xff\"}", main.payload("hostile").as_bytes());
    cases.push(case("a header that is not UTF-8", bytes, Invalid));
    all_are_refused(cases, 50);
}

#[test]
fn forms() {
    let main = &SIGNERS[0];
    let good = main.good("hostile");
    let parts: Vec<&str> = good.split('.').collect();
    let [header, payload, signature] = parts[..] else { panic!("three parts") };
    let long = |bytes: usize| {
        let mut payload = main.payload("hostile");
        payload.insert_str(1, &format!(r#""pad":"{}","#, "p".repeat(bytes)));
        with_payload(&payload)
    };
    let mut cases = vec![
        case("64 KiB", long(64 * 1024), Invalid),
        case("one byte too long", long(MAX_TOKEN_BYTES), Invalid),
        case("a nested token", with_payload(&format!("{good:?}")), Invalid),
        case(
            "a token as JSON",
            format!(r#"{{"protected":"{header}","payload":"{payload}","signature":"{signature}"}}"#),
            Invalid,
        ),
        case("no signature", format!("{header}.{payload}."), Invalid),
        case("half a signature", format!("{header}.{payload}.{}", &signature[..20]), Invalid),
        case("two signatures", format!("{header}.{payload}.{signature}{signature}"), Invalid),
        case("no payload", format!("{header}..{signature}"), Invalid),
        case("no header", format!(".{payload}.{signature}"), Invalid),
        case("header and payload swapped", format!("{payload}.{header}.{signature}"), Invalid),
        case("four parts", format!("{good}.{signature}"), Invalid),
        case("five parts, as of an encrypted token", format!("{header}..{payload}.{payload}.{signature}"), Invalid),
        case("two parts", format!("{header}.{payload}"), Invalid),
        case("one part", header, Invalid),
        case(
            "a signature with an HMAC of the payload alone",
            format!("{header}.{payload}.{}", main.sign_text(payload).rsplit('.').next().unwrap_or_default()),
            Invalid,
        ),
    ];
    for text in ["", ".", "..", "...", " ", "null", "{}", "\0", "é.é.é", "%2e%2e"] {
        cases.push(case(format!("the text {text:?}"), text, Invalid));
    }
    for (name, token) in [
        ("a space before", format!(" {good}")),
        ("a line break after it", format!("{good}\n")),
        ("a NUL after it", format!("{good}\0")),
        ("a dot after it", format!("{good}.")),
        ("Bearer before", format!("Bearer {good}")),
        ("a line break inside", format!("{header}.\n{payload}.{signature}")),
        ("padding after the signature", format!("{good}=")),
        ("padding after the payload", format!("{header}.{payload}=.{signature}")),
        ("percent-encoded padding", format!("{good}%3D")),
    ] {
        cases.push(case(name, token, Invalid));
    }
    // Also correctly signed ones: who signs must write base64url in its only form.
    for (name, signed) in [
        ("padding after the header", format!("{header}=.{payload}")),
        ("padding after the payload", format!("{header}.{payload}==")),
        ("the other alphabet", format!("{header}.{}", encode(main.payload("\u{3ff}\u{3ff}?>")).replace('_', "/"))),
        ("white space in the payload", format!("{header}.{} {}", &payload[..8], &payload[8..])),
    ] {
        let signed = if name == "the other alphabet" && !signed.contains('/') { format!("{signed}+") } else { signed };
        cases.push(case(format!("signed with {name}"), main.sign_text(&signed), Invalid));
    }
    all_are_refused(cases, 30);
}

#[test]
fn base64_has_one_form() {
    // The last character of 32 and of 64 bytes has bits that encode nothing: all values of them decode to the same bytes.
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut cases = Vec::new();
    for signer in &SIGNERS[..4] {
        let good = signer.good("hostile");
        let (rest, last) = good.split_at(good.len() - 1);
        let at = ALPHABET.iter().position(|c| last.as_bytes() == [*c]).expect("a character of base64url");
        let free = if signer.algorithm.name() == "HS256" { 4 } else { 16 };
        for offset in 1..free {
            let other = char::from(ALPHABET[at ^ offset]);
            cases.push(case(
                format!("{} with the tail bits {offset}", signer.algorithm),
                format!("{rest}{other}"),
                Invalid,
            ));
        }
    }
    all_are_refused(cases, 3 + 3 * 15);
}

#[test]
fn claims() {
    let [main, rsa, _, _, other] = &*SIGNERS;
    let mut cases = Vec::new();
    let values: &[(&str, &[&str])] = &[
        (
            "exp",
            &[
                "",
                "null",
                "true",
                "\"1900000000\"",
                "[1900000000]",
                "{}",
                "-1",
                "1e300",
                "1900000000000",
                "253402300800",
            ],
        ),
        ("nbf", &["\"0\"", "null", "-5", "[]"]),
        ("iat", &["\"0\"", "null", "1e300"]),
        (
            "sub",
            &["", "\"\"", "7", "null", "[\"ada\"]", "{\"id\":\"ada\"}", "\"a\\u0000b\"", "\"a\\nb\"", "\"\\u0085\""],
        ),
        ("name", &["7", "[]", "\"a\\u001b[31m\""]),
        ("jti", &["\"\"", "7", "null"]),
        ("iss", &["7", "[\"https://rsa.example\"]", "null", "\"\""]),
        ("aud", &["7", "{}", "[7]", "[\"signal\",7]"]),
        (
            "wigwag",
            &[
                "null",
                "[]",
                "\"admin\"",
                "true",
                "{\"can\":\"join\"}",
                "{\"can\":[\"jion\"]}",
                "{\"can\":[\"Join\"]}",
                "{\"can\":[[\"join\"]]}",
                "{\"can\":{\"join\":true}}",
                "{\"can\":[\"*\"]}",
                "{\"rooms\":\"*\"}",
                "{\"rooms\":[\"\"]}",
                "{\"rooms\":[7]}",
                "{\"rooms\":[\"a\\u0000\"]}",
                "{\"Rooms\":[\"*\"]}",
                "{\"room\":\"*\"}",
                "{\"max_members\":0}",
                "{\"max_members\":-1}",
                "{\"max_members\":1.5}",
                "{\"max_members\":\"5\"}",
                "{\"max_members\":4294967296}",
                "{\"duplicate_users\":\"REJECT\"}",
                "{\"duplicate_users\":1}",
                "{\"metadata\":[]}",
                "{\"metadata\":{\"a\":1}}",
                "{\"ns\":\"A\"}",
                "{\"ns\":\"a/b\"}",
                "{\"ns\":\"a\\u001f\"}",
                "{\"ns\":7}",
                "{\"can\":[],\"can\":[\"admin\"]}",
            ],
        ),
    ];
    for (name, values) in values {
        for value in *values {
            cases.push(case(format!("{name}: {value}"), with_payload(&replaced(main, name, value)), Invalid));
        }
    }
    let exp = (NOW + 60).to_string();
    for (name, payload) in [
        ("exp that is not a JSON number", replaced(main, "exp", "NaN")),
        ("exp beyond f64", replaced(main, "exp", "1e999")),
        ("sub of 129 bytes", replaced(main, "sub", &format!("{:?}", "s".repeat(129)))),
        ("name of 129 bytes", replaced(main, "name", &format!("{:?}", "n".repeat(129)))),
        ("101 rooms", replaced(main, "wigwag", &format!("{{\"rooms\":[{}]}}", vec!["\"r\""; 101].join(",")))),
        ("a room of 129 bytes", replaced(main, "wigwag", &format!("{{\"rooms\":[{:?}]}}", "r".repeat(129)))),
        (
            "metadata of 4,097 bytes",
            replaced(main, "wigwag", &format!("{{\"metadata\":{{\"k\":{:?}}}}}", "m".repeat(4_096))),
        ),
        ("two exp", format!("{{\"sub\":\"hostile\",\"exp\":1,\"exp\":{exp}}}")),
        ("two sub", format!("{{\"sub\":\"hostile\",\"sub\":\"eve\",\"exp\":{exp}}}")),
        ("two exp, one escaped", format!("{{\"sub\":\"hostile\",\"exp\":{exp},\"e\\u0078p\":{exp}}}")),
        ("two members deep inside", format!("{{\"sub\":\"hostile\",\"exp\":{exp},\"x\":[{{\"a\":1,\"a\":2}}]}}")),
        ("a list", "[]".to_owned()),
        ("a text", "\"hostile\"".to_owned()),
        ("nothing", String::new()),
        ("two objects", "{}{}".to_owned()),
        ("single quotes", "{'sub':'hostile'}".to_owned()),
        ("deep nesting", format!("{{\"sub\":\"hostile\",\"exp\":{exp},\"x\":{}}}", "[".repeat(3_000))),
    ] {
        cases.push(case(name, with_payload(&payload), Invalid));
    }
    for (name, value, kind) in [
        ("exp", "1", Expired),
        ("exp", "0", Expired),
        ("exp", &(NOW - 10).to_string(), Expired),
        ("nbf", &(NOW + 11).to_string(), NotYetValid),
        ("nbf", "253402300799", NotYetValid),
        ("iat", &(NOW + 3_600).to_string(), NotYetValid),
    ] {
        cases.push(case(format!("{name} {value}"), with_payload(&replaced(main, name, value)), kind));
    }
    for aud in
        ["", r#""signal2""#, r#""sig""#, r#""SIGNAL""#, r#""signal ""#, "[]", r#"["a","b"]"#, r#"["signal\u0000"]"#]
    {
        cases.push(case(format!("aud {aud}"), rsa.sign(&rsa.header(), &replaced(rsa, "aud", aud)), Invalid));
    }
    for iss in [
        r#""https://rsa.example/""#,
        r#""https://RSA.example""#,
        r#""https://rsa.example\u0000""#,
        "",
        r#""https://other.example""#,
    ] {
        let token = rsa.sign(&rsa.header(), &replaced(rsa, "iss", iss));
        cases.push(case(format!("the key of rsa.example with iss {iss}"), token, Invalid));
    }
    cases.push(case(
        "another issuer's key with the same id",
        other.sign(&other.header(), &rsa.payload("hostile")),
        Invalid,
    ));
    cases.push(case(
        "the secret of auth.keys for an issuer",
        hmac("rsa", SECRET).sign(&main.header(), &rsa.payload("hostile")),
        Invalid,
    ));
    cases.push(case("another secret", hmac("main", SECOND_SECRET).good("hostile"), Invalid));
    all_are_refused(cases, 90);
}
