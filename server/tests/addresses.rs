//! Where a request comes from, behind proxies too, and what depends on it: who is on this machine, limits per address, and the
//! deny list.

#[path = "support/frames.rs"]
mod frames;
#[path = "support/inbox.rs"]
mod inbox;
#[path = "support/node.rs"]
mod node;
#[path = "support/peer.rs"]
mod peer;

use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tonic::Code;
use tonic::metadata::MetadataValue;
use wigwag_net::listener::ProxyProtocol;
use wigwag_proto::v1::{
    Advice, ClientFrame, GetIceServersRequest, Hello, client_frame::Body as Up, server_frame::Body as Down,
};
use wigwag_server::config::{Config, DenySection, Networks};

use frames::{create, join, reason, resumable};
use node::{Node, soon};
use peer::Peer;

/// The proxy of these tests; other loopback addresses are other machines.
const PROXY: Ipv4Addr = Ipv4Addr::LOCALHOST;
const OTHER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

fn networks(list: &[&str]) -> Networks {
    let list = toml::Value::Array(list.iter().map(|text| (*text).into()).collect());
    list.try_into().expect("networks")
}

fn behind_proxy(config: &mut Config) {
    config.connections.trusted_proxies = networks(&["127.0.0.1"]);
}

/// Connects from a loopback address.
async fn connect(from: Ipv4Addr, to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind((from, 0).into()).expect("loopback is a whole network");
    soon("a connection", socket.connect(to)).await.expect("connects")
}

