//! A process that does not run for a while: stopped by a signal, a paused container, a snapshot of a virtual machine.

#[path = "websocket/client.rs"]
mod client;
#[path = "shell/process.rs"]
mod process;
#[path = "shell/running.rs"]
mod running;

use std::time::Duration;

use tokio::time::sleep;
use wigwag_proto::v1::{Hello, Join, Pong, client_frame::Body as Up, server_frame::Body as Down};

use client::{Client, JSON};
use process::Process;
use running::soon;

/// Longer than every deadline of the settings below.
const PAUSE: Duration = Duration::from_secs(5);

#[tokio::test]
async fn time_in_which_the_process_did_not_run_is_not_the_clients_silence() {
    let process = Process::start(&[
        "--log-level",
        "error",
        "--set",
        "session.heartbeat_ms=500",
        "--set",
        "session.grace_ms=2000",
        "--set",
        "http2.keepalive_interval_ms=1000",
        "--set",
        "http2.keepalive_timeout_ms=1000",
    ])
    .await;
    let mut away = Client::connect(process.addr, JSON).await;
    let left = away.hello(Hello { resumable: true, ..Hello::default() }).await;
    drop(away);
    let mut ada = Client::connect(process.addr, JSON).await;
    ada.hello(Hello { resumable: true, ..Hello::default() }).await;
    // It answers until the process stops; its last pong is read afterwards.
    let pinged = |frame: &wigwag_proto::v1::ServerFrame| matches!(frame.body, Some(Down::Ping(_)));
    for _ in 0..2 {
        while !pinged(&ada.frame().await.expect("it goes on")) {}
        ada.send(0, 0, Some(Up::Pong(Pong {}))).await;
    }
    process.signal("STOP").await;
    sleep(PAUSE).await;
    process.signal("CONT").await;
    // As an answer to a ping that was sent before.
    ada.send(0, 0, Some(Up::Pong(Pong {}))).await;
    // The session that was away is in its grace period still.
    let resume = wigwag_proto::v1::Resume {
        session_token: left.session_token.clone(),
        epoch: left.epoch,
        ..wigwag_proto::v1::Resume::default()
    };
    let mut back = Client::connect(process.addr, JSON).await;
    let welcome = back.hello(Hello { resumable: true, resume: Some(resume), ..Hello::default() }).await;
    assert_eq!(welcome.peer_id, left.peer_id, "{welcome:?}");
    // The other one goes on for many heartbeats.
    ada.send(1, 0, Some(Up::Join(Join { room: "demo".into(), ..Join::default() }))).await;
    let mut pings = 0;
    let mut joined = false;
    while pings < 6 || !joined {
        let frame = soon("a frame", ada.frame()).await.expect("it goes on");
        match frame.body {
            Some(Down::Ping(_)) => {
                pings += 1;
                ada.send(0, 0, Some(Up::Pong(Pong {}))).await;
            }
            Some(Down::Joined(_)) => joined = true,
            Some(Down::Error(error)) => panic!("{error:?}"),
            _ => {}
        }
    }
}
