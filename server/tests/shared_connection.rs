//! One HTTP/2 connection with the streams of several clients: one that does not read, or does not send what it announced,
//! ends alone.

#[path = "../net/tests/support/frames.rs"]
#[allow(clippy::duplicate_mod, reason = "these are not the frames of Wigwag")]
mod http2;
#[path = "support/node.rs"]
mod node;

use std::time::Duration;

use http2::{CANCEL, DATA, GOAWAY, HEADERS, RST_STREAM, SETTINGS, frame};
use node::{Node, soon};
use prost::Message as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use wigwag_proto::v1::{Bye, ClientFrame, Hello, client_frame::Body as Up};
use wigwag_server::config::Config;

const SIGNAL: &str = "/wigwag.v1.SignalingService/Signal";
const END_STREAM: u8 = 1;

async fn start(change: impl FnOnce(&mut Config)) -> Node {
    Node::with(|config| {
        // hyper has no handle of a stream.
        config.http2.engine = Default::default();
        change(config);
    })
    .await
}

/// A gRPC call that leaves its stream open.
fn call(stream: u32, path: &str) -> Vec<u8> {
    // Static table (RFC 7541, appendix A): 3 = POST, 6 = http; literals named by 4 = :path, 1 = :authority, 31 = content-type.
    let mut block = vec![0x83, 0x86, 0x04, u8::try_from(path.len()).expect("short")];
    block.extend(path.as_bytes());
    block.extend([0x01, 9]);
    block.extend(b"localhost");
    block.extend([0x0f, 0x10, 16]);
    block.extend(b"application/grpc");
    frame(HEADERS, 4, stream, &block)
}

fn hello(stream: u32, resumable: bool) -> Vec<u8> {
    let hello = Up::Hello(Hello { resumable, ..Hello::default() });
    [call(stream, SIGNAL), frame(DATA, 0, stream, &message(hello))].concat()
}

fn bye(stream: u32) -> Vec<u8> {
    frame(DATA, END_STREAM, stream, &message(Up::Bye(Bye::default())))
}

/// A gRPC message.
fn message(body: Up) -> Vec<u8> {
    let bytes = ClientFrame { body: Some(body), ..ClientFrame::default() }.encode_to_vec();
    let len = u8::try_from(bytes.len()).expect("short");
    [&[0, 0, 0, 0, len][..], &bytes].concat()
}

fn window(stream: u32) -> Vec<u8> {
    frame(0x8, 0, stream, &1_000_000_u32.to_be_bytes())
}

/// Waits for a frame of a kind on a stream.
async fn frame_on(read: &mut OwnedReadHalf, kind: u8, stream: u32) -> http2::Frame {
    loop {
        let frame = soon("a frame", http2::next(read)).await.expect("the connection is open");
        assert!(frame.kind != GOAWAY, "the connection is closed: {frame:?}");
        if (frame.kind, frame.stream) == (kind, stream) {
            return frame;
        }
    }
}

async fn send(write: &mut OwnedWriteHalf, bytes: &[u8]) {
    write.write_all(bytes).await.expect("the server reads");
}

#[tokio::test]
async fn a_stream_that_does_not_read_is_reset_alone() {
    let node = start(|config| {
        config.session.heartbeat_ms = 100;
        config.http2.send_timeout_ms = 60_000;
    })
    .await;
    let (mut read, mut write) = http2::connect(node.addr).await;
    // No stream may be sent anything before it says so.
    send(&mut write, &frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0])).await;
    send(&mut write, &[hello(1, false), window(1)].concat()).await;
    frame_on(&mut read, DATA, 1).await;
    send(&mut write, &hello(3, true)).await;
    frame_on(&mut read, HEADERS, 3).await;
    // Its session is detached after some heartbeats, and the stream reset 10 s later.
    let reset = frame_on(&mut read, RST_STREAM, 3).await;
    assert_eq!(reset.u32_at(0), CANCEL);
    send(&mut write, &[hello(5, false), window(5)].concat()).await;
    frame_on(&mut read, DATA, 5).await;
    // The first session was not affected: its stream ends when its client ends it, and not before.
    send(&mut write, &bye(1)).await;
    assert_eq!(frame_on(&mut read, HEADERS, 1).await.flags & END_STREAM, END_STREAM);
}

#[tokio::test]
async fn a_response_that_waits_for_too_long_is_reset_alone() {
    let node = start(|config| config.http2.send_timeout_ms = 1_000).await;
    let (mut read, mut write) = http2::connect(node.addr).await;
    send(&mut write, &frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0])).await;
    send(&mut write, &[hello(1, false), window(1), hello(3, false)].concat()).await;
    let reset = frame_on(&mut read, RST_STREAM, 3).await;
    assert_eq!(reset.u32_at(0), CANCEL);
    send(&mut write, &[hello(5, false), window(5)].concat()).await;
    frame_on(&mut read, DATA, 5).await;
    node.until("wigwag_http2_resets_sent_total", 1).await;
    assert_eq!(node.metric("wigwag_http2_resets_received_total").await, 0);
    send(&mut write, &frame(RST_STREAM, 0, 5, &u32::to_be_bytes(CANCEL))).await;
    node.until("wigwag_http2_resets_received_total", 1).await;
}

#[tokio::test]
async fn a_message_that_does_not_arrive_ends_its_call() {
    let node = start(|config| config.connections.message_timeout_ms = 200).await;
    let (mut read, mut write) = http2::connect(node.addr).await;
    send(&mut write, &[hello(1, false), window(1)].concat()).await;
    frame_on(&mut read, DATA, 1).await;
    let paths = [
        "/wigwag.v1.RoomService/ListRooms",
        "/wigwag.v1.SignalingService/Push",
        "/wigwag.v1.SignalingService/Listen",
        "/grpc.health.v1.Health/Check",
    ];
    let mut stream = 1;
    for path in paths {
        // Nothing of the message, all but its last byte, and the whole message without the end of the body.
        for bytes in [&[][..], &[0, 0, 0, 0, 1], &[0, 0, 0, 0, 0]] {
            stream += 2;
            send(&mut write, &[call(stream, path), frame(DATA, 0, stream, bytes)].concat()).await;
            let end = frame_on(&mut read, HEADERS, stream).await;
            assert!(end.payload.windows(13).any(|status| status == b"grpc-status\x014"), "{path}: {end:?}");
        }
    }
}

#[tokio::test]
async fn a_message_over_grpc_web_has_the_same_deadline() {
    let node = start(|config| config.connections.message_timeout_ms = 200).await;
    let mut socket = TcpStream::connect(node.addr).await.expect("connects");
    let head = "POST /wigwag.v1.RoomService/ListRooms HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
                content-type: application/grpc-web+proto\r\ncontent-length: 5\r\n\r\n\0\0";
    socket.write_all(head.as_bytes()).await.expect("the server reads");
    let mut answer = Vec::new();
    soon("the answer", socket.read_to_end(&mut answer)).await.expect("no reset");
    let answer = String::from_utf8_lossy(&answer).into_owned();
    assert!(answer.contains("grpc-status: 4") || answer.contains("grpc-status:4"), "{answer}");
}

#[tokio::test]
async fn streams_without_end_have_no_deadline() {
    let node = start(|config| config.connections.message_timeout_ms = 100).await;
    let (mut read, mut write) = http2::connect(node.addr).await;
    send(&mut write, &hello(1, false)).await;
    frame_on(&mut read, DATA, 1).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    send(&mut write, &bye(1)).await;
    let end = frame_on(&mut read, HEADERS, 1).await;
    assert!(end.payload.windows(13).any(|status| status == b"grpc-status\x010"), "{end:?}");
}
