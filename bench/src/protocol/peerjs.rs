//! The protocol of PeerServer. It has no rooms.

use super::{Client, Event, Sender, text, unexpected};
use crate::{
    signal::{Shape, Template},
    transport::ConnectionError,
};

/// One peer, which chooses its id.
#[derive(Debug)]
pub(crate) struct PeerJs {
    id: String,
    shape: Shape,
    signal: Template,
}

impl PeerJs {
    /// The path of its WebSocket.
    pub(crate) fn path(id: &str) -> String {
        format!("/peerjs?key=peerjs&id={id}&token={id}&version=1.5.5")
    }

    /// The peer with this id.
    pub(crate) fn new(id: String) -> Self {
        Self { id, shape: Shape::Candidate, signal: Template::default() }
    }
}

impl Client for PeerJs {
    fn receive(&mut self, message: &[u8], _out: &mut Sender<'_>) -> Result<Option<Event>, ConnectionError> {
        match text::string(message, r#""type":"#) {
            Some("CANDIDATE" | "OFFER") => match self.shape.number(message) {
                Some(number) => Ok(Some(Event::Signal(number))),
                None => Err(unexpected(message)),
            },
            Some("OPEN") => Ok(Some(Event::Joined)),
            _ => Err(unexpected(message)),
        }
    }

    fn id(&self) -> &str {
        &self.id
    }

    fn set_target(&mut self, to: &str, shape: Shape) {
        let json = shape.json();
        let (kind, what) = match shape {
            Shape::Candidate => ("CANDIDATE", json),
            Shape::Description => ("OFFER", format!(r#"{{"type":"offer","sdp":{json}}}"#)),
        };
        let field = if shape == Shape::Candidate { "candidate" } else { "sdp" };
        let message = format!(
            r#"{{"type":"{kind}","payload":{{"{field}":{what},"type":"data","connectionId":"dc_bench"}},"dst":"{to}"}}"#
        );
        self.shape = shape;
        self.signal = Template::new(shape, message.into_bytes());
    }

    fn send_signal(&mut self, number: u32, out: &mut Sender<'_>) {
        out.compose(|message| self.signal.write(number, message));
    }
}
