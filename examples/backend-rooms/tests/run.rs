//! Runs the example as documented, against a separate server.
//!
//! The server's binary is `WIGWAG_SERVER`, or the one of this build: `cargo build -p wigwag-server` builds it.

use std::{
    future::Future,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::PathBuf,
    process::Stdio,
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    net::TcpStream,
    process::{Child, ChildStdout, Command},
    time::{sleep, timeout},
};
use wigwag_client::{Event, Events, Payload, Session};

const TIMEOUT: Duration = Duration::from_secs(30);

async fn within<T>(what: &str, awaited: impl Future<Output = T>) -> T {
    timeout(TIMEOUT, awaited).await.unwrap_or_else(|_| panic!("{what}: not within {TIMEOUT:?}"))
}

async fn server(address: SocketAddr) -> Child {
    let binary = std::env::var_os("WIGWAG_SERVER").map(PathBuf::from).unwrap_or_else(|| {
        let test = std::env::current_exe().expect("path of this test");
        test.ancestors().nth(2).expect("a build folder").join("wigwag-server")
    });
    let server = Command::new(&binary)
        .arg("--listen")
        .arg(address.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap_or_else(|error| panic!("{}: {error}; build it with `cargo build -p wigwag-server`", binary.display()));
    within("the server listens", async {
        while TcpStream::connect(address).await.is_err() {
            sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    server
}

struct Example {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Example {
    fn start(address: SocketAddr) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_backend-rooms"))
            .args([&format!("http://{address}"), "lobby", "stage"])
            .envs([("BANNED", "Mallory,Eve"), ("MAX_MEMBERS", "2")])
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the example starts");
        let lines = BufReader::new(process.stdout.take().expect("piped")).lines();
        Self { process, lines }
    }

    async fn prints(&mut self, wanted: &str) {
        within(&format!("it prints {wanted:?}"), async {
            loop {
                let line = self.lines.next_line().await.expect("a line").expect("it still runs");
                if line.contains(wanted) {
                    return;
                }
            }
        })
        .await;
    }
}

async fn peer(address: SocketAddr, name: &str) -> Session {
    Session::builder(format!("http://{address}")).display_name(name).connect().await.expect("a session")
}

async fn until(events: &mut Events, wanted: impl Fn(&Event) -> bool) {
    within("the event comes", async {
        while let Some(event) = events.next().await {
            if wanted(&event) {
                return;
            }
        }
        panic!("the stream ended");
    })
    .await;
}

fn free() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|free| free.local_addr()).expect("a free port")
}

#[tokio::test]
async fn rooms_are_created_and_watched_and_bans_enforced() {
    let address = free();
    let _server = server(address).await;
    let mut example = Example::start(address);
    example.prints("lobby: created").await;
    example.prints("stage: created").await;
    example.prints("watching").await;

    let ada = peer(address, "Ada").await;
    let room = ada.join("lobby").await.expect("joined");
    assert!(!room.was_created());
    assert_eq!((room.info().max_members, room.info().metadata["kept-by"].as_str()), (2, "backend-rooms"));
    example.prints("lobby: Ada joined").await;

    let mallory = peer(address, "Mallory").await;
    let removed = mallory.join("lobby").await.expect("joined");
    until(&mut removed.events(), |event| matches!(event, Event::Left { reason, .. } if reason == "BANNED")).await;
    assert_eq!(mallory.join("lobby").await.map(|_| ()).expect_err("banned").reason, "BANNED");
    until(&mut room.events(), |event| {
        matches!(event, Event::Envelope { from: None, payload: Payload::Text(text), .. } if text.contains("Mallory"))
    })
    .await;

    // A banned name taken after joining is caught too.
    let eve = peer(address, "Alice").await;
    let alias = eve.join("lobby").await.expect("joined");
    alias.update_me(Some("Eve"), Default::default()).await.expect("changed");
    until(&mut alias.events(), |event| matches!(event, Event::Left { reason, .. } if reason == "BANNED")).await;

    // Other rooms are not managed by this backend.
    mallory.join("elsewhere").await.expect("joined");

    let pid = example.process.id().expect("it runs").to_string();
    assert!(Command::new("sh").arg("-c").arg(format!("kill -INT {pid}")).status().await.expect("a shell").success());
    until(&mut room.events(), |event| matches!(event, Event::Left { reason, .. } if reason == "ENDED")).await;
    assert!(within("it ends", example.process.wait()).await.expect("a status").success());
}

#[tokio::test]
async fn rooms_are_created_again_after_a_server_restart() {
    let address = free();
    let mut first = server(address).await;
    let mut example = Example::start(address);
    example.prints("watching").await;
    first.kill().await.expect("killed");
    example.prints("watching again in").await;
    let _second = server(address).await;
    example.prints("stage: created").await;
    example.prints("watching").await;
    let ada = peer(address, "Ada").await;
    assert!(!ada.join("lobby").await.expect("joined").was_created());
}
