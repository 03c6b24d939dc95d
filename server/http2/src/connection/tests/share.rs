//! Responses share the window of the connection: streams that are not read leave enough of it to the others.

use std::collections::{HashMap, HashSet};

use super::*;

/// When the client returns what it has read to a window.
#[derive(Clone, Copy, Debug)]
enum Returns {
    /// Once it is half of the window, as nghttp2 and most others do.
    AtHalf,
    /// Once the window is used up.
    AtTheEnd,
}

/// A client that reads all of some streams and nothing of others.
struct Reader {
    peer: Peer,
    returns: Returns,
    /// The windows of the connection and of each stream.
    connection: u32,
    stream: u32,
    unread: HashSet<u32>,
    /// What was read and not returned, by stream; that of the connection is at 0.
    read: HashMap<u32, u32>,
    /// Bytes of DATA received, by stream.
    received: HashMap<u32, usize>,
    ended: HashSet<u32>,
    resets: Vec<u32>,
}

impl Reader {
    fn new(connection: u32, stream: u32, returns: Returns) -> Self {
        let mut peer = Peer::new();
        peer.send(&settings(&[(setting::INITIAL_WINDOW_SIZE, stream)]));
        if let Some(more) = connection.checked_sub(65_535).filter(|more| *more > 0) {
            peer.send(&window(0, more));
        }
        Self {
            peer,
            returns,
            connection,
            stream,
            unread: HashSet::new(),
            read: HashMap::new(),
            received: HashMap::new(),
            ended: HashSet::new(),
            resets: Vec::new(),
        }
    }

    /// Requests a response of a size on a stream, and does not read it.
    fn get_unread(&mut self, stream: u32, size: usize) {
        self.unread.insert(stream);
        self.get(stream, size);
    }

    fn get(&mut self, stream: u32, size: usize) {
        let frames = self.peer.send(&get(stream, &format!("/{size}")));
        self.answer(frames);
    }

    /// Lets a second pass.
    fn wait(&mut self) {
        let frames = self.peer.wait(1);
        self.answer(frames);
    }

    /// Reads, and returns what was read, until nothing comes any more.
    fn answer(&mut self, mut frames: Vec<Frame>) {
        while !frames.is_empty() {
            let mut answer = Vec::new();
            for Frame { header, payload } in frames {
                let stream = header.stream;
                match header.kind {
                    kind::DATA => {
                        *self.received.entry(stream).or_default() += payload.len();
                        if !self.unread.contains(&stream) {
                            let len = u32::try_from(payload.len()).expect("a frame");
                            self.put_read(0, len, &mut answer);
                            self.put_read(stream, len, &mut answer);
                        }
                    }
                    kind::PING if !header.has(flag::ACK) => {
                        answer.extend(super::frame(kind::PING, flag::ACK, 0, &payload))
                    }
                    kind::RST_STREAM => {
                        self.resets.push(stream);
                        // The client discards what it held.
                        let held = if self.unread.contains(&stream) { self.received[&stream] } else { 0 };
                        self.put_read(0, u32::try_from(held).expect("a window"), &mut answer);
                    }
                    _ => {}
                }
                if header.has(flag::END_STREAM) && matches!(header.kind, kind::DATA | kind::HEADERS) {
                    self.ended.insert(stream);
                }
            }
            frames = if answer.is_empty() { Vec::new() } else { self.peer.send(&answer) };
        }
    }

    fn put_read(&mut self, stream: u32, len: u32, answer: &mut Vec<u8>) {
        let size = if stream == 0 { self.connection } else { self.stream };
        let due = match self.returns {
            Returns::AtHalf => size / 2,
            Returns::AtTheEnd => size,
        };
        let read = self.read.entry(stream).or_default();
        *read += len;
        if *read >= due {
            answer.extend(window(stream, std::mem::take(read)));
        }
    }

    fn needs_time(&self) -> bool {
        self.peer.connection.needs_tick()
    }
}

/// Windows of a connection and of its streams.
const WINDOWS: [(u32, u32); 7] = [
    (65_535, 65_535),
    (65_535, 20_001),
    (65_535, 1 << 20),
    (1 << 20, 65_535),
    (1 << 20, 800_001),
    (1 << 20, 1 << 26),
    (100_001, 70_000),
];

#[test]
fn streams_that_are_read_wait_for_no_time_to_pass() {
    for (connection, stream) in WINDOWS {
        for streams in [1, 2, 5, 40] {
            let mut reader = Reader::new(connection, stream, Returns::AtHalf);
            for number in 0..streams {
                reader.get(2 * number + 1, 3_000_000);
            }
            for number in 0..streams {
                assert!(reader.ended.contains(&(2 * number + 1)), "{number} of {streams}: {connection}, {stream}");
            }
        }
    }
}

