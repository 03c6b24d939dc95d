//! Frames as bytes: what the hub carries without looking, and what doors write and read.
//!
//! A frame's routing head is decoded, its payload is not: a nested message and a `bytes` field are the same on the wire, so
//! an envelope is taken as bytes, checked once and passed on.

mod client_frame;
mod convert;
mod envelope;
mod server_frame;

pub use client_frame::{RawBody, RawClientFrame, RawPush};
pub use convert::{member, room_info};
pub use envelope::{Invalid, check};
pub use server_frame::{OutFrame, field};

/// Bytes of a message over which every transport refuses it and the session ends for good.
pub const TRANSPORT_LIMIT: usize = 1 << 20;
