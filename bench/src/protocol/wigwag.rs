//! Wigwag's frames in protobuf, over gRPC or a binary WebSocket: a resumable session that is numbered and acknowledged.

mod protobuf;

use self::protobuf::{Field, Fields, put_bytes, put_number, put_text};
use super::{Client, Event, Sender, unexpected};
use crate::{
    signal::{MID, Shape, Template, UFRAG},
    transport::ConnectionError,
};

/// Most frames a client leaves unacknowledged.
pub(super) const ACK_FRAMES: u32 = 32;

/// One resumable session. It numbers its frames, checks the server's numbers, and acknowledges with every frame it sends
/// and at the latest after 32.
#[derive(Debug)]
pub(crate) struct Wigwag {
    room: String,
    token: String,
    id: String,
    /// The number of the last frame sent, the last received, and the last acknowledged.
    seq: u32,
    received: u32,
    acked: u32,
    shape: Shape,
    signal: Template,
}

impl Wigwag {
    /// A session that joins this room, with a token unless that is empty.
    pub(crate) fn new(room: String, token: String) -> Self {
        Self {
            room,
            token,
            id: String::new(),
            seq: 0,
            received: 0,
            acked: 0,
            shape: Shape::Candidate,
            signal: Template::default(),
        }
    }

    fn send_numbered(&mut self, out: &mut Sender<'_>, field: u32, body: &[u8]) {
        self.seq += 1;
        self.send_frame(out, self.seq, field, |message| put_bytes(field, body, message));
    }

    fn send_frame(&mut self, out: &mut Sender<'_>, seq: u32, field: u32, body: impl FnOnce(&mut Vec<u8>)) {
        self.acked = self.received;
        let ack = self.received;
        out.compose(|message| {
            put_number(1, seq, message);
            put_number(2, ack, message);
            if field != 0 {
                body(message);
            }
        });
    }

    fn ack(&mut self, out: &mut Sender<'_>) -> bool {
        let owed = self.acked != self.received;
        if owed {
            self.send_frame(out, 0, 0, |_| {});
        }
        owed
    }

    fn check_number(&mut self, seq: u32) -> Result<(), ConnectionError> {
        if seq == 0 {
            return Ok(());
        }
        if seq != self.received + 1 {
            return Err(ConnectionError::new(format!("frame {seq} follows frame {}", self.received)));
        }
        self.received = seq;
        Ok(())
    }
}

impl Client for Wigwag {
    fn start(&mut self, out: &mut Sender<'_>) {
        let mut hello = Vec::new();
        put_text(1, &self.token, &mut hello);
        put_text(5, "wigwag-bench", &mut hello);
        put_number(6, 1, &mut hello);
        self.send_frame(out, 0, 5, |message| put_bytes(5, &hello, message));
        let mut join = Vec::new();
        put_text(1, &self.room, &mut join);
        self.send_numbered(out, 6, &join);
    }

    fn receive(&mut self, message: &[u8], out: &mut Sender<'_>) -> Result<Option<Event>, ConnectionError> {
        let (mut seq, mut kind, mut body) = (0, 0, &[][..]);
        for (number, field) in Fields(message) {
            match field {
                Field::Number(value) if number == 1 => seq = value,
                Field::Number(_) => {}
                Field::Bytes(bytes) => (kind, body) = (number, bytes),
            }
        }
        self.check_number(seq)?;
        let event = match kind {
            4 => match self.shape.number(body) {
                Some(number) => Some(Event::Signal(number)),
                None => return Err(unexpected(message)),
            },
            5 => {
                self.id = protobuf::text(body, 1).ok_or_else(|| unexpected(message))?.to_owned();
                None
            }
            6 => {
                self.ack(out);
                Some(Event::Joined)
            }
            10 => Some(Event::MemberJoined),
            13 => Some(Event::Roster),
            18 => {
                self.send_frame(out, 0, 13, |message| put_bytes(13, &[], message));
                None
            }
            0 if seq == 0 => Some(Event::BareAck),
            0 | 9 | 11 | 12 => None,
            _ => return Err(unexpected(message)),
        };
        if self.received - self.acked >= ACK_FRAMES {
            self.ack(out);
        }
        Ok(event)
    }

    fn id(&self) -> &str {
        &self.id
    }

    fn set_target(&mut self, to: &str, shape: Shape) {
        let mut envelope = Vec::new();
        put_text(1, &self.room, &mut envelope);
        put_text(3, to, &mut envelope);
        let mut payload = Vec::new();
        match shape {
            Shape::Candidate => {
                put_text(1, &shape.text(), &mut payload);
                put_text(2, MID, &mut payload);
                payload.extend_from_slice(&[3 << 3, 0]);
                put_text(4, UFRAG, &mut payload);
                put_bytes(6, &payload, &mut envelope);
            }
            Shape::Description => {
                put_text(1, "offer", &mut payload);
                put_text(2, &shape.text(), &mut payload);
                put_bytes(5, &payload, &mut envelope);
            }
        }
        self.shape = shape;
        self.signal = Template::new(shape, envelope);
    }

    fn send_signal(&mut self, number: u32, out: &mut Sender<'_>) {
        self.seq += 1;
        self.acked = self.received;
        out.compose(|message| {
            put_number(1, self.seq, message);
            put_number(2, self.received, message);
            protobuf::put_head(4, self.signal.len(), message);
            self.signal.write(number, message);
        });
    }

    fn acknowledge(&mut self, out: &mut Sender<'_>) -> bool {
        self.ack(out)
    }
}
