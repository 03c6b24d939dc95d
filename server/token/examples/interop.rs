//! Exchanges tokens with other JWT libraries, for `tests/tokens/run.sh`.
//!
//!   interop mint                      prints tokens of each algorithm with their keys, as JSON; some are damaged
//!   interop verify < TOKENS           verifies what another library has minted in that form
//!   interop snippet < TOKEN           verifies the token of a snippet of docs/tokens.md, with the secret in WIGWAG_SECRET

#[path = "../tests/support/signers.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod signers;

use std::io::Read as _;
use std::process::ExitCode;
use std::time::UNIX_EPOCH;

use serde_json::{Value, json};
use wigwag_token::{Algorithm, Claims, Issuer, Key, KeySet, Minter, Permissions, RoomPattern, Verifier};

use signers::{SECRET, SIGNERS};

fn main() -> ExitCode {
    let mut input = String::new();
    let command = std::env::args().nth(1).unwrap_or_default();
    if command != "mint" && std::io::stdin().read_to_string(&mut input).is_err() {
        return ExitCode::FAILURE;
    }
    let result = match command.as_str() {
        "mint" => mint(),
        "verify" => verify(&input),
        "snippet" => snippet(&input),
        _ => Err("usage: interop mint | verify | snippet".to_owned()),
    };
    match result {
        Ok(text) => println!("{text}"),
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// A token of each algorithm, and each damaged in its signature.
fn mint() -> Result<String, String> {
    let mut tokens = Vec::new();
    for signer in &SIGNERS[..4] {
        let minter = match signer.algorithm {
            Algorithm::Hs256 => Minter::hmac(signer.key_id, SECRET),
            _ => Minter::from_pem(signer.key_id, &signer.private_pem),
        };
        let mut claims = Claims::new("ada", now_ms() + 600_000);
        claims.display_name = Some("Ada \u{1f600}".into());
        claims.issued_at_ms = Some(now_ms());
        claims.issuer = Some("wigwag".into());
        claims.grants.rooms.extend(RoomPattern::parse("team-*"));
        claims.grants.can = Permissions::JOIN;
        let token = minter.map_err(text)?.with_audience("signal").mint(&claims).map_err(text)?;
        let key =
            if signer.public_pem.is_empty() { String::from_utf8_lossy(SECRET) } else { (&*signer.public_pem).into() };
        let (signed, signature) = token.rsplit_once('.').unwrap_or_default();
        let first = if signature.starts_with('A') { "B" } else { "A" };
        let damaged = format!("{signed}.{first}{}", &signature[1..]);
        for (token, good) in [(token.clone(), true), (damaged, false)] {
            tokens.push(json!({ "algorithm": signer.algorithm.name(), "key": key, "token": token, "good": good }));
        }
    }
    Ok(Value::from(tokens).to_string())
}

fn verify(input: &str) -> Result<String, String> {
    let tokens: Vec<Value> = serde_json::from_str(input).map_err(text)?;
    let mut algorithms = Vec::new();
    for token in &tokens {
        let field = |name: &str| token[name].as_str().ok_or_else(|| format!("a token without {name}"));
        let algorithm = Algorithm::parse(field("algorithm")?).ok_or("an unknown algorithm")?;
        let key = match algorithm {
            Algorithm::Hs256 => Key::hmac("main", field("key")?.as_bytes()),
            _ => Key::from_pem(Some("main"), field("key")?),
        };
        let issuer = Issuer {
            keys: KeySet::from(vec![key.map_err(text)?]),
            audiences: vec!["signal".to_owned()],
            ..Issuer::new("peer", vec![algorithm])
        };
        let verifier = Verifier::new(vec![issuer]).map_err(text)?;
        let claims = verifier.verify(field("token")?, now_ms()).map_err(|error| format!("{algorithm}: {error}"))?;
        check(&claims)?;
        algorithms.push(algorithm.name());
    }
    if algorithms.len() < 4 {
        return Err(format!("only {} tokens", algorithms.len()));
    }
    Ok(format!("{} tokens are accepted: {}", tokens.len(), algorithms.join(", ")))
}

fn snippet(token: &str) -> Result<String, String> {
    let secret = std::env::var("WIGWAG_SECRET").map_err(text)?;
    let key = Key::hmac("main", secret.as_bytes()).map_err(text)?;
    let verifier = Verifier::new(vec![Issuer::of_hmac_keys(KeySet::from(vec![key]))]).map_err(text)?;
    let claims = verifier.verify(token.trim(), now_ms()).map_err(text)?;
    check(&claims)?;
    let lives_ms = claims.expires_at_ms.saturating_sub(now_ms());
    if !(800_000..=900_000).contains(&lives_ms) {
        return Err(format!("the token is good for {lives_ms} ms, not for 15 minutes"));
    }
    Ok("accepted".to_owned())
}

fn check(claims: &Claims) -> Result<(), String> {
    let named = claims.display_name.as_deref().is_some_and(|name| name.starts_with("Ada"));
    let granted = claims.grants.allows(Permissions::JOIN, "team-1") && !claims.grants.admits("other");
    if &*claims.subject == "ada" && named && granted && claims.issued_at_ms.is_some() {
        Ok(())
    } else {
        Err("the token is good, but not its claims".to_owned())
    }
}

fn now_ms() -> u64 {
    UNIX_EPOCH.elapsed().ok().and_then(|time| u64::try_from(time.as_millis()).ok()).unwrap_or(0)
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
