//! Frames as bytes: what the hub carries without looking, and what doors write and read.
//!
//! A frame's routing head is decoded, its payload is not: a nested message and a `bytes` field are the same on the wire, so
//! an envelope is taken as bytes, checked once and passed on.

mod convert;
mod encode;
mod envelope;
mod frame;

pub(crate) use convert::{member, room_info};
pub(crate) use encode::{OutFrame, field};
pub(crate) use envelope::{Invalid, check};
pub(crate) use frame::{RawBody, RawClientFrame, RawPush};
