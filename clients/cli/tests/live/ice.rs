//! `wigwag ice`, with coturn where it is installed.

use std::{
    net::{TcpStream, UdpSocket},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use serde_json::Value;

use crate::support::{Server, Tool};

/// A TURN server on a free port, whose credentials are made from a secret.
struct Coturn {
    process: Child,
    port: u16,
}

impl Coturn {
    /// `None` if coturn is not installed.
    fn start(secret: &str) -> Option<Self> {
        let port = UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port").port();
        let process = Command::new("turnserver")
            .args(["-n", "--no-tls", "--no-dtls", "--no-cli", "--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1"])
            .args([
                "--realm=test",
                "--use-auth-secret",
                "--pidfile=/dev/null",
                "--log-file=stdout",
                "--no-multicast-peers",
            ])
            .args([format!("--listening-port={port}"), format!("--static-auth-secret={secret}")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let coturn = Self { process, port };
        let listens = (0..600).any(|_| {
            let open = TcpStream::connect(("127.0.0.1", port)).is_ok();
            if !open {
                thread::sleep(Duration::from_millis(50));
            }
            open
        });
        assert!(listens, "coturn does not listen");
        Some(coturn)
    }
}

impl Drop for Coturn {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn report(server: &Server, code: i32) -> Value {
    let done = Tool::of(server).run(&["ice", "-o", "json", "--timeout", "30s"]);
    assert_eq!(done.code, code, "{}{}", done.stdout, done.stderr);
    serde_json::from_str(&done.stdout).expect("JSON")
}

fn with_servers(stun: &str, turn: &[String], secret: &str) -> Server {
    Server::start(&[
        "--set",
        &format!("ice.servers=[{{urls=[\"{stun}\"]}}]"),
        "--set",
        &format!("ice.turn_urls={turn:?}"),
        "--set",
        &format!("ice.turn_secret={secret}"),
    ])
}

#[test]
fn stun_and_turn_servers_are_tried_with_their_credentials() {
    let Some(coturn) = Coturn::start("the secret") else { return eprintln!("skipped: coturn is not installed") };
    let place = format!("127.0.0.1:{}", coturn.port);
    let turn = [format!("turn:{place}?transport=udp"), format!("turn:{place}?transport=tcp"), format!("turns:{place}")];
    let server = with_servers(&format!("stun:{place}"), &turn, "the secret");
    let found = report(&server, 0);
    let verdicts: Vec<_> = found["checks"].as_array().expect("checks").iter().map(|check| &check["verdict"]).collect();
    assert_eq!(verdicts, ["ok", "ok", "ok", "skipped"], "{found:#}");
    assert!(found.to_string().contains("this machine is 127.0.0.1:"), "{found:#}");
    assert!(found.to_string().contains("it gives the relay 127.0.0.1:"), "{found:#}");

    let wrong = with_servers(&format!("stun:{place}"), &turn[..1], "another secret");
    let found = report(&wrong, 1);
    let check = found["checks"][1].to_string();
    assert!(check.contains("wrong") && check.contains("401") && check.contains("turn_secret"), "{found:#}");
}

#[test]
fn a_server_that_does_not_answer_is_named() {
    let silent = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let stun = format!("stun:{}", silent.local_addr().expect("an address"));
    let server = Server::start(&["--set", &format!("ice.servers=[{{urls=[\"{stun}\"]}}]")]);
    let error = Tool::of(&server).run(&["ice", "--timeout", "2s"]);
    assert_eq!(error.code, 1, "{}", error.stderr);
    assert!(error.stdout.contains(&stun) && error.stdout.contains("firewall"), "{}", error.stdout);
    let none = Server::start(&[]);
    assert!(Tool::of(&none).run(&["ice"]).ok().contains("no STUN or TURN servers"));
}
