//! A session's edge without HTTP: what the frames of `wigwag.v1` mean, whatever carries them.
//!
//! [`node::Node`] is one server process: it opens, resumes and drains sessions over a hub backend. [`connection::Connection`]
//! turns a stream of client frames into a stream of server frames; [`rooms::Rooms`] is `RoomService` as functions.
//! [`frame`] and [`json`] read and write frames; [`error::ApiError`] is what every transport answers with, and
//! [`auth::Policy`] is asked before anything is done.

#![forbid(unsafe_code)]

pub mod auth;
pub mod clock;
pub mod close_code;
pub mod config;
pub mod connection;
pub mod error;
pub mod frame;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
pub mod json;
pub mod node;
pub mod rooms;
