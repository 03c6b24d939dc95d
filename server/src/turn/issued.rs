//! Credentials of a service: issued ahead of need, remembered while they are good, and kept while the service does not answer.

use std::{
    collections::HashMap,
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::Semaphore,
    time::{Instant, sleep, timeout},
};
use wigwag_node::{
    clock::unix_ms,
    ice::{IceCounts, IceProvider, IceServers},
};
use wigwag_proto::v1::IceServer;

use super::service::{IssueError, Issued, TurnService};

/// How long a client waits for credentials at most. Then it gets those that were issued ahead.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long the service has for credentials that are issued ahead.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(10);
/// After a failure the service is left alone for this long.
const PAUSE: Duration = Duration::from_secs(5);
/// The longest pause of the task that has credentials issued ahead.
const MAX_PAUSE: Duration = Duration::from_secs(60);
/// The shortest pause of that task after a success, in milliseconds.
const MIN_WAIT_MS: u64 = 1_000;
/// When clients ask again that got no credentials, in milliseconds.
const AGAIN_MS: u64 = 60_000;
/// Clients whose credentials are remembered.
const MAX_CLIENTS: usize = 10_000;

/// Servers that are the same for every client, and those of a service that issues credentials.
#[derive(Debug)]
pub struct IssuedTurn {
    fixed: Vec<IceServer>,
    service: Arc<dyn TurnService>,
    ttl: Duration,
    /// Credentials that were issued ahead, for every client.
    ahead: Mutex<Option<Credentials>>,
    /// Held while they are issued. When that was last tried.
    issuing: tokio::sync::Mutex<Option<Instant>>,
    /// Credentials of single clients.
    clients: Mutex<HashMap<Box<str>, Credentials>>,
    /// Credentials of single clients that are being issued.
    permits: Semaphore,
    paused_until: Mutex<Option<Instant>>,
    failing: AtomicBool,
    issued: AtomicU64,
    failed: AtomicU64,
}

#[derive(Clone, Debug)]
struct Credentials {
    servers: Vec<IceServer>,
    issued_at_ms: u64,
    expires_at_ms: u64,
}

impl Credentials {
    fn new(issued: Issued, now_ms: u64) -> Self {
        let ttl_ms = u64::try_from(issued.ttl.as_millis()).unwrap_or(u64::MAX);
        Self { servers: issued.servers, issued_at_ms: now_ms, expires_at_ms: now_ms.saturating_add(ttl_ms) }
    }

    fn is_good(&self, now_ms: u64) -> bool {
        self.expires_at_ms > now_ms
    }

    /// Returns whether more than half of their life is left.
    fn is_fresh(&self, now_ms: u64) -> bool {
        now_ms < self.fresh_until_ms()
    }

    fn fresh_until_ms(&self) -> u64 {
        self.issued_at_ms + (self.expires_at_ms - self.issued_at_ms) / 2
    }
}

impl IssuedTurn {
    /// Creates the servers. Credentials are requested for `ttl`.
    pub fn new(fixed: Vec<IceServer>, service: Arc<dyn TurnService>, ttl: Duration) -> Self {
        Self {
            fixed,
            service,
            ttl,
            ahead: Mutex::default(),
            issuing: tokio::sync::Mutex::default(),
            clients: Mutex::default(),
            permits: Semaphore::new(super::MAX_CONCURRENT),
            paused_until: Mutex::default(),
            failing: AtomicBool::new(false),
            issued: AtomicU64::new(0),
            failed: AtomicU64::new(0),
        }
    }

    async fn find(&self, user: &str, now_ms: u64) -> Option<Credentials> {
        // Callers without a name are not one client.
        let own = match self.service.is_per_client() && !user.is_empty() {
            true => self.of_client(user, now_ms).await,
            false => None,
        };
        if own.is_some() {
            return own;
        }
        let ahead = || lock(&self.ahead).clone().filter(|ahead| ahead.is_good(now_ms));
        if let Some(ahead) = ahead() {
            return Some(ahead);
        }
        let _ = timeout(PATIENCE, self.issue_ahead(now_ms)).await;
        ahead()
    }

