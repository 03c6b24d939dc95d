//! Servers that require tokens: who gets in, and what a token permits, over every transport.

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
#[path = "support/transports.rs"]
mod transports;

use http::{Request, StatusCode};
use serde_json::json;
use wigwag_proto::v1::{
    AppData, ClientFrame, CreateRoom, Envelope, Hello, Join, RefreshToken, UpdateMember, app_data::Content,
    client_frame::Body as Up, envelope::Payload, server_frame::Body as Down,
};
use wigwag_token::{Claims, DuplicateUsers, LEEWAY_MS, Permissions};

use call::{answer, send};
use roaming::RoamingSession;
use server::{Guarded, claims, now_ms};
use transports::{Connection, TRANSPORTS, Transport};

fn hello(token: &str) -> Hello {
    Hello { token: token.to_owned(), resumable: true, ..Hello::default() }
}

/// A session with this token.
async fn session(server: &Guarded, transport: Transport, token: &str) -> RoamingSession {
    RoamingSession::with(transport, server.addr, hello(token)).await
}

/// Sends a frame and returns the reason of the error that answers it.
async fn refused(session: &mut RoamingSession, body: Up) -> String {
    let seq = session.send(body).await;
    let frame = session.next().await;
    match frame.body {
        Some(Down::Error(error)) => {
            assert_eq!((frame.reply_to, error.fatal), (seq, false), "{error:?}");
            assert!(error.message.contains(": ") && !error.message.contains("eyJ"), "{}", error.message);
            error.reason
        }
        other => panic!("not refused: {other:?}"),
    }
}

fn join(room: &str) -> Up {
    Up::Join(Join { room: room.to_owned(), ..Join::default() })
}

fn say(room: &str, to: &str) -> Up {
    let message = AppData { content: Some(Content::Text("hello".to_owned())) };
    let payload = Some(Payload::Message(message));
    Up::Envelope(Envelope { room: room.to_owned(), to: to.to_owned(), payload, ..Envelope::default() })
}

#[tokio::test]
async fn a_session_needs_a_good_token() {
    let server = Guarded::start(|_| {}).await;
    let good = server.token(&claims("ada", &["*"], Permissions::JOIN));
    let mut expired = claims("ada", &["*"], Permissions::JOIN);
    expired.expires_at_ms = now_ms() - 60_000;
    let expired = server.token(&expired);
    let forged = server.forged(&claims("ada", &["*"], Permissions::all()));
    for transport in TRANSPORTS {
        for (token, reason) in [
            ("", "TOKEN_MISSING"),
            ("nonsense", "TOKEN_INVALID"),
            (&forged, "TOKEN_INVALID"),
            (&expired, "TOKEN_EXPIRED"),
            (&good[..good.len() - 2], "TOKEN_INVALID"),
        ] {
            let error = Connection::open(transport, server.addr, hello(token)).await.err().expect("refused");
            assert_eq!((error.reason.as_str(), error.fatal), (reason, true), "{transport:?}");
            assert!(!error.message.contains("eyJ"), "{}", error.message);
        }
        let ada = session(&server, transport, &good).await;
        assert_eq!(ada.connection.expect("open").welcome.epoch, 1, "{transport:?}");
    }
}

