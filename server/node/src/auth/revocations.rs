//! Tokens that were revoked before they expired.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use wigwag_token::LEEWAY_MS;

use super::{Identity, UserKey};

/// The most revocations that are remembered at a time.
const MAX_REVOCATIONS: usize = 100_000;

/// The tokens that are refused although their signature and their times are good. Each is forgotten once it has expired
/// anyhow.
#[derive(Debug, Default)]
pub(super) struct Revocations {
    inner: Mutex<Lists>,
}

#[derive(Debug, Default)]
struct Lists {
    /// By user: tokens issued before the first time are refused until the second.
    users: HashMap<UserKey, Times>,
    /// By token: refused until then.
    tokens: HashMap<TokenKey, u64>,
}

/// The id of a token in its namespace, and its issuer if that was named.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct TokenKey {
    namespace: Arc<str>,
    id: Arc<str>,
    issuer: Option<Arc<str>>,
}

#[derive(Clone, Copy, Debug)]
struct Times {
    issued_before_ms: u64,
    until_ms: u64,
}

/// What to revoke.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revoked {
    /// Every token of this user that was issued before now.
    User(UserKey),
    /// Tokens with this id.
    Token {
        /// Their namespace.
        namespace: Arc<str>,
        /// `jti`.
        id: Arc<str>,
        /// `iss`. `None`: the token with this id of every issuer.
        issuer: Option<Arc<str>>,
    },
}

impl Revocations {
    /// Remembers a revocation. Returns `false` if too many are remembered already.
    pub(super) fn add(&self, revoked: &Revoked, now_ms: u64, until_ms: u64) -> bool {
        let mut lists = self.lists();
        if lists.users.len() + lists.tokens.len() >= MAX_REVOCATIONS {
            lists.users.retain(|_, times| times.until_ms > now_ms);
            lists.tokens.retain(|_, until| *until > now_ms);
            if lists.users.len() + lists.tokens.len() >= MAX_REVOCATIONS {
                return false;
            }
        }
        match revoked {
            Revoked::User(user) => {
                let times = lists.users.entry(user.clone()).or_insert(Times { issued_before_ms: 0, until_ms: 0 });
                times.issued_before_ms = now_ms;
                times.until_ms = times.until_ms.max(until_ms);
            }
            Revoked::Token { namespace, id, issuer } => {
                let key = TokenKey { namespace: namespace.clone(), id: id.clone(), issuer: issuer.clone() };
                let until = lists.tokens.entry(key).or_insert(0);
                *until = (*until).max(until_ms);
            }
        }
        true
    }

    /// Returns whether this identity's token was revoked. `iat` is that of another clock, which may be ahead by the leeway: what
    /// it dates up to that long after the revocation counts as issued before it.
    pub(super) fn contains(&self, identity: &Identity, now_ms: u64) -> bool {
        let lists = self.lists();
        let is_revoked = |token| lists.tokens.get(&token).is_some_and(|until| *until > now_ms);
        let namespace = || identity.claims.namespace.clone();
        let by_id = identity.claims.id.as_ref().is_some_and(|id| {
            let of_issuer =
                |issuer: Option<Arc<str>>| is_revoked(TokenKey { namespace: namespace(), id: id.clone(), issuer });
            of_issuer(None) || identity.claims.issuer.as_ref().is_some_and(|issuer| of_issuer(Some(issuer.clone())))
        });
        let users = std::iter::once(&identity.user).chain(&identity.creator);
        let users = users.map(|user| UserKey { namespace: namespace(), user: user.clone() });
        let by_user = users.filter_map(|user| lists.users.get(&user)).any(|times| {
            let counts_as_before = |at| at <= times.issued_before_ms.saturating_add(LEEWAY_MS);
            times.until_ms > now_ms && identity.claims.issued_at_ms.is_none_or(counts_as_before)
        });
        by_id || by_user
    }

    fn lists(&self) -> MutexGuard<'_, Lists> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use wigwag_token::Claims;

    use super::*;

