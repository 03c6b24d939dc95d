//! Tenants with the same names of rooms, users and peers on one server: nothing crosses from one namespace into another, over any
//! transport and in any call, and nothing that a client receives names one.

#[path = "rest/call.rs"]
mod call;
#[path = "websocket/client.rs"]
mod client;
#[path = "support/roaming.rs"]
mod roaming;
#[path = "shell/running.rs"]
mod running;
#[path = "tokens/server.rs"]
mod server;
#[path = "support/stand_in.rs"]
mod stand_in;
#[path = "support/transports.rs"]
mod transports;

use std::collections::BTreeMap;

use futures_util::{SinkExt as _, StreamExt as _};
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{WebSocketStream, tungstenite::Message};
use tonic::{Code, Streaming, transport::Channel};
use wigwag_proto::v1::{
    self as pb, AppData, Envelope, Hello, Join, RefreshToken, app_data::Content, client_frame::Body as Up,
    envelope::Payload, room_service_client::RoomServiceClient, server_frame::Body as Down, watch_rooms_response::Event,
    welcome::Outcome,
};
use wigwag_server::config::{Config, DenyNames, WebhookWhen};
use wigwag_token::{Claims, Permissions};

use call::{Answer, answer, send};
use roaming::RoamingSession;
use running::soon;
use server::{Guarded, claims, with_token};
use stand_in::{StandIn, ok};
use transports::{Connection, TRANSPORTS, Transport};

/// No word of the API: where it appears, a namespace is named.
const ZEBRA: &str = "zebra-1";
const TENANTS: [&str; 3] = ["", ZEBRA, "zebra-2"];

type Socket = WebSocketStream<TcpStream>;

fn claims_in(namespace: &str, user: &str) -> Claims {
    let mut claims = claims(user, &["*"], Permissions::all());
    claims.namespace = namespace.to_owned();
    claims
}

fn token_in(server: &Guarded, namespace: &str, user: &str) -> String {
    server.token(&claims_in(namespace, user))
}

fn hello(token: &str) -> Hello {
    Hello { token: token.to_owned(), resumable: true, ..Hello::default() }
}

/// Opens a session of a user in a namespace.
async fn session(server: &Guarded, transport: Transport, namespace: &str, user: &str) -> RoamingSession {
    let token = token_in(server, namespace, user);
    let session = RoamingSession::with(transport, server.addr, hello(&token)).await;
    let welcome = &session.connection.as_ref().expect("open").welcome;
    assert!(!format!("{welcome:?}").contains("zebra"), "{welcome:?}");
    session
}

/// Joins and returns the other members.
async fn join(session: &mut RoamingSession, room: &str) -> Vec<String> {
    let joined = session.join(room).await;
    assert!(!format!("{joined:?}").contains("zebra"), "{joined:?}");
    joined.members.into_iter().map(|member| member.peer_id).collect()
}

fn text(room: &str, to: &str, text: &str) -> Up {
    let message = AppData { content: Some(Content::Text(text.to_owned())) };
    let payload = Some(Payload::Message(message));
    Up::Envelope(Envelope { room: room.to_owned(), to: to.to_owned(), payload, ..Envelope::default() })
}

/// Sends a frame and returns the reason of the error that answers it; empty if there is none.
async fn refused(session: &mut RoamingSession, body: Up) -> String {
    let seq = session.send(body).await;
    let frame = session.next().await;
    assert_eq!(frame.reply_to, seq, "{frame:?}");
    assert!(!format!("{frame:?}").contains("zebra"), "{frame:?}");
    match frame.body {
        Some(Down::Error(error)) => error.reason,
        _ => String::new(),
    }
}

/// Calls REST with the token of the tenant's backend.
async fn rest(server: &Guarded, namespace: &str, method: &str, path: &str, body: Option<Value>) -> Answer {
    let token = token_in(server, namespace, "backend");
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {token}"));
    let answer = answer(send(server.addr, request, body.unwrap_or_default().to_string().into()).await).await;
    assert!(!answer.json.to_string().contains("zebra"), "{answer:?}");
    answer
}

