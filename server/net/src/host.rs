//! Host names: under which names a server on loopback answers requests about its rooms.
//!
//! The owner of a domain can make it resolve to 127.0.0.1 (DNS rebinding). A page of that domain then has the same
//! origin as the server: its browser sends no `Origin` with its requests, and lets it read the responses. The `Host` of
//! such a request still names the domain.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName, StatusCode, Uri, header, uri::Authority};

use crate::http_error::HttpError;

/// The host names that requests may use. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Hosts(Arc<Rule>);

#[derive(Debug)]
enum Rule {
    Any,
    Own(Vec<String>),
}

impl Hosts {
    /// Allows every name, for a server that other machines can reach anyway.
    pub fn any() -> Self {
        Self(Arc::new(Rule::Any))
    }

    /// Allows `localhost`, IP addresses and these names, and refuses requests forwarded by a proxy: for a server on
    /// loopback without authentication.
    pub fn own_and(names: Vec<String>) -> Self {
        Self(Arc::new(Rule::Own(names)))
    }

    /// Returns whether the host name of a request is allowed.
    pub fn allow(&self, uri: &Uri, headers: &HeaderMap) -> bool {
        match &*self.0 {
            Rule::Any => true,
            Rule::Own(names) => {
                !is_forwarded(uri, headers)
                    || authority(uri, headers)
                        .and_then(host_of)
                        .is_some_and(|host| names.iter().any(|name| name.eq_ignore_ascii_case(&host)))
            }
        }
    }

    /// Returns the response to a request that [`allow`](Self::allow) refuses.
    pub fn refusal() -> HttpError {
        let hint = "this server listens on loopback and shows its rooms under localhost or an IP address only: add the \
                    host name of the request to cors.allowed_hosts in the configuration, or to \
                    WIGWAG_CORS__ALLOWED_HOSTS";
        HttpError::new(StatusCode::FORBIDDEN, "FORBIDDEN", hint)
    }
}

/// Returns whether a request was made for another machine although its connection may be local: its host name is not
/// `localhost` or an IP address, or it has a header of a proxy. A proxy that hides both cannot be told from a local
/// program.
pub fn is_forwarded(uri: &Uri, headers: &HeaderMap) -> bool {
    !authority(uri, headers).is_none_or(names_this_machine) || FORWARDED.iter().any(|name| headers.contains_key(name))
}

/// The headers with which proxies name the client (RFC 7239, and its predecessors).
const FORWARDED: [HeaderName; 3] =
    [header::FORWARDED, HeaderName::from_static("x-forwarded-for"), HeaderName::from_static("x-real-ip")];

/// Returns the host name and port of a request: `:authority` of HTTP/2, `Host` of HTTP/1.1.
fn authority<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    let authority = uri.authority().map(Authority::as_str);
    // A value that is not text counts as the name of another machine.
    authority.or_else(|| headers.get(header::HOST).map(|host| host.to_str().unwrap_or_default()))
}

/// Returns whether this is `localhost` or an IP address, which a third party cannot make resolve to this machine.
fn names_this_machine(authority: &str) -> bool {
    host_of(authority)
        .is_some_and(|host| host.eq_ignore_ascii_case("localhost") || host.parse::<std::net::IpAddr>().is_ok())
}

fn host_of(authority: &str) -> Option<String> {
    let authority: Authority = authority.parse().ok()?;
    Some(authority.host().trim_start_matches('[').trim_end_matches(']').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_host(host: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::HOST, host.parse().expect("a header"))])
    }

    #[test]
    fn only_names_of_this_machine_are_local() {
        for local in ["localhost", "LOCALHOST:8080", "127.0.0.1:80", "[::1]:8080", "10.0.0.1"] {
            assert!(names_this_machine(local), "{local}");
        }
        for other in ["example.com", "localhost.evil.example:8080", "127.0.0.1.evil.example", ""] {
            assert!(!names_this_machine(other), "{other}");
        }
    }

    #[test]
    fn other_names_are_allowed_one_by_one_or_all() {
        let allow = |hosts: &Hosts, host: &str| hosts.allow(&Uri::from_static("/rooms"), &with_host(host));
        let own = Hosts::own_and(Vec::new());
        assert!(allow(&own, "localhost:8080") && !allow(&own, "rooms.example:8080"));
        let named = Hosts::own_and(vec!["rooms.example".to_owned()]);
        assert!(allow(&named, "Rooms.example:8080") && allow(&named, "127.0.0.1") && !allow(&named, "evil.example"));
        assert!(allow(&Hosts::any(), "evil.example"));
    }

    #[test]
    fn what_a_proxy_forwards_is_refused_under_any_name() {
        let hosts = Hosts::own_and(Vec::new());
        for name in ["forwarded", "x-forwarded-for", "X-Real-IP"] {
            let mut headers = with_host("127.0.0.1:8080");
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
            headers.insert(name.clone(), "203.0.113.9".parse().expect("a header"));
            assert!(!hosts.allow(&Uri::from_static("/rooms"), &headers), "{name}");
        }
    }

    #[test]
    fn the_name_of_an_http2_request_is_its_authority() {
        let hosts = Hosts::own_and(Vec::new());
        assert!(!hosts.allow(&Uri::from_static("http://evil.example/rooms"), &HeaderMap::new()));
        assert!(hosts.allow(&Uri::from_static("http://localhost:1/rooms"), &HeaderMap::new()));
        assert!(hosts.allow(&Uri::from_static("/rooms"), &HeaderMap::new()));
    }
}
