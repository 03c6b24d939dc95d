//! `wigwag send`.

use serde_json::{Value, json};

use crate::support::{Server, Tool};

#[test]
fn a_message_reaches_a_room_or_one_member() {
    let server = Server::start(&[]);
    let tool = Tool::of(&server);
    let ada = tool.start(&["join", "lobby", "--name", "Ada", "-o", "json"]);
    let joined: Value = serde_json::from_str(&ada.line()).expect("JSON");
    let ada_id = joined["peer_id"].as_str().expect("a peer id");
    let bob = tool.start(&["join", "lobby", "--name", "Bob"]);
    bob.line_with("joined lobby as");

    assert_eq!(tool.run(&["send", "lobby", "tea is ready"]).ok(), "reached 2 members\n");
    bob.line_with("the server: tea is ready");
    let sent: Value = serde_json::from_str(&ada.line_with("envelope")).expect("JSON");
    assert_eq!((&sent["from"], &sent["text"], &sent["kind"]), (&Value::Null, &json!("tea is ready"), &json!("text")));

    let one = tool.run(&["send", "lobby", "--to", ada_id, "only you", "-o", "json"]).json();
    assert_eq!(one["accepted"], 1);
    ada.line_with("only you");

    let from_input = tool.run_with_input(&["send", "lobby", "--file", "-", "--binary"], "\u{0}\u{1}\u{2}");
    assert_eq!(from_input.ok(), "reached 2 members\n");
    // The message to one of them has not come to the other.
    let next = bob.line();
    assert!(next.contains("binary, 3 bytes"), "{next}");
}

#[test]
fn a_message_that_cannot_be_sent_says_why() {
    let server = Server::start(&[]);
    let tool = Tool::of(&server);
    assert!(tool.run(&["send", "lobby", "hello"]).fails(66).contains("ROOM_NOT_FOUND"));
    tool.run(&["rooms", "create", "lobby"]).ok();
    assert_eq!(tool.run(&["send", "lobby", "hello"]).ok(), "reached 0 members\n");
    assert!(tool.run(&["send", "lobby", "hello", "--to", "x"]).fails(66).contains("PEER_NOT_FOUND"));
    assert!(tool.run(&["send", "lobby", "--file", "/no/such/file"]).fails(66).contains("/no/such/file"));
    let large = tool.run_with_input(&["send", "lobby", "--file", "-"], &"x".repeat(2 << 20));
    assert_ne!(large.code, 0);
    assert!(!large.stderr.is_empty() && large.stdout.is_empty(), "{}", large.stderr);
}

#[test]
fn the_same_request_id_sends_once() {
    let server = Server::start(&[]);
    let tool = Tool::of(&server);
    let ada = tool.start(&["join", "lobby"]);
    ada.line_with("joined lobby as");
    for _ in 0..2 {
        assert_eq!(tool.run(&["send", "lobby", "once", "--request-id", "r1"]).ok(), "reached 1 member\n");
    }
    tool.run(&["send", "lobby", "twice"]).ok();
    assert!(ada.line().ends_with("the server: once"));
    assert!(ada.line().ends_with("the server: twice"));
}
