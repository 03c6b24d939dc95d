//! `[ice]`: the STUN and TURN servers that clients are given.

use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::error::ConfigErrors;
use super::range::Range;
use super::secret::Secret;
use crate::fetch::{HttpUrl, Trust};
use crate::turn::{TIMEOUT, TurnSecret, TurnService, cloudflare, read_secret, twilio};

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
    /// Milliseconds for which the credentials are good, those of `provider` as well. Clients are given new ones after 80 % of it.
    pub turn_ttl_ms: u32,
    /// The service that issues credentials for its TURN servers. Default: none.
    pub provider: TurnProvider,
    /// Twilio: the SID of the account.
    pub provider_account: String,
    /// Cloudflare: the id of the TURN key. Twilio: the SID of an API key; empty, if the secret is the account's auth token.
    pub provider_key_id: String,
    /// Cloudflare: the API token of the TURN key. Twilio: the secret of the API key, or the auth token.
    pub provider_secret: Secret,
    /// A file that holds it, in place of `provider_secret`. It is read again when it has changed.
    pub provider_secret_file: String,
    /// Where the API of the service is, if not where its documentation says: https, or http on this machine.
    pub provider_url: String,
}

/// A service that issues credentials for its TURN servers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TurnProvider {
    /// None.
    #[default]
    None,
    /// Cloudflare Realtime TURN.
    Cloudflare,
    /// Twilio Network Traversal Service.
    Twilio,
}

pub(super) const ALLOWED_PROVIDER: &str = "\"none\", \"cloudflare\" or \"twilio\"";

impl Default for IceSection {
    fn default() -> Self {
        Self {
            servers: Vec::new(),
            turn_urls: Vec::new(),
            turn_secret: Secret::default(),
            turn_secret_file: String::new(),
            turn_ttl_ms: 600_000,
            provider: TurnProvider::None,
            provider_account: String::new(),
            provider_key_id: String::new(),
            provider_secret: Secret::default(),
            provider_secret_file: String::new(),
            provider_url: String::new(),
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

    /// Returns the service that issues credentials, if there is one.
    ///
    /// # Errors
    ///
    /// The setting that cannot be used, and what is allowed.
    pub fn service(&self) -> Result<Option<Arc<dyn TurnService>>, (&'static str, String)> {
        let secret = match self.provider_secret_file.as_str() {
            "" => TurnSecret::Text(self.provider_secret.expose().to_owned()),
            path => TurnSecret::File(path.into()),
        };
        let url = |own: &'static str| if self.provider_url.is_empty() { own } else { self.provider_url.as_str() };
        let service: Result<Arc<dyn TurnService>, _> = match self.provider {
            TurnProvider::None => return Ok(None),
            TurnProvider::Cloudflare => {
                let url = url(cloudflare::URL);
                cloudflare::Cloudflare::new(url, &self.provider_key_id, secret, trust(url)?, TIMEOUT)
                    .map(|service| Arc::new(service) as _)
            }
            TurnProvider::Twilio => {
                let (url, account, key) = (url(twilio::URL), &self.provider_account, &self.provider_key_id);
                twilio::Twilio::new(url, account, key, secret, trust(url)?, TIMEOUT)
                    .map(|service| Arc::new(service) as _)
            }
        };
        service.map(Some).map_err(|error| ("ice.provider_url", error.to_string()))
    }

    fn check_provider(&self, errors: &mut ConfigErrors) {
        let (text, file) = (!self.provider_secret.expose().is_empty(), !self.provider_secret_file.is_empty());
        if self.provider == TurnProvider::None {
            if text || file || !self.provider_account.is_empty() || !self.provider_key_id.is_empty() {
                errors.add("ice.provider", "\"none\"", "\"cloudflare\" or \"twilio\", since its key or secret is set");
            }
            return;
        }
        if !self.turn_urls.is_empty() {
            errors.add("ice.turn_urls", "", "left out with ice.provider: credentials come from one of them");
        }
        let is_id = |id: &str| (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let id = "letters and digits, at most 128";
        let (account, key) = (self.provider_account.as_str(), self.provider_key_id.as_str());
        if self.provider == TurnProvider::Cloudflare && !is_id(key) {
            errors.add("ice.provider_key_id", format!("{key:?}"), format!("the id of the TURN key: {id}"));
        }
        if self.provider == TurnProvider::Cloudflare && !account.is_empty() {
            errors.add("ice.provider_account", format!("{account:?}"), "left out: Cloudflare needs the TURN key only");
        }
        if self.provider == TurnProvider::Twilio && !is_id(account) {
            errors.add("ice.provider_account", format!("{account:?}"), format!("the SID of the account: {id}"));
        }
        if self.provider == TurnProvider::Twilio && !key.is_empty() && !is_id(key) {
            errors.add("ice.provider_key_id", format!("{key:?}"), format!("the SID of an API key: {id}"));
        }
        if text == file {
            errors.add(
                "ice.provider_secret",
                "",
                "needed, or ice.provider_secret_file is: one of them holds the secret",
            );
        } else if file {
            let name = format!("{:?}", self.provider_secret_file);
            match read_secret(Path::new(&self.provider_secret_file)) {
                Ok(secret) if secret.is_empty() => {
                    errors.add("ice.provider_secret_file", name, "a file that is not empty");
                }
                Ok(_) => {}
                Err(error) => {
                    errors.add("ice.provider_secret_file", name, format!("a file that can be read ({error})"));
                }
            }
        }
        if let Err((key, allowed)) = self.service() {
            errors.add(key, "", allowed);
        }
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
        self.check_provider(errors);
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

/// Returns what the certificate of the service is checked against.
fn trust(url: &str) -> Result<Trust, (&'static str, String)> {
    let url = HttpUrl::parse(url).map_err(|error| ("ice.provider_url", error.to_string()))?;
    if !url.https {
        return Ok(Trust::without_tls());
    }
    Trust::with_tls("").map_err(|error| ("ice.provider", error))
}
