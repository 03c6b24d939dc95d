//! A WebSocket client (RFC 6455).

use super::{ConnectionError, Received, Transport};

/// A constant will do: Sec-WebSocket-Accept is not checked.
const KEY: &str = "d2lnd2FnIGJlbmNoIGtleQ==";

const FIN: u8 = 0x80;
const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// One WebSocket.
#[derive(Debug)]
pub(crate) struct WebSocket {
    path: String,
    subprotocol: Option<&'static str>,
    opcode: u8,
    open: bool,
    mask: u32,
    /// The fragments of a message that have arrived.
    partial: Vec<u8>,
}

impl WebSocket {
    /// A WebSocket to this path, whose messages are text or binary.
    pub(crate) fn new(path: String, subprotocol: Option<&'static str>, binary: bool) -> Self {
        let opcode = if binary { BINARY } else { TEXT };
        Self { path, subprotocol, opcode, open: false, mask: 0x9e37_79b9, partial: Vec::new() }
    }

    fn frame(&mut self, opcode: u8, payload: &[u8], out: &mut Vec<u8>) {
        out.push(FIN | opcode);
        match payload.len() {
            len @ 0..126 => out.push(FIN | u8::try_from(len).unwrap_or(0)),
            len => {
                let len = u16::try_from(len).expect("messages are below 64 KiB");
                out.push(FIN | 126);
                out.extend_from_slice(&len.to_be_bytes());
            }
        }
        // A new mask for each frame (xorshift), never zero: some servers skip unmasking then.
        self.mask ^= self.mask << 13;
        self.mask ^= self.mask >> 17;
        self.mask ^= self.mask << 5;
        let mask = self.mask.to_ne_bytes();
        out.extend_from_slice(&mask);
        let start = out.len();
        out.extend_from_slice(payload);
        let (fours, rest) = out[start..].as_chunks_mut::<4>();
        for four in fours {
            *four = (u32::from_ne_bytes(*four) ^ self.mask).to_ne_bytes();
        }
        for (byte, mask) in rest.iter_mut().zip(mask) {
            *byte ^= mask;
        }
    }

    fn upgraded(&mut self, input: &[u8], at: &mut usize) -> Result<Received, ConnectionError> {
        let head = &input[*at..];
        let Some(end) = memchr::memmem::find(head, b"\r\n\r\n") else { return Ok(Received::Incomplete) };
        if !head.starts_with(b"HTTP/1.1 101") {
            let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
            return Err(ConnectionError::new(format!(
                "the server refused the upgrade: {}",
                String::from_utf8_lossy(line)
            )));
        }
        *at += end + 4;
        self.open = true;
        Ok(Received::Open)
    }
}

impl Transport for WebSocket {
    fn start(&mut self, out: &mut Vec<u8>) -> bool {
        let protocol = self.subprotocol.map(|name| format!("Sec-WebSocket-Protocol: {name}\r\n")).unwrap_or_default();
        let request = format!(
            "GET {} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n{protocol}\r\n",
            self.path
        );
        out.extend_from_slice(request.as_bytes());
        false
    }

    fn next(&mut self, input: &[u8], at: &mut usize, out: &mut Vec<u8>) -> Result<Received, ConnectionError> {
        if !self.open {
            return self.upgraded(input, at);
        }
        loop {
            let Some((&[first, second], rest)) = input[*at..].split_first_chunk::<2>() else {
                return Ok(Received::Incomplete);
            };
            let (head, len) = match second {
                126 => match rest.first_chunk::<2>() {
                    Some(len) => (4, usize::from(u16::from_be_bytes(*len))),
                    None => return Ok(Received::Incomplete),
                },
                127 => match rest.first_chunk::<8>() {
                    Some(len) => (10, usize::try_from(u64::from_be_bytes(*len)).unwrap_or(usize::MAX)),
                    None => return Ok(Received::Incomplete),
                },
                len if len & FIN == 0 => (2, usize::from(len)),
                _ => return Err(ConnectionError::new("the server masked a frame")),
            };
            if len > input.len() - *at - head {
                return Ok(Received::Incomplete);
            }
            let payload = *at + head..*at + head + len;
            *at = payload.end;
            if first & 0x70 != 0 {
                return Err(ConnectionError::new("a frame with reserved bits set, such as a compressed one"));
            }
            let last = first & FIN != 0;
            match first & 0x0f {
                TEXT | BINARY if last => return Ok(Received::Message(0, payload)),
                TEXT | BINARY | CONTINUATION => {
                    self.partial.extend_from_slice(&input[payload]);
                    if last {
                        return Ok(Received::Assembled(0, std::mem::take(&mut self.partial)));
                    }
                }
                PING => self.frame(PONG, &input[payload], out),
                PONG => {}
                CLOSE => {
                    let why = input[payload].get(2..).unwrap_or_default();
                    return Err(ConnectionError::new(format!(
                        "closed by the server: {}",
                        String::from_utf8_lossy(why)
                    )));
                }
                opcode => return Err(ConnectionError::new(format!("a frame with the unknown opcode {opcode}"))),
            }
        }
    }

    fn send(&mut self, _stream: u32, message: &[u8], out: &mut Vec<u8>) {
        self.frame(self.opcode, message, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_masked_can_be_unmasked() {
        let mut socket = WebSocket::new("/".into(), None, true);
        for len in [0, 3, 125, 126, 300] {
            let message: Vec<u8> = (0..len).map(|i| u8::try_from(i % 251).unwrap_or(0)).collect();
            let mut out = Vec::new();
            socket.send(0, &message, &mut out);
            let head = if len < 126 { 2 } else { 4 };
            let (mask, payload) = out[head..].split_first_chunk::<4>().expect("a mask");
            assert_ne!(mask, &[0; 4]);
            let plain: Vec<u8> = payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect();
            assert_eq!(plain, message);
        }
    }

    #[test]
    fn frames_are_found_across_reads() {
        let mut socket = WebSocket::new("/".into(), None, false);
        let mut out = Vec::new();
        let mut input = b"HTTP/1.1 101 Switching Protocols\r\n\r\n\x81\x03abc\x89\x00\x81\x04de".to_vec();
        let mut at = 0;
        assert!(matches!(socket.next(&input, &mut at, &mut out), Ok(Received::Open)));
        assert!(
            matches!(socket.next(&input, &mut at, &mut out), Ok(Received::Message(0, range)) if &input[range.clone()] == b"abc")
        );
        assert!(matches!(socket.next(&input, &mut at, &mut out), Ok(Received::Incomplete)));
        assert_eq!(out.first(), Some(&0x8a), "the ping is answered");
        input.extend_from_slice(b"fg");
        assert!(
            matches!(socket.next(&input, &mut at, &mut out), Ok(Received::Message(0, range)) if &input[range.clone()] == b"defg")
        );
    }

    #[test]
    fn fragments_make_one_message() {
        let mut socket = WebSocket::new("/".into(), None, true);
        let (mut at, mut out) = (0, Vec::new());
        let input = b"HTTP/1.1 101 Switching Protocols\r\n\r\n\x02\x02ab\x89\x00\x00\x01c\x80\x01d\x82\x01e";
        assert!(matches!(socket.next(input, &mut at, &mut out), Ok(Received::Open)));
        assert!(
            matches!(socket.next(input, &mut at, &mut out), Ok(Received::Assembled(0, message)) if message == b"abcd")
        );
        assert!(
            matches!(socket.next(input, &mut at, &mut out), Ok(Received::Message(0, range)) if &input[range.clone()] == b"e")
        );
    }
}
