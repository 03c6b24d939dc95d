//! `[ice]`: the STUN and TURN servers that clients are given.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::ConfigErrors;
use super::range::Range;
use super::secret::Secret;
use crate::turn::{TurnSecret, read_secret};

/// Settings of ICE.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IceSection {
    /// Servers in the welcome of every client. Default: none, which is enough on one machine and within a LAN.
    pub servers: Vec<IceServer>,
    /// TURN servers whose credentials are made for each client from a secret that they share with this server. Default: none.
    pub turn_urls: Vec<String>,
    /// That secret. Default: none.
    pub turn_secret: Secret,
    /// A file that holds it, in place of `turn_secret`. It is read again when it has changed. Default: none.
    pub turn_secret_file: String,
    /// Milliseconds for which the credentials are good. Clients are given new ones after 80 % of it.
    pub turn_ttl_ms: u32,
}

impl Default for IceSection {
    fn default() -> Self {
        Self {
            servers: Vec::new(),
            turn_urls: Vec::new(),
            turn_secret: Secret::default(),
            turn_secret_file: String::new(),
            turn_ttl_ms: 600_000,
        }
    }
}

pub(super) const RANGES: &[Range] = &[Range::ms("ice.turn_ttl_ms", 10_000, 86_400_000)];

/// A STUN or TURN server, as in the W3C dictionary `RTCIceServer`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IceServer {
    /// At least one of `stun:`, `stuns:`, `turn:`, `turns:` (RFC 7064, RFC 7065).
    pub urls: Vec<String>,
    /// User name for TURN.
    #[serde(default)]
    pub username: String,
    /// Password for TURN. Every client receives it.
    #[serde(default)]
    pub credential: Secret,
}

pub(super) const ALLOWED: &str = "a list of { urls = [\"stun:…\" or \"turn:…\"], username, credential }";

impl IceSection {
    /// Returns the secret that is shared with the TURN servers; `None` if there are none.
    pub fn shared_secret(&self) -> Option<TurnSecret> {
        if self.turn_urls.is_empty() {
            return None;
        }
        Some(match self.turn_secret_file.as_str() {
            "" => TurnSecret::Text(self.turn_secret.expose().to_owned()),
            path => TurnSecret::File(path.into()),
        })
    }

    fn check_turn(&self, errors: &mut ConfigErrors) {
        for (at, url) in self.turn_urls.iter().enumerate() {
            if !["turn:", "turns:"].into_iter().any(|scheme| url.len() > scheme.len() && url.starts_with(scheme)) {
                errors.add(&format!("ice.turn_urls[{at}]"), "", "a URL that starts with turn: or turns:");
            }
        }
        let (text, file) = (!self.turn_secret.expose().is_empty(), !self.turn_secret_file.is_empty());
        if text && file {
            errors.add("ice.turn_secret", "", "left out, or ice.turn_secret_file is: one of them holds the secret");
        }
        if !self.turn_urls.is_empty() && !text && !file {
            let allowed =
                "the secret of the TURN servers (coturn: static-auth-secret), or ice.turn_secret_file a file with it";
            errors.add("ice.turn_secret", "\"\"", allowed);
        }
        if self.turn_urls.is_empty() && (text || file) {
            errors.add("ice.turn_urls", "[]", "the URLs of the TURN servers that share the secret");
        }
        if file {
            match read_secret(Path::new(&self.turn_secret_file)) {
                Ok(secret) if secret.is_empty() => {
                    errors.add(
                        "ice.turn_secret_file",
                        format!("{:?}", self.turn_secret_file),
                        "a file that is not empty",
                    );
                }
                Ok(_) => {}
                Err(error) => {
                    let allowed = format!("a file that can be read ({error})");
                    errors.add("ice.turn_secret_file", format!("{:?}", self.turn_secret_file), allowed);
                }
            }
        }
    }

    pub(super) fn check(&self, errors: &mut ConfigErrors) {
        self.check_turn(errors);
        for (index, server) in self.servers.iter().enumerate() {
            if server.urls.is_empty() {
                errors.add(&format!("ice.servers[{index}].urls"), "[]", "at least one URL");
            }
            for (at, url) in server.urls.iter().enumerate() {
                // Identified by its index: a mistyped URL may contain a password.
                let mut wrong = |allowed| errors.add(&format!("ice.servers[{index}].urls[{at}]"), "", allowed);
                let scheme = url.split_once(':').filter(|(_, rest)| !rest.is_empty()).map(|(scheme, _)| scheme);
                match scheme {
                    Some("stun" | "stuns") => {}
                    Some("turn" | "turns") => {
                        if server.username.is_empty() || server.credential.expose().is_empty() {
                            wrong("a TURN server needs username and credential");
                        }
                    }
                    _ => wrong("a URL that starts with stun:, stuns:, turn: or turns:"),
                }
            }
        }
    }
}
