//! The client against a real server, over real sockets.
//!
//! The server's binary is `WIGWAG_SERVER`, or the one of this build: `cargo build -p wigwag-server` builds it.

mod closing;
mod errors;
mod exchange;
mod large_rooms;
#[cfg(target_os = "linux")]
mod operator;
mod peers;
mod presence;
#[path = "../support/proxy.rs"]
mod proxy;
mod receipt_times;
mod resume;
#[path = "../support/server.rs"]
mod server;
mod sessions;
mod tls;