#[tokio::test]
async fn the_user_is_that_of_the_token() {
    let server = Guarded::start(|_| {}).await;
    let mut named = claims("ada", &["*"], Permissions::JOIN | Permissions::CREATE);
    named.display_name = Some("Ada".into());
    named.grants.metadata.insert("role".into(), "teacher".into());
    let token = server.token(&named);
    for transport in TRANSPORTS {
        let other = Hello { user_id: "bob".to_owned(), ..hello(&token) };
        let error = Connection::open(transport, server.addr, other).await.err().expect("refused");
        assert_eq!((error.reason.as_str(), error.metadata["field"].as_str()), ("INVALID_FIELD", "hello.user_id"));
        let pairs =
            |value: &str| [("role".to_owned(), value.to_owned()), ("mood".to_owned(), "good".to_owned())].into();
        let own = Hello { display_name: "Eve".to_owned(), metadata: pairs("student"), ..hello(&token) };
        let mut ada = RoamingSession::with(transport, server.addr, own).await;
        let body = Join { room: "demo".to_owned(), display_name: "Eve".to_owned(), metadata: pairs("student") };
        ada.send(Up::Join(body)).await;
        let Some(Down::Joined(joined)) = ada.next().await.body else { panic!("not joined") };
        let me = joined.me.expect("a member");
        assert_eq!((me.user_id.as_str(), me.display_name.as_str()), ("ada", "Ada"), "{transport:?}");
        assert_eq!((me.metadata["role"].as_str(), me.metadata["mood"].as_str()), ("teacher", "good"));
        let update = |name: Option<&str>, key: &str| {
            let metadata = [(key.to_owned(), "x".to_owned())].into();
            Up::UpdateMember(UpdateMember { room: "demo".to_owned(), display_name: name.map(str::to_owned), metadata })
        };
        assert_eq!(refused(&mut ada, update(Some("Eve"), "mood")).await, "FORBIDDEN");
        assert_eq!(refused(&mut ada, update(None, "role")).await, "FORBIDDEN");
        ada.send(update(None, "mood")).await;
        assert!(matches!(ada.next().await.body, Some(Down::Done(_))));
        ada.send(Up::Bye(wigwag_proto::v1::Bye {})).await;
    }
}

#[tokio::test]
async fn what_is_not_granted_is_refused_whether_or_not_it_exists() {
    let server = Guarded::start(|_| {}).await;
    let all = server.token(&claims("eve", &["*"], Permissions::all()));
    let mut eve = session(&server, Transport::Signal, &all).await;
    eve.join("other").await;
    eve.join("mine-1").await;
    for transport in TRANSPORTS {
        let token = server.token(&claims("ada", &["mine-*"], Permissions::JOIN | Permissions::SEND));
        let mut ada = session(&server, transport, &token).await;
        for room in ["other", "absent", "min", "Mine-1"] {
            assert_eq!(refused(&mut ada, join(room)).await, "FORBIDDEN", "{transport:?} {room}");
        }
        // A join creates no room without the grant for it.
        assert_eq!(refused(&mut ada, join("mine-2")).await, "ROOM_NOT_FOUND", "{transport:?}");
        let create = Up::CreateRoom(CreateRoom { room: "mine-3".to_owned(), ..CreateRoom::default() });
        assert_eq!(refused(&mut ada, create).await, "FORBIDDEN", "{transport:?}");
        ada.join("mine-1").await;
        assert_eq!(refused(&mut ada, say("mine-1", "")).await, "FORBIDDEN", "{transport:?}: to all of them");
        assert_eq!(refused(&mut ada, say("", &eve.id)).await, "FORBIDDEN", "{transport:?}: direct");
        assert_eq!(refused(&mut ada, say("other", &eve.id)).await, "FORBIDDEN", "{transport:?}");
        ada.send(say("mine-1", &eve.id)).await;
        eve.expect_text("hello").await;

        let token = server.token(&claims("bob", &["*"], Permissions::BROADCAST | Permissions::DIRECT));
        let mut bob = session(&server, transport, &token).await;
        assert_eq!(refused(&mut bob, join("mine-1")).await, "FORBIDDEN", "{transport:?}");
        bob.send(say("", &eve.id)).await;
        eve.expect_text("hello").await;
        ada.send(Up::Bye(wigwag_proto::v1::Bye {})).await;
        assert_eq!(eve.sees_leave().await.0, ada.id);
    }
}

