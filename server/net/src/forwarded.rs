//! The header fields in which proxies say where a request came from: `X-Forwarded-For`, and `Forwarded` (RFC 7239).
//!
//! Each proxy appends the address that it was called from, so that the list is read from its end: what a trusted proxy wrote
//! is true, and what comes before that arrived with the request and may be anything.

#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;

use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, HeaderName, header::FORWARDED};

use crate::address::IpNetworks;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Returns the client's address: the last in the list that is not a trusted proxy's, or the first if all are. `peer` is the
/// trusted proxy that the request came from.
///
/// With both fields `X-Forwarded-For` counts: most proxies write that one, and pass a `Forwarded` on as it came. An entry that
/// names no address (`unknown`, `_hidden`, or anything else) ends the list: what comes before it is not looked at, and the
/// address is that of the proxy that has written it.
pub fn client_addr(headers: &HeaderMap, peer: SocketAddr, trusted: &IpNetworks) -> SocketAddr {
    if headers.contains_key(&X_FORWARDED_FOR) {
        let lines = headers.get_all(&X_FORWARDED_FOR).iter().rev();
        let entries = lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
        return last_untrusted(without_empty(entries).map(node), peer, trusted);
    }
    let lines = headers.get_all(FORWARDED).iter().rev();
    let elements = lines.flat_map(|line| rsplit_unquoted(line.as_bytes(), b','));
    last_untrusted(without_empty(elements).map(forwarded_for), peer, trusted)
}

fn without_empty<'a>(entries: impl Iterator<Item = &'a [u8]>) -> impl Iterator<Item = &'a [u8]> {
    entries.filter(|entry| !entry.trim_ascii().is_empty())
}

fn last_untrusted(
    nodes: impl Iterator<Item = Option<SocketAddr>>,
    peer: SocketAddr,
    trusted: &IpNetworks,
) -> SocketAddr {
    let mut client = peer;
    for node in nodes {
        let Some(node) = node else { break };
        client = node;
        if !trusted.contains(node.ip()) {
            break;
        }
    }
    client
}

/// Splits a value at a separator, except within quoted strings (RFC 9110, section 5.6.4), from its end: a quote that the client
/// has opened in front of what the proxy appended must not hide that.
fn rsplit_unquoted(value: &[u8], separator: u8) -> Vec<&[u8]> {
    let (mut found, mut end, mut quoted) = (Vec::new(), value.len(), false);
    for (at, &byte) in value.iter().enumerate().rev() {
        match byte {
            b'"' if quoted && is_escaped(value, at) => {}
            b'"' => quoted = !quoted,
            _ if byte == separator && !quoted => {
                found.push(&value[at + 1..end]);
                end = at;
            }
            _ => {}
        }
    }
    found.push(&value[..end]);
    found
}

