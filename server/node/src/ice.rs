//! The STUN and TURN servers that clients are given.

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use sha2::{Digest as _, Sha256};
use wigwag_proto::v1 as pb;

use crate::auth::Identity;

/// Servers whose credentials expire together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct IceServers {
    /// The servers.
    pub servers: Vec<pb::IceServer>,
    /// When the credentials expire, in milliseconds since 1970; `None` = never.
    pub expires_at_ms: Option<u64>,
}

/// The name under which a client gets its credentials, such as the one in a TURN server's user name.
///
/// It is the client's user id or, if it has none, its peer id. A user of a namespace has a digest of both instead, so that it
/// has neither the credentials nor the quota of a user with the same id in another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IceUser(Arc<str>);

impl IceUser {
    /// Returns the name of a client with this identity and peer id. Without both it has none.
    pub fn of(identity: Option<&Identity>, peer: &str) -> Self {
        Self(match identity {
            None => peer.into(),
            Some(identity) if identity.namespace().is_empty() => identity.user.clone(),
            Some(identity) => {
                // No namespace and no user id contains this character.
                let digest = Sha256::digest([identity.namespace(), &identity.user].join("\u{1f}"));
                digest.iter().take(16).fold(String::new(), |text, byte| format!("{text}{byte:02x}")).into()
            }
        })
    }

    /// Returns the name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// How often credentials were requested from a service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IceCounts {
    /// Those that were issued.
    pub issued: u64,
    /// Requests that failed.
    pub failed: u64,
}

/// Where the servers and their credentials come from.
pub trait IceProvider: fmt::Debug + Send + Sync + 'static {
    /// Returns the servers for a client. `user` is the text of its [`IceUser`].
    fn servers<'a>(&'a self, user: &'a str, now_unix_ms: u64) -> Pin<Box<dyn Future<Output = IceServers> + Send + 'a>>;

    /// Does what is not done for a single client, such as having credentials issued ahead of need. Never returns.
    fn run(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(std::future::pending())
    }

    /// Returns how often credentials were requested from a service.
    fn counts(&self) -> IceCounts {
        IceCounts::default()
    }
}

/// The same servers for every client, for good.
#[derive(Clone, Debug, Default)]
pub struct FixedServers(pub Vec<pb::IceServer>);

impl IceProvider for FixedServers {
    fn servers<'a>(&'a self, _: &'a str, _: u64) -> Pin<Box<dyn Future<Output = IceServers> + Send + 'a>> {
        Box::pin(std::future::ready(IceServers { servers: self.0.clone(), expires_at_ms: None }))
    }
}

#[cfg(test)]
mod tests {
    use wigwag_token::Claims;

    use super::*;

    #[test]
    fn users_of_two_namespaces_have_two_names() {
        let name = |namespace: &str, user: &str| {
            let mut claims = Claims::new(user, 1);
            claims.namespace = namespace.to_owned();
            IceUser::of(Some(&Identity::of(&claims)), "peer").as_str().to_owned()
        };
        assert_eq!(name("", "ada"), "ada");
        assert_eq!(IceUser::of(None, "peer").as_str(), "peer");
        let named = name("team-1", "ada");
        assert!(named.len() == 32 && named == name("team-1", "ada"), "{named}");
        assert!(![name("team-2", "ada"), name("team-1", "bob"), name("team", "-1ada")].contains(&named));
    }
}
