//! Rooms whose members do not fit into one frame: they come in parts to clients that know parts, over every transport.

#[path = "websocket/client.rs"]
mod client;
#[path = "support/roaming.rs"]
mod roaming;
#[path = "shell/running.rs"]
mod running;
#[path = "support/transports.rs"]
mod transports;
#[path = "support/unread.rs"]
mod unread;

use std::{collections::HashMap, net::SocketAddr};

use prost::Message as _;
use tonic::transport::{Channel, Endpoint};
use wigwag_proto::v1::{
    ClientFrame, Feature, Hello, Join, Joined, ListMembersRequest, Member, RoomSnapshot, Roster, ServerFrame,
    WatchRoomsRequest, client_frame::Body as Up, room_service_client::RoomServiceClient, server_frame::Body as Down,
    watch_rooms_response::Event,
};

use roaming::{RoamingSession, said};
use running::{Running, soon};
use transports::{Connection, TRANSPORTS, Transport};
use unread::UnreadConnection;

const MAX_PART: usize = 256 * 1024;

/// Takes two parts in protobuf, and three in JSON, where control characters have six bytes.
const MEMBERS: usize = 100;

fn parts() -> Hello {
    Hello { features: vec![Feature::RosterParts.wire_name().to_owned()], ..Hello::default() }
}

fn join(room: &str) -> Up {
    Up::Join(Join { room: room.to_owned(), ..Join::default() })
}

/// Fills a room with members that are away, each with the largest metadata. Returns the room's service.
async fn fill(addr: SocketAddr, room: &str, members: usize) -> RoomServiceClient<Channel> {
    let endpoint = Endpoint::from_shared(format!("http://{addr}")).expect("a URL");
    let mut service = RoomServiceClient::new(soon("a connection", endpoint.connect()).await.expect("connects"));
    let request = WatchRoomsRequest { room: room.to_owned(), ..WatchRoomsRequest::default() };
    let mut events = service.watch_rooms(request).await.expect("a watch").into_inner();
    // The welcome fits: with hyper, a client whose window is closed is not heard.
    let mut connection = UnreadConnection::open(addr, 65_535).await;
    for n in 0..members {
        let text = if n % 10 == 0 { "\u{1}".repeat(4_089) } else { "x".repeat(4_089) };
        let hello = Hello {
            display_name: format!("{n}"),
            metadata: HashMap::from([("k".to_owned(), text)]),
            resumable: true,
            grace_ms: 600_000,
            ..Hello::default()
        };
        let hello = ClientFrame { body: Some(Up::Hello(hello)), ..ClientFrame::default() };
        let join = ClientFrame { seq: 1, body: Some(join(room)), ..ClientFrame::default() };
        let stream = connection.call("Signal", &[hello, join], true).await;
        loop {
            let event = soon("a join", events.message()).await.expect("no status").expect("an event");
            if matches!(event.event, Some(Event::MemberJoined(_))) {
                break;
            }
        }
        // Its stream is reset, and the session waits.
        drop(stream);
    }
    connection.reset().await;
    service
}

/// Returns the display names of members.
fn names(members: &[Member]) -> Vec<String> {
    members.iter().map(|member| member.display_name.clone()).collect()
}

fn all() -> Vec<String> {
    (0..MEMBERS).map(|n| n.to_string()).collect()
}

fn len(transport: Transport, frame: &ServerFrame) -> usize {
    match transport {
        Transport::Json => serde_json::to_vec(frame).expect("JSON").len(),
        _ => frame.encoded_len(),
    }
}

/// Reads the `roster` frames that follow a first part, of which each but the last says `more`.
async fn rest(transport: Transport, connection: &mut Connection, version: u32) -> Vec<Member> {
    let (mut members, mut more) = (Vec::new(), true);
    while more {
        let frame = connection.next().await;
        assert!(len(transport, &frame) <= MAX_PART, "{transport:?}: {} bytes", len(transport, &frame));
        assert_eq!((frame.seq, frame.reply_to), (0, 0), "{transport:?}");
        let Some(Down::Roster(part)) = frame.body else { panic!("{transport:?}: {frame:?}") };
        assert_eq!((part.room.as_str(), part.version), ("demo", version), "{transport:?}");
        assert!(part.room_info.is_some_and(|info| info.version == version), "{transport:?}");
        assert!(!part.members.is_empty());
        members.extend(part.members);
        more = part.more;
    }
    members
}