#[tokio::test]
async fn rooms_get_the_settings_of_the_token() {
    let server = Guarded::start(|_| {}).await;
    let mut limited = claims("ada", &["*"], Permissions::all());
    (limited.grants.max_members, limited.grants.duplicate_users) = (Some(1), Some(DuplicateUsers::Reject));
    let mut ada = session(&server, Transport::Signal, &server.token(&limited)).await;
    let joined = ada.join("joined").await;
    assert_eq!(joined.room_info.expect("a room").max_members, 1);
    let create = CreateRoom { room: "created".to_owned(), max_members: 50, ..CreateRoom::default() };
    ada.send(Up::CreateRoom(create)).await;
    let Some(Down::Joined(created)) = ada.next().await.body else { panic!("not created") };
    assert_eq!(created.room_info.expect("a room").max_members, 1);
    let all = server.token(&claims("ada", &["*"], Permissions::all()));
    let mut again = session(&server, Transport::Signal, &all).await;
    assert_eq!(refused(&mut again, join("joined")).await, "USER_TAKEN");
}

#[tokio::test]
async fn a_refresh_replaces_what_a_session_may_do() {
    let server = Guarded::start(|_| {}).await;
    let refresh = |token: String| Up::Refresh(RefreshToken { token });
    for transport in TRANSPORTS {
        let join_all = Permissions::JOIN | Permissions::CREATE;
        let mut ada = session(&server, transport, &server.token(&claims("ada", &["*"], join_all))).await;
        ada.join("a").await;
        ada.join("b").await;
        assert_eq!(refused(&mut ada, refresh(String::new())).await, "TOKEN_MISSING", "{transport:?}");
        let others = server.token(&claims("bob", &["*"], join_all));
        assert_eq!(refused(&mut ada, refresh(others)).await, "TOKEN_INVALID", "{transport:?}");
        let forged = server.forged(&claims("ada", &["*"], Permissions::all()));
        assert_eq!(refused(&mut ada, refresh(forged)).await, "TOKEN_INVALID", "{transport:?}");
        let fresh = claims("ada", &["a"], Permissions::JOIN | Permissions::BROADCAST);
        let seq = ada.send(refresh(server.token(&fresh))).await;
        let frame = ada.next().await;
        let Some(Down::Refreshed(refreshed)) = frame.body else { panic!("not refreshed: {frame:?}") };
        assert_eq!(frame.reply_to, seq);
        let expires = refreshed.expires_at.expect("a time").seconds;
        assert_eq!(expires, i64::try_from(fresh.expires_at_ms / 1_000).expect("a time"), "{transport:?}");
        let left = ada.expect_own_left().await;
        assert_eq!((left.room.as_str(), left.reason.as_str()), ("b", "FORBIDDEN"), "{transport:?}");
        ada.send(say("a", "")).await;
        assert_eq!(refused(&mut ada, join("b")).await, "FORBIDDEN", "{transport:?}");
        // It belongs to the session: over another transport it is the same.
        ada.lose();
        let next = if transport == Transport::Signal { Transport::Json } else { Transport::Signal };
        ada.resume(next).await;
        assert_eq!(refused(&mut ada, join("b")).await, "FORBIDDEN", "{transport:?}");
        ada.send(Up::Bye(wigwag_proto::v1::Bye {})).await;
    }
}

/// Opens a session whose token expires soon, and waits for the warning. How soon depends on this machine: a token that expires
/// before the session is open, or before the warning, is followed by one that is good for twice as long.
async fn session_before_its_end(server: &Guarded, transport: Transport) -> RoamingSession {
    for seconds in [2, 4, 8, 16] {
        // Tokens are good for ten seconds after their expiry, for clocks that differ.
        let expires_at_ms = now_ms() + seconds * 1_000 - LEEWAY_MS;
        let token = server.token(&Claims { expires_at_ms, ..claims("ada", &["*"], Permissions::all()) });
        let features = vec!["token_expiring".to_owned()];
        let error = match Connection::open(transport, server.addr, Hello { features, ..hello(&token) }).await {
            Ok(connection) => {
                let mut session = RoamingSession::of(server.addr, connection);
                let warning = session.connection.as_mut().expect("open").next().await;
                match warning.body {
                    Some(Down::TokenExpiring(_)) => return session,
                    Some(Down::Error(error)) => error,
                    other => panic!("{transport:?}: {other:?}"),
                }
            }
            Err(error) => error,
        };
        assert_eq!(error.reason, "TOKEN_EXPIRED", "{transport:?}");
    }
    panic!("{transport:?}: a session takes more than 16 s to open")
}

