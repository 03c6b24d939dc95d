//! Addresses of clients: networks, the source that an address counts towards, and how often a source may do something.

mod network;
mod rate;

use std::net::IpAddr;

pub use self::{
    network::{IpNetwork, IpNetworks, NetworkError},
    rate::SourceRate,
};

/// Returns the address that limits count: an IPv4 address, or an IPv6 /64, since one host commonly has a whole /64 (RFC
/// 6177).
pub fn source_of(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) & !u128::from(u64::MAX)).into()),
        v4 => v4,
    }
}
