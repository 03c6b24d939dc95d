//! Runs the example as documented, against a separate server.
//!
//! The server's binary is `WIGWAG_SERVER`, or the one of this build: `cargo build -p wigwag-server` builds it.

use std::{
    io::{BufRead, BufReader},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

const TIMEOUT: Duration = Duration::from_secs(30);
const POLL_INTERVAL: Duration = Duration::from_millis(10);

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn server() -> (Running, SocketAddr) {
    let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|free| free.local_addr()).expect("a free port");
    let binary = std::env::var_os("WIGWAG_SERVER").map(PathBuf::from).unwrap_or_else(|| {
        let test = std::env::current_exe().expect("path of this test");
        test.ancestors().nth(2).expect("a build folder").join("wigwag-server")
    });
    let mut server = Command::new(&binary);
    server.arg("--listen").arg(address.to_string()).stdout(Stdio::null()).stderr(Stdio::null());
    let server = Running(server.spawn().unwrap_or_else(|error| {
        panic!("{}: {error}; build it with `cargo build -p wigwag-server`, or set WIGWAG_SERVER", binary.display())
    }));
    for _ in 0..TIMEOUT.as_millis() / POLL_INTERVAL.as_millis() {
        if TcpStream::connect(address).is_ok() {
            return (server, address);
        }
        thread::sleep(POLL_INTERVAL);
    }
    panic!("the server does not listen");
}

fn example(address: SocketAddr, arguments: &[&str]) -> Running {
    let mut example = Command::new(env!("CARGO_BIN_EXE_two-peers"));
    example.args(arguments).env("WIGWAG_URL", format!("http://{address}")).stdout(Stdio::piped());
    Running(example.spawn().expect("the example starts"))
}

/// Returns what the example prints until it exits successfully.
fn output(mut example: Running) -> String {
    let lines = BufReader::new(example.0.stdout.take().expect("piped")).lines();
    let (done, ended) = std::sync::mpsc::sync_channel(1);
    let reading = thread::spawn(move || done.send(lines.map_while(Result::ok).collect::<Vec<_>>().join("\n")));
    let output = ended.recv_timeout(TIMEOUT).expect("the example ends");
    reading.join().expect("reader").expect("received");
    assert!(example.0.wait().expect("exit status").success(), "{output}");
    output
}

fn assert_prints(output: &str, lines: &[&str]) {
    for line in lines {
        assert!(output.contains(line), "{line:?} is missing in:\n{output}");
    }
}

const ADA: [&str; 6] = [
    "Ada: Bob joined",
    "Ada: got an offer of 43 bytes, answering",
    "Ada: got candidate:1 1 udp 2122260223 127.0.0.1 50001 typ host",
    "Ada: got the last candidate",
    "Ada: got the text \"hello from Bob\"",
    "Ada: done",
];
const BOB: [&str; 4] = [
    "Bob: found Ada, sending an offer",
    "Bob: got an answer, sending a text",
    "Bob: the text was Delivered",
    "Bob: done",
];

#[test]
fn both_peers_in_one_process() {
    let (_server, address) = server();
    let output = output(example(address, &[]));
    assert_prints(&output, &ADA);
    assert_prints(&output, &BOB);
}

#[test]
fn each_peer_in_a_separate_process() {
    let (_server, address) = server();
    let mut ada = example(address, &["Ada"]);
    let mut lines = BufReader::new(ada.0.stdout.take().expect("piped"));
    let mut first = String::new();
    while !first.contains("waiting for another peer") {
        assert!(lines.read_line(&mut first).expect("a line") > 0, "the example ended early:\n{first}");
    }
    let bob = output(example(address, &["Bob"]));
    assert_prints(&bob, &BOB);
    let rest: Vec<String> = lines.lines().map_while(Result::ok).collect();
    assert!(ada.0.wait().expect("exit status").success());
    assert_prints(&rest.join("\n"), &ADA);
}

#[test]
fn no_server_is_a_clear_error() {
    let unused = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|free| free.local_addr()).expect("a free port");
    let mut example = Command::new(env!("CARGO_BIN_EXE_two-peers"));
    let output = example.env("WIGWAG_URL", format!("http://{unused}")).output().expect("the example runs");
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("UNREACHABLE"));
}
