//! The real binary as a child process.

#![allow(dead_code, reason = "each test file uses a part of this")]

use std::net::SocketAddr;
use std::process::{ExitStatus, Stdio};

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::running::BOUND;

/// A server that has printed its banner.
pub(crate) struct Process {
    pub(crate) child: Child,
    pub(crate) addr: SocketAddr,
    pub(crate) banner: String,
}

/// A command that inherits nothing of the environment but what `env` holds, and the HTTP/2 engine the suites run with.
pub(crate) fn command(program: &str, env: &[(&str, &str)], args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.env_clear();
    if let Ok(engine) = std::env::var("WIGWAG_TEST_HTTP2_ENGINE") {
        command.env("WIGWAG_HTTP2__ENGINE", engine);
    }
    command.envs(env.iter().copied()).args(args).kill_on_drop(true);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs the binary to its end.
pub(crate) async fn run(env: &[(&str, &str)], args: &[&str]) -> (ExitStatus, String, String) {
    let mut command = command(env!("CARGO_BIN_EXE_wigwag-server"), env, args);
    let output = timeout(BOUND, command.output()).await.expect("ends by itself").expect("starts");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (output.status, text(output.stdout), text(output.stderr))
}

/// Starts a server and waits for its banner.
pub(crate) async fn start(mut command: Command) -> Process {
    let mut child = command.spawn().expect("starts");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let mut banner = String::new();
    while !banner.contains("Ctrl-C") {
        let line = timeout(BOUND, lines.next_line()).await.expect("the banner comes").expect("text");
        let Some(line) = line else {
            let mut said = String::new();
            let _ = child.stderr.take().expect("piped").read_to_string(&mut said).await;
            panic!("no banner: {said}");
        };
        banner.push_str(&line);
        banner.push('\n');
    }
    let addr = banner
        .split("listening on ")
        .nth(1)
        .and_then(|rest| rest.split_once("://"))
        .map(|(_, rest)| rest)
        .and_then(|rest| rest.split_whitespace().next())
        .expect("an address");
    Process { addr: addr.parse().expect("an address"), child, banner }
}

impl Process {
    /// Starts the binary on a free port of loopback.
    pub(crate) async fn start(args: &[&str]) -> Self {
        let args = [&["--listen", "127.0.0.1:0"], args].concat();
        start(command(env!("CARGO_BIN_EXE_wigwag-server"), &[], &args)).await
    }

    pub(crate) async fn signal(&self, name: &str) {
        let pid = self.child.id().expect("it runs").to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).status().await.expect("kill runs");
        assert!(sent.success());
    }

    /// Waits for the end; its exit code and all it logged.
    pub(crate) async fn end(mut self) -> (Option<i32>, String) {
        let mut stderr = self.child.stderr.take().expect("piped");
        let mut log = String::new();
        let all = async {
            let (status, _) = tokio::join!(self.child.wait(), stderr.read_to_string(&mut log));
            status.expect("waited for").code()
        };
        let code = timeout(BOUND, all).await.expect("it ends");
        (code, log)
    }
}
