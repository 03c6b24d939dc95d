//! gRPC streams on an HTTP/2 connection (RFC 9113): just enough of it, with flow control as the RFC demands it.

use std::collections::VecDeque;

use super::{ConnectionError, Received, Transport};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;

const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;
const PADDED: u8 = 8;

const INITIAL_WINDOW_SIZE: u16 = 4;
const DEFAULT_WINDOW: i64 = 65_535;

/// Flow-control windows of the server. WINDOW_UPDATE is sent for half of each at a time.
const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 16 << 20;

/// One connection with as many streams of one method as there are sessions on it.
#[derive(Debug)]
pub(crate) struct Http2 {
    /// The request's header block; the same for every stream.
    head: Vec<u8>,
    streams: Vec<Stream>,
    initial_window: i64,
    window: i64,
    received: u32,
    /// Messages that wait for the server's flow-control windows.
    held: VecDeque<(u32, Vec<u8>)>,
    /// The DATA frame being read: its stream, position and end.
    data: Option<(u32, usize, usize)>,
}

#[derive(Debug)]
struct Stream {
    window: i64,
    received: u32,
    /// The beginning of a message of which the rest has not arrived.
    partial: Vec<u8>,
}

impl Http2 {
    /// A connection whose streams call this gRPC method (`/package.Service/Method`).
    pub(crate) fn new(path: &str) -> Self {
        // HPACK (RFC 7541) without a dynamic table: indexed fields, and literals never indexed.
        let mut head = vec![0x83, 0x86, 0x04];
        literal(path, &mut head);
        head.push(0x01);
        literal("localhost", &mut head);
        head.extend_from_slice(&[0x0f, 0x10]);
        literal("application/grpc", &mut head);
        head.push(0x00);
        literal("te", &mut head);
        literal("trailers", &mut head);
        Self {
            head,
            streams: Vec::new(),
            initial_window: DEFAULT_WINDOW,
            window: DEFAULT_WINDOW,
            received: 0,
            held: VecDeque::new(),
            data: None,
        }
    }

    fn stream(&mut self, id: u32) -> Result<&mut Stream, ConnectionError> {
        let at = (id as usize).checked_sub(1).map(|n| n / 2);
        at.and_then(|at| self.streams.get_mut(at))
            .ok_or_else(|| ConnectionError::new(format!("a frame on stream {id}")))
    }

    /// Returns the next message of the DATA frame being read. `None` when the rest of one is missing.
    fn message(&mut self, input: &[u8]) -> Result<Option<Received>, ConnectionError> {
        let Some((id, at, end)) = self.data else { return Ok(None) };
        let rest = &input[at..end];
        let partial = &mut self.stream(id)?.partial;
        let arrived = if partial.is_empty() {
            match message_len(rest) {
                Some(len) if rest.len() >= 5 + len => Some((5 + len, Received::Message(id, at + 5..at + 5 + len))),
                _ => None,
            }
        } else {
            let missing = match message_len(partial) {
                Some(len) => 5 + len - partial.len(),
                None => 5 - partial.len(),
            };
            let taken = missing.min(rest.len());
            partial.extend_from_slice(&rest[..taken]);
            match message_len(partial) {
                Some(len) if partial.len() == 5 + len => {
                    let mut message = std::mem::take(partial);
                    message.drain(..5);
                    Some((taken, Received::Assembled(id, message)))
                }
                _ if taken < rest.len() => {
                    self.data = Some((id, at + taken, end));
                    return self.message(input);
                }
                _ => {
                    self.data = None;
                    return Ok(None);
                }
            }
        };
        match arrived {
            Some((taken, arrived)) => {
                self.data = Some((id, at + taken, end));
                Ok(Some(arrived))
            }
            None => {
                partial.extend_from_slice(rest);
                self.data = None;
                Ok(None)
            }
        }
    }

    fn count_received(&mut self, id: u32, bytes: usize, out: &mut Vec<u8>) -> Result<(), ConnectionError> {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        self.received += bytes;
        if self.received >= CONNECTION_WINDOW / 2 {
            frame(WINDOW_UPDATE, 0, 0, &std::mem::take(&mut self.received).to_be_bytes(), out);
        }
        let stream = self.stream(id)?;
        stream.received += bytes;
        if stream.received >= STREAM_WINDOW / 2 {
            frame(WINDOW_UPDATE, 0, id, &std::mem::take(&mut stream.received).to_be_bytes(), out);
        }
        Ok(())
    }

