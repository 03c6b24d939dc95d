//! Frames, said briefly.

#![allow(dead_code, reason = "each test file uses a part of this")]

use tonic::Status;
use tonic_types::StatusExt as _;
use wigwag_proto::v1::{
    AppData, ClientFrame, CreateRoom, Envelope, Hello, Join, Leave, Pong, Resume, ServerFrame, Welcome,
    app_data::Content, client_frame::Body as Up, envelope::Payload, server_frame::Body as Down,
};

use crate::peer::Peer;

pub(crate) fn resumable() -> Hello {
    Hello { resumable: true, ..Hello::default() }
}

/// A hello that resumes from where a client of this welcome stands.
pub(crate) fn resume(welcome: &Welcome, last_seq: u32) -> Hello {
    let resume =
        Resume { session_token: welcome.session_token.clone(), epoch: welcome.epoch, last_seq, ..Resume::default() };
    Hello { resumable: true, resume: Some(resume), ..Hello::default() }
}

pub(crate) fn join(room: &str) -> Up {
    Up::Join(Join { room: room.into(), ..Join::default() })
}

pub(crate) fn leave(room: &str) -> Up {
    Up::Leave(Leave { room: room.into() })
}

pub(crate) fn create(room: &str) -> Up {
    Up::CreateRoom(CreateRoom { room: room.into(), ..CreateRoom::default() })
}

pub(crate) fn pong() -> ClientFrame {
    ClientFrame { body: Some(Up::Pong(Pong {})), ..ClientFrame::default() }
}

pub(crate) fn payload(text: &str) -> Payload {
    Payload::Message(AppData { content: Some(Content::Text(text.into())) })
}

pub(crate) fn envelope(room: &str, to: &str, text: &str) -> Envelope {
    Envelope { room: room.into(), to: to.into(), payload: Some(payload(text)), ..Envelope::default() }
}

/// To everybody else in the room.
pub(crate) fn say(room: &str, text: &str) -> Up {
    Up::Envelope(envelope(room, "", text))
}

/// To one peer in the room, with a receipt of success.
pub(crate) fn tell_with_receipt(room: &str, to: &Peer, text: &str) -> Up {
    Up::Envelope(Envelope { receipt: true, ..envelope(room, to.id(), text) })
}

/// The text of an envelope with text in it.
pub(crate) fn text_of(frame: &ServerFrame) -> &str {
    let Some(Down::Envelope(envelope)) = &frame.body else { panic!("no envelope: {frame:?}") };
    let Some(Payload::Message(AppData { content: Some(Content::Text(text)) })) = &envelope.payload else {
        panic!("no text: {envelope:?}")
    };
    text
}

/// The reason in a status's details.
pub(crate) fn reason(status: &Status) -> String {
    let info = status.get_details_error_info();
    let info = info.unwrap_or_else(|| panic!("no ErrorInfo in {status:?}"));
    assert_eq!(info.domain, "wigwag");
    info.reason
}
