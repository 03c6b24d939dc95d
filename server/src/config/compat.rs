//! `[compat]`: the compatibility protocols that are served.

use serde::{Deserialize, Serialize};

use super::{error::ConfigErrors, range::Range};

/// Switches of the compatibility protocols. Each also needs its cargo feature, on by default.
/// docs/compatibility-protocols.md describes them.
///
/// They are on by default because the server is open. None of the protocols has a place for a token: with authentication they
/// are off, unless `ticket_parameter` says where their clients put a ticket (`RoomService.CreateTicket`).
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
    /// Most clients of Socket.IO that are connecting at a time: those with an Engine.IO session that have not joined the
    /// namespace. Each takes about 10 KiB. One more gets 503. Default: 4,096.
    pub socketio_max_handshakes: usize,
    /// Those of one source. Default: 1,024.
    pub socketio_max_handshakes_per_source: usize,
    /// The PeerServer protocol at `/peerjs`. Default: true.
    pub peerjs: bool,
    /// Whether `/peerjs/KEY/peers` lists the ids in use. Default: false.
    pub peerjs_discovery: bool,
    /// The parameter of the URL that holds a client's ticket, such as `ticket`. PeerJS clients use their option `token`
    /// instead. Empty, the default: with authentication the protocols are off. Without authentication it is not looked at.
    pub ticket_parameter: String,
}

impl Default for CompatSection {
    fn default() -> Self {
        Self {
            rooms_ws: true,
            plain_json: true,
            connector: true,
            socketio: true,
            socketio_max_handshakes: 4_096,
            socketio_max_handshakes_per_source: 1_024,
            peerjs: true,
            peerjs_discovery: false,
            ticket_parameter: String::new(),
        }
    }
}

impl CompatSection {
    pub(super) fn check(&self, errors: &mut ConfigErrors) {
        let plain = self.ticket_parameter.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
        if !plain || self.ticket_parameter.len() > 32 {
            let allowed = "the name of a parameter of a URL: at most 32 letters, digits, - and _";
            errors.add("compat.ticket_parameter", format!("{:?}", self.ticket_parameter), allowed);
        }
    }

    /// Returns the section with all protocols switched off.
    pub fn none() -> Self {
        Self { rooms_ws: false, plain_json: false, connector: false, socketio: false, peerjs: false, ..Self::default() }
    }
}

pub(super) const RANGES: &[Range] = &[
    Range::new("compat.socketio_max_handshakes", 1, 1_000_000),
    Range::new("compat.socketio_max_handshakes_per_source", 1, 1_000_000),
];
