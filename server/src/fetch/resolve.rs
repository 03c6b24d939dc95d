//! The addresses of a host.

use std::{io, net::SocketAddr, sync::Arc};

use tokio::{
    net::lookup_host,
    sync::Mutex,
    time::{Duration, Instant},
};

/// How long addresses are used for further connections.
const MAX_AGE: Duration = Duration::from_secs(1);

/// Looks up one host, once at a time: a lookup takes a thread, for as long as name servers do not answer, and cannot be ended.
/// Connections that are opened together use the same result.
pub(super) struct Resolver {
    host: String,
    port: u16,
    known: Arc<Mutex<Known>>,
}

/// Addresses, and when they were found.
type Known = Option<(Arc<[SocketAddr]>, Instant)>;

impl Resolver {
    pub(super) fn new(host: &str, port: u16) -> Self {
        Self { host: host.to_owned(), port, known: Arc::default() }
    }

    /// Returns the addresses.
    ///
    /// # Errors
    ///
    /// If there are none, or name servers do not answer.
    pub(super) async fn addresses(&self) -> io::Result<Arc<[SocketAddr]>> {
        let mut known = self.known.clone().lock_owned().await;
        if let Some((addresses, _)) = known.as_ref().filter(|(_, at)| at.elapsed() < MAX_AGE) {
            return Ok(addresses.clone());
        }
        let (host, port) = (self.host.clone(), self.port);
        // A task, so that the lock is held until the lookup has ended, also if the caller waits no longer.
        let lookup = tokio::spawn(async move {
            let found: Arc<[SocketAddr]> = lookup_host((host, port)).await?.collect();
            *known = Some((found.clone(), Instant::now()));
            Ok(found)
        });
        lookup.await.map_err(io::Error::other)?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_looked_up_is_used_again() {
        let resolver = Resolver::new("localhost", 80);
        let found = resolver.addresses().await.expect("this machine");
        assert!(found.iter().all(|address| address.ip().is_loopback() && address.port() == 80), "{found:?}");
        assert!(Arc::ptr_eq(&found, &resolver.addresses().await.expect("this machine")));
    }

    #[tokio::test]
    async fn a_lookup_that_is_under_way_is_waited_for() {
        let resolver = Resolver::new("localhost", 80);
        let under_way = resolver.known.clone().lock_owned().await;
        let mut second = Box::pin(resolver.addresses());
        assert!(futures_util::poll!(&mut second).is_pending());
        drop(under_way);
        second.await.expect("this machine");
    }
}
