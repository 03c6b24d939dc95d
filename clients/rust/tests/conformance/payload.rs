//! Parses the payloads and secrets of scenarios.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;
use wigwag_client::{IceCandidate, Payload, SdpType, SessionDescription, seal::RoomSecret};

/// Parses a payload in protobuf JSON.
pub(crate) fn payload(json: &Value) -> Result<Payload, String> {
    let strange = || format!("no payload: {json}");
    let (kind, value) = json.as_object().and_then(|fields| fields.iter().next()).ok_or_else(strange)?;
    let text = |name: &str| value[name].as_str().map(str::to_owned);
    let bytes = |value: &Value| STANDARD.decode(value.as_str().unwrap_or("?")).map_err(|error| error.to_string());
    Ok(match kind.as_str() {
        "description" => Payload::Description(SessionDescription {
            kind: SdpType::from(text("type").ok_or_else(strange)?),
            sdp: text("sdp").ok_or_else(strange)?,
        }),
        "candidate" => Payload::Candidate(IceCandidate {
            candidate: text("candidate"),
            sdp_mid: text("sdpMid"),
            sdp_m_line_index: value["sdpMLineIndex"].as_u64().and_then(|index| u32::try_from(index).ok()),
            username_fragment: text("usernameFragment"),
        }),
        "message" => match text("text") {
            Some(text) => Payload::Text(text),
            None => Payload::Binary(bytes(&value["binary"])?.into()),
        },
        "sealed" => Payload::Sealed(bytes(value)?.into()),
        _ => return Err(strange()),
    })
}

/// Parses the secret of a room.
pub(crate) fn secret(json: &Value) -> Result<RoomSecret, String> {
    let strange = || format!("no secret: {json}");
    if let Some(passphrase) = json["passphrase"].as_str() {
        return Ok(RoomSecret::passphrase(passphrase));
    }
    let hex = json["key"].as_str().ok_or_else(strange)?;
    let digits: Option<Vec<u8>> =
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok()).collect();
    let key = digits.and_then(|digits| digits.try_into().ok()).ok_or_else(strange)?;
    Ok(RoomSecret::key(key))
}
