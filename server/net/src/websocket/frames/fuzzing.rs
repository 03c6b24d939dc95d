//! What the fuzz target for frames promises.

use bytes::BytesMut;

use super::{Message, Opcode, Reader, Violation, put_head};

const LIMIT: usize = 600;

/// Any bytes: the same messages and the same end however they are cut, within the limits, and read again when written.
pub fn frames(bytes: &[u8]) {
    let read = |bytes: &[u8], cut: &dyn Fn(&[u8]) -> usize| read(LIMIT, bytes, cut);
    let whole = read(bytes, &<[u8]>::len);
    // Cut at places that the bytes themselves choose, and everywhere.
    assert_eq!(read(bytes, &|left| usize::from(left[0]) % 40 + 1), whole);
    assert_eq!(read(bytes, &|_| 1), whole);
    let mut written = Vec::new();
    for message in &whole.0 {
        let (opcode, payload) = match message {
            Message::Text(text) => (Opcode::Text, text.as_str().as_bytes()),
            Message::Binary(payload) => (Opcode::Binary, &payload[..]),
            Message::Ping(payload) => (Opcode::Ping, &payload[..]),
            Message::Pong(payload) => (Opcode::Pong, &payload[..]),
            Message::Close(payload) => (Opcode::Close, &payload[..]),
        };
        assert!(payload.len() <= if opcode.is_control() { 125 } else { LIMIT });
        let at = written.len();
        put_head(&mut written, true, opcode, payload.len());
        // As a client would, with a mask that changes nothing.
        written[at + 1] |= 0x80;
        written.extend_from_slice(&[0; 4]);
        written.extend_from_slice(payload);
    }
    assert_eq!(read(&written, &<[u8]>::len), (whole.0, None));
}

/// The messages in `bytes`, read in pieces as long as `cut` says of what is left, and what ends them.
pub(super) fn read(limit: usize, mut bytes: &[u8], cut: &dyn Fn(&[u8]) -> usize) -> (Vec<Message>, Option<Violation>) {
    let mut reader = Reader::new(limit);
    let mut messages = Vec::new();
    while !bytes.is_empty() {
        let (piece, rest) = bytes.split_at(cut(bytes).min(bytes.len()));
        bytes = rest;
        reader.feed(BytesMut::from(piece));
        loop {
            match reader.next() {
                Ok(Some(message)) => messages.push(message),
                Ok(None) => break,
                Err(violation) => return (messages, Some(violation)),
            }
        }
    }
    (messages, None)
}
