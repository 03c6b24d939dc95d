//! `[compat]`: the compatibility protocols that are served.

use serde::{Deserialize, Serialize};

/// Switches of the compatibility protocols. Each also needs its cargo feature, on by default.
/// docs/compatibility-protocols.md describes them.
///
/// They are on by default because the server is open. None of the protocols can carry a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CompatSection {
    /// Rooms over WebSocket at `/?roomId=…&userId=…&userName=…`. Default: true.
    pub rooms_ws: bool,
    /// Plain JSON over WebSocket at `/json/ROOM`. Default: true.
    pub plain_json: bool,
    /// The connector's messages over WebSocket at `/connector`. Default: true.
    pub connector: bool,
    /// Socket.IO at `/socket.io/`. Default: true.
    pub socketio: bool,
    /// The PeerServer protocol at `/peerjs`. Default: true.
    pub peerjs: bool,
    /// Whether `/peerjs/KEY/peers` lists the ids in use. Default: false.
    pub peerjs_discovery: bool,
}

impl Default for CompatSection {
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

impl CompatSection {
    /// Returns the section with all protocols switched off.
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
