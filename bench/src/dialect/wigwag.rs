//! Wigwag's frames in protobuf, over gRPC or a binary WebSocket: a resumable session with its whole contract.

mod protobuf;

use self::protobuf::{Field, Fields, put_bytes, put_number, put_text};
use super::{Dialect, Heard, Say, unexpected};
use crate::{
    signal::{MID, Shape, Template, UFRAG},
    transport::Broken,
};

/// Frames a client may leave unacknowledged.
pub(super) const ACK_FRAMES: u32 = 32;

/// One resumable session. It numbers its frames, checks the server's numbers, and acknowledges with every frame it sends
/// and at the latest after 32.
#[derive(Debug)]
pub(crate) struct Wigwag {
    room: String,
    id: String,
    /// The last frame sent, heard, and told.
    seq: u32,
    heard: u32,
    acked: u32,
    shape: Shape,
    signal: Template,
}

impl Wigwag {
    /// A session that joins this room.
    pub(crate) fn new(room: String) -> Self {
        Self {
            room,
            id: String::new(),
            seq: 0,
            heard: 0,
            acked: 0,
            shape: Shape::Candidate,
            signal: Template::default(),
        }
    }

    fn numbered(&mut self, say: &mut Say<'_>, field: u32, body: &[u8]) {
        self.seq += 1;
        self.frame(say, self.seq, field, |out| put_bytes(field, body, out));
    }

    fn frame(&mut self, say: &mut Say<'_>, seq: u32, field: u32, body: impl FnOnce(&mut Vec<u8>)) {
        self.acked = self.heard;
        let ack = self.heard;
        say.compose(|out| {
            put_number(1, seq, out);
            put_number(2, ack, out);
            if field != 0 {
                body(out);
            }
        });
    }

    fn ack(&mut self, say: &mut Say<'_>) {
        if self.acked != self.heard {
            self.frame(say, 0, 0, |_| {});
        }
    }

    fn counted(&mut self, seq: u32) -> Result<(), Broken> {
        if seq == 0 {
            return Ok(());
        }
        if seq != self.heard + 1 {
            return Err(Broken::new(format!("frame {seq} follows frame {}", self.heard)));
        }
        self.heard = seq;
        Ok(())
    }
}

impl Dialect for Wigwag {
    fn begin(&mut self, say: &mut Say<'_>) {
        let mut hello = Vec::new();
        put_text(5, "wigwag-bench", &mut hello);
        put_number(6, 1, &mut hello);
        self.frame(say, 0, 5, |out| put_bytes(5, &hello, out));
        let mut join = Vec::new();
        put_text(1, &self.room, &mut join);
        self.numbered(say, 6, &join);
    }

    fn hear(&mut self, message: &[u8], say: &mut Say<'_>) -> Result<Option<Heard>, Broken> {
        let (mut seq, mut kind, mut body) = (0, 0, &[][..]);
        for (number, field) in Fields(message) {
            match field {
                Field::Number(value) if number == 1 => seq = value,
                Field::Number(_) => {}
                Field::Bytes(bytes) => (kind, body) = (number, bytes),
            }
        }
        self.counted(seq)?;
        let heard = match kind {
            4 => match self.shape.number(body) {
                Some(number) => Some(Heard::Signal(number)),
                None => return Err(unexpected(message)),
            },
            5 => {
                self.id = protobuf::text(body, 1).ok_or_else(|| unexpected(message))?.to_owned();
                None
            }
            6 => {
                self.ack(say);
                Some(Heard::Joined)
            }
            10 => Some(Heard::Member),
            13 => Some(Heard::Roster),
            18 => {
                self.frame(say, 0, 13, |out| put_bytes(13, &[], out));
                None
            }
            0 | 9 | 11 | 12 => None,
            _ => return Err(unexpected(message)),
        };
        if self.heard - self.acked >= ACK_FRAMES {
            self.ack(say);
        }
        Ok(heard)
    }

    fn id(&self) -> &str {
        &self.id
    }

    fn aim(&mut self, to: &str, shape: Shape) {
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

    fn speak(&mut self, number: u32, say: &mut Say<'_>) {
        self.seq += 1;
        self.acked = self.heard;
        say.compose(|out| {
            put_number(1, self.seq, out);
            put_number(2, self.heard, out);
            protobuf::put_head(4, self.signal.len(), out);
            self.signal.write(number, out);
        });
    }

    fn settle(&mut self, say: &mut Say<'_>) {
        self.ack(say);
    }
}
