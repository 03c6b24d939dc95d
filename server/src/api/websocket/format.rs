//! The two forms of a frame: protobuf JSON in text messages, protobuf in binary ones.

use wigwag_net::websocket::{CloseReason, FrameWriter};
use wigwag_node::{
    connection::Input,
    frame::OutFrame,
    json::{self, Unreadable},
};

/// How the frames of a socket are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Proto,
    Json,
}

impl Format {
    /// By preference, when a client offers both.
    pub(super) const ALL: [Self; 2] = [Self::Proto, Self::Json];

    pub(super) fn subprotocol(self) -> &'static str {
        match self {
            Self::Proto => "wigwag.v1.proto",
            Self::Json => "wigwag.v1.json",
        }
    }

    pub(super) fn wrong_kind(self) -> &'static str {
        match self {
            Self::Proto => "wigwag.v1.proto takes binary messages: for JSON offer wigwag.v1.json",
            Self::Json => "wigwag.v1.json takes text messages: for binary ones offer wigwag.v1.proto",
        }
    }

    pub(super) fn write(self, frame: &OutFrame, out: &mut FrameWriter) -> Result<(), CloseReason> {
        match self {
            Self::Proto => out.binary(frame.encoded_len(), |bytes| frame.encode(bytes)),
            Self::Json => match json::write_frame(frame) {
                Some(text) => out.text(text),
                None => {
                    tracing::error!("a frame could not be written as JSON");
                    return Err(CloseReason::close(1011, "INTERNAL"));
                }
            },
        }
        Ok(())
    }
}

pub(super) fn read_text(text: &str, max_frame_bytes: usize) -> Input {
    if text.len() > max_frame_bytes {
        return json::read_seq(text).map_or(Input::Malformed, Input::TooLarge);
    }
    match json::read_frame(text) {
        Ok(frame) => Input::Frame(frame),
        Err(Unreadable::Refused(seq, error)) => Input::Refused(seq, error),
        Err(Unreadable::Broken(error)) => Input::Broken(error),
    }
}
