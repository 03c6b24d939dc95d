//! The webhook that is asked about clients: who gets in, over every transport, and what happens while it does not answer.

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

use futures_util::StreamExt as _;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use wigwag_proto::v1::{
    CreateRoom, GetIceServersRequest, Hello, Join, ListRoomsRequest, RefreshToken, client_frame::Body as Up,
    room_service_client::RoomServiceClient, server_frame::Body as Down,
};
use wigwag_server::config::{AllowedOrigins, Config, WebhookWhen};
use wigwag_token::Permissions;

use roaming::RoamingSession;
use running::{Running, soon};
use server::{Guarded, claims, with_token};
use stand_in::{StandIn, ok, raw};
use transports::{Connection, TRANSPORTS, Transport};

fn everything(user: &str) -> Value {
    json!({"sub": user, "name": "Ada", "wigwag": {"rooms": ["*"], "can": ["join", "create", "send", "broadcast"]}})
}

/// The answer that allows a connect.
fn allow(claims: &Value) -> String {
    ok(&json!({"allow": true, "claims": claims}))
}

fn hello(user: &str) -> Hello {
    Hello { user_id: user.to_owned(), client: "test/1".to_owned(), resumable: true, ..Hello::default() }
}

async fn reason(transport: Transport, server: &Running, hello: Hello) -> (String, String) {
    let error = Connection::open(transport, server.addr, hello).await.err().expect("refused");
    assert!(error.fatal);
    (error.reason, error.message)
}

async fn start(webhook: &StandIn, change: impl FnOnce(&mut Config)) -> Running {
    Running::start(|config| {
        config.auth.webhook_url = format!("{}/ask?v=1", webhook.url());
        change(config);
    })
    .await
}

/// Sends a frame and returns the reason of the error that answers it, or that it was answered otherwise.
async fn outcome(session: &mut RoamingSession, body: Up) -> String {
    session.send(body).await;
    match session.next().await.body {
        Some(Down::Error(error)) => error.reason,
        Some(Down::Joined(_)) => "joined".to_owned(),
        Some(Down::Refreshed(_)) => "refreshed".to_owned(),
        other => panic!("{other:?}"),
    }
}

fn join(room: &str) -> Up {
    Up::Join(Join { room: room.to_owned(), ..Join::default() })
}

#[tokio::test]
async fn who_has_no_token_is_who_the_webhook_says_over_every_transport() {
    let webhook = StandIn::start().await;
    let secret = "a secret of this test";
    let server = start(&webhook, |config| config.auth.webhook_secret = secret.replace(' ', "-").into()).await;
    for transport in TRANSPORTS {
        webhook.answer(allow(&everything("ada")));
        let mut session = RoamingSession::with(transport, server.addr, hello("ada")).await;
        assert_eq!(outcome(&mut session, join("room")).await, "joined", "{transport:?}");
        let question = webhook.last();
        assert!(question.head.starts_with("POST /ask?v=1 HTTP/1.1\r\n"), "{}", question.head);
        assert_eq!(question.field("authorization"), "Bearer a-secret-of-this-test");
        assert_eq!(question.field("content-type"), "application/json");
        let name = match transport {
            Transport::Signal => "grpc",
            Transport::Web => "grpc-web",
            Transport::Json | Transport::Proto => "websocket",
        };
        let expected = json!({"version": 1, "event": "connect", "user": "ada", "user_verified": false, "transport": name,
            "client": "test/1"});
        assert_eq!(question.json(), expected, "no address, no headers");

        webhook.answer(ok(&json!({"allow": false, "reason": "not today"})));
        let (denied, text) = reason(transport, &server, hello("ada")).await;
        assert_eq!((denied.as_str(), text.as_str()), ("FORBIDDEN", "the application's server refuses this: not today"));

        webhook.answer(allow(&everything("bob")));
        assert_eq!(reason(transport, &server, hello("ada")).await.0, "INVALID_FIELD", "hello.user_id is not its sub");
        webhook.answer(allow(&json!({"sub": "ada"})));
        let mut session = RoamingSession::with(transport, server.addr, hello("")).await;
        assert_eq!(outcome(&mut session, join("room")).await, "FORBIDDEN", "it has granted nothing");
    }
}

