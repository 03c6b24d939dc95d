//! What rooms-ws and plain JSON share: flat messages, `{"type": "offer", "sdp": …}`, in one room per connection.

use serde_json::{Value, json};
use wigwag_proto::v1::envelope::Payload;

use crate::{
    adapter::Object,
    error::CompatError,
    names::Scope,
    payload::{self, SdpForm, object},
    session::ClientEvent,
};

/// What one protocol calls things.
#[derive(Debug)]
pub(crate) struct Vocabulary {
    /// The type of a candidate's message.
    pub(crate) candidate: &'static str,
    /// The field that names the sender.
    pub(crate) sender: &'static str,
    /// The types of the server's messages, which clients cannot send.
    pub(crate) server_types: &'static [&'static str],
    /// Whether clients of the protocol know each other by name rather than by peer id.
    pub(crate) by_name: bool,
}

/// Translates the messages of one client.
pub(crate) struct FlatJson {
    pub(crate) scope: Scope,
    vocabulary: &'static Vocabulary,
    form: SdpForm,
}

impl FlatJson {
    pub(crate) fn new(scope: Scope, vocabulary: &'static Vocabulary) -> Self {
        Self { scope, vocabulary, form: SdpForm::default() }
    }

    /// Returns the id under which the client knows a peer.
    pub(crate) fn shown<'a>(&self, peer: &'a str) -> &'a str {
        let name = if self.vocabulary.by_name { self.scope.name_of(peer) } else { None };
        name.unwrap_or(peer)
    }

    /// Reads a message of the client. `None` if its type is the application's: only clients of this protocol can receive
    /// it.
    pub(crate) fn read(&mut self, message: &Object) -> Result<Option<Payload>, CompatError> {
        match payload::field(message, "type")?.unwrap_or_default() {
            kind @ ("offer" | "answer") => {
                let (description, form) = payload::description(kind, message.get("sdp"))?;
                self.form = form;
                Ok(Some(Payload::Description(description)))
            }
            "pranswer" => {
                let read = payload::description("pranswer", message.get("sdp")).ok();
                Ok(read.map(|(description, _)| Payload::Description(description)))
            }
            "message" => payload::text_of(message).map(Some),
            kind if kind == self.vocabulary.candidate => Ok(Some(Payload::Candidate(payload::candidate(message)?))),
            kind if kind.is_empty() || self.vocabulary.server_types.contains(&kind) => Err(self.unknown_type(kind)),
            _ => Ok(None),
        }
    }

    /// Returns the error of a message whose type its recipient cannot receive.
    pub(crate) fn unknown_type(&self, kind: &str) -> CompatError {
        let candidate = self.vocabulary.candidate;
        let known = format!(
            "offer, answer, {candidate} or message; a type of your own, except those of the server, reaches clients of \
             this protocol only"
        );
        CompatError::unknown_type(kind, &known)
    }

    /// Handles an event that both protocols handle alike.
    pub(crate) fn on_event(&self, event: ClientEvent, out: &mut Vec<Value>) -> Result<(), CompatError> {
        match event {
            ClientEvent::Signal { from, payload } => out.extend(self.write(&from, &payload)),
            ClientEvent::Undelivered { peer, reason } => {
                out.push(CompatError::undelivered(self.shown(peer.as_str()), reason).to_json());
            }
            ClientEvent::Refused(error) => return Err(error),
            ClientEvent::Left { reason, .. } => return Err(CompatError::not_a_member(reason)),
            // The first three are not alike.
            ClientEvent::Joined { .. } | ClientEvent::MemberJoined { .. } | ClientEvent::MemberLeft { .. } => {}
            ClientEvent::Done | ClientEvent::GoAway { .. } => {}
        }
        Ok(())
    }

    /// Writes a signal of the peer `from`. `None` if the protocol has no message for it.
    fn write(&self, from: &str, payload: &Payload) -> Option<Value> {
        let mut message = match payload {
            Payload::Description(description) => {
                object(json!({"type": description.r#type, "sdp": self.form.write(description)}))
            }
            Payload::Candidate(candidate) => {
                object(json!({"type": self.vocabulary.candidate, "candidate": payload::candidate_json(candidate)}))
            }
            _ if self.scope.name_of(from).is_some() => payload::unwrap_native(payload)?,
            _ => payload::data_message(payload)?,
        };
        message.insert(self.vocabulary.sender.into(), self.shown(from).into());
        Some(Value::Object(message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_of_the_application_is_relayed_and_one_of_the_server_is_not() {
        static VOCABULARY: Vocabulary =
            Vocabulary { candidate: "candidate", sender: "from", server_types: &["error"], by_name: false };
        let mut messages = FlatJson::new(Scope::new("plain-json", "room"), &VOCABULARY);
        let mut read = |message: Value| messages.read(&object(message));
        for own in [json!({"type": "hangup"}), json!({"type": "pranswer", "data": 1}), json!({"type": "Offer"})] {
            assert_eq!(read(own), Ok(None));
        }
        let Ok(Some(Payload::Description(description))) = read(json!({"type": "pranswer", "sdp": "v=0"})) else {
            panic!("a description")
        };
        assert_eq!((description.r#type.as_str(), description.sdp.as_str()), ("pranswer", "v=0"));
        for refused in [json!({"type": "error"}), json!({"type": ""}), json!({})] {
            assert_eq!(read(refused).expect_err("is refused").reason, "UNKNOWN_FRAME");
        }
    }
}
