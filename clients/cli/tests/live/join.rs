//! `wigwag join`.

use crate::support::{Server, Tool};

#[test]
fn two_terminals_talk_in_a_room() {
    let server = Server::start(&[]);
    let tool = Tool::of(&server);
    let mut ada = tool.start(&["join", "lobby", "--name", "Ada"]);
    assert!(ada.line_with("joined lobby as").ends_with("no other members"));
    let mut bob = tool.start(&["join", "lobby", "--name", "Bob"]);
    bob.line_with("here: Ada");
    ada.line_with("Bob (");

    ada.type_line("hello, all");
    assert!(bob.line_with("hello, all").contains("Ada ("));
    bob.type_line("/to Ada just you");
    assert!(ada.line_with("just you").contains("Bob ("));
    bob.type_line("//not a command");
    assert!(ada.line_with("not a command").ends_with(": /not a command"));
    bob.type_line("/quit");
    ada.line_with("left (LEFT)");
    assert_eq!(bob.end(), 0);
    assert_eq!(ada.end(), 0);
}

#[test]
fn what_is_piped_in_is_sent_before_it_leaves() {
    let server = Server::start(&[]);
    let tool = Tool::of(&server);
    let ada = tool.start(&["join", "lobby", "--no-input"]);
    ada.line_with("joined lobby as");
    let text: String = (0..100).map(|line| format!("line {line}\n")).collect();
    tool.run_with_input(&["join", "lobby", "--name", "pipe"], &text).ok();
    ada.line_with("joined");
    for line in 0..100 {
        let shown = ada.line();
        assert!(shown.ends_with(&format!("line {line}")), "{shown}");
    }
    ada.line_with("left (LEFT)");
}

#[test]
fn an_echo_answers_its_sender() {
    let server = Server::start(&[]);
    let tool = Tool::of(&server);
    let echo = tool.start(&["join", "lobby", "--name", "echo", "--echo", "--no-input"]);
    echo.line_with("joined lobby as");
    let mut ada = tool.start(&["join", "lobby", "--name", "Ada"]);
    ada.line_with("here: echo");
    ada.type_line("are you there?");
    assert!(ada.line_with("are you there?").contains("echo ("));
}

#[test]
fn the_end_of_the_room_ends_the_command() {
    let server = Server::start(&[]);
    let tool = Tool::of(&server);
    let ada = tool.start(&["join", "lobby", "--no-input"]);
    ada.line_with("joined lobby as");
    tool.run(&["rooms", "end", "lobby"]).ok();
    ada.line_with("left: ENDED");
    assert_eq!(ada.end(), 1);
}

#[test]
fn a_join_that_is_refused_says_why() {
    let server = Server::with_authentication();
    let error = Tool::of(&server).run(&["join", "lobby"]).fails(77);
    assert!(error.contains("TOKEN_MISSING") && error.contains("wigwag token create"), "{error}");
    let error = Tool::new().run(&["join", "lobby", "--url", "http://127.0.0.1:1"]).fails(69);
    assert!(error.contains("http://127.0.0.1:1") && error.contains("wigwag-server dev"), "{error}");
}
