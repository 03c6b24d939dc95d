//! Lost connections: what is sent again, which events are emitted, and when the client stops.

use std::time::Duration;

use tokio::time::Instant;
use wigwag_proto::v1::{self, Advice, ErrorFrame, GoAway, ServerFrame, server_frame::Body, welcome};

use super::server::{LONG, content, envelope, joined, member, open, sealed, welcome};
use crate::{Event, SessionState, transport::ConnectionError};

#[tokio::test(start_paused = true)]
async fn a_cut_is_resumed_and_only_what_is_missing_is_sent_again() {
    let (session, mut server, mut connection) = open().await;
    let room = connection.let_join(&session, 1, &["bob"]).await;
    for text in ["a", "b", "c"] {
        room.broadcast(sealed(text)).await.expect("queued");
        connection.next().await;
    }
    connection.send(2, 0, envelope("first")).await;
    let mut events = room.events();
    assert_eq!(content(events.next().await), "first");
    connection.cut().await;
    let mut connection = server.connection().await;
    assert_eq!(session.state(), SessionState::Reconnecting);
    // Sent while there is no connection.
    room.broadcast(sealed("d")).await.expect("queued");
    let resume = connection.hello().await.resume.expect("a resume");
    assert_eq!((resume.epoch, resume.last_seq, resume.room_versions["demo"]), (1, 2, 1));
    let welcome = Body::Welcome(welcome(welcome::Outcome::Resumed, 2));
    connection.frame(ServerFrame { ack: 2, body: Some(welcome), ..Default::default() }).await;
    let bare = connection.next().await;
    assert_eq!((bare.seq, bare.ack, bare.body), (0, 2, None));
    for seq in 3..=5 {
        assert_eq!(connection.next().await.seq, seq);
    }
    // One the client has, and the one it misses.
    connection.send(2, 0, envelope("first")).await;
    connection.send(3, 0, envelope("second")).await;
    assert_eq!(content(events.next().await), "second");
    let mut ups = session.events();
    assert!(matches!(ups.next().await, Some(Event::Reconnecting)));
    assert!(matches!(ups.next().await, Some(Event::Resumed)));
    assert_eq!(session.state(), SessionState::Online);
}

