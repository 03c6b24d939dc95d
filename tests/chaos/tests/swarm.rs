//! Sessions survive a network that breaks, over both doors.

use std::time::Duration;

use wigwag_chaos::{judge::judge, server::InProcess, swarm};

async fn survive(options: swarm::Options, resumes: u64) {
    let heartbeat_ms = u32::try_from(options.heartbeat.as_millis()).expect("short");
    let server = InProcess::start(|config| config.session.heartbeat_ms = heartbeat_ms).await.expect("starts");
    let history = swarm::run(server.addr, options).await.expect("runs");
    server.stop().await.expect("stops");
    let verdict = judge(&history);
    println!("{options:?}: {verdict}");
    assert!(verdict.is_clean(), "{verdict}\n{:#?}", verdict.violations);
    assert_eq!(verdict.messages, u64::from(options.messages));
    // A session whose acknowledgements vanish on the way may rightly be taken for a slow one; the rest is delivered.
    assert!(verdict.undeliverable < verdict.deliveries / 1_000, "{verdict}");
    assert!(verdict.resumes >= resumes, "{verdict}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_thousand_messages_and_three_hundred_resumes() {
    let heartbeat = Duration::from_millis(1_000);
    survive(swarm::Options { sessions: 100, messages: 20_000, cuts: 480, seed: 1, heartbeat }, 300).await;
}
