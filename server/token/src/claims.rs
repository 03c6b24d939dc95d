//! The claims of a token.

use std::sync::Arc;

use crate::error::TokenError;
use crate::grants::Grants;
use crate::json::{Json, parse_object};
use crate::payload::Payload;

/// Maximum length of `sub` in bytes.
pub const MAX_SUBJECT_BYTES: usize = 128;

/// Maximum length of `name` in bytes.
pub const MAX_NAME_BYTES: usize = 128;

/// Maximum length of `jti`, and of `iss`, in bytes.
pub const MAX_ID_BYTES: usize = 256;

/// Maximum length of `wigwag.ns` in bytes.
pub const MAX_NAMESPACE_BYTES: usize = 64;

/// What a token says. Points in time are milliseconds since 1970; in the token they are seconds, and may have a fraction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// `sub`: the user id, 1 to [`MAX_SUBJECT_BYTES`] bytes without control characters.
    pub subject: Arc<str>,
    /// `name`: the display name, at most [`MAX_NAME_BYTES`] bytes without control characters. `None` if absent or empty.
    pub display_name: Option<Arc<str>>,
    /// `exp`: when the token expires. Tokens are accepted for [`LEEWAY_MS`](crate::LEEWAY_MS) longer.
    pub expires_at_ms: u64,
    /// `iat`: when it was issued. A token without it counts as issued before all others.
    pub issued_at_ms: Option<u64>,
    /// `jti`: the id of the token, 1 to [`MAX_ID_BYTES`] bytes without control characters.
    pub id: Option<Arc<str>>,
    /// `iss`: who issued it, 1 to [`MAX_ID_BYTES`] bytes without control characters.
    pub issuer: Option<Arc<str>>,
    /// `wigwag.ns`: the namespace, 0 to [`MAX_NAMESPACE_BYTES`] characters of `a`–`z`, `0`–`9`, `-` and `_`.
    pub namespace: String,
    /// The rest of `wigwag`: what it permits.
    pub grants: Grants,
}

impl Claims {
    /// Creates claims that permit nothing.
    pub fn new(subject: &str, expires_at_ms: u64) -> Self {
        Self {
            subject: subject.into(),
            display_name: None,
            expires_at_ms,
            issued_at_ms: None,
            id: None,
            issuer: None,
            namespace: String::new(),
            grants: Grants::default(),
        }
    }

    /// Reads the claims that are the member `name` of a JSON object. Nothing says who has written them: for the answers of a
    /// server that is trusted. `None` if there is no such member. `subject` and `expires_at_ms` stand for `sub` and `exp` where
    /// those are absent; `aud` and `nbf` are not looked at.
    ///
    /// # Errors
    ///
    /// If the text is not a JSON object without duplicate members, or its claims are not well formed.
    pub fn from_member(
        document: &[u8],
        name: &str,
        subject: &str,
        expires_at_ms: u64,
    ) -> Result<Option<Self>, TokenError> {
        let wrong = |text: &str| TokenError::invalid(format!("the document {text}"));
        let mut members = match parse_object(document).map_err(wrong)?.remove(name) {
            None | Some(Json::Null) => return Ok(None),
            Some(Json::Object(members)) => members,
            Some(_) => return Err(wrong("has claims that are not an object")),
        };
        if !subject.is_empty() {
            members.entry("sub".to_owned()).or_insert_with(|| Json::Text(subject.to_owned()));
        }
        #[expect(clippy::cast_precision_loss, reason = "seconds of this age are below 2^53")]
        let seconds = expires_at_ms as f64 / 1_000.0;
        members.entry("exp".to_owned()).or_insert(Json::Number(seconds));
        Payload::parse(members).map(|payload| Some(payload.claims))
    }

    /// Returns what a session must remember of the token, besides subject, display name and expiry.
    #[must_use]
    pub fn session(&self) -> SessionClaims {
        SessionClaims {
            id: self.id.clone(),
            issued_at_ms: self.issued_at_ms,
            issuer: self.issuer.clone(),
            namespace: self.namespace.clone(),
            grants: self.grants.clone(),
        }
    }
}

/// What a session remembers of its token: the claims that say what it may do, and by which the token can be revoked. The
/// user id, the display name and the expiry have their own places in a session.
///
/// [`Self::encode`] and [`Self::decode`] are its stable binary form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionClaims {
    /// `jti`.
    pub id: Option<Arc<str>>,
    /// `iat`, in milliseconds since 1970.
    pub issued_at_ms: Option<u64>,
    /// `iss`.
    pub issuer: Option<Arc<str>>,
    /// `wigwag.ns`.
    pub namespace: String,
    /// The rest of `wigwag`.
    pub grants: Grants,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::permissions::Permissions;

    #[test]
    fn claims_are_read_from_a_member_of_an_object() {
        let read = |text: &str| Claims::from_member(text.as_bytes(), "claims", "", 1_900_000_000_500);
        let claims = read(r#"{"claims":{"sub":"ada","wigwag":{"rooms":["a"],"can":["join"]}},"allow":true}"#);
        let claims = claims.expect("good").expect("there");
        assert_eq!((&*claims.subject, claims.expires_at_ms), ("ada", 1_900_000_000_500));
        assert!(claims.grants.allows(Permissions::JOIN, "a"));
        let own = read(r#"{"claims":{"sub":"ada","exp":1900000001}}"#).expect("good").expect("there");
        assert_eq!(own.expires_at_ms, 1_900_000_001_000);
        assert_eq!(read(r#"{"allow":true}"#), Ok(None));
        for wrong in [
            "",
            "[]",
            r#"{"claims":[]}"#,
            r#"{"claims":{}}"#,
            r#"{"claims":{"sub":""}}"#,
            r#"{"claims":{"sub":"ada","sub":"bob"}}"#,
            r#"{"claims":{"sub":"ada"},"claims":{"sub":"bob"}}"#,
            r#"{"claims":{"sub":"ada","wigwag":{"room":["a"]}}}"#,
            r#"{"claims":{"sub":"ada","exp":"tomorrow"}}"#,
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        let named = Claims::from_member(br#"{"claims":{}}"#, "claims", "ada", 1_000).expect("good").expect("there");
        assert_eq!((&*named.subject, named.expires_at_ms), ("ada", 1_000));
    }
}
