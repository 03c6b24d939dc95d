//! `wigwag members`, with members that `wigwag join` is.

use serde_json::{Value, json};

use crate::support::{Running, Server, Tool};

fn joined(tool: &Tool, room: &str, name: &str) -> (Running, String) {
    let member = tool.start(&["join", room, "--name", name, "-o", "json"]);
    let joined: Value = serde_json::from_str(&member.line()).expect("one JSON object a line");
    let peer_id = joined["peer_id"].as_str().expect("a peer id").to_owned();
    (member, peer_id)
}

#[test]
fn members_are_listed_shown_and_removed() {
    let server = Server::start(&[]);
    let tool = Tool::of(&server);
    let (ada, ada_id) = joined(&tool, "lobby", "Ada");
    let (bob, bob_id) = joined(&tool, "lobby", "Bob\u{202e}");
    let table = tool.run(&["members", "list", "lobby"]).ok();
    let rows: Vec<_> = table.lines().collect();
    assert!(rows[0].starts_with("PEER") && rows.len() == 3, "{table}");
    assert!(rows[1].contains(&ada_id) && rows[1].contains("owner") && rows[1].ends_with("Ada"), "{table}");
    assert!(rows[2].contains(&bob_id) && rows[2].contains("online") && rows[2].ends_with("Bob\\u{202e}"), "{table}");
    let list = tool.run(&["members", "list", "lobby", "--limit", "1", "-o", "json"]).json();
    assert_eq!((list.as_array().map(Vec::len), &list[0]["peerId"]), (Some(1), &json!(ada_id)));

    let one = tool.run(&["members", "get", "lobby", &bob_id, "-o", "json"]).json();
    assert_eq!(one["role"], "ROLE_MEMBER");
    assert!(tool.run(&["members", "get", "lobby", &ada_id]).ok().contains("Ada"));
    assert!(tool.run(&["members", "get", "lobby", &ada_id, "-o", "yaml"]).ok().contains("displayName: Ada"));

    assert!(tool.run(&["members", "remove", "lobby", &bob_id]).ok().starts_with("removed "));
    let left: Value = serde_json::from_str(&bob.line_with("left")).expect("JSON");
    assert_eq!(left["reason"], "REMOVED");
    assert_eq!(bob.end(), 1);
    ada.line_with("member_left");
    assert!(tool.run(&["members", "remove", "lobby", &ada_id, "--ban"]).ok().starts_with("banned "));
    ada.line_with("BANNED");
}

#[test]
fn a_missing_room_or_member_is_named() {
    let server = Server::start(&[]);
    let tool = Tool::of(&server);
    assert!(tool.run(&["members", "list", "lobby"]).fails(66).contains("ROOM_NOT_FOUND"));
    tool.run(&["rooms", "create", "lobby"]).ok();
    assert_eq!(tool.run(&["members", "list", "lobby", "-o", "json"]).json(), json!([]));
    for verb in ["get", "remove"] {
        let error = tool.run(&["members", verb, "lobby", "x"]).fails(66);
        assert!(error.contains("PEER_NOT_FOUND") && error.contains("wigwag members list"), "{error}");
    }
}
