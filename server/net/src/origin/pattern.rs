//! Patterns of origins, as a configuration lists them.

use std::fmt;

use axum::http::{Uri, uri::Authority};

/// An origin, or several, that may call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OriginPattern {
    /// `loopback`: `http` and `https` pages of `localhost`, `127.0.0.1` and `[::1]`, with any port.
    Loopback,
    /// One origin, as a browser writes it: `https://app.example.com`, `app://shell`, `file://`, `null`.
    Exact(String),
    /// `https://*.example.com`: one label in place of the star.
    Subdomain {
        /// What comes before the star, such as `https://`.
        scheme: String,
        /// What comes after the star, such as `.example.com`.
        suffix: String,
    },
}

impl OriginPattern {
    /// Parses a pattern. Scheme and host are read in lower case and default ports are left out, as browsers do.
    ///
    /// # Errors
    ///
    /// What is wrong with the text, and the remedy.
    pub fn parse(text: &str) -> Result<Self, String> {
        let fail = |why: &str| Err(format!("{text:?} {why}"));
        match text {
            "loopback" => return Ok(Self::Loopback),
            // What browsers send for pages without an origin, such as files and sandboxed frames.
            "null" => return Ok(Self::Exact(text.to_owned())),
            "*" => return fail("must be the only origin"),
            _ => {}
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            return fail("is not an origin: it has no scheme, such as https://");
        };
        let scheme = scheme.to_ascii_lowercase();
        let is_scheme = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
        if !scheme.starts_with(|first: char| first.is_ascii_alphabetic()) || !scheme.bytes().all(is_scheme) {
            return fail("is not an origin: its scheme has a character that no scheme has");
        }
        if scheme == "file" && rest.is_empty() {
            return Ok(Self::Exact("file://".to_owned()));
        }
        if rest.contains(['/', '?', '#', '@']) {
            return fail("is not an origin: leave out what follows host and port");
        }
        if !rest.is_ascii() {
            return fail("is not an origin: write the name as browsers send it, in punycode (xn--…)");
        }
        match rest.strip_prefix("*.") {
            Some(base) if scheme == "http" || scheme == "https" => {
                let host = authority(&scheme, base);
                let Some(host) = host.filter(|host| !host.contains('*') && (has_dot(host) || is_localhost(host)))
                else {
                    return fail("is not a wildcard: write https://*.example.com, with a star for one label");
                };
                Ok(Self::Subdomain { scheme: format!("{scheme}://"), suffix: format!(".{host}") })
            }
            Some(_) => fail("is not a wildcard: only http and https have subdomains"),
            None if rest.contains('*') => fail("is not a wildcard: the star stands for the first label"),
            None => match authority(&scheme, rest) {
                Some(host) => Ok(Self::Exact(format!("{scheme}://{host}"))),
                None => fail("is not an origin: it has no valid host"),
            },
        }
    }

    /// Returns whether an `Origin` header matches.
    pub fn matches(&self, origin: &str) -> bool {
        match self {
            Self::Loopback => is_loopback(origin),
            Self::Exact(allowed) => allowed == origin || normalized(origin).is_some_and(|origin| *allowed == origin),
            Self::Subdomain { scheme, suffix } => normalized(origin).is_some_and(|origin| {
                let label = origin.strip_prefix(scheme.as_str()).and_then(|host| host.strip_suffix(suffix.as_str()));
                label.is_some_and(|label| !label.is_empty() && !label.contains(['.', ':', '[']))
            }),
        }
    }
}

impl fmt::Display for OriginPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loopback => f.write_str("loopback"),
            Self::Exact(origin) => f.write_str(origin),
            Self::Subdomain { scheme, suffix } => write!(f, "{scheme}*{suffix}"),
        }
    }
}

