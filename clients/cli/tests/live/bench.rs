//! `wigwag bench`.

use serde_json::Value;

use crate::support::{SECRET, Server, Tool};

#[test]
fn every_message_of_a_small_load_arrives_and_is_measured() {
    let server = Server::start(&[]);
    let tool = Tool::of(&server);
    let load = ["bench", "--sessions", "6", "--rooms", "2", "--rate", "60", "--duration", "2s", "-o", "json"];
    let result = tool.run(&load).json();
    let count = |name: &str| result[name].as_u64().expect("a number");
    assert_eq!((count("sessions"), count("rooms"), count("lost")), (6, 2, 0));
    assert_eq!((count("sent"), count("received")), (120, 120));
    let ms = |name: &str| result["latency_ms"][name].as_f64().expect("a number");
    assert!(ms("p50") > 0.0 && ms("p50") <= ms("p99") && ms("p99") <= ms("max"), "{result}");
    // Nothing stays behind.
    assert_eq!(tool.run(&["rooms", "list", "-o", "json"]).json(), Value::Array(vec![]));
}

#[test]
fn a_p99_that_is_too_long_is_a_failure() {
    let server = Server::start(&[]);
    let load = ["bench", "--sessions", "2", "--rate", "20", "--duration", "1s"];
    let tool = Tool::of(&server);
    let done = tool.run(&load);
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert!(done.stdout.contains("p99") && done.stdout.contains("2 in 1 rooms"), "{}", done.stdout);
    let load = ["bench", "--sessions", "2", "--rate", "20", "--duration", "3s", "--fail-p99", "100ms"];
    let bench = tool.start(&load);
    // Both are there, and send from now on.
    let joined = (0..500).any(|_| tool.run(&["rooms", "list", "-o", "json"]).json()[0]["memberCount"] == 2);
    assert!(joined, "the sessions join");
    server.pause(std::time::Duration::from_millis(700));
    assert_eq!(bench.end(), 1);
}

#[test]
fn a_load_that_cannot_be_put_on_says_why() {
    let error = Tool::new().run(&["bench", "--sessions", "4", "--rooms", "3"]).fails(64);
    assert!(error.contains("each room needs two"), "{error}");
    Tool::new().run(&["bench", "--sessions", "1"]).fails(64);
    Tool::new().run(&["bench", "--url", "http://127.0.0.1:1"]).fails(69);
    let server = Server::with_authentication();
    let tool = Tool::of(&server).with("WIGWAG_SECRET", SECRET);
    let token = tool.run(&["token", "create", "--sub", "ada", "--room", "lobby"]).ok();
    let error = tool.run(&["bench", "--token", token.trim()]).fails(77);
    assert!(error.contains("FORBIDDEN") || error.contains("ROOM_NOT_FOUND"), "{error}");
}
