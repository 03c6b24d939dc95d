//! Frames in chunks of all sizes, and compared with tungstenite.

use bytes::{Bytes, BytesMut};

use super::{Message, Opcode, Reader, Text, Violation, put_frame};

const LIMIT: usize = 1_000;

/// A client's frame: `first` is its first byte.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [0xA5, 0x01, 0xFE, payload.len().to_le_bytes()[0]];
    let mut bytes = vec![first];
    match payload.len() {
        len @ 0..126 => bytes.push(0x80 | u8::try_from(len).expect("short")),
        len => {
            bytes.push(0x80 | 126);
            bytes.extend_from_slice(&u16::try_from(len).expect("not so long").to_be_bytes());
        }
    }
    bytes.extend_from_slice(&mask);
    bytes.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

/// Returns the messages in `bytes`, read in chunks of `size`, and the violation that ends them.
fn read(bytes: &[u8], size: usize) -> (Vec<Message>, Option<Violation>) {
    super::fuzzing::read(LIMIT, bytes, &|_| size)
}

/// Returns the messages in `frames`, which must not depend on the size of the chunks.
fn all(frames: &[Vec<u8>]) -> (Vec<Message>, Option<Violation>) {
    let bytes = frames.concat();
    let whole = read(&bytes, bytes.len());
    for size in 1..bytes.len() {
        assert_eq!(read(&bytes, size), whole, "chunks of {size}");
    }
    whole
}

fn text(text: &str) -> Message {
    Message::Text(Text::check(Bytes::copy_from_slice(text.as_bytes())).expect("UTF-8"))
}

fn binary(bytes: &[u8]) -> Message {
    Message::Binary(Bytes::copy_from_slice(bytes))
}

#[test]
fn messages_do_not_depend_on_the_size_of_chunks() {
    let long = [7; 300];
    let (messages, violation) = all(&[
        frame(0x81, "é€😀".as_bytes()),
        frame(0x82, &[]),
        frame(0x82, &long),
        frame(0x89, b"ping"),
        frame(0x8A, b""),
        frame(0x82, &[1; 125]),
        frame(0x82, &[2; 126]),
        frame(0x88, b"\x03\xE8bye"),
    ]);
    assert_eq!(violation, None);
    let expected = [
        text("é€😀"),
        binary(&[]),
        binary(&long),
        Message::Ping(Bytes::from_static(b"ping")),
        Message::Pong(Bytes::new()),
        binary(&[1; 125]),
        binary(&[2; 126]),
        Message::Close(Bytes::from_static(b"\x03\xE8bye")),
    ];
    assert_eq!(messages, expected);
}

#[test]
fn fragments_make_one_message_with_control_frames_in_between() {
    // Fragments may end within a character.
    let euro = "€".as_bytes();
    let (messages, violation) = all(&[
        frame(0x01, &euro[..1]),
        frame(0x89, b"between"),
        frame(0x00, &euro[1..2]),
        frame(0x00, b""),
        frame(0x8A, b"x"),
        frame(0x80, &euro[2..]),
        frame(0x02, b""),
        frame(0x80, b"late"),
        frame(0x02, b""),
        frame(0x80, b""),
        frame(0x02, b"early"),
        frame(0x80, b""),
        frame(0x81, b"alone"),
    ]);
    assert_eq!(violation, None);
    let (ping, pong) = (Message::Ping(Bytes::from_static(b"between")), Message::Pong(Bytes::from_static(b"x")));
    assert_eq!(messages, [ping, pong, text("€"), binary(b"late"), binary(b""), binary(b"early"), text("alone")]);
}

#[test]
fn a_length_in_a_longer_form_is_accepted() {
    let mut two = vec![0x82, 0x80 | 126, 0, 1, 0, 0, 0, 0];
    two.push(5);
    let mut eight = vec![0x82, 0x80 | 127, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0];
    eight.push(6);
    assert_eq!(all(&[two, eight]), (vec![binary(&[5]), binary(&[6])], None));
}

