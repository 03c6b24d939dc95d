//! Entry points of the fuzz targets in `server/node/fuzz`: each takes arbitrary bytes and panics when an invariant is
//! violated.

use prost::Message as _;
use wigwag_proto::v1::{self as pb, client_frame::Body};

use crate::{
    frame::{self, OutFrame, RawBody, RawClientFrame, RawPush},
    json::{self, Unreadable},
    node,
};

/// An encoded `Envelope`: a valid one can be decoded by every receiver, with the sender set by the server.
pub fn envelope(bytes: &[u8]) {
    let Ok(signal) = frame::check(bytes) else { return };
    let sent = pb::Envelope::decode(bytes).expect("what is accepted decodes");
    let received = pb::Envelope::decode(signal.encode("sender")).expect("what is passed on decodes");
    assert_eq!(sent.from, "");
    assert!(sent.payload.is_some());
    assert_eq!(received, pb::Envelope { from: "sender".to_owned(), negotiation: None, ..sent });
}

/// An encoded `ClientFrame`: decoding it with the envelope left encoded agrees with decoding all of it.
pub fn client_frame(bytes: &[u8]) {
    let raw = RawClientFrame::decode(bytes);
    let Ok(frame) = pb::ClientFrame::decode(bytes) else { return };
    let raw = raw.expect("what decodes as a whole decodes in part");
    assert_eq!((raw.seq, raw.ack), (frame.seq, frame.ack));
    assert_eq!(raw.body.is_some(), frame.body.is_some());
    if let (Some(RawBody::Envelope(bytes)), Some(Body::Envelope(_))) = (&raw.body, &frame.body) {
        envelope(bytes);
    }
}

/// An encoded `PushRequest`: decoding it with its frames left encoded agrees with decoding all of it. Its session token
/// is parsed as that of a resume is.
pub fn push_request(bytes: &[u8]) {
    let raw = RawPush::decode(bytes);
    let Ok(push) = pb::PushRequest::decode(bytes) else { return };
    let raw = raw.expect("what decodes as a whole decodes in part");
    assert_eq!((raw.epoch, raw.frames.len()), (push.epoch, push.frames.len()));
    assert_eq!(raw.session_token, push.session_token);
    for frame in &raw.frames {
        client_frame(frame);
    }
    if let Some(token) = node::session_token(&push.session_token) {
        let peer = token.credentials.peer.as_str();
        assert!(push.session_token.strip_prefix(peer).is_some_and(|rest| rest.starts_with('.')));
    }
}

/// A JSON frame: it is read as the generated types read it, and what they write can be read again.
pub fn json_frame(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    // Unlike serde_json, the reader ignores a byte order mark.
    let plain = text.strip_prefix('\u{feff}').unwrap_or(text);
    match json::read_frame(text) {
        Ok(raw) => {
            let whole: pb::ClientFrame = serde_json::from_str(plain).expect("what is a frame is JSON of one");
            assert_eq!((raw.seq, raw.ack), (whole.seq, whole.ack));
            assert_eq!(json::read_seq(text), Some(raw.seq));
            assert_eq!(raw, RawClientFrame::decode(whole.encode_to_vec().as_slice()).expect("decodes"));
            let again = serde_json::to_string(&whole).expect("what was read can be written");
            assert_eq!(json::read_frame(&again).expect("what was written can be read"), raw);
            if let Some(RawBody::Envelope(bytes)) = raw.body {
                envelope(&bytes);
            }
        }
        Err(Unreadable::Refused(seq, error)) => {
            assert_eq!(json::read_seq(text), Some(seq));
            assert!(error.message.len() < 2_000);
        }
        Err(Unreadable::Broken(error)) => assert!(error.message.len() < 2_000),
    }
    // Every server frame can be written.
    if let Ok(frame) = serde_json::from_str::<pb::ServerFrame>(text)
        && let Some(body) = frame.body
    {
        json::write_frame(&OutFrame::unnumbered(body)).expect("what was read can be written");
    }
}