#[test]
fn stream_that_is_alone_uses_the_whole_window() {
    let mut reader = Reader::new(65_535, 65_535, Returns::AtHalf);
    reader.get_unread(1, 70_000);
    assert_eq!(reader.received[&1], 65_535);
    let mut reader = Reader::new(65_535, 65_535, Returns::AtHalf);
    reader.peer.send(&post(1, "/never"));
    reader.get_unread(3, 70_000);
    assert_eq!(reader.received[&3], 32_768, "half of the window, for there is another stream");
    let frames = reader.peer.send(&rst(1));
    assert_eq!(data(&frames, 3), 65_535 - 32_768);
}

#[test]
fn unread_responses_leave_the_window_of_the_connection_to_others() {
    // Together the windows of the streams that are not read may take three quarters of the connection's.
    for (connection, stream, unread) in [(65_535, 65_535, 1), (1 << 20, 65_535, 12), (1 << 20, 20_000, 39)] {
        let mut reader = Reader::new(connection, stream, Returns::AtHalf);
        reader.peer.send(&post(1, "/never"));
        for number in 0..unread {
            reader.get_unread(2 * number + 3, 1_000_000);
        }
        for number in 0..20 {
            let id = 2 * number + 1_001;
            reader.get(id, 500_000);
            assert!(reader.ended.contains(&id), "stream {number} beside {unread} unread: {connection}, {stream}");
        }
        assert_eq!(reader.resets, []);
    }
}

#[test]
fn what_needs_little_passes_those_that_wait_for_more() {
    let mut reader = Reader::new(65_535, 65_535, Returns::AtHalf);
    // The first ten are complete and stay unread, the others wait.
    for number in 0..30 {
        reader.get_unread(2 * number + 1, 6_459);
    }
    let frames = reader.peer.send(&get(1_001, "/26"));
    assert_eq!(data(&frames, 1_001), 0);
    // What one of them took is returned.
    let frames = reader.peer.send(&window(0, 6_459));
    assert_eq!(data(&frames, 1_001), 26);
    let all: usize = (0..30).map(|number| data(&frames, 2 * number + 1)).sum();
    assert_eq!(all + 26, 6_459, "nothing of the window is left");
    assert!((0..30).all(|number| data(&frames, 2 * number + 1) <= 650), "no stream takes most of it");
}

#[test]
fn held_back_streams_go_on_when_they_are_read() {
    let mut reader = Reader::new(1 << 20, 65_535, Returns::AtHalf);
    for number in 0..12 {
        reader.get_unread(2 * number + 1, 200_000);
    }
    assert!(reader.received[&23] <= 32_768, "{}", reader.received[&23]);
    reader.unread.clear();
    let mut answer = Vec::new();
    for number in 0..12 {
        let (id, len) = (2 * number + 1, u32::try_from(reader.received[&(2 * number + 1)]).expect("a window"));
        reader.put_read(0, len, &mut answer);
        reader.put_read(id, len, &mut answer);
    }
    let frames = reader.peer.send(&answer);
    reader.answer(frames);
    assert_eq!(reader.ended.len(), 12);
}

#[test]
fn too_many_unread_responses_are_reset_before_those_that_wait() {
    let mut reader = Reader::new(1 << 20, 65_535, Returns::AtHalf);
    reader.get(1, 500_000);
    for number in 0..40 {
        reader.get_unread(2 * number + 3, 1_000_000);
    }
    // The client returns nothing to the connection: it has read less than half of its window.
    reader.get(1_001, 500_000);
    assert!(!reader.ended.contains(&1_001));
    reader.wait();
    assert_eq!(reader.resets, [], "the client had no time to answer a PING");
    // The others take what the first ones leave, and go too.
    for _ in 0..5 {
        reader.wait();
    }
    assert!(reader.resets.len() >= 10 && !reader.resets.contains(&1_001), "{:?}", reader.resets);
    assert!(reader.ended.contains(&1_001));
}

#[test]
fn client_that_does_not_answer_is_given_the_whole_time() {
    let mut peer = Peer::new();
    peer.send(&settings(&[(setting::INITIAL_WINDOW_SIZE, 1 << 20)]));
    peer.send(&get(1, "/70000"));
    assert_eq!(data(&peer.send(&get(3, "/100")), 3), 0);
    for _ in 0..LIMITS.send_timeout.as_secs() {
        assert_eq!(resets(&peer.wait(1)), []);
    }
    assert_eq!(resets(&peer.wait(1)), [(1, ErrorCode::CANCEL)]);
}

#[test]
fn client_that_returns_only_whole_windows_loses_no_stream() {
    for (connection, stream) in WINDOWS {
        let mut reader = Reader::new(connection, stream, Returns::AtTheEnd);
        for number in 0..5 {
            reader.get(2 * number + 1, 3_000_000);
        }
        for _ in 0..3 {
            reader.wait();
        }
        assert_eq!((reader.ended.len(), reader.resets.len()), (5, 0), "{connection}, {stream}");
        assert!(!reader.needs_time());
    }
}
