//! `auth.keys`: secrets that application servers share with this one.

use serde::{Deserialize, Serialize};
use wigwag_token::{Key, KeyError, KeySet};

use super::super::error::ConfigErrors;
use super::super::secret::Secret;
use super::text_file;

/// A secret for HS256, given here or in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthKey {
    /// The `kid` of tokens signed with it, 1 to 64 bytes.
    pub id: String,
    /// The secret, at least 32 bytes. Its bytes are used as they are, also if they look like base64 or hexadecimal digits.
    #[serde(default)]
    pub secret: Secret,
    /// A file with the secret instead. A line break at its end is not part of it.
    #[serde(default)]
    pub secret_file: String,
}

impl AuthKey {
    /// Returns the secret.
    ///
    /// # Errors
    ///
    /// If neither or both of `secret` and `secret_file` are given, or if the file cannot be read.
    pub fn read_secret(&self) -> Result<Secret, String> {
        match (self.secret.expose().is_empty(), self.secret_file.is_empty()) {
            (false, true) => Ok(self.secret.clone()),
            (true, false) => {
                let text = text_file::read(&self.secret_file)?;
                let text = text.strip_suffix('\n').unwrap_or(&text);
                Ok(Secret::from(text.strip_suffix('\r').unwrap_or(text).to_owned()))
            }
            (true, true) => Err("needs secret or secret_file; `openssl rand -base64 48` makes one".to_owned()),
            (false, false) => Err("has both secret and secret_file: remove one".to_owned()),
        }
    }
}

pub(super) fn read(keys: &[AuthKey], errors: &mut ConfigErrors) -> KeySet {
    let mut set = KeySet::empty();
    for (index, key) in keys.iter().enumerate() {
        let name = format!("auth.keys[{index}]");
        let setting = if key.secret_file.is_empty() { "secret" } else { "secret_file" };
        match key.read_secret() {
            Err(wrong) => errors.add(&name, "", wrong),
            Ok(secret) => match Key::hmac(&key.id, secret.expose().as_bytes()) {
                Ok(key) => set.push(key),
                Err(error @ KeyError::Id) => errors.add(&format!("{name}.id"), "", error.to_string()),
                Err(error) => errors.add(&format!("{name}.{setting}"), "", error.to_string()),
            },
        }
    }
    set
}
