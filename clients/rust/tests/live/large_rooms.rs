//! Rooms that come in parts.

use wigwag_client::{Event, Session};
use wigwag_proto::v1::{
    ClientFrame, Hello, Join, ListenRequest, PushRequest, client_frame::Body, server_frame::Body as Down,
    signaling_service_client::SignalingServiceClient,
};

use crate::{
    proxy::Proxy,
    server::{Server, within},
};

/// Four parts, with the largest metadata each.
const MEMBERS: usize = 200;

/// Fills a room with members that are away.
async fn fill(url: &str, room: &str) {
    let endpoint = tonic::transport::Endpoint::from_shared(url.to_owned()).expect("a URL");
    let mut client = SignalingServiceClient::new(endpoint.connect().await.expect("connects"));
    for n in 0..MEMBERS {
        // h2 closes a connection with too many streams that were dropped like these.
        if n % 20 == 0 {
            client = SignalingServiceClient::new(endpoint.connect().await.expect("connects"));
        }
        let metadata = [("k".to_owned(), "x".repeat(4_095))].into();
        let hello =
            Hello { display_name: n.to_string(), metadata, resumable: true, grace_ms: 600_000, ..Hello::default() };
        let down = client.listen(ListenRequest { hello: Some(hello) }).await.expect("a stream");
        let mut down = down.into_inner();
        let frame = within("the welcome comes", down.message()).await.expect("no status").expect("a frame");
        let Some(Down::Welcome(welcome)) = frame.body else { panic!("no welcome: {frame:?}") };
        let join = Body::Join(Join { room: room.to_owned(), ..Join::default() });
        let frames = vec![ClientFrame { seq: 1, ack: 0, body: Some(join) }];
        let push = PushRequest { session_token: welcome.session_token, epoch: welcome.epoch, frames };
        assert_eq!(client.push(push).await.expect("taken").into_inner().ack, 1);
    }
}

#[tokio::test]
async fn a_large_room_is_joined_and_resumed_with_all_its_members() {
    let server = Server::start().await;
    fill(&server.url(), "demo").await;
    let proxy = Proxy::start(server.address).await;
    let session = Session::builder(proxy.url()).display_name("Ada").connect().await.expect("a session");
    let room = within("the join is answered", session.join("demo")).await.expect("joined");
    let names: Vec<String> = room.members().iter().map(|member| member.display_name.clone()).collect();
    assert_eq!(names, (0..MEMBERS).map(|n| n.to_string()).collect::<Vec<_>>());
    assert_eq!(room.found().len(), MEMBERS);
    assert!(room.members().iter().all(|member| member.metadata["k"].len() == 4_095));

    // This client does not get its own change, so that a resume needs the roster.
    room.update_me(Some("Augusta"), [].into()).await.expect("changed");
    let (mut of_session, mut of_room) = (session.events(), room.events());
    proxy.cut();
    while !matches!(within("it resumes", of_session.next()).await, Some(Event::Resumed)) {}
    let other = Session::builder(server.url()).display_name("Bob").connect().await.expect("a session");
    other.join("demo").await.expect("joined");
    loop {
        match within("an event comes", of_room.next()).await.expect("the room goes on") {
            Event::MemberJoined { member, .. } => {
                assert_eq!(member.peer_id, other.peer_id());
                break;
            }
            Event::MemberUpdated { .. } | Event::RoomUpdated { .. } => {}
            event => panic!("{event:?}"),
        }
    }
    assert_eq!(room.members().len(), MEMBERS + 1);
}
