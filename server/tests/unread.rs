//! Clients that do not read: what they send takes effect, what is sent to them is bounded, and their senders are told.

#[path = "websocket/client.rs"]
mod client;
#[path = "support/frames.rs"]
mod frames;
#[path = "support/inbox.rs"]
mod inbox;
#[path = "support/node.rs"]
mod node;
#[path = "support/peer.rs"]
mod peer;
#[path = "shell/running.rs"]
mod running;
#[path = "support/unread.rs"]
mod unread;

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::net::TcpStream;
use tokio_tungstenite::{client_async, tungstenite::client::IntoClientRequest as _};
use wigwag_proto::v1::{
    Bye, ClientFrame, Envelope, Hello, Join, client_frame::Body as Up, member::State, receipt::Outcome,
    server_frame::Body as Down,
};

use client::{Client, JSON, PROTO};
use frames::{envelope, join, resumable, say};
use node::{Node, soon};
use peer::Peer;
use unread::UnreadConnection;

const NO_WINDOW: u32 = 10;

fn hello(hello: Hello) -> ClientFrame {
    ClientFrame { body: Some(Up::Hello(hello)), ..ClientFrame::default() }
}

fn frame(seq: u32, body: Up) -> ClientFrame {
    ClientFrame { seq, ack: 0, body: Some(body) }
}

#[tokio::test]
async fn a_client_without_a_window_is_heard() {
    let node = Node::start().await;
    let mut ada = Peer::in_room(&node, "demo").await;
    for kind in [Hello::default(), resumable()] {
        let mut connection = UnreadConnection::open(node.addr, NO_WINDOW).await;
        let mut stream = connection.call("Signal", &[hello(kind), frame(1, join("demo"))], true).await;
        let joined = ada.next().await;
        assert!(matches!(joined.body, Some(Down::MemberJoined(_))), "{joined:?}");
        // Sent after the stream has blocked.
        stream.send(&frame(2, say("demo", "one")));
        ada.expect_text("one").await;
        stream.send(&frame(3, say("demo", "two")));
        ada.expect_text("two").await;
        stream.send(&frame(4, Up::Bye(Bye {})));
        assert_eq!(ada.expect_left().await.reason, "LEFT");
        connection.reset().await;
    }
}

#[tokio::test]
async fn replies_that_pile_up_hold_back_reading() {
    let node = Node::start().await;
    let mut ada = Peer::in_room(&node, "demo").await;
    let mut connection = UnreadConnection::open(node.addr, NO_WINDOW).await;
    let requests = 1_500;
    let mut frames = vec![hello(resumable())];
    frames.extend((1..=requests).map(|seq| frame(seq, join("nowhere/at/all"))));
    frames.push(frame(requests + 1, join("demo")));
    let _stream = connection.call("Signal", &frames, true).await;
    // More replies than its mailbox holds: it is neither cut nor read to the end.
    node.until("wigwag_rooms", 2).await;
    let mut bob = Peer::in_room(&node, "demo").await;
    ada.expect_joined(bob.id()).await;
    bob.send(say("demo", "hello")).await;
    ada.expect_text("hello").await;
    assert_eq!(node.metric("wigwag_slow_consumers_total").await, 0);
}

/// How a receiver is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Receiver {
    Signal,
    Json,
    Proto,
    RoomsWs,
}

/// A socket with a small receive buffer, which is reset when it is dropped.
async fn small_socket(
    node: &Node,
    path: &str,
    subprotocol: Option<&str>,
) -> tokio_tungstenite::WebSocketStream<TcpStream> {
    let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4_096).expect("sets");
    let socket = socket.connect(node.addr).await.expect("connects");
    socket2::SockRef::from(&socket).set_linger(Some(Duration::ZERO)).expect("a TCP socket");
    let mut request = format!("ws://{}{path}", node.addr).into_client_request().expect("a request");
    if let Some(subprotocol) = subprotocol {
        request.headers_mut().insert("sec-websocket-protocol", subprotocol.parse().expect("a header"));
    }
    soon("the handshake", client_async(request, socket)).await.expect("a WebSocket").0
}