#[tokio::test]
async fn a_session_ends_with_its_token_and_is_resumed_with_a_fresh_one() {
    let server = Guarded::start(|_| {}).await;
    for transport in TRANSPORTS {
        let mut ada = session_before_its_end(&server, transport).await;
        let end = ada.connection.as_mut().expect("open").next().await;
        let Some(Down::Error(error)) = end.body else { panic!("{transport:?}: {end:?}") };
        assert_eq!((error.reason.as_str(), error.fatal), ("TOKEN_EXPIRED", true), "{transport:?}");
        ada.lose();
        let refuses = |token: String| {
            let hello = Hello { token, ..ada.hello() };
            async move { Connection::open(transport, server.addr, hello).await.err().expect("refused").reason }
        };
        assert_eq!(refuses(String::new()).await, "TOKEN_EXPIRED", "{transport:?}");
        let bob = server.token(&claims("bob", &["*"], Permissions::all()));
        assert_eq!(refuses(bob).await, "TOKEN_INVALID", "{transport:?}");
        let fresh = server.token(&claims("ada", &["*"], Permissions::all()));
        let connection = Connection::open(transport, server.addr, Hello { token: fresh, ..ada.hello() }).await;
        ada.take(connection.expect("resumed")).await;
        ada.join("demo").await;
        ada.send(Up::Bye(wigwag_proto::v1::Bye {})).await;
    }
}

#[tokio::test]
async fn a_token_may_come_with_the_request() {
    let server = Guarded::start(|_| {}).await;
    let token = server.token(&claims("ada", &["*"], Permissions::JOIN));
    let offered = format!("{}, wigwag.token.{token}", client::JSON);
    let upgrade = Request::builder()
        .uri("/v1/signal")
        .header("connection", "upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
        .header("sec-websocket-protocol", &offered);
    let answer = send(server.addr, upgrade, Default::default()).await;
    assert_eq!(answer.status(), StatusCode::SWITCHING_PROTOCOLS);
    assert_eq!(answer.headers()["sec-websocket-protocol"], client::JSON, "the token is not sent back");
    for (name, value) in [("sec-websocket-protocol", offered.as_str()), ("authorization", &format!("bearer {token}"))] {
        let headers = match name {
            "authorization" => vec![("sec-websocket-protocol", client::JSON), (name, value)],
            _ => vec![(name, value)],
        };
        let socket = client::open(server.addr, "/v1/signal", &headers).await.expect("a WebSocket");
        let mut socket = client::Client { socket, json: true };
        socket.send(0, 0, Some(Up::Hello(Hello::default()))).await;
        assert!(matches!(socket.frame().await.expect("a frame").body, Some(Down::Welcome(_))), "{name}");
    }
    let alone = format!("wigwag.token.{token}");
    let refused = client::open(server.addr, "/v1/signal", &[("sec-websocket-protocol", &alone)]).await;
    assert!(refused.is_err(), "a token is not a subprotocol");
    let mut grpc = server.signaling().await;
    let mut request = tonic::Request::new(tokio_stream::once(ClientFrame {
        body: Some(Up::Hello(Hello::default())),
        ..ClientFrame::default()
    }));
    request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().expect("a header"));
    let mut down = grpc.signal(request).await.expect("a stream").into_inner();
    let first = running::soon("a frame", down.message()).await.expect("no error").expect("a frame");
    assert!(matches!(first.body, Some(Down::Welcome(_))));
    let ice = grpc.get_ice_servers(wigwag_proto::v1::GetIceServersRequest {}).await;
    assert_eq!(ice.expect_err("no token").code(), tonic::Code::Unauthenticated);
}

