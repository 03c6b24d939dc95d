//! Limits the number of connections, in total and per address, and refuses denied addresses.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};

use super::{DeniedNetworks, ListenerConfig, ListenerStats, ProxyProtocol, client_addr::Peer};
use crate::address::{IpNetworks, SourceRate, source_of};

/// Counts connections and refuses those over a limit. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Admission {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    max: usize,
    /// 0 = no limit.
    max_per_ip: usize,
    rate: Option<SourceRate>,
    uncapped: IpNetworks,
    trusted: IpNetworks,
    proxy_protocol: ProxyProtocol,
    denied: DeniedNetworks,
    // A plain mutex: held for one map operation, never across an await.
    counts: Mutex<Counts>,
    stats: Arc<ListenerStats>,
}

#[derive(Debug, Default)]
struct Counts {
    total: usize,
    per_source: HashMap<IpAddr, usize>,
}

impl Admission {
    /// Creates the limits of a listener.
    pub(super) fn new(settings: &ListenerConfig, stats: Arc<ListenerStats>) -> Self {
        let inner = Inner {
            max: settings.max_connections,
            max_per_ip: settings.max_connections_per_ip,
            rate: SourceRate::new(settings.connections_per_second_per_ip),
            uncapped: settings.uncapped.clone(),
            trusted: settings.trusted_proxies.clone(),
            proxy_protocol: settings.proxy_protocol,
            denied: settings.denied.clone(),
            counts: Mutex::default(),
            stats,
        };
        Self { inner: Arc::new(inner) }
    }

    /// Returns a permit for a connection whose socket has this peer, or `None` if a limit is reached or the address is denied.
    /// Dropping the permit releases it.
    pub(super) fn admit(&self, socket: SocketAddr) -> Option<Permit> {
        let inner = &self.inner;
        let peer = Peer::of_socket(socket, &inner.trusted);
        {
            let mut counts = inner.counts.lock().unwrap_or_else(PoisonError::into_inner);
            if counts.total >= inner.max {
                inner.stats.count_refused();
                return None;
            }
            counts.total += 1;
        }
        inner.stats.opened();
        let awaits_header = peer.is_proxy && inner.proxy_protocol == ProxyProtocol::Required;
        let mut permit = Permit { admission: self.clone(), source: None, peer, awaits_header };
        // Whose connection it is, is known later.
        if !awaits_header && !permit.admits(peer) {
            inner.stats.not_opened();
            return None;
        }
        Some(permit)
    }
}

/// Counts a connection towards the limits until it is dropped.
#[derive(Debug)]
pub(super) struct Permit {
    admission: Admission,
    source: Option<IpAddr>,
    peer: Peer,
    awaits_header: bool,
}

impl Permit {
    /// Returns the peer of the connection.
    pub(super) fn peer(&self) -> Peer {
        self.peer
    }

    /// Returns whether the connection begins with a header of the PROXY protocol.
    pub(super) fn awaits_header(&self) -> bool {
        self.awaits_header
    }

    /// Sets the client that a header of the PROXY protocol has named. Returns whether it is within the limits and not denied.
    pub(super) fn set_proxied(&mut self, client: SocketAddr) -> bool {
        self.peer = Peer::of_proxied(client, &self.admission.inner.trusted);
        self.admits(self.peer)
    }

