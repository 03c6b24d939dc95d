//! The JSON protocol of matchbox_server: ids from the server, the room in the path.

use super::{Client, Event, Sender, text, unexpected};
use crate::{
    signal::{Shape, Template},
    transport::ConnectionError,
};

/// One peer.
#[derive(Debug)]
pub(crate) struct Matchbox {
    id: String,
    shape: Shape,
    signal: Template,
}

impl Matchbox {
    /// The path of its WebSocket.
    pub(crate) fn path(room: &str) -> String {
        format!("/{room}")
    }

    /// A peer that waits for its id.
    pub(crate) fn new() -> Self {
        Self { id: String::new(), shape: Shape::Candidate, signal: Template::default() }
    }
}

impl Client for Matchbox {
    fn receive(&mut self, message: &[u8], _out: &mut Sender<'_>) -> Result<Option<Event>, ConnectionError> {
        if message.starts_with(br#"{"Signal""#) {
            return match self.shape.number(message) {
                Some(number) => Ok(Some(Event::Signal(number))),
                None => Err(unexpected(message)),
            };
        }
        if message.starts_with(br#"{"NewPeer""#) {
            return Ok(Some(Event::MemberJoined));
        }
        if message.starts_with(br#"{"PeerLeft""#) {
            return Ok(None);
        }
        let Some(id) = text::string(message, r#""IdAssigned":"#) else { return Err(unexpected(message)) };
        self.id = id.to_owned();
        Ok(Some(Event::Joined))
    }

    fn id(&self) -> &str {
        &self.id
    }

    fn set_target(&mut self, to: &str, shape: Shape) {
        let json = shape.json();
        let kind = if shape == Shape::Candidate { "IceCandidate" } else { "Offer" };
        let message = format!(r#"{{"Signal":{{"receiver":"{to}","data":{{"{kind}":{json}}}}}}}"#);
        self.shape = shape;
        self.signal = Template::new(shape, message.into_bytes());
    }

    fn send_signal(&mut self, number: u32, out: &mut Sender<'_>) {
        out.compose(|message| self.signal.write(number, message));
    }
}
