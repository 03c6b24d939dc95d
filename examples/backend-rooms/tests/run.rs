//! Runs the example as its first lines say, against a server of its own.
//!
//! The server's binary is `WIGWAG_SERVER`, or the one of this build: `cargo build -p wigwag-server` makes it.

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

const PATIENCE: Duration = Duration::from_secs(30);

async fn within<T>(what: &str, awaited: impl Future<Output = T>) -> T {
    timeout(PATIENCE, awaited).await.unwrap_or_else(|_| panic!("waited {PATIENCE:?} in vain until {what}"))
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
        .unwrap_or_else(|error| panic!("{}: {error}; `cargo build -p wigwag-server` makes it", binary.display()));
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
            .envs([("BANNED", "Mallory,Eve"), ("SEATS", "2")])
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the example starts");
        let lines = BufReader::new(process.stdout.take().expect("piped")).lines();
        Self { process, lines }
    }

    async fn says(&mut self, wanted: &str) {
        within(&format!("it says {wanted:?}"), async {
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
async fn rooms_are_created_watched_and_kept_in_order() {
    let address = free();
    let _server = server(address).await;
    let mut example = Example::start(address);
    example.says("lobby: created").await;
    example.says("stage: created").await;
    example.says("watching").await;

    let ada = peer(address, "Ada").await;
    let seat = ada.join("lobby").await.expect("a seat");
    assert!(!seat.was_created());
    assert_eq!((seat.info().max_members, seat.info().metadata["kept-by"].as_str()), (2, "backend-rooms"));
    example.says("lobby: Ada came").await;

    let mallory = peer(address, "Mallory").await;
    let shown = mallory.join("lobby").await.expect("a seat, for a moment");
    until(&mut shown.events(), |event| matches!(event, Event::Left { reason, .. } if reason == "BANNED")).await;
    assert_eq!(mallory.join("lobby").await.map(|_| ()).expect_err("banned").reason, "BANNED");
    until(&mut seat.events(), |event| {
        matches!(event, Event::Envelope { from: None, payload: Payload::Text(text), .. } if text.contains("Mallory"))
    })
    .await;

    // A name taken after the door does not help.
    let eve = peer(address, "Alice").await;
    let alias = eve.join("lobby").await.expect("a seat");
    alias.update_me(Some("Eve"), Default::default()).await.expect("changed");
    until(&mut alias.events(), |event| matches!(event, Event::Left { reason, .. } if reason == "BANNED")).await;

    // Other rooms are not this backend's.
    mallory.join("elsewhere").await.expect("a seat");

    let pid = example.process.id().expect("it runs").to_string();
    assert!(Command::new("sh").arg("-c").arg(format!("kill -INT {pid}")).status().await.expect("a shell").success());
    until(&mut seat.events(), |event| matches!(event, Event::Left { reason, .. } if reason == "ENDED")).await;
    assert!(within("it ends", example.process.wait()).await.expect("a status").success());
}

#[tokio::test]
async fn a_server_that_was_restarted_gets_its_rooms_again() {
    let address = free();
    let mut first = server(address).await;
    let mut example = Example::start(address);
    example.says("watching").await;
    first.kill().await.expect("killed");
    example.says("watching again in").await;
    let _second = server(address).await;
    example.says("stage: created").await;
    example.says("watching").await;
    let ada = peer(address, "Ada").await;
    assert!(!ada.join("lobby").await.expect("a seat").was_created());
}
