//! Networks in CIDR notation (RFC 4632), and sets of them.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An address, or a network such as `10.0.0.0/8` or `2001:db8::/32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IpNetwork {
    address: IpAddr,
    prefix: u8,
}

/// Why a text is not a network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not an IP address or a network such as 10.0.0.0/8: {why}")]
pub struct NetworkError {
    text: String,
    why: &'static str,
}

impl IpNetwork {
    /// Returns whether this is all of IPv4 or all of IPv6.
    pub fn is_everything(self) -> bool {
        self.prefix == 0
    }

    /// Returns the address as a number.
    fn number(self) -> u128 {
        match self.address {
            IpAddr::V4(ip) => u32::from(ip).into(),
            IpAddr::V6(ip) => ip.into(),
        }
    }

    /// Returns the bits after the prefix.
    fn host_bits(self) -> u128 {
        let bits = if self.address.is_ipv4() { Ipv4Addr::BITS } else { Ipv6Addr::BITS };
        u128::MAX.checked_shr(u128::BITS - bits + u32::from(self.prefix)).unwrap_or(0)
    }

    /// Returns the first and the last address as numbers.
    fn range(self) -> (u128, u128) {
        (self.number(), self.number() | self.host_bits())
    }
}

impl FromStr for IpNetwork {
    type Err = NetworkError;

    /// Refuses a network with bits set after its prefix: `10.0.0.1/8` may be a mistake for either of two networks. An IPv4
    /// network in its IPv6 form (`::ffff:10.0.0.0/104`) is that IPv4 network.
    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let error = |why| NetworkError { text: text.to_owned(), why };
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| error("there is no address"))?;
        let bits = if address.is_ipv4() { Ipv4Addr::BITS } else { Ipv6Addr::BITS };
        let prefix = match prefix {
            None => bits,
            Some(digits) if digits.len() <= 3 && !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => {
                digits.parse().map_err(|_| error("the prefix is not a number"))?
            }
            Some(_) => return Err(error("the prefix is not a number")),
        };
        if prefix > bits {
            return Err(error("the prefix is longer than the address"));
        }
        let (address, prefix) = match (address, address.to_canonical()) {
            (IpAddr::V6(_), v4 @ IpAddr::V4(_)) if prefix >= 96 => (v4, prefix - 96),
            _ => (address, prefix),
        };
        let network = Self { address, prefix: u8::try_from(prefix).map_err(|_| error("the prefix is too long"))? };
        if network.host_bits() & network.number() != 0 {
            return Err(error("bits after the prefix are set"));
        }
        Ok(network)
    }
}

impl fmt::Display for IpNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.fmt(f)?;
        if self.host_bits() > 0 { write!(f, "/{}", self.prefix) } else { Ok(()) }
    }
}

impl Serialize for IpNetwork {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for IpNetwork {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// A set of networks. Looking an address up takes as long as a binary search, however many there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IpNetworks {
    // Sorted, and none touches another.
    v4: Vec<(u128, u128)>,
    v6: Vec<(u128, u128)>,
}

impl IpNetworks {
    /// Returns the addresses of this machine itself: `127.0.0.0/8` and `::1`.
    pub fn loopback() -> Self {
        Self::loopback_and([])
    }

    /// Returns those, and these networks.
    pub fn loopback_and(networks: impl IntoIterator<Item = IpNetwork>) -> Self {
        let loopback = [
            IpNetwork { address: Ipv4Addr::new(127, 0, 0, 0).into(), prefix: 8 },
            IpNetwork { address: Ipv6Addr::LOCALHOST.into(), prefix: 128 },
        ];
        loopback.into_iter().chain(networks).collect()
    }

    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }

    /// Returns whether one of them contains an address. An IPv4 address in its IPv6 form is that IPv4 address.
    pub fn contains(&self, ip: IpAddr) -> bool {
        let (ranges, number) = match ip.to_canonical() {
            IpAddr::V4(ip) => (&self.v4, u128::from(u32::from(ip))),
            IpAddr::V6(ip) => (&self.v6, u128::from(ip)),
        };
        let after = ranges.partition_point(|(first, _)| *first <= number);
        after > 0 && ranges[after - 1].1 >= number
    }
}