#[tokio::test]
async fn rooms_are_managed_with_a_grant_within_its_patterns() {
    let server = Guarded::start(|_| {}).await;
    let call = |method: &'static str, path: &'static str, token: Option<String>, body: Option<serde_json::Value>| {
        let mut request = Request::builder().method(method).uri(path).header("content-type", "application/json");
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let addr = server.addr;
        async move { answer(send(addr, request, body.map(|body| body.to_string()).unwrap_or_default().into()).await).await }
    };
    let token = |can| Some(server.token(&claims("backend", &["mine-*"], can)));
    let missing = call("GET", "/v1/rooms", None, None).await;
    assert_eq!((missing.status, missing.reason()), (StatusCode::UNAUTHORIZED, "TOKEN_MISSING"));
    assert_eq!(missing.headers["www-authenticate"], "Bearer");
    let none = call("GET", "/v1/rooms", token(Permissions::JOIN), None).await;
    assert_eq!((none.status, none.reason()), (StatusCode::FORBIDDEN, "FORBIDDEN"));
    for (room, status) in [("mine-1", StatusCode::OK), ("mine-2", StatusCode::OK), ("other", StatusCode::FORBIDDEN)] {
        let created = call("POST", "/v1/rooms", token(Permissions::MANAGE), Some(json!({"room": room}))).await;
        assert_eq!(created.status, status, "{created:?}");
    }
    let all = server.token(&claims("root", &["*"], Permissions::all()));
    call("POST", "/v1/rooms", Some(all), Some(json!({"room": "other"}))).await.ok();
    for can in [Permissions::MANAGE, Permissions::LIST] {
        let listed = call("GET", "/v1/rooms", token(can), None).await.ok();
        let names: Vec<_> =
            listed["rooms"].as_array().expect("rooms").iter().map(|room| room["room"].clone()).collect();
        assert_eq!(names, ["mine-1", "mine-2"]);
        let mine = call("GET", "/v1/rooms/mine-1", token(can), None).await;
        assert_eq!(mine.status, StatusCode::OK);
        for path in ["/v1/rooms/other", "/v1/rooms/absent", "/v1/rooms/other/members"] {
            let answer = call("GET", path, token(can), None).await;
            assert_eq!((answer.status, answer.reason()), (StatusCode::FORBIDDEN, "FORBIDDEN"), "{path}");
        }
    }
    let ended = call("DELETE", "/v1/rooms/mine-2", token(Permissions::LIST), None).await;
    assert_eq!(ended.status, StatusCode::FORBIDDEN);

    let rooms = call("GET", "/rooms", None, None).await;
    assert_eq!((rooms.status, rooms.json["error"].as_str()), (StatusCode::UNAUTHORIZED, Some("TOKEN_MISSING")));
    let shown = call("GET", "/rooms", token(Permissions::MANAGE), None).await;
    assert_eq!(shown.json["rooms"].as_array().map(Vec::len), Some(2), "{shown:?}");
    let health = call("GET", "/health", None, None).await;
    assert_eq!((health.json["rooms"].clone(), health.json["roomDetails"].clone()), (json!(3), json!([])));
}