#[tokio::test]
async fn without_a_usable_answer_clients_come_again_and_none_gets_in() {
    let webhook = StandIn::start().await;
    let elsewhere = StandIn::start().await;
    elsewhere.answer(allow(&everything("ada")));
    let server = start(&webhook, |config| config.auth.webhook_timeout_ms = 300).await;
    let good = json!({"allow": true, "claims": everything("ada")});
    let padded = json!({"allow": true, "claims": everything("ada"), "pad": "p".repeat(64 * 1024)});
    let whole = ok(&good);
    for (name, answer) in [
        ("no answer", String::new()),
        ("a page", raw(200, "<html>allow</html>")),
        ("no claims", ok(&json!({"allow": true}))),
        ("a text for true", ok(&json!({"allow": "true", "claims": everything("ada")}))),
        ("an unknown grant", ok(&json!({"allow": true, "claims": {"sub": "ada", "wigwag": {"everything": true}}}))),
        ("no user", ok(&json!({"allow": true, "claims": {}}))),
        ("more than 64 KiB", ok(&padded)),
        ("an error that says allow", raw(500, &good.to_string())),
        ("unauthorized", raw(401, &good.to_string())),
        ("created", raw(201, &good.to_string())),
        ("cut", whole[..whole.len() - 5].to_owned()),
        ("no HTTP", "SSH-2.0-OpenSSH\r\n".to_owned()),
        (
            "a redirect",
            format!("HTTP/1.1 307 Temporary Redirect\r\nlocation: {}\r\ncontent-length: 0\r\n\r\n", elsewhere.url()),
        ),
    ] {
        webhook.answer(answer);
        let error = Connection::open(Transport::Proto, server.addr, hello("")).await.err().expect(name);
        assert_eq!(
            (error.reason.as_str(), error.code, error.retry_after_ms),
            ("WEBHOOK_UNAVAILABLE", 14, 2_000),
            "{name}"
        );
        assert!(!error.message.contains("ada") && !error.message.contains("html"), "{name}: {}", error.message);
    }
    assert_eq!(elsewhere.questions(), 0, "redirects are not followed");
    webhook.answer(whole);
    Connection::open(Transport::Proto, server.addr, hello("")).await.expect("it answers again");
    webhook.stop();
    assert_eq!(reason(Transport::Proto, &server, hello("")).await.0, "WEBHOOK_UNAVAILABLE", "it is down");
}

#[tokio::test]
async fn answers_are_remembered_for_as_long_as_they_say() {
    let webhook = StandIn::start().await;
    let server = start(&webhook, |_| {}).await;
    webhook.answer(ok(&json!({"allow": true, "claims": everything("ada"), "cache_s": 60})));
    for _ in 0..3 {
        Connection::open(Transport::Proto, server.addr, hello("ada")).await.expect("allowed");
    }
    assert_eq!(webhook.questions(), 1);
    Connection::open(Transport::Signal, server.addr, hello("ada")).await.expect("allowed");
    assert_eq!(webhook.questions(), 2, "another question");
    webhook.answer(ok(&json!({"allow": false, "cache_s": 60})));
    for _ in 0..3 {
        assert_eq!(reason(Transport::Proto, &server, hello("eve")).await.0, "FORBIDDEN");
    }
    assert_eq!(webhook.questions(), 3, "a no is remembered as well");
    webhook.answer(String::new());
    Connection::open(Transport::Proto, server.addr, hello("ada")).await.expect("remembered while it is away");
}

