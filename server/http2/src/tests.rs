//! A connection as its peer sees it.

use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{Request, Response};

use super::error::ErrorCode;
use super::frame::{self, HEAD, Head, MAX_PAYLOAD, flag, kind, setting};
use super::test_body::{TestBody, collect};
use wigwag_poll::WakeSet;

use super::{
    ConnectUpgrade, Connection, Http2Limits, RequestBody, ResponseFuture, Service, Tunnel, TunnelHandle, hpack,
};

const LIMITS: Http2Limits = Http2Limits {
    max_streams: 100,
    stream_window: 64 * 1024,
    connection_window: 128 * 1024,
    max_header_list: 1_000,
    max_provoked_resets: 10,
    max_early_resets: 10,
};

/// `/N` answers with N bytes, `/count` with the number of bytes it read, `/never` not at all, and everything at once.
/// Tunnels are taken and kept.
#[derive(Default)]
struct App(Arc<Mutex<Vec<(Tunnel, TunnelHandle)>>>);

impl Service for App {
    type Body = TestBody;

    fn call(&self, mut request: Request<RequestBody>) -> ResponseFuture<TestBody> {
        if let Some(upgrade) = request.extensions_mut().remove::<ConnectUpgrade>() {
            let handle = upgrade.handle();
            self.0.lock().expect("no panic").push((upgrade.accept(), handle));
            return Box::pin(async { Ok(Response::new(TestBody::default())) });
        }
        Box::pin(async move {
            let path = request.uri().path()[1..].to_owned();
            let body = match path.as_str() {
                "count" => TestBody::new(collect(request.into_body()).await?.0.len().to_string()),
                "never" => std::future::pending().await,
                size => TestBody::new(vec![7; size.parse()?]),
            };
            Ok(Response::new(body))
        })
    }
}

/// The other end.
struct Peer {
    connection: Connection<App>,
    wakes: Arc<WakeSet>,
}

#[derive(Debug)]
struct Frame {
    head: Head,
    payload: Vec<u8>,
}

impl Frame {
    fn number(&self, at: usize) -> u32 {
        frame::number(&self.payload[at..]).expect("four bytes")
    }
}

impl Peer {
    /// A peer that has said hello and heard what comes back.
    fn new() -> Self {
        let wakes = Arc::new(WakeSet::default());
        let mut peer = Self { connection: Connection::new(App::default(), LIMITS, wakes.clone()), wakes };
        let heard = peer.say(&settings(&[]));
        let kinds: Vec<u8> = heard.iter().map(|frame| frame.head.kind).collect();
        assert_eq!(kinds, [kind::SETTINGS, kind::WINDOW_UPDATE, kind::SETTINGS]);
        peer
    }

    /// Says this, and hears what comes of it.
    fn say(&mut self, bytes: &[u8]) -> Vec<Frame> {
        self.connection.receive(Bytes::copy_from_slice(bytes));
        self.hear()
    }

    fn hear(&mut self) -> Vec<Frame> {
        let mut heard = Vec::new();
        loop {
            self.connection.poll(self.wakes.unpark());
            heard.append(self.connection.out());
            if self.wakes.park() && !self.connection.has_more() {
                break;
            }
        }
        let (mut rest, mut frames) = (&heard[..], Vec::new());
        while let Some((head, tail)) = rest.split_first_chunk::<HEAD>() {
            let head = Head::read(head);
            let (payload, tail) = tail.split_at(head.len);
            frames.push(Frame { head, payload: payload.to_vec() });
            rest = tail;
        }
        frames
    }
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    frame::put(kind, flags, stream, payload, &mut out);
    out
}

fn settings(list: &[(u16, u32)]) -> Vec<u8> {
    let payload: Vec<u8> =
        list.iter().flat_map(|(name, value)| [&name.to_be_bytes()[..], &value.to_be_bytes()].concat()).collect();
    frame(kind::SETTINGS, 0, 0, &payload)
}

fn window(stream: u32, more: u32) -> Vec<u8> {
    frame(kind::WINDOW_UPDATE, 0, stream, &more.to_be_bytes())
}

