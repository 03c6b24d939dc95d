//! The protocols of the servers under test: one [`Client`] type per protocol, independent of the transport that carries it.

mod matchbox;
mod peerjs;
mod rooms_ws;
mod socket_io;
mod tcp_relay;
mod text;
mod wigwag;
mod wigwag_json;

use self::{
    matchbox::Matchbox, peerjs::PeerJs, rooms_ws::RoomsWs, socket_io::SocketIo, tcp_relay::TcpRelay, wigwag::Wigwag,
    wigwag_json::WigwagJson,
};
use crate::{
    signal::Shape,
    transport::{ConnectionError, Http2, Tcp, Transport, WebSocket},
};

/// A protocol together with the transport it runs over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// Wigwag: `Signal` over gRPC.
    Grpc,
    /// Wigwag over a WebSocket, binary.
    Proto,
    /// Wigwag over a WebSocket, JSON.
    Json,
    /// The room server in Node.
    RoomsWs,
    /// Socket.IO.
    SocketIo,
    /// PeerServer.
    PeerJs,
    /// matchbox_server.
    Matchbox,
    /// The plain TCP relay.
    Tcp,
}

impl Protocol {
    /// Returns whether several sessions can share a connection.
    pub(crate) fn multiplexes(self) -> bool {
        self == Self::Grpc
    }

    /// Returns whether sessions acknowledge what they receive.
    pub(crate) fn acknowledges(self) -> bool {
        matches!(self, Self::Grpc | Self::Proto | Self::Json)
    }

    /// Returns whether members of a room are notified of joins.
    pub(crate) fn has_rooms(self) -> bool {
        self != Self::PeerJs
    }

    /// Creates the transport for the client with this name in this room.
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

    /// Creates the client with this name in this room.
    pub(crate) fn client(self, room: &str, name: &str) -> Box<dyn Client> {
        // For servers that require one (make auth-cost).
        let token = || std::env::var("WIGWAG_BENCH_TOKEN").unwrap_or_default();
        match self {
            Self::Grpc | Self::Proto => Box::new(Wigwag::new(room.into(), token())),
            Self::Json => Box::new(WigwagJson::new(room.into(), token())),
            Self::RoomsWs => Box::new(RoomsWs::new(name.into())),
            Self::SocketIo => Box::new(SocketIo::new()),
            Self::PeerJs => Box::new(PeerJs::new(name.into())),
            Self::Matchbox => Box::new(Matchbox::new()),
            Self::Tcp => Box::new(TcpRelay::new(room.into())),
        }
    }
}

/// One session of a protocol, on the client's side.
pub(crate) trait Client {
    /// Starts the session: its connection is open.
    fn start(&mut self, _out: &mut Sender<'_>) {}

    /// Handles a message from the server.
    fn receive(&mut self, message: &[u8], out: &mut Sender<'_>) -> Result<Option<Event>, ConnectionError>;

    /// Returns the id under which peers address this session. Known after [`Event::Joined`].
    fn id(&self) -> &str;

    /// Sets the peer and the shape of the signals sent from now on.
    fn set_target(&mut self, to: &str, shape: Shape);

    /// Sends the signal with this number.
    fn send_signal(&mut self, number: u32, out: &mut Sender<'_>);

    /// Acknowledges everything received, if the protocol has acknowledgments. Returns whether that took a frame.
    fn acknowledge(&mut self, _out: &mut Sender<'_>) -> bool {
        false
    }
}

/// What a session learned from a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// The session is open, and in its room if the protocol has rooms.
    Joined,
    /// Another session joined the room.
    MemberJoined,
    /// The list of all members came in place of single changes.
    Roster,
    /// A signal with this number.
    Signal(u32),
    /// The server acknowledged, and said nothing else.
    BareAck,
}

/// Sends messages of one session on its connection.
pub(crate) struct Sender<'a> {
    pub(crate) transport: &'a mut dyn Transport,
    pub(crate) stream: u32,
    /// Bytes to be written to the socket.
    pub(crate) buffer: &'a mut Vec<u8>,
    /// Scratch space in which a message is composed.
    pub(crate) message: &'a mut Vec<u8>,
}

impl Sender<'_> {
    /// Sends the message that `write` composes.
    pub(crate) fn compose(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.message.clear();
        write(self.message);
        self.transport.send(self.stream, self.message, self.buffer);
    }

    /// Sends a text.
    pub(crate) fn text(&mut self, text: &str) {
        self.transport.send(self.stream, text.as_bytes(), self.buffer);
    }
}

/// The error for a message that the protocol does not allow at this point.
fn unexpected(message: &[u8]) -> ConnectionError {
    let head = &message[..message.len().min(200)];
    ConnectionError::new(format!("unexpected message: {}", String::from_utf8_lossy(head)))
}
