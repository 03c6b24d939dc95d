//! What the certificates of clients permit.

use wigwag_node::auth::{CertificateName, ClientCertificate};
use wigwag_token::{Claims, MAX_SUBJECT_BYTES};

use crate::config::{CertificateGrants, NamePattern};

/// Returns the claims of a certificate: those of the first entry that has one of its names.
pub(super) fn claims_of(entries: &[CertificateGrants], certificate: &ClientCertificate) -> Option<Claims> {
    entries.iter().find_map(|entry| {
        let name = certificate.names.iter().find(|name| matches(&entry.pattern, name))?;
        let user = match (&entry.user, name) {
            (Some(user), _) => user.clone(),
            // So that one host is one user.
            (None, CertificateName::Dns(name)) => name.to_ascii_lowercase(),
            (None, name) => name.as_str().to_owned(),
        };
        if user.is_empty() || user.len() > MAX_SUBJECT_BYTES || user.chars().any(char::is_control) {
            return None;
        }
        let mut claims = Claims::new(&user, certificate.not_after_ms);
        claims.display_name = entry.display_name.as_deref().map(Into::into);
        // A certificate that was issued after a revocation of the user is accepted, as such a token is.
        claims.issued_at_ms = Some(certificate.not_before_ms);
        claims.namespace.clone_from(&entry.namespace);
        claims.grants = entry.grants.clone();
        Some(claims)
    })
}

fn matches(pattern: &NamePattern, name: &CertificateName) -> bool {
    match (pattern, name) {
        (NamePattern::Dns(host), CertificateName::Dns(name)) => host.eq_ignore_ascii_case(name),
        (NamePattern::DnsBelow(parent), CertificateName::Dns(name)) => {
            // A wildcard in a certificate names no host.
            name.find('.').is_some_and(|dot| dot > 0 && name[dot..].eq_ignore_ascii_case(parent) && !name.contains('*'))
        }
        (NamePattern::Uri(uri), CertificateName::Uri(name)) => uri == name,
        (NamePattern::Email(mailbox, host), CertificateName::Email(name)) => {
            name.rsplit_once('@').is_some_and(|(local, domain)| mailbox == local && host.eq_ignore_ascii_case(domain))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{AuthCertificate, AuthSection};

    fn entries(names: &[(&str, &str)]) -> Vec<CertificateGrants> {
        let entry = |(name, user): &(&str, &str)| AuthCertificate {
            name: (*name).to_owned(),
            user: (*user).to_owned(),
            ..AuthCertificate::default()
        };
        let section = AuthSection { certificates: names.iter().map(entry).collect(), ..AuthSection::default() };
        section.certificate_grants().expect("usable")
    }

    fn user(entries: &[CertificateGrants], names: &[CertificateName]) -> Option<String> {
        let certificate = ClientCertificate { names: names.to_vec(), not_before_ms: 1, not_after_ms: 2 };
        claims_of(entries, &certificate).map(|claims| claims.subject.to_string())
    }

    #[test]
    fn a_name_is_compared_with_those_of_its_kind() {
        let dns = |name: &str| CertificateName::Dns(name.to_owned());
        let uri = |name: &str| CertificateName::Uri(name.to_owned());
        let email = |name: &str| CertificateName::Email(name.to_owned());
        let entries = entries(&[
            ("bot.example.com", "a"),
            ("*.bots.example.com", ""),
            ("spiffe://example/bot", "b"),
            ("Bot@example.com", ""),
        ]);
        for (name, expected) in [
            (dns("bot.example.com"), Some("a")),
            (dns("BOT.example.com"), Some("a")),
            (dns("X.bots.example.com"), Some("x.bots.example.com")),
            (uri("spiffe://example/bot"), Some("b")),
            (email("Bot@EXAMPLE.com"), Some("Bot@EXAMPLE.com")),
            (dns("bots.example.com"), None),
            (dns(".bots.example.com"), None),
            (dns("*.bots.example.com"), None),
            (dns("x.y.bots.example.com"), None),
            (dns("xbots.example.com"), None),
            (dns("spiffe://example/bot"), None),
            (uri("bot.example.com"), None),
            (uri("spiffe://example/Bot"), None),
            (uri("spiffe://example/bot/"), None),
            (email("bot@example.com"), None),
            (dns(""), None),
        ] {
            assert_eq!(user(&entries, std::slice::from_ref(&name)).as_deref(), expected, "{name:?}");
        }
        assert_eq!(user(&entries, &[]), None);
        let both = [uri("spiffe://example/bot"), dns("bot.example.com")];
        assert_eq!(user(&entries, &both).as_deref(), Some("a"), "the first entry");
    }

    #[test]
    fn a_user_id_has_its_limits() {
        let entries = entries(&[("*.bots.example.com", "")]);
        let long = format!("{}.bots.example.com", "a".repeat(MAX_SUBJECT_BYTES));
        assert_eq!(user(&entries, &[CertificateName::Dns(long)]), None);
        assert_eq!(user(&entries, &[CertificateName::Dns("a\n.bots.example.com".to_owned())]), None);
    }
}