#[tokio::test]
async fn a_revoked_token_opens_nothing() {
    let server = Guarded::start(|_| {}).await;
    let mut admin = server.admin().await;
    let mut first = claims("ada", &["*"], Permissions::all());
    first.id = Some("first".into());
    let (first, second) = (server.token(&first), server.token(&claims("ada", &["*"], Permissions::all())));
    let mut bob = session(&server, Transport::Json, &server.token(&claims("bob", &["*"], Permissions::all()))).await;
    bob.join("demo").await;
    for transport in TRANSPORTS {
        let mut ada = session(&server, transport, &second).await;
        ada.join("demo").await;
    }
    let by = |user: &str, id: &str| {
        let revoke =
            wigwag_proto::v1::RevokeRequest { user_id: user.to_owned(), token_id: id.to_owned(), ..Default::default() };
        let token = server.token(&claims("root", &[], Permissions::ADMIN));
        server::with_token(revoke, Some(&token))
    };
    let nobody = admin.revoke(server::with_token(by("ada", "").into_inner(), None)).await.expect_err("no token");
    assert_eq!(nobody.code(), tonic::Code::Unauthenticated);
    let manager = server.token(&claims("backend", &["*"], Permissions::MANAGE));
    let not_admin = admin.revoke(server::with_token(by("ada", "").into_inner(), Some(&manager))).await;
    assert_eq!(not_admin.expect_err("not granted").code(), tonic::Code::PermissionDenied);
    for (user, id) in [("", ""), ("ada", "first")] {
        assert_eq!(admin.revoke(by(user, id)).await.expect_err("one of them").code(), tonic::Code::InvalidArgument);
    }

    let mut ada = session(&server, Transport::Signal, &first).await;
    let ended = admin.revoke(by("", "first")).await.expect("revoked").into_inner().sessions;
    assert_eq!(ended, 1);
    let end = ada.connection.as_mut().expect("open").next().await;
    let Some(Down::Error(error)) = end.body else { panic!("{end:?}") };
    assert_eq!((error.reason.as_str(), error.fatal), ("FORBIDDEN", true));
    let again = Connection::open(Transport::Proto, server.addr, Hello { token: first, ..ada.hello() }).await;
    assert_eq!(again.err().expect("revoked").reason, "TOKEN_INVALID");

    let ended = admin.revoke(by("ada", "")).await.expect("revoked").into_inner().sessions;
    assert_eq!(ended, 4);
    for _ in 0..4 {
        assert_eq!(bob.sees_leave().await.1, "FORBIDDEN");
    }
    for transport in TRANSPORTS {
        let error = Connection::open(transport, server.addr, hello(&second)).await.err().expect("revoked");
        assert_eq!(error.reason, "TOKEN_INVALID", "{transport:?}");
    }
    // The issuer's clock may be ahead: what it dates a few seconds later may have been issued before.
    let mut ahead = claims("ada", &["*"], Permissions::all());
    ahead.issued_at_ms = Some(now_ms() + 5_000);
    let error = Connection::open(Transport::Signal, server.addr, hello(&server.token(&ahead))).await.err();
    assert_eq!(error.expect("revoked").reason, "TOKEN_INVALID");
}

#[tokio::test]
async fn a_token_id_is_revoked_for_its_issuer_or_for_all() {
    let server = Guarded::start(|_| {}).await;
    let mut admin = server.admin().await;
    let token = |user: &str, issuer: &str| {
        let mut claims = claims(user, &["*"], Permissions::all());
        claims.id = Some("7".into());
        claims.issuer = Some(issuer.into());
        server.token(&claims)
    };
    let (one, two) = (token("ada", "https://one.example"), token("bob", "https://two.example"));
    let _ada = session(&server, Transport::Json, &one).await;
    let _bob = session(&server, Transport::Json, &two).await;
    let by = |user_id: &str, token_id: &str, issuer: &str| {
        let (user_id, token_id, issuer) = (user_id.to_owned(), token_id.to_owned(), issuer.to_owned());
        let revoke = wigwag_proto::v1::RevokeRequest { user_id, token_id, issuer, until: None };
        let token = server.token(&claims("root", &[], Permissions::ADMIN));
        server::with_token(revoke, Some(&token))
    };
    for wrong in
        [by("ada", "", "https://one.example"), by("", "", "https://one.example"), by("", "7", &"x".repeat(257))]
    {
        assert_eq!(admin.revoke(wrong).await.expect_err("invalid").code(), tonic::Code::InvalidArgument);
    }
    let ended =
        async |admin: &mut wigwag_proto::v1::admin_service_client::AdminServiceClient<tonic::transport::Channel>,
               issuer: &str| {
            admin.revoke(by("", "7", issuer)).await.expect("revoked").into_inner().sessions
        };
    assert_eq!(ended(&mut admin, "https://three.example").await, 0);
    assert_eq!(ended(&mut admin, "https://one.example").await, 1, "not that of the other issuer");
    let refused = async |token: &str| {
        let opened = Connection::open(Transport::Proto, server.addr, hello(token)).await;
        opened.err().map(|error| error.reason)
    };
    assert_eq!(refused(&one).await.as_deref(), Some("TOKEN_INVALID"));
    assert_eq!(refused(&two).await, None);
    assert!(ended(&mut admin, "").await >= 1, "of every issuer");
    assert_eq!(refused(&two).await.as_deref(), Some("TOKEN_INVALID"));
}
