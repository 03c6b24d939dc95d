//! What an operator can see of a sealed envelope: the log at its lowest level, and the whole memory of the server while a
//! mailbox holds the envelope.

use std::{
    fs::{self, File},
    io::{Read, Seek, SeekFrom},
    net::{Ipv4Addr, TcpListener},
    process::Stdio,
};

use bytes::Bytes;
use wigwag_client::{Event, IceCandidate, JoinOptions, Payload, Session, SessionDescription, seal::RoomSecret};

use crate::{
    peers::{envelope, next},
    proxy::Proxy,
    server::{Server, within},
};

/// Texts that occur nowhere else.
const SEALED: [&str; 4] = ["sdp-4611731400430051336", "candidate-842163049", "text-between-two", "binary-between-two"];
const OPEN: &str = "text-for-everybody";

/// The lowest level, including what the libraries log about each frame.
const LEVEL: &str = "trace,h2=trace,hyper=trace,hyper_util=trace,tonic=trace,tonic_web=trace,tower=trace";

fn marked(name: &str) -> String {
    format!("{name}:{}", name.chars().rev().collect::<String>())
}

fn secret() -> RoomSecret {
    RoomSecret::key([9; 32])
}

fn payloads() -> [Payload; 4] {
    let [sdp, candidate, text, binary] = SEALED.map(marked);
    [
        SessionDescription::offer(sdp).into(),
        IceCandidate { candidate: Some(candidate), ..IceCandidate::default() }.into(),
        Payload::Text(text),
        Payload::Binary(Bytes::from(binary)),
    ]
}

/// Returns whether these bytes are anywhere in the memory of a process.
fn holds(pid: u32, wanted: &[u8]) -> bool {
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).expect("the memory of a child");
    let mut memory = File::open(format!("/proc/{pid}/mem")).expect("the memory of a child");
    let writable = maps.lines().filter(|line| line.split(' ').nth(1).is_some_and(|rights| rights.starts_with("rw")));
    writable.filter_map(|line| line.split(' ').next()?.split_once('-')).any(|(from, to)| {
        let address = |hex| u64::from_str_radix(hex, 16).expect("an address");
        let mut bytes = Vec::new();
        memory.seek(SeekFrom::Start(address(from))).expect("an address");
        // Some regions may be unmapped meanwhile, and some cannot be read.
        let _ = memory.by_ref().take(address(to) - address(from)).read_to_end(&mut bytes);
        bytes.windows(wanted.len()).any(|window| window == wanted)
    })
}

#[tokio::test]
async fn sealed_content_is_in_neither_the_log_nor_the_memory_of_the_server() {
    let mut log = tempfile::tempfile().expect("a file");
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|free| free.local_addr()).expect("a free port");
    let settings = [("WIGWAG_LOG__LEVEL", LEVEL)];
    let server = Server::start_logging(port, &settings, Stdio::from(log.try_clone().expect("a file"))).await;
    let pid = server.process.id();
    let proxy = Proxy::start(server.address).await;

    let ada = Session::builder(server.url()).display_name("Ada").connect().await.expect("a session");
    let sealed = ada.join_with("sealed", JoinOptions::default().room_secret(secret())).await.expect("joined");
    let open = ada.join("open").await.expect("joined");
    let bob = Session::builder(proxy.url()).display_name("Bob").connect().await.expect("a session");
    let his = bob.join_with("sealed", JoinOptions::default().room_secret(secret())).await.expect("joined");
    let his_open = bob.join("open").await.expect("joined");

    // Bob has no connection, so his mailbox keeps what is sent.
    proxy.shut();
    proxy.cut();
    assert!(matches!(next(&mut bob.events()).await, Event::Reconnecting));
    for payload in payloads() {
        sealed.send(&bob.peer_id(), payload).await.expect("sent");
    }
    let last = open.send(&bob.peer_id(), Payload::Text(marked(OPEN))).await.expect("sent");
    // The search must find the unsealed text, once the server has accepted it.
    within(&format!("the server holds envelope {last}"), async {
        while !holds(pid, marked(OPEN).as_bytes()) {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    })
    .await;
    for name in SEALED {
        assert!(!holds(pid, marked(name).as_bytes()), "{name} is in the memory of the server");
    }

    proxy.reopen();
    let mut events = his.events();
    for payload in payloads() {
        assert_eq!(envelope(&mut events).await, (Some(ada.peer_id()), payload));
    }
    assert_eq!(envelope(&mut his_open.events()).await.1, Payload::Text(marked(OPEN)));
    for name in SEALED {
        assert!(!holds(pid, marked(name).as_bytes()), "{name} is in the memory of the server");
    }
    server.drain().await;

    let mut lines = String::new();
    log.rewind().and_then(|()| log.read_to_string(&mut lines)).expect("a log");
    assert!(lines.contains("session opened") && lines.contains("TRACE"), "the log is at its lowest level");
    for name in SEALED {
        assert!(!lines.contains(name), "{name} is in the log");
    }
}