/// Sends bytes and returns what comes back until the connection is closed.
async fn exchange(from: Ipv4Addr, to: SocketAddr, sent: &[u8]) -> String {
    let mut socket = connect(from, to).await;
    let mut answer = Vec::new();
    // A connection that is closed with unread bytes is reset.
    if socket.write_all(sent).await.is_ok() {
        let _ = soon("the end", socket.read_to_end(&mut answer)).await;
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// The status of a request with these header lines, and the whole answer.
async fn get(from: Ipv4Addr, node: &Node, path: &str, lines: &str) -> (u16, String) {
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{lines}\r\n");
    let answer = exchange(from, node.addr, request.as_bytes()).await;
    let status = answer.get(9..12).and_then(|code| code.parse().ok());
    (status.unwrap_or_else(|| panic!("no status in {answer:?}")), answer)
}

/// A first frame that names a user.
fn hello(user: &str) -> Hello {
    Hello { user_id: user.into(), ..resumable() }
}

#[tokio::test]
async fn a_denied_address_gets_the_same_answer_everywhere() {
    let node = Node::with(|config| {
        behind_proxy(config);
        config.deny.addresses = networks(&["192.0.2.0/24"]);
    })
    .await;
    let denied = "x-forwarded-for: 198.51.100.1, 192.0.2.7\r\n";
    for path in ["/", "/health", "/rooms", "/nothing", "/peerjs/peerjs/id", "/socket.io/?EIO=4&transport=polling"] {
        let (status, answer) = get(PROXY, &node, path, denied).await;
        assert!(status == 403 && answer.contains(r#""error":"FORBIDDEN""#), "{path}: {answer}");
    }
    let (status, answer) = get(PROXY, &node, "/v1/rooms", denied).await;
    assert!(status == 403 && answer.contains(r#""reason":"FORBIDDEN""#), "{answer}");
    let upgrade = "upgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
    let lines = format!("{denied}{upgrade}");
    for path in ["/v1/signal", "/connector", "/json/a", "/?roomId=a&userId=b&userName=c"] {
        let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\n{lines}\r\n");
        let mut socket = connect(PROXY, node.addr).await;
        socket.write_all(request.as_bytes()).await.expect("sent");
        let mut head = [0; 12];
        soon("an answer", socket.read_exact(&mut head)).await.expect("an answer");
        assert_eq!(&head, b"HTTP/1.1 403", "{path}");
    }

    // Over gRPC: through the fast path, and through the router.
    let forwarded = |address: &str| {
        let mut request = tonic::Request::new(GetIceServersRequest::default());
        let value: MetadataValue<_> = address.parse().expect("a value");
        request.metadata_mut().insert("x-forwarded-for", value);
        request
    };
    let mut client = node.client().await;
    let refused = soon("an answer", client.get_ice_servers(forwarded("192.0.2.7"))).await.expect_err("denied");
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::PermissionDenied, "FORBIDDEN"));
    soon("an answer", client.get_ice_servers(forwarded("192.0.3.7"))).await.expect("another client of that connection");
    let mut request = tonic::Request::new(tokio_stream::once(ClientFrame::default()));
    request.metadata_mut().insert("forwarded", "for=\"192.0.2.7:80\"".parse().expect("a value"));
    let refused = soon("an answer", client.signal(request)).await.expect_err("denied");
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::PermissionDenied, "FORBIDDEN"));
    assert!(node.metric("wigwag_addresses_denied_total").await >= 13);
}

#[tokio::test]
async fn headers_of_others_than_trusted_proxies_change_nothing() {
    let node = Node::with(|config| {
        behind_proxy(config);
        config.deny.addresses = networks(&["192.0.2.0/24"]);
    })
    .await;
    for lines in ["x-forwarded-for: 192.0.2.7\r\n", "forwarded: for=192.0.2.7\r\n"] {
        assert_eq!(get(PROXY, &node, "/health", lines).await.0, 403, "{lines}");
        assert_eq!(get(OTHER, &node, "/health", lines).await.0, 200, "{lines}");
    }
    // What they say is a sign of a proxy, for all that.
    assert_eq!(get(OTHER, &node, "/v1/rooms", "x-forwarded-for: 127.0.0.1\r\n").await.0, 403);
}

#[tokio::test]
async fn a_request_through_a_trusted_proxy_is_not_one_of_this_machine() {
    let node = Node::with(behind_proxy).await;
    for path in ["/v1/rooms", "/rooms"] {
        assert_eq!(get(PROXY, &node, path, "").await.0, 403, "{path}");
        assert_eq!(get(PROXY, &node, path, "x-forwarded-for: 127.0.0.1\r\n").await.0, 403, "{path}");
        assert_eq!(get(OTHER, &node, path, "").await.0, 200, "{path}");
    }
}

#[tokio::test]
async fn a_denied_address_is_closed_on_arrival() {
    let node = Node::with(|config| config.deny.addresses = networks(&["127.0.0.2"])).await;
    let request = b"GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    assert_eq!(exchange(OTHER, node.addr, request).await, "");
    assert!(exchange(PROXY, node.addr, request).await.starts_with("HTTP/1.1 200"));
    node.until("wigwag_addresses_denied_total", 1).await;
}

#[tokio::test]
async fn sessions_are_limited_by_the_address_of_the_client_and_not_of_the_proxy() {
    let node = Node::with(|config| {
        behind_proxy(config);
        config.session.opens_per_second_per_ip = 1;
    })
    .await;
    let mut client = node.client().await;
    let mut open = async |address: Option<&str>| {
        let frame = ClientFrame { body: Some(Up::Hello(resumable())), ..ClientFrame::default() };
        let mut request = tonic::Request::new(tokio_stream::once(frame));
        if let Some(address) = address {
            request.metadata_mut().insert("x-forwarded-for", address.parse().expect("a value"));
        }
        let mut answer = soon("a stream", client.signal(request)).await.expect("a stream").into_inner();
        let first = soon("a frame", answer.message()).await.expect("a frame").expect("a frame");
        first.body.expect("a body")
    };
    for n in 0..10 {
        assert!(matches!(open(Some("192.0.2.1")).await, Down::Welcome(_)), "{n}");
    }
    let Down::Error(error) = open(Some("192.0.2.1")).await else { panic!("more than ten seconds' worth") };
    assert_eq!((error.reason.as_str(), error.advice()), ("RATE_LIMITED", Advice::Retry));
    assert!(error.fatal && (1..=1_000).contains(&error.retry_after_ms), "{error:?}");
    assert!(matches!(open(Some("192.0.2.2")).await, Down::Welcome(_)), "another client");
    for _ in 0..30 {
        assert!(matches!(open(None).await, Down::Welcome(_)), "the proxy does not say for whom");
    }
    assert_eq!(node.metric("wigwag_session_opens_refused_total").await, 1);
}

#[tokio::test]
async fn a_proxy_names_the_client_ahead_of_its_bytes() {
    let node = Node::with(|config| {
        behind_proxy(config);
        config.connections.proxy_protocol = ProxyProtocol::Required;
        config.deny.addresses = networks(&["192.0.2.0/24"]);
    })
    .await;
    let request = "GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    let with = |header: &[u8]| [header, request.as_bytes()].concat();
    let v2 = |client: [u8; 4]| {
        let mut header = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0F".to_vec();
        header.extend(client);
        header.extend([198, 51, 100, 2, 0x12, 0x67, 0, 80, 0x04, 0, 0]);
        header
    };
    for served in [&b"PROXY TCP4 192.0.3.1 198.51.100.2 4711 80\r\n"[..], b"PROXY UNKNOWN\r\n", &v2([192, 0, 3, 1])] {
        let answer = exchange(PROXY, node.addr, &with(served)).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{served:?}: {answer}");
    }
    for denied in [&b"PROXY TCP4 192.0.2.1 198.51.100.2 4711 80\r\n"[..], &v2([192, 0, 2, 1])] {
        assert_eq!(exchange(PROXY, node.addr, &with(denied)).await, "");
    }
    node.until("wigwag_addresses_denied_total", 2).await;
    // The client's own header fields prove nothing after such a header.
    let forged = request.replace("connection", "x-forwarded-for: 192.0.2.1\r\nconnection");
    let forged = [&b"PROXY TCP4 192.0.3.1 198.51.100.2 4711 80\r\n"[..], forged.as_bytes()].concat();
    assert!(exchange(PROXY, node.addr, &forged).await.starts_with("HTTP/1.1 200"));

    assert_eq!(node.metric("wigwag_proxy_header_failures_total").await, 0);
    for malformed in [&b""[..], b"PROXY TCP9 1.1.1.1 1.1.1.1 1 1\r\n", b"\r\n\r\n\0\r\nQUIT\n\x99\x11\0\x0C"] {
        assert_eq!(exchange(PROXY, node.addr, &with(malformed)).await, "", "{malformed:?}");
    }
    node.until("wigwag_proxy_header_failures_total", 3).await;
    // Others come without a header.
    assert!(exchange(OTHER, node.addr, request.as_bytes()).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_proxy_that_sends_half_a_header_has_the_time_of_a_first_byte() {
    let node = Node::with(|config| {
        behind_proxy(config);
        config.connections.proxy_protocol = ProxyProtocol::Required;
        config.connections.first_byte_timeout_ms = 300;
    })
    .await;
    assert_eq!(exchange(PROXY, node.addr, b"PROXY TCP4 192.0.").await, "");
    node.until("wigwag_handshake_timeouts_total", 1).await;
}

#[tokio::test]
async fn the_deny_list_changes_while_the_server_runs() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("deny.toml");
    std::fs::write(&file, "users = [\"eve\"]\n").expect("written");
    let node = Node::with(|config| {
        let users = vec!["carol".to_owned()];
        config.deny = DenySection { users, file: file.clone(), ..DenySection::default() };
    })
    .await;
    let mut client = node.client().await;
    let refused = async |client: &mut node::Client, user: &str| {
        let Err((error, status)) = Peer::try_with(client, hello(user)).await else { return false };
        assert_eq!((error.reason.as_str(), error.advice()), ("FORBIDDEN", Advice::Stop));
        assert_eq!((status.code(), reason(&status).as_str()), (Code::PermissionDenied, "FORBIDDEN"));
        true
    };
    assert!(refused(&mut client, "eve").await && refused(&mut client, "carol").await, "from the start");

    let mut mallory = Peer::with(&mut client, hello("mallory")).await;
    let mut ada = Peer::with(&mut client, hello("ada")).await;
    ada.join("lobby").await;
    std::fs::write(&file, "users = [\"mallory\"]\nrooms = [\"lobby\"]\n").expect("written");

    let frame = mallory.next().await;
    let Some(Down::Error(error)) = frame.body else { panic!("not ended: {frame:?}") };
    assert!(error.fatal && error.reason == "FORBIDDEN", "{error:?}");
    let frame = ada.next().await;
    assert!(matches!(&frame.body, Some(Down::Left(left)) if left.room == "lobby"), "{frame:?}");
    for body in [join("lobby"), create("lobby")] {
        ada.send(body).await;
        let frame = ada.next().await;
        assert!(matches!(&frame.body, Some(Down::Error(error)) if error.reason == "FORBIDDEN"), "{frame:?}");
    }
    ada.join("hall").await;
    assert!(refused(&mut client, "mallory").await && refused(&mut client, "carol").await);
    assert!(!refused(&mut client, "eve").await, "not on the list any more");
    let query = "/?roomId=hall&userId=mallory&userName=M";
    let upgrade = "upgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
    let request = format!("GET {query} HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\n{upgrade}\r\n");
    assert!(
        exchange(OTHER, node.addr, request.as_bytes()).await.contains("FORBIDDEN"),
        "over a compatibility protocol"
    );

    std::fs::write(&file, "").expect("written");
    let admitted = async { while refused(&mut client, "mallory").await {} };
    soon("the list is empty", admitted).await;
    assert!(refused(&mut client, "carol").await, "the configuration says so");
}
