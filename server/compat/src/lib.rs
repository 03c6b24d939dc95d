//! Compatibility protocols: what other signaling servers speak, so that their clients move over by changing a URL.
//!
//! Each protocol is an [`adapter::Adapter`]: it turns its clients' messages into frames of the API and what their session
//! receives into messages of theirs. Its clients have sessions like all others, not resumable, and meet peers of every
//! transport. Rooms, limits and identity are the node's; an adapter adds no rules about them.
//! docs/compatibility-protocols.md lists the messages of each.

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
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod json_socket;
mod names;
mod payload;
#[cfg(feature = "peerjs")]
mod peerjs;
#[cfg(feature = "plain-json")]
mod plain_json;
#[cfg(feature = "rooms-ws")]
mod rooms_ws;
mod roster;
mod session;
#[cfg(feature = "socketio")]
mod socketio;

pub use context::{CompatConfig, CompatContext};
pub use names::shown_id;

use axum::Router;

/// Returns the routes of the protocols that are switched on and have paths of their own.
pub fn routes(context: &CompatContext) -> Router {
    #[allow(unused_mut)]
    let mut router = Router::new();
    let _enabled = context.config();
    #[cfg(feature = "plain-json")]
    if _enabled.plain_json {
        router = router.merge(plain_json::routes());
    }
    #[cfg(feature = "connector")]
    if _enabled.connector {
        router = router.merge(connector::routes());
    }
    #[cfg(feature = "peerjs")]
    if _enabled.peerjs {
        router = router.merge(peerjs::routes());
    }
    #[cfg(feature = "socketio")]
    if _enabled.socketio {
        router = router.merge(socketio::routes(context));
    }
    router.with_state(context.clone())
}

/// Puts rooms-ws, which lives at `/`, in front of a router: requests for a WebSocket go to it, all others go on.
pub fn before(context: &CompatContext, router: Router) -> Router {
    #[cfg(feature = "rooms-ws")]
    if context.config().rooms_ws {
        return rooms_ws::before(context, router);
    }
    let _ = context;
    router
}