    fn token(user: &str, id: Option<&str>, issued_at_ms: Option<u64>) -> Identity {
        let mut claims = Claims::new(user, 1_000_000);
        claims.id = id.map(Into::into);
        claims.issued_at_ms = issued_at_ms;
        Identity::of(&claims)
    }

    #[test]
    fn a_user_is_revoked_up_to_now() {
        let revocations = Revocations::default();
        assert!(revocations.add(&Revoked::User(UserKey::new("", "ada")), 10_500, 20_000));
        let revoked = |token: &Identity, now| revocations.contains(token, now);
        assert!(revoked(&token("ada", None, Some(9_000)), 11_000));
        assert!(revoked(&token("ada", None, Some(10_500 + LEEWAY_MS)), 11_000), "by a clock that is ahead");
        assert!(revoked(&token("ada", None, None), 11_000), "not said when");
        assert!(!revoked(&token("ada", None, Some(10_501 + LEEWAY_MS)), 11_000), "issued later");
        let ticket = Identity { creator: Some("ada".into()), ..token("eve", None, Some(9_000)) };
        assert!(revoked(&ticket, 11_000), "admitted by a ticket of ada");
        assert!(!revoked(&token("bob", None, Some(9_000)), 11_000));
        assert!(!revoked(&token("ada", None, Some(9_000)), 20_000), "forgotten");
    }

    fn by_id(id: &str, issuer: Option<&str>) -> Revoked {
        Revoked::Token { namespace: "".into(), id: id.into(), issuer: issuer.map(Into::into) }
    }

    #[test]
    fn a_token_is_revoked_by_its_id_and_issuer() {
        let revocations = Revocations::default();
        let of = |issuer: Option<&str>| {
            let mut token = token("ada", Some("7"), None);
            token.claims.issuer = issuer.map(Into::into);
            token
        };
        assert!(revocations.add(&by_id("7", Some("one")), 10_000, 20_000));
        assert!(revocations.contains(&of(Some("one")), 11_000));
        assert!(!revocations.contains(&of(Some("two")), 11_000), "another issuer's token with that id");
        assert!(!revocations.contains(&of(None), 11_000));
        assert!(revocations.add(&by_id("7", None), 10_000, 15_000));
        for issuer in [Some("one"), Some("two"), None] {
            assert!(revocations.contains(&of(issuer), 11_000), "{issuer:?}");
        }
        assert!(!revocations.contains(&of(Some("two")), 15_000), "forgotten");
        assert!(revocations.contains(&of(Some("one")), 15_000), "that of its issuer holds longer");
    }

    #[test]
    fn a_token_is_revoked_by_its_id() {
        let revocations = Revocations::default();
        assert!(revocations.add(&by_id("7", None), 10_000, 20_000));
        assert!(revocations.add(&by_id("7", None), 10_000, 15_000), "not shortened");
        assert!(revocations.contains(&token("ada", Some("7"), Some(99_000)), 19_999));
        assert!(!revocations.contains(&token("ada", Some("8"), None), 11_000));
        assert!(!revocations.contains(&token("ada", Some("7"), None), 20_000));
    }

    #[test]
    fn a_namespace_has_its_own_revocations() {
        let revocations = Revocations::default();
        let mut other = token("ada", Some("7"), None);
        other.claims.namespace = "team-1".into();
        assert!(revocations.add(&Revoked::User(UserKey::new("", "ada")), 10_000, 20_000));
        assert!(revocations.add(&by_id("7", None), 10_000, 20_000));
        assert!(revocations.contains(&token("ada", Some("8"), None), 11_000));
        assert!(!revocations.contains(&other, 11_000));
        assert!(revocations.add(&Revoked::User(UserKey::new("team-1", "ada")), 10_000, 20_000));
        assert!(revocations.contains(&other, 11_000));
    }

    #[test]
    fn so_many_are_remembered() {
        let revocations = Revocations::default();
        for number in 0..MAX_REVOCATIONS {
            assert!(revocations.add(&by_id(&number.to_string(), None), 0, 10));
        }
        assert!(!revocations.add(&by_id("one more", None), 9, 20));
        assert!(revocations.add(&by_id("one more", None), 10, 20), "the others are over");
    }
}