#[tokio::test]
async fn questions_under_way_are_bounded() {
    let webhook = StandIn::start().await;
    webhook.answer(allow(&everything("ada")));
    let server = start(&webhook, |config| {
        config.auth.webhook_concurrency = 2;
        config.auth.webhook_timeout_ms = 10_000;
    })
    .await;
    webhook.hold(true);
    let opening: Vec<_> =
        (0..8).map(|_| tokio::spawn(Connection::open(Transport::Proto, server.addr, hello("")))).collect();
    soon("two questions", webhook.held(2)).await;
    webhook.hold(false);
    for opened in opening {
        soon("an answer", opened).await.expect("no panic").expect("allowed");
    }
    assert_eq!((webhook.questions(), webhook.most_at_a_time()), (8, 2));
}

#[tokio::test]
async fn joins_and_rooms_that_are_created_are_asked_about() {
    let webhook = StandIn::start().await;
    let server = start(&webhook, |config| config.auth.webhook_joins = true).await;
    for transport in TRANSPORTS {
        webhook.answer(allow(&everything("ada")));
        let mut session = RoamingSession::with(transport, server.addr, hello("")).await;
        webhook.answer(ok(&json!({"allow": false})));
        assert_eq!(outcome(&mut session, join("closed")).await, "FORBIDDEN");
        let question = webhook.last().json();
        assert_eq!(
            (&question["event"], &question["user"], &question["room"]),
            (&json!("join"), &json!("ada"), &json!("closed"))
        );
        assert_eq!(question["user_verified"], true);
        let create = Up::CreateRoom(CreateRoom { room: "new".to_owned(), ..CreateRoom::default() });
        assert_eq!(outcome(&mut session, create).await, "FORBIDDEN");
        webhook.answer(raw(500, ""));
        assert_eq!(outcome(&mut session, join("open")).await, "WEBHOOK_UNAVAILABLE");
        webhook.answer(ok(&json!({"allow": true})));
        assert_eq!(outcome(&mut session, join("open")).await, "joined");
    }
}

#[tokio::test]
async fn a_resume_keeps_what_the_session_has_until_that_expires() {
    let webhook = StandIn::start().await;
    let server = start(&webhook, |_| {}).await;
    for transport in TRANSPORTS {
        webhook.answer(allow(&everything("ada")));
        let mut session = RoamingSession::with(transport, server.addr, hello("ada")).await;
        let asked = webhook.questions();
        webhook.answer(ok(&json!({"allow": false})));
        session.lose();
        session.resume(transport).await;
        assert_eq!(webhook.questions(), asked, "{transport:?}: not asked");
        assert_eq!(outcome(&mut session, join("room")).await, "joined");
        let refresh = || Up::Refresh(RefreshToken { token: String::new() });
        assert_eq!(outcome(&mut session, refresh()).await, "FORBIDDEN", "a refresh without a token asks anew");
        assert_eq!(webhook.last().json()["user_verified"], true);
        webhook.answer(allow(&everything("bob")));
        assert_eq!(outcome(&mut session, refresh()).await, "TOKEN_INVALID", "another user");
        webhook.answer(allow(&everything("ada")));
        assert_eq!(outcome(&mut session, refresh()).await, "refreshed");
    }
}

