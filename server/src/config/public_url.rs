//! `public_url`: the address under which other machines reach the server, through a proxy.

use axum::http::{Uri, uri::Authority};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An `http` or `https` URL without a trailing slash. Empty, the default, if there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublicUrl(Option<Parts>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Parts {
    /// The whole URL.
    url: String,
    /// Its scheme, host and port.
    origin: String,
    /// Its host, without brackets.
    host: String,
}

pub(super) const ALLOWED: &str =
    "a URL such as \"https://signal.example.com\" (http or https, host, port, path; nothing more), or \"\" for none";

impl PublicUrl {
    /// Parses a URL. The empty text stands for none.
    ///
    /// # Errors
    ///
    /// What is allowed instead.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(Self(None));
        }
        let parts = Parts::parse(text).ok_or_else(|| format!("{text:?} is not {ALLOWED}"))?;
        Ok(Self(Some(parts)))
    }

    /// Returns the URL, without a trailing slash.
    pub fn url(&self) -> Option<&str> {
        self.0.as_ref().map(|parts| parts.url.as_str())
    }

    /// Returns the origin of the pages under this URL.
    pub fn origin(&self) -> Option<&str> {
        self.0.as_ref().map(|parts| parts.origin.as_str())
    }

    /// Returns the host name, without a port.
    pub fn host(&self) -> Option<&str> {
        self.0.as_ref().map(|parts| parts.host.as_str())
    }
}

impl Parts {
    fn parse(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        let scheme = uri.scheme_str().filter(|scheme| matches!(*scheme, "http" | "https"))?;
        let authority: &Authority = uri.authority()?;
        let plain = !text.contains(['?', '#']) && !authority.as_str().contains('@') && !authority.host().is_empty();
        let port_is_number = authority.as_str().len() == authority.host().len() || authority.port_u16().is_some();
        if !plain || !port_is_number {
            return None;
        }
        let origin = format!("{scheme}://{}", authority.as_str().to_ascii_lowercase());
        let path = uri.path().trim_end_matches('/');
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        Some(Self { url: format!("{origin}{path}"), origin, host })
    }
}

impl Serialize for PublicUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.url().unwrap_or_default())
    }
}

impl<'de> Deserialize<'de> for PublicUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_origin_and_host() {
        for (text, url, origin, host) in [
            (
                "https://signal.example.com",
                "https://signal.example.com",
                "https://signal.example.com",
                "signal.example.com",
            ),
            (
                "https://Signal.Example.com/",
                "https://signal.example.com",
                "https://signal.example.com",
                "signal.example.com",
            ),
            ("http://a.example:8080/w/", "http://a.example:8080/w", "http://a.example:8080", "a.example"),
            ("http://[2001:db8::1]:8080", "http://[2001:db8::1]:8080", "http://[2001:db8::1]:8080", "2001:db8::1"),
        ] {
            let parsed = PublicUrl::parse(text).expect(text);
            assert_eq!((parsed.url(), parsed.origin(), parsed.host()), (Some(url), Some(origin), Some(host)));
        }
        assert_eq!(PublicUrl::parse("").expect("none").url(), None);
        for text in [
            "signal.example.com",
            "ftp://a.example",
            "https://",
            "https://a.example?x",
            "https://a.example#x",
            "https://u@a.example",
            "https://a.example:port",
            "/path",
        ] {
            assert!(PublicUrl::parse(text).is_err(), "{text}");
        }
    }
}
