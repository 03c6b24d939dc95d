//! The protocol of `wigwag.v1` without HTTP: the meaning of its frames, independent of the transport that carries them.
//!
//! - [`node::Node`] is one server process: it opens, resumes and drains sessions over a backend of the hub.
//! - [`connection::Connection`] turns a stream of client frames into a stream of server frames.
//! - [`rooms::Rooms`] implements the methods of `RoomService`.
//! - [`admin::Admin`] implements those of `AdminService`.
//! - [`logged_users::LoggedUsers`] says how user ids appear in the log.
//! - [`frame`] and [`json`] encode and decode frames.
//! - [`error::ApiError`] is the error that every transport and API reports.
//! - [`auth::Policy`] decides what a caller may do.
//! - [`ice::IceProvider`] provides the STUN and TURN servers of clients.
//! - [`quota::Quota`] is a number of places, of which each client has a share.
//! - [`features::Features`] are those that a client and this server have in common.
//!
//! This crate depends on `wigwag-hub` (rooms and sessions), `wigwag-proto` (generated types) and `wigwag-poll`, never
//! on `wigwag-net`: it uses no HTTP library and opens no socket. The gRPC, REST and WebSocket APIs and the
//! compatibility protocols are built on it.

#![forbid(unsafe_code)]

pub mod admin;
mod audit;
pub mod auth;
mod call_rates;
pub mod clock;
pub mod close_code;
pub mod config;
pub mod connection;
pub mod error;
pub mod features;
pub mod frame;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
pub mod ice;
pub mod json;
pub mod logged_users;
pub mod node;
pub mod quota;
mod rate_settings;
pub mod rooms;
