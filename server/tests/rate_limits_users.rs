//! Rate limits of users and of callers that are not authenticated, over WebSocket, REST and a compatibility protocol.

#[path = "rest/call.rs"]
mod call;
#[path = "websocket/client.rs"]
mod client;
#[path = "shell/running.rs"]
mod running;
#[path = "tokens/server.rs"]
mod server;

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use http::{Request, StatusCode};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use wigwag_proto::v1::{
    Advice, CreateRoom, ErrorFrame, Hello, Leave, client_frame::Body as Up, server_frame::Body as Down,
};
use wigwag_token::Permissions;

use call::{Answer, answer, send};
use client::{Client, JSON, PROTO};
use running::{Running, soon};
use server::{Guarded, claims};

/// Opens a session over a WebSocket, or returns the error that ends the connection.
async fn open(server: &Guarded, token: &str) -> Result<Client, ErrorFrame> {
    let mut client = Client::connect(server.addr, PROTO).await;
    let hello = Hello { token: token.to_owned(), resumable: true, ..Hello::default() };
    client.send(0, 0, Some(Up::Hello(hello))).await;
    match client.next().await.1 {
        Down::Welcome(_) => Ok(client),
        Down::Error(error) => Err(error),
        other => panic!("no welcome: {other:?}"),
    }
}

async fn list(server: &Guarded, token: &str) -> Answer {
    let request = Request::builder().uri("/v1/rooms").header("authorization", format!("Bearer {token}"));
    answer(send(server.addr, request, bytes::Bytes::new()).await).await
}

#[tokio::test]
async fn a_user_has_so_many_sessions_and_others_are_not_affected() {
    let server = Guarded::start(|config| config.users.max_sessions = 2).await;
    let ada = server.token(&claims("ada", &["*"], Permissions::all()));
    let mut first = open(&server, &ada).await.expect("a session");
    let _second = open(&server, &ada).await.expect("another one");
    let error = open(&server, &ada).await.err().expect("one too many");
    assert_eq!((error.reason.as_str(), error.advice(), error.fatal), ("LIMIT_EXCEEDED", Advice::Retry, true));
    assert_eq!((error.metadata["setting"].as_str(), error.metadata["limit"].as_str()), ("users.max_sessions", "2"));
    let bob = server.token(&claims("bob", &["*"], Permissions::all()));
    open(&server, &bob).await.expect("another user");
    // One that has ended makes room.
    first.send(1, 0, Some(Up::Bye(wigwag_proto::v1::Bye {}))).await;
    first.closed().await;
    open(&server, &ada).await.expect("its place");
}

#[tokio::test]
async fn a_user_opens_and_joins_so_often_with_all_its_sessions() {
    let server = Guarded::start(|config| {
        (config.users.opens_per_second, config.users.opens_burst) = (1, 3);
        (config.users.joins_per_second, config.users.joins_burst) = (1, 3);
    })
    .await;
    let ada = server.token(&claims("ada", &["*"], Permissions::all()));
    let mut sessions = Vec::new();
    let error = loop {
        match open(&server, &ada).await {
            Ok(session) => sessions.push(session),
            Err(error) => break error,
        }
        assert!(sessions.len() < 100, "never refused");
    };
    assert!(sessions.len() >= 4);
    assert_eq!((error.reason.as_str(), error.advice(), error.fatal), ("RATE_LIMITED", Advice::Retry, true));
    assert_eq!(error.metadata["setting"], "users.opens_per_second");
    assert!((1..=1_000).contains(&error.retry_after_ms));
    tokio::time::sleep(Duration::from_millis(error.retry_after_ms.into())).await;
    open(&server, &ada).await.expect("after that time");

    sessions.truncate(2);
    let (mut joined, mut number) = (0, 0);
    let error = 'refused: loop {
        for (at, session) in sessions.iter_mut().enumerate() {
            let room = format!("room {at}");
            session
                .send(number + 1, 0, Some(Up::CreateRoom(CreateRoom { room: room.clone(), ..CreateRoom::default() })))
                .await;
            match session.next().await.1 {
                Down::Joined(_) => joined += 1,
                Down::Error(error) => break 'refused error,
                other => panic!("neither joined nor refused: {other:?}"),
            }
            session.send(number + 2, 0, Some(Up::Leave(Leave { room }))).await;
            assert!(matches!(session.next().await.1, Down::Left(_)));
        }
        number += 2;
        assert!(joined < 400, "never refused");
    };
    assert!(joined >= 4);
    assert_eq!((error.reason.as_str(), error.metadata["setting"].as_str()), ("RATE_LIMITED", "users.joins_per_second"));
    let bob = server.token(&claims("bob", &["*"], Permissions::all()));
    let mut bob = open(&server, &bob).await.expect("another user");
    bob.join(1, "demo").await;
}

