//! Wigwag's frames in protobuf JSON over a WebSocket.

use std::io::Write as _;

use super::{Client, Event, Sender, text, unexpected, wigwag::ACK_FRAMES};
use crate::{
    signal::{Shape, Template},
    transport::ConnectionError,
};

/// One resumable session. It numbers, checks and acknowledges frames like [`super::Wigwag`].
#[derive(Debug)]
pub(crate) struct WigwagJson {
    room: String,
    token: String,
    id: String,
    seq: u32,
    received: u32,
    acked: u32,
    shape: Shape,
    signal: Template,
}

impl WigwagJson {
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

    fn ack(&mut self, out: &mut Sender<'_>) -> bool {
        let owed = self.acked != self.received;
        if owed {
            self.acked = self.received;
            out.text(&format!(r#"{{"ack":{}}}"#, self.received));
        }
        owed
    }
}

impl Client for WigwagJson {
    fn start(&mut self, out: &mut Sender<'_>) {
        let token = &self.token;
        out.text(&format!(r#"{{"hello":{{"token":"{token}","client":"wigwag-bench","resumable":true}}}}"#));
        self.seq += 1;
        out.text(&format!(r#"{{"seq":{},"join":{{"room":"{}"}}}}"#, self.seq, self.room));
    }

    fn receive(&mut self, message: &[u8], out: &mut Sender<'_>) -> Result<Option<Event>, ConnectionError> {
        // The numbers come first, then the name of the body.
        let front = &message[..message.len().min(96)];
        let seq = text::number(front, r#""seq":"#);
        if seq != 0 {
            if seq != self.received + 1 {
                return Err(ConnectionError::new(format!("frame {seq} follows frame {}", self.received)));
            }
            self.received = seq;
        }
        let has = |name: &str| memchr::memmem::find(front, name.as_bytes()).is_some();
        let event = if has(r#""envelope":"#) {
            match self.shape.number(message) {
                Some(number) => Some(Event::Signal(number)),
                None => return Err(unexpected(message)),
            }
        } else if has(r#""welcome":"#) {
            self.id = text::string(message, r#""peerId":"#).ok_or_else(|| unexpected(message))?.to_owned();
            None
        } else if has(r#""joined":"#) {
            self.ack(out);
            Some(Event::Joined)
        } else if has(r#""memberJoined":"#) {
            Some(Event::MemberJoined)
        } else if has(r#""roster":"#) {
            Some(Event::Roster)
        } else if has(r#""ping":"#) {
            self.acked = self.received;
            out.text(&format!(r#"{{"ack":{},"pong":{{}}}}"#, self.received));
            None
        } else if has(r#""error":"#) {
            return Err(unexpected(message));
        } else if message.starts_with(br#"{"ack":"#) {
            Some(Event::BareAck)
        } else {
            None
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
        let json = shape.json();
        let payload = match shape {
            Shape::Candidate => format!(r#""candidate":{json}"#),
            Shape::Description => format!(r#""description":{{"type":"offer","sdp":{json}}}"#),
        };
        let envelope = format!(r#""envelope":{{"room":"{}","to":"{to}",{payload}}}}}"#, self.room);
        self.shape = shape;
        self.signal = Template::new(shape, envelope.into_bytes());
    }

    fn send_signal(&mut self, number: u32, out: &mut Sender<'_>) {
        self.seq += 1;
        self.acked = self.received;
        out.compose(|message| {
            // Writing to a Vec cannot fail.
            let _ = write!(message, r#"{{"seq":{},"ack":{},"#, self.seq, self.received);
            self.signal.write(number, message);
        });
    }

    fn acknowledge(&mut self, out: &mut Sender<'_>) -> bool {
        self.ack(out)
    }
}
