//! Connections of a server: where they come from, what they may cost, and which protocol they speak.
//!
//! [`listener::serve`] accepts connections and serves HTTP/1.1 and HTTP/2 on each within limits; [`websocket`] turns a
//! request into a WebSocket; [`origin`] and [`host`] hold the rules for web pages; [`workers`] starts the threads.
//! Nothing here knows rooms, sessions or frames of the API.

#![forbid(unsafe_code)]

pub mod host;
pub mod http_error;
pub mod listener;
pub mod origin;
pub mod websocket;
pub mod workers;
