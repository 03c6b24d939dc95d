//! The claims of a token.

use std::sync::Arc;

use crate::grants::Grants;

/// Maximum length of `sub` in bytes.
pub const MAX_SUBJECT_BYTES: usize = 128;

/// Maximum length of `name` in bytes.
pub const MAX_NAME_BYTES: usize = 128;

/// Maximum length of `jti`, and of `iss`, in bytes.
pub const MAX_ID_BYTES: usize = 256;

/// Maximum length of `wigwag.ns` in bytes.
pub const MAX_NAMESPACE_BYTES: usize = 64;

/// Returns whether a text is a namespace: 0 to [`MAX_NAMESPACE_BYTES`] characters of `a`–`z`, `0`–`9`, `-` and `_`.
pub fn is_namespace(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
    text.len() <= MAX_NAMESPACE_BYTES && text.bytes().all(allowed)
}

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

    /// Returns what a session must remember of the token, besides subject, display name and expiry.
    #[must_use]
    pub fn session(&self) -> SessionClaims {
        SessionClaims {
            id: self.id.clone(),
            issued_at_ms: self.issued_at_ms,
            issuer: self.issuer.clone(),
            namespace: self.namespace.as_str().into(),
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
    pub namespace: Arc<str>,
    /// The rest of `wigwag`.
    pub grants: Grants,
}