async fn roster(transport: Transport, connection: &mut Connection) -> Roster {
    let frame = connection.next().await;
    assert!(transport == Transport::Json || len(transport, &frame) > 10_000);
    let Some(Down::Roster(roster)) = frame.body else { panic!("{transport:?}: {frame:?}") };
    roster
}

async fn joined(transport: Transport, session: &mut RoamingSession) -> (Joined, usize) {
    let seq = session.send(join("demo")).await;
    let frame = session.connection.as_mut().expect("a connection").next().await;
    let size = len(transport, &frame);
    session.seen = frame.seq;
    assert_eq!((frame.seq, frame.reply_to), (1, seq), "{transport:?}");
    let Some(Down::Joined(joined)) = frame.body else { panic!("{transport:?}: {frame:?}") };
    (joined, size)
}

#[tokio::test]
async fn a_large_room_comes_in_parts_to_clients_that_know_them() {
    let server = Running::start(|_| {}).await;
    fill(server.addr, "demo", MEMBERS).await;
    let mut there = all();
    for transport in TRANSPORTS {
        let mut session =
            RoamingSession::with(transport, server.addr, Hello { display_name: "old".into(), ..Hello::default() })
                .await;
        let (whole, size) = joined(transport, &mut session).await;
        assert!(!whole.more && size > MAX_PART, "{transport:?}: {size} bytes");
        assert_eq!(names(&whole.members), there, "{transport:?}");
        there.push("old".into());

        let mut session =
            RoamingSession::with(transport, server.addr, Hello { display_name: "new".into(), ..parts() }).await;
        let (first, size) = joined(transport, &mut session).await;
        assert!(first.more && size <= MAX_PART && size > MAX_PART / 2, "{transport:?}: {size} bytes");
        let mut members = first.members;
        members.extend(rest(transport, session.connection.as_mut().expect("a connection"), first.version).await);
        assert_eq!(names(&members), there, "{transport:?}");
        there.push("new".into());

        // Lost before the last part had arrived: the room is not among the versions that the client knows.
        session.lose();
        let hello = Hello { features: parts().features, ..session.hello() };
        let mut connection = Connection::open(transport, server.addr, hello).await.expect("a welcome");
        let Roster { more, version, members: mut again, .. } = roster(transport, &mut connection).await;
        assert!(more, "{transport:?}");
        again.extend(rest(transport, &mut connection, version).await);
        assert_eq!(names(&again), there[..there.len() - 1], "{transport:?}");
        session.take(connection).await;

        // An older client has resumed the session.
        session.lose();
        let mut connection = Connection::open(transport, server.addr, session.hello()).await.expect("a welcome");
        let Roster { more, members: whole, .. } = roster(transport, &mut connection).await;
        assert_eq!((more, names(&whole)), (false, names(&again)), "{transport:?}");
    }
}

#[tokio::test]
async fn a_joined_that_was_not_acknowledged_is_repeated_with_all_its_parts() {
    let server = Running::start(|_| {}).await;
    fill(server.addr, "demo", MEMBERS).await;
    for transport in TRANSPORTS {
        let mut session = RoamingSession::with(transport, server.addr, parts()).await;
        let (first, _) = joined(transport, &mut session).await;
        assert!(first.more, "{transport:?}");
        session.lose();
        session.seen = 0;
        let hello = Hello { features: parts().features, ..session.hello() };
        let mut connection = Connection::open(transport, server.addr, hello).await.expect("a welcome");
        let frame = connection.next().await;
        let Some(Down::Joined(again)) = frame.body else { panic!("{transport:?}: {frame:?}") };
        assert_eq!((frame.seq, frame.reply_to, again.more), (1, 1, true), "{transport:?}");
        let mut members = again.members;
        members.extend(rest(transport, &mut connection, again.version).await);
        assert!(names(&members).starts_with(&all()), "{transport:?}");
        session.seen = 1;
        session.take(connection).await;
        session.send(Up::Bye(Default::default())).await;
    }
}

