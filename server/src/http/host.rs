//! The rule for host names: under which of them this server tells strangers who is in its rooms.
//!
//! Whoever owns a name can have it point to this machine (DNS rebinding). A page under that name then counts as the
//! server's own: its browser sends no `Origin` with what it fetches, and lets it read the answers. What gives such a page
//! away is the name it asks for.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName, Request, StatusCode, Uri, header, uri::Authority};
use axum::response::{IntoResponse, Response};

use crate::authz::Caller;
use crate::config::Config;

use super::hint::Hint;

/// The configured rule, ready to be asked. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Hosts(Arc<Rule>);

#[derive(Debug)]
enum Rule {
    /// The server can be reached from elsewhere: nothing is kept from anybody by where it listens.
    Any,
    /// It listens on loopback, which is all that protects it: its own names, and these.
    Own(Vec<String>),
}

impl Hosts {
    /// The rule of a configuration: any name if other machines can reach the listener, else this machine's own and those
    /// of `cors.allowed_hosts`.
    pub fn new(config: &Config) -> Self {
        let rule =
            if config.is_exposed() { Rule::Any } else { Rule::Own(config.cors.allowed_hosts.as_slice().to_vec()) };
        Self(Arc::new(rule))
    }

    /// Whether a request asks under a name it may use.
    pub fn allow(&self, uri: &Uri, headers: &HeaderMap) -> bool {
        match &*self.0 {
            Rule::Any => true,
            Rule::Own(names) => {
                !is_for_others(uri, headers)
                    || asked(uri, headers)
                        .and_then(host_of)
                        .is_some_and(|host| names.iter().any(|name| name.eq_ignore_ascii_case(&host)))
            }
        }
    }
}

/// Who asks, where what is asked for may be reserved to this machine: whoever comes from elsewhere counts as far away.
pub(crate) fn caller<B>(request: &Request<B>) -> Caller {
    let mut caller = Caller::of(request.extensions());
    if is_for_others(request.uri(), request.headers()) {
        caller.addr = None;
    }
    caller
}

/// Whether a request comes from elsewhere though its connection be local: it asks under a name that is not this machine's
/// own, or a proxy says that it passes it on. A proxy that hides both cannot be told from a program on this machine.
fn is_for_others(uri: &Uri, headers: &HeaderMap) -> bool {
    !asked(uri, headers).is_none_or(names_this_machine) || FORWARDED.iter().any(|name| headers.contains_key(name))
}

/// Headers by which proxies tell for whom they ask (RFC 7239, and what came before it).
const FORWARDED: [HeaderName; 3] =
    [header::FORWARDED, HeaderName::from_static("x-forwarded-for"), HeaderName::from_static("x-real-ip")];

/// The name a request asks for, with its port: of HTTP/2 `:authority`, of HTTP/1.1 `Host`.
fn asked<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    let authority = uri.authority().map(Authority::as_str);
    // A name that is no text is nobody's, but it is one.
    authority.or_else(|| headers.get(header::HOST).map(|host| host.to_str().unwrap_or_default()))
}

/// Whether this is `localhost` or an IP address, which nobody else can have point here.
fn names_this_machine(authority: &str) -> bool {
    host_of(authority)
        .is_some_and(|host| host.eq_ignore_ascii_case("localhost") || host.parse::<std::net::IpAddr>().is_ok())
}

/// What is refused for its name.
pub(crate) fn refusal() -> Response {
    let hint = "this server listens on loopback and tells who is in its rooms under localhost or an IP address only: \
                add the name you ask for to cors.allowed_hosts in the configuration, or to WIGWAG_CORS__ALLOWED_HOSTS";
    Hint::new(StatusCode::FORBIDDEN, "FORBIDDEN", hint).into_response()
}

fn host_of(authority: &str) -> Option<String> {
    let authority: Authority = authority.parse().ok()?;
    Some(authority.host().trim_start_matches('[').trim_end_matches(']').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_local() {
        for local in ["localhost", "LOCALHOST:8080", "127.0.0.1:80", "[::1]:8080", "10.0.0.1"] {
            assert!(names_this_machine(local), "{local}");
        }
        for foreign in ["example.com", "localhost.evil.example:8080", "127.0.0.1.evil.example", ""] {
            assert!(!names_this_machine(foreign), "{foreign}");
        }
    }

    #[test]
    fn other_names_are_allowed_one_by_one_or_where_everybody_can_connect() {
        let mut config = Config::default();
        let allow = |config: &Config, host: &str| {
            let headers = HeaderMap::from_iter([(header::HOST, host.parse().expect("a header"))]);
            Hosts::new(config).allow(&Uri::from_static("/rooms"), &headers)
        };
        assert!(allow(&config, "localhost:8080") && !allow(&config, "rooms.example:8080"));
        config.cors.allowed_hosts = vec!["rooms.example".to_owned()].try_into().expect("a list of names");
        assert!(allow(&config, "Rooms.example:8080") && allow(&config, "127.0.0.1") && !allow(&config, "evil.example"));
        config.listen = "0.0.0.0:80".parse().expect("an address");
        assert!(allow(&config, "evil.example"));
    }

    #[test]
    fn what_a_proxy_passes_on_is_for_others_under_any_name() {
        let hosts = Hosts::new(&Config::default());
        for name in ["forwarded", "x-forwarded-for", "X-Real-IP"] {
            let headers = HeaderMap::from_iter([
                (header::HOST, "127.0.0.1:8080".parse().expect("a header")),
                (HeaderName::from_bytes(name.as_bytes()).expect("a name"), "203.0.113.9".parse().expect("a header")),
            ]);
            assert!(!hosts.allow(&Uri::from_static("/rooms"), &headers), "{name}");
        }
    }

    #[test]
    fn the_name_of_an_http2_request_is_its_authority() {
        let hosts = Hosts::new(&Config::default());
        assert!(!hosts.allow(&Uri::from_static("http://evil.example/rooms"), &HeaderMap::new()));
        assert!(hosts.allow(&Uri::from_static("http://localhost:1/rooms"), &HeaderMap::new()));
        assert!(hosts.allow(&Uri::from_static("/rooms"), &HeaderMap::new()));
    }
}
