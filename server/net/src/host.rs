//! Host names: under which names a server on loopback answers requests about its rooms and metrics.
//!
//! The owner of a domain can make it resolve to 127.0.0.1 (DNS rebinding). A page of that domain then has the same
//! origin as the server: its browser sends no `Origin` with its requests, and lets it read the responses. The `Host` of
//! such a request still names the domain.

use std::sync::Arc;

use axum::http::{Extensions, HeaderMap, HeaderName, StatusCode, Uri, header, uri::Authority};

use crate::{http_error::HttpError, listener::ClientAddr};

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
    pub fn allow(&self, uri: &Uri, headers: &HeaderMap, extensions: &Extensions) -> bool {
        let through_proxy = ClientAddr::of(extensions).is_some_and(|client| client.through_proxy);
        match &*self.0 {
            Rule::Any => true,
            Rule::Own(names) => {
                let is_local = !through_proxy && !is_forwarded(uri, headers);
                is_local || authority(uri, headers).is_some_and(|host| is_listed(names, host))
            }
        }
    }

    /// Returns whether a page that this server serves under this host name and port is its own. Only under a name that
    /// a third party cannot make resolve to this machine, unless other machines can reach the listener anyway.
    pub(crate) fn is_own(&self, authority: &str) -> bool {
        match &*self.0 {
            Rule::Any => true,
            Rule::Own(names) => names_this_machine(authority) || is_listed(names, authority),
        }
    }

    /// Returns the response to a request that [`allow`](Self::allow) refuses.
    pub fn refusal() -> HttpError {
        let hint = "this server listens on loopback and shows its rooms and metrics under localhost or an IP address \
                    only, and not through a proxy: add the host name of the request to cors.allowed_hosts in the configuration, or to \
                    WIGWAG_CORS__ALLOWED_HOSTS";
        HttpError::new(StatusCode::FORBIDDEN, "FORBIDDEN", hint)
    }
}

/// Returns whether a request was made for another machine although its connection may be local: its host name is not
/// `localhost` or an IP address, or a header shows that a proxy forwarded it. A host name proves nothing, since the
/// client chooses it, and neither does the absence of these headers: a proxy that adds none and passes `localhost` on
/// cannot be told from a local program.
pub fn is_forwarded(uri: &Uri, headers: &HeaderMap) -> bool {
    !authority(uri, headers).is_none_or(names_this_machine) || headers.keys().any(is_proxy_header)
}

/// Returns whether proxies, load balancers and content delivery networks add this header to what they forward, and
/// programs that call a server directly do not.
fn is_proxy_header(name: &HeaderName) -> bool {
    let name = name.as_str();
    PROXY_HEADERS.contains(&name) || PROXY_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// RFC 7239 and 9110, and the headers that proxies use instead.
const PROXY_HEADERS: [&str; 19] = [
    "cdn-loop",
    "client-ip",
    "forwarded",
    "forwarded-for",
    "proxy-client-ip",
    "proxy-connection",
    "true-client-ip",
    "via",
    "wl-proxy-client-ip",
    "x-client-ip",
    "x-cloud-trace-context",
    "x-cluster-client-ip",
    "x-forwarded",
    "x-host",
    "x-originating-ip",
    "x-real-ip",
    "x-remote-addr",
    "x-remote-ip",
    "x-request-id",
];

/// Of Akamai, Amazon, App Engine, Azure, Cloudflare, Envoy, Fastly, Fly, HAProxy, Netlify, ngrok, Varnish and Vercel;
/// `x-forwarded-` and `x-original-` of most.
const PROXY_PREFIXES: [&str; 17] = [
    "akamai-",
    "cf-",
    "fastly-",
    "fly-",
    "x-akamai-",
    "x-amz-cf-",
    "x-amzn-",
    "x-appengine-",
    "x-azure-",
    "x-envoy-",
    "x-forwarded-",
    "x-haproxy-",
    "x-nf-",
    "x-ngrok-",
    "x-original-",
    "x-varnish",
    "x-vercel-",
];

/// Returns the host name and port of a request: `:authority` of HTTP/2, `Host` of HTTP/1.1.
pub(crate) fn authority<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    let authority = uri.authority().map(Authority::as_str);
    // A value that is not text counts as the name of another machine.
    authority.or_else(|| headers.get(header::HOST).map(|host| host.to_str().unwrap_or_default()))
}

