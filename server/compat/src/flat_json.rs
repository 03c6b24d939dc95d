//! Signals as flat JSON messages, the form of rooms-ws and plain JSON: `{"type": "offer", "sdp": …}`.
//!
//! The two protocols differ in the type of a candidate's message and in the field that names the sender.

use serde_json::{Value, json};
use wigwag_proto::v1::envelope::Payload;

use crate::{
    adapter::Object,
    error::CompatError,
    names::Scope,
    payload::{self, SdpForm, object},
};

/// What one protocol calls things, and the form of session descriptions that its client uses.
pub(crate) struct FlatJson {
    candidate_type: &'static str,
    sender_field: &'static str,
    form: SdpForm,
}

impl FlatJson {
    pub(crate) fn new(candidate_type: &'static str, sender_field: &'static str) -> Self {
        Self { candidate_type, sender_field, form: SdpForm::default() }
    }

    /// Reads a message of the client.
    pub(crate) fn read(&mut self, message: &Object) -> Result<Payload, CompatError> {
        match payload::field(message, "type")?.unwrap_or_default() {
            kind @ ("offer" | "answer") => {
                let (description, form) = payload::description(kind, message.get("sdp"))?;
                self.form = form;
                Ok(Payload::Description(description))
            }
            "message" => payload::text_of(message),
            kind if kind == self.candidate_type => Ok(Payload::Candidate(payload::candidate(message)?)),
            kind => {
                let known = format!("offer, answer, {} or message", self.candidate_type);
                Err(CompatError::unknown_type(kind, &known))
            }
        }
    }

    /// Writes a signal of the peer `from`, which the client knows as `shown`. `None` if the protocol has no message for it.
    pub(crate) fn write(&self, scope: &Scope, from: &str, shown: &str, payload: &Payload) -> Option<Value> {
        let mut message = match payload {
            Payload::Description(description) => {
                object(json!({"type": description.r#type, "sdp": self.form.write(description)}))
            }
            Payload::Candidate(candidate) => {
                object(json!({"type": self.candidate_type, "candidate": payload::candidate_json(candidate)}))
            }
            _ if scope.name_of(from).is_some() => payload::unwrap_native(payload)?,
            _ => payload::data_message(payload)?,
        };
        message.insert(self.sender_field.into(), shown.into());
        Some(Value::Object(message))
    }
}
