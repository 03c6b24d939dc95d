//! The memory of a server whose members read nothing, measured at the real binary.
//!
//! `WIGWAG_UNREAD_MEMBERS=1000` runs the long form (`make unread-memory`); the bounds follow from the number of members.

#[path = "websocket/client.rs"]
mod client;
#[path = "shell/process.rs"]
mod process;
#[path = "shell/running.rs"]
mod running;
#[path = "support/unread.rs"]
mod unread;

use std::collections::HashMap;
use std::fs;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};
use wigwag_proto::v1::{
    ClientFrame, Hello, Join, ListenRequest, PushRequest, client_frame::Body as Up, server_frame::Body as Down,
};

use client::{Client, JSON, PROTO};
use process::Process;
use unread::{UnreadConnection, UnreadStream};

const MIB: u64 = 1 << 20;

/// What 1,000 members may cost.
const BOUND: u64 = 256 * MIB;

/// Streams of one HTTP/2 connection: what they are sent fits into the connection's window of 64 KiB, so that each call is
/// answered.
const STREAMS: usize = 60;

/// How members are connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Signal { resumable: bool },
    Listen,
    Socket { subprotocol: &'static str, resumable: bool },
}

/// Members of one room with as much metadata as is allowed, which read nothing.
#[derive(Default)]
struct Members {
    connections: Vec<UnreadConnection>,
    streams: Vec<UnreadStream>,
    sockets: Vec<Client>,
}

impl Members {
    async fn join(&mut self, way: Way, addr: SocketAddr, members: usize) {
        for member in 0..members {
            let metadata = HashMap::from([("k".to_owned(), "x".repeat(4_000)), ("n".to_owned(), member.to_string())]);
            let hello = |resumable| Hello { resumable, metadata: metadata.clone(), ..Hello::default() };
            let join = Up::Join(Join { room: "demo".into(), ..Join::default() });
            match way {
                Way::Signal { resumable } => {
                    let hello = ClientFrame { body: Some(Up::Hello(hello(resumable))), ..ClientFrame::default() };
                    let join = ClientFrame { seq: 1, body: Some(join), ..ClientFrame::default() };
                    let stream = self.connection(addr, member).await.call("Signal", &[hello, join], true).await;
                    self.streams.push(stream);
                }
                Way::Listen => {
                    let request = ListenRequest { hello: Some(hello(true)) };
                    let connection = self.connection(addr, member).await;
                    let mut stream = connection.call("Listen", &[request], false).await;
                    let Some(Down::Welcome(welcome)) = stream.next().await.body else { panic!("no welcome") };
                    let frames = vec![ClientFrame { seq: 1, body: Some(join), ..ClientFrame::default() }];
                    let push = PushRequest { session_token: welcome.session_token, epoch: welcome.epoch, frames };
                    // Its answer, whose type does not matter.
                    connection.call("Push", &[push], false).await.next().await;
                    self.streams.push(stream);
                }
                Way::Socket { subprotocol, resumable } => {
                    let mut socket = Client::connect_unread(addr, subprotocol).await;
                    socket.send(0, 0, Some(Up::Hello(hello(resumable)))).await;
                    socket.send(1, 0, Some(join)).await;
                    self.sockets.push(socket);
                }
            }
        }
    }

    async fn connection(&mut self, addr: SocketAddr, member: usize) -> &mut UnreadConnection {
        if member.is_multiple_of(STREAMS) {
            // Enough for the welcome.
            self.connections.push(UnreadConnection::open(addr, 900).await);
        }
        self.connections.last_mut().expect("opened above")
    }
}

/// Returns by how much the memory of a server grows when so many members join a room and read nothing: what is left once the
/// allocator has returned what is not used any more, for which it does not wait when the growth is `enough` or less.
async fn growth(way: Way, members: usize, enough: u64) -> u64 {
    // The default configuration, but that nothing is cut on a slow machine before all have joined.
    let settings = [
        "session.hello_timeout_ms=60000",
        "session.write_timeout_ms=600000",
        "http2.send_timeout_ms=600000",
        "http2.keepalive_interval_ms=0",
        "http2.keepalive_timeout_ms=600000",
        "session.heartbeat_ms=300000",
    ];
    let args: Vec<_> =
        ["--log-level", "error"].into_iter().chain(settings.iter().flat_map(|set| ["--set", set])).collect();
    let process = Process::start(&args).await;
    let pid = process.child.id().expect("it runs");
    until_joined(process.addr, 0).await;
    let idle = resident(pid);
    let mut all = Members::default();
    all.join(way, process.addr, members).await;
    until_joined(process.addr, members).await;
    let (began, mut lowest) = (Instant::now(), u64::MAX);
    while began.elapsed() < Duration::from_secs(12) && lowest > enough {
        lowest = lowest.min(resident(pid).saturating_sub(idle));
        sleep(Duration::from_millis(500)).await;
    }
    lowest
}

/// Returns the resident memory of a process.
fn resident(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a size");
    line.trim().trim_end_matches("kB").trim().parse::<u64>().expect("a number") * 1024
}

async fn until_joined(addr: SocketAddr, members: usize) {
    let began = Instant::now();
    loop {
        let mut socket = TcpStream::connect(addr).await.expect("connects");
        let request = b"GET /v1/rooms/demo HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
        socket.write_all(request).await.expect("sends");
        let mut text = String::new();
        socket.read_to_string(&mut text).await.expect("an answer");
        let count =
            text.split("\"memberCount\":").nth(1).map_or("0", |rest| rest.split([',', '}']).next().unwrap_or("0"));
        if count.trim() == members.to_string() {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(120), "{members} members do not join: {text}");
        sleep(Duration::from_millis(100)).await;
    }
}

async fn check(way: Way) {
    let members = std::env::var("WIGWAG_UNREAD_MEMBERS").map_or(300, |text| text.parse().expect("a number"));
    let bound = BOUND * members as u64 / 1_000;
    let half = growth(way, members / 2, bound / 8).await;
    let twice = 2 * half + 2 * MIB;
    let whole = growth(way, members, twice.min(bound / 4)).await;
    println!("{way:?}: {members} members: {} MiB, half of them: {} MiB", whole / MIB, half / MIB);
    assert!(whole <= bound, "{way:?}: {members} members cost {} MiB", whole / MIB);
    assert!(whole <= twice, "{way:?}: {members} members cost {whole}, half of them {half}");
}

#[tokio::test(flavor = "multi_thread")]
async fn unread_grpc_members_cost_a_bounded_number_of_bytes() {
    check(Way::Signal { resumable: false }).await;
    check(Way::Signal { resumable: true }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unread_listen_members_cost_a_bounded_number_of_bytes() {
    check(Way::Listen).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unread_websocket_members_cost_a_bounded_number_of_bytes() {
    for resumable in [false, true] {
        check(Way::Socket { subprotocol: JSON, resumable }).await;
        check(Way::Socket { subprotocol: PROTO, resumable }).await;
    }
}
