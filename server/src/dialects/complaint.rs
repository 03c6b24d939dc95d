//! What went wrong, for a dialect to say in its own form.

use std::{borrow::Cow, fmt};

use serde_json::{Value, json};
use wigwag_hub::{Reason, error::Cut};
use wigwag_proto::v1::{Advice, ErrorFrame};

use crate::{fault::Fault, websocket::Ending};

/// An error in words. Each dialect puts it into its own message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Complaint {
    /// An `ErrorReason` without its prefix: the same as at every door.
    pub(super) reason: Cow<'static, str>,
    /// What is wrong.
    pub(super) message: String,
    /// What to do about it. May be empty.
    pub(super) hint: String,
    /// What a client does that does not know the reason.
    advice: Advice,
}

impl Complaint {
    pub(super) fn new(reason: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { reason: reason.into(), message: message.into(), hint: hint.into(), advice: Advice::Unspecified }
    }

    /// A field that is missing or has a value it may not have.
    pub(super) fn invalid(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new("INVALID_FIELD", message, hint)
    }

    /// The named peer is not there, or may not be addressed.
    pub(super) fn absent(who: &str, hint: impl Into<String>) -> Self {
        Self::new("PEER_NOT_FOUND", format!("{} is not here", Quoted(who)), hint)
    }

    /// A message of a type the dialect does not have. `known` lists those it has.
    pub(super) fn unknown_type(kind: &str, known: &str) -> Self {
        let message =
            if kind.is_empty() { "type is missing".to_owned() } else { format!("type {} is not known", Quoted(kind)) };
        Self::new("UNKNOWN_FRAME", message, format!("type is {known}"))
    }

    /// A message was accepted and then did not arrive.
    pub(super) fn lost(to: &str, reason: Reason) -> Self {
        Self::new(reason.as_str(), format!("a message to {} did not arrive", Quoted(to)), "")
    }

    /// The client's seat in its room is gone.
    pub(super) fn seat_lost(reason: Reason) -> Self {
        let message = match reason {
            Reason::Ended => "the room was ended",
            Reason::Removed | Reason::Banned => "you were removed from the room",
            _ => "you are not in the room any more",
        };
        Self::new(reason.as_str(), message, "")
    }

    /// As a message of the dialects that have no form of their own for errors.
    pub(super) fn to_json(&self) -> Value {
        json!({"type": "error", "reason": self.reason, "message": self.message, "hint": self.hint})
    }

    /// How a socket ends for this reason.
    pub(super) fn ending(&self) -> Ending {
        Ending::of(self.reason.clone(), self.advice)
    }

    fn worded(reason: Cow<'static, str>, text: &str, advice: Advice) -> Self {
        let (message, hint) = text.split_once(": ").unwrap_or((text, ""));
        Self { reason, message: message.to_owned(), hint: hint.to_owned(), advice }
    }
}

/// What a client said, repeated to it in quotes: only so much that it can be recognized.
pub(super) struct Quoted<'a>(pub(super) &'a str);

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

impl From<&Fault> for Complaint {
    fn from(fault: &Fault) -> Self {
        Self::worded(fault.reason.into(), &fault.message, fault.advice)
    }
}

impl From<Fault> for Complaint {
    fn from(fault: Fault) -> Self {
        (&fault).into()
    }
}

impl From<Cut> for Complaint {
    fn from(cut: Cut) -> Self {
        Fault::from(cut).into()
    }
}

impl From<ErrorFrame> for Complaint {
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
        assert!(Complaint::absent(&long, "").message.len() < 200);
    }

    #[test]
    fn the_advice_in_a_fault_becomes_the_hint() {
        let complaint = Complaint::from(Fault::draining());
        assert_eq!(complaint.reason, "DRAINING");
        assert_eq!(complaint.message, "this node is going away");
        assert_eq!(complaint.hint, "connect again, elsewhere or in a moment");
    }
}