#[test]
fn what_breaks_the_protocol_is_refused() {
    let cases: &[(&str, &[Vec<u8>])] = &[
        ("reserved bits", &[frame(0xC1, b"x")]),
        ("reserved bits", &[frame(0xA1, b"x")]),
        ("reserved bits", &[frame(0x91, b"x")]),
        ("unknown data", &[frame(0x83, b"x")]),
        ("unknown data", &[frame(0x87, b"x")]),
        ("unknown control", &[frame(0x8B, b"x")]),
        ("unknown control", &[frame(0x8F, b"x")]),
        ("no mask", &[vec![0x81, 1, b'x']]),
        ("no mask", &[vec![0x81, 0]]),
        ("a fragmented ping", &[frame(0x09, b"x")]),
        ("a fragmented close", &[frame(0x08, b"")]),
        ("a long ping", &[frame(0x89, &[0; 126])]),
        ("a long pong", &[frame(0x8A, &[0; 126])]),
        ("a long close", &[frame(0x88, &[0; 126])]),
        ("nothing to go on with", &[frame(0x80, b"x")]),
        ("nothing to go on with", &[frame(0x01, b"x"), frame(0x80, b"x"), frame(0x00, b"x")]),
        ("a message in a message", &[frame(0x01, b"x"), frame(0x81, b"x")]),
        ("a message in a message", &[frame(0x02, b""), frame(0x02, b"")]),
        ("half a code", &[frame(0x88, b"\x03")]),
    ];
    for (what, frames) in cases {
        assert_eq!(all(frames).1, Some(Violation::Protocol), "{what}");
    }
    // An invalid header is refused after two bytes.
    assert_eq!(read(&[0x81, 1], 2).1, Some(Violation::Protocol));
    assert_eq!(read(&[0x89, 0xFE], 1).1, Some(Violation::Protocol));
}

#[test]
fn a_close_has_a_code_that_may_be_sent() {
    for code in [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999_u16] {
        let payload = [&code.to_be_bytes(), "é".as_bytes()].concat();
        assert_eq!(all(&[frame(0x88, &payload)]), (vec![Message::Close(payload.into())], None), "{code}");
    }
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535_u16] {
        assert_eq!(all(&[frame(0x88, &code.to_be_bytes())]), (vec![], Some(Violation::Protocol)), "{code}");
    }
    assert_eq!(all(&[frame(0x88, b"")]), (vec![Message::Close(Bytes::new())], None));
    assert_eq!(all(&[frame(0x88, b"\x03\xE8\xC3")]), (vec![], Some(Violation::NotUtf8)));
}

#[test]
fn text_is_utf8() {
    for bad in [&b"\xFF"[..], b"ab\xC3", b"\xED\xA0\x80", b"\xF4\x90\x80\x80", b"\xC0\xAF"] {
        assert_eq!(all(&[frame(0x81, b"good"), frame(0x81, bad)]), (vec![text("good")], Some(Violation::NotUtf8)));
        assert_eq!(all(&[frame(0x01, b"x"), frame(0x80, bad)]), (vec![], Some(Violation::NotUtf8)));
        assert_eq!(all(&[frame(0x82, bad)]), (vec![binary(bad)], None));
    }
}

#[test]
fn the_limit_applies_to_the_whole_message_and_to_announced_lengths() {
    assert_eq!(read(&frame(0x82, &[0; LIMIT]), 100), (vec![binary(&[0; LIMIT])], None));
    // Only the header has arrived.
    let over = frame(0x82, &[0; LIMIT + 1]);
    assert_eq!(read(&over[..8], 8).1, Some(Violation::TooLong));
    let huge = [0x82, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0];
    assert_eq!(read(&huge, 14).1, Some(Violation::TooLong));

    let half = frame(0x02, &[0; LIMIT / 2]);
    let rest = |len: usize| frame(0x80, &vec![0; len]);
    let ping = frame(0x89, &[0; 125]);
    assert_eq!(all(&[half.clone(), ping, rest(LIMIT / 2)]).1, None);
    let over = rest(LIMIT / 2 + 1);
    assert_eq!(all(&[half, over[..8].to_vec()]).1, Some(Violation::TooLong));
}

#[test]
fn no_memory_is_held_between_messages_or_allocated_for_an_announced_length() {
    let mut reader = Reader::new(1 << 20);
    let mut scratch = BytesMut::with_capacity(4_096);
    let buffer = scratch.as_ptr();
    for _ in 0..3 {
        scratch.extend_from_slice(&frame(0x82, &[1; 100]));
        scratch.extend_from_slice(&frame(0x81, b"text"));
        // The beginning of a frame of 1 MiB.
        scratch.extend_from_slice(&[0x82, 0xFF, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0, 1]);
        reader.feed(scratch.split());
        assert!(matches!(reader.next(), Ok(Some(Message::Binary(_)))));
        assert!(matches!(reader.next(), Ok(Some(Message::Text(_)))));
        assert_eq!(reader.next(), Ok(None));
        assert!(reader.held() <= 16 * 1024, "{}", reader.held());
        // The read buffer can be reused.
        scratch.reserve(4_096);
        assert_eq!(scratch.as_ptr(), buffer);
        reader = Reader::new(1 << 20);
    }
    reader.feed(BytesMut::from(&frame(0x82, &[1; 100])[..]));
    assert!(matches!(reader.next(), Ok(Some(_))));
    assert_eq!((reader.next(), reader.held()), (Ok(None), 0));
}