#[tokio::test]
async fn failed_authentications_of_a_source_are_limited_and_good_tokens_are_not() {
    let server = Guarded::start(|config| (config.auth.failures_per_second, config.auth.failures_burst) = (1, 3)).await;
    let good = server.token(&claims("ada", &["*"], Permissions::all()));
    let bad = server.forged(&claims("ada", &["*"], Permissions::all()));
    let mut reasons = Vec::new();
    let limited = loop {
        let error = open(&server, &bad).await.err().expect("refused");
        reasons.push(error.reason.clone());
        if error.reason == "RATE_LIMITED" {
            break error;
        }
        assert!(reasons.len() < 100, "never limited");
    };
    assert!(reasons.len() > 4 && reasons[..4].iter().all(|reason| reason == "TOKEN_INVALID"), "{reasons:?}");
    assert_eq!((limited.advice(), limited.fatal), (Advice::Retry, true));
    assert_eq!(limited.metadata["setting"], "auth.failures_per_second");
    // REST shares the limit of the source.
    let answer = loop {
        let answer = list(&server, &bad).await;
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            break answer;
        }
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    };
    assert_eq!(answer.reason(), "RATE_LIMITED");
    assert_eq!(answer.headers["retry-after"], "1");
    // No one else pays for it.
    list(&server, &good).await.ok();
    open(&server, &good).await.expect("a good token");
}

#[tokio::test]
async fn a_websocket_with_json_is_refused_a_join_and_slowed_down() {
    let server = Running::start(|config| {
        (config.session.joins_per_second, config.session.joins_burst, config.session.max_rooms) = (1, 1, 1);
        (config.session.frames_per_second, config.session.frames_burst) = (50, 10);
    })
    .await;
    let mut ada = Client::connect(server.addr, JSON).await;
    ada.hello(Hello { resumable: true, ..Hello::default() }).await;
    let mut seq = 0;
    let error = loop {
        seq += 1;
        ada.send(seq, 0, Some(Up::CreateRoom(CreateRoom { room: "demo".into(), ..CreateRoom::default() }))).await;
        match ada.next().await.1 {
            Down::Joined(_) => {}
            Down::Error(error) => break error,
            other => panic!("neither joined nor refused: {other:?}"),
        }
        seq += 1;
        ada.send(seq, 0, Some(Up::Leave(Leave { room: "demo".into() }))).await;
        ada.next().await;
        assert!(seq < 200, "never refused");
    };
    assert_eq!((error.reason.as_str(), error.fatal), ("RATE_LIMITED", false));
    assert_eq!(error.metadata["setting"], "session.joins_per_second");
    tokio::time::sleep(Duration::from_millis(error.retry_after_ms.into())).await;
    ada.join(seq + 1, "demo").await;
    seq += 1;
    for _ in 0..1_000 {
        seq += 1;
        ada.send(seq, 0, Some(client::text("demo", "", "x"))).await;
    }
    let (code, reason) = ada.closed().await;
    assert_eq!((code, reason.as_str()), (4029, "RATE_LIMITED"));
    server.stop().await;
}

#[tokio::test]
async fn a_compatibility_client_is_told_and_goes_on() {
    let server = Running::start(|config| {
        (config.session.joins_per_second, config.session.joins_burst, config.session.max_rooms) = (1, 1, 1);
    })
    .await;
    let mut socket = client::open(server.addr, "/connector", &[]).await.expect("a WebSocket");
    let mut rounds = 0;
    let refused = 'refused: loop {
        for message in [
            json!({"type": "create_room", "data": {"room": "demo", "name": "Ada"}}),
            json!({"type": "leave_room", "data": {"room": "demo"}}),
        ] {
            socket.send(Message::text(message.to_string())).await.expect("sent");
        }
        rounds += 1;
        assert!(rounds < 100, "never refused");
        while let Ok(Some(Ok(message))) = tokio::time::timeout(Duration::from_millis(20), socket.next()).await {
            let Message::Text(text) = message else { continue };
            let message: Value = serde_json::from_str(&text).expect("JSON");
            if text.contains("RATE_LIMITED") {
                break 'refused message;
            }
        }
    };
    assert!(refused.to_string().contains("session.joins_per_second"), "{refused}");
    socket.send(Message::Ping("still there".into())).await.expect("sent");
    loop {
        match soon("a pong", socket.next()).await {
            Some(Ok(Message::Pong(_))) => break,
            Some(Ok(_)) => {}
            other => panic!("it ended: {other:?}"),
        }
    }
    drop(socket);
    server.stop().await;
}