/// Returns whether the host of `authority` is one of `names`.
fn is_listed(names: &[String], authority: &str) -> bool {
    host_of(authority).is_some_and(|host| names.iter().any(|name| name.eq_ignore_ascii_case(&host)))
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
        let allow =
            |hosts: &Hosts, host: &str| hosts.allow(&Uri::from_static("/rooms"), &with_host(host), &Extensions::new());
        let own = Hosts::own_and(Vec::new());
        assert!(allow(&own, "localhost:8080") && !allow(&own, "rooms.example:8080"));
        let named = Hosts::own_and(vec!["rooms.example".to_owned()]);
        assert!(allow(&named, "Rooms.example:8080") && allow(&named, "127.0.0.1") && !allow(&named, "evil.example"));
        assert!(allow(&Hosts::any(), "evil.example"));
    }

    #[test]
    fn what_a_proxy_forwards_is_refused_under_any_name() {
        let hosts = Hosts::own_and(Vec::new());
        for name in [
            "Forwarded",
            "X-Forwarded-For",
            "X-Forwarded-Proto",
            "X-Forwarded-Host",
            "X-Real-IP",
            "Via",
            "X-Request-Id",
            "X-Envoy-External-Address",
            "X-Envoy-Expected-Rq-Timeout-Ms",
            "CF-Ray",
            "CF-Connecting-IP",
            "True-Client-IP",
            "CDN-Loop",
            "X-Amzn-Trace-Id",
            "Fastly-Client-IP",
            "X-Original-URL",
        ] {
            for host in ["localhost:8080", "127.0.0.1:8080"] {
                let mut headers = with_host(host);
                let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
                headers.insert(name.clone(), "203.0.113.9".parse().expect("a header"));
                assert!(!hosts.allow(&Uri::from_static("/rooms"), &headers, &Extensions::new()), "{name} {host}");
            }
        }
    }

    #[test]
    fn what_comes_through_a_trusted_proxy_is_refused_without_a_sign_of_it() {
        let mut extensions = Extensions::new();
        let addr = ([127, 0, 0, 1], 4711).into();
        extensions.insert(ClientAddr { addr, through_proxy: true });
        let allow = |hosts: Hosts, name| hosts.allow(&Uri::from_static("/rooms"), &with_host(name), &extensions);
        assert!(!allow(Hosts::own_and(Vec::new()), "localhost"));
        assert!(allow(Hosts::own_and(vec!["rooms.example".to_owned()]), "rooms.example"));
        assert!(allow(Hosts::any(), "localhost"));
    }

    #[test]
    fn headers_of_local_programs_are_not_those_of_a_proxy() {
        for name in ["traceparent", "baggage", "user-agent", "te", "grpc-timeout", "authorization", "x-grpc-web", "cfx"]
        {
            assert!(!is_proxy_header(&HeaderName::from_static(name)), "{name}");
        }
    }

    #[test]
    fn the_name_of_an_http2_request_is_its_authority() {
        let hosts = Hosts::own_and(Vec::new());
        assert!(!hosts.allow(&Uri::from_static("http://evil.example/rooms"), &HeaderMap::new(), &Extensions::new()));
        assert!(hosts.allow(&Uri::from_static("http://localhost:1/rooms"), &HeaderMap::new(), &Extensions::new()));
        assert!(hosts.allow(&Uri::from_static("/rooms"), &HeaderMap::new(), &Extensions::new()));
    }
}
