//! The servers that are measured, and how to speak to each.

use std::path::Path;

use crate::{
    dialect::{Dialect, Matchbox, PeerJs, Relay, RoomsWs, SocketIo, Wigwag, WigwagJson},
    transport::{Http2, Tcp, Transport, WebSocket},
};

/// How a client speaks to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// Wigwag: `Signal` over gRPC.
    Grpc,
    /// Wigwag: the WebSocket door, binary.
    Proto,
    /// Wigwag: the WebSocket door, JSON.
    Json,
    /// The room server in Node.
    RoomsWs,
    /// Socket.IO.
    SocketIo,
    /// PeerServer.
    PeerJs,
    /// matchbox_server.
    Matchbox,
    /// The bare relay.
    Tcp,
}

impl Protocol {
    /// Several sessions can share a connection.
    pub(crate) fn multiplexes(self) -> bool {
        self == Self::Grpc
    }

    /// Joins are told to others.
    pub(crate) fn has_rooms(self) -> bool {
        self != Self::PeerJs
    }

    /// A connection for the client of this name in this room.
    pub(crate) fn transport(self, room: &str, name: &str) -> Box<dyn Transport> {
        let text = |path| Box::new(WebSocket::new(path, None, false));
        let wigwag = |protocol, binary| Box::new(WebSocket::new("/v1/signal".into(), Some(protocol), binary));
        match self {
            Self::Grpc => Box::new(Http2::new("/wigwag.v1.SignalingService/Signal")),
            Self::Proto => wigwag("wigwag.v1.proto", true),
            Self::Json => wigwag("wigwag.v1.json", false),
            Self::RoomsWs => text(RoomsWs::path(room, name)),
            Self::SocketIo => text(SocketIo::path(room)),
            Self::PeerJs => text(PeerJs::path(name)),
            Self::Matchbox => text(Matchbox::path(room)),
            Self::Tcp => Box::new(Tcp),
        }
    }

    /// The client of this name in this room.
    pub(crate) fn dialect(self, room: &str, name: &str) -> Box<dyn Dialect> {
        match self {
            Self::Grpc | Self::Proto => Box::new(Wigwag::new(room.into())),
            Self::Json => Box::new(WigwagJson::new(room.into())),
            Self::RoomsWs => Box::new(RoomsWs::new(name.into())),
            Self::SocketIo => Box::new(SocketIo::new()),
            Self::PeerJs => Box::new(PeerJs::new(name.into())),
            Self::Matchbox => Box::new(Matchbox::new()),
            Self::Tcp => Box::new(Relay::new(room.into())),
        }
    }
}

/// One row of the tables.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    /// Its name in tables and on the command line.
    pub(crate) name: String,
    /// How it is spoken to.
    pub(crate) protocol: Protocol,
    /// How it is started; `{port}` is replaced.
    pub(crate) command: Vec<String>,
}

/// The server everything is compared with.
pub(crate) const PEER: &str = "node-ws";
/// The limit everything is compared with.
pub(crate) const LIMIT: &str = "tcp-relay";

/// Wigwag's doors, for a server started by this command. `label` tells builds apart; it is empty for the usual one.
pub(crate) fn wigwag(label: &str, command: &str) -> Vec<Subject> {
    let words: Vec<String> = command.split_whitespace().map(Into::into).collect();
    let listen = ["--listen", "127.0.0.1:{port}"].map(Into::into);
    let command: Vec<String> = words.into_iter().chain(listen).collect();
    let doors = [("grpc", Protocol::Grpc), ("ws-proto", Protocol::Proto), ("ws-json", Protocol::Json)];
    let suffix = if label.is_empty() { String::new() } else { format!("@{label}") };
    let subject =
        |(door, protocol)| Subject { name: format!("wigwag-{door}{suffix}"), protocol, command: command.clone() };
    doors.map(subject).into()
}

/// The other servers. `root` is the folder of the baselines, `tools` that of installed programs, `own` that of this one.
pub(crate) fn baselines(root: &Path, tools: &Path, own: &Path) -> Vec<Subject> {
    let subject = |name: &str, protocol, command: Vec<String>| Subject { name: name.into(), protocol, command };
    let node = |script: &str| vec!["node".into(), root.join(script).display().to_string(), "{port}".into()];
    // It logs a line for each request otherwise.
    let host = |path: &Path| {
        let words = ["env", "RUST_LOG=error", "HOST=127.0.0.1:{port}"].map(Into::into);
        words.into_iter().chain([path.display().to_string()]).collect()
    };
    vec![
        subject(PEER, Protocol::RoomsWs, node("node-ws.js")),
        subject("socket.io", Protocol::SocketIo, node("socket-io.js")),
        subject("peerjs", Protocol::PeerJs, node("peerjs.js")),
        subject("matchbox", Protocol::Matchbox, host(&tools.join("matchbox_server"))),
        subject(LIMIT, Protocol::Tcp, vec![own.join("bench-tcp-relay").display().to_string(), "{port}".into()]),
    ]
}

impl Subject {
    /// The program it needs, when that can be missing and is, or cannot run without what is missing.
    pub(crate) fn missing(&self) -> Option<&str> {
        let path = |word: &&String| word.contains('/') && !word.starts_with('-');
        let program = self.command.iter().find(path)?;
        let is_there = match self.command.first() {
            // Its packages, beside the script.
            Some(first) if first == "node" => Path::new(program).with_file_name("node_modules").exists(),
            _ => Path::new(program).exists(),
        };
        (!is_there).then_some(program)
    }
}