/// Returns host and port in lower case, without the default port of the scheme; `None` if they are not valid.
fn authority(scheme: &str, text: &str) -> Option<String> {
    let parsed: Authority = text.to_ascii_lowercase().parse().ok()?;
    let port = parsed.port().map(|port| port.as_str().to_owned());
    // `Authority` reads a port that is not a number as a part of the host.
    let valid = !parsed.host().is_empty()
        && parsed.as_str().len() == parsed.host().len() + port.as_ref().map_or(0, |port| port.len() + 1)
        && port.as_ref().is_none_or(|port| port.parse::<u16>().is_ok());
    if !valid {
        return None;
    }
    match (scheme, port.as_deref()) {
        (_, None) | ("http", Some("80")) | ("https", Some("443")) => Some(parsed.host().to_owned()),
        _ => Some(parsed.as_str().to_owned()),
    }
}

/// Returns an origin without a default port. Browsers leave it out; React Native on Android writes it. `None` if it is not
/// in lower case, in which browsers write every origin.
fn normalized(origin: &str) -> Option<String> {
    if origin.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    let (scheme, rest) = origin.split_once("://")?;
    Some(format!("{scheme}://{}", authority(scheme, rest)?))
}

/// Returns whether the origin is `localhost`, `127.0.0.1` or `[::1]`, with any port.
fn is_loopback(origin: &str) -> bool {
    let Ok(uri) = origin.parse::<Uri>() else { return false };
    matches!(uri.scheme_str(), Some("http" | "https"))
        && matches!(uri.host(), Some("localhost" | "127.0.0.1" | "[::1]"))
}

fn has_dot(host: &str) -> bool {
    host.trim_matches('.').contains('.')
}

fn is_localhost(host: &str) -> bool {
    host == "localhost" || host.starts_with("localhost:")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_printed_as_browsers_write_origins() {
        for (text, printed) in [
            ("loopback", "loopback"),
            ("null", "null"),
            ("file://", "file://"),
            ("HTTPS://App.Example.com:443", "https://app.example.com"),
            ("http://app.example.com:80", "http://app.example.com"),
            ("https://app.example.com:8443", "https://app.example.com:8443"),
            ("https://*.example.com:443", "https://*.example.com"),
            ("http://*.localhost:3000", "http://*.localhost:3000"),
            ("https://[2001:DB8::1]:8443", "https://[2001:db8::1]:8443"),
            ("capacitor://localhost", "capacitor://localhost"),
            ("app://-", "app://-"),
            ("chrome-extension://abcdefghijklmnop", "chrome-extension://abcdefghijklmnop"),
        ] {
            let pattern = OriginPattern::parse(text).expect(text);
            assert_eq!(pattern.to_string(), printed);
            assert_eq!(OriginPattern::parse(printed).as_ref(), Ok(&pattern), "{printed}");
        }
    }

    #[test]
    fn what_can_never_match_is_refused() {
        for text in [
            "*",
            "",
            "app.example.com",
            "https://",
            "https://app.example.com/",
            "https://app.example.com/path",
            "https://user@app.example.com",
            "https://app.example.com:port",
            "https://app.example.com:70000",
            "https://*",
            "https://*.com",
            "https://*.*.example.com",
            "https://app.*.example.com",
            "https://app*.example.com",
            "app://*.example",
            "https://exämple.com",
            "ht tp://example.com",
            "https://a b.example.com",
        ] {
            assert!(OriginPattern::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_star_is_one_label() {
        let pattern = OriginPattern::parse("https://*.example.com").expect("a pattern");
        for origin in ["https://a.example.com", "https://a-b.example.com:443"] {
            assert!(pattern.matches(origin), "{origin}");
        }
        for origin in [
            "https://example.com",
            "https://.example.com",
            "https://a.b.example.com",
            "http://a.example.com",
            "https://a.example.com:8443",
            "https://aexample.com",
            "https://evil.example/.example.com",
            "https://evil:1.example.com",
            "https://A.example.com",
            "null",
        ] {
            assert!(!pattern.matches(origin), "{origin}");
        }
    }

    #[test]
    fn loopback_is_this_machine_under_any_port() {
        for origin in ["http://localhost", "https://localhost:8443", "http://127.0.0.1:1", "http://[::1]:5173"] {
            assert!(OriginPattern::Loopback.matches(origin), "{origin}");
        }
        for origin in ["http://localhost.example.com", "ftp://localhost", "null", "localhost", "http://127.0.0.2"] {
            assert!(!OriginPattern::Loopback.matches(origin), "{origin}");
        }
    }
}
