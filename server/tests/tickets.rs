//! Clients of compatibility protocols on a server that requires tokens.

#[path = "rest/call.rs"]
mod call;
#[path = "websocket/client.rs"]
mod client;
#[path = "shell/running.rs"]
mod running;
#[path = "tokens/server.rs"]
mod server;

use std::net::SocketAddr;

use futures_util::{SinkExt as _, StreamExt as _};
use http::{Request, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{WebSocketStream, tungstenite::Message};
use wigwag_token::Permissions;

use call::{Answer, answer, send};
use running::soon;
use server::{Guarded, claims};

type Socket = WebSocketStream<TcpStream>;

async fn guarded() -> Guarded {
    Guarded::start(|config| config.compat.ticket_parameter = "ticket".to_owned()).await
}

async fn create(server: &Guarded, token: &str, ticket: Value) -> Answer {
    let request = Request::builder()
        .method("POST")
        .uri("/v1/tickets")
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {token}"));
    answer(send(server.addr, request, ticket.to_string().into()).await).await
}

async fn ticket(server: &Guarded, protocol: &str, id: &str, rooms: &[&str]) -> String {
    let token = server.token(&claims("backend", &["*"], Permissions::all()));
    let body = json!({"protocol": protocol, "clientId": id, "rooms": rooms});
    let created = create(server, &token, body).await.ok();
    created["ticket"].as_str().expect("a ticket").to_owned()
}

async fn open(addr: SocketAddr, path: &str) -> Socket {
    client::open(addr, path, &[]).await.expect("a WebSocket")
}

/// Returns the next message, or the close code and reason.
async fn next(socket: &mut Socket) -> Result<Value, (u16, String)> {
    loop {
        match soon("a message", socket.next()).await {
            Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).expect("JSON")),
            Some(Ok(Message::Close(Some(close)))) => return Err((close.code.into(), close.reason.to_string())),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            other => panic!("no message: {other:?}"),
        }
    }
}

/// Returns the reason with which the server closes the socket.
async fn closed(mut socket: Socket) -> String {
    loop {
        if let Err((_, reason)) = next(&mut socket).await {
            return reason;
        }
    }
}

#[tokio::test]
async fn without_the_place_of_a_ticket_the_protocols_are_off() {
    let server = Guarded::start(|_| {}).await;
    for path in
        ["/json/demo", "/connector", "/?roomId=demo&userId=ada&userName=Ada", "/peerjs/peerjs?key=k&id=a&token=t"]
    {
        assert!(client::open(server.addr, path, &[]).await.is_err(), "{path}");
    }
}

#[tokio::test]
async fn a_ticket_admits_one_id_to_one_protocol_and_its_rooms() {
    let server = guarded().await;
    let path =
        |room: &str, user: &str, ticket: &str| format!("/?roomId={room}&userId={user}&userName=Ada&ticket={ticket}");
    let ada = ticket(&server, "rooms-ws", "ada", &["demo"]).await;
    assert_eq!(closed(open(server.addr, &path("demo", "ada", "")).await).await, "TOKEN_MISSING");
    assert_eq!(closed(open(server.addr, &path("demo", "ada", "guessed")).await).await, "TOKEN_INVALID");
    assert_eq!(closed(open(server.addr, &path("demo", "eve", &ada)).await).await, "FORBIDDEN");
    assert_eq!(closed(open(server.addr, &path("other", "ada", &ada)).await).await, "FORBIDDEN");
    let wrong = format!("/json/demo?ticket={ada}");
    assert_eq!(closed(open(server.addr, &wrong).await).await, "TOKEN_INVALID", "another protocol");

    let mut first = open(server.addr, &path("demo", "ada", &ada)).await;
    assert_eq!(next(&mut first).await.expect("a message")["type"], "participants");
    // Again and again: its own reconnects work.
    let mut second = open(server.addr, &path("demo", "ada", &ada)).await;
    assert_eq!(next(&mut second).await.expect("a message")["type"], "participants");
    let bob = ticket(&server, "rooms-ws", "bob", &["d*"]).await;
    let mut bob = open(server.addr, &path("demo", "bob", &bob)).await;
    let present = next(&mut bob).await.expect("a message");
    assert_eq!(present["participants"].as_array().map(Vec::len), Some(1), "{present}");
    bob.send(Message::text(json!({"type": "offer", "targetUserId": "ada", "sdp": "v=0"}).to_string()))
        .await
        .expect("sent");
    loop {
        let message = next(&mut second).await.expect("a message");
        if message["type"] == "offer" {
            assert_eq!(message["fromUserId"], "bob");
            break;
        }
    }
}

