//! Connections that break, and sessions that do not.

use std::time::Duration;

use tokio::sync::watch;
use wigwag_client::{Event, Events, Payload, PeerId, Room, Session, SessionState};

use crate::{
    peers::{envelope, next, pair},
    proxy::Proxy,
    server::{Server, within},
};

/// Envelopes in each direction in the tests with cuts.
const ENVELOPES: u32 = 2_000;
/// Envelopes a peer receives between two cuts of its connection.
const BETWEEN_CUTS: u32 = 150;
/// How far a peer sends ahead of what it receives: well below the 256 frames a server keeps for a peer without connection.
const AHEAD: u32 = 100;

async fn through(proxy: &Proxy, name: &str) -> Session {
    Session::builder(proxy.url()).display_name(name).connect().await.expect("a session")
}

/// Sends the numbers from 0, and receives those of the other peer. `progress` is called with each number received.
async fn exchange(room: &Room, peer: &PeerId, progress: impl Fn(u32)) {
    let (received, mut progress_of_peer) = watch::channel(0);
    let sending = async {
        for number in 0..ENVELOPES {
            progress_of_peer.wait_for(|received| number < received + AHEAD).await.expect("a receiving half");
            room.send(peer, Payload::Text(number.to_string())).await.expect("queued");
        }
    };
    let receiving = async {
        let mut events = room.events();
        for number in 0..ENVELOPES {
            match next(&mut events).await {
                Event::Envelope { from, payload: Payload::Text(text), .. } => {
                    assert_eq!(from.as_ref(), Some(peer));
                    assert_eq!(text, number.to_string(), "in order, once, and completely");
                }
                other => panic!("not an envelope: {other:?}"),
            }
            received.send_replace(number + 1);
            progress(number);
        }
    };
    tokio::join!(sending, receiving);
}

/// Two peers, each with its own proxy, and a third that watches.
struct Scene {
    proxies: [Proxy; 2],
    sessions: [Session; 2],
    rooms: [Room; 2],
    _watcher: Session,
    watched: Room,
    _server: Server,
}

impl Scene {
    async fn set(room: &str) -> Self {
        let server = Server::start().await;
        let proxies = [Proxy::start(server.address).await, Proxy::start(server.address).await];
        let watcher = server.session("Watcher").await;
        let watched = watcher.join(room).await.expect("joined");
        let sessions = [through(&proxies[0], "Ada").await, through(&proxies[1], "Bob").await];
        let rooms = [sessions[0].join(room).await.expect("joined"), sessions[1].join(room).await.expect("joined")];
        let mut events = watched.events();
        for session in &sessions {
            let event = next(&mut events).await;
            assert!(
                matches!(&event, Event::MemberJoined { member, .. } if member.peer_id == session.peer_id()),
                "{event:?}"
            );
        }
        let event = next(&mut rooms[0].events()).await;
        assert!(matches!(event, Event::MemberJoined { .. }));
        Self { proxies, sessions, rooms, _watcher: watcher, watched, _server: server }
    }

    /// Checks that the watcher saw no member leave. A last broadcast marks the end of the events to check.
    async fn assert_no_member_left(&self) {
        self.rooms[0].broadcast(Payload::Text("over".into())).await.expect("queued");
        let mut events = self.watched.events();
        loop {
            match next(&mut events).await {
                Event::Envelope { payload: Payload::Text(text), .. } if text == "over" => break,
                Event::MemberUpdated { .. } => {}
                other => panic!("the watcher must not notice the cuts: {other:?}"),
            }
        }
        assert_eq!(self.watched.members().len(), 2);
    }
}

