//! Frames as protobuf JSON.

use prost::Message;
use serde::Deserialize;
use wigwag_proto::v1::{ClientFrame, Envelope, ServerFrame, client_frame::Body, server_frame::Body as Down};

use super::{BadJson, read};
use crate::{
    error::ApiError,
    frame::{OutFrame, RawBody, RawClientFrame},
};

/// Why a text is no client frame.
#[derive(Debug)]
pub enum Unreadable {
    /// It is a frame, of this number, that holds a value it may not hold. Uses the number up.
    Refused(u32, ApiError),
    /// It is no frame.
    Broken(ApiError),
}

/// Reads a frame. Its envelope is handed on encoded, as every door does.
pub fn read_frame(text: &str) -> Result<RawClientFrame, Unreadable> {
    match read::<ClientFrame>(text.as_bytes()) {
        Ok(frame) => Ok(raw(frame)),
        Err(bad) => Err(match (&bad, read_seq(text)) {
            (BadJson::Field { .. }, Some(seq)) => Unreadable::Refused(seq, bad.to_error()),
            (BadJson::Field { why, .. } | BadJson::Syntax(why), _) => {
                Unreadable::Broken(ApiError::protocol(format_args!("this is no JSON frame: {why}")))
            }
        }),
    }
}

/// Reads only the number of a frame. `None`: it is no frame.
pub fn read_seq(text: &str) -> Option<u32> {
    #[derive(Deserialize)]
    struct Head {
        seq: Option<Number>,
    }
    /// The mapping of protobuf to JSON takes numbers in quotes as well.
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Number {
        Plain(u32),
        Quoted(String),
    }
    // serde would take an array for a struct.
    let object = text.trim_start().starts_with('{');
    let head: Head = read(text.as_bytes()).ok().filter(|_| object)?;
    match head.seq {
        None => Some(0),
        Some(Number::Plain(seq)) => Some(seq),
        Some(Number::Quoted(seq)) => seq.parse().ok(),
    }
}

/// Writes a frame. `None` when it holds what JSON cannot say, which no frame of this server does.
pub fn write_frame(frame: &OutFrame) -> Option<Vec<u8>> {
    let len = frame.encoded_len();
    let whole = match frame.envelope() {
        // The one kind there is much of: what it is stands there already.
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
    // Names and quotes, and what a session description needs for its line ends.
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
    });
    RawClientFrame { seq: frame.seq, ack: frame.ack, body }
}

#[cfg(test)]
mod tests {
    use wigwag_hub::{
        frame::{self as hub, Item},
        id::PeerId,
    };

    use super::*;

    #[test]
    fn an_envelope_goes_out_with_what_stands_before_it() {
        let body = Envelope { room: "demo".into(), from: "p".into(), ..Envelope::default() };
        let item = Item::Numbered { seq: 300, reply_to: 5, body: hub::Body::Envelope(body.encode_to_vec().into()) };
        let mut frame = OutFrame::from_item(item, &PeerId::from_random(1));
        frame.ack = 7;
        let text = write_frame(&frame).expect("JSON");
        let read: ServerFrame = serde_json::from_slice(&text).expect("a frame");
        assert_eq!((read.seq, read.ack, read.reply_to, read.body), (300, 7, 5, Some(Down::Envelope(body))));
    }

    #[test]
    fn an_envelope_stays_what_it_was() {
        let text = r#"{"seq":3,"ack":2,"envelope":{"room":"demo","candidate":{"candidate":""}}}"#;
        let frame = read_frame(text).expect("a frame");
        assert_eq!((frame.seq, frame.ack), (3, 2));
        let Some(RawBody::Envelope(bytes)) = frame.body else { panic!("an envelope") };
        crate::frame::check(&bytes).expect("an envelope that is accepted");
        let envelope = wigwag_proto::v1::Envelope::decode(bytes).expect("an envelope");
        let written = serde_json::to_string(&envelope).expect("JSON");
        assert_eq!(format!(r#"{{"seq":3,"ack":2,"envelope":{written}}}"#), text);
    }

    #[test]
    fn a_wrong_value_costs_its_frame_and_a_wrong_text_the_connection() {
        for (text, seq) in [
            (r#"{"seq":4,"join":{"room":5}}"#, 4),
            (r#"{"join":"demo"}"#, 0),
            (r#"{"seq":9,"envelope":{"sealed":"?"}}"#, 9),
            (r#"{"seq":1,"join":{},"leave":{}}"#, 1),
            (r#"{"seq":"6","join":{"room":5}}"#, 6),
            (r#"{"seq":null,"join":{"room":5}}"#, 0),
        ] {
            match read_frame(text) {
                Err(Unreadable::Refused(found, error)) => assert_eq!((found, error.reason), (seq, "INVALID_FIELD")),
                other => panic!("{text}: {other:?}"),
            }
        }
        for text in
            ["", "{", "[]", "5", "null", "{\"join\":{}", "{\"seq\":-1}", "{\"seq\":\"x\"}", "{\"join\":{}} x", "\u{0}"]
        {
            match read_frame(text) {
                Err(Unreadable::Broken(error)) => assert_eq!(error.reason, "PROTOCOL"),
                other => panic!("{text}: {other:?}"),
            }
        }
    }
}
