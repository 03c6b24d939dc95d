//! `wigwag rooms`.

use serde_json::{Value, json};

use crate::support::{Server, Tool};

#[test]
fn a_room_is_created_changed_shown_and_ended() {
    let server = Server::start(&[]);
    let tool = Tool::of(&server);
    let created = tool
        .run(&[
            "rooms",
            "create",
            "lobby",
            "--display-name",
            "Lobby",
            "--max-members",
            "5",
            "--duplicate-users",
            "reject",
            "--metadata",
            "topic=tea",
            "--metadata",
            "lang=en",
            "--empty-timeout",
            "10m",
            "-o",
            "json",
        ])
        .json();
    assert_eq!(created["room"], "lobby");
    assert_eq!(created["maxMembers"], 5);
    assert_eq!(created["metadata"], json!({ "topic": "tea", "lang": "en" }));

    let shown = tool.run(&["rooms", "get", "lobby"]).ok();
    for word in ["lobby", "0 of 5", "reject", "10m", "lang=en topic=tea"] {
        assert!(shown.contains(word), "{word}: {shown}");
    }
    let updated =
        tool.run(&["rooms", "update", "lobby", "--max-members", "9", "--metadata", "topic=", "-o", "json"]).json();
    assert_eq!((&updated["maxMembers"], &updated["metadata"]), (&json!(9), &json!({ "lang": "en" })));
    assert_eq!(updated["displayName"], "Lobby");

    let table = tool.run(&["rooms", "list"]).ok();
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["ROOM", "MEMBERS", "LIMIT", "AGE", "OWNER", "NAME"]);
    assert_eq!((rows.len(), &rows[1][..3], rows[1][5]), (2, &["lobby", "0", "9"][..], "Lobby"));
    let yaml = tool.run(&["rooms", "list", "--output", "yaml"]).ok();
    assert!(yaml.contains("room: lobby") && yaml.starts_with('-'), "{yaml}");

    assert_eq!(tool.run(&["rooms", "end", "lobby"]).ok(), "ended lobby\n");
    assert_eq!(tool.run(&["rooms", "list", "-o", "json"]).json(), json!([]));
}

#[test]
fn errors_name_the_reason_and_what_to_do() {
    let server = Server::start(&[]);
    let tool = Tool::of(&server);
    for line in [
        &["rooms", "get", "lobby"][..],
        &["rooms", "end", "lobby"],
        &["rooms", "update", "lobby", "--max-members", "2"],
    ] {
        let error = tool.run(line).fails(66);
        assert!(error.starts_with("error: ") && error.contains("ROOM_NOT_FOUND"), "{error}");
        assert!(error.contains("wigwag rooms list"), "{error}");
    }
    tool.run(&["rooms", "create", "lobby"]).ok();
    let error = tool.run(&["rooms", "create", "lobby", "-o", "json"]).fails(65);
    let error: Value = serde_json::from_str(&error).expect("one JSON object");
    assert_eq!((&error["reason"], &error["exit_code"]), (&json!("ROOM_EXISTS"), &json!(65)));
    assert!(error["hint"].as_str().is_some_and(|hint| hint.contains("rooms update")), "{error}");
    let error = tool.run(&["rooms", "create", &"x".repeat(129)]).fails(65);
    assert!(error.contains("INVALID_FIELD") && error.contains("128"), "{error}");
    let error = tool.run(&["rooms", "update", "lobby"]).fails(64);
    assert!(error.contains("--max-members"), "{error}");
}

#[test]
fn a_list_has_every_page_and_keeps_to_its_limit() {
    let server = Server::start(&[]);
    let tool = Tool::of(&server);
    let unnamed = tool.run(&["rooms", "create", "-o", "json"]).json();
    assert!(unnamed["room"].as_str().is_some_and(|room| room.len() > 16), "{unnamed}");
    for room in ["team-1", "team-2", "other"] {
        tool.run(&["rooms", "create", room]).ok();
    }
    let names = |arguments: &[&str]| {
        let list = tool.run(arguments).json();
        let rooms = list.as_array().expect("a list").iter();
        rooms.map(|room| room["room"].as_str().expect("a name").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(&["rooms", "list", "--prefix", "team-", "-o", "json"]), ["team-1", "team-2"]);
    assert_eq!(names(&["rooms", "list", "--prefix", "team-", "--limit", "1", "-o", "json"]), ["team-1"]);
    assert_eq!(names(&["rooms", "list", "-o", "json"]).len(), 4);
}

#[test]
fn the_same_request_id_creates_one_room() {
    let server = Server::start(&[]);
    let tool = Tool::of(&server);
    let once = tool.run(&["rooms", "create", "--request-id", "r1", "-o", "json"]).json();
    let twice = tool.run(&["rooms", "create", "--request-id", "r1", "-o", "json"]).json();
    assert_eq!(once["room"], twice["room"]);
}

#[test]
fn a_watch_shows_what_is_there_and_what_changes() {
    let server = Server::start(&[]);
    let tool = Tool::of(&server);
    tool.run(&["rooms", "create", "lobby"]).ok();
    let watch = tool.start(&["rooms", "watch"]);
    let json = tool.start(&["rooms", "watch", "stage", "-o", "json"]);
    watch.line_with("lobby  exists, 0 members");
    watch.line_with("all rooms shown");
    assert!(json.line().contains("synced"));
    tool.run(&["rooms", "create", "stage"]).ok();
    watch.line_with("stage  created");
    let created: Value = serde_json::from_str(&json.line()).expect("one JSON object a line");
    assert_eq!(created["roomCreated"]["roomInfo"]["room"], "stage");
    tool.run(&["rooms", "update", "stage", "--max-members", "7"]).ok();
    watch.line_with("limit 7");
    tool.run(&["rooms", "end", "stage", "lobby"]).ok();
    watch.line_with("stage  ended (ENDED)");
    watch.line_with("lobby  ended (ENDED)");
    assert!(json.line().contains("roomUpdated"));
    assert!(json.line().contains("roomEnded"));
}

#[test]
fn a_snapshot_ends_when_all_rooms_are_shown() {
    let server = Server::start(&[]);
    let tool = Tool::of(&server);
    tool.run(&["rooms", "create", "lobby"]).ok();
    let shown = tool.run(&["rooms", "watch", "--snapshot", "-o", "yaml"]).ok();
    assert!(shown.starts_with("---\n") && shown.contains("room: lobby"), "{shown}");
}
