//! Twilio Network Traversal Service, by its documentation ("Network Traversal Service Tokens"): `POST
//! /2010-04-01/Accounts/SID/Tokens.json` with the form `Ttl=seconds` and HTTP Basic authentication. The answer, 201, has
//! `ice_servers` and `ttl`.

use std::{fmt, future::Future, pin::Pin, time::Duration};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{HeaderValue, Method, header::CONTENT_TYPE};
use serde::Deserialize;

use super::{
    secret::{CurrentSecret, TurnSecret},
    service::{AnsweredServer, IssueError, Issued, TurnService, authorized, servers},
};
use crate::fetch::{Call, HttpClient, HttpUrl, Trust};

/// Where the API is.
pub const URL: &str = "https://api.twilio.com";

/// Longest life of credentials, in seconds.
const MAX_TTL_S: u64 = 86_400;

/// Issues credentials of Twilio.
pub struct Twilio {
    client: HttpClient,
    /// The SID of an API key, or of the account.
    user: String,
    secret: CurrentSecret,
}

impl Twilio {
    /// Creates the service of an account. `key`: the SID of an API key; empty: `secret` is the account's auth token.
    ///
    /// # Errors
    ///
    /// If `url` and the account do not make a URL.
    pub fn new(
        url: &str,
        account: &str,
        key: &str,
        secret: TurnSecret,
        trust: Trust,
        timeout: Duration,
    ) -> Result<Self, IssueError> {
        let url = format!("{}/2010-04-01/Accounts/{account}/Tokens.json", url.trim_end_matches('/'));
        let user = if key.is_empty() { account } else { key }.to_owned();
        // One request in minutes: no connection waits for the next.
        Ok(Self {
            client: HttpClient::new(HttpUrl::parse(&url)?, trust, timeout, 0),
            user,
            secret: CurrentSecret::new(secret),
        })
    }

    async fn issue(&self, ttl: Duration) -> Result<Issued, IssueError> {
        let basic = BASE64_STANDARD.encode(format!("{}:{}", self.user, self.secret.get().await));
        let mut headers = authorized(format!("Basic {basic}"))?;
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        let ttl_s = ttl.as_secs().min(MAX_TTL_S);
        let body = format!("Ttl={ttl_s}").into();
        let answer = self.client.send(&Call { method: Method::POST, headers, body }).await?.success()?;
        let Answer { ice_servers, ttl } = serde_json::from_slice(&answer).map_err(|_| IssueError::Form)?;
        let answered_s = match ttl {
            None => ttl_s,
            Some(Seconds::Number(seconds)) => seconds,
            Some(Seconds::Text(text)) => text.parse().map_err(|_| IssueError::Form)?,
        };
        Ok(Issued { servers: servers(ice_servers, |_| true)?, ttl: Duration::from_secs(answered_s.min(ttl_s)) })
    }
}

impl TurnService for Twilio {
    fn name(&self) -> &'static str {
        "twilio"
    }

    fn is_per_client(&self) -> bool {
        // A token names no client, and the API limits how many are requested at a time.
        false
    }

    fn issue(&self, ttl: Duration) -> Pin<Box<dyn Future<Output = Result<Issued, IssueError>> + Send + '_>> {
        Box::pin(self.issue(ttl))
    }
}

impl fmt::Debug for Twilio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Twilio").finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Answer {
    ice_servers: Vec<AnsweredServer>,
    #[serde(default)]
    ttl: Option<Seconds>,
}

/// The documentation shows a text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Seconds {
    Text(String),
    Number(u64),
}
