//! Wigwag's frames in protobuf JSON over a WebSocket.

use std::io::Write as _;

use super::{Dialect, Heard, Say, text, unexpected, wigwag::ACK_FRAMES};
use crate::{
    signal::{Shape, Template},
    transport::Broken,
};

/// One resumable session, as [`super::Wigwag`] in JSON.
#[derive(Debug)]
pub(crate) struct WigwagJson {
    room: String,
    id: String,
    seq: u32,
    heard: u32,
    acked: u32,
    shape: Shape,
    signal: Template,
}

impl WigwagJson {
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

    fn ack(&mut self, say: &mut Say<'_>) {
        if self.acked != self.heard {
            self.acked = self.heard;
            say.text(&format!(r#"{{"ack":{}}}"#, self.heard));
        }
    }
}

impl Dialect for WigwagJson {
    fn begin(&mut self, say: &mut Say<'_>) {
        say.text(r#"{"hello":{"client":"wigwag-bench","resumable":true}}"#);
        self.seq += 1;
        say.text(&format!(r#"{{"seq":{},"join":{{"room":"{}"}}}}"#, self.seq, self.room));
    }

    fn hear(&mut self, message: &[u8], say: &mut Say<'_>) -> Result<Option<Heard>, Broken> {
        // The numbers stand at the front, the body's name behind them.
        let front = &message[..message.len().min(96)];
        let seq = text::number(front, r#""seq":"#);
        if seq != 0 {
            if seq != self.heard + 1 {
                return Err(Broken::new(format!("frame {seq} follows frame {}", self.heard)));
            }
            self.heard = seq;
        }
        let has = |name: &str| memchr::memmem::find(front, name.as_bytes()).is_some();
        let heard = if has(r#""envelope":"#) {
            match self.shape.number(message) {
                Some(number) => Some(Heard::Signal(number)),
                None => return Err(unexpected(message)),
            }
        } else if has(r#""welcome":"#) {
            self.id = text::string(message, r#""peerId":"#).ok_or_else(|| unexpected(message))?.to_owned();
            None
        } else if has(r#""joined":"#) {
            self.ack(say);
            Some(Heard::Joined)
        } else if has(r#""memberJoined":"#) {
            Some(Heard::Member)
        } else if has(r#""roster":"#) {
            Some(Heard::Roster)
        } else if has(r#""ping":"#) {
            self.acked = self.heard;
            say.text(&format!(r#"{{"ack":{},"pong":{{}}}}"#, self.heard));
            None
        } else if has(r#""error":"#) {
            return Err(unexpected(message));
        } else {
            None
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
        let json = shape.json();
        let payload = match shape {
            Shape::Candidate => format!(r#""candidate":{json}"#),
            Shape::Description => format!(r#""description":{{"type":"offer","sdp":{json}}}"#),
        };
        let envelope = format!(r#""envelope":{{"room":"{}","to":"{to}",{payload}}}}}"#, self.room);
        self.shape = shape;
        self.signal = Template::new(shape, envelope.into_bytes());
    }

    fn speak(&mut self, number: u32, say: &mut Say<'_>) {
        self.seq += 1;
        self.acked = self.heard;
        say.compose(|out| {
            // Writing to a Vec cannot fail.
            let _ = write!(out, r#"{{"seq":{},"ack":{},"#, self.seq, self.heard);
            self.signal.write(number, out);
        });
    }

    fn settle(&mut self, say: &mut Say<'_>) {
        self.ack(say);
    }
}
