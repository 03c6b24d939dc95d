//! Who a session or a caller is, by a verified token, and what it may do.

use std::{collections::BTreeMap, sync::Arc};

use wigwag_hub::backend::Grants as StoredGrants;
use wigwag_token::{Claims, Grants, LEEWAY_MS, Permissions, SessionClaims};

use super::{Action, UserKey};
use crate::error::ApiError;

/// The content of a verified token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// `sub`: the user id.
    pub user: Arc<str>,
    /// `name`: the display name, which the client cannot change.
    pub display_name: Option<Arc<str>>,
    /// When the identity is not accepted any more, in milliseconds since 1970: `exp`, and the leeway for clocks that differ.
    pub expires_at_ms: u64,
    /// The other claims.
    pub claims: SessionClaims,
    /// Who created the ticket that admitted the client, if one did: it is revoked with that user, too.
    pub creator: Option<Arc<str>>,
}

/// The first byte of the encoding of an identity: its version.
const ENCODING: u8 = 1;

impl Identity {
    /// Returns the identity of a token.
    pub fn of(token: &Claims) -> Self {
        Self {
            user: token.subject.clone(),
            display_name: token.display_name.clone(),
            expires_at_ms: token.expires_at_ms.saturating_add(LEEWAY_MS),
            claims: token.session(),
            creator: None,
        }
    }

    /// Returns the namespace, empty by default.
    pub fn namespace(&self) -> &str {
        &self.claims.namespace
    }

    /// Returns the user in its namespace.
    pub fn user_key(&self) -> UserKey {
        UserKey { namespace: self.claims.namespace.clone(), user: self.user.clone() }
    }

    /// Returns what the token permits.
    pub fn grants(&self) -> &Grants {
        &self.claims.grants
    }

    /// Returns the identity as a session holds it.
    pub fn to_stored(&self) -> StoredGrants {
        let (user, name) = (self.user.as_bytes(), self.display_name.as_deref().unwrap_or_default().as_bytes());
        let mut encoded = vec![ENCODING];
        for text in [user, name] {
            // At most 128 bytes each, as the claims say.
            encoded.push(u8::try_from(text.len()).unwrap_or(u8::MAX));
            encoded.extend_from_slice(&text[..text.len().min(usize::from(u8::MAX))]);
        }
        encoded.extend_from_slice(&self.claims.encode());
        StoredGrants {
            encoded: encoded.into(),
            expires_at_ms: Some(self.expires_at_ms),
            token_id: self.claims.id.clone(),
            token_issuer: self.claims.issuer.clone(),
            creator: self.creator.clone(),
        }
    }

    /// Reads what a session holds. `None` if it was opened without a token, or by a server whose encoding is another.
    pub fn from_stored(stored: &StoredGrants) -> Option<Self> {
        let expires_at_ms = stored.expires_at_ms?;
        let (&ENCODING, rest) = stored.encoded.split_first()? else { return None };
        let (user, rest) = take_text(rest)?;
        let (name, rest) = take_text(rest)?;
        let claims = SessionClaims::decode(rest).ok()?;
        let display_name = Some(name).filter(|name| !name.is_empty()).map(Into::into);
        Some(Self { user: user.into(), display_name, expires_at_ms, claims, creator: stored.creator.clone() })
    }

    /// Returns `exp`, in milliseconds since 1970.
    pub fn token_expires_at_ms(&self) -> u64 {
        self.expires_at_ms.saturating_sub(LEEWAY_MS)
    }

    /// Returns whether the identity has expired.
    pub fn has_expired(&self, now_unix_ms: u64) -> bool {
        self.expires_at_ms <= now_unix_ms
    }

    /// Returns whether the token permits an action, in that room if one is concerned.
    pub(super) fn permits(&self, action: Action, room: Option<&str>) -> bool {
        let Grants { can, .. } = self.grants();
        let admits = room.is_none_or(|room| self.grants().admits(room));
        match action {
            // What needs a token but no permission. Who moderates is checked by the hub, which knows the owner.
            Action::Open | Action::IceServers | Action::DirectInScope => true,
            Action::Moderate => admits,
            Action::Join => admits && can.contains(Permissions::JOIN),
            Action::Create => admits && can.contains(Permissions::CREATE),
            Action::Send => admits && can.contains(Permissions::SEND),
            Action::Broadcast => admits && can.contains(Permissions::BROADCAST),
            Action::Direct => can.contains(Permissions::DIRECT),
            Action::List => admits && (can.contains(Permissions::LIST) || can.contains(Permissions::MANAGE)),
            Action::Manage => admits && can.contains(Permissions::MANAGE),
            Action::Admin => can.contains(Permissions::ADMIN),
            Action::Operate => can.contains(Permissions::ADMIN) && self.namespace().is_empty(),
        }
    }