#[test]
fn lengths_are_written_in_their_shortest_form() {
    for (len, head) in [
        (0, &[0x82, 0][..]),
        (125, &[0x82, 125]),
        (126, &[0x82, 126, 0, 126]),
        (65_535, &[0x82, 126, 0xFF, 0xFF]),
        (65_536, &[0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
    ] {
        let mut out = vec![9];
        put_frame(&mut out, true, Opcode::Binary, &vec![3; len]);
        assert_eq!(&out[1..=head.len()], head);
        assert_eq!(out.len(), 1 + head.len() + len);
    }
    let mut out = Vec::new();
    put_frame(&mut out, false, Opcode::Text, b"x");
    put_frame(&mut out, true, Opcode::Continuation, b"");
    put_frame(&mut out, true, Opcode::Close, b"");
    assert_eq!(out, [0x01, 1, b'x', 0x80, 0, 0x88, 0]);
}

/// Random frames are read as tungstenite reads them, except where it is stricter or later.
#[test]
fn frames_are_read_as_by_tungstenite() {
    use std::io::{Cursor, ErrorKind};

    use tokio_tungstenite::tungstenite::{
        self, Error, WebSocket,
        protocol::{Role, WebSocketConfig},
    };

    let mut state = 20_261_125_u64;
    let mut random = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap_or(0) % below
    };
    let (mut messages, mut refused) = (0, 0);
    for _ in 0..5_000 {
        let mut bytes = Vec::new();
        for _ in 0..random(8) {
            let first = [0x81, 0x82, 0x82, 0x01, 0x02, 0x00, 0x80, 0x80, 0x89, 0x8A][random(10)];
            let most = [4, 130, 700][random(3)];
            bytes.extend(frame(first, &b"ab\xC3\xA9".repeat(200)[..random(most)]));
        }
        for _ in 0..random(4).saturating_sub(1) {
            let at = random(bytes.len() + 1);
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << random(8);
            }
        }
        let mut config = WebSocketConfig::default();
        (config.max_message_size, config.max_frame_size) = (Some(LIMIT), Some(LIMIT));
        let mut library = WebSocket::from_raw_socket(Quiet(Cursor::new(&bytes[..])), Role::Server, Some(config));
        let (ours, ours_end) = read(&bytes, bytes.len().max(1));
        let mut theirs = Vec::new();
        let theirs_end = loop {
            match library.read() {
                Ok(message) => theirs.push(message),
                Err(error) => break error,
            }
        };
        for (ours, theirs) in ours.iter().zip(&theirs) {
            let same = match (ours, theirs) {
                (Message::Text(ours), tungstenite::Message::Text(theirs)) => ours.as_str() == theirs.as_str(),
                (Message::Binary(ours), tungstenite::Message::Binary(theirs))
                | (Message::Ping(ours), tungstenite::Message::Ping(theirs))
                | (Message::Pong(ours), tungstenite::Message::Pong(theirs)) => ours == theirs,
                (Message::Close(_), tungstenite::Message::Close(_)) => true,
                _ => false,
            };
            assert!(same, "{ours:?} is {theirs:?}");
        }
        messages += ours.len();
        let incomplete = matches!(&theirs_end, Error::Io(error) if error.kind() == ErrorKind::WouldBlock);
        match (ours_end, &theirs_end) {
            // tungstenite answers a close frame with an invalid code with a close frame instead of an error.
            _ if theirs.last().is_some_and(tungstenite::Message::is_close) => continue,
            // tungstenite validates the fragments of a text one by one.
            (_, Error::Utf8(_)) if theirs.len() <= ours.len() => continue,
            // tungstenite waits for the payload before it validates the header.
            (Some(_), _) if incomplete => {}
            (Some(_), Error::Capacity(_) | Error::Protocol(_)) => refused += 1,
            (None, _) if incomplete => {}
            other => panic!("{other:?}"),
        }
        assert_eq!(ours.len(), theirs.len());
    }
    assert!(messages > 2_000 && refused > 2_000, "{messages} messages, {refused} refused");
}

/// A stream that blocks at the end of its input and discards output.
struct Quiet<'a>(std::io::Cursor<&'a [u8]>);

impl std::io::Read for Quiet<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self.0.read(buffer)? {
            0 => Err(std::io::ErrorKind::WouldBlock.into()),
            read => Ok(read),
        }
    }
}

impl std::io::Write for Quiet<'_> {
    fn write(&mut self, buffer: &[u8]) -> std::io::Result<usize> {
        Ok(buffer.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
