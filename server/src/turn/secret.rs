//! Secrets that may be replaced while the server runs.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{task::spawn_blocking, time::Instant};

/// Where a secret comes from: that which is shared with the TURN servers, or that of a provider's API.
#[derive(Clone)]
pub enum TurnSecret {
    /// The configuration.
    Text(String),
    /// A file, which is read again each two seconds at most.
    File(PathBuf),
}

/// How often the file is read at most. Its time of change is not trusted, as that of the certificate is not.
pub(super) const INTERVAL: Duration = Duration::from_secs(2);

/// A secret in use.
pub(super) struct CurrentSecret {
    secret: TurnSecret,
    /// The secret in use, and when the file was read.
    read: Arc<Mutex<ReadSecret>>,
    pub(super) interval: Duration,
}

#[derive(Default)]
struct ReadSecret {
    secret: String,
    at: Option<Instant>,
    failed: bool,
}

impl CurrentSecret {
    /// Reads the secret.
    pub(super) fn new(secret: TurnSecret) -> Self {
        let read = match &secret {
            TurnSecret::Text(text) => text.clone(),
            // The configuration was checked a moment ago; it is read again for the first client.
            TurnSecret::File(path) => read_secret(path).unwrap_or_default(),
        };
        let read = Arc::new(Mutex::new(ReadSecret { secret: read, ..ReadSecret::default() }));
        Self { secret, read, interval: INTERVAL }
    }

    /// Returns the secret. Reads the file again if that was long ago, on a thread where it may take its time; others use what is
    /// known meanwhile.
    pub(super) async fn get(&self) -> String {
        self.refresh().await;
        lock(&self.read).secret.clone()
    }

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
}

fn lock(read: &Mutex<ReadSecret>) -> MutexGuard<'_, ReadSecret> {
    read.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads a secret from a file, without the line's end.
pub(crate) fn read_secret(path: &Path) -> std::io::Result<String> {
    Ok(std::fs::read_to_string(path)?.trim_end_matches(['\r', '\n']).to_owned())
}
