//! Validates an encoded envelope once, when it arrives, without decoding it into objects.
//!
//! A valid envelope is one that every strict protobuf parser accepts: known fields only, exactly one payload, strings
//! in UTF-8. Without validation one member's invalid UTF-8 would make the others reject the whole frame, resume,
//! receive it again and fail again. Hints that this version does not know are skipped and not passed on: it cannot say
//! that a receiver accepts them, and a receiver over JSON would never see them.

use std::ops::RangeInclusive;

use bytes::{BufMut, Bytes, BytesMut};
use prost::{
    Message as _,
    encoding::{decode_varint, encode_varint, encoded_len_varint},
};
use wigwag_proto::v1 as pb;

/// Protobuf wire types.
const VARINT: u64 = 0;
const I64: u64 = 1;
const LEN: u64 = 2;
const I32: u64 = 5;

/// The numbers of hints: fields that are dropped if they are unknown. An envelope with any other unknown field is refused.
const HINTS: RangeInclusive<u64> = 100..=199;

/// The longest id of an RTCPeerConnection, in bytes.
const MAX_CONNECTION_BYTES: usize = 64;

/// A valid envelope: its routing fields, and its payload as one encoded field.
#[derive(Debug, PartialEq, Eq)]
pub struct CheckedEnvelope<'a> {
    /// The room, or empty.
    pub room: &'a str,
    /// The recipient's peer id, or empty for all members of the room.
    pub to: &'a str,
    /// Whether the sender requests a receipt.
    pub receipt: bool,
    payload_tag: u64,
    payload: &'a [u8],
}

/// Why an envelope is invalid.
#[derive(Debug, PartialEq, Eq)]
pub struct Invalid {
    /// The path of the field, such as `envelope.description.type`.
    pub field: &'static str,
    /// What is wrong with it, and the remedy after a colon.
    pub why: &'static str,
}

impl CheckedEnvelope<'_> {
    /// Encodes the envelope that its receivers get: routing fields written by the server, the payload's bytes
    /// unchanged.
    pub fn encode(&self, from: &str) -> Bytes {
        let text_len = |s: &str| if s.is_empty() { 0 } else { 1 + encoded_len_varint(s.len() as u64) + s.len() };
        let payload = 1 + encoded_len_varint(self.payload.len() as u64) + self.payload.len();
        let receipt = 2 * usize::from(self.receipt);
        let mut out =
            BytesMut::with_capacity(text_len(self.room) + text_len(from) + text_len(self.to) + receipt + payload);
        for (number, value) in [(1, self.room), (2, from), (3, self.to)] {
            if !value.is_empty() {
                encode_varint(number << 3 | LEN, &mut out);
                encode_varint(value.len() as u64, &mut out);
                out.put_slice(value.as_bytes());
            }
        }
        if self.receipt {
            // The receiver acknowledges sooner.
            out.put_slice(&[4 << 3 | VARINT as u8, 1]);
        }
        encode_varint(self.payload_tag << 3 | LEN, &mut out);
        encode_varint(self.payload.len() as u64, &mut out);
        out.put_slice(self.payload);
        out.freeze()
    }
}

/// Validates an encoded `wigwag.v1.Envelope` sent by a client.
///
/// # Errors
///
/// The first invalid field, and why it is invalid.
pub fn check(bytes: &[u8]) -> Result<CheckedEnvelope<'_>, Invalid> {
    let mut signal = CheckedEnvelope { room: "", to: "", receipt: false, payload_tag: 0, payload: &[] };
    let mut fields = Fields { rest: bytes, of: "envelope" };
    while let Some((number, value)) = fields.next()? {
        match (number, value) {
            (1, Value::Bytes(room)) => signal.room = utf8(room, "envelope.room")?,
            (2, Value::Bytes([])) => {}
            (2, Value::Bytes(_)) => return invalid("envelope.from", "is written by the server: leave it out"),
            (3, Value::Bytes(to)) => signal.to = utf8(to, "envelope.to")?,
            (4, Value::Number(receipt)) => signal.receipt = receipt != 0,
            (5..=8, Value::Bytes(payload)) => {
                if signal.payload_tag != 0 {
                    return invalid("envelope.payload", "is set twice: send two envelopes");
                }
                match number {
                    5 => description(payload)?,
                    6 => candidate(payload)?,
                    7 => message(payload)?,
                    _ => {}
                }
                (signal.payload_tag, signal.payload) = (number, payload);
            }
            (100, value) => negotiation(value)?,
            (hint, _) if HINTS.contains(&hint) => {}
            _ => return invalid("envelope", "contains an unknown field: use the fields of wigwag.v1.Envelope"),
        }
    }
    if signal.payload_tag == 0 {
        return invalid("envelope.payload", "is missing: set description, candidate, message or sealed");
    }
    Ok(signal)
}

fn description(bytes: &[u8]) -> Result<(), Invalid> {
    let (mut kind, mut sdp) = (None, false);
    let mut fields = Fields { rest: bytes, of: "envelope.description" };
    while let Some((number, value)) = fields.next()? {
        match (number, value) {
            (1, Value::Bytes(text)) if kind.is_none() => kind = Some(utf8(text, "envelope.description.type")?),
            (2, Value::Bytes(text)) if !sdp => {
                sdp = true;
                check_utf8(text, "envelope.description.sdp")?;
            }
            _ => {
                return invalid(
                    "envelope.description",
                    "contains an unknown or repeated field: set type and sdp once each",
                );
            }
        }
    }
    match kind {
        Some("offer" | "answer" | "pranswer" | "rollback") => Ok(()),
        _ => invalid("envelope.description.type", "must be offer, answer, pranswer or rollback"),
    }
}

