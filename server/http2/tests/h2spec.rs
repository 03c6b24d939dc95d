//! HTTP/2 as the protocol's own test program sees it: h2spec (github.com/summerwind/h2spec), which `make test` installs
//! where there is Go. Without it this says so and passes.

#[path = "../../net/tests/support/listening.rs"]
mod listening;
#[path = "../../net/tests/support/services.rs"]
mod services;

use std::io::ErrorKind;
use std::process::Stdio;

use listening::{Listening, soon};
use tokio::process::Command;

/// The one case that does not hold, and is not to: what does not begin like HTTP/2 is HTTP/1 here, and is answered with
/// 400 in that protocol before the connection is closed.
const ANSWERED_IN_HTTP1: &str = "Sends invalid connection preface";

#[tokio::test]
async fn h2spec_finds_nothing() {
    let listening = Listening::start(services::app(), |_| {}).await;
    let port = listening.addr.port().to_string();
    // A path whose service waits for the whole request, so that its answer overtakes no error.
    let arguments = ["--host", "127.0.0.1", "--port", &port, "--path", "/count", "--strict", "--timeout", "5"];
    let output = Command::new("h2spec").args(arguments).stdin(Stdio::null()).kill_on_drop(true).output();
    let output = match soon("h2spec is done", output).await {
        Ok(output) => output,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            eprintln!("h2spec is not installed: HTTP/2 is not checked by it");
            return;
        }
        Err(error) => panic!("h2spec cannot be run: {error}"),
    };
    listening.stop().await;
    let report = String::from_utf8_lossy(&output.stdout);
    let failures = report.split("Failures:").nth(1).unwrap_or_default();
    let failed: Vec<&str> = failures.lines().filter(|line| line.trim_start().starts_with('×')).collect();
    assert!(report.contains("tests, "), "h2spec did not come to its end:\n{report}");
    assert!(failed.iter().all(|line| line.contains(ANSWERED_IN_HTTP1)), "{report}");
}
