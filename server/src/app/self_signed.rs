//! A certificate for this machine that is made at the start, for phones and other machines on a LAN.

use std::collections::BTreeSet;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};

use rcgen::{CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, SanType};
use time::{Duration, OffsetDateTime};
use wigwag_net::tls::CertificateSource;

/// How long the certificate is valid. It is made anew at each start.
const VALID: Duration = Duration::days(90);
/// The clocks of phones may be slow.
const CLOCK_SKEW: Duration = Duration::days(1);

/// Makes a certificate for `localhost`, the name of this machine, and its addresses.
///
/// # Errors
///
/// No key could be made.
pub(super) fn certificate(listen: IpAddr) -> Result<CertificateSource, rcgen::Error> {
    let mut params = CertificateParams::default();
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, "Wigwag, self-signed");
    params.distinguished_name = name;
    params.subject_alt_names = names(listen);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let now = now();
    (params.not_before, params.not_after) = (now - CLOCK_SKEW, now + VALID);
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    Ok(CertificateSource::Der { chain: vec![certificate.der().clone()], key: key.into() })
}

fn names(listen: IpAddr) -> Vec<SanType> {
    let mut names = vec!["localhost".to_owned()];
    if let Some(host) = host_name() {
        if !host.contains('.') {
            names.push(format!("{host}.local"));
        }
        names.push(host);
    }
    let loopback = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    let listen = Some(listen).filter(|ip| !ip.is_unspecified());
    let addresses: BTreeSet<IpAddr> = loopback.into_iter().chain(listen).chain(lan_addresses()).collect();
    let names = names.into_iter().filter_map(|name| Some(SanType::DnsName(name.try_into().ok()?)));
    names.chain(addresses.into_iter().map(SanType::IpAddress)).collect()
}

/// Returns the addresses under which other machines reach this one: first that of the route to the internet.
pub(super) fn lan_addresses() -> Vec<IpAddr> {
    let is_lan = |ip: &IpAddr| match ip {
        IpAddr::V4(ip) => !ip.is_loopback() && !ip.is_link_local() && !ip.is_unspecified(),
        IpAddr::V6(ip) => !ip.is_loopback() && !ip.is_unicast_link_local() && !ip.is_unspecified(),
    };
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let mut addresses: Vec<IpAddr> = default_address().into_iter().collect();
    addresses.extend(interfaces.iter().map(|interface| interface.ip()));
    addresses.retain(is_lan);
    let mut seen = BTreeSet::new();
    addresses.retain(|ip| seen.insert(*ip));
    addresses
}

/// Returns the address of this machine on the network with the route to the internet. Nothing is sent: connecting a UDP
/// socket only looks up the route. The address is one of those for documentation (RFC 5737).
fn default_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
    socket.local_addr().ok().map(|addr| addr.ip())
}

fn host_name() -> Option<String> {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").or_else(|_| std::env::var("HOSTNAME")).ok()?;
    let name = name.trim().to_ascii_lowercase();
    let valid = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-.".contains(c));
    (valid && name != "localhost").then_some(name)
}

// Certificates are valid by the wall clock.
#[allow(clippy::disallowed_methods)]
fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_this_machine() {
        let names = names(IpAddr::V4(Ipv4Addr::new(192, 168, 7, 7)));
        for ip in ["127.0.0.1", "::1", "192.168.7.7"] {
            assert!(names.contains(&SanType::IpAddress(ip.parse().expect("an address"))), "{ip}: {names:?}");
        }
        assert!(names.contains(&SanType::DnsName("localhost".try_into().expect("a name"))), "{names:?}");
        let unspecified = SanType::IpAddress(Ipv4Addr::UNSPECIFIED.into());
        assert!(!super::names(Ipv4Addr::UNSPECIFIED.into()).contains(&unspecified));
    }
}
