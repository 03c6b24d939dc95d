//! `[ice]`: the STUN and TURN servers that clients are given.

use serde::{Deserialize, Serialize};

use super::error::ConfigErrors;
use super::secret::Secret;

/// Settings of ICE.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IceSection {
    /// Servers in the welcome of every client. Default: none, which is enough on one machine and within a LAN.
    pub servers: Vec<IceServer>,
}

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
    pub(super) fn check(&self, errors: &mut ConfigErrors) {
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