#[tokio::test]
async fn tokens_are_verified_here_and_narrowed_by_a_webhook_that_is_always_asked() {
    let webhook = StandIn::start().await;
    let url = webhook.url();
    let server = Guarded::start(|config| config.auth.webhook_url = url).await;
    let token = server.token(&claims("ada", &["*"], Permissions::JOIN | Permissions::CREATE));
    let with = |token: &str| Hello { token: token.to_owned(), ..hello("") };
    for transport in TRANSPORTS {
        Connection::open(transport, server.addr, with(&token)).await.expect("not asked about");
        let error = Connection::open(transport, server.addr, with("bad")).await.err().expect("refused");
        assert_eq!(error.reason, "TOKEN_INVALID", "a bad token is not made good");
    }
    assert_eq!(webhook.questions(), 0);

    let url = webhook.url();
    let server = Guarded::start(|config| {
        config.auth.webhook_url = url;
        config.auth.webhook_when = WebhookWhen::Always;
    })
    .await;
    for transport in TRANSPORTS {
        webhook.answer(ok(&json!({"allow": true})));
        let mut session = RoamingSession::with(transport, server.addr, with(&token)).await;
        assert_eq!(webhook.last().json()["user_verified"], true);
        assert_eq!(outcome(&mut session, join("a")).await, "joined", "what the token permits");
        let narrow = json!({"wigwag": {"rooms": ["a"], "can": ["join", "create"]}});
        webhook.answer(allow(&narrow));
        let refresh = || Up::Refresh(RefreshToken { token: token.clone() });
        assert_eq!(outcome(&mut session, refresh()).await, "refreshed");
        assert_eq!(outcome(&mut session, join("b")).await, "FORBIDDEN", "what the webhook permits");
        let mut session = RoamingSession::with(transport, server.addr, with(&token)).await;
        assert_eq!(outcome(&mut session, join("b")).await, "FORBIDDEN");
        webhook.answer(ok(&json!({"allow": false})));
        let error = Connection::open(transport, server.addr, with(&token)).await.err().expect("refused");
        assert_eq!(error.reason, "FORBIDDEN");
        let asked = webhook.questions();
        let error = Connection::open(transport, server.addr, with("bad")).await.err().expect("refused");
        assert_eq!((error.reason.as_str(), webhook.questions()), ("TOKEN_INVALID", asked), "not asked about");
        webhook.answer(allow(&everything("bob")));
        let error = Connection::open(transport, server.addr, with(&token)).await.err().expect("refused");
        assert_eq!(error.reason, "WEBHOOK_UNAVAILABLE", "an answer about another user");
    }
}

#[tokio::test]
async fn fields_of_the_request_and_the_address_are_told_if_the_configuration_says_so() {
    let webhook = StandIn::start().await;
    webhook.answer(allow(&everything("ada")));
    let server = start(&webhook, |config| {
        config.auth.webhook_headers = vec!["cookie".to_owned(), "user-agent".to_owned(), "x-absent".to_owned()];
        config.auth.webhook_addresses = true;
        assert_ne!(config.cors.allowed_origins, AllowedOrigins::Any);
    })
    .await;
    for transport in TRANSPORTS {
        Connection::open(transport, server.addr, hello("")).await.expect("allowed");
        let question = webhook.last().json();
        assert_eq!(question["address"], "127.0.0.1", "{transport:?}");
        if transport == Transport::Signal {
            let agent = question["headers"]["user-agent"].as_str().expect("a field of the call");
            assert!(agent.starts_with("tonic/"), "{agent}");
        }
        assert!(question["headers"].get("x-absent").is_none());
    }
    let request = format!(
        "GET /v1/signal HTTP/1.1\r\nhost: {}\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\n\
         sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\nsec-websocket-protocol: wigwag.v1.json\r\ncookie: id=7\r\n\r\n",
        server.addr
    );
    let frame = br#"{"hello":{}}"#;
    webhook.send_hello(server.addr, &request, frame).await;
    assert_eq!(webhook.last().json()["headers"]["cookie"], "id=7");
}