#[tokio::test]
async fn changes_and_envelopes_wait_behind_the_last_part() {
    let server = Running::start(|_| {}).await;
    fill(server.addr, "demo", MEMBERS).await;
    // Kept, so that none of them leaves in between.
    let mut adas = Vec::new();
    for transport in TRANSPORTS {
        let mut ada = RoamingSession::with(transport, server.addr, parts()).await;
        ada.send(join("demo")).await;
        // Ada does not read. Her connection takes a part of the roster at most; then the room changes.
        let mut bob = RoamingSession::with(
            Transport::Signal,
            server.addr,
            Hello { display_name: "bob".into(), ..Hello::default() },
        )
        .await;
        let mut frame = ada.connection.as_mut().expect("a connection").next().await;
        let Some(Down::Joined(first)) = frame.body.take() else { panic!("{transport:?}: {frame:?}") };
        let (found, _) = joined(Transport::Signal, &mut bob).await;
        bob.send(said("demo", "hello")).await;
        bob.send(Up::Leave(wigwag_proto::v1::Leave { room: "demo".into() })).await;
        assert!(found.version > first.version, "{transport:?}");
        let connection = ada.connection.as_mut().expect("a connection");
        let mut members = first.members;
        members.extend(rest(transport, connection, first.version).await);
        assert!(names(&members).starts_with(&all()) && !names(&members).contains(&"bob".to_owned()), "{transport:?}");
        let Some(Down::MemberJoined(bobs)) = change(connection).await else { panic!("{transport:?}: bob joins first") };
        assert_eq!((bobs.version, bobs.member.expect("a member").display_name.as_str()), (found.version, "bob"));
        assert!(matches!(change(connection).await, Some(Down::Envelope(_))), "{transport:?}");
        assert!(matches!(change(connection).await, Some(Down::MemberLeft(_))), "{transport:?}");
        adas.push(ada);
    }
}

/// Returns the next frame that is not about the members that are away: they are reconnecting.
async fn change(connection: &mut Connection) -> Option<Down> {
    loop {
        match connection.next().await.body {
            Some(Down::MemberUpdated(_)) => {}
            other => return other,
        }
    }
}

#[tokio::test]
async fn a_watch_of_a_large_room_begins_with_parts_if_the_caller_knows_them() {
    let server = Running::start(|_| {}).await;
    let mut service = fill(server.addr, "demo", MEMBERS).await;
    for features in [parts().features, Vec::new()] {
        let request = WatchRoomsRequest { room: "demo".into(), features: features.clone() };
        let mut events = service.watch_rooms(request).await.expect("a watch").into_inner();
        let mut snapshots: Vec<RoomSnapshot> = Vec::new();
        while let Some(Event::Snapshot(snapshot)) =
            soon("an event", events.message()).await.expect("no status").expect("an event").event
        {
            snapshots.push(snapshot);
        }
        let last = snapshots.len() - 1;
        for (n, snapshot) in snapshots.iter().enumerate() {
            assert_eq!(snapshot.more, n < last);
            assert_eq!(snapshot.room_info, snapshots[0].room_info);
            assert!(features.is_empty() || snapshot.encoded_len() <= MAX_PART);
        }
        assert_eq!(snapshots.len() > 1, !features.is_empty(), "{} snapshots", snapshots.len());
        let members: Vec<Member> = snapshots.into_iter().flat_map(|snapshot| snapshot.members).collect();
        assert_eq!(names(&members), all());
    }
    let request = WatchRoomsRequest { features: vec!["x".repeat(65)], ..WatchRoomsRequest::default() };
    let refused = service.watch_rooms(request).await.expect_err("too long a name");
    assert_eq!(refused.code(), tonic::Code::InvalidArgument);
}

#[tokio::test]
async fn a_page_of_members_is_bounded_in_bytes() {
    let server = Running::start(|_| {}).await;
    let mut service = fill(server.addr, "demo", 300).await;
    let (mut listed, mut page_token, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let request = ListMembersRequest { room: "demo".into(), page_size: 1_000, page_token };
        let page = service.list_members(request).await.expect("a page").into_inner();
        assert!(page.encoded_len() <= (1 << 20) + 4_096, "{} bytes", page.encoded_len());
        listed.extend(names(&page.members));
        pages += 1;
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!((pages, listed.len()), (2, 300));
    assert!(listed.iter().enumerate().all(|(n, name)| *name == n.to_string()));
}
