//! The server ends with an error when the runner's request is not one, instead of serving something else.

use std::{
    io::Write as _,
    process::{Command, Output, Stdio},
};

/// Starts the server with bytes on its standard input and waits for its end.
fn run(stack: &str, input: &[u8]) -> Output {
    let mut server = Command::new(env!("CARGO_BIN_EXE_wigwag-grpc-conformance"))
        .args(["--stack", stack])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the server starts");
    // It may have ended already.
    let _ = server.stdin.take().expect("the input is piped").write_all(input);
    server.wait_with_output().expect("the server ends")
}

#[test]
fn a_request_that_ends_early_is_refused() {
    for input in [&[][..], &[0, 0], &[0, 0, 0, 9, 1]] {
        let output = run("router", input);
        assert!(!output.status.success(), "{output:?}");
        assert!(output.stdout.is_empty(), "no address is announced: {output:?}");
    }
}

#[test]
fn an_unknown_stack_is_refused() {
    let output = run("axum", &[]);
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && message.contains("router") && message.contains("hyper"), "{message}");
}