    /// Counts the connection towards the limits of an address. Returns whether it is within them and not denied.
    fn admits(&mut self, peer: Peer) -> bool {
        let inner = self.admission.inner.clone();
        let ip = peer.addr.ip();
        if inner.denied.contains(ip) {
            inner.stats.count_denied();
            return false;
        }
        if peer.is_proxy || inner.uncapped.contains(ip) {
            return true;
        }
        // First: a connection over the number of them does not use up the rate.
        if inner.max_per_ip > 0 {
            let source = source_of(ip);
            let mut counts = inner.counts.lock().unwrap_or_else(PoisonError::into_inner);
            let count = counts.per_source.entry(source).or_default();
            if *count >= inner.max_per_ip {
                inner.stats.count_refused_per_ip();
                return false;
            }
            *count += 1;
            self.source = Some(source);
        }
        if inner.rate.as_ref().is_some_and(|rate| rate.check(ip).is_err()) {
            inner.stats.count_refused_per_ip();
            return false;
        }
        true
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let inner = &self.admission.inner;
        let mut counts = inner.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.total -= 1;
        if let Some(source) = self.source
            && let Some(count) = counts.per_source.get_mut(&source)
        {
            *count -= 1;
            if *count == 0 {
                counts.per_source.remove(&source);
            }
        }
        drop(counts);
        inner.stats.closed();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admission(change: impl FnOnce(&mut ListenerConfig)) -> (Admission, Arc<ListenerStats>) {
        let (mut settings, stats) = (ListenerConfig::default(), Arc::new(ListenerStats::default()));
        change(&mut settings);
        (Admission::new(&settings, stats.clone()), stats)
    }

    fn from(ip: &str) -> SocketAddr {
        SocketAddr::new(ip.parse().expect("an address"), 4711)
    }

    fn networks(texts: &[&str]) -> IpNetworks {
        texts.iter().map(|text| text.parse::<crate::address::IpNetwork>().expect("a network")).collect()
    }

    #[test]
    fn the_total_is_limited_and_permits_are_released() {
        let (admission, stats) = admission(|settings| settings.max_connections = 2);
        let first = admission.admit(from("127.0.0.1"));
        let second = admission.admit(from("127.0.0.1"));
        assert!(first.is_some() && second.is_some());
        assert!(admission.admit(from("127.0.0.1")).is_none());
        drop(first);
        assert!(admission.admit(from("127.0.0.1")).is_some());
        assert_eq!((stats.accepted(), stats.refused(), stats.open()), (3, 1, 1));
    }

    #[test]
    fn addresses_are_counted_separately_and_an_ipv6_network_as_one() {
        let (admission, stats) = admission(|settings| settings.max_connections_per_ip = 1);
        let _v4 = admission.admit(from("192.0.2.1")).expect("first");
        assert!(admission.admit(from("::ffff:192.0.2.1")).is_none(), "the same address in its mapped form");
        let v6 = admission.admit(from("2001:db8::1")).expect("first of its network");
        assert!(admission.admit(from("2001:db8::2")).is_none());
        assert!(admission.admit(from("2001:db8:0:1::1")).is_some());
        drop(v6);
        assert!(admission.admit(from("2001:db8::2")).is_some());
        assert_eq!((stats.refused_per_ip(), stats.refused(), stats.accepted(), stats.open()), (2, 2, 4, 1));
    }

    #[test]
    fn an_address_that_connects_too_often_is_refused() {
        let (admission, stats) = admission(|settings| settings.connections_per_second_per_ip = 2);
        assert_eq!((0..100).filter(|_| admission.admit(from("192.0.2.1")).is_some()).count(), 20);
        assert!(admission.admit(from("192.0.2.2")).is_some());
        assert_eq!((stats.refused_per_ip(), stats.open()), (80, 0));
    }

    #[test]
    fn proxies_and_this_machine_are_not_capped() {
        let (admission, stats) = admission(|settings| {
            (settings.max_connections_per_ip, settings.connections_per_second_per_ip) = (1, 1);
            settings.uncapped = IpNetworks::loopback();
            settings.trusted_proxies = networks(&["10.0.0.0/8"]);
        });
        let all: Vec<_> = ["127.0.0.1", "::1", "10.1.2.3"]
            .iter()
            .flat_map(|ip| (0..1_000).map(|_| admission.admit(from(ip))))
            .collect();
        assert!(all.iter().all(Option::is_some));
        assert_eq!(stats.refused(), 0);
    }

    #[test]
    fn the_client_that_a_header_names_is_capped_and_not_the_proxy() {
        let (admission, stats) = admission(|settings| {
            settings.max_connections_per_ip = 1;
            settings.trusted_proxies = networks(&["10.0.0.0/8"]);
            settings.proxy_protocol = ProxyProtocol::Required;
            settings.denied.set(networks(&["198.51.100.0/24"]));
        });
        let proxied = || {
            let permit = admission.admit(from("10.0.0.1")).expect("a proxy");
            assert!(permit.awaits_header());
            permit
        };
        let (mut first, mut second, mut other, mut denied) = (proxied(), proxied(), proxied(), proxied());
        assert!(first.set_proxied(from("192.0.2.1")));
        assert!(!second.set_proxied(from("192.0.2.1")), "the second of one address");
        assert!(other.set_proxied(from("192.0.2.2")));
        assert!(!denied.set_proxied(from("198.51.100.7")));
        drop((first, second));
        assert!(proxied().set_proxied(from("192.0.2.1")), "its place is free again");
        // Others have no header.
        assert!(!admission.admit(from("192.0.2.9")).expect("a client").awaits_header());
        assert_eq!((stats.refused_per_ip(), stats.denied()), (1, 1));
    }

    #[test]
    fn denied_addresses_are_refused_until_they_are_not() {
        let (admission, stats) = admission(|_| {});
        let denied = admission.inner.denied.clone();
        denied.set(networks(&["192.0.2.0/24", "2001:db8::/32"]));
        for ip in ["192.0.2.1", "::ffff:192.0.2.1", "2001:db8::9"] {
            assert!(admission.admit(from(ip)).is_none(), "{ip}");
        }
        assert!(admission.admit(from("192.0.3.1")).is_some());
        denied.set(IpNetworks::default());
        assert!(admission.admit(from("192.0.2.1")).is_some());
        assert_eq!((stats.denied(), stats.refused(), stats.open(), stats.accepted()), (3, 0, 0, 2));
    }
}
