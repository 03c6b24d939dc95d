//! Cloudflare Realtime TURN, by its documentation ("Generate credentials"): `POST
//! /v1/turn/keys/KEY/credentials/generate-ice-servers` with `{"ttl": seconds}` and the key's API token as bearer. The answer, 201,
//! is `{"iceServers": […]}`; formerly one object instead of the list.

use std::{fmt, future::Future, pin::Pin, time::Duration};

use http::{HeaderValue, Method, header::CONTENT_TYPE};
use serde::Deserialize;

use super::{
    secret::{CurrentSecret, TurnSecret},
    service::{AnsweredServer, IssueError, Issued, TurnService, authorized, servers},
};
use crate::fetch::{Call, HttpClient, HttpUrl, Trust};

/// Where the API is.
pub const URL: &str = "https://rtc.live.cloudflare.com";

/// Longest life of credentials, in seconds.
const MAX_TTL_S: u64 = 172_800;

/// Issues credentials of Cloudflare.
pub struct Cloudflare {
    client: HttpClient,
    token: CurrentSecret,
}

impl Cloudflare {
    /// Creates the service of a TURN key. `url`: where the API is.
    ///
    /// # Errors
    ///
    /// If that and the key do not make a URL.
    pub fn new(url: &str, key: &str, token: TurnSecret, trust: Trust, timeout: Duration) -> Result<Self, IssueError> {
        let url = format!("{}/v1/turn/keys/{key}/credentials/generate-ice-servers", url.trim_end_matches('/'));
        let client = HttpClient::new(HttpUrl::parse(&url)?, trust, timeout, super::MAX_CONCURRENT);
        Ok(Self { client, token: CurrentSecret::new(token) })
    }

    async fn issue(&self, ttl: Duration) -> Result<Issued, IssueError> {
        let mut headers = authorized(format!("Bearer {}", self.token.get().await))?;
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let ttl = Duration::from_secs(ttl.as_secs().min(MAX_TTL_S));
        let body = format!("{{\"ttl\":{}}}", ttl.as_secs()).into();
        let answer = self.client.send(&Call { method: Method::POST, headers, body }).await?.success()?;
        let Answer { servers: answered } = serde_json::from_slice(&answer).map_err(|_| IssueError::Form)?;
        let answered = match answered {
            OneOrMany::Many(servers) => servers,
            OneOrMany::One(server) => vec![server],
        };
        Ok(Issued { servers: servers(answered, is_usable)?, ttl })
    }
}

impl TurnService for Cloudflare {
    fn name(&self) -> &'static str {
        "cloudflare"
    }

    fn is_per_client(&self) -> bool {
        true
    }

    fn issue(&self, ttl: Duration) -> Pin<Box<dyn Future<Output = Result<Issued, IssueError>> + Send + '_>> {
        Box::pin(self.issue(ttl))
    }
}

impl fmt::Debug for Cloudflare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cloudflare").finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "iceServers")]
    servers: OneOrMany,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    Many(Vec<AnsweredServer>),
    One(AnsweredServer),
}

/// Browsers refuse port 53, the alternative that is offered for networks that block others, and would wait for it.
fn is_usable(url: &str) -> bool {
    let address = url.split('?').next().unwrap_or(url);
    !address.ends_with(":53")
}