async fn room_service(server: &Guarded) -> RoomServiceClient<Channel> {
    let endpoint = tonic::transport::Endpoint::from_shared(format!("http://{}", server.addr)).expect("a URL");
    RoomServiceClient::new(soon("a connection", endpoint.connect()).await.expect("connects"))
}

#[tokio::test]
async fn sessions_meet_those_of_their_namespace_only_over_every_transport() {
    let server = Guarded::start(|_| {}).await;
    for (at, transport) in TRANSPORTS.into_iter().enumerate() {
        let other_transport = TRANSPORTS[(at + 1) % TRANSPORTS.len()];
        let room = format!("demo-{at}");
        let mut tenants = Vec::new();
        for namespace in TENANTS {
            let mut ada = session(&server, transport, namespace, "ada").await;
            assert_eq!(join(&mut ada, &room).await, [""; 0], "{transport:?}: alone");
            let mut bob = session(&server, other_transport, namespace, "bob").await;
            assert_eq!(join(&mut bob, &room).await, [ada.id.as_str()]);
            tenants.push((ada, bob));
        }
        let ids: Vec<_> = tenants.iter().map(|(ada, _)| ada.id.clone()).collect();
        for (at, (ada, bob)) in tenants.iter_mut().enumerate() {
            for id in ids.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, id)| id) {
                for (room, reason) in [("", "PEER_NOT_FOUND"), (room.as_str(), "PEER_NOT_FOUND")] {
                    assert_eq!(refused(bob, text(room, id, "across")).await, reason, "{transport:?}");
                    let remove = pb::RemoveMember { room: room.to_owned(), peer_id: id.clone(), ban: true };
                    if !room.is_empty() {
                        assert_eq!(refused(ada, Up::RemoveMember(remove)).await, reason, "its owner");
                    }
                }
            }
            bob.send(text(&room, "", &format!("to all {at}"))).await;
            bob.send(text("", &ids[at], &format!("to ada {at}"))).await;
        }
        for (at, (ada, _)) in tenants.iter_mut().enumerate() {
            // Numbered without a gap: nothing else has arrived.
            ada.expect_text(&format!("to all {at}")).await;
            ada.expect_text(&format!("to ada {at}")).await;
        }
        // The end of one room, and of one session, is seen by its members alone.
        let (ada, _) = &mut tenants[1];
        ada.send(Up::EndRoom(pb::EndRoom { room: room.clone() })).await;
        assert_eq!(tenants[1].1.expect_own_left().await.reason, "ENDED");
        tenants[2].0.send(Up::Bye(pb::Bye {})).await;
        assert_eq!(tenants[2].1.sees_leave().await, (ids[2].clone(), "LEFT".to_owned()));
        let (ada, bob) = &mut tenants[0];
        bob.send(text(&room, "", "still here")).await;
        ada.expect_text("still here").await;
    }
}

#[tokio::test]
async fn a_session_stays_in_its_namespace() {
    let server = Guarded::start(|_| {}).await;
    let across = token_in(&server, "zebra-2", "ada");
    for transport in TRANSPORTS {
        let mut ada = session(&server, transport, ZEBRA, "ada").await;
        let mut bob = session(&server, transport, ZEBRA, "bob").await;
        join(&mut ada, "demo").await;
        join(&mut bob, "demo").await;
        let other = Up::Refresh(RefreshToken { token: across.clone() });
        assert_eq!(refused(&mut ada, other).await, "TOKEN_INVALID", "{transport:?}");
        let same = Up::Refresh(RefreshToken { token: token_in(&server, ZEBRA, "ada") });
        assert_eq!(refused(&mut ada, same).await, "");

        // Without a token it is found, with one of another namespace it is not.
        ada.lose();
        ada.resume(transport).await;
        ada.lose();
        let elsewhere = Connection::open(transport, server.addr, Hello { token: across.clone(), ..ada.hello() }).await;
        let elsewhere = elsewhere.expect("a new session").welcome;
        assert_eq!((elsewhere.outcome(), elsewhere.reset_reason.as_str()), (Outcome::Reset, "UNKNOWN_SESSION"));
        assert_ne!(elsewhere.peer_id, ada.id);
        let replaces = ada.hello().resume.expect("a resume").session_token;
        let _replacing = Connection::open(transport, server.addr, Hello { replaces, ..hello(&across) }).await;
        let own = Hello { token: token_in(&server, ZEBRA, "ada"), ..ada.hello() };
        let resumed = Connection::open(transport, server.addr, own).await.expect("resumed");
        ada.take(resumed).await;
        bob.send(text("demo", "", "welcome back")).await;
        ada.expect_text("welcome back").await;
    }
}

