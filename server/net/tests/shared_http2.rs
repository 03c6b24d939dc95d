//! Streams of one HTTP/2 connection that belong to different clients, those of a proxy: none harms another.

#[path = "support/frames.rs"]
mod frames;
#[path = "support/listening.rs"]
mod listening;
#[path = "support/services.rs"]
mod services;

use std::time::Duration;

use frames::{CANCEL, DATA, GOAWAY, HEADERS, PING, RST_STREAM, frame, next, post};
use listening::{Listening, soon};
use tokio::{
    io::AsyncWriteExt as _,
    net::tcp::{OwnedReadHalf, OwnedWriteHalf},
};
use wigwag_net::listener::{Http2Engine, ListenerConfig};

/// Starts a listener with the engine that has these limits.
async fn listening(change: impl FnOnce(&mut ListenerConfig)) -> Listening {
    Listening::start(services::app(), |settings| {
        settings.http2_engine = Http2Engine::Wigwag;
        change(settings);
    })
    .await
}

/// Waits for the response to a request on this stream. Returns the resets that came before it.
async fn answered(read: &mut OwnedReadHalf, stream: u32) -> Vec<(u32, u32)> {
    let mut resets = Vec::new();
    loop {
        let frame = soon("an answer", next(read)).await.expect("the connection is open");
        match frame.kind {
            HEADERS if frame.stream == stream => return resets,
            RST_STREAM => resets.push((frame.stream, frame.u32_at(0))),
            GOAWAY => panic!("the connection is closed: {frame:?}"),
            _ => {}
        }
    }
}

async fn send(write: &mut OwnedWriteHalf, bytes: &[u8]) {
    write.write_all(bytes).await.expect("the listener reads");
}

#[tokio::test]
async fn an_aborted_request_takes_no_other_with_it() {
    let listening = listening(|_| {}).await;
    let (mut read, mut write) = frames::connect(listening.addr).await;
    send(&mut write, &post(1, "/forever")).await;
    assert_eq!(answered(&mut read, 1).await, []);
    send(&mut write, &post(3, "/abort")).await;
    let frame = loop {
        let frame = soon("a reset", next(&mut read)).await.expect("the connection is open");
        if frame.kind == RST_STREAM {
            break frame;
        }
    };
    assert_eq!((frame.stream, frame.u32_at(0)), (3, CANCEL));
    send(&mut write, &post(5, "/ok")).await;
    assert_eq!(answered(&mut read, 5).await, []);
    assert_eq!(listening.stats.open(), 1);
    listening.stop().await;
}

#[tokio::test]
async fn unread_bodies_leave_the_connection_to_others() {
    let listening = listening(|_| {}).await;
    let (mut read, mut write) = frames::connect(listening.addr).await;
    // More than twice the window of the connection.
    for n in 0..48 {
        let body = frame(DATA, 0, 2 * n + 1, &[0; 16_384]).repeat(3);
        send(&mut write, &[post(2 * n + 1, "/unread"), body].concat()).await;
        assert_eq!(answered(&mut read, 2 * n + 1).await, []);
    }
    send(&mut write, &post(101, "/count")).await;
    for n in 0..40 {
        send(&mut write, &frame(DATA, u8::from(n == 39), 101, &[0; 1_000])).await;
    }
    assert_eq!(answered(&mut read, 101).await, []);
    listening.stop().await;
}

#[tokio::test]
async fn bodies_that_use_up_the_memory_are_those_that_end() {
    let listening = listening(|settings| settings.request_memory = 256 * 1024).await;
    let (mut read, mut write) = frames::connect(listening.addr).await;
    for n in 0..20 {
        let body = frame(DATA, 0, 2 * n + 1, &[0; 16_384]).repeat(3);
        send(&mut write, &[post(2 * n + 1, "/unread"), body].concat()).await;
    }
    send(&mut write, &post(101, "/ok")).await;
    let resets = answered(&mut read, 101).await;
    assert!((10..20).contains(&resets.len()), "{resets:?}");
    assert!(resets.iter().all(|(_, code)| *code == frames::ENHANCE_YOUR_CALM), "{resets:?}");
    drop((read, write));
    listening.stop().await;
}

#[tokio::test]
async fn clients_that_give_up_together_are_no_attack() {
    let listening = listening(|_| {}).await;
    let (mut read, mut write) = frames::connect(listening.addr).await;
    let reset = |stream| frame(RST_STREAM, 0, stream, &CANCEL.to_be_bytes());
    for n in 0..450 {
        send(&mut write, &[post(4 * n + 1, "/forever"), post(4 * n + 3, "/forever"), reset(4 * n + 3)].concat()).await;
    }
    send(&mut write, &post(2_001, "/ok")).await;
    assert_eq!(answered(&mut read, 2_001).await, []);
    assert_eq!(listening.stats.http2().floods(), 0);
    listening.stop().await;
}

