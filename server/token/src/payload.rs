//! The payload of a token: checks the claims and converts them.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::claims::{Claims, MAX_ID_BYTES, MAX_NAME_BYTES, MAX_NAMESPACE_BYTES, MAX_SUBJECT_BYTES, is_namespace};
use crate::error::TokenError;
use crate::grants::{DuplicateUsers, Grants, MAX_METADATA_BYTES, MAX_ROOM_PATTERNS};
use crate::json::{Json, Object, parse_object};
use crate::permissions::Permissions;
use crate::room_pattern::RoomPattern;

/// The end of the year 9999 in seconds, the last second of RFC 3339.
const MAX_SECONDS: f64 = 253_402_300_799.0;

/// The claims of a payload, whose forms are checked, and nothing else.
pub(crate) struct Payload {
    pub(crate) claims: Claims,
    /// Whether there is a claim `wigwag`.
    pub(crate) has_grants: bool,
    pub(crate) audiences: Option<Vec<String>>,
    pub(crate) not_before_ms: Option<u64>,
}

impl Payload {
    pub(crate) fn parse(mut members: Object) -> Result<Self, TokenError> {
        let subject = text(&mut members, "sub", 1, MAX_SUBJECT_BYTES)?
            .ok_or_else(|| TokenError::invalid("the token needs sub, the user id"))?;
        let expires_at_ms = seconds(&members, "exp")?
            .ok_or_else(|| TokenError::invalid("the token needs exp, when it expires, in seconds since 1970"))?;
        let mut claims = Claims {
            display_name: text(&mut members, "name", 0, MAX_NAME_BYTES)?.filter(|name| !name.is_empty()),
            issued_at_ms: seconds(&members, "iat")?,
            id: text(&mut members, "jti", 1, MAX_ID_BYTES)?,
            issuer: text(&mut members, "iss", 1, MAX_ID_BYTES)?,
            ..Claims::new(&subject, expires_at_ms)
        };
        let has_grants = match members.remove("wigwag") {
            None => false,
            Some(Json::Object(members)) => {
                (claims.namespace, claims.grants) = wigwag(members)?;
                true
            }
            Some(_) => return Err(wrong("wigwag", "must be an object")),
        };
        let not_before_ms = seconds(&members, "nbf")?;
        Ok(Self { claims, has_grants, audiences: audiences(&mut members)?, not_before_ms })
    }
}

impl Claims {
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
}

fn wigwag(mut members: Object) -> Result<(String, Grants), TokenError> {
    let namespace = text(&mut members, "ns", 0, MAX_NAMESPACE_BYTES).map_err(|_| wrong_namespace())?;
    let namespace = namespace.as_deref().unwrap_or_default();
    if !is_namespace(namespace) {
        return Err(wrong_namespace());
    }
    let grants = Grants {
        rooms: rooms(members.remove("rooms"))?,
        can: can(members.remove("can"))?,
        max_members: max_members(members.remove("max_members"))?,
        duplicate_users: duplicate_users(members.remove("duplicate_users"))?,
        metadata: metadata(members.remove("metadata"))?,
    };
    // A misspelled restriction would otherwise permit more than its author wrote.
    if members.is_empty() {
        Ok((namespace.to_owned(), grants))
    } else {
        let known = "ns, rooms, can, max_members, duplicate_users, metadata";
        Err(wrong("wigwag", &format!("has a member that this version does not know: it knows {known}")))
    }
}

fn rooms(value: Option<Json>) -> Result<Vec<RoomPattern>, TokenError> {
    let values = match value {
        None => return Ok(Vec::new()),
        Some(Json::List(values)) if values.len() <= MAX_ROOM_PATTERNS => values,
        Some(_) => {
            let text = format!("must be a list of at most {MAX_ROOM_PATTERNS} room names or prefixes that end with *");
            return Err(wrong("wigwag.rooms", &text));
        }
    };
    let pattern = |(at, value): (usize, Json)| {
        let name = format!("wigwag.rooms[{at}]");
        let Json::Text(pattern) = value else { return Err(wrong(&name, "must be a text")) };
        RoomPattern::parse(&pattern).map_err(|error| wrong(&name, &error.to_string()))
    };
    values.into_iter().enumerate().map(pattern).collect()
}

