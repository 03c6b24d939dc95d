//! On one HTTP/2 connection, good streams lose nothing because of bad ones.

use std::{panic, time::Duration};

use wigwag_chaos::{
    server::InProcess,
    shared_connection::{self, Kind, Options},
};

/// Keeps the panics of the handler that is there for this test out of its output.
fn expect_panics() {
    let print = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if panic.payload_as_str() != Some("a test has requested this") {
            print(panic);
        }
    }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn good_streams_lose_nothing_to_bad_ones() {
    expect_panics();
    let change = |config: &mut wigwag_server::config::Config| {
        // Bad streams are ended within the seconds of this test, and come back.
        config.http2.send_timeout_ms = 2_000;
        config.session.write_timeout_ms = 2_000;
        config.connections.message_timeout_ms = 2_000;
        config.connections.first_byte_timeout_ms = 1_000;
        config.connections.handshake_timeout_ms = 2_000;
        // hyper has no time limit for responses that wait for a window.
        config.http2.engine = Default::default();
    };
    let (server, control) = (InProcess::start(change).await.expect("starts"), InProcess::start(change).await);
    let control = control.expect("starts");
    let options = Options {
        duration: Duration::from_secs(6),
        pairs: 10,
        attackers: 20,
        kinds: Kind::ALL.into_iter().chain([Kind::Panics("/test/panic")]).collect(),
        watch_interval: Duration::from_secs(2),
    };
    let run = shared_connection::run(server.addr, control.addr, &options, |at, victims| println!("{at:?}: {victims}"));
    let outcome = run.await.expect("runs");
    println!("{outcome}");
    assert_eq!(outcome.victims.lost, 0, "{outcome}");
    assert!(outcome.victims.round_trips > 200, "{outcome}");
    assert!(outcome.ended > 50, "the server ends bad streams: {outcome}");
    server.stop().await.expect("stops");
    control.stop().await.expect("stops");
}