#[tokio::test]
async fn backends_need_a_token_and_clients_ask_for_ice_servers() {
    let webhook = StandIn::start().await;
    let url = webhook.url();
    let server = Guarded::start(|config| config.auth.webhook_url = url).await;
    webhook.answer(allow(&everything("ada")));
    let mut signaling = server.signaling().await;
    signaling.get_ice_servers(GetIceServersRequest {}).await.expect("allowed");
    assert_eq!(webhook.last().json()["event"], "connect");
    webhook.answer(ok(&json!({"allow": false})));
    let status = signaling.get_ice_servers(GetIceServersRequest {}).await.expect_err("refused");
    assert_eq!(status.code(), tonic::Code::PermissionDenied);

    let asked = webhook.questions();
    let channel = tonic::transport::Endpoint::from_shared(format!("http://{}", server.addr)).expect("a URL");
    let mut rooms = RoomServiceClient::new(channel.connect().await.expect("connects"));
    let status = rooms.list_rooms(ListRoomsRequest::default()).await.expect_err("no token");
    assert_eq!((status.code(), webhook.questions()), (tonic::Code::Unauthenticated, asked));
    let token = server.token(&claims("ops", &["*"], Permissions::MANAGE));
    rooms.list_rooms(with_token(ListRoomsRequest::default(), Some(&token))).await.expect("a token");
}

#[tokio::test]
async fn clients_of_compatibility_protocols_are_asked_about_if_no_ticket_admits_them() {
    let webhook = StandIn::start().await;
    let server = start(&webhook, |config| {
        config.compat.ticket_parameter = "ticket".to_owned();
        config.auth.webhook_joins = true;
    })
    .await;
    for (protocol, path, id) in [
        ("rooms-ws", "/?roomId=demo&userId=ada&userName=Ada", "ada"),
        ("plain-json", "/json/demo", ""),
        ("connector", "/connector", ""),
        ("peerjs", "/peerjs/peerjs?key=peerjs&id=ada&token=random", "ada"),
    ] {
        webhook.answer(ok(&json!({"allow": false, "reason": "not you"})));
        let mut socket = client::open(server.addr, path, &[]).await.expect("a WebSocket");
        let refused = soon("the refusal", async {
            loop {
                match socket.next().await {
                    Some(Ok(Message::Close(_))) | None => return true,
                    Some(Ok(_)) => {}
                    Some(Err(error)) => panic!("{error}"),
                }
            }
        });
        assert!(refused.await, "{protocol}");
        let question = webhook.last().json();
        assert_eq!((&question["event"], &question["transport"]), (&json!("connect"), &json!(protocol)));
        assert_eq!((&question["user"], &question["user_verified"]), (&json!(id), &json!(false)), "{protocol}");

        webhook.answer(allow(&everything("ada")));
        let asked = webhook.questions();
        let _socket = client::open(server.addr, path, &[]).await.expect("a WebSocket");
        let joins = matches!(protocol, "rooms-ws" | "plain-json");
        soon("the questions", webhook.asked(asked + 1 + usize::from(joins))).await;
        assert_eq!(webhook.last().json()["event"], if joins { "join" } else { "connect" }, "{protocol}");
    }
}

#[tokio::test]
async fn a_session_whose_claims_have_expired_goes_on_if_the_webhook_says_so() {
    let webhook = StandIn::start().await;
    let server = start(&webhook, |_| {}).await;
    // They are accepted for ten more seconds.
    webhook.answer(allow(&json!({"sub": "ada", "ttl_s": 1})));
    let mut session = RoamingSession::with(Transport::Proto, server.addr, hello("ada")).await;
    let connection = session.connection.as_mut().expect("a connection");
    let ended = async {
        loop {
            if let Some(Down::Error(error)) = connection.next().await.body {
                return error.reason;
            }
        }
    };
    assert_eq!(soon("the end of the connection", ended).await, "TOKEN_EXPIRED");
    session.lose();
    for (answer, reason) in [
        (ok(&json!({"allow": false})), "FORBIDDEN"),
        (raw(500, ""), "WEBHOOK_UNAVAILABLE"),
        (allow(&everything("bob")), "TOKEN_INVALID"),
    ] {
        webhook.answer(answer);
        let error = session.try_resume(Transport::Json).await.err().expect("refused");
        assert_eq!(error.reason, reason);
    }
    webhook.answer(allow(&everything("ada")));
    session.resume(Transport::Json).await;
    assert_eq!(outcome(&mut session, join("room")).await, "joined");
}
