//! URLs of STUN and TURN servers (RFC 7064, RFC 7065).

use http::uri::Authority;

/// Where a server is, and how to talk to it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct IceUrl {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) is_turn: bool,
    pub(super) is_tls: bool,
    pub(super) is_tcp: bool,
}

impl IceUrl {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once(':')?;
        let (is_turn, is_tls) = match scheme {
            "stun" => (false, false),
            "stuns" => (false, true),
            "turn" => (true, false),
            "turns" => (true, true),
            _ => return None,
        };
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let is_tcp = match query {
            "" => is_tls,
            "transport=udp" if is_turn => false,
            "transport=tcp" if is_turn => true,
            _ => return None,
        };
        let place: Authority = place.parse().ok().filter(|_| !place.contains('@'))?;
        // A port that is not a number of 16 bits.
        if place.port_u16().is_none() && place.as_str() != place.host() {
            return None;
        }
        let host = place.host().trim_matches(['[', ']']).to_owned();
        let port = place.port_u16().unwrap_or(if is_tls { 5349 } else { 3478 });
        Some(Self { host, port, is_turn, is_tls, is_tcp })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_parsed() {
        let parsed = |text| IceUrl::parse(text).map(|url| (url.host, url.port, url.is_turn, url.is_tls, url.is_tcp));
        let found = |host: &str, port, is_turn, is_tls, is_tcp| Some((host.to_owned(), port, is_turn, is_tls, is_tcp));
        assert_eq!(parsed("stun:stun.example.com"), found("stun.example.com", 3478, false, false, false));
        assert_eq!(parsed("turn:10.0.0.1:80?transport=tcp"), found("10.0.0.1", 80, true, false, true));
        assert_eq!(parsed("turns:[2001:db8::1]"), found("2001:db8::1", 5349, true, true, true));
        for wrong in ["", "turn", "turn:", "http://x", "turn:x?transport=sctp", "turn:x:99999", "stun:a b", "turn:u@x"]
        {
            assert_eq!(parsed(wrong), None, "{wrong}");
        }
    }
}