impl FromIterator<IpNetwork> for IpNetworks {
    fn from_iter<T: IntoIterator<Item = IpNetwork>>(networks: T) -> Self {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for network in networks {
            let ranges = if network.address.is_ipv4() { &mut v4 } else { &mut v6 };
            ranges.push(network.range());
        }
        Self { v4: joined(v4), v6: joined(v6) }
    }
}

/// Sorts ranges and joins those that overlap.
fn joined(mut ranges: Vec<(u128, u128)>) -> Vec<(u128, u128)> {
    ranges.sort_unstable();
    let mut joined: Vec<(u128, u128)> = Vec::with_capacity(ranges.len());
    for (first, last) in ranges {
        match joined.last_mut() {
            Some(before) if first <= before.1 => before.1 = before.1.max(last),
            _ => joined.push((first, last)),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(networks: &[&str]) -> IpNetworks {
        networks.iter().map(|text| text.parse::<IpNetwork>().expect("a network")).collect()
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn networks_are_written_as_they_are_read() {
        for text in ["10.0.0.0/8", "192.0.2.1", "0.0.0.0/0", "::/0", "2001:db8::/32", "::1", "2001:db8:0:1::/64"] {
            assert_eq!(text.parse::<IpNetwork>().expect(text).to_string(), text);
        }
        for (text, same) in [("192.0.2.1/32", "192.0.2.1"), ("::1/128", "::1"), ("::ffff:10.0.0.0/104", "10.0.0.0/8")] {
            assert_eq!(text.parse::<IpNetwork>().expect(text).to_string(), same);
        }
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in [
            "",
            "/",
            "/8",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0.0/-1",
            "10.0.0.0/+8",
            "10.0.0.0/8/8",
            "10.0.0.1/8",
            "10/8",
            "010.0.0.0/8",
            "::/129",
            "2001:db8::1/64",
            "localhost",
            "1.2.3.4:80",
            "[::1]",
            "*",
            " 10.0.0.0/8",
            "::/9999",
            "128.0.0.0/0",
            "8000::/0",
        ] {
            assert!(text.parse::<IpNetwork>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_set_contains_the_addresses_of_its_networks_and_no_other() {
        let set = set(&["10.0.0.0/8", "10.1.0.0/16", "192.0.2.7", "2001:db8::/32", "::1"]);
        for inside in ["10.0.0.0", "10.255.255.255", "192.0.2.7", "::ffff:192.0.2.7", "2001:db8:ffff::1", "::1"] {
            assert!(set.contains(ip(inside)), "{inside}");
        }
        for outside in ["9.255.255.255", "11.0.0.0", "192.0.2.6", "192.0.2.8", "2001:db7::", "2001:db9::", "::2", "::"]
        {
            assert!(!set.contains(ip(outside)), "{outside}");
        }
        assert!(!IpNetworks::default().contains(ip("10.0.0.0")));
        assert!(!self::set(&["::/0"]).contains(ip("::ffff:10.0.0.1")), "IPv4 is not a part of IPv6");
        assert!(self::set(&["0.0.0.0/0"]).contains(ip("255.255.255.255")));
        assert!(IpNetworks::loopback().contains(ip("127.9.9.9")) && IpNetworks::loopback().contains(ip("::1")));
    }

    #[test]
    fn a_hundred_thousand_networks_are_looked_up_one_by_one() {
        let all: IpNetworks =
            (0..100_000_u32).map(|n| IpNetwork { address: Ipv4Addr::from(n << 8).into(), prefix: 25 }).collect();
        for n in (0..100_000_u32).step_by(997) {
            assert!(all.contains(Ipv4Addr::from(n << 8).into()) && all.contains(Ipv4Addr::from((n << 8) + 127).into()));
            assert!(!all.contains(Ipv4Addr::from((n << 8) + 128).into()), "{n}");
        }
    }
}
