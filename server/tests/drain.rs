//! Shutdown: every session receives go_away, no loss goes unreported, and the process exits in time.

#[path = "support/frames.rs"]
mod frames;
#[path = "support/inbox.rs"]
mod inbox;
#[path = "support/node.rs"]
mod node;
#[path = "support/peer.rs"]
mod peer;
#[path = "shell/process.rs"]
mod process;
#[path = "shell/running.rs"]
mod running;

use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::Instant;
use tonic::Code;
use wigwag_proto::v1::{Advice, GoAway, Hello, ServerFrame, receipt, server_frame::Body as Down, welcome::Outcome};

use frames::{reason, resumable, say};
use node::{Node, client_of, soon};
use peer::Peer;
use process::Process;

const TIMEOUT: Duration = Duration::from_secs(4);
const WINDOW_MS: u32 = 1_000;

/// A node that takes its time to go.
async fn patient() -> Node {
    Node::with(|config| (config.drain.timeout_ms, config.drain.window_ms) = (4_000, WINDOW_MS)).await
}

/// Returns the next frame that is not about other members.
async fn next(peer: &mut Peer) -> ServerFrame {
    loop {
        let frame = peer.next().await;
        match &frame.body {
            Some(Down::MemberLeft(left)) if left.reason == "DRAINING" => {}
            // A room goes from one owner to the next while they end one after the other.
            Some(Down::RoomUpdated(_) | Down::MemberUpdated(_) | Down::Roster(_)) => {}
            _ => return frame,
        }
    }
}

async fn go_away(peer: &mut Peer) -> GoAway {
    let frame = next(peer).await;
    let Some(Down::GoAway(go_away)) = frame.body else { panic!("no go_away: {frame:?}") };
    assert_eq!((frame.seq, go_away.reason.as_str()), (0, "DRAINING"));
    go_away
}

/// Reads the last go_away and the end of the stream.
async fn last_frames(peer: &mut Peer) {
    let last = go_away(peer).await;
    assert_eq!((last.resumable, last.advice()), (false, Advice::Rejoin));
    let status = peer.ends().await.expect_err("the stream ends with a status");
    assert_eq!((status.code(), reason(&status).as_str()), (Code::Unavailable, "DRAINING"));
}

async fn draining_process() -> Process {
    let timeout = format!("drain.timeout_ms={}", TIMEOUT.as_millis());
    let window = format!("drain.window_ms={WINDOW_MS}");
    Process::start(&["--log-level", "warn", "--set", &timeout, "--set", &window]).await
}

#[tokio::test]
async fn a_hundred_streams_and_silent_sockets_are_closed_in_time() {
    let process = draining_process().await;
    let mut silent = Vec::new();
    for _ in 0..20 {
        silent.push(TcpStream::connect(process.addr).await.expect("connects"));
    }
    let mut peers = Vec::new();
    for connection in 0..10 {
        let mut client = client_of(process.addr).await;
        for index in 0..10 {
            let hello = if index % 2 == 0 { resumable() } else { Hello::default() };
            let mut peer = Peer::with(&mut client, hello).await;
            peer.join(&format!("room-{connection}-{index}")).await;
            peers.push(peer);
        }
    }
    let began = Instant::now();
    process.signal("TERM").await;
    let mut moments = Vec::new();
    for peer in &mut peers {
        moments.push(go_away(peer).await.reconnect_after_ms);
    }
    moments.sort_unstable();
    assert!(*moments.last().expect("some") < WINDOW_MS, "{moments:?}");
    assert!(moments.windows(2).all(|pair| pair[0] < pair[1]), "each has its own moment: {moments:?}");
    for peer in &mut peers {
        last_frames(peer).await;
    }
    let (code, log) = process.end().await;
    let took = began.elapsed();
    assert_eq!(code, Some(0), "{log}");
    assert!(took < TIMEOUT + Duration::from_secs(2), "{took:?}");
    assert!(took >= Duration::from_millis(WINDOW_MS.into()), "sessions have their window: {took:?}");
}

