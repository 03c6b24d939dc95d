//! The error that every adapter writes in the form of its protocol.

use std::{borrow::Cow, fmt};

use serde_json::{Value, json};
use wigwag_hub::{Reason, error::DetachReason};
use wigwag_net::websocket::CloseReason;
use wigwag_node::{close_code::close_code, error::ApiError};
use wigwag_proto::v1::{Advice, ErrorFrame};

/// An error with a reason for programs, and a message and a hint for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CompatError {
    /// An `ErrorReason` without its prefix, the same as in the API.
    pub(crate) reason: Cow<'static, str>,
    /// What is wrong.
    pub(crate) message: String,
    /// What to do about it. May be empty.
    pub(crate) hint: String,
    /// What a client that does not know the reason should do.
    advice: Advice,
    /// The recipient of the message that was too large to be read, if it names one in `dst`.
    pub(crate) dst: Option<String>,
}

impl CompatError {
    pub(crate) fn new(reason: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            message: message.into(),
            hint: hint.into(),
            advice: Advice::Unspecified,
            dst: None,
        }
    }

    /// Reports a field that is missing or invalid.
    pub(crate) fn invalid(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new("INVALID_FIELD", message, hint)
    }

    /// Reports a peer that does not exist or may not be addressed.
    pub(crate) fn peer_not_found(who: &str, hint: impl Into<String>) -> Self {
        Self::new("PEER_NOT_FOUND", format!("there is no peer {}", Quoted(who)), hint)
    }

    /// Reports a message type that the protocol does not have. `known` lists those it has.
    pub(crate) fn unknown_type(kind: &str, known: &str) -> Self {
        let message =
            if kind.is_empty() { "type is missing".to_owned() } else { format!("type {} is unknown", Quoted(kind)) };
        Self::new("UNKNOWN_FRAME", message, format!("type must be {known}"))
    }

    /// Reports a message that was accepted and could then not be delivered.
    pub(crate) fn undelivered(to: &str, reason: Reason) -> Self {
        Self::new(reason.as_str(), format!("a message to {} was not delivered", Quoted(to)), "")
    }

    /// Reports the end of the client's own membership in a room.
    pub(crate) fn not_a_member(reason: Reason) -> Self {
        let message = match reason {
            Reason::Ended => "the room was ended",
            Reason::Removed | Reason::Banned => "you were removed from the room",
            _ => "you are no longer in the room",
        };
        Self::new(reason.as_str(), message, "")
    }

    /// Writes the error as `{type: "error", …}`, for protocols that do not define an error message.
    pub(crate) fn to_json(&self) -> Value {
        json!({"type": "error", "reason": self.reason, "message": self.message, "hint": self.hint})
    }

    /// Returns the close code and reason of a WebSocket that ends with this error.
    pub(crate) fn close_reason(&self) -> CloseReason {
        CloseReason::close(close_code(&self.reason, self.advice), self.reason.clone())
    }

    /// Returns whether a client whose connection ends with this error may reconnect on its own.
    pub(crate) fn may_reconnect(&self) -> bool {
        close_code(&self.reason, self.advice) < 4_500
    }

    /// Splits a text of the form "what is wrong: what to do" into message and hint.
    fn from_text(reason: Cow<'static, str>, text: &str, advice: Advice) -> Self {
        let (message, hint) = text.split_once(": ").unwrap_or((text, ""));
        Self { reason, message: message.to_owned(), hint: hint.to_owned(), advice, dst: None }
    }
}

/// Displays text of a client in quotes, cut after 64 characters.
pub(crate) struct Quoted<'a>(pub(crate) &'a str);

impl Quoted<'_> {
    /// Longest part that is shown, in characters.
    const MAX_CHARS: usize = 64;
}

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(Self::MAX_CHARS) {
            Some((end, _)) => write!(f, "{:?}…", &self.0[..end]),
            None => write!(f, "{:?}", self.0),
        }
    }
}

impl From<&ApiError> for CompatError {
    fn from(error: &ApiError) -> Self {
        Self::from_text(error.reason.into(), &error.message, error.advice)
    }
}

impl From<ApiError> for CompatError {
    fn from(error: ApiError) -> Self {
        (&error).into()
    }
}

impl From<DetachReason> for CompatError {
    fn from(reason: DetachReason) -> Self {
        ApiError::from(reason).into()
    }
}

impl From<ErrorFrame> for CompatError {
    fn from(error: ErrorFrame) -> Self {
        let advice = error.advice();
        Self::from_text(error.reason.into(), &error.message, advice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_of_a_client_is_cut() {
        assert_eq!(Quoted("a \"b\"").to_string(), "\"a \\\"b\\\"\"");
        let long = "é".repeat(10_000);
        assert_eq!(Quoted(&long).to_string(), format!("\"{}\"…", "é".repeat(64)));
        assert!(CompatError::peer_not_found(&long, "").message.len() < 200);
    }

    #[test]
    fn the_text_of_an_api_error_is_split_into_message_and_hint() {
        let error = CompatError::from(ApiError::draining());
        assert_eq!(error.reason, "DRAINING");
        assert_eq!(error.message, "this node is going away");
        assert_eq!(error.hint, "connect again, elsewhere or in a moment");
    }
}