fn can(value: Option<Json>) -> Result<Permissions, TokenError> {
    let values = match value {
        None => return Ok(Permissions::default()),
        Some(Json::List(values)) => values,
        Some(_) => return Err(wrong("wigwag.can", &format!("must be a list of {}", Permissions::known()))),
    };
    let mut permissions = Permissions::default();
    for (at, value) in values.iter().enumerate() {
        let permission = match value {
            Json::Text(name) => Permissions::parse(name),
            _ => None,
        };
        permissions |= permission.ok_or_else(|| {
            wrong(&format!("wigwag.can[{at}]"), &format!("is not a permission: these are {}", Permissions::known()))
        })?;
    }
    Ok(permissions)
}

fn max_members(value: Option<Json>) -> Result<Option<u32>, TokenError> {
    match value {
        None => Ok(None),
        Some(Json::Number(number)) if number.fract() == 0.0 && (1.0..=f64::from(u32::MAX)).contains(&number) =>
        {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number in the range")]
            Ok(Some(number as u32))
        }
        Some(_) => Err(wrong("wigwag.max_members", "must be a whole number from 1 to 4294967295")),
    }
}

fn duplicate_users(value: Option<Json>) -> Result<Option<DuplicateUsers>, TokenError> {
    let rule = match value {
        None => return Ok(None),
        Some(Json::Text(name)) => DuplicateUsers::parse(&name),
        Some(_) => None,
    };
    rule.map(Some).ok_or_else(|| wrong("wigwag.duplicate_users", "must be allow, reject or replace"))
}

fn metadata(value: Option<Json>) -> Result<BTreeMap<String, String>, TokenError> {
    let members = match value {
        None => return Ok(BTreeMap::new()),
        Some(Json::Object(members)) => members,
        Some(_) => return Err(wrong("wigwag.metadata", "must be an object whose values are texts")),
    };
    let pair = |(key, value)| match value {
        Json::Text(value) => Ok((key, value)),
        _ => Err(wrong("wigwag.metadata", "must be an object whose values are texts")),
    };
    let pairs = members.into_iter().map(pair).collect::<Result<BTreeMap<_, _>, _>>()?;
    let bytes: usize = pairs.iter().map(|(key, value)| key.len() + value.len()).sum();
    if bytes > MAX_METADATA_BYTES {
        let text = format!("has {bytes} bytes, keys and values together: at most {MAX_METADATA_BYTES} are accepted");
        return Err(wrong("wigwag.metadata", &text));
    }
    Ok(pairs)
}

/// `aud`: one text or a list of them (RFC 7519 section 4.1.3).
fn audiences(members: &mut Object) -> Result<Option<Vec<String>>, TokenError> {
    let values = match members.remove("aud") {
        None => return Ok(None),
        Some(Json::Text(audience)) => return Ok(Some(vec![audience])),
        Some(Json::List(values)) => values,
        Some(_) => return Err(wrong("aud", "must be a text or a list of texts")),
    };
    let audience = |value| match value {
        Json::Text(audience) => Ok(audience),
        _ => Err(wrong("aud", "must be a text or a list of texts")),
    };
    values.into_iter().map(audience).collect::<Result<_, _>>().map(Some)
}

fn text(members: &mut Object, name: &str, min: usize, max: usize) -> Result<Option<Arc<str>>, TokenError> {
    let value = match members.remove(name) {
        None => return Ok(None),
        Some(Json::Text(value)) => value,
        Some(_) => return Err(wrong(name, "must be a text")),
    };
    if !(min..=max).contains(&value.len()) {
        return Err(wrong(name, &format!("has {} bytes: {min} to {max} are accepted", value.len())));
    }
    if value.chars().any(char::is_control) {
        return Err(wrong(name, "contains a control character"));
    }
    Ok(Some(value.into()))
}

/// A point in time (NumericDate of RFC 7519) in milliseconds.
fn seconds(members: &Object, name: &str) -> Result<Option<u64>, TokenError> {
    match members.get(name) {
        None => Ok(None),
        Some(Json::Number(number)) if (0.0..=MAX_SECONDS).contains(number) =>
        {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked")]
            Ok(Some((number * 1_000.0).round() as u64))
        }
        Some(Json::Number(number)) if *number > MAX_SECONDS => {
            Err(wrong(name, "is after the year 9999: it is counted in seconds since 1970, not in milliseconds"))
        }
        Some(_) => Err(wrong(name, "must be a number of seconds since 1970")),
    }
}

fn wrong(claim: &str, text: &str) -> TokenError {
    TokenError::invalid(format!("{claim} of the token {text}"))
}

fn wrong_namespace() -> TokenError {
    wrong("wigwag.ns", &format!("must be at most {MAX_NAMESPACE_BYTES} characters of a-z, 0-9, - and _"))
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