#[tokio::test]
async fn where_clients_do_not_choose_their_id_the_ticket_does() {
    let server = guarded().await;
    let plain = ticket(&server, "plain-json", "ada", &["demo"]).await;
    let mut socket = open(server.addr, &format!("/json/demo?ticket={plain}")).await;
    let welcome = next(&mut socket).await.expect("a message");
    assert!(welcome.to_string().contains("ada"), "{welcome}");
    let mut again = open(server.addr, &format!("/json/demo?ticket={plain}")).await;
    assert_eq!(next(&mut again).await.expect("a message")["type"], welcome["type"]);
    assert_eq!(closed(socket).await, "REPLACED");

    let peer = ticket(&server, "peerjs", "ada", &[]).await;
    let path = |id: &str| format!("/peerjs/peerjs?key=peerjs&id={id}&token={peer}");
    assert_eq!(next(&mut open(server.addr, &path("ada")).await).await.expect("a message")["type"], "OPEN");
    assert_ne!(closed(open(server.addr, &path("eve")).await).await, "");
    let listed = answer(send(server.addr, Request::builder().uri("/v1/tickets"), Default::default()).await).await;
    assert_eq!(listed.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_ticket_gives_no_more_than_its_creator_has() {
    let server = guarded().await;
    let token = |rooms: &[&str], can| server.token(&claims("backend", rooms, can));
    let body = |rooms: &[&str]| json!({"protocol": "rooms-ws", "clientId": "ada", "rooms": rooms});
    let narrow = token(&["team-*"], Permissions::all());
    for (rooms, status) in [
        (&["team-1"][..], StatusCode::OK),
        (&["team-a*"], StatusCode::OK),
        (&[], StatusCode::OK),
        (&["team-1", "other"], StatusCode::FORBIDDEN),
        (&["*"], StatusCode::FORBIDDEN),
        (&["tea*"], StatusCode::FORBIDDEN),
    ] {
        assert_eq!(create(&server, &narrow, body(rooms)).await.status, status, "{rooms:?}");
    }
    let manages = token(&["*"], Permissions::MANAGE);
    assert_eq!(create(&server, &manages, body(&["demo"])).await.reason(), "FORBIDDEN", "it may not join itself");
    let joins = token(&["*"], Permissions::JOIN | Permissions::SEND);
    assert_eq!(create(&server, &joins, body(&["demo"])).await.reason(), "FORBIDDEN", "it may not manage");
    for wrong in [
        json!({"protocol": "telnet", "clientId": "ada"}),
        json!({"protocol": "peerjs"}),
        json!({"protocol": "peerjs", "clientId": "a".repeat(129)}),
        json!({"protocol": "peerjs", "clientId": "ada", "rooms": vec!["a"; 33]}),
        json!({"protocol": "peerjs", "clientId": "ada", "rooms": [""]}),
        json!({"protocol": "peerjs", "clientId": "ada", "ttlSeconds": 86_401}),
    ] {
        let answer = create(&server, &narrow, wrong.clone()).await;
        assert_eq!((answer.status, answer.reason()), (StatusCode::BAD_REQUEST, "INVALID_FIELD"), "{wrong}");
    }
    let once = json!({"protocol": "peerjs", "clientId": "ada", "requestId": "7"});
    let first = create(&server, &narrow, once.clone()).await.ok();
    assert_eq!(create(&server, &narrow, once).await.ok(), first);
    let other = create(&server, &narrow, json!({"protocol": "peerjs", "clientId": "bob", "requestId": "7"})).await;
    assert_eq!(other.reason(), "INVALID_FIELD");
}

#[tokio::test]
async fn sessions_end_with_the_creator_of_their_ticket() {
    let server = guarded().await;
    let plain = ticket(&server, "plain-json", "ada", &["demo"]).await;
    let mut socket = open(server.addr, &format!("/json/demo?ticket={plain}")).await;
    next(&mut socket).await.expect("a message");
    let revoke = wigwag_proto::v1::RevokeRequest { user_id: "backend".to_owned(), ..Default::default() };
    let token = server.token(&claims("root", &[], Permissions::ADMIN));
    let revoked = server.admin().await.revoke(server::with_token(revoke, Some(&token))).await.expect("revoked");
    assert_eq!(revoked.into_inner().sessions, 1);
    assert_eq!(closed(socket).await, "FORBIDDEN");
}

#[tokio::test]
async fn a_session_may_end_with_its_ticket() {
    let server = guarded().await;
    let body =
        json!({"protocol": "plain-json", "clientId": "ada", "rooms": ["demo"], "ttlSeconds": 2, "endsSessions": true});
    let token = server.token(&claims("backend", &["*"], Permissions::all()));
    let short = create(&server, &token, body).await.ok();
    let short = short["ticket"].as_str().expect("a ticket");
    let mut socket = open(server.addr, &format!("/json/demo?ticket={short}")).await;
    next(&mut socket).await.expect("a message");
    assert_eq!(closed(socket).await, "FORBIDDEN");
}

#[tokio::test]
async fn a_revoked_user_has_no_tickets() {
    let server = guarded().await;
    let plain = ticket(&server, "plain-json", "ada", &["demo"]).await;
    let path = format!("/json/demo?ticket={plain}");
    let mut socket = open(server.addr, &path).await;
    next(&mut socket).await.expect("a message");
    let revoke = wigwag_proto::v1::RevokeRequest { user_id: "ada".to_owned(), ..Default::default() };
    let token = server.token(&claims("root", &[], Permissions::ADMIN));
    let revoked = server.admin().await.revoke(server::with_token(revoke, Some(&token))).await.expect("revoked");
    assert_eq!(revoked.into_inner().sessions, 1);
    assert_eq!(closed(socket).await, "FORBIDDEN");
    assert_eq!(closed(open(server.addr, &path).await).await, "TOKEN_INVALID");
}
