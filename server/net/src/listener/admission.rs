//! Limits the number of connections, in total and per address.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use super::ListenerStats;

/// Counts connections and refuses those over a limit. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Admission {
    max: usize,
    max_per_ip: usize,
    // A plain mutex: held for one map operation, never across an await.
    counts: Arc<Mutex<Counts>>,
    stats: Arc<ListenerStats>,
}

#[derive(Debug, Default)]
struct Counts {
    total: usize,
    per_source: HashMap<IpAddr, usize>,
}

impl Admission {
    /// Creates the limits. `max_per_ip` 0 means that there is no limit per address.
    pub(super) fn new(max: usize, max_per_ip: usize, stats: Arc<ListenerStats>) -> Self {
        Self { max, max_per_ip, counts: Arc::default(), stats }
    }

    /// Returns a permit for a connection from `ip`, or `None` if a limit is reached. Dropping the permit releases it.
    pub(super) fn admit(&self, ip: IpAddr) -> Option<Permit> {
        let source = (self.max_per_ip > 0).then(|| source_of(ip));
        {
            let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
            let full = counts.total >= self.max
                || source.is_some_and(|s| counts.per_source.get(&s).is_some_and(|n| *n >= self.max_per_ip));
            if full {
                self.stats.count_refused();
                return None;
            }
            counts.total += 1;
            if let Some(source) = source {
                *counts.per_source.entry(source).or_default() += 1;
            }
        }
        self.stats.opened();
        Some(Permit { admission: self.clone(), source })
    }
}

/// Counts a connection towards the limits until it is dropped.
#[derive(Debug)]
pub(super) struct Permit {
    admission: Admission,
    source: Option<IpAddr>,
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut counts = self.admission.counts.lock().unwrap_or_else(PoisonError::into_inner);
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
        self.admission.stats.closed();
    }
}

/// Returns the address that is counted: an IPv4 address, or an IPv6 /64, since one host commonly has a whole /64 (RFC
/// 6177).
fn source_of(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) & !u128::from(u64::MAX)).into()),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn the_total_is_limited_and_permits_are_released() {
        let stats = Arc::new(ListenerStats::default());
        let admission = Admission::new(2, 0, stats.clone());
        let first = admission.admit(ip("127.0.0.1"));
        let second = admission.admit(ip("127.0.0.1"));
        assert!(first.is_some() && second.is_some());
        assert!(admission.admit(ip("127.0.0.1")).is_none());
        drop(first);
        assert!(admission.admit(ip("127.0.0.1")).is_some());
        assert_eq!((stats.accepted(), stats.refused(), stats.open()), (3, 1, 1));
    }

    #[test]
    fn addresses_are_counted_separately_and_an_ipv6_network_as_one() {
        let admission = Admission::new(100, 1, Arc::default());
        let _v4 = admission.admit(ip("192.0.2.1")).expect("first");
        assert!(admission.admit(ip("::ffff:192.0.2.1")).is_none(), "the same address in its mapped form");
        let v6 = admission.admit(ip("2001:db8::1")).expect("first of its network");
        assert!(admission.admit(ip("2001:db8::2")).is_none());
        assert!(admission.admit(ip("2001:db8:0:1::1")).is_some());
        drop(v6);
        assert!(admission.admit(ip("2001:db8::2")).is_some());
    }
}
