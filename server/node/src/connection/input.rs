//! Client input, as a transport read it.

use bytes::Bytes;
use prost::Message as _;

use crate::{error::ApiError, frame::RawClientFrame};

/// One message of a client, or what is wrong with it.
#[derive(Debug)]
pub enum Input {
    /// A valid frame.
    Frame(RawClientFrame),
    /// A frame larger than the session's limit. Holds its sequence number and its size.
    TooLarge(u32, usize),
    /// A frame with an invalid field: its sequence number, which the error reply uses up, and the error.
    Refused(u32, ApiError),
    /// Bytes that do not decode as a frame.
    Malformed,
    /// The same as [`Malformed`](Self::Malformed), with an error that says more.
    Broken(ApiError),
    /// A message larger than [`TRANSPORT_LIMIT`](crate::frame::TRANSPORT_LIMIT).
    Oversize,
}

/// What an input counts as whose size is not known: as much as the largest frame that most servers accept.
const UNKNOWN_SIZE: usize = 64 * 1024;

impl Input {
    /// Returns about how many bytes were read for it.
    pub fn size(&self) -> usize {
        match self {
            Self::Frame(frame) => frame.size(),
            Self::TooLarge(_, len) => *len,
            Self::Refused(..) | Self::Malformed | Self::Broken(_) | Self::Oversize => UNKNOWN_SIZE,
        }
    }

    /// Decodes a message that holds one encoded `ClientFrame`.
    pub fn decode(message: Bytes, max_frame_bytes: usize) -> Self {
        let len = message.len();
        let too_large = len > max_frame_bytes;
        match RawClientFrame::decode(message) {
            Ok(frame) if too_large => Self::TooLarge(frame.seq, len),
            Ok(frame) => Self::Frame(frame),
            Err(_) => Self::Malformed,
        }
    }
}
