//! Where a document is requested.

use std::net::IpAddr;

use axum::http::Uri;

/// The URL of a server that this one calls: https, or http on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpUrl {
    /// Whether over TLS.
    pub https: bool,
    /// Host name or IP address, without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
    /// The field `Host` of the request.
    pub authority: String,
    /// Path and query.
    pub path: String,
}

impl HttpUrl {
    /// Reads a URL.
    ///
    /// # Errors
    ///
    /// If it is not one, has a user name or a fragment, or is http and names another machine.
    pub fn parse(text: &str) -> Result<Self, HttpUrlError> {
        let uri: Uri = text.parse().map_err(|_| HttpUrlError)?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else { return Err(HttpUrlError) };
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let is_local = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        let https = scheme == "https";
        let port_is_number = authority.as_str().len() == authority.host().len() || authority.port_u16().is_some();
        let is_plain = !text.contains('#') && !authority.as_str().contains('@') && !host.is_empty();
        if !(https || scheme == "http" && is_local) || !port_is_number || !is_plain {
            return Err(HttpUrlError);
        }
        Ok(Self {
            https,
            port: authority.port_u16().unwrap_or(if https { 443 } else { 80 }),
            authority: authority.as_str().to_owned(),
            path: uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
            host,
        })
    }
}

/// A text is not a URL that is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a URL such as \"https://app.example.com/path\"; http is for hosts of this machine")]
pub struct HttpUrlError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_machines_are_called_over_tls_only() {
        for text in [
            "https://issuer.example.com/jwks.json",
            "https://issuer.example.com:8443/a?b=c",
            "https://[2001:db8::1]/",
            "http://localhost:9000/jwks",
            "http://127.0.0.1/jwks",
            "http://[::1]:9000/",
        ] {
            assert!(HttpUrl::parse(text).is_ok(), "{text}");
        }
        for text in [
            "issuer.example.com",
            "/jwks",
            "http://issuer.example.com/jwks",
            "http://192.0.2.1/",
            "http://localhost.example.com/",
            "ftp://localhost/",
            "https://user:password@issuer.example.com/",
            "https://issuer.example.com/#keys",
            "https://issuer.example.com:port/",
        ] {
            assert!(HttpUrl::parse(text).is_err(), "{text}");
        }
        let url = HttpUrl::parse("https://[2001:db8::1]/k?v=1").expect("a URL");
        assert_eq!((url.host.as_str(), url.port, url.path.as_str()), ("2001:db8::1", 443, "/k?v=1"));
    }
}