#[tokio::test]
async fn a_session_token_of_a_namespace_that_does_not_exist_is_unknown() {
    let server = Guarded::start(|_| {}).await;
    let mut ada = session(&server, Transport::Json, ZEBRA, "ada").await;
    let token = ada.hello().resume.expect("a resume").session_token;
    ada.lose();
    for cut in [1, 7, 20] {
        let mut hello = Hello { token: token_in(&server, ZEBRA, "ada"), ..ada.hello() };
        hello.resume.as_mut().expect("a resume").session_token.truncate(token.len() - cut);
        let welcome = Connection::open(Transport::Json, server.addr, hello).await.expect("a new session").welcome;
        assert_eq!((welcome.outcome(), welcome.reset_reason.as_str()), (Outcome::Reset, "UNKNOWN_SESSION"), "{cut}");
    }
}

#[tokio::test]
async fn backends_manage_the_rooms_of_their_namespace() {
    let server = Guarded::start(|_| {}).await;
    let mut members = Vec::new();
    for namespace in TENANTS {
        let name = format!("of tenant {}", members.len());
        // The same request id, and another request.
        let create = json!({"room": "demo", "displayName": name, "requestId": "1"});
        for _ in 0..2 {
            let created = rest(&server, namespace, "POST", "/v1/rooms", Some(create.clone())).await.ok();
            assert_eq!(created["roomInfo"]["displayName"], name);
        }
        let own = format!("own-{}", members.len());
        rest(&server, namespace, "POST", "/v1/rooms", Some(json!({"room": own}))).await.ok();
        let mut ada = session(&server, Transport::Signal, namespace, "ada").await;
        join(&mut ada, "demo").await;
        members.push((namespace, own, ada));
    }
    for at in 0..members.len() {
        let (namespace, own, ada) = (members[at].0, members[at].1.clone(), members[at].2.id.clone());
        let listed = rest(&server, namespace, "GET", "/v1/rooms?pageSize=1", None).await.ok();
        let next = listed["nextPageToken"].as_str().expect("another page");
        let second =
            rest(&server, namespace, "GET", &format!("/v1/rooms?pageSize=1&pageToken={next}"), None).await.ok();
        assert_eq!((&listed["rooms"][0]["room"], &second["rooms"][0]["room"]), (&json!("demo"), &json!(own)));
        assert_eq!(second["nextPageToken"].as_str().unwrap_or_default(), "");
        let shown = rest(&server, namespace, "GET", "/rooms", None).await;
        assert_eq!(shown.json["rooms"].as_array().map(Vec::len), Some(2), "{shown:?}");
        let found = rest(&server, namespace, "GET", "/v1/rooms/demo/members", None).await.ok();
        assert_eq!((found["members"].as_array().map(Vec::len), &found["members"][0]["peerId"]), (Some(1), &json!(ada)));
        let (other_own, other_id) = {
            let (_, own, ada) = &members[(at + 1) % members.len()];
            (own.clone(), ada.id.clone())
        };
        for (method, path) in [
            ("GET", format!("/v1/rooms/{other_own}")),
            ("GET", format!("/v1/rooms/{other_own}/members")),
            ("GET", format!("/v1/rooms/demo/members/{other_id}")),
            ("DELETE", format!("/v1/rooms/demo/members/{other_id}?ban=true")),
            ("DELETE", format!("/v1/rooms/{other_own}")),
        ] {
            assert_eq!(rest(&server, namespace, method, &path, None).await.status, StatusCode::NOT_FOUND, "{path}");
        }
        let update = json!({"roomInfo": {"room": other_own}, "displayName": "taken over"});
        let updated = rest(&server, namespace, "PATCH", &format!("/v1/rooms/{other_own}"), Some(update)).await;
        assert_ne!(updated.status, StatusCode::OK, "{updated:?}");
        let said = json!({"envelope": {"to": other_id, "message": {"text": "across"}}});
        let sent = rest(&server, namespace, "POST", "/v1/rooms/demo:send", Some(said)).await;
        assert_eq!(sent.status, StatusCode::NOT_FOUND, "{sent:?}");
        let said = json!({"envelope": {"message": {"text": format!("news {at}")}}, "requestId": "2"});
        let sent = rest(&server, namespace, "POST", "/v1/rooms/demo:send", Some(said)).await.ok();
        assert_eq!(sent["accepted"], 1);
    }
    for (at, (_, _, ada)) in members.iter_mut().enumerate() {
        ada.expect_text(&format!("news {at}")).await;
    }

    // A ban, and the end of a room, in one of them.
    let banned = members[1].2.id.clone();
    rest(&server, ZEBRA, "DELETE", &format!("/v1/rooms/demo/members/{banned}?ban=true"), None).await.ok();
    assert_eq!(members[1].2.expect_own_left().await.reason, "BANNED");
    let mut again = session(&server, Transport::Json, ZEBRA, "ada").await;
    let entering = || Up::Join(Join { room: "demo".to_owned(), ..Join::default() });
    assert_eq!(refused(&mut again, entering()).await, "BANNED");
    for namespace in ["", "zebra-2"] {
        let mut again = session(&server, Transport::Json, namespace, "ada").await;
        assert_eq!(refused(&mut again, entering()).await, "", "{namespace:?}");
    }
    rest(&server, ZEBRA, "DELETE", "/v1/rooms/demo", None).await.ok();
    for namespace in ["", "zebra-2"] {
        let found = rest(&server, namespace, "GET", "/v1/rooms/demo", None).await.ok();
        assert_eq!(found["roomInfo"]["memberCount"], 2, "{namespace:?}");
    }
}

