//! The two encodings of a frame: protobuf in binary messages, protobuf JSON in text messages.

use wigwag_net::websocket::{CloseReason, FrameWriter, LongMessage};
use wigwag_node::{
    connection::Input,
    frame::{FramePieces, JsonRoster, OutFrame},
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
            Self::Proto => match frame.encoded_len() {
                len if FrameWriter::is_short(len) => out.binary(len, |bytes| frame.encode(bytes)),
                _ => out.long_binary(Pieces(FramePieces::new(frame.clone(), &[]))),
            },
            Self::Json => {
                if let Some(roster) = frame.json_roster() {
                    out.long_text(JsonPieces(roster));
                } else if let Some(text) = json::write_frame(frame) {
                    out.text(text);
                } else {
                    tracing::error!("cannot write a frame as JSON");
                    return Err(CloseReason::close(1011, "INTERNAL"));
                }
            }
        }
        Ok(())
    }
}

struct Pieces(FramePieces);

impl LongMessage for Pieces {
    fn write(&mut self, out: &mut Vec<u8>, max: usize) -> bool {
        self.0.write(out, max)
    }
}

struct JsonPieces(JsonRoster);

impl LongMessage for JsonPieces {
    fn write(&mut self, out: &mut Vec<u8>, max: usize) -> bool {
        self.0.write(out, max)
    }
}

/// Decodes a frame in protobuf JSON.
pub(super) fn read_text(text: &str, max_frame_bytes: usize) -> Input {
    if text.len() > max_frame_bytes {
        return json::read_seq(text).map_or(Input::Malformed, |seq| Input::TooLarge(seq, text.len()));
    }
    match json::read_frame(text) {
        Ok(frame) => Input::Frame(frame),
        Err(Unreadable::Refused(seq, error)) => Input::Refused(seq, error),
        Err(Unreadable::Broken(error)) => Input::Broken(error),
    }
}
