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
use wigwag_proto::v1::{Bye, ClientFrame, Hello, client_frame::Body as Up};

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

    let created =
        json!({"call": "CreateRoom", "room.id": "made", "level": "INFO", "target": "wigwag_audit", "outcome": "OK"});
    log.one("administrative call", created);
    log.one("administrative call", json!({"call": "EndRoom", "room.id": "made", "outcome": "OK"}));
    log.one("room ended", json!({"room.id": "made", "reason": "ENDED"}));
    log.none("member joined");
}

#[tokio::test]
async fn the_audit_log_says_who_did_what_on_whom() {
    let secret = "a secret of these tests, 32 bytes or more";
    let folder = tempfile::tempdir().expect("a folder");
    let (key, config) = (folder.path().join("pseudonym.key"), folder.path().join("wigwag.toml"));
    std::fs::write(&key, "the key of these pseudonyms").expect("written");
    let auth = format!("[auth]\nkeys = [{{ id = \"main\", secret = \"{secret}\" }}]\n");
    let minter = wigwag_token::Minter::hmac("main", secret.as_bytes()).expect("a key");
    let mut claims = wigwag_token::Claims::new("ada@example.com", 4_000_000_000_000);
    claims.grants.can = wigwag_token::Permissions::MANAGE;
    claims.grants.rooms.extend(wigwag_token::RoomPattern::parse("own-*"));
    let token = minter.mint(&claims).expect("a token");
    let mut callers = Vec::new();
    for (users, more) in [
        ("plain", String::new()),
        ("pseudonymous", format!("pseudonym_key_file = {key:?}\n")),
        ("pseudonymous", format!("pseudonym_key_file = {key:?}\n")),
        ("pseudonymous", String::new()),
        ("off", String::new()),
    ] {
        // Written although lines at info are not.
        let log = format!("[log]\nformat = \"json\"\nlevel = \"warn\"\nusers = \"{users}\"\n{more}");
        std::fs::write(&config, format!("{log}{auth}")).expect("written");
        let server = Process::start(&["--config", config.to_str().expect("text")]).await;
        let mut rest = http1::connect(server.addr).await;
        let bearer = format!("Bearer {token}");
        let headers = [("content-type", "application/json"), ("authorization", bearer.as_str())];
        let bodies = [(br#"{"room":"own-1"}"#, StatusCode::OK), (br#"{"room":"other"}"#, StatusCode::FORBIDDEN)];
        for (body, status) in bodies {
            let answer = http1::send(&mut rest, Method::POST, "/v1/rooms", &headers, body).await;
            assert_eq!(answer.status, status);
        }
        let body = br#"{"room":"own-2"}"#;
        let without_token = http1::send(&mut rest, Method::POST, "/v1/rooms", &headers[..1], body).await;
        assert_eq!(without_token.status, StatusCode::UNAUTHORIZED);
        drop(rest);
        let log = Log::of(server).await;
        let fields = |room: &str, outcome: &str| json!({"target": "wigwag_audit", "call": "CreateRoom", "room.id": room, "outcome": outcome});
        let line = log.one("administrative call", fields("own-1", "OK"));
        assert_eq!(line["caller"], log.one("administrative call", fields("other", "FORBIDDEN"))["caller"]);
        callers.push(line["caller"].as_str().map(str::to_owned));
        let audited = log.0.iter().filter(|line| line["target"] == "wigwag_audit").count();
        assert_eq!(audited, 2, "not the call without a token: {:#?}", log.0);
        log.none("session opened");
    }
    let shown = |at: usize| callers[at].as_deref().unwrap_or_default();
    assert_eq!((shown(0), &callers[4]), ("ada@example.com", &None));
    assert!(shown(1).starts_with("user-") && shown(1) == shown(2), "{callers:?}");
    assert!(shown(3).starts_with("user-") && shown(3) != shown(2), "{callers:?}");
}

#[tokio::test]
async fn lines_about_a_namespace_name_it() {
    let secret = "a secret of these tests, 32 bytes or more";
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("wigwag.toml");
    let text = format!("[log]\nformat = \"json\"\n[auth]\nkeys = [{{ id = \"main\", secret = \"{secret}\" }}]\n");
    std::fs::write(&config, text).expect("written");
    let minter = wigwag_token::Minter::hmac("main", secret.as_bytes()).expect("a key");
    let server = Process::start(&["--config", config.to_str().expect("text")]).await;
    for namespace in ["", "team-1"] {
        let mut claims = wigwag_token::Claims::new("ada", 4_000_000_000_000);
        claims.namespace = namespace.to_owned();
        claims.grants.can = wigwag_token::Permissions::all();
        claims.grants.rooms.extend(wigwag_token::RoomPattern::parse("*"));
        let token = minter.mint(&claims).expect("a token");
        let bearer = format!("Bearer {token}");
        let headers = [("content-type", "application/json"), ("authorization", bearer.as_str())];
        let mut rest = http1::connect(server.addr).await;
        let answer = http1::send(&mut rest, Method::POST, "/v1/rooms", &headers, br#"{"room":"demo"}"#).await;
        assert_eq!(answer.status, StatusCode::OK);
        let mut ada =
            Connection::open(Transport::Json, server.addr, Hello { token, ..Hello::default() }).await.expect("in");
        ada.send(ClientFrame { seq: 1, body: Some(Up::Bye(Bye {})), ..ClientFrame::default() }).await;
        ada.ends().await;
    }
    let log = Log::of(server).await;
    let made = json!({"call": "CreateRoom", "room.id": "demo"});
    for (message, fields) in [
        ("administrative call", &made),
        ("room created", &json!({"room.id": "demo"})),
        ("session opened", &json!({"transport": "websocket"})),
        ("session ended", &json!({"reason": "LEFT"})),
    ] {
        let with = |namespace: Value| {
            let mut fields = fields.clone();
            fields["namespace"] = namespace;
            fields
        };
        log.one(message, with(json!("team-1")));
        assert!(log.one(message, with(Value::Null)).get("namespace").is_none(), "{message}: not the empty one");
    }
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
