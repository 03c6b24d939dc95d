//! Compatibility protocols: those of other signaling servers, whose clients move over by changing a URL.
//!
//! Each protocol is an [`adapter::Adapter`]: it translates its clients' messages into frames of the API and what
//! their sessions receive into messages of the protocol. Its clients have ordinary sessions, which are not resumable, and
//! meet peers of every transport. The node enforces rooms, limits and identity; an adapter adds no rules.
//! docs/compatibility-protocols.md lists the messages of each.
//!
//! To add a protocol:
//!
//! - here: its module, its cargo feature in the list below and its routes; its switch in [`CompatConfig`]; its name in
//!   `names.rs`; its entry point in `fuzzing.rs`; in Cargo.toml its feature, also as part of `fuzzing`; a target with
//!   seeds in `fuzz/`;
//! - in the server: its feature in Cargo.toml, its switch in `config/compat.rs`, `config/parts.rs` and
//!   `config.example.toml`, its mutations in `tests/fuzzing.rs`;
//! - elsewhere: `scripts/features.sh`, a test with its real client in `tests/compat`, a row in its
//!   `test/matrix.test.mjs`, a section in docs/compatibility-protocols.md, a row in README.md.

#![forbid(unsafe_code)]
// A protocol that is switched off leaves helpers of the others unused.
#![cfg_attr(
    not(all(
        feature = "rooms-ws",
        feature = "plain-json",
        feature = "connector",
        feature = "socketio",
        feature = "peerjs"
    )),
    allow(dead_code, unused_imports)
)]

mod adapter;
#[cfg(feature = "connector")]
mod connector;
mod context;
mod error;
#[cfg(any(feature = "plain-json", feature = "rooms-ws"))]
mod flat_json;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod json_socket;
mod names;
mod payload;
#[cfg(feature = "peerjs")]
mod peerjs;
#[cfg(feature = "plain-json")]
mod plain_json;
mod query;
#[cfg(feature = "rooms-ws")]
mod rooms_ws;
mod roster;
mod session;
#[cfg(feature = "socketio")]
mod socketio;
mod ticket;

use axum::Router;

pub use context::{CompatConfig, CompatContext};
pub use names::shown_id;

/// Returns the routes of the protocols that are switched on, except rooms-ws, which shares `/` with a page ([`before`]).
pub fn routes(context: &CompatContext) -> Router {
    let router = Router::new();
    #[cfg(feature = "plain-json")]
    let router = if context.config().plain_json { router.merge(plain_json::routes()) } else { router };
    #[cfg(feature = "connector")]
    let router = if context.config().connector { router.merge(connector::routes()) } else { router };
    #[cfg(feature = "peerjs")]
    let router = if context.config().peerjs { router.merge(peerjs::routes()) } else { router };
    #[cfg(feature = "socketio")]
    let router = if context.config().socketio { router.merge(socketio::routes(context)) } else { router };
    router.with_state(context.clone())
}

/// Serves rooms-ws at `/` in front of `router`, which receives all requests but WebSocket handshakes at `/`.
pub fn before(context: &CompatContext, router: Router) -> Router {
    #[cfg(feature = "rooms-ws")]
    if context.config().rooms_ws {
        return rooms_ws::before(context, router);
    }
    let _ = context;
    router
}