async fn resumed(events: &mut Events) -> u32 {
    let mut resumed = 0;
    // Everything has arrived, so every event is in the queue.
    while let Ok(Some(event)) = tokio::time::timeout(Duration::ZERO, events.next()).await {
        match event {
            Event::Resumed => resumed += 1,
            Event::Reconnecting => {}
            other => panic!("the session must be resumed: {other:?}"),
        }
    }
    resumed
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cuts_under_traffic_lose_repeat_and_reorder_nothing() {
    let scene = Scene::set("cuts").await;
    let [ada, bob] = scene.sessions.each_ref().map(Session::peer_id);
    let cut_at = |proxy: usize| {
        let proxies = &scene.proxies;
        move |number: u32| {
            if number % BETWEEN_CUTS == BETWEEN_CUTS - 1 {
                proxies[proxy].cut();
            }
        }
    };
    within("everything has arrived", async {
        tokio::join!(exchange(&scene.rooms[0], &bob, cut_at(0)), exchange(&scene.rooms[1], &ada, cut_at(1)));
    })
    .await;
    scene.assert_no_member_left().await;
    for (session, peer) in scene.sessions.iter().zip([ada, bob]) {
        assert_eq!(session.peer_id(), peer);
        assert!(resumed(&mut session.events()).await > 3, "the cuts were real");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cuts_in_the_middle_of_a_frame_lose_repeat_and_reorder_nothing() {
    let scene = Scene::set("halves").await;
    let [ada, bob] = scene.sessions.each_ref().map(Session::peer_id);
    let cut_at = |proxy: usize| {
        let proxies = &scene.proxies;
        move |number: u32| {
            if number.is_multiple_of(BETWEEN_CUTS) {
                // Somewhere in the next few frames, at another byte each time.
                proxies[proxy].cut_after(97 + number as usize % 61, 1);
            }
        }
    };
    within("everything has arrived", async {
        tokio::join!(exchange(&scene.rooms[0], &bob, cut_at(0)), exchange(&scene.rooms[1], &ada, cut_at(1)));
    })
    .await;
    scene.assert_no_member_left().await;
}

#[tokio::test]
async fn what_was_missed_is_reported_after_reconnecting() {
    let server = Server::start().await;
    let proxy = Proxy::start(server.address).await;
    let ada = through(&proxy, "Ada").await;
    let bob = server.session("Bob").await;
    let bobs = bob.join("missed").await.expect("joined");
    let adas = ada.join("missed").await.expect("joined");
    let mut ups = ada.events();
    proxy.shut();
    assert!(matches!(next(&mut ups).await, Event::Reconnecting));
    assert_eq!(ada.state(), SessionState::Reconnecting);
    let receipt = bobs.send_with_receipt(&ada.peer_id(), Payload::Text("for later".into())).await.expect("queued");
    let cyd = server.session("Cyd").await;
    cyd.join("missed").await.expect("joined");
    bobs.leave().await.expect("left");
    proxy.reopen();
    assert!(matches!(next(&mut ups).await, Event::Resumed));
    within("the receipt comes", receipt).await.expect("delivered after reconnecting");
    let mut events = adas.events();
    let (mut envelopes, mut joined, mut left) = (0, 0, 0);
    while (envelopes, joined, left) != (1, 1, 1) {
        match next(&mut events).await {
            Event::Envelope { payload: Payload::Text(text), .. } if text == "for later" => envelopes += 1,
            Event::MemberJoined { member, .. } if member.peer_id == cyd.peer_id() => joined += 1,
            Event::MemberLeft { peer_id, .. } if peer_id == bob.peer_id() => left += 1,
            Event::RoomUpdated { .. } | Event::MemberUpdated { .. } => {}
            other => panic!("each once: {other:?}"),
        }
    }
    let ids: Vec<PeerId> = adas.members().into_iter().map(|member| member.peer_id).collect();
    assert_eq!(ids, [cyd.peer_id()]);
}

#[tokio::test]
async fn a_session_without_a_connection_for_too_long_is_reset() {
    let server = Server::start().await;
    let proxy = Proxy::start(server.address).await;
    let ada = Session::builder(proxy.url()).grace(Duration::from_secs(1)).connect().await.expect("a session");
    let (bob, before) = (server.session("Bob").await, ada.peer_id());
    let bobs = bob.join("away").await.expect("joined");
    let adas = ada.join("away").await.expect("joined");
    proxy.shut();
    let waiting = tokio::spawn({
        let ada = ada.clone();
        async move { ada.join("another").await.map(|_| ()) }
    });
    let mut events = bobs.events();
    loop {
        match next(&mut events).await {
            Event::MemberLeft { peer_id, reason, .. } => {
                assert_eq!((peer_id, reason.as_deref()), (before.clone(), Some("EXPIRED")));
                break;
            }
            Event::MemberJoined { .. } | Event::MemberUpdated { .. } => {}
            other => panic!("Ada expires: {other:?}"),
        }
    }
    proxy.reopen();
    let mut ups = ada.events();
    assert!(matches!(next(&mut ups).await, Event::Reconnecting));
    let Event::Reset { reason, peer_id } = next(&mut ups).await else { panic!("a reset") };
    assert!(reason == "EXPIRED" || reason == "UNKNOWN_SESSION", "{reason}");
    assert_eq!(peer_id, ada.peer_id());
    assert_ne!(peer_id, before);
    assert_eq!(waiting.await.expect("client task").expect_err("lost").reason, "RESET");
    assert!(matches!(next(&mut adas.events()).await, Event::Left { .. }));
    ada.join("away").await.expect("the new session works");
}

/// Bug f of `server/hub/tests/bugs.rs`, seen from an application.
#[tokio::test]
async fn a_restarted_server_resets_sessions() {
    let server = Server::start().await;
    let ada = server.session("Ada").await;
    let room = ada.join("gone").await.expect("joined");
    let address = server.kill();
    let mut ups = ada.events();
    assert!(matches!(next(&mut ups).await, Event::Reconnecting));
    let _server = Server::start_at(address, &[]).await;
    let event = next(&mut ups).await;
    assert!(matches!(&event, Event::Reset { reason, .. } if reason == "UNKNOWN_SESSION"), "{event:?}");
    assert!(matches!(next(&mut room.events()).await, Event::Left { reason, .. } if reason == "UNKNOWN_SESSION"));
    assert!(ada.join("gone").await.expect("the new session works").was_created());
}

#[tokio::test]
async fn a_draining_server_moves_sessions_to_its_successor() {
    let server = Server::start().await;
    let ((ada, adas), (bob, bobs)) = pair(&server, "drained").await;
    adas.send(&bob.peer_id(), Payload::Text("before".into())).await.expect("queued");
    let address = server.drain().await;
    let _successor = Server::start_at(address, &[]).await;
    for session in [&ada, &bob] {
        let mut ups = session.events();
        let reason = loop {
            match next(&mut ups).await {
                Event::Reset { reason, .. } => break reason,
                Event::Reconnecting | Event::Resumed => {}
                other => panic!("expected a new session: {other:?}"),
            }
        };
        assert_eq!(reason, "DRAINING");
    }
    let (_, payload) = envelope(&mut bobs.events()).await;
    assert_eq!(payload, Payload::Text("before".into()));
    ada.join("drained").await.expect("the new session works");
}

#[tokio::test]
async fn heartbeats_keep_an_idle_session() {
    let server = Server::start_with(&[("WIGWAG_SESSION__HEARTBEAT_MS", "100")]).await;
    let ((ada, adas), (_bob, _bobs)) = pair(&server, "idle").await;
    // Many heartbeats pass while the application is idle.
    let silence = tokio::time::timeout(Duration::from_secs(1), adas.events().next()).await;
    assert!(silence.is_err(), "{silence:?}");
    assert_eq!(ada.state(), SessionState::Online);
    assert_eq!(resumed(&mut ada.events()).await, 0);
}