fn block(path: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in [&[(":method", "POST"), (":scheme", "http"), (":path", path)], more].concat() {
        hpack::put_field(name.as_bytes(), value.as_bytes(), false, &mut block);
    }
    block
}

/// A request without a body.
fn get(stream: u32, path: &str) -> Vec<u8> {
    frame(kind::HEADERS, flag::END_HEADERS | flag::END_STREAM, stream, &block(path, &[]))
}

/// A request whose body is to come.
fn post(stream: u32, path: &str) -> Vec<u8> {
    frame(kind::HEADERS, flag::END_HEADERS, stream, &block(path, &[]))
}

fn data(frames: &[Frame], stream: u32) -> usize {
    let data = frames.iter().filter(|frame| frame.head.kind == kind::DATA && frame.head.stream == stream);
    data.map(|frame| frame.payload.len()).sum()
}

fn ended(frames: &[Frame], stream: u32) -> bool {
    frames.iter().any(|frame| frame.head.stream == stream && frame.head.has(flag::END_STREAM))
}

fn goaway(frames: &[Frame]) -> Option<(u32, ErrorCode)> {
    let frame = frames.iter().rfind(|frame| frame.head.kind == kind::GOAWAY)?;
    Some((frame.number(0), ErrorCode(frame.number(4))))
}

fn resets(frames: &[Frame]) -> Vec<(u32, ErrorCode)> {
    let resets = frames.iter().filter(|frame| frame.head.kind == kind::RST_STREAM);
    resets.map(|frame| (frame.head.stream, ErrorCode(frame.number(0)))).collect()
}

#[test]
fn a_response_keeps_to_the_window_of_its_stream() {
    let mut peer = Peer::new();
    peer.say(&settings(&[(setting::INITIAL_WINDOW_SIZE, 10)]));
    let heard = peer.say(&get(1, "/25"));
    assert_eq!((data(&heard, 1), ended(&heard, 1)), (10, false));
    assert_eq!(data(&peer.say(&window(1, 4)), 1), 4);
    // Smaller: below nothing, and what is given first makes up for it.
    peer.say(&settings(&[(setting::INITIAL_WINDOW_SIZE, 5)]));
    assert_eq!(data(&peer.say(&window(1, 5)), 1), 0);
    let heard = peer.say(&settings(&[(setting::INITIAL_WINDOW_SIZE, 100)]));
    assert_eq!((data(&heard, 1), ended(&heard, 1)), (11, true));
}

#[test]
fn responses_keep_to_the_window_of_the_connection_together() {
    let mut peer = Peer::new();
    let heard =
        peer.say(&[settings(&[(setting::INITIAL_WINDOW_SIZE, 1 << 20)]), get(1, "/60000"), get(3, "/60000")].concat());
    let (first, second) = (data(&heard, 1), data(&heard, 3));
    assert_eq!(first + second, 65_535);
    assert!(first.abs_diff(second) < 20_000, "each has its turn: {first} and {second}");
    assert!(heard.iter().all(|frame| frame.head.len <= MAX_PAYLOAD));
    let heard = peer.say(&window(0, 100_000));
    assert_eq!(data(&heard, 1) + data(&heard, 3), 120_000 - 65_535);
    assert!(ended(&heard, 1) && ended(&heard, 3));
}

#[test]
fn what_was_read_is_given_back() {
    let mut peer = Peer::new();
    let mut heard = peer.say(&post(1, "/count"));
    let chunk = frame(kind::DATA, 0, 1, &[0; 16_000]);
    for _ in 0..20 {
        heard.extend(peer.say(&chunk));
    }
    let given = |stream| {
        let updates =
            heard.iter().filter(|frame| frame.head.kind == kind::WINDOW_UPDATE && frame.head.stream == stream);
        updates.map(|frame| frame.number(0)).sum::<u32>()
    };
    assert!((250_000..=320_000).contains(&given(0)), "{}", given(0));
    assert!((250_000..=320_000).contains(&given(1)), "{}", given(1));
    let heard = peer.say(&frame(kind::DATA, flag::END_STREAM, 1, &[]));
    assert_eq!(heard.iter().find(|frame| frame.head.kind == kind::DATA).expect("an answer").payload, b"320000");
}

