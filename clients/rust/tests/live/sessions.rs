//! What a session is given, and what takes its place.

use wigwag_client::{Event, Session};

use crate::{
    peers::next,
    server::{Server, within},
};

#[tokio::test]
async fn ice_servers_are_given_and_can_be_asked_for() {
    let turn = r#"[{urls = ["turn:turn.example.org"], username = "ada", credential = "a secret"}]"#;
    let server = Server::start_with(&[("WIGWAG_ICE__SERVERS", turn)]).await;
    let session = Session::connect(server.url()).await.expect("a session");
    let given = session.ice_servers();
    assert_eq!(given.servers[0].urls, ["turn:turn.example.org"]);
    assert_eq!((given.servers[0].username.as_str(), given.servers[0].credential.as_str()), ("ada", "a secret"));
    let asked = within("the server answers", session.fetch_ice_servers()).await.expect("servers");
    assert_eq!(asked, given);
    server.kill();
    let error = within("the call fails", session.fetch_ice_servers()).await.expect_err("no server");
    assert_eq!((error.reason.as_ref(), error.retryable), ("UNREACHABLE", true));
}

#[tokio::test]
async fn a_session_takes_the_place_of_an_earlier_one() {
    let server = Server::start().await;
    let (ada, bob) = (server.session("Ada").await, server.session("Bob").await);
    let adas = ada.join("page").await.expect("joined");
    let bobs = bob.join("page").await.expect("joined");
    let mut events = adas.events();
    assert!(matches!(next(&mut events).await, Event::MemberJoined { .. }));
    let former = bob.peer_id();
    let again = Session::builder(server.url()).replaces(bob.session_token()).connect().await.expect("a session");
    let event = next(&mut events).await;
    assert!(
        matches!(&event, Event::MemberLeft { peer_id, reason: Some(reason), .. } if *peer_id == former && reason == "REPLACED"),
        "{event:?}"
    );
    assert_ne!(again.session_token(), bob.session_token());
    // The replaced session receives the reason, and does not reconnect.
    assert!(matches!(next(&mut bobs.events()).await, Event::Left { reason, .. } if reason == "REPLACED"));
    let end = within("it ends", bob.closed()).await.expect("not closed by its application");
    assert_eq!((end.reason.as_ref(), end.retryable), ("REPLACED", false));
}

#[tokio::test]
async fn the_features_of_the_server_are_known() {
    let server = Server::start().await;
    let session = Session::connect(server.url()).await.expect("a session");
    assert_eq!(session.server_features(), ["envelope_hints", "roster_parts", "token_expiring"]);
}
