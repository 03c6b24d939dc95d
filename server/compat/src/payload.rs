//! Converts signals between the JSON of the compatibility protocols and the messages of the API.
//!
//! Between two clients of the same protocol a message travels unchanged, unknown fields included ([`wrap_native`]). To any
//! other peer goes what the API has a type for: a description, a candidate or application data.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::Deserialize as _;
use serde_json::{Number, Value, json};
use wigwag_proto::{
    Integer,
    v1::{AppData, IceCandidate, SessionDescription, app_data::Content, envelope::Payload},
};

use crate::{adapter::Object, error::CompatError};

/// The form of session descriptions. A client receives the form it last sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum SdpForm {
    /// `"sdp": "v=0…"`.
    #[default]
    Text,
    /// `"sdp": {"type": "offer", "sdp": "v=0…"}`.
    Object,
}

impl SdpForm {
    pub(crate) fn write(self, description: &SessionDescription) -> Value {
        match self {
            Self::Text => Value::String(description.sdp.clone()),
            Self::Object => json!({"type": description.r#type, "sdp": description.sdp}),
        }
    }
}

/// Reads a session description: the text, or an `RTCSessionDescription` in JSON.
pub(crate) fn description(kind: &str, sdp: Option<&Value>) -> Result<(SessionDescription, SdpForm), CompatError> {
    let invalid = |what: &str| {
        CompatError::invalid(
            format!("sdp {what}"),
            "send the SDP text, or the object peerConnection.localDescription, as \"sdp\"",
        )
    };
    let (text, form) = match sdp {
        None | Some(Value::Null) => return Err(invalid("is missing")),
        Some(Value::String(text)) => (text, SdpForm::Text),
        Some(Value::Object(object)) => {
            if object.get("type").is_some_and(|inner| inner != kind) {
                return Err(invalid(&format!("is of another type than the message, which is {kind:?}")));
            }
            match object.get("sdp") {
                Some(Value::String(text)) => (text, SdpForm::Object),
                _ => return Err(invalid("is an object without the text \"sdp\"")),
            }
        }
        Some(_) => return Err(invalid("is neither text nor an object")),
    };
    Ok((SessionDescription { r#type: kind.to_owned(), sdp: text.clone() }, form))
}

/// Reads a candidate: an `RTCIceCandidate` in JSON, `null` for the end of candidates, or the candidate's line with what
/// belongs to it in the same object.
pub(crate) fn candidate(message: &Object) -> Result<IceCandidate, CompatError> {
    match message.get("candidate") {
        Some(Value::Object(fields)) => candidate_of(fields),
        Some(Value::Null) => Ok(IceCandidate { candidate: Some(String::new()), ..IceCandidate::default() }),
        Some(Value::String(_)) => candidate_of(message),
        None => Err(invalid_candidate("candidate is missing")),
        Some(_) => Err(invalid_candidate("candidate is neither an object nor text")),
    }
}

fn candidate_of(fields: &Object) -> Result<IceCandidate, CompatError> {
    let text = |names: &[&str]| match names.iter().find_map(|name| fields.get(*name)) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(Value::Number(number)) if names.contains(&"mid") => {
            Ok(Some(integer(number).map_or_else(|| number.to_string(), |mid| mid.to_string())))
        }
        Some(_) => Err(invalid_candidate(&format!("candidate.{} is not text", names[0]))),
    };
    let index = match fields.get("sdpMLineIndex") {
        None | Some(Value::Null) => None,
        Some(index) => match index.as_number().and_then(integer) {
            Some(index) => Some(index),
            None => return Err(invalid_candidate("candidate.sdpMLineIndex is not a number from 0")),
        },
    };
    Ok(IceCandidate {
        candidate: text(&["candidate"])?,
        sdp_mid: text(&["sdpMid", "mid"])?,
        sdp_m_line_index: index,
        username_fragment: text(&["usernameFragment"])?,
    })
}

/// Returns a number that is an integer from 0 to 2³² - 1, also if it is written with a fraction or an exponent: some
/// languages write every number as `1.0`.
fn integer(number: &Number) -> Option<u32> {
    let Integer(value) = Integer::deserialize(number).ok()?;
    Some(value)
}

fn invalid_candidate(what: &str) -> CompatError {
    CompatError::invalid(
        what,
        "send event.candidate of an icecandidate event as \"candidate\"; null ends the candidates",
    )
}

/// Writes a candidate as the W3C dictionary `RTCIceCandidateInit`.
pub(crate) fn candidate_json(candidate: &IceCandidate) -> Value {
    let mut fields = Object::new();
    fields.insert("candidate".into(), candidate.candidate.clone().unwrap_or_default().into());
    if let Some(mid) = &candidate.sdp_mid {
        fields.insert("sdpMid".into(), mid.clone().into());
    }
    if let Some(index) = candidate.sdp_m_line_index {
        fields.insert("sdpMLineIndex".into(), index.into());
    }
    if let Some(fragment) = &candidate.username_fragment {
        fields.insert("usernameFragment".into(), fragment.clone().into());
    }
    Value::Object(fields)
}

/// Writes application data or a sealed payload as a message of type `message`: text as it is, bytes in base64. `None` for
/// other payloads.
pub(crate) fn data_message(payload: &Payload) -> Option<Object> {
    Some(object(match payload {
        Payload::Message(AppData { content: Some(Content::Text(text)) }) => json!({"type": "message", "text": text}),
        Payload::Message(AppData { content: Some(Content::Binary(bytes)) }) => {
            json!({"type": "message", "binary": BASE64_STANDARD.encode(bytes)})
        }
        Payload::Sealed(bytes) => json!({"type": "message", "sealed": BASE64_STANDARD.encode(bytes)}),
        _ => return None,
    }))
}

/// Reads the text of a message of type `message`.
pub(crate) fn text_of(message: &Object) -> Result<Payload, CompatError> {
    match field(message, "text")? {
        Some(content) => Ok(text(content)),
        None => Err(CompatError::invalid("text is missing", "put the text into \"text\"")),
    }
}

/// Returns the fields of an object; none for any other value.
pub(crate) fn object(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        _ => Object::new(),
    }
}

/// Returns text as application data.
pub(crate) fn text(text: impl Into<String>) -> Payload {
    Payload::Message(AppData { content: Some(Content::Text(text.into())) })
}

/// Wraps a message for a client of the same protocol, which receives it unchanged.
pub(crate) fn wrap_native(message: Object) -> Payload {
    text(Value::Object(message).to_string())
}

/// Unwraps a message that [`wrap_native`] wrapped.
pub(crate) fn unwrap_native(payload: &Payload) -> Option<Object> {
    match payload {
        Payload::Message(AppData { content: Some(Content::Text(text)) }) => serde_json::from_str(text).ok(),
        _ => None,
    }
}

/// Reads a text field of a message. An empty one counts as missing.
pub(crate) fn field<'a>(message: &'a Object, name: &str) -> Result<Option<&'a str>, CompatError> {
    match message.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
        Some(_) => Err(CompatError::invalid(format!("{name} is not text"), format!("send {name} as a JSON string"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_are_read_in_both_forms_and_written_in_the_same() {
        for (value, form) in [(json!("v=0"), SdpForm::Text), (json!({"type": "offer", "sdp": "v=0"}), SdpForm::Object)]
        {
            let (read, found) = description("offer", Some(&value)).expect("a description");
            assert_eq!((read.r#type.as_str(), read.sdp.as_str(), found), ("offer", "v=0", form));
            assert_eq!(found.write(&read), value);
        }
        for bad in
            [json!(null), json!(1), json!([]), json!({}), json!({"sdp": 1}), json!({"type": "answer", "sdp": ""})]
        {
            assert_eq!(description("offer", Some(&bad)).expect_err("not one").reason, "INVALID_FIELD", "{bad}");
        }
        assert!(description("offer", None).is_err());
    }

    #[test]
    fn candidates_are_read_in_the_forms_of_browsers_and_old_clients() {
        let full = json!({"candidate": "candidate:1", "sdpMid": "0", "sdpMLineIndex": 0, "usernameFragment": "u"});
        let read = candidate(&object(json!({"candidate": full}))).expect("a candidate");
        assert_eq!(candidate_json(&read), full);

        let flat = candidate(&object(json!({"candidate": "candidate:1", "sdpMid": "0", "sdpMLineIndex": 0})));
        assert_eq!(flat.expect("a candidate").sdp_m_line_index, Some(0));
        let mid = candidate(&object(json!({"candidate": "candidate:1", "mid": 0}))).expect("a candidate");
        assert_eq!(mid.sdp_mid.as_deref(), Some("0"));
        for index in ["1.0", "1e0", "0.1e1"] {
            let text = format!("{{\"candidate\": \"c\", \"mid\": {index}, \"sdpMLineIndex\": {index}}}");
            let read = candidate(&serde_json::from_str(&text).expect("JSON")).expect("a candidate");
            assert_eq!((read.sdp_m_line_index, read.sdp_mid.as_deref()), (Some(1), Some("1")), "{index}");
        }
        let end = candidate(&object(json!({"candidate": null}))).expect("the end");
        assert_eq!(candidate_json(&end), json!({"candidate": ""}));

        for bad in [
            json!({}),
            json!({"candidate": 1}),
            json!({"candidate": {"candidate": 1}}),
            json!({"candidate": {"candidate": "", "sdpMLineIndex": -1}}),
            json!({"candidate": {"candidate": "", "sdpMLineIndex": "0"}}),
            json!({"candidate": {"candidate": "", "sdpMLineIndex": 0.5}}),
            json!({"candidate": {"candidate": "", "sdpMLineIndex": 4_294_967_296.0}}),
        ] {
            assert_eq!(candidate(&object(bad.clone())).expect_err("not one").reason, "INVALID_FIELD", "{bad}");
        }
    }

    #[test]
    fn a_wrapped_message_is_unwrapped_unchanged() {
        let message = object(json!({"type": "offer", "sdp": "v=0", "more": {"deep": [1, 2.5, null]}}));
        assert_eq!(unwrap_native(&wrap_native(message.clone())), Some(message));
        assert_eq!(unwrap_native(&text("not JSON")), None);
    }
}
