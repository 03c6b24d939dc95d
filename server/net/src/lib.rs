//! The connections of a server: accepting them, limiting them, and serving HTTP and WebSocket on them.
//!
//! - [`listener::serve`] accepts connections and serves HTTP/1.1 and HTTP/2 on each, within limits.
//! - [`tls`] has the certificate of a listener that speaks TLS.
//! - [`websocket`] upgrades a request to a WebSocket.
//! - [`address`] and [`forwarded`] say where a request comes from, behind proxies as well.
//! - [`origin`] and [`host`] decide which web pages may call the server.
//! - [`workers`] starts the threads.
//!
//! This crate depends on `wigwag-http2` (the HTTP/2 protocol) and `wigwag-poll`, never on `wigwag-hub`, `wigwag-node`
//! or `wigwag-proto`: it does not depend on what is served. The server's APIs and the compatibility protocols are built
//! on it.

#![forbid(unsafe_code)]

pub mod address;
pub mod forwarded;
pub mod host;
pub mod http_error;
mod late_timer;
pub mod listener;
pub mod origin;
pub mod tls;
pub mod websocket;
pub mod workers;
