//! `[cors]`: which web pages may call the API from a browser.

use std::fmt;

use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// Settings of cross-origin access.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CorsSection {
    /// Origins whose pages may call. A request without an `Origin` header does not come from a page and is not checked.
    pub allowed_origins: AllowedOrigins,
    /// Host names, besides `localhost` and IP addresses, under which a server on loopback shows members of rooms (`/rooms`,
    /// `/health`, PeerJS's list). Default: none. Ignored if other machines can reach the listener.
    pub allowed_hosts: AllowedHosts,
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
    /// `"loopback"`, the default: pages of this machine (`http` or `https`; `localhost`, `127.0.0.1` or `[::1]`; any port),
    /// and pages that this server itself served under an IP address.
    #[default]
    Loopback,
    /// `"*"`: every page of every site.
    Any,
    /// These origins, compared byte by byte.
    List(Vec<String>),
}

pub(super) const ALLOWED: &str =
    "\"loopback\", \"*\", or a list of origins such as \"https://app.example.com\" (scheme, host, port; no path)";

impl AllowedOrigins {
    fn list(origins: Vec<String>) -> Result<Self, String> {
        if origins.iter().any(|origin| origin == "*") {
            return if origins.len() == 1 { Ok(Self::Any) } else { Err("\"*\" must be the only origin".to_owned()) };
        }
        match origins.iter().find(|origin| !is_origin(origin)) {
            Some(bad) => Err(format!("{bad:?} is not an origin")),
            None => Ok(Self::List(origins)),
        }
    }
}

/// Returns whether `text` is an origin as a browser writes it: lower case, without a path or trailing slash.
fn is_origin(text: &str) -> bool {
    let Some((scheme, host)) = text.split_once("://") else { return false };
    !host.is_empty()
        && !scheme.is_empty()
        && scheme.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+-.".contains(&b))
        && host.bytes().all(|b| b.is_ascii_graphic() && !b.is_ascii_uppercase() && !b"/?#@*,".contains(&b))
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
                match text {
                    "loopback" => Ok(AllowedOrigins::Loopback),
                    // In an environment variable: text separated by commas.
                    _ => {
                        let origins = text.split(',').map(|origin| origin.trim().to_owned()).collect();
                        AllowedOrigins::list(origins).map_err(E::custom)
                    }
                }
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
