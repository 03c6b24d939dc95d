//! A server whose log cannot be written serves as if nothing were: 1,000 sessions open, resume and drain.

#[path = "support/frames.rs"]
mod frames;
#[path = "support/inbox.rs"]
mod inbox;
#[path = "support/node.rs"]
mod node;
#[path = "support/peer.rs"]
mod peer;
#[path = "shell/process.rs"]
mod process;
#[path = "shell/running.rs"]
mod running;

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::net::SocketAddr;
use std::process::Stdio;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::task::JoinSet;

use frames::{resumable, say};
use node::{client_of, soon};
use peer::Peer;
use process::Process;
use wigwag_proto::v1::server_frame::Body as Down;

const CONNECTIONS: usize = 10;
const EACH: usize = 100;

/// More rounds than are needed to fill the pipe and the queue of the log.
const MAX_ROUNDS: usize = 12;

/// The sessions of one TCP connection, in rooms of two, and its number.
struct Group {
    number: usize,
    peers: Vec<Peer>,
}

/// Does the same for each connection at the same time.
async fn each<F: Future<Output = Group> + Send + 'static>(groups: impl IntoIterator<Item = F>) -> Vec<Group> {
    let mut set = JoinSet::new();
    for group in groups {
        set.spawn(group);
    }
    set.join_all().await
}

async fn open(addr: SocketAddr, number: usize) -> Group {
    let mut client = client_of(addr).await;
    let mut peers = Vec::new();
    for index in 0..EACH {
        let mut peer = Peer::with(&mut client, resumable()).await;
        peer.join(&room(number, index / 2)).await;
        peers.push(peer);
    }
    Group { number, peers }
}

fn room(connection: usize, pair: usize) -> String {
    format!("room-{connection}-{pair}")
}

async fn resume(addr: SocketAddr, group: Group) -> Group {
    let mut client = client_of(addr).await;
    let mut peers = Vec::new();
    for peer in group.peers {
        peers.push(peer.reconnect_with(&mut client).await);
    }
    Group { peers, ..group }
}

/// Each sends to the other member of its room, which receives it.
async fn talk(mut group: Group) -> Group {
    for (pair, peers) in group.peers.chunks_mut(2).enumerate() {
        let room = room(group.number, pair);
        for from in 0..2 {
            peers[from].send(say(&room, "hello")).await;
            while !matches!(peers[1 - from].next().await.body, Some(Down::Envelope(_))) {}
        }
    }
    group
}

/// Reads until the server has ended each connection.
async fn read_to_the_end(mut group: Group) -> Group {
    for peer in &mut group.peers {
        while let Ok(Some(_)) = peer.try_next().await {}
    }
    group
}

async fn get(addr: SocketAddr, path: &str) -> String {
    let mut socket = soon("a connection", TcpStream::connect(addr)).await.expect("connects");
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).await.expect("the server reads");
    let mut answer = String::new();
    soon("an answer", socket.read_to_string(&mut answer)).await.expect("text");
    answer
}

/// A number of `/metrics`.
async fn metric(admin: SocketAddr, name: &str) -> u64 {
    let text = get(admin, "/metrics").await;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no metric {name} in {text}")).trim().parse().expect("a number")
}

/// The binary. Another build can be tried with the variable.
fn program() -> String {
    std::env::var("WIGWAG_SERVER").unwrap_or_else(|_| env!("CARGO_BIN_EXE_wigwag-server").to_owned())
}

/// Runs a server with this standard error. Lines are dropped, and nothing else happens.
async fn serves_with(stderr: Stdio) {
    serves_after("true", stderr).await;
}

