//! What a client sent, as a transport read it.

use bytes::Bytes;
use prost::Message as _;

use crate::{error::ApiError, frame::RawClientFrame};

/// What a client sent.
#[derive(Debug)]
pub enum Input {
    /// A frame.
    Frame(RawClientFrame),
    /// A frame over the limit; only its number was kept.
    TooLarge(u32),
    /// A frame of this number that a door could not read, and what is wrong with it.
    Refused(u32, ApiError),
    /// Bytes that are no frame.
    Malformed,
    /// The same, from a door that knows more about it.
    Broken(ApiError),
    /// A message over the transport's own limit.
    Oversize,
}

impl Input {
    /// Reads a message that holds one encoded `ClientFrame`.
    pub fn decode(message: Bytes, max_frame_bytes: usize) -> Self {
        let too_large = message.len() > max_frame_bytes;
        match RawClientFrame::decode(message) {
            Ok(frame) if too_large => Self::TooLarge(frame.seq),
            Ok(frame) => Self::Frame(frame),
            Err(_) => Self::Malformed,
        }
    }
}