#[tokio::test]
async fn clients_that_do_not_read_cannot_hold_it_up() {
    let process = draining_process().await;
    let mut peers = Vec::new();
    let mut talker = Peer::with(&mut client_of(process.addr).await, Hello::default()).await;
    talker.join("demo").await;
    for _ in 0..10 {
        let mut peer = Peer::with(&mut client_of(process.addr).await, resumable()).await;
        peer.join("demo").await;
        talker.expect_joined(peer.id()).await;
        peers.push(peer);
    }
    // More than the streams take without being read, less than the mailboxes.
    let text = "x".repeat(40_000);
    for _ in 0..10 {
        talker.send(say("demo", &text)).await;
    }
    talker.join("demo").await;
    let began = Instant::now();
    process.signal("TERM").await;
    let (code, log) = process.end().await;
    assert_eq!(code, Some(0), "{log}");
    assert!(began.elapsed() < TIMEOUT + Duration::from_secs(2), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_second_signal_stops_at_once() {
    let process = draining_process().await;
    let mut peer = Peer::with(&mut client_of(process.addr).await, resumable()).await;
    process.signal("TERM").await;
    go_away(&mut peer).await;
    let began = Instant::now();
    process.signal("TERM").await;
    let (code, _) = process.end().await;
    assert_eq!(code, Some(130));
    assert!(began.elapsed() < TIMEOUT, "{:?}", began.elapsed());
}

#[tokio::test]
async fn new_sessions_are_refused_and_old_ones_may_still_come_back() {
    let node = patient().await;
    let addr = node.addr;
    let mut ada = Peer::in_room(&node, "demo").await;
    let bob = Peer::in_room(&node, "demo").await;
    ada.expect_joined(bob.id()).await;
    let hello = bob.resume();
    let (sent, seen) = (bob.sent, bob.seen);
    drop(bob);
    let served = node.drain();
    go_away(&mut ada).await;

    for hello in [resumable(), Hello::default(), Hello { replaces: ada.welcome.session_token.clone(), ..resumable() }] {
        let Err((error, status)) = Peer::try_with(&mut client_of(addr).await, hello).await else { panic!("welcomed") };
        assert_eq!((error.reason.as_str(), error.advice()), ("DRAINING", Advice::Retry));
        assert!(error.retry_after_ms > 0);
        assert_eq!((status.code(), reason(&status).as_str()), (Code::Unavailable, "DRAINING"));
    }
    let mut bob = Peer::with(&mut client_of(addr).await, hello).await;
    assert_eq!(bob.welcome.outcome(), Outcome::Resumed);
    bob.sent = sent;
    bob.seen = seen;
    // Until it ends the node does its work: what is sent arrives.
    ada.send(say("demo", "hurry up")).await;
    let heard = loop {
        match bob.next().await {
            frame if frame.seq > 0 => break frames::text_of(&frame).to_owned(),
            frame => assert!(matches!(frame.body, Some(Down::GoAway(_) | Down::Roster(_))), "{frame:?}"),
        }
    };
    assert_eq!(heard, "hurry up");
    bob.ack().await;
    last_frames(&mut bob).await;
    last_frames(&mut ada).await;
    soon("the node ends", served).await.expect("no panic").expect("no error");
}

#[tokio::test]
async fn senders_are_notified_of_what_was_not_acknowledged() {
    let node = patient().await;
    let mut ada = Peer::in_room(&node, "demo").await;
    let mut reads = Peer::in_room(&node, "demo").await;
    ada.expect_joined(reads.id()).await;
    let away = Peer::in_room(&node, "demo").await;
    ada.expect_joined(away.id()).await;
    reads.expect_joined(away.id()).await;
    let ids = [reads.id().to_owned(), away.id().to_owned()];
    drop(away);
    let first = ada.send(say("demo", "acknowledged by one")).await;
    reads.expect_text("acknowledged by one").await;
    reads.ack().await;
    let second = ada.send(say("demo", "not acknowledged")).await;
    reads.expect_text("not acknowledged").await;

    let served = node.drain();
    let mut undeliverable = Vec::new();
    go_away(&mut ada).await;
    for _ in 0..3 {
        let frame = next(&mut ada).await;
        let Some(Down::Receipt(receipt)) = frame.body else { panic!("no receipt: {frame:?}") };
        assert_eq!((receipt.outcome(), receipt.reason.as_str()), (receipt::Outcome::Undeliverable, "DRAINING"));
        undeliverable.push((frame.reply_to, receipt.peer_id));
    }
    undeliverable.sort();
    let mut expected = vec![(first, ids[1].clone()), (second, ids[0].clone()), (second, ids[1].clone())];
    expected.sort();
    assert_eq!(undeliverable, expected);
    last_frames(&mut ada).await;
    soon("the node ends", served).await.expect("no panic").expect("no error");
}

#[tokio::test]
async fn a_client_that_is_away_may_come_back_until_the_deadline() {
    let node = Node::with(|config| config.drain.timeout_ms = 8_000).await;
    let addr = node.addr;
    let mut ada = Peer::in_room(&node, "demo").await;
    let bob = Peer::in_room(&node, "demo").await;
    ada.expect_joined(bob.id()).await;
    let hello = bob.resume();
    drop(bob);
    let began = Instant::now();
    let served = node.drain();
    go_away(&mut ada).await;
    // Well after the window, which is 200 ms for two sessions.
    tokio::time::sleep_until(began + Duration::from_millis(1_000)).await;
    let mut bob = Peer::with(&mut client_of(addr).await, hello).await;
    assert_eq!(bob.welcome.outcome(), Outcome::Resumed);
    let asked = go_away(&mut bob).await;
    assert!(asked.reconnect_after_ms > 0, "it may stay until the drain ends");
    last_frames(&mut bob).await;
    last_frames(&mut ada).await;
    soon("the node ends", served).await.expect("no panic").expect("no error");
    assert!(began.elapsed() < Duration::from_secs(6), "no session is away any more: {:?}", began.elapsed());
}

#[tokio::test]
async fn load_balancers_get_their_time() {
    let node = Node::with(|config| (config.drain.timeout_ms, config.drain.delay_ms) = (8_000, 3_000)).await;
    let addr = node.addr;
    let began = Instant::now();
    let served = node.drain();
    let mut ada = Peer::with(&mut client_of(addr).await, resumable()).await;
    ada.join("demo").await;
    go_away(&mut ada).await;
    assert!(began.elapsed() >= Duration::from_millis(3_000), "sessions are opened and served until then");
    last_frames(&mut ada).await;
    soon("the node ends", served).await.expect("no panic").expect("no error");
}
