//! The two forms of a frame: protobuf JSON in text messages, protobuf in binary ones.

use bytes::Bytes;
use prost::Message as _;

use crate::{
    connection::Input,
    json::{self, Unreadable},
    websocket::{Ending, Outgoing},
    wire::{OutFrame, RawClientFrame},
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

    pub(super) fn write(self, frame: &OutFrame, out: &mut Outgoing) -> Result<(), Ending> {
        match self {
            Self::Proto => out.binary(frame.encoded_len(), |bytes| frame.encode(bytes)),
            Self::Json => match json::write_frame(frame) {
                Some(text) => out.text(text),
                None => {
                    tracing::error!("a frame could not be written as JSON");
                    return Err(Ending::close(1011, "INTERNAL"));
                }
            },
        }
        Ok(())
    }
}

pub(super) fn read_binary(bytes: Bytes, max_frame_bytes: usize) -> Input {
    let too_large = bytes.len() > max_frame_bytes;
    match RawClientFrame::decode(bytes) {
        Ok(frame) if too_large => Input::TooLarge(frame.seq),
        Ok(frame) => Input::Frame(frame),
        Err(_) => Input::Malformed,
    }
}

pub(super) fn read_text(text: &str, max_frame_bytes: usize) -> Input {
    if text.len() > max_frame_bytes {
        return json::read_seq(text).map_or(Input::Malformed, Input::TooLarge);
    }
    match json::read_frame(text) {
        Ok(frame) => Input::Frame(frame),
        Err(Unreadable::Refused(seq, fault)) => Input::Refused(seq, fault),
        Err(Unreadable::Broken(fault)) => Input::Broken(fault),
    }
}
