//! Help texts, completion scripts and mistakes on the command line.

use crate::support::Tool;

#[test]
fn every_command_has_a_help_text() {
    let tool = Tool::new();
    let commands = [
        "",
        "token",
        "token create",
        "token inspect",
        "token verify",
        "rooms",
        "rooms list",
        "rooms get",
        "rooms create",
        "rooms update",
        "rooms end",
        "rooms watch",
        "members",
        "members list",
        "members get",
        "members remove",
        "send",
        "join",
        "doctor",
        "ice",
        "bench",
        "completion",
    ];
    for command in commands {
        let arguments: Vec<_> = command.split_whitespace().chain(["--help"]).collect();
        let help = tool.run(&arguments).ok();
        assert!(help.contains("Usage: wigwag"), "{command}: {help}");
    }
    let help = tool.run(&["--help"]).ok();
    for word in ["WIGWAG_URL", "WIGWAG_TOKEN", "NO_COLOR", "Exit codes:", "  77  "] {
        assert!(help.contains(word), "{word}: {help}");
    }
    assert!(tool.run(&["--version"]).ok().starts_with("wigwag "));
}

#[test]
fn an_invalid_command_line_has_its_exit_code() {
    let tool = Tool::new();
    let lines: &[&[&str]] = &[
        &[],
        &["room"],
        &["rooms", "get"],
        &["rooms", "end"],
        &["send", "lobby"],
        &["send", "lobby", "text", "--file", "-"],
        &["rooms", "list", "--output", "xml"],
        &["rooms", "list", "--timeout", "5"],
        &["rooms", "create", "lobby", "--metadata", "novalue"],
        &["token", "create", "--sub", "ada", "--can", "fly"],
    ];
    for line in lines {
        tool.run(line).fails(64);
    }
    let misspelled = tool.run(&["romos", "list"]).fails(64);
    assert!(misspelled.contains("rooms"), "{misspelled}");
}

#[test]
fn each_shell_gets_a_completion_script() {
    let tool = Tool::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = tool.run(&["completion", shell]).ok();
        assert!(script.contains("wigwag") && script.contains("members"), "{shell}");
    }
    tool.run(&["completion", "csh"]).fails(64);
}