/// Does so after this command of a shell.
async fn serves_after(prelude: &str, stderr: Stdio) {
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let admin = free.local_addr().expect("bound");
    drop(free);
    let program = program();
    let listen = admin.to_string();
    let args = ["--listen", "127.0.0.1:0", "--log-level", "debug", "--log-format", "json"];
    let settings = ["--set", "drain.timeout_ms=3000", "--set", &format!("admin.listen={listen}")].map(str::to_owned);
    let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
    let shell = format!("{prelude} && exec \"$0\" \"$@\"");
    let mut command = process::command("/bin/sh", &[], &[&["-c", &shell, &program], &args[..], &settings].concat());
    command.stderr(stderr);
    let mut process: Process = process::start(command).await;
    let addr = process.addr;

    let mut groups = each((0..CONNECTIONS).map(|number| open(addr, number))).await;
    for round in 1.. {
        groups = each(groups.into_iter().map(|group| resume(addr, group))).await;
        if metric(admin, "wigwag_log_lines_dropped_total").await > 0 {
            break;
        }
        assert!(round < MAX_ROUNDS, "no line is dropped");
    }
    let groups = each(groups.into_iter().map(talk)).await;
    assert_eq!(metric(admin, "wigwag_sessions_attached").await, (CONNECTIONS * EACH) as u64);
    assert!(get(addr, "/ready").await.starts_with("HTTP/1.1 200"));

    process.signal("TERM").await;
    each(groups.into_iter().map(read_to_the_end)).await;
    let status = soon("the end", process.child.wait()).await.expect("waited for");
    assert_eq!(status.code(), Some(0), "it drained");
}

#[tokio::test]
async fn the_reader_of_the_log_is_gone() {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    serves_with(writer.into()).await;
}

#[tokio::test]
async fn the_log_is_a_pipe_that_is_not_read() {
    let (_reader, writer) = std::io::pipe().expect("a pipe");
    serves_with(writer.into()).await;
}

#[tokio::test]
async fn every_write_of_the_log_fails_because_the_disk_is_full() {
    serves_with(OpenOptions::new().write(true).open("/dev/full").expect("the device").into()).await;
}

/// A file system of 64 KiB, unmounted on drop.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// Returns `None` if this user may not mount.
    async fn mount() -> Option<Self> {
        let dir = tempfile::tempdir().expect("a directory");
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"]).arg(dir.path()).output();
        let mounted = mount.await.is_ok_and(|output| output.status.success());
        mounted.then_some(Self(dir))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg(self.0.path()).status();
    }
}

#[tokio::test]
async fn the_disk_becomes_full() {
    let Some(disk) = SmallDisk::mount().await else {
        // Only root may mount. The device above stands for a full disk otherwise.
        return;
    };
    let log = disk.0.path().join("log");
    serves_with(File::create(&log).expect("a file").into()).await;
    let written = std::fs::read_to_string(&log).expect("text");
    assert!(written.contains("session opened"), "what fitted is there");
}

#[tokio::test]
async fn the_file_reaches_the_limit_of_the_size_of_files() {
    let log = tempfile::NamedTempFile::new().expect("a file");
    serves_after("ulimit -f 64", log.reopen().expect("a file").into()).await;
    let size = log.as_file().metadata().expect("a file").len();
    assert!((1..=64 * 1024).contains(&size), "{size}");
}

#[tokio::test]
async fn standard_output_that_is_not_read_delays_nothing() {
    let (_reader, mut full) = std::io::pipe().expect("a pipe");
    full.write_all(&[b'x'; 64 * 1024]).expect("as much as a pipe holds");
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let addr = free.local_addr().expect("bound");
    drop(free);
    let mut command = process::command(&program(), &[], &["--listen", &addr.to_string()]);
    let child = command.stdout(full).stderr(Stdio::null()).spawn().expect("it starts");
    let mut process = Process { child, addr, banner: String::new() };
    soon("it listens", async {
        while TcpStream::connect(addr).await.is_err() {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    })
    .await;
    assert!(get(addr, "/ready").await.starts_with("HTTP/1.1 200"));
    process.signal("TERM").await;
    let status = soon("the end", process.child.wait()).await.expect("waited for");
    assert_eq!(status.code(), Some(0));
}
