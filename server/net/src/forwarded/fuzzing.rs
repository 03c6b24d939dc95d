//! The entry point of the fuzz target for `X-Forwarded-For` and `Forwarded`.

use http::{HeaderMap, HeaderName, HeaderValue};

use super::client_addr;
use crate::address::IpNetworks;

/// Arbitrary bytes from a client do not change what the proxy says after them, in the same line or in another.
///
/// # Panics
///
/// When they do.
pub fn forwarded(bytes: &[u8]) {
    let trusted: IpNetworks = "10.0.0.0/8".parse().into_iter().collect();
    let peer = ([10, 0, 0, 1], 80).into();
    for (name, of_proxy) in [("x-forwarded-for", "192.0.2.1"), ("forwarded", "for=192.0.2.1")] {
        let name = HeaderName::from_static(name);
        let appended = [bytes, b", ", of_proxy.as_bytes()].concat();
        let Ok(appended) = HeaderValue::from_bytes(&appended) else { return };
        let Ok(sent) = HeaderValue::from_bytes(bytes) else { return };
        let one_line = HeaderMap::from_iter([(name.clone(), appended)]);
        assert_eq!(client_addr(&one_line, peer, &trusted).to_string(), "192.0.2.1:0");
        let mut two_lines = HeaderMap::from_iter([(name.clone(), sent.clone())]);
        two_lines.append(name.clone(), HeaderValue::from_static(of_proxy));
        assert_eq!(client_addr(&two_lines, peer, &trusted).to_string(), "192.0.2.1:0");
        // Alone they must only be read.
        client_addr(&HeaderMap::from_iter([(name, sent)]), peer, &trusted);
    }
}
