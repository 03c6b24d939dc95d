//! The answer of the webhook.

use serde::Deserialize;
use wigwag_node::auth::WebhookAnswer;
use wigwag_token::{Claims, TokenError};

/// For how long claims are good whose answer does not say it.
const DEFAULT_TTL_S: u64 = 3_600;
/// The longest time for which they may be, with `ttl_s`.
const MAX_TTL_S: u64 = 30 * 86_400;
/// The longest time for which an answer is remembered.
const MAX_CACHE_S: u64 = 3_600;
/// Longest reason that is passed on to a client, in bytes.
const MAX_REASON_BYTES: usize = 256;

/// An answer that was read.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) answer: WebhookAnswer,
    /// For how long the same question need not be asked again.
    pub(super) cache_ms: u64,
}

/// What is wrong with an answer. Nothing of it is part of the text.
#[derive(Debug, thiserror::Error)]
pub(super) enum AnswerError {
    #[error("its answer is not a JSON object with allow, true or false")]
    Form,
    #[error("its answer has ttl_s or cache_s beyond {MAX_TTL_S} and {MAX_CACHE_S}")]
    Times,
    #[error("its answer has both exp and ttl_s in claims")]
    TwoExpiries,
    #[error("its answer has claims that have expired")]
    Expired,
    #[error("its answer has claims that cannot be used: {0}")]
    Claims(#[from] TokenError),
}

#[derive(Deserialize)]
struct Answer {
    allow: bool,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    cache_s: u64,
    #[serde(default)]
    claims: Option<Expiry>,
}

/// The claims that no token has, and those that exclude them.
#[derive(Deserialize)]
struct Expiry {
    #[serde(default)]
    ttl_s: Option<u64>,
    #[serde(default)]
    exp: Option<serde::de::IgnoredAny>,
}

impl Read {
    /// Reads an answer. `user`: the user id of the question.
    pub(super) fn parse(body: &[u8], user: &str, now_ms: u64) -> Result<Self, AnswerError> {
        let answer: Answer = serde_json::from_slice(body).map_err(|_| AnswerError::Form)?;
        if answer.cache_s > MAX_CACHE_S {
            return Err(AnswerError::Times);
        }
        let cache_ms = answer.cache_s * 1_000;
        if !answer.allow {
            let reason = shown(&answer.reason.unwrap_or_default());
            return Ok(Self { answer: WebhookAnswer::Denied(reason), cache_ms });
        }
        let ttl_s = match &answer.claims {
            Some(Expiry { ttl_s: Some(_), exp: Some(_) }) => return Err(AnswerError::TwoExpiries),
            Some(Expiry { ttl_s: Some(0), .. }) => return Err(AnswerError::Expired),
            Some(Expiry { ttl_s: Some(ttl_s), .. }) if *ttl_s > MAX_TTL_S => return Err(AnswerError::Times),
            Some(Expiry { ttl_s, .. }) => ttl_s.unwrap_or(DEFAULT_TTL_S),
            None => DEFAULT_TTL_S,
        };
        let mut claims = Claims::from_member(body, "claims", user, now_ms + ttl_s * 1_000)?;
        if let Some(claims) = &mut claims {
            if claims.expires_at_ms <= now_ms {
                return Err(AnswerError::Expired);
            }
            // By this they are revoked, also while the answer is remembered.
            claims.issued_at_ms.get_or_insert(now_ms);
        }
        Ok(Self { answer: WebhookAnswer::Allowed(claims), cache_ms })
    }
}

/// Returns the part of a text that is passed on.
fn shown(text: &str) -> String {
    let mut shown = String::new();
    for character in text.chars().filter(|character| !character.is_control()) {
        if shown.len() + character.len_utf8() > MAX_REASON_BYTES {
            break;
        }
        shown.push(character);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Read, AnswerError> {
        Read::parse(text.as_bytes(), "ada", 1_800_000_000_000)
    }

    fn claims(text: &str) -> Claims {
        match read(text).expect("good").answer {
            WebhookAnswer::Allowed(Some(claims)) => claims,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn claims_have_an_expiry_and_a_user() {
        assert_eq!(claims(r#"{"allow":true,"claims":{}}"#).expires_at_ms, 1_800_003_600_000);
        assert_eq!(&*claims(r#"{"allow":true,"claims":{}}"#).subject, "ada");
        let answer = r#"{"allow":true,"claims":{"sub":"bob","ttl_s":60},"cache_s":5}"#;
        assert_eq!((&*claims(answer).subject, claims(answer).expires_at_ms), ("bob", 1_800_000_060_000));
        assert_eq!(read(answer).expect("good").cache_ms, 5_000);
        assert_eq!(claims(r#"{"allow":true,"claims":{"exp":1800000001}}"#).expires_at_ms, 1_800_000_001_000);
        assert_eq!(read(r#"{"allow":true}"#).expect("good").answer, WebhookAnswer::Allowed(None));
    }

    #[test]
    fn claims_are_issued_when_they_are_answered() {
        assert_eq!(claims(r#"{"allow":true,"claims":{}}"#).issued_at_ms, Some(1_800_000_000_000));
        let earlier = r#"{"allow":true,"claims":{"iat":1799999999},"cache_s":60}"#;
        assert_eq!(claims(earlier).issued_at_ms, Some(1_799_999_999_000), "what it says itself");
    }

    #[test]
    fn a_reason_is_short_and_has_no_control_characters() {
        let denied = |text: &str| match read(text).expect("good").answer {
            WebhookAnswer::Denied(reason) => reason,
            other => panic!("{other:?}"),
        };
        assert_eq!(denied(r#"{"allow":false,"reason":"not\nyou"}"#), "notyou");
        assert_eq!(denied(r#"{"allow":false,"claims":{"ttl_s":0}}"#), "");
        let long = format!(r#"{{"allow":false,"reason":"{}"}}"#, "\u{e9}".repeat(1_000));
        assert_eq!(denied(&long).len(), MAX_REASON_BYTES);
    }

    #[test]
    fn what_is_not_an_answer_allows_nothing() {
        for text in [
            "",
            "true",
            "{}",
            r#"{"allow":"true"}"#,
            r#"{"allow":1}"#,
            r#"{"allow":null}"#,
            r#"{"Allow":true}"#,
            r#"{"allow":true,"allow":true}"#,
            r#"{"allow":true,"claims":true}"#,
            r#"{"allow":true,"claims":{"ttl_s":-1}}"#,
            r#"{"allow":true,"claims":{"ttl_s":0}}"#,
            r#"{"allow":true,"claims":{"ttl_s":99999999}}"#,
            r#"{"allow":true,"claims":{"ttl_s":60,"exp":1800000060}}"#,
            r#"{"allow":true,"claims":{"exp":1700000000}}"#,
            r#"{"allow":true,"claims":{"wigwag":{"can":["everything"]}}}"#,
            r#"{"allow":true,"cache_s":3601}"#,
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
