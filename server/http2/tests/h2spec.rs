//! Conformance as h2spec (github.com/summerwind/h2spec) tests it. `make setup` installs h2spec if there is Go; without
//! h2spec this prints so and passes.

#[path = "../../net/tests/support/listening.rs"]
mod listening;
#[path = "../../net/tests/support/services.rs"]
mod services;

use std::io::ErrorKind;
use std::process::Stdio;

use listening::{Authority, Listening, http2_engine, soon};
use tokio::process::Command;
use wigwag_net::listener::ListenerConfig;

/// The one case that is meant to fail: bytes that are not the preface of HTTP/2 are HTTP/1 to the listener, which answers
/// with status 400 in HTTP/1 before it closes the connection.
const ANSWERED_IN_HTTP1: &str = "Sends invalid connection preface";

#[tokio::test]
async fn h2spec_strict_passes() {
    let listening = Listening::start(services::app(), |_| {}).await;
    h2spec(listening, &[]).await;
}

#[tokio::test]
async fn h2spec_strict_passes_over_tls() {
    let context = Authority::new().context();
    let settings = ListenerConfig { http2_engine: http2_engine(), ..ListenerConfig::default() };
    let listening = Listening::with_tls(services::app(), context, settings).await;
    h2spec(listening, &["--tls", "--insecure"]).await;
}

async fn h2spec(listening: Listening, more: &[&str]) {
    let port = listening.addr.port().to_string();
    // A path whose service reads the whole request, so that the response does not come before an error.
    let arguments = ["--host", "127.0.0.1", "--port", &port, "--path", "/count", "--strict", "--timeout", "5"];
    let mut command = Command::new("h2spec");
    let output = command.args(arguments).args(more).stdin(Stdio::null()).kill_on_drop(true).output();
    let output = match soon("h2spec exits", output).await {
        Ok(output) => output,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            eprintln!("h2spec is not installed: conformance is not tested");
            return;
        }
        Err(error) => panic!("cannot run h2spec: {error}"),
    };
    listening.stop().await;
    let report = String::from_utf8_lossy(&output.stdout);
    let failures = report.split("Failures:").nth(1).unwrap_or_default();
    let failed: Vec<&str> = failures.lines().filter(|line| line.trim_start().starts_with('×')).collect();
    assert!(report.contains("tests, "), "h2spec did not finish:\n{report}");
    assert!(failed.iter().all(|line| line.contains(ANSWERED_IN_HTTP1)), "{report}");
}
