//! `wigwag token inspect`.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use clap::Args;
use serde_json::{Map, Value, json};
use wigwag_token::{Algorithm, Issuer, TokenError, TokenErrorKind, Verifier};

use super::{claims::relative, given::given};
use crate::{
    duration::{unix_ms, utc},
    exit::Exit,
    failure::Failure,
    globals::Globals,
    output::{Output, fields},
};

/// The members of a JSON object.
type Object = Map<String, Value>;

/// Show what a token says. Its signature is not checked: `wigwag token verify` does that.
#[derive(Args)]
pub(crate) struct InspectArgs {
    /// The token, - is standard input (default: --token, --token-file, WIGWAG_TOKEN)
    token: Option<String>,
}

impl InspectArgs {
    pub(super) fn run(&self, globals: &Globals, output: Output) -> Result<Exit, Failure> {
        let token = given(self.token.as_deref(), globals)?;
        let (header, claims) = parts(&token)?;
        let problem = problem(&token);
        let value = json!({
            "header": header,
            "claims": claims,
            "expires_at": time_of(&claims, "exp").map(utc),
            "problem": problem.as_ref().map(ToString::to_string),
            "signature_checked": false,
        });
        output.show(&value, || {
            let mut rows = Vec::new();
            for (name, value) in &header {
                rows.push((format!("header {name}"), text(value)));
            }
            for (name, value) in &claims {
                let time = time_of(&claims, name).filter(|_| matches!(name.as_str(), "exp" | "iat" | "nbf"));
                match (name.as_str(), value) {
                    (_, _) if time.is_some() => {
                        let at = time.unwrap_or_default();
                        rows.push((name.clone(), format!("{} ({})", utc(at), relative(at))));
                    }
                    ("wigwag", Value::Object(members)) => {
                        rows.extend(members.iter().map(|(name, value)| (format!("wigwag {name}"), text(value))));
                    }
                    _ => rows.push((name.clone(), text(value))),
                }
            }
            let verdict = match &problem {
                Some(problem) => format!("servers refuse it: {problem}"),
                None => "not checked; the rest is in order".to_owned(),
            };
            rows.push(("signature".to_owned(), verdict));
            fields(rows.iter().map(|(name, value)| (name.as_str(), value.clone())))
        })
    }
}

/// Splits a token into the members of its header and its claims.
pub(super) fn parts(token: &str) -> Result<(Object, Object), Failure> {
    let malformed = |what: &str| {
        Failure::new(Exit::Failed, format!("this is not a token: {what}"))
            .with_reason("TOKEN_INVALID")
            .with_hint("a token is three parts of base64url with dots between them, as `wigwag token create` prints")
    };
    let parts: Vec<_> = token.split('.').collect();
    let [header, claims, _signature] = parts[..] else {
        return Err(malformed(&format!("it has {} parts", parts.len())));
    };
    let object = |part: &str, what: &str| {
        let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| malformed(&format!("{what} is not base64url")))?;
        serde_json::from_slice(&bytes).map_err(|_| malformed(&format!("{what} is not a JSON object")))
    };
    Ok((object(header, "its header")?, object(claims, "its payload")?))
}

/// What every server objects to, whatever its keys.
fn problem(token: &str) -> Option<TokenError> {
    let algorithms = vec![Algorithm::Hs256, Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa];
    let without_keys = Issuer { name: None, ..Issuer::new("", algorithms) };
    let verifier = Verifier::new(vec![without_keys]).ok()?;
    // Its key is looked for last.
    verifier.verify(token, unix_ms()).err().filter(|error| error.kind() != TokenErrorKind::UnknownKey)
}

/// Reads a time in seconds, which may have a fraction.
fn time_of(claims: &Map<String, Value>, name: &str) -> Option<u64> {
    let seconds = claims.get(name)?.as_f64().filter(|seconds| (0.0..253_402_300_800.0).contains(seconds))?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range was checked")]
    Some((seconds * 1_000.0) as u64)
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) if items.iter().all(Value::is_string) => {
            items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}