/// Reads the events of a watch until one is about this room. Returns the rooms that they are about.
async fn rooms_until(events: &mut Streaming<pb::WatchRoomsResponse>, last: &str) -> Vec<String> {
    let mut rooms = Vec::new();
    while rooms.last().is_none_or(|room| room != last) {
        let event = soon("an event", events.message()).await.expect("no status").expect("an event").event;
        assert!(!format!("{event:?}").contains("zebra"), "{event:?}");
        match event {
            Some(Event::Snapshot(snapshot)) => rooms.extend(snapshot.room_info.map(|info| info.room)),
            Some(Event::RoomCreated(created)) => rooms.extend(created.room_info.map(|info| info.room)),
            Some(Event::RoomUpdated(updated)) => rooms.push(updated.room),
            Some(Event::RoomEnded(ended)) => rooms.push(ended.room),
            Some(Event::MemberJoined(joined)) => rooms.push(joined.room),
            Some(Event::MemberLeft(left)) => rooms.push(left.room),
            _ => {}
        }
    }
    rooms
}

/// Reads server-sent events until one names this room.
async fn text_until(body: &mut Incoming, last: &str) -> String {
    let mut text = String::new();
    while !text.contains(last) {
        let frame = soon("an event", body.frame()).await.expect("the stream goes on").expect("a frame");
        text.push_str(std::str::from_utf8(&frame.into_data().expect("data")).expect("text"));
    }
    text
}

