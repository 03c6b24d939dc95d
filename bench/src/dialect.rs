//! What a session says and hears: one type per protocol, whatever carries it.

mod matchbox;
mod peerjs;
mod relay;
mod rooms_ws;
mod socket_io;
mod text;
mod wigwag;
mod wigwag_json;

use crate::{
    signal::Shape,
    transport::{Broken, Transport},
};

pub(crate) use matchbox::Matchbox;
pub(crate) use peerjs::PeerJs;
pub(crate) use relay::Relay;
pub(crate) use rooms_ws::RoomsWs;
pub(crate) use socket_io::SocketIo;
pub(crate) use wigwag::Wigwag;
pub(crate) use wigwag_json::WigwagJson;

/// Something a session heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// It is where it wants to be: open, and in its room if the protocol has rooms.
    Joined,
    /// Another one joined its room.
    Member,
    /// The whole room was told in place of changes.
    Roster,
    /// A signal with this number.
    Signal(u32),
}

/// The voice of one session on its connection.
pub(crate) struct Say<'a> {
    pub(crate) transport: &'a mut dyn Transport,
    pub(crate) stream: u32,
    pub(crate) out: &'a mut Vec<u8>,
    /// Scratch for composing a message.
    pub(crate) message: &'a mut Vec<u8>,
}

impl Say<'_> {
    /// Sends what `write` composes.
    pub(crate) fn compose(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.message.clear();
        write(self.message);
        self.transport.send(self.stream, self.message, self.out);
    }

    /// Sends this text.
    pub(crate) fn text(&mut self, text: &str) {
        self.transport.send(self.stream, text.as_bytes(), self.out);
    }
}

/// One session of a protocol.
pub(crate) trait Dialect {
    /// The connection is open.
    fn begin(&mut self, _say: &mut Say<'_>) {}

    /// Takes a message of the server.
    fn hear(&mut self, message: &[u8], say: &mut Say<'_>) -> Result<Option<Heard>, Broken>;

    /// By what name others reach it. Known once it has [`Heard::Joined`].
    fn id(&self) -> &str;

    /// From now on it speaks to this peer, in signals of this shape.
    fn aim(&mut self, to: &str, shape: Shape);

    /// Sends the signal with this number.
    fn speak(&mut self, number: u32, say: &mut Say<'_>);

    /// Nothing more will be said: whatever the protocol owes for what was heard is paid now.
    fn settle(&mut self, _say: &mut Say<'_>) {}
}

/// The server said something the protocol does not foresee here.
fn unexpected(message: &[u8]) -> Broken {
    let head = &message[..message.len().min(200)];
    Broken::new(format!("unexpected message: {}", String::from_utf8_lossy(head)))
}
