//! Access tokens: JSON Web Tokens (RFC 7519) with the claim `wigwag`.
//!
//! [`Verifier`] checks a token against keys and returns its [`Claims`]; [`Minter`] signs one. What a session must remember of
//! its token is [`SessionClaims`], which has a compact encoding. `docs/tokens.md` describes the claims.
//!
//! The crate reads no clock, no file and no socket: the time is an argument, keys are text, and fetching a JWKS document is up
//! to the caller. Signatures are checked by the jsonwebtoken crate over aws-lc-rs; everything else about a token is checked
//! here, before its signature.
//!
//! ```
//! use wigwag_token::{Claims, Issuer, Key, KeySet, Minter, Permissions, RoomPattern, Verifier};
//!
//! let secret = b"an example secret of at least 32 bytes";
//! let mut claims = Claims::new("ada", 1_900_000_000_000);
//! claims.grants.rooms.push(RoomPattern::parse("team-*")?);
//! claims.grants.can = Permissions::JOIN | Permissions::SEND;
//! let token = Minter::hmac("main", secret)?.mint(&claims)?;
//!
//! let keys = KeySet::from(vec![Key::hmac("main", secret)?]);
//! let verifier = Verifier::new(vec![Issuer::of_hmac_keys(keys)])?;
//! let verified = verifier.verify(&token, 1_800_000_000_000)?;
//! assert_eq!(&*verified.subject, "ada");
//! assert!(verified.grants.allows(Permissions::JOIN, "team-1"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]

mod algorithm;
mod claims;
mod compact;
mod encoding;
mod error;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod grants;
mod json;
mod jwk;
mod key;
mod minter;
mod payload;
mod permissions;
mod room_pattern;
mod verifier;

pub use algorithm::Algorithm;
pub use claims::{
    Claims, MAX_ID_BYTES, MAX_NAME_BYTES, MAX_NAMESPACE_BYTES, MAX_SUBJECT_BYTES, SessionClaims, is_namespace,
};
pub use compact::{MAX_KEY_ID_BYTES, MAX_TOKEN_BYTES};
pub use encoding::DecodeError;
pub use error::{TokenError, TokenErrorKind, UnknownKey};
pub use grants::{DuplicateUsers, Grants, MAX_METADATA_BYTES, MAX_ROOM_PATTERNS};
pub use key::{Key, KeyError, KeySet, MAX_KEYS, MIN_SECRET_BYTES};
pub use minter::{MintError, Minter};
pub use permissions::Permissions;
pub use room_pattern::{MAX_PATTERN_BYTES, PatternError, RoomPattern};
pub use verifier::{Issuer, IssuerError, LEEWAY_MS, Verifier};