    /// Returns the credentials of one client; `None` if it has none and none can be issued at once.
    async fn of_client(&self, user: &str, now_ms: u64) -> Option<Credentials> {
        let known = lock(&self.clients).get(user).filter(|known| known.is_good(now_ms)).cloned();
        if known.as_ref().is_some_and(|known| known.is_fresh(now_ms)) || self.is_paused() {
            return known;
        }
        // Those of many clients that come at once are issued ahead: they need not wait for each other.
        let Ok(_permit) = self.permits.try_acquire() else { return known };
        let Some(issued) = self.issue(PATIENCE).await else { return known };
        let issued = Credentials::new(issued, now_ms);
        let mut clients = lock(&self.clients);
        if clients.len() >= MAX_CLIENTS {
            clients.retain(|_, known| known.is_fresh(now_ms));
        }
        if clients.len() < MAX_CLIENTS {
            clients.insert(user.into(), issued.clone());
        }
        Some(issued)
    }

    /// Has credentials issued for every client, unless that was tried a moment ago. Returns whether those that there are are
    /// fresh.
    async fn issue_ahead(&self, now_ms: u64) -> bool {
        let fresh = || lock(&self.ahead).as_ref().is_some_and(|ahead| ahead.is_fresh(now_ms));
        let mut tried = self.issuing.lock().await;
        if fresh() || tried.is_some_and(|at| at.elapsed() < PAUSE) {
            return fresh();
        }
        let issued = self.issue(TIMEOUT).await;
        *tried = Some(Instant::now());
        if let Some(issued) = issued {
            *lock(&self.ahead) = Some(Credentials::new(issued, now_ms));
        }
        fresh()
    }

    async fn issue(&self, patience: Duration) -> Option<Issued> {
        let issued = match timeout(patience, self.service.issue(self.ttl)).await {
            Ok(issued) => issued,
            Err(_) => Err(IssueError::Timeout(patience)),
        };
        let provider = self.service.name();
        match issued {
            Ok(issued) => {
                self.issued.fetch_add(1, Ordering::Relaxed);
                if self.failing.swap(false, Ordering::Relaxed) {
                    tracing::info!(provider, "TURN credentials are issued again");
                }
                Some(issued)
            }
            Err(error) => {
                self.failed.fetch_add(1, Ordering::Relaxed);
                *lock(&self.paused_until) = Some(Instant::now() + PAUSE);
                // Once, until it answers again.
                if !self.failing.swap(true, Ordering::Relaxed) {
                    tracing::warn!(provider, %error, "TURN credentials not issued: the last ones stay in use until they expire");
                }
                None
            }
        }
    }

    fn is_paused(&self) -> bool {
        lock(&self.paused_until).is_some_and(|until| Instant::now() < until)
    }
}

impl IceProvider for IssuedTurn {
    fn servers<'a>(&'a self, user: &'a str, now_unix_ms: u64) -> Pin<Box<dyn Future<Output = IceServers> + Send + 'a>> {
        Box::pin(async move {
            let found = self.find(user, now_unix_ms).await;
            let (issued, expires_at_ms) = match found {
                Some(found) => (found.servers, found.expires_at_ms),
                // So that they are asked for again, and the client gets them then.
                None => (Vec::new(), now_unix_ms + AGAIN_MS),
            };
            let servers = self.fixed.iter().cloned().chain(issued).collect();
            IceServers { servers, expires_at_ms: Some(expires_at_ms) }
        })
    }

    fn run(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async {
            let mut pause = PAUSE;
            loop {
                let next = if self.issue_ahead(unix_ms()).await {
                    pause = PAUSE;
                    // When half of their life is left, they are issued anew.
                    let at_ms = lock(&self.ahead).as_ref().map_or(0, Credentials::fresh_until_ms);
                    Duration::from_millis(at_ms.saturating_sub(unix_ms()).max(MIN_WAIT_MS))
                } else {
                    let next = pause;
                    pause = (pause * 2).min(MAX_PAUSE);
                    next
                };
                sleep(next).await;
            }
        })
    }

    fn counts(&self) -> IceCounts {
        IceCounts { issued: self.issued.load(Ordering::Relaxed), failed: self.failed.load(Ordering::Relaxed) }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
