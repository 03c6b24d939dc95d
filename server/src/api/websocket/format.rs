//! The two encodings of a frame: protobuf in binary messages, protobuf JSON in text messages.

use wigwag_net::websocket::{CloseReason, FrameWriter};
use wigwag_node::{
    connection::Input,
    frame::OutFrame,
    json::{self, Unreadable},
};

/// The encoding of the frames of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Proto,
    Json,
}

impl Format {
    /// All formats, preferred first if a client offers both.
    pub(super) const ALL: [Self; 2] = [Self::Proto, Self::Json];

    pub(super) fn subprotocol(self) -> &'static str {
        match self {
            Self::Proto => "wigwag.v1.proto",
            Self::Json => "wigwag.v1.json",
        }
    }

    /// Writes a frame as a message.
    pub(super) fn write(self, frame: &OutFrame, out: &mut FrameWriter) -> Result<(), CloseReason> {
        match self {
            Self::Proto => out.binary(frame.encoded_len(), |bytes| frame.encode(bytes)),
            Self::Json => match json::write_frame(frame) {
                Some(text) => out.text(text),
                None => {
                    tracing::error!("cannot write a frame as JSON");
                    return Err(CloseReason::close(1011, "INTERNAL"));
                }
            },
        }
        Ok(())
    }
}

/// Decodes a frame in protobuf JSON.
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
