//! A connection as its client sees it: frames in, frames out.

use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};

use wigwag_poll::WakeSet;

use super::Connection;
use crate::error::ErrorCode;
use crate::frame::{self, FrameHeader, HEADER_LEN, MAX_FRAME_SIZE, flag, kind, setting};
use crate::test_body::{TestBody, collect};
use crate::{
    ConnectUpgrade, Http2Limits, RequestBody, ResponseFuture, Service, StreamHandle, Tunnel, TunnelHandle, hpack,
};

const LIMITS: Http2Limits = Http2Limits {
    max_streams: 100,
    stream_window: 64 * 1024,
    connection_window: 128 * 1024,
    request_memory: 256 * 1024,
    max_header_list: 1_000,
    max_provoked_resets: 10,
    max_early_resets: 10,
    resets_per_second: 2,
    send_timeout: Duration::from_secs(3),
};

/// Answers `/N` with N bytes, `/count` with the number of bytes of the body, and `/never` not at all. Accepts tunnels and
/// keeps them.
#[derive(Default)]
struct App(Arc<Mutex<Vec<(Tunnel, TunnelHandle)>>>, Arc<Mutex<Vec<StreamHandle>>>);

impl Service for App {
    type Body = TestBody;

    fn call(&self, mut request: Request<RequestBody>) -> ResponseFuture<TestBody> {
        if let Some(upgrade) = request.extensions_mut().remove::<ConnectUpgrade>() {
            let handle = upgrade.handle();
            self.0.lock().expect("no panic").push((upgrade.accept(), handle));
            return Box::pin(async { Ok(Response::new(TestBody::default())) });
        }
        self.1.lock().expect("no panic").push(StreamHandle::of(request.extensions()).expect("a handle"));
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

/// The client.
struct Peer {
    connection: Connection<App>,
    wakes: Arc<WakeSet>,
}

#[derive(Debug)]
struct Frame {
    header: FrameHeader,
    payload: Vec<u8>,
}

impl Frame {
    fn number(&self, at: usize) -> u32 {
        frame::leading_u32(&self.payload[at..]).expect("four bytes")
    }
}

impl Peer {
    /// A client that has exchanged SETTINGS.
    fn new() -> Self {
        let wakes = Arc::new(WakeSet::default());
        let mut peer = Self { connection: Connection::new(App::default(), LIMITS, wakes.clone()), wakes };
        let frames = peer.send(&settings(&[]));
        let kinds: Vec<u8> = frames.iter().map(|frame| frame.header.kind).collect();
        assert_eq!(kinds, [kind::SETTINGS, kind::WINDOW_UPDATE, kind::SETTINGS]);
        peer
    }

    /// Sends bytes, and returns the frames that come back.
    fn send(&mut self, bytes: &[u8]) -> Vec<Frame> {
        self.connection.receive(Bytes::copy_from_slice(bytes));
        self.recv()
    }

    /// Lets seconds pass, and returns the frames that come back.
    fn wait(&mut self, seconds: usize) -> Vec<Frame> {
        for _ in 0..seconds {
            self.connection.tick();
        }
        self.recv()
    }

    fn recv(&mut self) -> Vec<Frame> {
        let mut received = Vec::new();
        loop {
            self.connection.poll(self.wakes.unpark());
            received.append(self.connection.out());
            if self.wakes.park() && !self.connection.has_more() {
                break;
            }
        }
        let (mut rest, mut frames) = (&received[..], Vec::new());
        while let Some((header, tail)) = rest.split_first_chunk::<HEADER_LEN>() {
            let header = FrameHeader::parse(header);
            let (payload, tail) = tail.split_at(header.len);
            frames.push(Frame { header, payload: payload.to_vec() });
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

/// A request whose body follows.
fn post(stream: u32, path: &str) -> Vec<u8> {
    frame(kind::HEADERS, flag::END_HEADERS, stream, &block(path, &[]))
}

fn rst(stream: u32) -> Vec<u8> {
    frame(kind::RST_STREAM, 0, stream, &8_u32.to_be_bytes())
}

fn data(frames: &[Frame], stream: u32) -> usize {
    let data = frames.iter().filter(|frame| frame.header.kind == kind::DATA && frame.header.stream == stream);
    data.map(|frame| frame.payload.len()).sum()
}

fn ended(frames: &[Frame], stream: u32) -> bool {
    frames.iter().any(|frame| frame.header.stream == stream && frame.header.has(flag::END_STREAM))
}

fn goaway(frames: &[Frame]) -> Option<(u32, ErrorCode)> {
    let frame = frames.iter().rfind(|frame| frame.header.kind == kind::GOAWAY)?;
    Some((frame.number(0), ErrorCode::from(frame.number(4))))
}

fn resets(frames: &[Frame]) -> Vec<(u32, ErrorCode)> {
    let resets = frames.iter().filter(|frame| frame.header.kind == kind::RST_STREAM);
    resets.map(|frame| (frame.header.stream, ErrorCode::from(frame.number(0)))).collect()
}

#[test]
fn first_frame_must_be_settings() {
    let acknowledgment = frame(kind::SETTINGS, flag::ACK, 0, &[]);
    for first in [frame(kind::PING, 0, 0, &[0; 8]), get(1, "/1"), acknowledgment] {
        let wakes = Arc::new(WakeSet::default());
        let mut peer = Peer { connection: Connection::new(App::default(), LIMITS, wakes.clone()), wakes };
        assert_eq!(goaway(&peer.send(&first)), Some((0, ErrorCode::PROTOCOL_ERROR)));
        assert!(peer.connection.is_closed());
        assert_eq!(peer.connection.error().expect("an error").code, ErrorCode::PROTOCOL_ERROR);
    }
}

#[test]
fn ping_is_acknowledged_and_unknown_frames_are_ignored() {
    let mut peer = Peer::new();
    let unknown = frame(0xbe, 0xff, 1, b"unknown");
    let frames = peer.send(&[unknown, frame(kind::PING, 0, 0, b"12345678")].concat());
    assert_eq!(frames.len(), 1, "{frames:?}");
    assert_eq!((frames[0].header.kind, frames[0].header.flags), (kind::PING, flag::ACK));
    assert_eq!(frames[0].payload, b"12345678");
    assert!(peer.send(&frame(kind::PING, flag::ACK, 0, b"12345678")).is_empty());
}

#[test]
fn response_respects_the_window_of_its_stream() {
    let mut peer = Peer::new();
    peer.send(&settings(&[(setting::INITIAL_WINDOW_SIZE, 10)]));
    let frames = peer.send(&get(1, "/25"));
    assert_eq!((data(&frames, 1), ended(&frames, 1)), (10, false));
    assert_eq!(data(&peer.send(&window(1, 4)), 1), 4);
    // A smaller initial window makes the stream's negative; the first increments only raise it to zero.
    peer.send(&settings(&[(setting::INITIAL_WINDOW_SIZE, 5)]));
    assert_eq!(data(&peer.send(&window(1, 5)), 1), 0);
    let frames = peer.send(&settings(&[(setting::INITIAL_WINDOW_SIZE, 100)]));
    assert_eq!((data(&frames, 1), ended(&frames, 1)), (11, true));
}

#[test]
fn only_the_last_value_of_a_setting_is_applied() {
    let mut peer = Peer::new();
    peer.send(&[get(1, "/never"), window(1, 1)].concat());
    // The first value would raise the window of the stream above the maximum.
    let values = [(1 << 31) - 1, 10].map(|value| (setting::INITIAL_WINDOW_SIZE, value));
    let frames = peer.send(&settings(&values));
    assert_eq!(
        frames.iter().map(|frame| (frame.header.kind, frame.header.flags)).collect::<Vec<_>>(),
        [(kind::SETTINGS, flag::ACK)]
    );
    peer.send(&settings(&[1 << 31, 10].map(|value| (setting::INITIAL_WINDOW_SIZE, value))));
    assert_eq!(peer.connection.error().expect("a connection error").code, ErrorCode::FLOW_CONTROL_ERROR);
}

#[test]
fn responses_share_the_window_of_the_connection() {
    let mut peer = Peer::new();
    let frames =
        peer.send(&[settings(&[(setting::INITIAL_WINDOW_SIZE, 1 << 20)]), get(1, "/60000"), get(3, "/60000")].concat());
    let (first, second) = (data(&frames, 1), data(&frames, 3));
    assert_eq!(first + second, 65_535);
    assert!(first.abs_diff(second) < 20_000, "shared fairly: {first} and {second}");
    assert!(frames.iter().all(|frame| frame.header.len <= MAX_FRAME_SIZE));
    let frames = peer.send(&window(0, 100_000));
    assert_eq!(data(&frames, 1) + data(&frames, 3), 120_000 - 65_535);
    assert!(ended(&frames, 1) && ended(&frames, 3));
}

#[test]
fn bytes_read_return_to_the_windows() {
    let mut peer = Peer::new();
    let mut frames = peer.send(&post(1, "/count"));
    let chunk = frame(kind::DATA, 0, 1, &[0; 16_000]);
    for _ in 0..20 {
        frames.extend(peer.send(&chunk));
    }
    let given = |stream| {
        let updates =
            frames.iter().filter(|frame| frame.header.kind == kind::WINDOW_UPDATE && frame.header.stream == stream);
        updates.map(|frame| frame.number(0)).sum::<u32>()
    };
    assert!((250_000..=320_000).contains(&given(0)), "{}", given(0));
    assert!((250_000..=320_000).contains(&given(1)), "{}", given(1));
    let frames = peer.send(&frame(kind::DATA, flag::END_STREAM, 1, &[]));
    assert_eq!(frames.iter().find(|frame| frame.header.kind == kind::DATA).expect("an answer").payload, b"320000");
}

#[test]
fn data_above_a_window_is_a_flow_control_error() {
    let mut peer = Peer::new();
    let much = frame(kind::DATA, 0, 1, &[0; 16_384]).repeat(5);
    assert_eq!(resets(&peer.send(&[post(1, "/never"), much].concat())), [(1, ErrorCode::FLOW_CONTROL_ERROR)]);
    assert!(ended(&peer.send(&get(3, "/1")), 3));
}

#[test]
fn frames_after_the_response_are_ignored() {
    let mut peer = Peer::new();
    let frames = peer.send(&post(1, "/3"));
    assert!(ended(&frames, 1));
    assert_eq!(resets(&frames), []);
    for _ in 0..20 {
        let frames = peer.send(&frame(kind::DATA, 0, 1, &[0; 16_000]));
        assert!(frames.iter().all(|frame| frame.header.kind == kind::WINDOW_UPDATE), "{frames:?}");
    }
    let trailers = frame(kind::HEADERS, flag::END_HEADERS | flag::END_STREAM, 1, &[]);
    assert!(peer.send(&trailers).is_empty());
    assert!(ended(&peer.send(&get(3, "/0")), 3));
}

#[test]
fn rapid_reset_closes_the_connection() {
    let reset =
        |stream: u32| [post(stream, "/never"), frame(kind::RST_STREAM, 0, stream, &8_u32.to_be_bytes())].concat();
    let mut fair = Peer::new();
    for n in 0..100 {
        let frames = fair.send(&[reset(4 * n + 1), get(4 * n + 3, "/1")].concat());
        assert_eq!(goaway(&frames), None);
    }
    let mut unfair = Peer::new();
    for n in 0..110 {
        let frames = unfair.send(&reset(2 * n + 1));
        assert_eq!((goaway(&frames), resets(&frames).len()), (None, usize::from(n >= 10)), "{n}");
    }
    assert_eq!(goaway(&unfair.send(&reset(221))), Some((221, ErrorCode::ENHANCE_YOUR_CALM)));
}

#[test]
fn provoked_resets_close_the_connection() {
    let mut peer = Peer::new();
    // A priority that makes the stream depend on itself is a stream error.
    let provoke = |stream: u32| {
        let itself = [&stream.to_be_bytes()[..], &[0]].concat();
        [post(stream, "/never"), frame(kind::PRIORITY, 0, stream, &itself)].concat()
    };
    for n in 0..10 {
        assert_eq!(resets(&peer.send(&provoke(2 * n + 1))), [(2 * n + 1, ErrorCode::PROTOCOL_ERROR)]);
    }
    assert_eq!(goaway(&peer.send(&provoke(21))), Some((21, ErrorCode::ENHANCE_YOUR_CALM)));
}

#[test]
fn stream_above_the_limit_is_refused() {
    let mut peer = Peer::new();
    let open: Vec<u8> = (0..100).flat_map(|n| post(2 * n + 1, "/never")).collect();
    assert_eq!(resets(&peer.send(&open)), []);
    assert_eq!(resets(&peer.send(&get(201, "/1"))), [(201, ErrorCode::REFUSED_STREAM)]);
    peer.send(&frame(kind::RST_STREAM, 0, 1, &8_u32.to_be_bytes()));
    assert!(ended(&peer.send(&get(203, "/1")), 203));
}

#[test]
fn endless_header_block_closes_the_connection() {
    for piece in [0, 1, 16_000] {
        let mut peer = Peer::new();
        peer.send(&frame(kind::HEADERS, 0, 1, &[]));
        let mut pieces = 0;
        while goaway(&peer.send(&frame(kind::CONTINUATION, 0, 1, &vec![0; piece]))).is_none() {
            pieces += 1;
            assert!(pieces < 40);
        }
        assert_eq!(peer.connection.error().expect("an error").code, ErrorCode::ENHANCE_YOUR_CALM);
    }
}

#[test]
fn header_list_above_the_limit_is_answered_with_431() {
    let mut peer = Peer::new();
    let large = "x".repeat(1_000);
    let head = block("/1", &[("x-large", &large)]);
    let frames = peer.send(&frame(kind::HEADERS, flag::END_HEADERS, 1, &head));
    assert!(ended(&frames, 1));
    assert!(frames[0].payload.windows(3).any(|status| status == b"431"));
    assert_eq!(resets(&frames), []);
    assert!(ended(&peer.send(&get(3, "/1")), 3));
    assert_eq!(resets(&peer.wait(2)), [(1, ErrorCode::NO_ERROR)]);
}

/// Begins a graceful shutdown; returns the acknowledgment of its PING.
fn shut_down(peer: &mut Peer) -> Vec<u8> {
    peer.connection.graceful_shutdown();
    let frames = peer.recv();
    assert_eq!(goaway(&frames), Some((u32::MAX >> 1, ErrorCode::NO_ERROR)));
    let ping = frames.iter().find(|frame| frame.header.kind == kind::PING).expect("a ping");
    frame(kind::PING, flag::ACK, 0, &ping.payload)
}

#[test]
fn graceful_shutdown_completes_open_streams() {
    let mut peer = Peer::new();
    peer.send(&post(1, "/count"));
    let ack = shut_down(&mut peer);
    // Opened before the client has received GOAWAY.
    peer.send(&post(3, "/count"));
    assert_eq!(goaway(&peer.send(&ack)), Some((3, ErrorCode::NO_ERROR)));
    assert!(peer.send(&get(5, "/1")).is_empty(), "opened after the final GOAWAY");
    assert!(ended(&peer.send(&frame(kind::DATA, flag::END_STREAM, 1, b"1")), 1));
    assert!(!peer.connection.is_closed());
    assert!(ended(&peer.send(&frame(kind::DATA, flag::END_STREAM, 3, b"1")), 3));
    assert!(peer.connection.is_closed() && peer.connection.error().is_none());
}

#[test]
fn goaway_from_the_client_lets_open_streams_complete() {
    let mut peer = Peer::new();
    peer.send(&post(1, "/count"));
    peer.send(&frame(kind::GOAWAY, 0, 0, &[0; 8]));
    assert!(!peer.connection.is_closed());
    assert!(ended(&peer.send(&frame(kind::DATA, flag::END_STREAM, 1, b"1")), 1));
    assert!(peer.connection.is_closed());
}

#[test]
fn connection_closes_after_goaway_however_its_last_stream_ends() {
    let too_large = [0xff; HEADER_LEN];
    let ends = [
        frame(kind::RST_STREAM, 0, 1, &8_u32.to_be_bytes()),
        // A stream error, so that this side resets the stream.
        frame(kind::PRIORITY, 0, 1, &[0]),
    ];
    for end in ends {
        let mut peer = Peer::new();
        let goaway = frame(kind::GOAWAY, 0, 0, &[0; 8]);
        peer.send(&[post(1, "/never"), goaway, end, too_large.to_vec()].concat());
        assert!(peer.connection.is_closed());
        assert!(peer.connection.error().is_none(), "frames after the end are not processed");
    }
}

#[test]
fn initial_window_applies_after_settings_ack() {
    let wakes = Arc::new(WakeSet::default());
    let limits = Http2Limits { stream_window: 1_000, ..LIMITS };
    let mut peer = Peer { connection: Connection::new(App::default(), limits, wakes.clone()), wakes };
    let frames = peer.send(&[settings(&[]), post(1, "/never"), frame(kind::DATA, 0, 1, &[0; 5_000])].concat());
    assert_eq!(resets(&frames), []);
    let acknowledgment = frame(kind::SETTINGS, flag::ACK, 0, &[]);
    let end = frame(kind::DATA, flag::END_STREAM, 1, &[]);
    assert_eq!(resets(&peer.send(&[acknowledgment, end].concat())), []);
    let more = |stream, len| [post(stream, "/never"), frame(kind::DATA, 0, stream, &vec![0; len])].concat();
    assert_eq!(resets(&peer.send(&more(3, 1_000))), []);
    assert_eq!(resets(&peer.send(&more(5, 1_001))), [(5, ErrorCode::FLOW_CONTROL_ERROR)]);
}

#[test]
fn streams_are_polled_round_robin() {
    let mut peer = Peer::new();
    peer.send(&[settings(&[(setting::INITIAL_WINDOW_SIZE, 1 << 30)]), window(0, 1 << 30)].concat());
    // The first stream and the last share a bit.
    let silent: Vec<u8> = (1..60).flat_map(|n| post(2 * n + 1, "/never")).collect();
    let frames = peer.send(&[get(1, "/2000000"), silent, get(121, "/10")].concat());
    let before = frames.iter().take_while(|frame| frame.header.stream != 121);
    let before = before.map(|frame| frame.payload.len()).sum::<usize>();
    assert!(before < 100_000, "{before} bytes sent before it was polled");
}

#[test]
fn goaway_names_the_last_accepted_stream() {
    let mut peer = Peer::new();
    peer.send(&post(1, "/never"));
    let ack = shut_down(&mut peer);
    assert_eq!(goaway(&peer.send(&ack)), Some((1, ErrorCode::NO_ERROR)));
    peer.send(&get(5, "/1"));
    assert_eq!(goaway(&peer.send(&frame(kind::PING, 0, 1, &[0; 8]))), Some((1, ErrorCode::PROTOCOL_ERROR)));
}

#[test]
fn error_on_an_idle_stream_closes_the_connection() {
    for payload in [&[0][..], &[0, 0, 0, 7, 0]] {
        let mut peer = Peer::new();
        let frames = peer.send(&frame(kind::PRIORITY, 0, 7, payload));
        assert!(resets(&frames).is_empty() && goaway(&frames).is_some());
        let mut peer = Peer::new();
        peer.send(&post(7, "/never"));
        assert_eq!(resets(&peer.send(&frame(kind::PRIORITY, 0, 7, payload))).len(), 1);
    }
}

mod limits;
mod share;

/// Opens a tunnel; returns the service's ends of it.
fn tunnel(peer: &mut Peer, stream: u32) -> (Tunnel, TunnelHandle) {
    let mut block = Vec::new();
    for (name, value) in
        [(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"), (":path", "/"), (":authority", "a")]
    {
        hpack::put_field(name.as_bytes(), value.as_bytes(), false, &mut block);
    }
    let frames = peer.send(&frame(kind::HEADERS, flag::END_HEADERS, stream, &block));
    assert!(frames.iter().any(|frame| frame.header.kind == kind::HEADERS && frame.header.stream == stream));
    peer.connection.service.0.lock().expect("no panic").pop().expect("accepted")
}

fn write(tunnel: &mut Tunnel, bytes: &[u8]) {
    let written = tunnel.poll_write(&mut Context::from_waker(Waker::noop()), bytes);
    assert!(matches!(written, Poll::Ready(Ok(len)) if len == bytes.len()), "{written:?}");
}

#[test]
fn tunnel_carries_bytes_in_both_directions() {
    let mut peer = Peer::new();
    let (mut tunnel, _) = tunnel(&mut peer, 1);
    write(&mut tunnel, b"to the peer");
    assert_eq!(data(&peer.recv(), 1), 11);
    peer.send(&frame(kind::DATA, flag::END_STREAM, 1, b"back"));
    let mut read = Vec::new();
    for max in [3, 10, 10] {
        match tunnel.poll_read(&mut Context::from_waker(Waker::noop()), max) {
            Poll::Ready(Ok(bytes)) => read.extend_from_slice(&bytes),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(read, b"back");
    drop(tunnel);
    let frames = peer.recv();
    assert!(ended(&frames, 1) && resets(&frames).is_empty());
}

#[test]
fn aborted_tunnel_is_reset_if_its_client_does_not_read() {
    let mut peer = Peer::new();
    peer.send(&settings(&[(setting::INITIAL_WINDOW_SIZE, 10)]));
    let ((mut reads, read_handle), (mut stuck, stuck_handle)) = (tunnel(&mut peer, 1), tunnel(&mut peer, 3));
    write(&mut reads, &[7; 10]);
    write(&mut stuck, &[7; 20]);
    let frames = peer.recv();
    assert_eq!((data(&frames, 1), data(&frames, 3)), (10, 10));
    for (tunnel, handle) in [(reads, read_handle), (stuck, stuck_handle)] {
        handle.abort();
        drop(tunnel);
    }
    let frames = peer.recv();
    assert!(ended(&frames, 1) && !ended(&frames, 3));
    assert_eq!(resets(&frames), [(3, ErrorCode::CANCEL)]);
}

#[test]
fn lowered_header_table_size_is_answered_with_an_update() {
    let mut peer = Peer::new();
    peer.send(&settings(&[(setting::HEADER_TABLE_SIZE, 0)]));
    let blocks = peer.send(&[get(1, "/0"), get(3, "/0")].concat());
    let first: Vec<u8> =
        blocks.iter().filter(|frame| frame.header.kind == kind::HEADERS).map(|frame| frame.payload[0]).collect();
    assert_eq!(first, [0x20, 0x88]);
}