#[tokio::test]
async fn a_watch_shows_the_rooms_of_its_namespace() {
    let server = Guarded::start(|_| {}).await;
    for (at, namespace) in TENANTS.into_iter().enumerate() {
        let room = json!({"room": format!("early-{at}")});
        rest(&server, namespace, "POST", "/v1/rooms", Some(room)).await.ok();
    }
    let mut watches = Vec::new();
    for namespace in TENANTS {
        let token = token_in(&server, namespace, "backend");
        let request = with_token(pb::WatchRoomsRequest::default(), Some(&token));
        let events = room_service(&server).await.watch_rooms(request).await.expect("a watch").into_inner();
        let request = Request::builder().uri("/v1/rooms:watch").header("authorization", format!("Bearer {token}"));
        let stream = send(server.addr, request, bytes::Bytes::new()).await.into_body();
        watches.push((events, stream));
    }
    for (at, namespace) in TENANTS.into_iter().enumerate().rev() {
        let mut ada = session(&server, Transport::Proto, namespace, "ada").await;
        join(&mut ada, &format!("late-{at}")).await;
        rest(&server, namespace, "POST", "/v1/rooms", Some(json!({"room": format!("last-{at}")}))).await.ok();
    }
    for (at, (events, stream)) in watches.iter_mut().enumerate() {
        let rooms = rooms_until(events, &format!("last-{at}")).await;
        let own = |room: &String| room.ends_with(&format!("-{at}"));
        assert!(rooms.len() >= 3 && rooms.iter().all(own), "{rooms:?}");
        let text = text_until(stream, &format!("last-{at}")).await;
        assert!(text.contains(&format!("early-{at}")) && text.contains(&format!("late-{at}")), "{text}");
        for other in (0..TENANTS.len()).filter(|other| *other != at) {
            assert!(!text.contains(&format!("-{other}\"")) && !text.contains("zebra"), "{text}");
        }
    }
}

#[tokio::test]
async fn an_operator_of_a_namespace_reaches_that_one() {
    let server = Guarded::start(|_| {}).await;
    let mut admin = server.admin().await;
    let mut adas = BTreeMap::new();
    for namespace in TENANTS {
        let mut with_id = claims_in(namespace, "ada");
        with_id.id = Some("7".into());
        let token = server.token(&with_id);
        let ada = RoamingSession::with(Transport::Signal, server.addr, hello(&token)).await;
        adas.insert(namespace, (ada, token));
    }
    let root = |namespace: &str| token_in(&server, namespace, "root");

    // By its id, the same in all of them, and then by the user: each ends one session of two.
    for (round, namespace) in ["zebra-2", "", ZEBRA].into_iter().enumerate() {
        let id = adas["zebra-2"].0.id.clone();
        if namespace != "zebra-2" {
            let end = pb::EndSessionRequest { peer_id: id };
            let status = admin.end_session(with_token(end, Some(&root(namespace)))).await.expect_err("another's");
            assert_eq!(status.code(), Code::NotFound);
        }
        let revoke = pb::RevokeRequest { token_id: "7".to_owned(), ..Default::default() };
        let revoked = admin.revoke(with_token(revoke, Some(&root(namespace)))).await.expect("revoked").into_inner();
        assert_eq!(revoked.sessions, 1, "{namespace:?}");
        let (ada, token) = &adas[namespace];
        let again = Connection::open(Transport::Json, server.addr, Hello { token: token.clone(), ..ada.hello() }).await;
        assert_eq!(again.err().expect("revoked").reason, "TOKEN_INVALID");
        for other in ["zebra-2", "", ZEBRA].into_iter().skip(round + 1) {
            let (_, token) = &adas[other];
            let opened =
                Connection::open(Transport::Json, server.addr, Hello { resumable: false, ..hello(token) }).await;
            assert!(opened.is_ok(), "{other:?}");
        }
    }
    for namespace in TENANTS {
        drop(session(&server, Transport::Json, namespace, "bob").await);
    }
    let revoke = |user: &str| pb::RevokeRequest { user_id: user.to_owned(), ..Default::default() };
    let revoked = admin.revoke(with_token(revoke("bob"), Some(&root("")))).await.expect("revoked").into_inner();
    assert_eq!(revoked.sessions, 1, "those of the empty namespace, and no others");
    for namespace in [ZEBRA, "zebra-2"] {
        let _another = session(&server, Transport::Json, namespace, "bob").await;
        let erase = pb::EraseUserRequest { user_id: "bob".to_owned() };
        let erased = admin.erase_user(with_token(erase, Some(&root(namespace)))).await.expect("erased").into_inner();
        assert_eq!(erased.sessions, 2, "{namespace:?}");
    }
}

