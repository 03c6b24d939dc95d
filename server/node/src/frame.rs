//! Encodes and decodes the frames of `wigwag.v1` without decoding the payloads of envelopes.
//!
//! A nested message and a `bytes` field have the same encoding in protobuf, so an envelope is read as bytes, validated
//! once and passed on.

mod client_frame;
mod convert;
mod envelope;
mod pieces;
mod roster;
mod server_frame;

pub use client_frame::{RawBody, RawClientFrame, RawPush};
pub use convert::{field, member, room_info, timestamp, unix_ms};
pub use envelope::{Invalid, check};
pub use pieces::FramePieces;
pub use roster::{JsonRoster, Rest, RosterFormat, SnapshotParts};
pub use server_frame::OutFrame;

/// The largest message that a transport accepts, in bytes. A larger one ends the session.
pub const TRANSPORT_LIMIT: usize = 1 << 20;
