//! `[dialects]`: which compatibility dialects are spoken.

use serde::{Deserialize, Serialize};

/// Switches of the dialects. docs/dialects.md tells what each is.
///
/// They are on because the server is open: none of them has a place for a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Dialects {
    /// Rooms over WebSocket at `/?roomId=…&userId=…&userName=…`. Default: true.
    pub rooms_ws: bool,
    /// Plain JSON over WebSocket at `/json/ROOM`. Default: true.
    pub plain_json: bool,
    /// The connector's messages over WebSocket at `/connector`. Default: true.
    pub connector: bool,
    /// Socket.IO at `/socket.io/`. Default: true. Without the cargo feature `socketio` it is not there.
    pub socketio: bool,
    /// The PeerServer protocol at `/peerjs`. Default: true.
    pub peerjs: bool,
    /// Whether `/peerjs/KEY/peers` lists the ids in use. Default: false.
    pub peerjs_discovery: bool,
}

impl Default for Dialects {
    fn default() -> Self {
        Self {
            rooms_ws: true,
            plain_json: true,
            connector: true,
            socketio: true,
            peerjs: true,
            peerjs_discovery: false,
        }
    }
}

impl Dialects {
    /// All of them off.
    pub fn none() -> Self {
        Self {
            rooms_ws: false,
            plain_json: false,
            connector: false,
            socketio: false,
            peerjs: false,
            peerjs_discovery: false,
        }
    }
}
