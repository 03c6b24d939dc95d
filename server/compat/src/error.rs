//! What went wrong, for a dialect to say in its own form.

use std::{borrow::Cow, fmt};

use serde_json::{Value, json};
use wigwag_hub::{Reason, error::DetachReason};
use wigwag_net::websocket::CloseReason;
use wigwag_node::{close_code::close_code, error::ApiError};
use wigwag_proto::v1::{Advice, ErrorFrame};

/// An error in words. Each dialect puts it into its own message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CompatError {
    /// An `ErrorReason` without its prefix: the same as at every door.
    pub(crate) reason: Cow<'static, str>,
    /// What is wrong.
    pub(crate) message: String,
    /// What to do about it. May be empty.
    pub(crate) hint: String,
    /// What a client does that does not know the reason.
    advice: Advice,
}

impl CompatError {
    pub(crate) fn new(reason: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { reason: reason.into(), message: message.into(), hint: hint.into(), advice: Advice::Unspecified }
    }

    /// A field that is missing or has a value it may not have.
    pub(crate) fn invalid(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new("INVALID_FIELD", message, hint)
    }

    /// The named peer is not there, or may not be addressed.
    pub(crate) fn absent(who: &str, hint: impl Into<String>) -> Self {
        Self::new("PEER_NOT_FOUND", format!("{} is not here", Quoted(who)), hint)
    }

    /// A message of a type the dialect does not have. `known` lists those it has.
    pub(crate) fn unknown_type(kind: &str, known: &str) -> Self {
        let message =
            if kind.is_empty() { "type is missing".to_owned() } else { format!("type {} is not known", Quoted(kind)) };
        Self::new("UNKNOWN_FRAME", message, format!("type is {known}"))
    }

    /// A message was accepted and then did not arrive.
    pub(crate) fn lost(to: &str, reason: Reason) -> Self {
        Self::new(reason.as_str(), format!("a message to {} did not arrive", Quoted(to)), "")
    }

    /// The client's seat in its room is gone.
    pub(crate) fn seat_lost(reason: Reason) -> Self {
        let message = match reason {
            Reason::Ended => "the room was ended",
            Reason::Removed | Reason::Banned => "you were removed from the room",
            _ => "you are not in the room any more",
        };
        Self::new(reason.as_str(), message, "")
    }

    /// As a message of the dialects that have no form of their own for errors.
    pub(crate) fn to_json(&self) -> Value {
        json!({"type": "error", "reason": self.reason, "message": self.message, "hint": self.hint})
    }

    /// How a socket ends for this reason.
    pub(crate) fn close_reason(&self) -> CloseReason {
        CloseReason::close(close_code(&self.reason, self.advice), self.reason.clone())
    }

    fn worded(reason: Cow<'static, str>, text: &str, advice: Advice) -> Self {
        let (message, hint) = text.split_once(": ").unwrap_or((text, ""));
        Self { reason, message: message.to_owned(), hint: hint.to_owned(), advice }
    }
}

/// What a client said, repeated to it in quotes: only so much that it can be recognized.
pub(crate) struct Quoted<'a>(pub(super) &'a str);

impl Quoted<'_> {
    /// Longest part that is repeated, in characters.
    const MOST: usize = 64;
}

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(Self::MOST) {
            Some((end, _)) => write!(f, "{:?}…", &self.0[..end]),
            None => write!(f, "{:?}", self.0),
        }
    }
}

impl From<&ApiError> for CompatError {
    fn from(error: &ApiError) -> Self {
        Self::worded(error.reason.into(), &error.message, error.advice)
    }
}

impl From<ApiError> for CompatError {
    fn from(error: ApiError) -> Self {
        (&error).into()
    }
}

impl From<DetachReason> for CompatError {
    fn from(cut: DetachReason) -> Self {
        ApiError::from(cut).into()
    }
}

impl From<ErrorFrame> for CompatError {
    fn from(error: ErrorFrame) -> Self {
        let advice = error.advice();
        Self::worded(error.reason.into(), &error.message, advice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_said_is_not_repeated_at_length() {
        assert_eq!(Quoted("a \"b\"").to_string(), "\"a \\\"b\\\"\"");
        let long = "é".repeat(10_000);
        assert_eq!(Quoted(&long).to_string(), format!("\"{}\"…", "é".repeat(64)));
        assert!(CompatError::absent(&long, "").message.len() < 200);
    }

    #[test]
    fn the_advice_in_a_fault_becomes_the_hint() {
        let error = CompatError::from(ApiError::draining());
        assert_eq!(error.reason, "DRAINING");
        assert_eq!(error.message, "this node is going away");
        assert_eq!(error.hint, "connect again, elsewhere or in a moment");
    }
}
