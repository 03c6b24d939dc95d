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

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::config::Config;

    fn of_default(trusted: &str) -> OpensPerAddress {
        let mut config = Config::default();
        config.connections.trusted_proxies = toml::from_str::<toml::Table>(trusted)
            .ok()
            .and_then(|mut table| table.remove("proxies")?.try_into().ok())
            .expect("networks");
        OpensPerAddress::new(config.session.opens_per_second_per_ip, config.uncapped()).expect("a limit by default")
    }

    #[test]
    fn an_office_behind_one_address_is_refused_nothing() {
        let opens = of_default("proxies = []");
        let office = IpAddr::from([192, 0, 2, 1]);
        // 500 people with four pages each, all at once.
        assert!((0..2_000).all(|_| opens.check(office).is_ok()));
        let flood = (0..100_000).filter(|_| opens.check(office).is_err()).count();
        assert!(flood > 50_000, "{flood} refused");
    }

    #[test]
    fn fifteen_thousand_sessions_that_return_through_a_proxy_are_refused_nothing() {
        let opens = of_default("proxies = [\"10.0.0.1\"]");
        for proxy in [IpAddr::from([10, 0, 0, 1]), IpAddr::from([127, 0, 0, 1])] {
            assert!((0..15_000).all(|_| opens.check(proxy).is_ok()), "the proxy does not say for whom");
        }
        let clients = (0..15_000_u32).map(|n| IpAddr::from(Ipv4Addr::from(0xCB00_7100 + n)));
        assert!(clients.into_iter().all(|client| opens.check(client).is_ok()), "it says for whom");
    }
}