/// Returns whether an odd number of backslashes comes before a byte.
fn is_escaped(value: &[u8], at: usize) -> bool {
    value[..at].iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

/// Returns the address in an element of `Forwarded`: that of its only parameter `for`.
fn forwarded_for(element: &[u8]) -> Option<SocketAddr> {
    let mut found = None;
    for pair in without_empty(rsplit_unquoted(element, b';').into_iter()) {
        let at = pair.iter().position(|byte| *byte == b'=')?;
        let (name, value) = (pair[..at].trim_ascii(), pair[at + 1..].trim_ascii());
        if name.eq_ignore_ascii_case(b"for") {
            if found.is_some() {
                return None;
            }
            found = Some(node(value)?);
        }
    }
    found
}

/// Reads an address with or without a port, and with or without quotes: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`,
/// `[2001:db8::1]`, `"[2001:db8::1]:80"`. A port may also be obfuscated (`_x`).
fn node(text: &[u8]) -> Option<SocketAddr> {
    let text = std::str::from_utf8(text).ok()?.trim_ascii();
    let text = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
    if let Ok(ip) = text.parse::<IpAddr>() {
        return Some(SocketAddr::new(ip.to_canonical(), 0));
    }
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']')?;
            (host.parse().ok().map(IpAddr::V6)?, if rest.is_empty() { None } else { Some(rest.strip_prefix(':')?) })
        }
        None => {
            let (host, port) = text.split_once(':')?;
            (host.parse().ok().map(IpAddr::V4)?, Some(port))
        }
    };
    let port = match port {
        None => 0,
        Some(hidden) if hidden.starts_with('_') => 0,
        Some(digits) if (1..=5).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) => {
            digits.parse().ok()?
        }
        Some(_) => return None,
    };
    Some(SocketAddr::new(host.to_canonical(), port))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    /// The proxies of these tests: `10.0.0.0/8` and `2001:db8:1::/48`.
    fn client(lines: &[(&str, &str)]) -> String {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
            headers.append(name, HeaderValue::from_bytes(value.as_bytes()).expect("a value"));
        }
        let trusted = ["10.0.0.0/8", "2001:db8:1::/48"].map(|text| text.parse().expect("a network"));
        let peer = "10.0.0.1:4000".parse().expect("an address");
        client_addr(&headers, peer, &trusted.into_iter().collect()).to_string()
    }

    #[test]
    fn the_last_address_that_is_no_proxy_is_the_client() {
        let hops = |value| client(&[("x-forwarded-for", value)]);
        assert_eq!(hops("192.0.2.1"), "192.0.2.1:0");
        assert_eq!(hops("198.51.100.9, 192.0.2.1"), "192.0.2.1:0", "what the client wrote itself");
        assert_eq!(hops("192.0.2.1, 10.0.0.7, 10.0.0.8"), "192.0.2.1:0", "two proxies between");
        assert_eq!(hops("127.0.0.1, 192.0.2.1,10.0.0.7"), "192.0.2.1:0");
        assert_eq!(hops("10.0.0.9, 10.0.0.8"), "10.0.0.9:0", "all are proxies");
        assert_eq!(hops(",, 192.0.2.1 ,"), "192.0.2.1:0", "empty entries");
        assert_eq!(client(&[]), "10.0.0.1:4000", "a request of the proxy itself");
        assert_eq!(hops(""), "10.0.0.1:4000");
    }

    #[test]
    fn several_lines_are_one_list() {
        let lines =
            [("x-forwarded-for", "198.51.100.9"), ("x-forwarded-for", "192.0.2.1"), ("x-forwarded-for", "10.0.0.7")];
        assert_eq!(client(&lines), "192.0.2.1:0");
        assert_eq!(client(&[("forwarded", "for=192.0.2.1"), ("forwarded", "for=10.0.0.7;proto=https")]), "192.0.2.1:0");
    }

    #[test]
    fn addresses_are_read_in_every_form() {
        for (text, address) in [
            ("192.0.2.1:4711", "192.0.2.1:4711"),
            ("\"192.0.2.1:4711\"", "192.0.2.1:4711"),
            ("2001:db8::1", "[2001:db8::1]:0"),
            ("[2001:db8::1]", "[2001:db8::1]:0"),
            ("[2001:db8::1]:4711", "[2001:db8::1]:4711"),
            ("\"[2001:db8::1]:_port\"", "[2001:db8::1]:0"),
            ("::ffff:192.0.2.1", "192.0.2.1:0"),
            ("[::ffff:192.0.2.1]:5", "192.0.2.1:5"),
        ] {
            assert_eq!(client(&[("x-forwarded-for", text)]), address, "{text}");
            let quoted = format!(
                "proto=https; For={};by=10.0.0.1",
                if text.starts_with('"') { text.to_owned() } else { format!("\"{text}\"") }
            );
            assert_eq!(client(&[("forwarded", &quoted)]), address, "{quoted}");
        }
    }

    #[test]
    fn what_is_no_address_ends_the_list() {
        for hidden in [
            "unknown",
            "_hidden",
            "_SEVKISEK",
            "localhost",
            "192.0.2.256",
            "192.0.2.1:",
            "192.0.2.1:99999",
            "192.0.2.1:1:2",
            "[2001:db8::1",
            "[2001:db8::1]4711",
            "[192.0.2.1]",
            "2001:db8::1%eth0",
            "\u{fffd}",
            "\"",
            "192.0.2.1 203.0.113.1",
        ] {
            let value = format!("198.51.100.9, {hidden}, 10.0.0.7");
            assert_eq!(client(&[("x-forwarded-for", &value)]), "10.0.0.7:0", "{hidden:?}");
            assert_eq!(client(&[("x-forwarded-for", hidden)]), "10.0.0.1:4000", "{hidden:?}");
            assert_eq!(
                client(&[("forwarded", &format!("for=198.51.100.9, for={hidden}"))]),
                "10.0.0.1:4000",
                "{hidden:?}"
            );
        }
        for element in ["proto=https", "for", "for=192.0.2.1;for=192.0.2.2", "=", "for=", "192.0.2.1"] {
            assert_eq!(client(&[("forwarded", element)]), "10.0.0.1:4000", "{element:?}");
        }
    }

    #[test]
    fn with_both_fields_the_one_that_proxies_write_counts() {
        assert_eq!(client(&[("forwarded", "for=198.51.100.9"), ("x-forwarded-for", "192.0.2.1")]), "192.0.2.1:0");
    }

    #[test]
    fn quoted_separators_do_not_separate() {
        assert_eq!(client(&[("forwarded", r#"for=192.0.2.1;host="a,for=198.51.100.9;b\",""#)]), "192.0.2.1:0");
        assert_eq!(
            client(&[("forwarded", r#"for=", for=192.0.2.1"#)]),
            "192.0.2.1:0",
            "a quote that the client opened"
        );
        assert_eq!(client(&[("x-forwarded-for", r#"", 192.0.2.1"#)]), "192.0.2.1:0");
    }

    #[test]
    fn whatever_the_client_sends_the_proxy_is_believed() {
        for forged in
            [&b"\""[..], b"for=\"\\", b"\xff\xfe", b"for=1.2.3.4, \"", b"\\\"\\", b"for=\"[", b";;,,==", b"\"\""]
        {
            fuzzing::forwarded(forged);
        }
    }

    #[test]
    fn a_hundred_entries_are_as_good_as_one() {
        let forged = vec!["198.51.100.9"; 99].join(", ");
        assert_eq!(client(&[("x-forwarded-for", &format!("{forged}, 192.0.2.1"))]), "192.0.2.1:0");
        let proxies = vec!["10.0.0.7"; 99].join(", ");
        assert_eq!(client(&[("x-forwarded-for", &format!("192.0.2.1, {proxies}"))]), "192.0.2.1:0");
    }
}
