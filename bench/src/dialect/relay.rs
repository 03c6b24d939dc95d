//! The bare relay of `baselines/tcp-relay.rs`: a kind byte, an id, bytes.

use super::{Dialect, Heard, Say, unexpected};
use crate::{
    signal::{Shape, Template},
    transport::Broken,
};

const JOIN: u8 = 1;
const SEND: u8 = 2;
const JOINED: u8 = 1;
const MEMBER: u8 = 2;
const FROM: u8 = 3;

/// One client.
#[derive(Debug)]
pub(crate) struct Relay {
    room: String,
    id: String,
    shape: Shape,
    signal: Template,
}

impl Relay {
    /// A client that joins this room.
    pub(crate) fn new(room: String) -> Self {
        Self { room, id: String::new(), shape: Shape::Candidate, signal: Template::default() }
    }
}

impl Dialect for Relay {
    fn begin(&mut self, say: &mut Say<'_>) {
        say.compose(|out| {
            out.push(JOIN);
            out.extend_from_slice(self.room.as_bytes());
        });
    }

    fn hear(&mut self, message: &[u8], _say: &mut Say<'_>) -> Result<Option<Heard>, Broken> {
        match message {
            [FROM, signal @ ..] => match self.shape.number(signal) {
                Some(number) => Ok(Some(Heard::Signal(number))),
                None => Err(unexpected(message)),
            },
            [MEMBER, ..] => Ok(Some(Heard::Member)),
            [JOINED, a, b, c, d] => {
                self.id = u32::from_le_bytes([*a, *b, *c, *d]).to_string();
                Ok(Some(Heard::Joined))
            }
            _ => Err(unexpected(message)),
        }
    }

    fn id(&self) -> &str {
        &self.id
    }

    fn aim(&mut self, to: &str, shape: Shape) {
        let to: u32 = to.parse().expect("ids are numbers here");
        let mut message = vec![SEND];
        message.extend_from_slice(&to.to_le_bytes());
        message.extend_from_slice(shape.json().as_bytes());
        self.shape = shape;
        self.signal = Template::new(shape, message);
    }

    fn speak(&mut self, number: u32, say: &mut Say<'_>) {
        say.compose(|out| self.signal.write(number, out));
    }
}
