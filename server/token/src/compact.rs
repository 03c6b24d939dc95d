//! The compact form of a token (RFC 7515 section 7.1) and its header.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::algorithm::Algorithm;
use crate::error::TokenError;
use crate::json::{Json, Object, parse_object};

/// Maximum length of a token in bytes.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// Maximum length of `kid` in bytes.
pub const MAX_KEY_ID_BYTES: usize = 64;

/// A token taken apart, of which nothing is verified yet.
pub(crate) struct Compact<'a> {
    pub(crate) header: Header,
    pub(crate) claims: Object,
    /// What the signature is over.
    pub(crate) signed: &'a str,
    /// The signature in base64, decoded once to check its form.
    pub(crate) signature: &'a str,
}

/// The members of a header that count. Those with which a token would name or bring its own key (`jku`, `jwk`, `x5u`, `x5c`,
/// `x5t`) are ignored.
#[derive(Debug)]
pub(crate) struct Header {
    pub(crate) algorithm: Algorithm,
    pub(crate) key_id: Option<String>,
}

impl<'a> Compact<'a> {
    /// Takes a token apart and checks its form and its header.
    pub(crate) fn parse(token: &'a str) -> Result<Self, TokenError> {
        if token.is_empty() {
            return Err(TokenError::invalid("the token is empty"));
        }
        if token.len() > MAX_TOKEN_BYTES {
            let text = format!("the token has {} bytes: at most {MAX_TOKEN_BYTES} are accepted", token.len());
            return Err(TokenError::invalid(text));
        }
        let mut parts = token.split('.');
        let (Some(header), Some(claims), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            let count = token.split('.').count();
            let text = format!("the token has {count} parts: a signed JWT has three, separated by dots");
            return Err(TokenError::invalid(text));
        };
        let signed = &token[..header.len() + 1 + claims.len()];
        let header = Header::parse(object("header", header)?)?;
        let claims = object("payload", claims)?;
        if !header.algorithm.fits(&decode("signature", signature)?) {
            let text = format!("the signature does not have the length of an {} signature", header.algorithm);
            return Err(TokenError::invalid(text));
        }
        Ok(Self { header, claims, signed, signature })
    }
}

fn object(part: &str, text: &str) -> Result<Object, TokenError> {
    parse_object(&decode(part, text)?).map_err(|wrong| TokenError::invalid(format!("the {part} of the token {wrong}")))
}

/// Decodes base64url in its only form: no padding, no other alphabet, no bits set that encode nothing.
fn decode(part: &str, text: &str) -> Result<Vec<u8>, TokenError> {
    URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| TokenError::invalid(format!("the {part} of the token is not base64url without padding")))
}

impl Header {
    fn parse(members: Object) -> Result<Self, TokenError> {
        // What `crit` lists must be understood (RFC 7515 section 4.1.11), and nothing is; `b64` changes what is signed
        // (RFC 7797); `zip` and `enc` belong to encrypted tokens.
        for name in ["crit", "b64", "zip", "enc"] {
            if members.contains_key(name) {
                return Err(TokenError::invalid(format!("the header has {name}, which is not supported")));
            }
        }
        let algorithm = match members.get("alg") {
            Some(Json::Text(name)) if name.eq_ignore_ascii_case("none") => {
                return Err(TokenError::invalid("the token is not signed: sign it with a configured key"));
            }
            Some(Json::Text(name)) => Algorithm::parse(name),
            _ => return Err(TokenError::invalid("the header needs alg, the name of an algorithm")),
        };
        let algorithm = algorithm.ok_or_else(|| {
            let known = crate::algorithm::list(&Algorithm::ALL);
            TokenError::invalid(format!("alg of the header is not a supported algorithm: these are {known}"))
        })?;
        match members.get("typ") {
            None => {}
            Some(Json::Text(name)) if ["jwt", "at+jwt"].iter().any(|typ| name.eq_ignore_ascii_case(typ)) => {}
            Some(_) => return Err(TokenError::invalid("typ of the header must be JWT or at+jwt, or be left out")),
        }
        // A nested token (RFC 7519 section 5.2) would have to be verified once more.
        if members.contains_key("cty") {
            return Err(TokenError::invalid("the header has cty: nested tokens are not supported"));
        }
        let key_id = match members.get("kid") {
            None => None,
            Some(Json::Text(id)) if (1..=MAX_KEY_ID_BYTES).contains(&id.len()) => Some(id.clone()),
            Some(_) => {
                let text = format!("kid of the header must be a text of 1 to {MAX_KEY_ID_BYTES} bytes");
                return Err(TokenError::invalid(text));
            }
        };
        Ok(Self { algorithm, key_id })
    }
}
