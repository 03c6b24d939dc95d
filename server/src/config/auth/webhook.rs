//! `auth.webhook_*`: the application's server that is asked about clients.

use http::HeaderName;

use super::super::error::ConfigErrors;
use super::super::secret::Secret;
use super::AuthSection;
use crate::fetch::{HttpUrl, Trust};

/// Most fields of requests that the webhook is told.
const MAX_HEADERS: usize = 16;

/// These hold tokens, which the server has verified itself or has refused.
const WITHHELD: [&str; 2] = ["authorization", "sec-websocket-protocol"];

impl AuthSection {
    /// Returns where the webhook is asked, if there is one.
    ///
    /// # Errors
    ///
    /// What is wrong with the URL.
    pub fn webhook(&self) -> Result<Option<HttpUrl>, String> {
        if self.webhook_url.is_empty() {
            return Ok(None);
        }
        HttpUrl::parse(&self.webhook_url).map(Some).map_err(|error| error.to_string())
    }

    /// Returns what the webhook's certificate is checked against.
    ///
    /// # Errors
    ///
    /// If no certificates can be read.
    pub fn webhook_trust(&self) -> Result<Trust, ConfigErrors> {
        match self.webhook() {
            Ok(Some(url)) if url.https => {
                Trust::with_tls(&self.webhook_ca_file).map_err(|error| ConfigErrors::one("auth.webhook_ca_file", error))
            }
            _ => Ok(Trust::without_tls()),
        }
    }

    /// Returns the secret that the webhook knows this server by; empty if there is none.
    ///
    /// # Errors
    ///
    /// If both settings are given, or the file cannot be read or is empty, or the secret cannot be a field of HTTP.
    pub fn read_webhook_secret(&self) -> Result<Secret, String> {
        let secret = match (self.webhook_secret.expose().is_empty(), self.webhook_secret_file.is_empty()) {
            (_, true) => self.webhook_secret.clone(),
            (true, false) => {
                let text = super::text_file::read(&self.webhook_secret_file)?;
                let text = text.trim_end_matches(['\r', '\n']);
                if text.is_empty() {
                    return Err(format!("the file {} is empty", self.webhook_secret_file));
                }
                Secret::from(text.to_owned())
            }
            (false, false) => return Err("has both webhook_secret and webhook_secret_file: remove one".to_owned()),
        };
        if !secret.expose().bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("must be printable ASCII characters without spaces".to_owned());
        }
        Ok(secret)
    }

    pub(super) fn check_webhook(&self, errors: &mut ConfigErrors) {
        if let Err(allowed) = self.webhook() {
            errors.add("auth.webhook_url", format!("{:?}", self.webhook_url), allowed);
        }
        if let Err(wrong) = self.read_webhook_secret() {
            errors.add("auth.webhook_secret", "", wrong);
        }
        if !self.webhook_ca_file.is_empty()
            && let Err(wrong) = Trust::with_tls(&self.webhook_ca_file)
        {
            errors.add("auth.webhook_ca_file", format!("{:?}", self.webhook_ca_file), wrong);
        }
        if self.webhook_headers.len() > MAX_HEADERS {
            errors.add("auth.webhook_headers", self.webhook_headers.len(), format!("at most {MAX_HEADERS} names"));
        }
        for (at, name) in self.webhook_headers.iter().enumerate() {
            let allowed = match HeaderName::from_bytes(name.as_bytes()) {
                Ok(known) if known.as_str() != name => "a name in lower case, such as \"cookie\"",
                Ok(known) if WITHHELD.contains(&known.as_str()) => "another field: this one holds the token",
                Ok(_) => continue,
                Err(_) => "the name of a field of HTTP, such as \"cookie\"",
            };
            errors.add(&format!("auth.webhook_headers[{at}]"), format!("{name:?}"), allowed);
        }
        let default = Self::default();
        let unused = [
            ("webhook_when", self.webhook_when != default.webhook_when),
            ("webhook_joins", self.webhook_joins),
            ("webhook_secret", !self.webhook_secret.expose().is_empty()),
            ("webhook_secret_file", !self.webhook_secret_file.is_empty()),
            ("webhook_headers", !self.webhook_headers.is_empty()),
        ];
        for (name, _) in unused.into_iter().filter(|(_, set)| *set && self.webhook_url.is_empty()) {
            errors.add(&format!("auth.{name}"), "", "needs auth.webhook_url: nothing is asked without it");
        }
    }

    /// Returns whether the webhook is told cookies, which a browser adds to whatever a page requests.
    pub(in crate::config) fn tells_cookies(&self) -> bool {
        self.webhook_headers.iter().any(|name| name == "cookie")
    }
}
