//! Keys that sign and check tokens.

use std::path::PathBuf;

use clap::Args;
use serde_json::Value;
use wigwag_token::{Key, KeyError, KeySet, Minter};

use crate::{
    exit::Exit,
    failure::Failure,
    target::variable,
    text_input::{self, without_line_end},
};

/// Longest file with a key.
const MAX_KEY_FILE: usize = 256 << 10;

/// Where the key is.
#[derive(Debug, Args)]
pub(super) struct KeyArgs {
    /// File with the key, - is standard input (WIGWAG_KEY_FILE; the secret itself may be in WIGWAG_SECRET)
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Id of the key, the kid of the token's header
    #[arg(long, value_name = "ID")]
    pub(super) key_id: Option<String>,
}

impl KeyArgs {
    /// Reads a key that signs: a secret (HS256), or a private key in PEM (PKCS #8; RS256, ES256, EdDSA).
    pub(super) fn minter(&self) -> Result<Minter, Failure> {
        let text = self.read()?;
        let id = self.key_id.as_deref().unwrap_or("main");
        let minter =
            if text.contains("-----BEGIN ") { Minter::from_pem(id, &text) } else { Minter::hmac(id, text.as_bytes()) };
        minter.map_err(unusable)
    }

    /// Reads keys that check: a secret, or public keys as PEM, JWK or JWK Set. A key without an id gets `fallback_id`.
    pub(super) fn verifying(&self, fallback_id: Option<&str>) -> Result<KeySet, Failure> {
        let text = self.read()?;
        let id = self.key_id.as_deref().or(fallback_id);
        let is_json = text.trim_start().starts_with('{');
        let keys = if is_json {
            let is_set = serde_json::from_str(&text).is_ok_and(|json: Value| json.get("keys").is_some());
            if is_set {
                KeySet::from_jwks(&text)
            } else {
                Key::from_jwk(self.key_id.as_deref(), &text).map(|key| vec![key].into())
            }
        } else if text.contains("-----BEGIN ") {
            Key::from_pem(id, &text).map(|key| vec![key].into())
        } else {
            Key::hmac(id.unwrap_or("main"), text.as_bytes()).map(|key| vec![key].into())
        };
        keys.map_err(unusable)
    }

    fn read(&self) -> Result<String, Failure> {
        let file = self.key_file.clone().or_else(|| variable("WIGWAG_KEY_FILE").map(PathBuf::from));
        match (file, variable("WIGWAG_SECRET")) {
            (Some(file), _) => {
                let text = text_input::read(&file, "the key", MAX_KEY_FILE)?;
                Ok(without_line_end(&text).to_owned())
            }
            (None, Some(secret)) => Ok(secret),
            (None, None) => Err(Failure::new(Exit::Usage, "there is no key").with_hint(
                "name its file with --key-file or WIGWAG_KEY_FILE, or put the secret into WIGWAG_SECRET; \
                 `openssl rand -base64 48` makes a secret, which the server needs too (auth.keys)",
            )),
        }
    }
}

fn unusable(error: KeyError) -> Failure {
    Failure::new(Exit::Refused, format!("the key cannot be used: {error}"))
}
