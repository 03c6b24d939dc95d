//! `[cors]`: which web pages may call the API from a browser.

use std::fmt;

use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use wigwag_net::origin::OriginPattern;

use super::error::ConfigErrors;

/// Settings of cross-origin access.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CorsSection {
    /// Origins whose pages may call, besides pages that this server itself served. A request without an `Origin` header
    /// does not come from a page and is not checked.
    pub allowed_origins: AllowedOrigins,
    /// Whether browsers may send cookies, TLS client certificates and HTTP authentication along (`withCredentials`).
    /// Wigwag uses none of them; a proxy in front of it may. Not together with `"*"`. Default: false.
    pub allow_credentials: bool,
    /// Host names, besides `localhost` and IP addresses, under which pages of a server on loopback are its own and it shows
    /// members of rooms (`/rooms`, `/health`, PeerJS's list) and, at the admin listener, `/metrics`, through a proxy as well.
    /// Default: none. Ignored if other machines can reach the listener.
    pub allowed_hosts: AllowedHosts,
}

impl CorsSection {
    pub(super) fn check(&self, errors: &mut ConfigErrors) {
        if self.allow_credentials && self.allowed_origins == AllowedOrigins::Any {
            let allowed = "false, unless cors.allowed_origins lists origins: with \"*\" every site could act on behalf of a \
                           browser's user";
            errors.add("cors.allow_credentials", self.allow_credentials, allowed);
        }
    }
}

/// Host names, without scheme and port.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Names")]
pub struct AllowedHosts(Vec<String>);

/// A list, or, in an environment variable, text separated by commas.
#[derive(Deserialize)]
#[serde(untagged, expecting = "must be a list or text")]
enum Names {
    List(Vec<String>),
    Text(String),
}

pub(super) const ALLOWED_HOSTS: &str = "a list of host names such as \"rooms.example.com\" (no scheme, no port)";

impl AllowedHosts {
    /// Returns the names.
    pub fn as_slice(&self) -> &[String] {
        &self.0
    }
}

impl TryFrom<Vec<String>> for AllowedHosts {
    type Error = String;

    fn try_from(names: Vec<String>) -> Result<Self, String> {
        let is_name =
            |name: &&String| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
        match names.iter().find(|name| !is_name(name)) {
            Some(bad) => Err(format!("{bad:?} is not a host name")),
            None => Ok(Self(names)),
        }
    }
}

impl TryFrom<Names> for AllowedHosts {
    type Error = String;

    fn try_from(names: Names) -> Result<Self, String> {
        match names {
            Names::List(names) => names.try_into(),
            Names::Text(text) => text.split(',').map(|name| name.trim().to_owned()).collect::<Vec<_>>().try_into(),
        }
    }
}

/// A rule for the `Origin` header (RFC 6454).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AllowedOrigins {
    /// `"loopback"`, the default: pages of this machine (`http` or `https`; `localhost`, `127.0.0.1` or `[::1]`; any port).
    #[default]
    Loopback,
    /// `"*"`: every page of every site.
    Any,
    /// Each an origin such as `https://app.example.com`, `app://shell`, `file://` or `null`; a wildcard such as
    /// `https://*.example.com` for one label; or `loopback`. In the form in which browsers write them.
    List(Vec<String>),
}

pub(super) const ALLOWED: &str = "\"loopback\", \"*\", or a list of origins such as \"https://app.example.com\" (scheme, host, \
                                  port; no path), \"https://*.example.com\", \"loopback\", \"file://\", \"null\"";

impl AllowedOrigins {
    /// Returns the patterns of the rule; none for [`AllowedOrigins::Any`].
    pub(super) fn patterns(&self) -> Vec<OriginPattern> {
        match self {
            Self::Loopback => vec![OriginPattern::Loopback],
            Self::Any => Vec::new(),
            // Loading has checked them.
            Self::List(origins) => origins.iter().filter_map(|origin| OriginPattern::parse(origin).ok()).collect(),
        }
    }

    fn list(origins: Vec<String>) -> Result<Self, String> {
        match origins.as_slice() {
            [only] if only == "*" => return Ok(Self::Any),
            [only] if only == "loopback" => return Ok(Self::Loopback),
            _ => {}
        }
        let parse = |origin: &String| OriginPattern::parse(origin).map(|pattern| pattern.to_string());
        origins.iter().map(parse).collect::<Result<_, _>>().map(Self::List)
    }
}

impl Serialize for AllowedOrigins {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Loopback => serializer.serialize_str("loopback"),
            Self::Any => serializer.serialize_str("*"),
            Self::List(origins) => origins.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for AllowedOrigins {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Rule;

        impl<'de> Visitor<'de> for Rule {
            type Value = AllowedOrigins;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(ALLOWED)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<AllowedOrigins, E> {
                // In an environment variable: text separated by commas.
                let origins = text.split(',').map(|origin| origin.trim().to_owned()).collect();
                AllowedOrigins::list(origins).map_err(E::custom)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<AllowedOrigins, A::Error> {
                let mut origins = Vec::new();
                while let Some(origin) = seq.next_element()? {
                    origins.push(origin);
                }
                AllowedOrigins::list(origins).map_err(de::Error::custom)
            }
        }

        deserializer.deserialize_any(Rule)
    }
}