    fn settings(&mut self, payload: &[u8]) {
        for setting in payload.as_chunks::<6>().0 {
            let [a, b, value @ ..] = *setting;
            if u16::from_be_bytes([a, b]) == INITIAL_WINDOW_SIZE {
                let window = i64::from(u32::from_be_bytes(value));
                for stream in &mut self.streams {
                    stream.window += window - self.initial_window;
                }
                self.initial_window = window;
            }
        }
    }

    fn release(&mut self, out: &mut Vec<u8>) {
        while let Some((id, message)) = self.held.pop_front() {
            if !self.fits(id, message.len()) {
                self.held.push_front((id, message));
                return;
            }
            self.write(id, &message, out);
        }
    }

    fn fits(&mut self, id: u32, bytes: usize) -> bool {
        let bytes = i64::try_from(bytes + 5).unwrap_or(i64::MAX);
        self.window >= bytes && self.stream(id).is_ok_and(|stream| stream.window >= bytes)
    }

    fn write(&mut self, id: u32, message: &[u8], out: &mut Vec<u8>) {
        let bytes = i64::try_from(message.len() + 5).unwrap_or(i64::MAX);
        self.window -= bytes;
        if let Ok(stream) = self.stream(id) {
            stream.window -= bytes;
        }
        frame_head(message.len() + 5, DATA, 0, id, out);
        out.push(0);
        out.extend_from_slice(&u32::try_from(message.len()).unwrap_or(u32::MAX).to_be_bytes());
        out.extend_from_slice(message);
    }
}

impl Transport for Http2 {
    fn start(&mut self, out: &mut Vec<u8>) -> bool {
        out.extend_from_slice(PREFACE);
        let mut settings = INITIAL_WINDOW_SIZE.to_be_bytes().to_vec();
        settings.extend_from_slice(&STREAM_WINDOW.to_be_bytes());
        frame(SETTINGS, 0, 0, &settings, out);
        frame(WINDOW_UPDATE, 0, 0, &(CONNECTION_WINDOW - 65_535).to_be_bytes(), out);
        true
    }

    fn open(&mut self, out: &mut Vec<u8>) -> u32 {
        let id = u32::try_from(self.streams.len()).unwrap_or(u32::MAX) * 2 + 1;
        self.streams.push(Stream { window: self.initial_window, received: 0, partial: Vec::new() });
        frame(HEADERS, END_HEADERS, id, &self.head, out);
        id
    }

    fn next(&mut self, input: &[u8], at: &mut usize, out: &mut Vec<u8>) -> Result<Received, ConnectionError> {
        loop {
            if let Some(arrived) = self.message(input)? {
                return Ok(arrived);
            }
            let Some((head, rest)) = input[*at..].split_first_chunk::<9>() else { return Ok(Received::Incomplete) };
            let &[l0, l1, l2, kind, flags, s0, s1, s2, s3] = head;
            let len = u32::from_be_bytes([0, l0, l1, l2]) as usize;
            let id = u32::from_be_bytes([s0, s1, s2, s3]) & (u32::MAX >> 1);
            let Some(payload) = rest.get(..len) else { return Ok(Received::Incomplete) };
            let start = *at + 9;
            *at = start + len;
            match kind {
                DATA if flags & (PADDED | END_STREAM) != 0 => {
                    return Err(ConnectionError::new(
                        "a DATA frame with padding or END_STREAM, which the generator does not expect",
                    ));
                }
                DATA => {
                    self.count_received(id, len, out)?;
                    self.data = Some((id, start, start + len));
                }
                HEADERS if flags & END_STREAM != 0 => {
                    return Err(ConnectionError::new(format!("stream {id} was ended by the server")));
                }
                SETTINGS if flags & ACK == 0 => {
                    self.settings(payload);
                    frame(SETTINGS, ACK, 0, &[], out);
                    self.release(out);
                }
                PING if flags & ACK == 0 => frame(PING, ACK, 0, payload, out),
                WINDOW_UPDATE => {
                    let by = payload.first_chunk().map_or(0, |by| i64::from(u32::from_be_bytes(*by)));
                    match id {
                        0 => self.window += by,
                        id => self.stream(id)?.window += by,
                    }
                    self.release(out);
                }
                RST_STREAM => return Err(ConnectionError::new(format!("stream {id} was reset"))),
                GOAWAY => return Err(ConnectionError::new("the server sent GOAWAY")),
                _ => {}
            }
        }
    }