#[tokio::test(start_paused = true)]
async fn the_features_of_the_server_are_those_of_the_last_welcome() {
    let (session, mut server, connection) = open().await;
    assert_eq!(session.server_features(), Vec::<String>::new());
    connection.cut().await;
    let mut connection = server.connection().await;
    connection.hello().await;
    let features = vec!["envelope_hints".to_owned(), "of_a_newer_version".to_owned()];
    let resumed = v1::Welcome { features: features.clone(), ..welcome(welcome::Outcome::Resumed, 2) };
    connection.send(0, 0, Body::Welcome(resumed)).await;
    connection.next().await;
    assert_eq!(session.server_features(), features);
    // The next server is an older one.
    connection.cut().await;
    let mut connection = server.resume(3, 0).await;
    connection.next().await;
    assert_eq!(session.server_features(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_roster_after_a_resume_is_reported_as_its_differences() {
    let (session, mut server, mut connection) = open().await;
    let room = connection.let_join(&session, 1, &["bob", "cyd"]).await;
    connection.cut().await;
    let connection = server.resume(2, 1).await;
    let members = vec![member("cyd"), member("dee")];
    connection
        .send(0, 0, Body::Roster(v1::Roster { room: "demo".into(), version: 4, members, ..Default::default() }))
        .await;
    let mut events = room.events();
    let left = events.next().await;
    assert!(
        matches!(&left, Some(Event::MemberLeft { peer_id, reason: None, .. }) if peer_id.as_str() == "bob"),
        "{left:?}"
    );
    let came = events.next().await;
    assert!(matches!(&came, Some(Event::MemberJoined { member, .. }) if member.peer_id.as_str() == "dee"), "{came:?}");
    let ids: Vec<String> = room.members().iter().map(|member| member.peer_id.to_string()).collect();
    assert_eq!(ids, ["cyd", "dee"]);
}

#[tokio::test(start_paused = true)]
async fn a_reset_fails_what_waits_and_empties_the_rooms() {
    let (session, mut server, mut connection) = open().await;
    let room = connection.let_join(&session, 1, &["bob"]).await;
    let receipt = room.send_with_receipt(&"bob".into(), sealed("x")).await.expect("queued");
    let joining = tokio::spawn({
        let session = session.clone();
        async move { session.join("other").await.map(|_| ()) }
    });
    connection.next().await;
    connection.next().await;
    connection.cut().await;
    let mut connection = server.connection().await;
    assert!(connection.hello().await.resume.is_some());
    let reset = v1::Welcome { reset_reason: "EXPIRED".into(), ..welcome(welcome::Outcome::Reset, 7) };
    connection.send(0, 0, Body::Welcome(reset)).await;
    let error = receipt.await.expect_err("lost");
    assert_eq!((error.reason.as_ref(), error.metadata["reset_reason"].as_str()), ("RESET", "EXPIRED"));
    assert_eq!(joining.await.expect("client task").expect_err("lost").reason, "RESET");
    assert!(matches!(room.events().next().await, Some(Event::Left { reason, .. }) if reason == "EXPIRED"));
    let mut events = session.events();
    assert!(matches!(events.next().await, Some(Event::Reconnecting)));
    let reset = events.next().await;
    assert!(
        matches!(&reset, Some(Event::Reset { reason, peer_id }) if reason == "EXPIRED" && peer_id.as_str() == "peer7"),
        "{reset:?}"
    );
    assert_eq!(session.peer_id().as_str(), "peer7");
    // The new session counts from 1 again.
    let _ = tokio::time::timeout(LONG, async {
        let again = session.clone();
        tokio::join!(again.join("demo"), async {
            let request = connection.next().await;
            assert_eq!(request.seq, 1);
            connection.send(1, 1, Body::Joined(joined(1, &[]))).await;
        })
        .0
    })
    .await
    .expect("answered");
}

#[tokio::test(start_paused = true)]
async fn waits_are_bounded_and_retry_after_is_the_minimum() {
    let (session, mut server, connection) = open().await;
    connection.cut().await;
    let since = Instant::now();
    let mut connection = server.connection().await;
    assert!(since.elapsed() <= Duration::from_millis(250), "the first attempt comes soon: {:?}", since.elapsed());
    for _ in 0..10 {
        let since = Instant::now();
        connection.cut().await;
        connection = server.connection().await;
        assert!(since.elapsed() <= Duration::from_secs(8), "{:?}", since.elapsed());
    }
    let since = Instant::now();
    let limited = ErrorFrame { reason: "RATE_LIMITED".into(), code: 8, retry_after_ms: 20_000, ..fatal() };
    connection.send(0, 0, Body::Error(limited)).await;
    server.resume(2, 0).await;
    assert!((20_000..20_500).contains(&since.elapsed().as_millis()), "{:?}", since.elapsed());
    drop(session);
}

#[tokio::test(start_paused = true)]
async fn a_session_superseded_by_another_client_stops() {
    let (session, mut server, connection) = open().await;
    let superseded = ErrorFrame { reason: "SUPERSEDED".into(), code: 10, advice: Advice::Resume.into(), ..fatal() };
    connection.send(0, 0, Body::Error(superseded)).await;
    assert_eq!(session.closed().await.expect("a reason").reason, "SUPERSEDED");
    assert!(tokio::time::timeout(LONG, server.attempts.recv()).await.expect("the client has stopped").is_none());
    assert_eq!(session.join("demo").await.expect_err("over").reason, "SUPERSEDED");
    assert!(matches!(session.events().next().await, Some(Event::Closed(Some(error))) if error.reason == "SUPERSEDED"));
}

#[tokio::test(start_paused = true)]
async fn two_resumes_stuck_at_the_same_frame_stop() {
    let (session, mut server, connection) = open().await;
    // A frame is missing, each time.
    connection.send(5, 0, envelope("x")).await;
    for epoch in 2..=3 {
        let connection = server.resume(epoch, 0).await;
        connection.send(5, 0, envelope("x")).await;
    }
    let error = session.closed().await.expect("a reason");
    assert_eq!((error.reason.as_ref(), error.retryable), ("STUCK", false));
}

#[tokio::test(start_paused = true)]
async fn a_broken_network_never_stops_the_client() {
    let (_session, mut server, connection) = open().await;
    connection.cut().await;
    for epoch in 2..12 {
        server.resume(epoch, 0).await.cut().await;
    }
}

#[tokio::test(start_paused = true)]
async fn after_go_away_the_client_moves_at_the_time_the_server_named() {
    let (session, mut server, connection) = open().await;
    let since = Instant::now();
    let endpoint = "http://elsewhere:8080".to_owned();
    let go_away = GoAway { reconnect_after_ms: 3_000, resumable: true, endpoint, ..GoAway::default() };
    connection.send(0, 0, Body::GoAway(go_away)).await;
    let mut connection = server.connection().await;
    assert_eq!(since.elapsed().as_secs(), 3);
    assert_eq!(connection.endpoint.as_deref(), Some("http://elsewhere:8080"));
    assert!(connection.hello().await.resume.is_some());
    drop(session);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_ends_with_its_server_is_replaced_by_a_new_one() {
    let (session, mut server, connection) = open().await;
    let advice = Advice::Rejoin.into();
    connection.send(0, 0, Body::GoAway(GoAway { reason: "DRAINING".into(), advice, ..GoAway::default() })).await;
    drop(connection);
    let mut connection = server.connection().await;
    assert!(connection.hello().await.resume.is_none());
    connection.send(0, 0, Body::Welcome(welcome(welcome::Outcome::New, 9))).await;
    let mut events = session.events();
    assert!(matches!(events.next().await, Some(Event::Reconnecting)));
    assert!(matches!(events.next().await, Some(Event::Reset { reason, .. }) if reason == "DRAINING"));
}

#[tokio::test(start_paused = true)]
async fn a_frame_that_cannot_be_decoded_twice_ends_the_session() {
    let (session, mut server, connection) = open().await;
    let broken = || ConnectionError { by_frame: true, ..ConnectionError::unreachable("undecodable") };
    connection.down.send(Err(broken())).await.expect("a client");
    for epoch in 2..=3 {
        let mut connection = server.resume(epoch, 0).await;
        assert!(connection.next().await.body.is_none());
        connection.down.send(Err(broken())).await.expect("a client");
    }
    assert_eq!(session.closed().await.expect("a reason").reason, "STUCK");
}

fn fatal() -> ErrorFrame {
    ErrorFrame { fatal: true, ..ErrorFrame::default() }
}