async fn ticket(server: &Guarded, namespace: &str, protocol: &str, id: &str) -> String {
    let body =
        json!({"protocol": protocol, "clientId": id, "rooms": ["demo"], "requestId": format!("{protocol} {id}")});
    let created = rest(server, namespace, "POST", "/v1/tickets", Some(body)).await.ok();
    created["ticket"].as_str().expect("a ticket").to_owned()
}

async fn open(server: &Guarded, path: &str) -> Socket {
    client::open(server.addr, path, &[]).await.expect("a WebSocket")
}

/// Returns the next text, or the reason with which the server closes the socket.
async fn next(socket: &mut Socket) -> Result<String, String> {
    loop {
        match soon("a message", socket.next()).await {
            Some(Ok(Message::Text(text))) => {
                assert!(!text.contains("zebra"), "{text}");
                return Ok(text.to_string());
            }
            Some(Ok(Message::Close(close))) => {
                return Err(close.map(|close| close.reason.to_string()).unwrap_or_default());
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            other => panic!("no message: {other:?}"),
        }
    }
}

async fn say(socket: &mut Socket, message: impl ToString) {
    socket.send(Message::text(message.to_string())).await.expect("sent");
}

fn with_tickets(config: &mut Config) {
    config.compat.ticket_parameter = "ticket".to_owned();
    config.compat.peerjs_discovery = true;
}

/// Opens a socket of a compatibility protocol under an id, and waits until its session is there.
async fn compat(server: &Guarded, namespace: &str, protocol: &str, id: &str) -> Socket {
    let ticket = ticket(server, namespace, protocol, id).await;
    let path = match protocol {
        "peerjs" => format!("/peerjs/peerjs?key=peerjs&id={id}&token={ticket}"),
        "rooms-ws" => format!("/?roomId=demo&userId={id}&userName=Ada&ticket={ticket}"),
        "plain-json" => format!("/json/demo?ticket={ticket}"),
        "socket.io" => format!("/socket.io/?EIO=4&transport=websocket&ticket={ticket}"),
        _ => format!("/connector?ticket={ticket}"),
    };
    let mut socket = open(server, &path).await;
    next(&mut socket).await.unwrap_or_else(|reason| panic!("{protocol}: {reason}"));
    if protocol == "socket.io" {
        say(&mut socket, "40").await;
        while !next(&mut socket).await.expect("connected").starts_with("40") {}
    }
    socket
}

#[tokio::test]
async fn a_ticket_is_for_the_namespace_of_its_creator_in_every_protocol() {
    let server = Guarded::start(with_tickets).await;
    let mut admin = server.admin().await;
    for protocol in ["peerjs", "rooms-ws", "plain-json", "socket.io", "connector"] {
        // The same id, each in its namespace: none takes the place of another.
        let mut sockets = Vec::new();
        for namespace in TENANTS {
            sockets.push((namespace, compat(&server, namespace, protocol, "p1").await));
        }
        let rooms = match protocol {
            "rooms-ws" | "plain-json" => 1,
            _ => 0,
        };
        for namespace in TENANTS {
            let found = rest(&server, namespace, "GET", "/v1/rooms/demo/members", None).await;
            assert_eq!(
                found.json["members"].as_array().map_or(0, Vec::len),
                rooms,
                "{protocol} {namespace:?}: {found:?}"
            );
        }
        while !sockets.is_empty() {
            let (namespace, _socket) = sockets.remove(sockets.len() / 2);
            let revoke = pb::RevokeRequest { user_id: "p1".to_owned(), ..Default::default() };
            let token = token_in(&server, namespace, "root");
            let revoked = admin.revoke(with_token(revoke, Some(&token))).await.expect("revoked").into_inner();
            assert_eq!(revoked.sessions, 1, "{protocol} {namespace:?}: it was there, and no other is");
        }
    }
}

#[tokio::test]
async fn clients_of_a_compatibility_protocol_reach_those_of_their_namespace() {
    let server = Guarded::start(with_tickets).await;
    let mut pairs = Vec::new();
    for namespace in TENANTS {
        let one = compat(&server, namespace, "peerjs", "p1").await;
        pairs.push((one, compat(&server, namespace, "peerjs", "p2").await));
    }
    for (at, (one, _)) in pairs.iter_mut().enumerate() {
        let offer = json!({"type": "OFFER", "dst": "p2", "payload": {"connectionId": format!("of tenant {at}")}});
        say(one, offer).await;
    }
    for (at, (_, two)) in pairs.iter_mut().enumerate() {
        let offer: Value = serde_json::from_str(&next(two).await.expect("an offer")).expect("JSON");
        assert_eq!(
            (&offer["src"], &offer["payload"]["connectionId"]),
            (&json!("p1"), &json!(format!("of tenant {at}")))
        );
        say(two, json!({"type": "ANSWER", "dst": "p1", "payload": {"connectionId": format!("from {at}")}})).await;
    }
    for (at, (one, _)) in pairs.iter_mut().enumerate() {
        let answer: Value = serde_json::from_str(&next(one).await.expect("an answer")).expect("JSON");
        assert_eq!(answer["payload"]["connectionId"], json!(format!("from {at}")));
    }
    // A session of the API finds them by their peer ids, in its namespace.
    let mut eve = session(&server, Transport::Json, "zebra-3", "eve").await;
    assert_eq!(refused(&mut eve, text("", "peerjs:peerjs:p1", "across")).await, "PEER_NOT_FOUND");
    // The list of ids, which no token guards, is off where there are tokens.
    let listed = send(server.addr, Request::builder().uri("/peerjs/peerjs/peers"), bytes::Bytes::new()).await;
    assert_eq!(listed.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn limits_of_a_user_are_those_of_one_namespace() {
    let server = Guarded::start(|config| {
        config.users.max_sessions = 1;
        config.users.max_watches = 1;
    })
    .await;
    let (mut sessions, mut watches) = (Vec::new(), Vec::new());
    for namespace in TENANTS {
        sessions.push(session(&server, Transport::Json, namespace, "ada").await);
        let second = Connection::open(Transport::Json, server.addr, hello(&token_in(&server, namespace, "ada"))).await;
        assert_eq!(second.err().expect("one too many").reason, "LIMIT_EXCEEDED", "{namespace:?}");
        let token = token_in(&server, namespace, "ada");
        let watch = || with_token(pb::WatchRoomsRequest::default(), Some(&token));
        watches.push(room_service(&server).await.watch_rooms(watch()).await.expect("a watch"));
        let second = room_service(&server).await.watch_rooms(watch()).await.expect_err("one too many");
        assert_eq!(second.code(), Code::ResourceExhausted);
    }
}

#[tokio::test]
async fn a_deny_list_is_by_namespace() {
    let server = Guarded::start(|config| {
        config.deny.users = vec!["eve".to_owned()];
        let names = DenyNames { users: vec!["mallory".to_owned()], rooms: vec!["closed".to_owned()] };
        config.deny.namespaces.insert(ZEBRA.to_owned(), names);
    })
    .await;
    for (namespace, user, denied) in [
        ("", "eve", true),
        ("", "mallory", false),
        (ZEBRA, "mallory", true),
        (ZEBRA, "eve", false),
        ("zebra-2", "mallory", false),
        ("zebra-2", "eve", false),
    ] {
        let opened = Connection::open(Transport::Json, server.addr, hello(&token_in(&server, namespace, user))).await;
        let reason = opened.err().map(|error| error.reason);
        assert_eq!(reason.as_deref(), denied.then_some("FORBIDDEN"), "{user} in {namespace:?}");
    }
    for (namespace, reason) in [("", ""), (ZEBRA, "FORBIDDEN"), ("zebra-2", "")] {
        let mut ada = session(&server, Transport::Proto, namespace, "ada").await;
        let entering = Up::Join(Join { room: "closed".to_owned(), ..Join::default() });
        assert_eq!(refused(&mut ada, entering).await, reason, "{namespace:?}");
        let status = rest(&server, namespace, "POST", "/v1/rooms", Some(json!({"room": "closed"}))).await.status;
        assert_eq!(status == StatusCode::FORBIDDEN, namespace == ZEBRA, "{namespace:?}: {status}");
    }
}

#[tokio::test]
async fn the_webhook_is_told_the_namespace_and_names_one() {
    let webhook = StandIn::start().await;
    let url = webhook.url();
    let server = Guarded::start(|config| {
        config.auth.webhook_url = url;
        config.auth.webhook_when = WebhookWhen::Always;
        config.auth.webhook_joins = true;
    })
    .await;
    let allow = |namespace: Option<&str>| {
        let mut wigwag = json!({"rooms": ["*"], "can": ["join", "create", "send"]});
        if let Some(namespace) = namespace {
            wigwag["ns"] = json!(namespace);
        }
        ok(&json!({"allow": true, "claims": {"sub": "ada", "wigwag": wigwag}, "cache_s": 60}))
    };
    // Remembered for each namespace apart, and an answer without one is for that of the question.
    for namespace in TENANTS {
        webhook.answer(allow(None));
        let mut ada = session(&server, Transport::Json, namespace, "ada").await;
        let told = |question: Value| question.get("namespace").and_then(Value::as_str).unwrap_or_default().to_owned();
        assert_eq!(told(webhook.last().json()), namespace);
        assert_eq!(join(&mut ada, "demo").await, [""; 0], "{namespace:?}: alone");
        assert_eq!(
            (told(webhook.last().json()), webhook.last().json()["event"].clone()),
            (namespace.to_owned(), json!("join"))
        );
    }
    // Two servers that say different things.
    webhook.answer(allow(Some("zebra-2")));
    let mut other = claims_in(ZEBRA, "ada");
    other.grants.can = Permissions::JOIN;
    let question = Hello { client: "another question".to_owned(), ..hello(&server.token(&other)) };
    let refused_ = Connection::open(Transport::Json, server.addr, question).await.err().expect("refused");
    assert_eq!(refused_.reason, "WEBHOOK_UNAVAILABLE");
    // A token without a namespace, and a client without a token: the answer says where they are.
    for token in [token_in(&server, "", "ada"), String::new()] {
        let question =
            Hello { client: format!("by answer {}", token.is_empty()), user_id: "ada".to_owned(), ..hello(&token) };
        let mut ada = RoamingSession::with(Transport::Proto, server.addr, question).await;
        join(&mut ada, &format!("meeting-{}", token.is_empty())).await;
        let found = rest(&server, "zebra-2", "GET", "/v1/rooms", None).await.ok();
        assert!(found.to_string().contains(&format!("meeting-{}", token.is_empty())), "{found}");
    }
    let found = rest(&server, "", "GET", "/v1/rooms", None).await.ok();
    assert!(!found.to_string().contains("meeting"), "{found}");
}
