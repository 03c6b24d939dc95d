//! The entry point of the fuzz target for frames.

use bytes::BytesMut;

use super::{Message, Opcode, Reader, Violation, put_head};

const LIMIT: usize = 600;

/// Arbitrary bytes: they yield the same messages and the same violation in chunks of any size, within the limits, and
/// the messages can be written and read again.
///
/// # Panics
///
/// When one of these does not hold.
pub fn frames(bytes: &[u8]) {
    let read = |bytes: &[u8], cut: &dyn Fn(&[u8]) -> usize| read(LIMIT, bytes, cut);
    let whole = read(bytes, &<[u8]>::len);
    // In chunks whose sizes depend on the bytes, and byte by byte.
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
        // As a client, with a mask of zeros.
        written[at + 1] |= 0x80;
        written.extend_from_slice(&[0; 4]);
        written.extend_from_slice(payload);
    }
    assert_eq!(read(&written, &<[u8]>::len), (whole.0, None));
}

/// Returns the messages in `bytes` and the violation that ends them. `cut` returns the size of the next chunk.
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