#[test]
fn more_than_a_window_is_an_error() {
    let mut peer = Peer::new();
    let much = frame(kind::DATA, 0, 1, &[0; 16_384]).repeat(5);
    assert_eq!(resets(&peer.say(&[post(1, "/never"), much].concat())), [(1, ErrorCode::FLOW_CONTROL_ERROR)]);
    let more = frame(kind::DATA, 0, 3, &[0; 16_384]).repeat(4);
    // What came for the stream that is gone does not count any more.
    let streams = [post(3, "/never"), more].concat();
    assert_eq!(goaway(&peer.say(&streams)), None);
    let more = frame(kind::DATA, 0, 5, &[0; 16_384]).repeat(4);
    assert_eq!(goaway(&peer.say(&[post(5, "/never"), more].concat())), None);
    let heard = peer.say(&[post(7, "/never"), frame(kind::DATA, 0, 7, &[0; 16_384])].concat());
    assert_eq!(goaway(&heard), Some((7, ErrorCode::FLOW_CONTROL_ERROR)));
    assert!(peer.connection.is_over());
}

#[test]
fn what_comes_after_the_answer_is_not_needed_and_no_error() {
    let mut peer = Peer::new();
    let heard = peer.say(&post(1, "/3"));
    assert!(ended(&heard, 1));
    assert_eq!(resets(&heard), [(1, ErrorCode::NO_ERROR)]);
    for _ in 0..20 {
        let heard = peer.say(&frame(kind::DATA, 0, 1, &[0; 16_000]));
        assert!(heard.iter().all(|frame| frame.head.kind == kind::WINDOW_UPDATE), "{heard:?}");
    }
    let trailers = frame(kind::HEADERS, flag::END_HEADERS | flag::END_STREAM, 1, &[]);
    assert!(peer.say(&trailers).is_empty());
    assert!(ended(&peer.say(&get(3, "/0")), 3));
}

#[test]
fn streams_reset_before_they_are_answered_are_counted_against_those_that_are() {
    let reset =
        |stream: u32| [post(stream, "/never"), frame(kind::RST_STREAM, 0, stream, &8_u32.to_be_bytes())].concat();
    let mut fair = Peer::new();
    for n in 0..100 {
        let heard = fair.say(&[reset(4 * n + 1), get(4 * n + 3, "/1")].concat());
        assert_eq!(goaway(&heard), None);
    }
    let mut unfair = Peer::new();
    for n in 0..10 {
        assert_eq!(goaway(&unfair.say(&reset(2 * n + 1))), None);
    }
    assert_eq!(goaway(&unfair.say(&reset(21))), Some((21, ErrorCode::ENHANCE_YOUR_CALM)));
}

#[test]
fn a_header_block_must_come_to_its_end() {
    for piece in [0, 1, 16_000] {
        let mut peer = Peer::new();
        peer.say(&frame(kind::HEADERS, 0, 1, &[]));
        let mut pieces = 0;
        while goaway(&peer.say(&frame(kind::CONTINUATION, 0, 1, &vec![0; piece]))).is_none() {
            pieces += 1;
            assert!(pieces < 40);
        }
        assert_eq!(peer.connection.failure().expect("a failure").code, ErrorCode::ENHANCE_YOUR_CALM);
    }
}

#[test]
fn a_head_that_is_too_large_is_refused_by_itself() {
    let mut peer = Peer::new();
    let large = "x".repeat(1_000);
    let head = block("/1", &[("x-large", &large)]);
    let heard = peer.say(&frame(kind::HEADERS, flag::END_HEADERS, 1, &head));
    assert!(ended(&heard, 1));
    assert!(heard[0].payload.windows(3).any(|status| status == b"431"));
    assert_eq!(resets(&heard), [(1, ErrorCode::NO_ERROR)]);
    assert!(ended(&peer.say(&get(3, "/1")), 3));
}

/// The server begins to leave. What its peer answers to the farewell.
fn leave(peer: &mut Peer) -> Vec<u8> {
    peer.connection.leave();
    let heard = peer.hear();
    assert_eq!(goaway(&heard), Some((u32::MAX >> 1, ErrorCode::NO_ERROR)));
    let ping = heard.iter().find(|frame| frame.head.kind == kind::PING).expect("a ping");
    frame(kind::PING, flag::ACK, 0, &ping.payload)
}

