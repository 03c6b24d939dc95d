//! Credentials of TURN servers that share a secret with this one ("A REST API For Access To TURN Services",
//! draft-uberti-behave-turn-rest-00), as coturn's `use-auth-secret` and eturnal's `secret` check them.

use std::{
    fmt,
    future::Future,
    path::PathBuf,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use tokio::{task::spawn_blocking, time::Instant};
use wigwag_node::ice::{IceProvider, IceServers};
use wigwag_proto::v1::IceServer;

/// Where the secret that is shared with the TURN servers comes from.
#[derive(Clone)]
pub enum TurnSecret {
    /// The configuration.
    Text(String),
    /// A file, which is read again each two seconds at most.
    File(PathBuf),
}

/// Servers that are the same for every client, and TURN servers whose credentials are made for each.
pub struct TurnServers {
    fixed: Vec<IceServer>,
    urls: Vec<String>,
    secret: TurnSecret,
    ttl_ms: u64,
    /// The secret in use, and when the file was read.
    read: Arc<Mutex<ReadSecret>>,
    interval: Duration,
}

/// How often the file is read at most. Its time of change is not trusted, as that of the certificate is not.
const INTERVAL: Duration = Duration::from_secs(2);

#[derive(Default)]
struct ReadSecret {
    secret: String,
    at: Option<Instant>,
    failed: bool,
}

impl TurnServers {
    /// Creates the servers, and reads the secret. The credentials of those at `urls` are good for `ttl_ms`.
    pub fn new(fixed: Vec<IceServer>, urls: Vec<String>, secret: TurnSecret, ttl_ms: u64) -> Self {
        let read = match &secret {
            TurnSecret::Text(text) => text.clone(),
            // The configuration was checked a moment ago; it is read again for the first client.
            TurnSecret::File(path) => read_secret(path).unwrap_or_default(),
        };
        let read = Arc::new(Mutex::new(ReadSecret { secret: read, ..ReadSecret::default() }));
        Self { fixed, urls, secret, ttl_ms, read, interval: INTERVAL }
    }

    /// Reads the file again if that was long ago, on a thread where it may take its time; others use what is known meanwhile.
    async fn refresh(&self) {
        let TurnSecret::File(path) = &self.secret else { return };
        {
            let mut read = lock(&self.read);
            let now = Instant::now();
            if read.at.is_some_and(|at| now.duration_since(at) < self.interval) {
                return;
            }
            read.at = Some(now);
        }
        let (path, shared) = (path.clone(), self.read.clone());
        // A task that cannot run leaves the secret as it is.
        let _ = spawn_blocking(move || {
            let found = read_secret(&path);
            let mut read = lock(&shared);
            match found {
                Ok(secret) => *read = ReadSecret { secret, at: read.at, failed: false },
                // Once, until it can be read again.
                Err(_) if read.failed => {}
                Err(error) => {
                    read.failed = true;
                    tracing::warn!(%error, "the secret of the TURN servers cannot be read: the last one stays in use");
                }
            }
        })
        .await;
    }

    /// Returns the credentials of a user: the time of their expiry with its name, and a MAC of that.
    fn credentials(&self, user: &str, expires_at_s: u64) -> (String, String) {
        let username = format!("{expires_at_s}:{user}");
        let mut mac =
            Hmac::<Sha1>::new_from_slice(lock(&self.read).secret.as_bytes()).expect("a key of any length is good");
        mac.update(username.as_bytes());
        let credential = BASE64_STANDARD.encode(mac.finalize().into_bytes());
        (username, credential)
    }
}

fn lock(read: &Mutex<ReadSecret>) -> MutexGuard<'_, ReadSecret> {
    read.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads a secret from a file, without the line's end.
pub(crate) fn read_secret(path: &std::path::Path) -> std::io::Result<String> {
    Ok(std::fs::read_to_string(path)?.trim_end_matches(['\r', '\n']).to_owned())
}

impl IceProvider for TurnServers {
    fn servers<'a>(&'a self, user: &'a str, now_unix_ms: u64) -> Pin<Box<dyn Future<Output = IceServers> + Send + 'a>> {
        // The expiry is in whole seconds: rounded up, so that the shortest life is not cut.
        let expires_at_s = (now_unix_ms + self.ttl_ms).div_ceil(1_000);
        Box::pin(async move {
            self.refresh().await;
            let (username, credential) = self.credentials(user, expires_at_s);
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
    use super::*;

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
        servers.interval = Duration::ZERO;
        let first = issued(&servers).await;
        assert_eq!(first.credential, "90DjwwBD8tX3qsrdG1oZ4BXiKJo=");
        std::fs::write(&path, "south\n").expect("written");
        assert_ne!(issued(&servers).await.credential, first.credential);
        let second = issued(&servers).await.credential;
        std::fs::remove_file(&path).expect("removed");
        assert_eq!(issued(&servers).await.credential, second, "the last one stays");
        assert!(!format!("{servers:?}").contains("south"));

        std::fs::write(&path, "north").expect("written");
        servers.interval = INTERVAL;
        assert_eq!(issued(&servers).await.credential, second, "read a moment ago");
    }
}
