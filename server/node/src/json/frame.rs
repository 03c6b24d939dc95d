//! Reads and writes frames as protobuf JSON.

use prost::Message;
use serde::Deserialize;
use wigwag_proto::{
    Integer,
    v1::{ClientFrame, Envelope, ServerFrame, client_frame::Body, server_frame::Body as Down},
};

use super::{BadJson, read};
use crate::{
    error::ApiError,
    frame::{OutFrame, RawBody, RawClientFrame},
};

/// Why a text cannot be read as a client frame.
#[derive(Debug)]
pub enum Unreadable {
    /// A field has an invalid value. Holds the frame's sequence number, which the error reply uses up.
    Refused(u32, ApiError),
    /// The text is not a frame.
    Broken(ApiError),
}

/// Reads a frame. Its envelope is encoded as protobuf, as other transports receive it.
///
/// # Errors
///
/// When the text is not a frame, or a field has an invalid value.
pub fn read_frame(text: &str) -> Result<RawClientFrame, Unreadable> {
    match read::<ClientFrame>(text.as_bytes()) {
        Ok(frame) => Ok(raw(frame)),
        Err(bad) => Err(match (&bad, read_seq(text)) {
            (BadJson::Field { .. }, Some(seq)) => Unreadable::Refused(seq, bad.to_error()),
            (BadJson::Field { why, .. } | BadJson::Syntax(why), _) => {
                Unreadable::Broken(ApiError::protocol(format_args!("not a JSON frame of wigwag.v1: {why}")))
            }
        }),
    }
}

/// Reads only the sequence number of a frame. `None` if the text is not a frame.
pub fn read_seq(text: &str) -> Option<u32> {
    #[derive(Deserialize)]
    struct Head {
        seq: Option<Integer<u32>>,
    }
    // serde would read an array as a struct.
    let object = text.trim_start_matches('\u{feff}').trim_start().starts_with('{');
    let head: Head = read(text.as_bytes()).ok().filter(|_| object)?;
    Some(head.seq.map_or(0, |Integer(seq)| seq))
}

/// Writes a frame. `None` if its body has no JSON form, which does not happen to frames of this server.
pub fn write_frame(frame: &OutFrame) -> Option<Vec<u8>> {
    let len = frame.encoded_len();
    let whole = match frame.envelope() {
        // The most frequent kind of frame, decoded without encoding the whole frame first.
        Some(envelope) => {
            let body = Some(Down::Envelope(Envelope::decode(envelope.clone()).ok()?));
            ServerFrame { seq: frame.seq, ack: frame.ack, reply_to: frame.reply_to, body }
        }
        None => {
            let mut bytes = Vec::with_capacity(len);
            frame.encode(&mut bytes);
            ServerFrame::decode(bytes.as_slice()).ok()?
        }
    };
    // Estimates the size of field names, quotes, and the escaped line ends of a session description.
    let mut text = Vec::with_capacity(len + len / 8 + 128);
    serde_json::to_writer(&mut text, &whole).ok()?;
    Some(text)
}

fn raw(frame: ClientFrame) -> RawClientFrame {
    let body = frame.body.map(|body| match body {
        Body::Envelope(envelope) => RawBody::Envelope(envelope.encode_to_vec().into()),
        Body::Hello(hello) => RawBody::Hello(Box::new(hello)),
        Body::Join(join) => RawBody::Join(Box::new(join)),
        Body::Leave(leave) => RawBody::Leave(leave),
        Body::CreateRoom(create) => RawBody::CreateRoom(Box::new(create)),
        Body::EndRoom(end) => RawBody::EndRoom(end),
        Body::RemoveMember(remove) => RawBody::RemoveMember(remove),
        Body::UpdateMember(update) => RawBody::UpdateMember(Box::new(update)),
        Body::Refresh(refresh) => RawBody::Refresh(refresh),
        Body::Pong(pong) => RawBody::Pong(pong),
        Body::Bye(bye) => RawBody::Bye(bye),
        Body::Report(report) => RawBody::Report(report.encode_to_vec().into()),
    });
    RawClientFrame { seq: frame.seq, ack: frame.ack, body }
}

#[cfg(test)]
mod tests {
    use wigwag_hub::{
        frame::{self as hub, Item},
        id::PeerId,
    };

    use wigwag_proto::v1::envelope::Payload;

    use super::*;