#[test]
fn it_leaves_when_what_was_under_way_is_done() {
    let mut peer = Peer::new();
    peer.say(&post(1, "/count"));
    let answer = leave(&mut peer);
    // Sent before the peer knew.
    peer.say(&post(3, "/count"));
    assert_eq!(goaway(&peer.say(&answer)), Some((3, ErrorCode::NO_ERROR)));
    assert!(peer.say(&get(5, "/1")).is_empty(), "too late");
    assert!(ended(&peer.say(&frame(kind::DATA, flag::END_STREAM, 1, b"1")), 1));
    assert!(!peer.connection.is_over());
    assert!(ended(&peer.say(&frame(kind::DATA, flag::END_STREAM, 3, b"1")), 3));
    assert!(peer.connection.is_over() && peer.connection.failure().is_none());
}

#[test]
fn a_peer_that_leaves_is_served_to_the_end() {
    let mut peer = Peer::new();
    peer.say(&post(1, "/count"));
    peer.say(&frame(kind::GOAWAY, 0, 0, &[0; 8]));
    assert!(!peer.connection.is_over());
    assert!(ended(&peer.say(&frame(kind::DATA, flag::END_STREAM, 1, b"1")), 1));
    assert!(peer.connection.is_over());
}

#[test]
fn the_end_of_the_last_stream_is_that_of_a_peer_that_leaves_however_it_comes() {
    let too_large = [0xff; HEAD];
    let ends = [
        frame(kind::RST_STREAM, 0, 1, &8_u32.to_be_bytes()),
        // FrameError, so that this side resets it.
        frame(kind::PRIORITY, 0, 1, &[0]),
    ];
    for end in ends {
        let mut peer = Peer::new();
        let goaway = frame(kind::GOAWAY, 0, 0, &[0; 8]);
        peer.say(&[post(1, "/never"), goaway, end, too_large.to_vec()].concat());
        assert!(peer.connection.is_over());
        assert!(peer.connection.failure().is_none(), "what stands behind the end is not read");
    }
}

#[test]
fn a_peer_may_send_what_the_protocol_allows_until_it_knows_the_settings() {
    let wakes = Arc::new(WakeSet::default());
    let limits = Http2Limits { stream_window: 1_000, ..LIMITS };
    let mut peer = Peer { connection: Connection::new(App::default(), limits, wakes.clone()), wakes };
    let heard = peer.say(&[settings(&[]), post(1, "/never"), frame(kind::DATA, 0, 1, &[0; 5_000])].concat());
    assert_eq!(resets(&heard), []);
    let settled = frame(kind::SETTINGS, flag::ACK, 0, &[]);
    let end = frame(kind::DATA, flag::END_STREAM, 1, &[]);
    assert_eq!(resets(&peer.say(&[settled, end].concat())), []);
    let more = |stream, len| [post(stream, "/never"), frame(kind::DATA, 0, stream, &vec![0; len])].concat();
    assert_eq!(resets(&peer.say(&more(3, 1_000))), []);
    assert_eq!(resets(&peer.say(&more(5, 1_001))), [(5, ErrorCode::FLOW_CONTROL_ERROR)]);
}

#[test]
fn streams_have_their_turns_however_many_they_are() {
    let mut peer = Peer::new();
    peer.say(&[settings(&[(setting::INITIAL_WINDOW_SIZE, 1 << 30)]), window(0, 1 << 30)].concat());
    // The first stream and the last are woken by the same bit.
    let silent: Vec<u8> = (1..60).flat_map(|n| post(2 * n + 1, "/never")).collect();
    let heard = peer.say(&[get(1, "/2000000"), silent, get(121, "/10")].concat());
    let before = heard.iter().take_while(|frame| frame.head.stream != 121);
    let before = before.map(|frame| frame.payload.len()).sum::<usize>();
    assert!(before < 100_000, "{before} bytes before its turn");
}

