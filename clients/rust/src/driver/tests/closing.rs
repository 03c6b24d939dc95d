//! The end of a session.

use std::time::Duration;

use tokio::time::Instant;
use wigwag_proto::v1::{client_frame, server_frame::Body, welcome};

use super::server::{open, sealed, welcome};
use crate::{Event, SessionState};

#[tokio::test(start_paused = true)]
async fn closing_sends_bye_last() {
    let (session, _server, mut connection) = open().await;
    let room = connection.let_join(&session, 1, &[]).await;
    room.broadcast(sealed("last")).await.expect("queued");
    let closing = tokio::spawn({
        let session = session.clone();
        async move { session.close().await }
    });
    assert!(matches!(connection.next().await.body, Some(client_frame::Body::Envelope(_))));
    assert!(matches!(connection.next().await.body, Some(client_frame::Body::Bye(_))));
    drop(connection);
    closing.await.expect("closed");
    assert_eq!((session.state(), session.closed().await), (SessionState::Closed, None));
    assert!(matches!(room.events().next().await, Some(Event::Left { reason, .. }) if reason == "LEFT"));
    assert!(matches!(session.events().next().await, Some(Event::Closed(None))));
    assert!(session.events().next().await.is_none());
    assert_eq!(room.broadcast(sealed("late")).await.expect_err("over").reason, "CLOSED");
}

#[tokio::test(start_paused = true)]
async fn dropping_the_last_handle_sends_bye() {
    let (session, _server, mut connection) = open().await;
    let room = connection.let_join(&session, 1, &[]).await;
    let mut events = session.events();
    drop(session);
    room.broadcast(sealed("still here")).await.expect("a room keeps the session alive");
    drop(room);
    assert!(matches!(connection.next().await.body, Some(client_frame::Body::Envelope(_))));
    assert!(matches!(connection.next().await.body, Some(client_frame::Body::Bye(_))));
    drop(connection);
    assert!(matches!(events.next().await, Some(Event::Closed(None))));
}

#[tokio::test(start_paused = true)]
async fn closing_takes_three_seconds_at_most() {
    let (session, mut server, connection) = open().await;
    connection.cut().await;
    // The client reconnects to a server that does not answer.
    let _silent = server.connection().await;
    let since = Instant::now();
    session.close().await;
    assert!(since.elapsed() <= Duration::from_secs(3), "{:?}", since.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_lost_bye_is_sent_again() {
    let (session, mut server, mut connection) = open().await;
    let closing = tokio::spawn(async move { session.close().await });
    assert!(matches!(connection.next().await.body, Some(client_frame::Body::Bye(_))));
    connection.cut().await;
    let mut connection = server.connection().await;
    assert!(connection.hello().await.resume.is_some());
    connection.send(0, 0, Body::Welcome(welcome(welcome::Outcome::Reset, 2))).await;
    assert!(matches!(connection.next().await.body, Some(client_frame::Body::Bye(_))));
    drop(connection);
    closing.await.expect("closed");
}