/// Sends `count` envelopes of `bytes` to a live receiver that reads nothing, and resets its connection. Returns the number
/// of each outcome that the sender was told of.
async fn outcomes(receiver: Receiver, count: u32, bytes: usize, receipt: bool) -> BTreeMap<String, u32> {
    let node = Node::with(|config| {
        (config.session.mailbox_frames, config.session.mailbox_bytes) = (100_000, 1 << 28);
        // Nothing but the reset ends it.
        (config.session.write_timeout_ms, config.http2.keepalive_timeout_ms) = (600_000, 60_000);
    })
    .await;
    let mut ada = Peer::in_room(&node, "demo").await;
    let (mut signal, mut socket) = (None, None);
    match receiver {
        Receiver::Signal => {
            let mut connection = UnreadConnection::open(node.addr, 900).await;
            let frames = [hello(Hello::default()), frame(1, join("demo"))];
            let stream = connection.call("Signal", &frames, true).await;
            signal = Some((connection, stream));
        }
        Receiver::Json | Receiver::Proto => {
            let json = receiver == Receiver::Json;
            let stream = small_socket(&node, "/v1/signal", Some(if json { JSON } else { PROTO })).await;
            let mut client = Client { socket: stream, json };
            client.hello(Hello::default()).await;
            client.join(1, "demo").await;
            socket = Some(client.socket);
        }
        Receiver::RoomsWs => {
            let mut stream = small_socket(&node, "/?roomId=demo&userId=bob&userName=Bob", None).await;
            soon("the participants", stream.next()).await.expect("a message").expect("a message");
            socket = Some(stream);
        }
    }
    let joined = ada.next().await;
    let Some(Down::MemberJoined(joined)) = joined.body else { panic!("{joined:?}") };
    let to = joined.member.expect("a member").peer_id;
    let text = "x".repeat(bytes);
    let mut last = 0;
    for _ in 0..count {
        last = ada.send(Up::Envelope(Envelope { receipt, ..envelope("demo", &to, &text) })).await;
    }
    // All were accepted, and delivery has come as far as it can.
    let marker = ada.send(say("nowhere", "x")).await;
    let mut told = BTreeMap::new();
    let mut note = |frame: &wigwag_proto::v1::ServerFrame| match &frame.body {
        Some(Down::Receipt(receipt)) => {
            assert!(frame.reply_to <= last);
            *told.entry(format!("{:?} {}", receipt.outcome(), receipt.reason)).or_insert(0) += 1;
            false
        }
        Some(Down::Error(_)) => frame.reply_to == marker,
        _ => false,
    };
    while !note(&ada.next().await) {}
    if let Some((connection, stream)) = signal {
        connection.reset().await;
        drop(stream);
    }
    drop(socket);
    loop {
        let frame = ada.next().await;
        if matches!(frame.body, Some(Down::MemberLeft(_))) {
            break;
        }
        note(&frame);
    }
    // Receipts may follow the end of the membership.
    let fence = ada.send(say("nowhere", "x")).await;
    loop {
        let frame = ada.next().await;
        if frame.reply_to == fence {
            return told;
        }
        note(&frame);
    }
}

#[tokio::test]
async fn senders_are_told_what_was_not_written() {
    const LOST: &str = "Undeliverable CONNECTION_LOST";
    // At most 900 bytes of the stream were sent.
    for receipt in [false, true] {
        let told = outcomes(Receiver::Signal, 300, 100, receipt).await;
        assert!(told.get(LOST).is_some_and(|lost| (291..=300).contains(lost)), "{told:?}");
        assert!(!receipt || told.values().sum::<u32>() == 300, "each has one outcome: {told:?}");
    }
    // More than the buffers of two kernels hold.
    for receiver in [Receiver::Json, Receiver::Proto, Receiver::RoomsWs] {
        let told = outcomes(receiver, 300, 60_000, true).await;
        assert!(told.get(LOST).is_some_and(|lost| *lost >= 100), "{receiver:?}: {told:?}");
        assert_eq!(told.values().sum::<u32>(), 300, "{receiver:?}: each has one outcome: {told:?}");
    }
}

#[tokio::test]
async fn a_receiver_that_reads_is_written_to_at_once() {
    let node = Node::start().await;
    let mut ada = Peer::in_room(&node, "demo").await;
    for subprotocol in [JSON, PROTO] {
        let mut bob = Client::connect(node.addr, subprotocol).await;
        let welcome = bob.hello(Hello::default()).await;
        bob.join(1, "demo").await;
        ada.expect_joined(&welcome.peer_id).await;
        let sent = ada.send(Up::Envelope(Envelope { receipt: true, ..envelope("demo", &welcome.peer_id, "hi") })).await;
        // Long before the next ping.
        let receipt = tokio::time::timeout(Duration::from_secs(5), ada.receipt(sent)).await.expect("in time");
        assert_eq!(receipt.outcome(), Outcome::Written);
        // It is not reported as lost when the session ends.
        drop(bob);
        assert_eq!(ada.expect_left().await.reason, "CONNECTION_LOST");
    }
}

#[tokio::test]
async fn a_client_that_does_not_read_is_cut_by_name() {
    let node = Node::with(|config| {
        config.session.write_timeout_ms = 1_000;
        config.http2.keepalive_timeout_ms = 1_000;
    })
    .await;
    let mut ada = Peer::in_room(&node, "demo").await;
    let mut connection = UnreadConnection::open(node.addr, NO_WINDOW).await;
    let frames = [hello(Hello::default()), frame(1, join("demo"))];
    let _live = connection.call("Signal", &frames, true).await;
    assert!(matches!(ada.next().await.body, Some(Down::MemberJoined(_))));
    assert_eq!(ada.expect_left().await.reason, "SLOW_CONSUMER");
    let frames = [hello(resumable()), frame(1, Up::Join(Join { room: "demo".into(), ..Join::default() }))];
    let _resumable = connection.call("Signal", &frames, true).await;
    assert!(matches!(ada.next().await.body, Some(Down::MemberJoined(_))));
    let Some(Down::MemberUpdated(updated)) = ada.next().await.body else { panic!("not seen as away") };
    assert_eq!(updated.member.expect("a member").state(), State::Reconnecting);
    assert_eq!(node.metric("wigwag_slow_consumers_total").await, 2);
}