#[test]
fn streams_that_are_not_taken_any_more_do_not_count_as_taken() {
    let mut peer = Peer::new();
    peer.say(&post(1, "/never"));
    let answer = leave(&mut peer);
    assert_eq!(goaway(&peer.say(&answer)), Some((1, ErrorCode::NO_ERROR)));
    peer.say(&get(5, "/1"));
    assert_eq!(goaway(&peer.say(&frame(kind::PING, 0, 1, &[0; 8]))), Some((1, ErrorCode::PROTOCOL_ERROR)));
}

#[test]
fn a_stream_that_was_never_opened_is_not_reset() {
    for payload in [&[0][..], &[0, 0, 0, 7, 0]] {
        let mut peer = Peer::new();
        let heard = peer.say(&frame(kind::PRIORITY, 0, 7, payload));
        assert!(resets(&heard).is_empty() && goaway(&heard).is_some());
        let mut peer = Peer::new();
        peer.say(&post(7, "/never"));
        assert_eq!(resets(&peer.say(&frame(kind::PRIORITY, 0, 7, payload))).len(), 1);
    }
}

/// A tunnel, as both ends have it.
fn tunnel(peer: &mut Peer, stream: u32) -> (Tunnel, TunnelHandle) {
    let mut block = Vec::new();
    for (name, value) in
        [(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"), (":path", "/"), (":authority", "a")]
    {
        hpack::put_field(name.as_bytes(), value.as_bytes(), false, &mut block);
    }
    let heard = peer.say(&frame(kind::HEADERS, flag::END_HEADERS, stream, &block));
    assert!(heard.iter().any(|frame| frame.head.kind == kind::HEADERS && frame.head.stream == stream));
    peer.connection.service.0.lock().expect("no panic").pop().expect("taken")
}

fn write(tunnel: &mut Tunnel, bytes: &[u8]) {
    let written = tunnel.poll_write(&mut Context::from_waker(Waker::noop()), bytes);
    assert!(matches!(written, Poll::Ready(Ok(len)) if len == bytes.len()), "{written:?}");
}

#[test]
fn a_tunnel_carries_bytes_both_ways_until_either_end_closes() {
    let mut peer = Peer::new();
    let (mut tunnel, _) = tunnel(&mut peer, 1);
    write(&mut tunnel, b"to the peer");
    assert_eq!(data(&peer.hear(), 1), 11);
    peer.say(&frame(kind::DATA, flag::END_STREAM, 1, b"back"));
    let mut read = Vec::new();
    for max in [3, 10, 10] {
        match tunnel.poll_read(&mut Context::from_waker(Waker::noop()), max) {
            Poll::Ready(Ok(bytes)) => read.extend_from_slice(&bytes),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(read, b"back");
    drop(tunnel);
    let heard = peer.hear();
    assert!(ended(&heard, 1) && resets(&heard).is_empty());
}

#[test]
fn a_tunnel_that_is_given_up_is_reset_when_its_client_does_not_read() {
    let mut peer = Peer::new();
    peer.say(&settings(&[(setting::INITIAL_WINDOW_SIZE, 10)]));
    let ((mut reads, read_handle), (mut stuck, stuck_handle)) = (tunnel(&mut peer, 1), tunnel(&mut peer, 3));
    write(&mut reads, &[7; 10]);
    write(&mut stuck, &[7; 20]);
    let heard = peer.hear();
    assert_eq!((data(&heard, 1), data(&heard, 3)), (10, 10));
    for (tunnel, handle) in [(reads, read_handle), (stuck, stuck_handle)] {
        handle.abort();
        drop(tunnel);
    }
    let heard = peer.hear();
    assert!(ended(&heard, 1) && !ended(&heard, 3));
    assert_eq!(resets(&heard), [(1, ErrorCode::NO_ERROR), (3, ErrorCode::CANCEL)]);
}

#[test]
fn a_peer_with_a_smaller_table_is_told_that_none_is_used() {
    let mut peer = Peer::new();
    peer.say(&settings(&[(setting::HEADER_TABLE_SIZE, 0)]));
    let blocks = peer.say(&[get(1, "/0"), get(3, "/0")].concat());
    let first: Vec<u8> =
        blocks.iter().filter(|frame| frame.head.kind == kind::HEADERS).map(|frame| frame.payload[0]).collect();
    assert_eq!(first, [0x20, 0x88]);
}
