//! The end of a session.

use wigwag_client::{Event, Payload, Session, SessionState};

use crate::{
    peers::{envelope, next, pair},
    proxy::Proxy,
    server::{Server, within},
};

#[tokio::test]
async fn a_bye_takes_effect_at_once_and_after_everything_that_was_sent() {
    let server = Server::start().await;
    let ((_ada, adas), (bob, bobs)) = pair(&server, "bye").await;
    for number in 0..100 {
        bobs.broadcast(Payload::Text(number.to_string())).await.expect("queued");
    }
    within("the session closes", bob.close()).await;
    assert_eq!((bob.state(), bob.closed().await), (SessionState::Closed, None));
    let mut events = adas.events();
    for number in 0..100 {
        let (_, payload) = envelope(&mut events).await;
        assert_eq!(payload, Payload::Text(number.to_string()));
    }
    let event = next(&mut events).await;
    assert!(
        matches!(&event, Event::MemberLeft { peer_id, reason: Some(reason), .. } if *peer_id == bob.peer_id() && reason == "LEFT"),
        "{event:?}"
    );
    assert_eq!(bobs.broadcast(Payload::Text("late".into())).await.expect_err("over").reason, "CLOSED");
}

#[tokio::test]
async fn dropping_the_last_handle_is_a_bye() {
    let server = Server::start().await;
    let ((_ada, adas), (bob, bobs)) = pair(&server, "drop").await;
    let peer = bob.peer_id();
    drop((bob, bobs));
    let event = next(&mut adas.events()).await;
    assert!(
        matches!(&event, Event::MemberLeft { peer_id, reason: Some(reason), .. } if *peer_id == peer && reason == "LEFT"),
        "{event:?}"
    );
}

#[tokio::test]
async fn a_session_without_a_connection_closes_in_time() {
    let server = Server::start().await;
    let proxy = Proxy::start(server.address).await;
    let session = Session::connect(proxy.url()).await.expect("a session");
    let mut events = session.events();
    proxy.shut();
    assert!(matches!(next(&mut events).await, Event::Reconnecting));
    within("the session closes", session.close()).await;
    assert!(matches!(next(&mut events).await, Event::Closed(None)));
    assert!(events.next().await.is_none());
}
