//! Socket.IO 4 over its WebSocket transport (Engine.IO protocol 4).

use super::{Client, Event, Sender, text, unexpected};
use crate::{
    signal::{Shape, Template},
    transport::ConnectionError,
};

/// One socket of the default namespace.
#[derive(Debug)]
pub(crate) struct SocketIo {
    id: String,
    shape: Shape,
    signal: Template,
}

impl SocketIo {
    /// The path of its WebSocket.
    pub(crate) fn path(room: &str) -> String {
        format!("/socket.io/?EIO=4&transport=websocket&room={room}")
    }

    /// A socket that waits for its id.
    pub(crate) fn new() -> Self {
        Self { id: String::new(), shape: Shape::Candidate, signal: Template::default() }
    }
}

impl Client for SocketIo {
    fn receive(&mut self, message: &[u8], out: &mut Sender<'_>) -> Result<Option<Event>, ConnectionError> {
        match message {
            [b'0', ..] => out.text("40"),
            [b'2', ..] => out.text("3"),
            [b'4', b'0', ..] => {}
            [b'4', b'2', event @ ..] => {
                let name = event.strip_prefix(b"[\"").unwrap_or_default();
                if name.starts_with(b"send_ice") || name.starts_with(b"offer_sdp") {
                    return match self.shape.number(event) {
                        Some(number) => Ok(Some(Event::Signal(number))),
                        None => Err(unexpected(message)),
                    };
                }
                if name.starts_with(b"peer_joined") {
                    return Ok(Some(Event::MemberJoined));
                }
                let Some(id) = text::string(event, r#""id":"#) else { return Err(unexpected(message)) };
                self.id = id.to_owned();
                return Ok(Some(Event::Joined));
            }
            _ => return Err(unexpected(message)),
        }
        Ok(None)
    }

    fn id(&self) -> &str {
        &self.id
    }

    fn set_target(&mut self, to: &str, shape: Shape) {
        let json = shape.json();
        let message = match shape {
            Shape::Candidate => format!(r#"42["send_ice",{{"target":"{to}","candidate":{json},"mid":"0"}}]"#),
            Shape::Description => format!(r#"42["offer_sdp",{{"target":"{to}","sdp":{json}}}]"#),
        };
        self.shape = shape;
        self.signal = Template::new(shape, message.into_bytes());
    }

    fn send_signal(&mut self, number: u32, out: &mut Sender<'_>) {
        out.compose(|message| self.signal.write(number, message));
    }
}