    #[test]
    fn an_envelope_is_written_with_its_numbers() {
        let body = Envelope { room: "demo".into(), from: "p".into(), ..Envelope::default() };
        let item = Item::Numbered { seq: 300, reply_to: 5, body: hub::Body::Envelope(body.encode_to_vec().into()) };
        let mut frame = OutFrame::from_item(item, &PeerId::from_random(1));
        frame.ack = 7;
        let text = write_frame(&frame).expect("JSON");
        let read: ServerFrame = serde_json::from_slice(&text).expect("a frame");
        assert_eq!((read.seq, read.ack, read.reply_to, read.body), (300, 7, 5, Some(Down::Envelope(body))));
    }

    #[test]
    fn an_envelope_is_unchanged_by_reading_and_writing() {
        let text = r#"{"seq":3,"ack":2,"envelope":{"room":"demo","candidate":{"candidate":""}}}"#;
        let frame = read_frame(text).expect("a frame");
        assert_eq!((frame.seq, frame.ack), (3, 2));
        let Some(RawBody::Envelope(bytes)) = frame.body else { panic!("an envelope") };
        crate::frame::check(&bytes).expect("a valid envelope");
        let envelope = wigwag_proto::v1::Envelope::decode(bytes).expect("an envelope");
        let written = serde_json::to_string(&envelope).expect("JSON");
        assert_eq!(format!(r#"{{"seq":3,"ack":2,"envelope":{written}}}"#), text);
    }

    #[test]
    fn numbers_may_have_a_fraction_or_an_exponent_as_long_as_they_are_integers() {
        let text =
            r#"{"seq":3.0,"ack":2e0,"envelope":{"room":"demo","candidate":{"candidate":"","sdpMLineIndex":1.0}}}"#;
        let frame = read_frame(text).expect("a frame");
        assert_eq!((frame.seq, frame.ack), (3, 2));
        let Some(RawBody::Envelope(bytes)) = frame.body else { panic!("an envelope") };
        let Some(Payload::Candidate(candidate)) = Envelope::decode(bytes).expect("an envelope").payload else {
            panic!("a candidate")
        };
        assert_eq!(candidate.sdp_m_line_index, Some(1));
        let text = r#"{"seq":1.0,"hello":{"graceMs":6e4,"resume":{"sessionToken":"t","epoch":7e0,"lastSeq":"3.0"}}}"#;
        let Some(RawBody::Hello(hello)) = read_frame(text).expect("a frame").body else { panic!("a hello") };
        let resume = hello.resume.expect("a resume");
        assert_eq!((hello.grace_ms, resume.epoch, resume.last_seq), (60_000, 7, 3));
    }

    #[test]
    fn an_invalid_value_refuses_the_frame_and_an_invalid_text_ends_the_connection() {
        for (text, seq) in [
            (r#"{"seq":4,"join":{"room":5}}"#, 4),
            (r#"{"join":"demo"}"#, 0),
            (r#"{"seq":9,"envelope":{"sealed":"?"}}"#, 9),
            (r#"{"seq":1,"join":{},"leave":{}}"#, 1),
            (r#"{"seq":"6","join":{"room":5}}"#, 6),
            (r#"{"seq":null,"join":{"room":5}}"#, 0),
            (r#"{"seq":7.0,"join":{"room":5}}"#, 7),
            (r#"{"seq":8e0,"join":{"room":5}}"#, 8),
            (r#"{"seq":7,"join":{"room":"\ud83d"}}"#, 7),
            (r#"{"envelope":{"message":{"text":"half \ude00"}},"seq":8}"#, 8),
            (r#"{"seq":2,"updateMember":{"metadata":{"k":"\ud83d"}}}"#, 2),
        ] {
            match read_frame(text) {
                Err(Unreadable::Refused(found, error)) => assert_eq!((found, error.reason), (seq, "INVALID_FIELD")),
                other => panic!("{text}: {other:?}"),
            }
        }
        for text in [
            "",
            "{",
            "[]",
            "5",
            "null",
            "{\"join\":{}",
            "{\"seq\":-1}",
            "{\"seq\":\"x\"}",
            "{\"join\":{}} x",
            "\u{0}",
            "{\"seq\":1.5}",
        ] {
            match read_frame(text) {
                Err(Unreadable::Broken(error)) => assert_eq!(error.reason, "PROTOCOL"),
                other => panic!("{text}: {other:?}"),
            }
        }
    }
}
