//! The plain relay of `baselines/tcp-relay.rs`: a kind byte, an id, bytes.

use super::{Client, Event, Sender, unexpected};
use crate::{
    signal::{Shape, Template},
    transport::ConnectionError,
};

const JOIN: u8 = 1;
const SEND: u8 = 2;
const JOINED: u8 = 1;
const MEMBER: u8 = 2;
const FROM: u8 = 3;

/// One client.
#[derive(Debug)]
pub(crate) struct TcpRelay {
    room: String,
    id: String,
    shape: Shape,
    signal: Template,
}

impl TcpRelay {
    /// A client that joins this room.
    pub(crate) fn new(room: String) -> Self {
        Self { room, id: String::new(), shape: Shape::Candidate, signal: Template::default() }
    }
}

impl Client for TcpRelay {
    fn start(&mut self, out: &mut Sender<'_>) {
        out.compose(|message| {
            message.push(JOIN);
            message.extend_from_slice(self.room.as_bytes());
        });
    }

    fn receive(&mut self, message: &[u8], _out: &mut Sender<'_>) -> Result<Option<Event>, ConnectionError> {
        match message {
            [FROM, signal @ ..] => match self.shape.number(signal) {
                Some(number) => Ok(Some(Event::Signal(number))),
                None => Err(unexpected(message)),
            },
            [MEMBER, ..] => Ok(Some(Event::MemberJoined)),
            [JOINED, a, b, c, d] => {
                self.id = u32::from_le_bytes([*a, *b, *c, *d]).to_string();
                Ok(Some(Event::Joined))
            }
            _ => Err(unexpected(message)),
        }
    }

    fn id(&self) -> &str {
        &self.id
    }

    fn set_target(&mut self, to: &str, shape: Shape) {
        let to: u32 = to.parse().expect("ids are numbers here");
        let mut message = vec![SEND];
        message.extend_from_slice(&to.to_le_bytes());
        message.extend_from_slice(shape.json().as_bytes());
        self.shape = shape;
        self.signal = Template::new(shape, message);
    }

    fn send_signal(&mut self, number: u32, out: &mut Sender<'_>) {
        out.compose(|message| self.signal.write(number, message));
    }
}