    fn send(&mut self, stream: u32, message: &[u8], out: &mut Vec<u8>) {
        if self.held.is_empty() && self.fits(stream, message.len()) {
            self.write(stream, message, out);
        } else {
            self.held.push_back((stream, message.to_vec()));
        }
    }
}

/// Returns the length of the gRPC message that starts here, if its prefix is complete.
fn message_len(bytes: &[u8]) -> Option<usize> {
    let &[_, a, b, c, d] = bytes.first_chunk::<5>()?;
    Some(u32::from_be_bytes([a, b, c, d]) as usize)
}

fn literal(text: &str, out: &mut Vec<u8>) {
    out.push(u8::try_from(text.len()).ok().filter(|len| *len < 127).expect("names and values are short"));
    out.extend_from_slice(text.as_bytes());
}

fn frame_head(len: usize, kind: u8, flags: u8, id: u32, out: &mut Vec<u8>) {
    let [_, l0, l1, l2] = u32::try_from(len).unwrap_or(u32::MAX).to_be_bytes();
    out.extend_from_slice(&[l0, l1, l2, kind, flags]);
    out.extend_from_slice(&id.to_be_bytes());
}

fn frame(kind: u8, flags: u8, id: u32, payload: &[u8], out: &mut Vec<u8>) {
    frame_head(payload.len(), kind, flags, id, out);
    out.extend_from_slice(payload);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(id: u32, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        frame(DATA, 0, id, bytes, &mut out);
        out
    }

    fn grpc(message: &[u8]) -> Vec<u8> {
        let mut out = vec![0];
        out.extend_from_slice(&u32::try_from(message.len()).unwrap_or(0).to_be_bytes());
        out.extend_from_slice(message);
        out
    }

    fn all(connection: &mut Http2, input: &[u8]) -> Vec<Vec<u8>> {
        let (mut at, mut out, mut messages) = (0, Vec::new(), Vec::new());
        loop {
            match connection.next(input, &mut at, &mut out).expect("well-formed") {
                Received::Incomplete => return messages,
                Received::Open => {}
                Received::Message(_, range) => messages.push(input[range].to_vec()),
                Received::Assembled(_, message) => messages.push(message),
            }
        }
    }

    #[test]
    fn messages_are_found_wherever_frames_cut_them() {
        let stream: Vec<u8> = [grpc(b"one"), grpc(b""), grpc(&[7; 300])].concat();
        for cut in 0..stream.len() {
            let mut connection = Http2::new("/a.B/C");
            connection.open(&mut Vec::new());
            let (head, tail) = stream.split_at(cut);
            let input = [data(1, head), data(1, tail)].concat();
            assert_eq!(all(&mut connection, &input), [b"one".to_vec(), Vec::new(), vec![7; 300]], "cut at {cut}");
        }
    }

    #[test]
    fn nothing_is_sent_beyond_the_windows() {
        let mut connection = Http2::new("/a.B/C");
        let mut out = Vec::new();
        let id = connection.open(&mut out);
        out.clear();
        connection.send(id, &[0; 60_000], &mut out);
        let sent = out.len();
        connection.send(id, &[1; 10_000], &mut out);
        assert_eq!(out.len(), sent, "held back");
        let mut update = Vec::new();
        frame(WINDOW_UPDATE, 0, 0, &65_535_u32.to_be_bytes(), &mut update);
        all(&mut connection, &update);
        frame(WINDOW_UPDATE, 0, id, &65_535_u32.to_be_bytes(), &mut update);
        connection.next(&update, &mut 13, &mut out).expect("well-formed");
        assert_eq!(out.len(), sent + 9 + 5 + 10_000);
    }
}
