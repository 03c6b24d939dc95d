//! The way up by `Push`: exact under retries, fenced by epochs. And what keeps a connection alive.

#[path = "support/frames.rs"]
mod frames;
#[path = "support/inbox.rs"]
mod inbox;
#[path = "support/node.rs"]
mod node;
#[path = "support/peer.rs"]
mod peer;
#[path = "support/web.rs"]
mod web;

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};
use tonic::Code;
use wigwag_proto::v1::{
    Bye, ClientFrame, Hello, PushRequest, client_frame::Body as Up, server_frame::Body as Down, welcome::Outcome,
};

use frames::{join, leave, pong, reason, say};
use node::Node;
use peer::Peer;
use web::Web;

fn numbered(seq: u32, body: Up) -> ClientFrame {
    ClientFrame { seq, ack: 0, body: Some(body) }
}

fn said(seq: u32, text: &str) -> ClientFrame {
    numbered(seq, say("demo", text))
}

/// A node whose heartbeats are quick.
async fn quick() -> Node {
    Node::with(|config| config.session.heartbeat_ms = 1_000).await
}

#[tokio::test]
async fn listen_is_always_resumable() {
    let node = Node::start().await;
    let web = Web::open(&node).await;
    assert_eq!((web.welcome.outcome(), web.welcome.grace_ms, web.welcome.epoch), (Outcome::New, 30_000, 1));
    let hello = Hello { grace_ms: u32::MAX, ..Hello::default() };
    let web = Web::with(node.client().await, hello).await;
    assert_eq!(web.welcome.grace_ms, 600_000, "no more than the server allows");
}

#[tokio::test]
async fn a_push_is_exact_under_retries() {
    let node = Node::start().await;
    let mut ada = Peer::in_room(&node, "demo").await;
    let mut web = Web::in_room(&node, "demo").await;
    ada.expect_joined(web.id()).await;

    let batch = || vec![said(2, "2"), said(3, "3")];
    for _ in 0..3 {
        // The same again, as after a lost answer.
        assert_eq!(web.push(batch()).await.expect("taken").ack, 3);
    }
    let overlapping = vec![said(2, "2"), said(3, "3"), said(4, "4"), said(5, "5")];
    assert_eq!(web.push(overlapping).await.expect("taken").ack, 5);
    let beyond_a_gap = vec![said(6, "6"), said(8, "8"), said(9, "9")];
    assert_eq!(web.push(beyond_a_gap).await.expect("taken").ack, 6, "what lies beyond a gap is dropped");
    assert_eq!(web.push(vec![said(9, "9")]).await.expect("taken").ack, 6, "and not kept");
    assert_eq!(web.push(Vec::new()).await.expect("taken").ack, 6);
    assert_eq!(web.push(vec![said(7, "7")]).await.expect("taken").ack, 7);
    for text in ["2", "3", "4", "5", "6", "7"] {
        assert_eq!(ada.expect_text(text).await, web.id());
    }
    web.sent = 7;
    web.send(leave("demo")).await;
    ada.expect_left().await;
}

#[tokio::test]
async fn pushes_at_the_same_time_apply_each_frame_once() {
    let node = Node::start().await;
    let mut ada = Peer::in_room(&node, "demo").await;
    let mut web = Web::in_room(&node, "demo").await;
    ada.expect_joined(web.id()).await;
    let request = PushRequest {
        session_token: web.welcome.session_token.clone(),
        epoch: 1,
        frames: (2..=40).map(|seq| said(seq, &seq.to_string())).collect(),
    };
    let mut calls = Vec::new();
    for _ in 0..8 {
        let (mut client, request) = (node.client().await, request.clone());
        calls.push(tokio::spawn(async move { client.push(request).await }));
    }
    for call in calls {
        let ack = call.await.expect("no panic").expect("taken").into_inner().ack;
        assert!((2..=40).contains(&ack), "{ack}");
    }
    for seq in 2..=40 {
        ada.expect_text(&seq.to_string()).await;
    }
    web.sent = 40;
    web.send(say("demo", "last")).await;
    ada.expect_text("last").await;
}

#[tokio::test]
async fn an_error_uses_its_number_up_and_comes_down_the_stream() {
    let node = Node::start().await;
    let mut web = Web::in_room(&node, "demo").await;
    let frames = vec![
        numbered(2, say("elsewhere", "x")),
        ClientFrame { seq: 3, ack: 0, body: None },
        numbered(4, join("second")),
    ];
    assert_eq!(web.push(frames).await.expect("taken").ack, 4);
    assert_eq!(web.refused(2).await.reason, "NOT_JOINED");
    assert_eq!(web.refused(3).await.reason, "UNKNOWN_FRAME");
    assert_eq!(web.expect_joined_room().await.room, "second");
}