    /// Replaces the values of the keys that the token sets, and adds the others.
    pub fn overlay(&self, metadata: &mut BTreeMap<String, String>) {
        metadata.extend(self.grants().metadata.clone());
    }

    /// Checks that a client's update of its entry leaves alone what the token says.
    ///
    /// # Errors
    ///
    /// FORBIDDEN.
    pub fn check_update(&self, renames: bool, keys: &BTreeMap<String, String>) -> Result<(), ApiError> {
        if renames && self.display_name.is_some() {
            return Err(ApiError::forbidden(
                "the display name is that of the token (claim name): leave it out, or refresh with another token",
            ));
        }
        if keys.keys().any(|key| self.grants().metadata.contains_key(key)) {
            return Err(ApiError::forbidden(
                "metadata that the token sets (wigwag.metadata) cannot be changed: leave those keys out, or refresh with \
                 another token",
            ));
        }
        Ok(())
    }
}

fn take_text(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (&len, rest) = bytes.split_first()?;
    let (text, rest) = rest.split_at_checked(len.into())?;
    Some((std::str::from_utf8(text).ok()?, rest))
}

/// What a session of a server without authentication holds.
pub(crate) fn nothing_stored() -> StoredGrants {
    StoredGrants::default()
}

#[cfg(test)]
mod tests {
    use wigwag_token::RoomPattern;

    use super::*;

    fn identity(patterns: &[&str], can: Permissions) -> Identity {
        let mut claims = Claims::new("ada", 1_900_000_000_000);
        claims.display_name = Some("Ada".into());
        claims.id = Some("7".into());
        claims.grants.can = can;
        claims.grants.rooms = patterns.iter().map(|text| RoomPattern::parse(text).expect("a pattern")).collect();
        claims.grants.metadata.insert("role".into(), "teacher".into());
        Identity::of(&claims)
    }

    #[test]
    fn a_session_holds_all_of_it() {
        let ada = identity(&["a", "b-*"], Permissions::JOIN);
        assert_eq!(Identity::from_stored(&ada.to_stored()), Some(ada.clone()));
        assert_eq!(Identity::from_stored(&nothing_stored()), None);
        let stored = ada.to_stored();
        for len in 0..stored.encoded.len() {
            let cut = StoredGrants { encoded: stored.encoded.slice(..len), ..stored.clone() };
            assert_ne!(Identity::from_stored(&cut), Some(ada.clone()), "{len}");
        }
    }

    #[test]
    fn an_action_needs_its_permission_and_its_room() {
        let all = [
            (Action::Join, Permissions::JOIN),
            (Action::Create, Permissions::CREATE),
            (Action::Send, Permissions::SEND),
            (Action::Broadcast, Permissions::BROADCAST),
            (Action::List, Permissions::LIST),
            (Action::List, Permissions::MANAGE),
            (Action::Manage, Permissions::MANAGE),
        ];
        for (action, can) in all {
            let ada = identity(&["a", "b-*"], can);
            assert!(ada.permits(action, Some("a")) && ada.permits(action, Some("b-1")), "{action:?}");
            for other in ["b", "aa", "A", "", "c"] {
                assert!(!ada.permits(action, Some(other)), "{action:?} {other}");
            }
            assert!(!identity(&["*"], Permissions::default()).permits(action, Some("a")), "{action:?}");
        }
        assert!(identity(&[], Permissions::DIRECT).permits(Action::Direct, None));
        assert!(!identity(&["*"], Permissions::SEND | Permissions::MANAGE).permits(Action::Direct, None));
        assert!(!identity(&["*"], Permissions::MANAGE).permits(Action::Admin, None));
        assert!(identity(&[], Permissions::ADMIN).permits(Action::Admin, None));
        assert!(!identity(&["*"], Permissions::ADMIN).permits(Action::Manage, Some("a")));
        let mut root = identity(&[], Permissions::ADMIN);
        assert!(
            root.permits(Action::Operate, None) && !identity(&[], Permissions::MANAGE).permits(Action::Operate, None)
        );
        root.claims.namespace = "team-1".into();
        assert!(root.permits(Action::Admin, None) && !root.permits(Action::Operate, None), "one of a namespace");
    }

    #[test]
    fn what_the_token_sets_stays() {
        let ada = identity(&["*"], Permissions::JOIN);
        let keys = |key: &str| BTreeMap::from([(key.to_owned(), "x".to_owned())]);
        assert!(ada.check_update(false, &keys("mood")).is_ok());
        assert_eq!(ada.check_update(true, &BTreeMap::new()).expect_err("the name").reason, "FORBIDDEN");
        assert_eq!(ada.check_update(false, &keys("role")).expect_err("a key").reason, "FORBIDDEN");
        let mut metadata = keys("role");
        ada.overlay(&mut metadata);
        assert_eq!(metadata["role"], "teacher");
    }
}
