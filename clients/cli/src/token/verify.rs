//! `wigwag token verify`.

use clap::Args;
use serde_json::{Value, json};
use wigwag_token::{Algorithm, Issuer, Verifier};

use super::{
    claims::{claims_json, relative},
    given::given,
    inspect,
    key::KeyArgs,
};
use crate::{
    duration::{unix_ms, utc},
    exit::Exit,
    failure::Failure,
    globals::Globals,
    output::{Output, fields},
};

/// Check a token with a key, as a server would. Exit code 1 if it is not good.
///
/// The key is the secret that signs (HS256), or a file with the public key: PEM, JWK or JWK Set (RS256, ES256, EdDSA).
#[derive(Args)]
pub(crate) struct VerifyArgs {
    /// The token, - is standard input (default: --token, --token-file, WIGWAG_TOKEN)
    token: Option<String>,
    /// Issuer that the token must name
    #[arg(long, value_name = "NAME")]
    issuer: Option<String>,
    /// Audience that the token must name
    #[arg(long, value_name = "NAME")]
    audience: Option<String>,
    #[command(flatten)]
    key: KeyArgs,
}

impl VerifyArgs {
    pub(super) fn run(&self, globals: &Globals, output: Output) -> Result<Exit, Failure> {
        let token = given(self.token.as_deref(), globals)?;
        let (header, _) = inspect::parts(&token)?;
        // Without --key-id the question is whether this key has signed it, whatever it is called.
        let keys = self.key.verifying(header.get("kid").and_then(Value::as_str))?;
        let mut algorithms: Vec<Algorithm> = Vec::new();
        for key in keys.iter() {
            if !algorithms.contains(&key.algorithm()) {
                algorithms.push(key.algorithm());
            }
        }
        let issuer = Issuer {
            name: self.issuer.as_deref().map(Into::into),
            keys,
            audiences: self.audience.iter().cloned().collect(),
            ..Issuer::new("", algorithms)
        };
        let unusable = |error| Failure::new(Exit::Refused, format!("the keys cannot be used: {error}"));
        let verifier = Verifier::new(vec![issuer]).map_err(unusable)?;
        let claims = verifier.verify(&token, unix_ms()).map_err(|error| {
            Failure::new(Exit::Failed, format!("the token is not good: {error}")).with_reason(error.kind().as_str())
        })?;
        output.show(&json!({ "valid": true, "claims": claims_json(&claims) }), || {
            let grants = &claims.grants;
            let rooms = grants.rooms.iter().map(|room| room.as_str()).collect::<Vec<_>>().join(", ");
            let rows = [
                ("token", "good".to_owned()),
                ("user", claims.subject.to_string()),
                ("name", claims.display_name.as_deref().unwrap_or_default().to_owned()),
                ("expires", format!("{} ({})", utc(claims.expires_at_ms), relative(claims.expires_at_ms))),
                ("namespace", claims.namespace.clone()),
                ("rooms", rooms),
                ("can", grants.can.names().collect::<Vec<_>>().join(", ")),
            ];
            fields(rows)
        })
    }
}
