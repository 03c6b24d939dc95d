//! `auth.certificates`: what the certificates of clients permit.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use wigwag_token::{Grants, MAX_NAME_BYTES, MAX_ROOM_PATTERNS, MAX_SUBJECT_BYTES, is_namespace};

use super::super::error::ConfigErrors;
use super::grants;

/// What a client may do whose certificate has a name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AuthCertificate {
    /// A subject alternative name of the certificate: a host name, or `*.` before one for all with exactly one more label; a
    /// URI; an e-mail address.
    pub name: String,
    /// The user id. Empty: the name in the certificate.
    pub user: String,
    /// The display name, which the client cannot change. Empty: the client chooses.
    pub display_name: String,
    /// The namespace, as in the claim `wigwag.ns`.
    pub namespace: String,
    /// The rooms, as in the claim `wigwag.rooms`.
    pub rooms: Vec<String>,
    /// What is permitted there, as in the claim `wigwag.can`.
    pub can: Vec<String>,
}

/// What `name` of an entry stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NamePattern {
    /// This host name, in lower case.
    Dns(String),
    /// Every host name with one label before this, which begins with a dot. In lower case.
    DnsBelow(String),
    /// This URI, byte by byte.
    Uri(String),
    /// The part before the `@`, byte by byte, and the host name after it, in lower case.
    Email(String, String),
}

/// An entry that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateGrants {
    /// Whose certificate it is for.
    pub pattern: NamePattern,
    /// The user id; `None`: the name in the certificate.
    pub user: Option<String>,
    /// The display name, if it is fixed.
    pub display_name: Option<String>,
    /// The namespace.
    pub namespace: String,
    /// What is permitted.
    pub grants: Grants,
}

impl NamePattern {
    /// Reads the name of an entry.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    fn parse(name: &str) -> Result<Self, &'static str> {
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_graphic()) {
            return Err("a host name, a URI or an e-mail address of ASCII characters, as it is in the certificate");
        }
        if name.parse::<IpAddr>().is_ok() {
            return Err("a host name, a URI or an e-mail address: IP addresses are not looked at");
        }
        if name.contains(':') {
            return Ok(Self::Uri(name.to_owned()));
        }
        if let Some((mailbox, host)) = name.rsplit_once('@') {
            let host =
                host_name(host).filter(|_| !mailbox.is_empty()).ok_or("an e-mail address such as bot@example.com")?;
            return Ok(Self::Email(mailbox.to_owned(), host));
        }
        match name.strip_prefix('*') {
            None => host_name(name).map(Self::Dns).ok_or("a host name such as bot.example.com"),
            // With one label after it the wildcard would stand for every name of a top-level domain.
            Some(rest) => rest
                .strip_prefix('.')
                .filter(|parent| parent.contains('.'))
                .and_then(host_name)
                .map(|parent| Self::DnsBelow(format!(".{parent}")))
                .ok_or("a wildcard such as *.bots.example.com: the first label alone, with at least two after it"),
        }
    }
}

fn host_name(name: &str) -> Option<String> {
    let good = |label: &str| {
        (1..=63).contains(&label.len()) && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    name.split('.').all(good).then(|| name.to_ascii_lowercase())
}

/// Reads the entries.
pub(super) fn read(entries: &[AuthCertificate], errors: &mut ConfigErrors) -> Vec<CertificateGrants> {
    let mut known: Vec<CertificateGrants> = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let name = format!("auth.certificates[{index}]");
        let before = errors.0.len();
        let grants = grants::read(&name, &entry.rooms, &entry.can, errors);
        if grants.rooms.len() > MAX_ROOM_PATTERNS {
            errors.add(&format!("{name}.rooms"), entry.rooms.len(), format!("at most {MAX_ROOM_PATTERNS} patterns"));
        }
        for (field, text, max) in
            [("user", &entry.user, MAX_SUBJECT_BYTES), ("display_name", &entry.display_name, MAX_NAME_BYTES)]
        {
            if text.len() > max || text.chars().any(char::is_control) {
                let allowed = format!("at most {max} bytes without control characters");
                errors.add(&format!("{name}.{field}"), format!("{text:?}"), allowed);
            }
        }
        if !is_namespace(&entry.namespace) {
            let allowed = "at most 64 characters of a-z, 0-9, - and _";
            errors.add(&format!("{name}.namespace"), format!("{:?}", entry.namespace), allowed);
        }
        let pattern = match NamePattern::parse(&entry.name) {
            Ok(pattern) => pattern,
            Err(allowed) => {
                errors.add(&format!("{name}.name"), format!("{:?}", entry.name), allowed);
                continue;
            }
        };
        if known.iter().any(|other| other.pattern == pattern) {
            let allowed = "a name that no other entry has: the first one would hold";
            errors.add(&format!("{name}.name"), format!("{:?}", entry.name), allowed);
        }
        if entry.user.is_empty() && entry.name.len() > MAX_SUBJECT_BYTES {
            let allowed = format!("needed: the name has more than the {MAX_SUBJECT_BYTES} bytes of a user id");
            errors.add(&format!("{name}.user"), "\"\"", allowed);
        }
        if errors.0.len() == before {
            let set = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
            known.push(CertificateGrants {
                pattern,
                user: set(&entry.user),
                display_name: set(&entry.display_name),
                namespace: entry.namespace.clone(),
                grants,
            });
        }
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_hosts_uris_and_addresses() {
        let dns = |name: &str| Ok(NamePattern::Dns(name.to_owned()));
        assert_eq!(NamePattern::parse("Bot.Example.com"), dns("bot.example.com"));
        assert_eq!(NamePattern::parse("bot"), dns("bot"));
        assert_eq!(NamePattern::parse("*.Bots.example"), Ok(NamePattern::DnsBelow(".bots.example".to_owned())));
        assert_eq!(NamePattern::parse("spiffe://Example/a"), Ok(NamePattern::Uri("spiffe://Example/a".to_owned())));
        let email = NamePattern::Email("Bot".to_owned(), "example.com".to_owned());
        assert_eq!(NamePattern::parse("Bot@EXAMPLE.com"), Ok(email));
        for name in [
            "",
            "*",
            "*.com",
            "*.",
            "*bot.example.com",
            "a.*.example.com",
            "a..b",
            ".a",
            "a b",
            "192.0.2.1",
            "@example.com",
            "bot@",
            "b\u{e9}.example",
        ] {
            assert!(NamePattern::parse(name).is_err(), "{name:?}");
        }
    }
}
