//! Sessions survive broken connections on every transport, and resume over other transports.

use std::time::Duration;

use wigwag_chaos::{dial::Transport, judge::judge, server::InProcess, swarm};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_thousand_messages_and_three_hundred_resumes() {
    let heartbeat = Duration::from_millis(1_000);
    let options = swarm::Options { sessions: 100, messages: 20_000, cuts: 480, seed: 1, heartbeat };
    let server = InProcess::start(|config| {
        let (session, frames) = (&mut config.session, swarm::ROOMY as usize);
        session.heartbeat_ms = 1_000;
        (session.mailbox_frames, session.mailbox_bytes) = (frames, frames << 10);
        (session.detached_frames, session.detached_bytes) = (frames, frames << 10);
    });
    let server = server.await.expect("starts");
    let history = swarm::run(server.addr, options).await.expect("runs");
    server.stop().await.expect("stops");
    let verdict = judge(&history);
    println!("{verdict}");
    let replay = format!("replay: {options}");
    assert!(verdict.is_clean(), "{verdict}\n{:#?}\n{replay}", verdict.violations);
    assert_eq!((verdict.messages, verdict.undeliverable), (options.messages.into(), 0), "{verdict}\n{replay}");
    assert!(verdict.resumes >= 300, "{verdict}\n{replay}");
    let through = Transport::ALL.map(|transport| verdict.by_transport.get(&transport).copied().unwrap_or(0));
    assert!(through.iter().all(|resumes| *resumes >= 20) && verdict.moved >= 20, "{verdict}\n{replay}");
}
