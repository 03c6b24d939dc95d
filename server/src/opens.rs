//! Limits how often the clients of one address open sessions.

use std::net::IpAddr;
use std::time::Duration;

use wigwag_net::address::{IpNetworks, SourceRate};
use wigwag_node::config::LimitOpens;

/// Sessions that the clients of one address open or resume, per second.
#[derive(Debug)]
pub(crate) struct OpensPerAddress {
    rate: SourceRate,
    /// Addresses that are not limited: those of this machine, and of proxies that do not say for whom they call.
    uncapped: IpNetworks,
}

impl OpensPerAddress {
    /// Creates the limit. `None` if `per_second` is 0, which means that there is none.
    pub(crate) fn new(per_second: u32, uncapped: IpNetworks) -> Option<Self> {
        Some(Self { rate: SourceRate::new(per_second)?, uncapped })
    }
}

impl LimitOpens for OpensPerAddress {
    fn check(&self, ip: IpAddr) -> Result<(), Duration> {
        if self.uncapped.contains(ip) { Ok(()) } else { self.rate.check(ip) }
    }
}
