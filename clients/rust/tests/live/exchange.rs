//! Peers find each other and exchange every kind of payload.

use wigwag_client::{Event, IceCandidate, NewRoom, Outcome, Payload, PeerId, SdpType, SessionDescription};

use crate::{
    peers::{envelope, next, pair},
    server::{Server, within},
};

fn all_kinds() -> Vec<Payload> {
    let candidate = IceCandidate {
        candidate: Some("candidate:1 1 udp 2122260223 192.0.2.1 54321 typ host".into()),
        sdp_mid: Some("0".into()),
        sdp_m_line_index: Some(0),
        username_fragment: Some("EsAw".into()),
    };
    vec![
        SessionDescription::offer("v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\n").into(),
        SessionDescription::answer("v=0\r\n\u{e9}\u{1f600}\r\n").into(),
        SessionDescription { kind: SdpType::Pranswer, sdp: "v=0\r\n".into() }.into(),
        SessionDescription { kind: SdpType::Rollback, sdp: String::new() }.into(),
        candidate.into(),
        IceCandidate { candidate: Some("candidate:2".into()), ..IceCandidate::default() }.into(),
        IceCandidate::end_of_candidates().into(),
        Payload::Text("hello".into()),
        Payload::Text(String::new()),
        Payload::Binary((0..=255).collect::<Vec<u8>>().into()),
        Payload::Binary(Vec::new().into()),
        Payload::Sealed(vec![0xff; 40_000].into()),
    ]
}

#[tokio::test]
async fn all_kinds_of_payloads_arrive_unchanged_both_ways() {
    let server = Server::start().await;
    let ((ada, adas), (bob, bobs)) = pair(&server, "kinds").await;
    for (sender, room, receiver, events) in
        [(&ada, &adas, &bob, &mut bobs.events()), (&bob, &bobs, &ada, &mut adas.events())]
    {
        for payload in all_kinds() {
            room.send(&receiver.peer_id(), payload).await.expect("queued");
        }
        for payload in all_kinds() {
            let (from, got) = envelope(events).await;
            assert_eq!(from.as_ref(), Some(&sender.peer_id()));
            assert!(got == payload, "{got:?} is not {payload:?}");
        }
    }
}

#[tokio::test]
async fn a_broadcast_reaches_everybody_else() {
    let server = Server::start().await;
    let ((ada, adas), (_bob, bobs)) = pair(&server, "all").await;
    let cyd = server.session("Cyd").await;
    let cyds = cyd.join("all").await.expect("joined");
    assert_eq!(cyds.members().len(), 2);
    adas.broadcast(Payload::Text("everybody".into())).await.expect("queued");
    for events in [&mut bobs.events(), &mut cyds.events()] {
        let (from, payload) = envelope(events).await;
        assert_eq!((from, payload), (Some(ada.peer_id()), Payload::Text("everybody".into())));
    }
    bobs.broadcast(Payload::Text("back".into())).await.expect("queued");
    let (_, payload) = envelope(&mut adas.events()).await;
    assert_eq!(payload, Payload::Text("back".into()), "the sender does not receive its own broadcast");
}

#[tokio::test]
async fn a_receipt_confirms_delivery() {
    let server = Server::start().await;
    let ((_ada, adas), (bob, bobs)) = pair(&server, "receipts").await;
    let receipt = adas.send_with_receipt(&bob.peer_id(), Payload::Text("sure?".into())).await.expect("queued");
    let receipt = within("the receipt comes", receipt).await.expect("accepted");
    assert_eq!((receipt.peer_id, receipt.outcome), (bob.peer_id(), Outcome::Delivered));
    let (_, payload) = envelope(&mut bobs.events()).await;
    assert_eq!(payload, Payload::Text("sure?".into()));
}

#[tokio::test]
async fn a_receipt_for_an_absent_peer_is_an_error() {
    let server = Server::start().await;
    let ((_ada, adas), _bob) = pair(&server, "absent").await;
    let absent = PeerId::from("aaaaaaaaaaaaaaaaaaaaaaaaaa");
    let receipt = adas.send_with_receipt(&absent, Payload::Text("?".into())).await.expect("queued");
    let error = within("the answer comes", receipt).await.expect_err("no such peer");
    assert_eq!(error.reason, "PEER_NOT_FOUND");
}

#[tokio::test]
async fn a_peer_can_be_reached_without_a_room() {
    let server = Server::start().await;
    let (ada, bob) = (server.session("Ada").await, server.session("Bob").await);
    ada.send(&bob.peer_id(), Payload::Text("psst".into())).await.expect("queued");
    let event = next(&mut bob.events()).await;
    assert!(
        matches!(&event, Event::Envelope { room: None, from: Some(from), payload: Payload::Text(text) }
            if *from == ada.peer_id() && text == "psst"),
        "{event:?}"
    );
}

#[tokio::test]
async fn a_created_room_belongs_to_its_creator() {
    let server = Server::start().await;
    let ada = server.session("Ada").await;
    let room = ada
        .create_room(NewRoom::unnamed().display_name("Stand-up").max_members(2).metadata("topic", "flags"))
        .await
        .expect("a room");
    assert!(room.was_created() && !room.name().is_empty());
    let info = room.info();
    assert_eq!((info.display_name.as_str(), info.max_members), ("Stand-up", 2));
    assert_eq!((info.owner, info.metadata["topic"].as_str()), (Some(ada.peer_id()), "flags"));
    let bob = server.session("Bob").await;
    let bobs = bob.join(room.name()).await.expect("joined");
    assert!(!bobs.was_created());
    assert_eq!(bobs.members()[0].display_name, "Ada");
    room.end().await.expect("ended");
    for events in [&mut room.events(), &mut bobs.events()] {
        loop {
            if let Event::Left { reason, .. } = next(events).await {
                assert_eq!(reason, "ENDED");
                break;
            }
        }
        assert!(events.next().await.is_none());
    }
}