#[tokio::test]
async fn a_reset_flood_is_refused_and_counted_before_the_connection_ends() {
    let listening = listening(|_| {}).await;
    let (mut read, mut write) = frames::connect(listening.addr).await;
    let flood = tokio::spawn(async move {
        for n in 0..20_000 {
            let reset = frame(RST_STREAM, 0, 2 * n + 1, &CANCEL.to_be_bytes());
            if write.write_all(&[post(2 * n + 1, "/forever"), reset].concat()).await.is_err() {
                break;
            }
        }
        write
    });
    let mut refused = 0;
    let goaway = loop {
        let frame = soon("GOAWAY", next(&mut read)).await.expect("GOAWAY before the end");
        match frame.kind {
            RST_STREAM => refused += u32::from(frame.u32_at(0) == frames::REFUSED_STREAM),
            GOAWAY => break frame,
            _ => {}
        }
    };
    assert_eq!(goaway.u32_at(4), frames::ENHANCE_YOUR_CALM);
    assert!(refused >= 10_000, "{refused}");
    drop((read, flood));
    let stats = listening.stats.clone();
    listening.stop().await;
    assert_eq!(stats.http2().floods(), 1);
    assert!(stats.http2().refused_resets() >= u64::from(refused));
}

#[tokio::test]
async fn a_silent_peer_gets_a_ping_and_then_goaway() {
    let listening = listening(|settings| {
        settings.keepalive_interval = Some(Duration::from_millis(200));
        settings.keepalive_timeout = Duration::from_millis(100);
    })
    .await;
    let (mut read, mut write) = frames::connect(listening.addr).await;
    send(&mut write, &post(1, "/forever")).await;
    let (mut pinged, mut goaway) = (false, None);
    while let Some(frame) = soon("the connection is closed", next(&mut read)).await {
        match frame.kind {
            PING => pinged = true,
            GOAWAY => goaway = Some((pinged, frame.u32_at(4))),
            _ => {}
        }
    }
    assert_eq!(goaway, Some((true, 0)), "GOAWAY with NO_ERROR after the ping");
    assert_eq!(listening.stats.http2().keepalive_timeouts(), 1);
    listening.stop().await;
}

#[tokio::test]
async fn an_old_connection_is_asked_to_go_and_its_streams_may_finish() {
    let listening = listening(|settings| {
        settings.max_connection_age = Some(Duration::from_millis(200));
        settings.connection_age_grace = Duration::from_secs(30);
    })
    .await;
    let (mut read, mut write) = frames::connect(listening.addr).await;
    send(&mut write, &post(1, "/count")).await;
    let mut answer = None;
    while let Some(frame) = soon("the connection is closed", next(&mut read)).await {
        match frame.kind {
            // What the server sent after its PING is acknowledged names the last stream.
            PING => send(&mut write, &frames::frame(PING, 1, 0, &frame.payload)).await,
            GOAWAY if frame.u32_at(0) == 1 => send(&mut write, &frames::frame(DATA, 1, 1, b"four")).await,
            DATA => answer = Some(frame.payload),
            _ => {}
        }
    }
    assert_eq!(answer.as_deref(), Some(&b"4"[..]));
    listening.stop().await;
}

#[tokio::test]
async fn an_old_connection_is_closed_after_its_grace() {
    let listening = listening(|settings| {
        settings.max_connection_age = Some(Duration::from_millis(100));
        settings.connection_age_grace = Duration::from_millis(100);
    })
    .await;
    let (mut read, mut write) = frames::connect(listening.addr).await;
    send(&mut write, &post(1, "/forever")).await;
    let mut told = false;
    while let Some(frame) = soon("the connection is closed", next(&mut read)).await {
        told |= frame.kind == GOAWAY;
    }
    assert!(told, "GOAWAY before the close");
    listening.stop().await;
}

#[tokio::test]
async fn a_thousand_streams_are_served() {
    let listening = listening(|_| {}).await;
    let (mut read, mut write) = frames::connect(listening.addr).await;
    for n in 0..1_000 {
        send(&mut write, &post(2 * n + 1, "/forever")).await;
    }
    let mut served = 0;
    while served < 1_000 {
        let frame = soon("an answer", next(&mut read)).await.expect("open");
        assert!(![RST_STREAM, GOAWAY].contains(&frame.kind), "{frame:?}");
        served += u32::from(frame.kind == HEADERS);
    }
    listening.stop().await;
}
