//! Why a token is refused.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// Why a token is refused.
///
/// `Display` says what is wrong and what to do. Neither it nor `Debug` contains the token, a value from it, or a key: it may
/// be logged and returned to the client.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct TokenError {
    kind: TokenErrorKind,
    text: Cow<'static, str>,
    unknown_key: Option<Box<UnknownKey>>,
}

/// The kind of a [`TokenError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenErrorKind {
    /// The token was good and has expired: get a fresh one.
    Expired,
    /// The token is good later: `nbf` or `iat` is in the future.
    NotYetValid,
    /// The token will never be good.
    Invalid,
    /// No key of the issuer has this id. It may have a new key: fetch its JWKS document again.
    UnknownKey,
    /// The keys of the issuer cannot be fetched at the moment: the token may be good, try again later. A [`Verifier`](crate::Verifier)
    /// fetches nothing and never returns it.
    KeysUnavailable,
}

impl TokenErrorKind {
    /// Returns the kind as a constant name: `EXPIRED`, `NOT_YET_VALID`, `INVALID`, `UNKNOWN_KEY` or `KEYS_UNAVAILABLE`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Expired => "EXPIRED",
            Self::NotYetValid => "NOT_YET_VALID",
            Self::Invalid => "INVALID",
            Self::UnknownKey => "UNKNOWN_KEY",
            Self::KeysUnavailable => "KEYS_UNAVAILABLE",
        }
    }
}

/// The key that a token names. Both are from the token and not verified: use them as exact keys of a map only.
#[derive(Clone, PartialEq, Eq)]
pub struct UnknownKey {
    /// The name of a configured issuer; `None`: the one without a name.
    pub issuer: Option<Arc<str>>,
    /// `kid` of the header.
    pub key_id: Option<Arc<str>>,
}

impl TokenError {
    /// Returns what kind of error it is.
    #[must_use]
    pub fn kind(&self) -> TokenErrorKind {
        self.kind
    }

    /// Returns which key is missing, if the kind is [`TokenErrorKind::UnknownKey`].
    #[must_use]
    pub fn unknown_key(&self) -> Option<&UnknownKey> {
        self.unknown_key.as_deref()
    }

    /// Creates the error for a caller that cannot fetch the keys of an issuer.
    #[must_use]
    pub fn keys_unavailable() -> Self {
        let text = "the keys of the token's issuer cannot be fetched at the moment: try again later";
        Self::new(TokenErrorKind::KeysUnavailable, text)
    }

    pub(crate) fn new(kind: TokenErrorKind, text: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, text: text.into(), unknown_key: None }
    }

    pub(crate) fn invalid(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(TokenErrorKind::Invalid, text)
    }

    pub(crate) fn of_unknown_key(key: UnknownKey, text: impl Into<Cow<'static, str>>) -> Self {
        Self { unknown_key: Some(Box::new(key)), ..Self::new(TokenErrorKind::UnknownKey, text) }
    }
}

impl fmt::Debug for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.as_str(), self.text)
    }
}
