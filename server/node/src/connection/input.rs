//! Client input, as a transport read it.

use bytes::Bytes;
use prost::Message as _;

use crate::{error::ApiError, frame::RawClientFrame};

/// One message of a client, or what is wrong with it.
#[derive(Debug)]
pub enum Input {
    /// A valid frame.
    Frame(RawClientFrame),
    /// A frame larger than the session's limit. Holds its sequence number.
    TooLarge(u32),
    /// A frame with an invalid field: its sequence number, which the error reply uses up, and the error.
    Refused(u32, ApiError),
    /// Bytes that do not decode as a frame.
    Malformed,
    /// The same as [`Malformed`](Self::Malformed), with an error that says more.
    Broken(ApiError),
    /// A message larger than [`TRANSPORT_LIMIT`](crate::frame::TRANSPORT_LIMIT).
    Oversize,
}

impl Input {
    /// Decodes a message that holds one encoded `ClientFrame`.
    pub fn decode(message: Bytes, max_frame_bytes: usize) -> Self {
        let too_large = message.len() > max_frame_bytes;
        match RawClientFrame::decode(message) {
            Ok(frame) if too_large => Self::TooLarge(frame.seq),
            Ok(frame) => Self::Frame(frame),
            Err(_) => Self::Malformed,
        }
    }
}