#[tokio::test]
async fn what_cannot_be_pushed_is_refused_as_a_whole_call() {
    let node = Node::start().await;
    let mut web = Web::in_room(&node, "demo").await;
    let hello = ClientFrame { body: Some(Up::Hello(Hello::default())), ..ClientFrame::default() };
    let future_ack = ClientFrame { ack: 99, ..ClientFrame::default() };
    for frame in [hello, numbered(0, say("demo", "x")), future_ack] {
        let status = web.push(vec![frame]).await.expect_err("refused");
        assert_eq!((status.code(), reason(&status).as_str()), (Code::InvalidArgument, "INVALID_FIELD"));
    }
    // None of it has touched the session.
    web.send(leave("demo")).await;
    web.expect_own_left().await;
}

#[tokio::test]
async fn an_epoch_that_is_over_takes_nothing() {
    let node = Node::start().await;
    let mut ada = Peer::in_room(&node, "demo").await;
    let mut web = Web::in_room(&node, "demo").await;
    ada.expect_joined(web.id()).await;

    let mut newer = Web::with(node.client().await, web.resume()).await;
    (newer.sent, newer.seen) = (web.sent, web.seen);
    let status = web.push(vec![said(2, "too late")]).await.expect_err("fenced");
    assert_eq!((status.code(), reason(&status).as_str()), (Code::Aborted, "SUPERSEDED"));
    assert_eq!(web.expect_fatal().await.reason, "SUPERSEDED");
    let status = newer.push_in(3, Vec::new()).await.expect_err("an epoch without a welcome");
    assert_eq!(status.code(), Code::Aborted);

    newer.expect_roster().await;
    newer.send(say("demo", "in time")).await;
    ada.expect_text("in time").await;
}

#[tokio::test]
async fn without_a_stream_a_push_is_refused_until_the_session_is_resumed() {
    let node = Node::start().await;
    let mut ada = Peer::in_room(&node, "demo").await;
    let web = Web::in_room(&node, "demo").await;
    ada.expect_joined(web.id()).await;
    let (hello, sent, seen) = (web.resume(), web.sent, web.seen);
    let token = web.welcome.session_token.clone();
    drop(web);
    node.until("wigwag_sessions_attached", 1).await;

    let mut client = node.client().await;
    let request = PushRequest { session_token: token, epoch: 1, frames: vec![said(2, "early")] };
    let status = client.push(request).await.expect_err("refused");
    assert_eq!((status.code(), reason(&status).as_str()), (Code::Aborted, "DETACHED"));

    let mut web = Web::with(client, hello).await;
    assert_eq!((web.welcome.outcome(), web.welcome.epoch), (Outcome::Resumed, 2));
    (web.sent, web.seen) = (sent, seen);
    web.expect_roster().await;
    web.send(say("demo", "now")).await;
    ada.expect_text("now").await;
}

#[tokio::test]
async fn an_unknown_session_is_refused() {
    let node = Node::start().await;
    let mut web = Web::open(&node).await;
    for token in [String::new(), "nonsense".into(), format!("{}x", web.welcome.session_token)] {
        web.welcome.session_token = token;
        web.push_fails(Code::NotFound, "UNKNOWN_SESSION").await;
    }
}

#[tokio::test]
async fn a_bye_by_push_ends_both_ways() {
    let node = Node::start().await;
    let mut ada = Peer::in_room(&node, "demo").await;
    let mut web = Web::in_room(&node, "demo").await;
    ada.expect_joined(web.id()).await;
    let frames = vec![said(2, "goodbye"), numbered(3, Up::Bye(Bye {}))];
    web.push(frames).await.expect("taken");
    ada.expect_text("goodbye").await;
    assert_eq!(ada.expect_left().await.reason, "LEFT");
    web.push_fails(Code::NotFound, "UNKNOWN_SESSION").await;
    web.ends().await.expect("after a bye the stream ends with OK");
    let again = Web::with(node.client().await, web.resume()).await;
    assert!(again.is_reset("ENDED"), "{:?}", again.welcome);
}

#[tokio::test]
async fn a_bye_that_arrives_after_its_stream_still_ends_the_session() {
    let node = Node::start().await;
    let mut ada = Peer::in_room(&node, "demo").await;
    let web = Web::in_room(&node, "demo").await;
    ada.expect_joined(web.id()).await;
    let session_token = web.welcome.session_token.clone();
    drop(web);
    node.until("wigwag_sessions_attached", 1).await;

    let frames = vec![said(2, "not accepted"), numbered(3, Up::Bye(Bye {}))];
    let request = PushRequest { session_token, epoch: 1, frames };
    let mut client = node.client().await;
    let answer = client.push(request.clone()).await.expect("taken").into_inner();
    assert_eq!(answer.ack, 0, "the frames before it were not applied");
    assert_eq!(ada.expect_left().await.reason, "LEFT");
    let status = client.push(request).await.expect_err("over");
    assert_eq!(reason(&status), "UNKNOWN_SESSION");
}

