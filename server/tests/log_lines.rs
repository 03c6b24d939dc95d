//! The log says who came, who went and why, in the words of the wire: docs/operations.md lists the lines.

#[path = "websocket/client.rs"]
mod client;
#[path = "support/frames.rs"]
mod frames;
#[path = "../net/tests/support/http1.rs"]
mod http1;
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
#[path = "support/transports.rs"]
mod transports;

use http::{Method, StatusCode};
use serde_json::{Value, json};
use wigwag_proto::v1::{Bye, Hello, client_frame::Body as Up};

use frames::{resumable, say};
use node::client_of;
use peer::Peer;
use process::Process;
use transports::{Connection, Transport};

/// A log of JSON lines.
struct Log(Vec<Value>);

impl Log {
    /// Stops the server and reads what it logged.
    async fn of(server: Process) -> Self {
        server.signal("TERM").await;
        let (code, log) = server.end().await;
        assert_eq!(code, Some(0), "{log}");
        Self(log.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect())
    }

    /// Returns the one line with this message in which these fields have these values.
    #[track_caller]
    fn one(&self, message: &str, fields: Value) -> &Value {
        let fields = fields.as_object().expect("an object");
        let fits = |line: &&Value| line["message"] == message && fields.iter().all(|(key, value)| line[key] == *value);
        let lines: Vec<&Value> = self.0.iter().filter(fits).collect();
        assert_eq!(lines.len(), 1, "{message} {fields:?} in {:#?}", self.0);
        lines[0]
    }

    fn none(&self, message: &str) {
        assert!(!self.0.iter().any(|line| line["message"] == message), "{message} in {:#?}", self.0);
    }
}

#[tokio::test]
async fn each_change_of_a_session_or_room_is_one_line_at_info() {
    let server = Process::start(&["--log-format", "json", "--set", "drain.timeout_ms=1000"]).await;
    let hello = Hello { client: "app/1.0".to_owned(), ..resumable() };
    let mut ada = Peer::with(&mut client_of(server.addr).await, hello.clone()).await;
    ada.join("a \"room\" peer.id=forged").await;
    let mut ada = ada.reconnect_with(&mut client_of(server.addr).await).await;
    ada.send(Up::Bye(Bye {})).await;
    ada.ends().await.expect("OK");
    let brief = Hello { grace_ms: 1, ..hello };
    let bob = Connection::open(Transport::Json, server.addr, brief).await.expect("a welcome");
    let (ada, bob_id) = (ada.id().to_owned(), bob.welcome.peer_id.clone());
    drop(bob);
    let mut rest = http1::connect(server.addr).await;
    let headers = [("content-type", "application/json")];
    http1::send(&mut rest, Method::POST, "/v1/rooms", &headers, br#"{"room":"made"}"#).await;
    assert_eq!(http1::send(&mut rest, Method::DELETE, "/v1/rooms/made", &[], b"").await.status, StatusCode::OK);
    let live = Peer::with(&mut client_of(server.addr).await, Hello::default()).await;
    // The server has seen that the others are gone when the live one is its only connection.
    running::soon("they are gone", async {
        while http1::get(server.addr, "/health").await.json()["connections"] != 1 {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    })
    .await;
    let live_id = live.id().to_owned();
    let log = Log::of(server).await;

    let opened = log.one("session opened", json!({"peer.id": ada}));
    assert_eq!(
        (&opened["level"], &opened["transport"], &opened["client"], &opened["resumable"]),
        (&json!("INFO"), &json!("grpc"), &json!("app/1.0"), &json!(true))
    );
    assert!(opened.get("address").is_none(), "{opened}");
    log.one("session resumed", json!({"peer.id": ada, "epoch": 2, "transport": "grpc"}));
    let ended = log.one("session ended", json!({"peer.id": ada, "reason": "LEFT"}));
    assert!(ended["duration_ms"].is_u64(), "{ended}");
    let room = json!({"room.id": "a \"room\" peer.id=forged"});
    assert_eq!(log.one("room created", room.clone())["level"], "INFO");
    assert!(log.one("room ended", room)["duration_ms"].is_u64());

    log.one("session opened", json!({"peer.id": bob_id, "transport": "websocket"}));
    log.one("session detached", json!({"peer.id": bob_id, "reason": "CONNECTION_LOST", "epoch": 1}));
    log.one("session ended", json!({"peer.id": bob_id}));
    log.one("session opened", json!({"peer.id": live_id, "resumable": false}));
    log.one("session ended", json!({"peer.id": live_id}));

    log.one("RoomService call", json!({"call": "CreateRoom", "room.id": "made", "level": "INFO"}));
    log.one("RoomService call", json!({"call": "EndRoom", "room.id": "made"}));
    log.one("room ended", json!({"room.id": "made", "reason": "ENDED"}));
    log.none("member joined");
}

#[tokio::test]
async fn joins_and_refusals_are_lines_at_debug_and_signals_are_none() {
    let args = ["--log-format", "json", "--log-level", "debug", "--set", "log.addresses=true"];
    let server = Process::start(&[&args[..], &["--set", "drain.timeout_ms=1000"]].concat()).await;
    let mut ada = Peer::with(&mut client_of(server.addr).await, resumable()).await;
    ada.join("demo").await;
    let seq = ada.send(say("elsewhere", "hello")).await;
    ada.refused(seq).await;
    for _ in 0..10 {
        ada.send(say("demo", "hello")).await;
    }
    ada.send(Up::Hello(Hello::default())).await;
    ada.expect_fatal().await;
    let log = Log::of(server).await;

    let id = ada.id();
    assert_eq!(log.one("session opened", json!({"peer.id": id}))["address"], "127.0.0.1");
    log.one("member joined", json!({"peer.id": id, "room.id": "demo", "created": true, "level": "DEBUG"}));
    log.one("frame refused", json!({"peer.id": id, "reason": "NOT_JOINED", "level": "DEBUG"}));
    log.one("connection closed with an error", json!({"peer.id": id, "reason": "PROTOCOL", "level": "DEBUG"}));
    log.one("member left", json!({"peer.id": id, "room.id": "demo"}));
    let lines = log.0.iter().filter(|line| line["peer.id"] == id).count();
    assert!(lines < 10, "none for a signal that is delivered: {:#?}", log.0);
}

#[tokio::test]
async fn names_cannot_forge_a_line_or_a_field() {
    let server = Process::start(&["--log-format", "text", "--set", "drain.timeout_ms=1000"]).await;
    let client = "x\" level=ERROR\n2026-01-01T00:00:00Z ERROR forged \u{1b}[31m";
    let hello = Hello { client: client.to_owned(), ..resumable() };
    let mut ada = Peer::with(&mut client_of(server.addr).await, hello).await;
    ada.join("demo\" reason=\"forged").await;
    server.signal("TERM").await;
    let (_, log) = server.end().await;
    assert!(log.contains(r#"client="x\" level=ERROR\n2026"#), "{log}");
    assert!(log.contains(r#"room.id="demo\" reason=\"forged""#), "{log}");
    assert!(!log.lines().any(|line| line.starts_with("2026-01-01")) && !log.contains('\u{1b}'), "{log}");
}
