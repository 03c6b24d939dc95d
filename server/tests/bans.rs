//! A banned user comes back by no transport, session, token, address or protocol (docs/access.md, "Who may come back").

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

use futures_util::StreamExt as _;
use http::Request;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{WebSocketStream, tungstenite::Message};
use wigwag_proto::v1::{Hello, Join, client_frame::Body as Up, server_frame::Body as Down};
use wigwag_token::Permissions;

use call::{answer, send};
use roaming::RoamingSession;
use running::soon;
use server::{Guarded, claims};
use transports::{TRANSPORTS, Transport};

type Socket = WebSocketStream<TcpStream>;

fn token_of(server: &Guarded, user: &str) -> String {
    server.token(&claims(user, &["*"], Permissions::all()))
}

/// Sends a request with the token of a backend and returns its answer.
async fn manage(server: &Guarded, method: &str, path: &str, body: Option<Value>) -> Value {
    let token = token_of(server, "backend");
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {token}"));
    answer(send(server.addr, request, body.unwrap_or_default().to_string().into()).await).await.ok()
}

async fn ban(server: &Guarded, peer: &str) {
    let peer = peer.replace(':', "%3A");
    manage(server, "DELETE", &format!("/v1/rooms/demo/members/{peer}?ban=true"), None).await;
}

async fn session(server: &Guarded, transport: Transport, user: &str) -> RoamingSession {
    let token = token_of(server, user);
    RoamingSession::with(transport, server.addr, Hello { token, resumable: true, ..Hello::default() }).await
}

/// Joins `demo` and returns the reason of the refusal; empty if there is none.
async fn join_refused(session: &mut RoamingSession) -> String {
    session.send(Up::Join(Join { room: "demo".to_owned(), ..Join::default() })).await;
    loop {
        match session.next().await.body {
            Some(Down::Error(error)) => return error.reason,
            Some(Down::Joined(_)) => return String::new(),
            _ => {}
        }
    }
}

/// Returns why the session has lost its membership.
async fn own_left(session: &mut RoamingSession) -> String {
    loop {
        if let Some(Down::Left(left)) = session.next().await.body {
            return left.reason;
        }
    }
}

/// Opens a connection of a compatibility protocol as a user.
async fn open_as(server: &Guarded, protocol: &str, user: &str) -> Socket {
    let body = json!({"protocol": protocol, "clientId": user, "rooms": ["demo"]});
    let created = manage(server, "POST", "/v1/tickets", Some(body)).await;
    let ticket = created["ticket"].as_str().expect("a ticket");
    let path = match protocol {
        "rooms-ws" => format!("/?roomId=demo&userId={user}&userName=Name&ticket={ticket}"),
        _ => format!("/json/demo?ticket={ticket}"),
    };
    client::open(server.addr, &path, &[]).await.expect("a WebSocket")
}

/// Reads messages, and the reason of the close, until one contains `sign`.
async fn read_until(socket: &mut Socket, sign: &str) {
    let mut read = Vec::new();
    loop {
        match soon("a message", socket.next()).await {
            Some(Ok(Message::Text(text))) => read.push(text.to_string()),
            Some(Ok(Message::Close(Some(close)))) => read.push(close.reason.to_string()),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
            other => panic!("{other:?} after {read:?}"),
        }
        if read.last().is_some_and(|message| message.contains(sign)) {
            return;
        }
    }
}

async fn guarded() -> Guarded {
    let server = Guarded::start(|config| {
        config.compat.ticket_parameter = "ticket".to_owned();
        config.connections.trusted_proxies = toml::Value::Array(vec!["127.0.0.1".into()]).try_into().expect("networks");
    })
    .await;
    // A room that a backend has created lives on without members, and its bans with it.
    manage(&server, "POST", "/v1/rooms", Some(json!({"room": "demo", "emptyTimeoutMs": 600_000}))).await;
    server
}

#[tokio::test]
async fn a_banned_user_is_kept_out_over_each_transport_by_resume_and_with_any_token() {
    let server = guarded().await;
    for transport in TRANSPORTS {
        let user = format!("ada-{transport:?}");
        let mut ada = session(&server, transport, &user).await;
        ada.join("demo").await;
        let mut away = session(&server, transport, &user).await;
        away.join("demo").await;
        away.lose();
        ban(&server, &ada.id).await;
        ban(&server, &away.id).await;
        assert_eq!(own_left(&mut ada).await, "BANNED", "{transport:?}");
        assert_eq!(join_refused(&mut ada).await, "BANNED", "{transport:?}: the same session");

        away.resume(transport).await;
        assert_eq!(own_left(&mut away).await, "BANNED", "{transport:?}");
        assert_eq!(join_refused(&mut away).await, "BANNED", "{transport:?}: by resume");

        for other in TRANSPORTS {
            // `session` mints a new token each time.
            let mut again = session(&server, other, &user).await;
            assert_ne!(again.id, ada.id);
            assert_eq!(join_refused(&mut again).await, "BANNED", "banned over {transport:?}, back over {other:?}");
        }
        for protocol in ["rooms-ws", "plain-json"] {
            read_until(&mut open_as(&server, protocol, &user).await, "BANNED").await;
        }
    }
    let mut bob = session(&server, Transport::Signal, "bob").await;
    assert_eq!(join_refused(&mut bob).await, "", "others are not banned");
}

#[tokio::test]
async fn another_address_does_not_lift_a_ban() {
    let server = guarded().await;
    let mut ada = session(&server, Transport::Json, "ada").await;
    ada.join("demo").await;
    ban(&server, &ada.id).await;
    let token = token_of(&server, "ada");
    for address in ["203.0.113.7", "2001:db8::7"] {
        let headers = [("sec-websocket-protocol", client::JSON), ("x-forwarded-for", address)];
        let socket = client::open(server.addr, "/v1/signal", &headers).await.expect("a WebSocket");
        let mut client = client::Client { socket, json: true };
        client.send(0, 0, Some(Up::Hello(Hello { token: token.clone(), ..Hello::default() }))).await;
        client.send(1, 0, Some(Up::Join(Join { room: "demo".to_owned(), ..Join::default() }))).await;
        let error = loop {
            match client.next().await.1 {
                Down::Error(error) => break error,
                Down::Joined(_) => panic!("back from {address}"),
                _ => {}
            }
        };
        assert_eq!(error.reason, "BANNED", "from {address}");
    }
}

#[tokio::test]
async fn a_user_banned_over_a_compatibility_protocol_is_banned_everywhere() {
    let server = guarded().await;
    for (protocol, opened) in [("rooms-ws", "participants"), ("plain-json", "ada-plain-json")] {
        let user = format!("ada-{protocol}");
        let mut socket = open_as(&server, protocol, &user).await;
        read_until(&mut socket, opened).await;
        let members = manage(&server, "GET", "/v1/rooms/demo/members", None).await["members"].clone();
        let peer = members.as_array().and_then(|members| members.first()).expect("a member")["peerId"].clone();
        ban(&server, peer.as_str().expect("an id")).await;
        read_until(&mut socket, "BANNED").await;
        for transport in TRANSPORTS {
            let mut session = session(&server, transport, &user).await;
            assert_eq!(join_refused(&mut session).await, "BANNED", "banned over {protocol}, back over {transport:?}");
        }
        for other in ["rooms-ws", "plain-json"] {
            read_until(&mut open_as(&server, other, &user).await, "BANNED").await;
        }
    }
}