#[tokio::test]
async fn a_bye_of_an_older_attachment_does_not_end_a_newer_one() {
    let node = Node::start().await;
    let mut ada = Peer::in_room(&node, "demo").await;
    let mut web = Web::in_room(&node, "demo").await;
    ada.expect_joined(web.id()).await;
    let mut newer = Web::with(node.client().await, web.resume()).await;
    (newer.sent, newer.seen) = (web.sent, web.seen);

    let status = web.push(vec![numbered(2, Up::Bye(Bye {}))]).await.expect_err("fenced");
    assert_eq!(reason(&status), "SUPERSEDED");
    newer.expect_roster().await;
    newer.send(say("demo", "still here")).await;
    ada.expect_text("still here").await;
}

/// Bug j of `hub/tests/bugs.rs`, with a node that notices.
#[tokio::test]
async fn a_listener_that_does_not_answer_pings_is_detached_and_can_resume() {
    let node = quick().await;
    // Not resumable, so that unanswered pings do not detach it while the test reads another stream.
    let mut ada = Peer::live(&node).await;
    ada.join("demo").await;
    let mut web = Web::in_room(&node, "demo").await;
    ada.expect_joined(web.id()).await;
    let began = Instant::now();
    assert_eq!(web.expect_fatal().await.reason, "HEARTBEAT_TIMEOUT");
    assert!(began.elapsed() >= Duration::from_millis(800), "two pings went unanswered: {:?}", began.elapsed());
    web.push_fails(Code::Aborted, "DETACHED").await;

    let (sent, seen, hello) = (web.sent, web.seen, web.resume());
    let mut web = Web::with(node.client().await, hello).await;
    assert_eq!(web.welcome.outcome(), Outcome::Resumed);
    (web.sent, web.seen) = (sent, seen);
    web.expect_roster().await;
    web.send(say("demo", "back")).await;
    ada.expect_text("back").await;
}

#[tokio::test]
async fn pongs_by_push_keep_a_listener_attached() {
    let node = quick().await;
    let mut web = Web::in_room(&node, "demo").await;
    for _ in 0..8 {
        while !matches!(web.any().await.body, Some(Down::Ping(_))) {}
        web.push(vec![pong()]).await.expect("still attached");
    }
    assert_eq!(node.metric("wigwag_resumes_total").await, 0);
}

#[tokio::test]
async fn a_signal_stream_that_does_not_answer_pings_is_detached_only_if_resumable() {
    let node = quick().await;
    let mut live = Peer::live(&node).await;
    live.alive = false;
    let mut silent = Peer::open(&node).await;
    silent.alive = false;
    assert_eq!(silent.expect_fatal().await.reason, "HEARTBEAT_TIMEOUT");
    let mut answering = Peer::open(&node).await;
    // Nothing comes but pings, and they are answered.
    assert!(timeout(Duration::from_millis(2_000), answering.try_next()).await.is_err());
    answering.join("demo").await;
    live.join("demo").await;
}

#[tokio::test]
async fn a_connection_without_a_first_frame_is_closed_with_a_reason() {
    let node = Node::with(|config| config.session.hello_timeout_ms = 1_000).await;
    let refused = Peer::begin(&mut node.client().await, Vec::new()).await;
    let Err((error, status)) = refused else { panic!("welcomed") };
    assert_eq!((error.reason.as_str(), error.fatal), ("HELLO_TIMEOUT", true));
    assert_eq!((status.code(), reason(&status).as_str()), (Code::DeadlineExceeded, "HELLO_TIMEOUT"));
    // After its first frame a connection may be silent for longer.
    let mut peer = Peer::open(&node).await;
    sleep(Duration::from_millis(1_500)).await;
    peer.join("demo").await;
}

#[tokio::test]
async fn the_server_acknowledges_frames_without_an_answer() {
    let node = Node::start().await;
    let mut peer = Peer::in_room(&node, "demo").await;
    let seq = peer.send(say("demo", "to an absent peer")).await;
    let began = Instant::now();
    peer.applied(seq).await;
    assert!(began.elapsed() < Duration::from_secs(5), "long before the next heartbeat");
}

#[tokio::test]
async fn a_session_that_is_not_resumable_takes_no_push() {
    let node = Node::start().await;
    let mut ada = Peer::in_room(&node, "demo").await;
    let mut live = Peer::live(&node).await;
    live.join("demo").await;
    ada.expect_joined(live.id()).await;
    let push = PushRequest {
        session_token: live.welcome.session_token.clone(),
        epoch: live.welcome.epoch,
        frames: vec![said(2, "pushed")],
    };
    for _ in 0..3 {
        let refused = node.client().await.push(push.clone()).await.expect_err("refused");
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::InvalidArgument, "INVALID_FIELD"));
    }
    let bye = PushRequest { frames: vec![numbered(3, Up::Bye(Bye {}))], ..push };
    node.client().await.push(bye).await.expect_err("refused");
    live.send(say("demo", "on its own stream")).await;
    ada.expect_text("on its own stream").await;
    // The token serves to replace the session.
    let hello = Hello { replaces: live.welcome.session_token.clone(), ..Hello::default() };
    Peer::with(&mut node.client().await, hello).await;
    assert_eq!(ada.expect_left().await.reason, "REPLACED");
}