fn candidate(bytes: &[u8]) -> Result<(), Invalid> {
    const NAMES: [&str; 4] = [
        "envelope.candidate.candidate",
        "envelope.candidate.sdp_mid",
        "envelope.candidate.sdp_m_line_index",
        "envelope.candidate.username_fragment",
    ];
    let mut seen = [false; 4];
    let mut fields = Fields { rest: bytes, of: "envelope.candidate" };
    while let Some((number, value)) = fields.next()? {
        let at = match number {
            1..=4 => number as usize - 1,
            _ => {
                return invalid(
                    "envelope.candidate",
                    "contains an unknown field: use the fields of wigwag.v1.IceCandidate",
                );
            }
        };
        if std::mem::replace(&mut seen[at], true) {
            return invalid(NAMES[at], "is set twice: set it once");
        }
        match value {
            Value::Bytes(text) if number != 3 => check_utf8(text, NAMES[at])?,
            Value::Number(index) if number == 3 && u32::try_from(index).is_ok() => {}
            _ => return invalid(NAMES[at], "has the wrong type: use the type of wigwag.v1.IceCandidate"),
        }
    }
    Ok(())
}

/// The hint of this version. It is dropped like others, but has to be valid: a later version passes it on.
#[cold]
fn negotiation(value: Value<'_>) -> Result<(), Invalid> {
    const FIELD: &str = "envelope.negotiation";
    let Value::Bytes(bytes) = value else {
        return invalid(FIELD, "has the wrong type: use the type of wigwag.v1.Negotiation");
    };
    let Ok(negotiation) = pb::Negotiation::decode(bytes) else {
        return invalid(
            FIELD,
            "is not a valid wigwag.v1.Negotiation: encode it with the code generated from proto/wigwag/v1",
        );
    };
    let too_long = |id: &str| id.len() > MAX_CONNECTION_BYTES;
    if too_long(&negotiation.connection) || too_long(&negotiation.to_connection) {
        return invalid(FIELD, "has a connection id of more than 64 bytes: shorten it");
    }
    Ok(())
}

fn message(bytes: &[u8]) -> Result<(), Invalid> {
    let mut content = false;
    let mut fields = Fields { rest: bytes, of: "envelope.message" };
    while let Some((number, value)) = fields.next()? {
        if std::mem::replace(&mut content, true) {
            return invalid("envelope.message", "has more than one content: set text or binary");
        }
        match (number, value) {
            (1, Value::Bytes(text)) => check_utf8(text, "envelope.message.text")?,
            (2, Value::Bytes(_)) => {}
            _ => return invalid("envelope.message", "contains an unknown field: set text or binary"),
        }
    }
    if content { Ok(()) } else { invalid("envelope.message", "is empty: set text or binary") }
}

enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    /// Four or eight bytes, which only hints have.
    Fixed,
}

/// Iterates over the fields of an encoded message, which is at the path `of` in the envelope.
struct Fields<'a> {
    rest: &'a [u8],
    of: &'static str,
}

impl<'a> Fields<'a> {
    fn next(&mut self) -> Result<Option<(u64, Value<'a>)>, Invalid> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let malformed = Invalid {
            field: self.of,
            why: "is not well-formed protobuf: encode it with the code generated from proto/wigwag/v1",
        };
        let Ok(key) = decode_varint(&mut self.rest) else { return Err(malformed) };
        let wire_type = key & 7;
        if wire_type != VARINT && wire_type != LEN {
            return self.fixed(key).map(Some);
        }
        let Ok(number) = decode_varint(&mut self.rest) else { return Err(malformed) };
        if wire_type == VARINT {
            return Ok(Some((key >> 3, Value::Number(number))));
        }
        let at = usize::try_from(number).ok().filter(|len| *len <= self.rest.len());
        let Some(at) = at else { return Err(malformed) };
        let (value, rest) = self.rest.split_at(at);
        self.rest = rest;
        Ok(Some((key >> 3, Value::Bytes(value))))
    }

    /// Skips a value of four or eight bytes. No field of version 1 has one.
    #[cold]
    fn fixed(&mut self, key: u64) -> Result<(u64, Value<'a>), Invalid> {
        let len = match key & 7 {
            I64 => Some(8),
            I32 => Some(4),
            _ => None,
        };
        match len.and_then(|len| self.rest.get(len..)) {
            Some(rest) => {
                self.rest = rest;
                Ok((key >> 3, Value::Fixed))
            }
            None => Err(Invalid {
                field: self.of,
                why: "is cut off or contains a field of an unsupported wire type: use the fields of wigwag.v1.Envelope",
            }),
        }
    }
}

fn utf8<'a>(bytes: &'a [u8], field: &'static str) -> Result<&'a str, Invalid> {
    std::str::from_utf8(bytes).map_err(|_| Invalid { field, why: "is not valid UTF-8" })
}

/// Checks a text that is passed on as it is. Nearly all are ASCII, which is found out with a tenth of the instructions.
fn check_utf8(bytes: &[u8], field: &'static str) -> Result<(), Invalid> {
    if bytes.is_ascii() { Ok(()) } else { utf8(bytes, field).map(drop) }
}

fn invalid<T>(field: &'static str, why: &'static str) -> Result<T, Invalid> {
    Err(Invalid { field, why })
}

#[cfg(test)]
mod tests;
