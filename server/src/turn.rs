//! Credentials of TURN servers that share a secret with this one ("A REST API For Access To TURN Services",
//! draft-uberti-behave-turn-rest-00), as coturn's `use-auth-secret` and eturnal's `secret` check them; and those that a service
//! issues ([`IssuedTurn`]).

pub mod cloudflare;
mod issued;
mod secret;
mod service;
pub mod twilio;

use std::{fmt, future::Future, pin::Pin};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use wigwag_node::ice::{IceProvider, IceServers};
use wigwag_proto::v1::IceServer;

use self::secret::CurrentSecret;
pub use self::{
    issued::IssuedTurn,
    secret::TurnSecret,
    service::{IssueError, Issued, TurnService},
};
pub(crate) use self::{issued::TIMEOUT, secret::read_secret};

/// Requests to a service at a time.
const MAX_CONCURRENT: usize = 16;

/// Servers that are the same for every client, and TURN servers whose credentials are made for each.
pub struct TurnServers {
    fixed: Vec<IceServer>,
    urls: Vec<String>,
    secret: CurrentSecret,
    ttl_ms: u64,
}

impl TurnServers {
    /// Creates the servers, and reads the secret. The credentials of those at `urls` are good for `ttl_ms`.
    pub fn new(fixed: Vec<IceServer>, urls: Vec<String>, secret: TurnSecret, ttl_ms: u64) -> Self {
        Self { fixed, urls, secret: CurrentSecret::new(secret), ttl_ms }
    }
}

/// Returns the credentials of a user: the time of their expiry with its name, and a MAC of that.
fn credentials(secret: &str, user: &str, expires_at_s: u64) -> (String, String) {
    let username = format!("{expires_at_s}:{user}");
    let mut mac = Hmac::<Sha1>::new_from_slice(secret.as_bytes()).expect("a key of any length is good");
    mac.update(username.as_bytes());
    let credential = BASE64_STANDARD.encode(mac.finalize().into_bytes());
    (username, credential)
}

impl IceProvider for TurnServers {
    fn servers<'a>(&'a self, user: &'a str, now_unix_ms: u64) -> Pin<Box<dyn Future<Output = IceServers> + Send + 'a>> {
        // The expiry is in whole seconds: rounded up, so that the shortest life is not cut.
        let expires_at_s = (now_unix_ms + self.ttl_ms).div_ceil(1_000);
        Box::pin(async move {
            let (username, credential) = credentials(&self.secret.get().await, user, expires_at_s);
            let mut servers = self.fixed.clone();
            servers.push(IceServer { urls: self.urls.clone(), username, credential });
            IceServers { servers, expires_at_ms: Some(expires_at_s * 1_000) }
        })
    }
}

impl fmt::Debug for TurnServers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TurnServers").field("urls", &self.urls).field("ttl_ms", &self.ttl_ms).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{secret::INTERVAL, *};

    fn servers(secret: TurnSecret) -> TurnServers {
        TurnServers::new(Vec::new(), vec!["turn:turn.example.com".to_owned()], secret, 600_000)
    }

    async fn issued(servers: &TurnServers) -> IceServer {
        servers.servers("ada", 1_700_000_000_001).await.servers.pop().expect("one")
    }

    #[tokio::test]
    async fn credentials_are_those_that_coturn_checks() {
        // printf %s 1700000601:ada | openssl dgst -sha1 -hmac north -binary | base64
        let issued = issued(&servers(TurnSecret::Text("north".to_owned()))).await;
        assert_eq!(issued.username, "1700000601:ada");
        assert_eq!(issued.credential, "90DjwwBD8tX3qsrdG1oZ4BXiKJo=");
    }

    #[tokio::test]
    async fn a_secret_is_read_again_when_its_file_has_changed() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("secret");
        std::fs::write(&path, "north\n").expect("written");
        let mut servers = servers(TurnSecret::File(path.clone()));
        servers.secret.interval = Duration::ZERO;
        let first = issued(&servers).await;
        assert_eq!(first.credential, "90DjwwBD8tX3qsrdG1oZ4BXiKJo=");
        std::fs::write(&path, "south\n").expect("written");
        assert_ne!(issued(&servers).await.credential, first.credential);
        let second = issued(&servers).await.credential;
        std::fs::remove_file(&path).expect("removed");
        assert_eq!(issued(&servers).await.credential, second, "the last one stays");
        assert!(!format!("{servers:?}").contains("south"));

        std::fs::write(&path, "north").expect("written");
        servers.secret.interval = INTERVAL;
        assert_eq!(issued(&servers).await.credential, second, "read a moment ago");
    }
}
