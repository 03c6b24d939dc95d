//! How sockets of `/v1/signal` begin and end: handshakes, origins, close codes, silence, slow readers, drain.

#[path = "websocket/client.rs"]
mod client;
#[path = "../net/tests/support/http1.rs"]
mod http1;
#[path = "shell/running.rs"]
mod running;

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, Interest};
use tokio_tungstenite::tungstenite::{Error, Message, protocol::CloseFrame};
use wigwag_proto::v1::{Hello, Resume, client_frame::Body as Up, server_frame::Body as Down, welcome::Outcome};
use wigwag_server::config::AllowedOrigins;

use client::{Client, JSON, PROTO, open, text};
use running::{Running, soon};

async fn start() -> Running {
    Running::start(|_| {}).await
}

fn resumable() -> Hello {
    Hello { resumable: true, ..Hello::default() }
}

fn refused(answer: Result<impl std::fmt::Debug, Error>) -> (u16, String) {
    match answer {
        Err(Error::Http(response)) => {
            let body = response.body().clone().unwrap_or_default();
            (response.status().as_u16(), String::from_utf8(body).expect("text"))
        }
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn pages_of_other_origins_are_refused() {
    let server = Running::start(|config| {
        config.cors.allowed_origins = AllowedOrigins::List(vec!["https://app.example.com".to_owned()]);
    })
    .await;
    let try_from = |origin: &'static str| async move {
        let headers = [("sec-websocket-protocol", JSON), ("origin", origin)];
        open(server.addr, "/v1/signal", if origin.is_empty() { &headers[..1] } else { &headers }).await
    };
    for good in ["", "https://app.example.com"] {
        assert!(try_from(good).await.is_ok(), "{good}");
    }
    for bad in [
        "null",
        "http://app.example.com",
        "https://app.example.com.evil.example",
        "https://evil.example",
        "https://app.example.com:444",
        "https://APP.example.com",
        "http://localhost",
    ] {
        let (status, body) = refused(try_from(bad).await);
        assert_eq!(status, 403, "{bad}");
        assert!(body.contains("cors.allowed_origins"), "{body}");
    }
}

#[tokio::test]
async fn a_missing_subprotocol_is_explained() {
    let server = start().await;
    let unknown = open(server.addr, "/v1/signal", &[("sec-websocket-protocol", "wigwag.v9.xml, other")]).await;
    let (status, body) = refused(unknown);
    assert_eq!(status, 400);
    assert!(body.contains("wigwag.v1.json"), "{body}");

    let mut none = open(server.addr, "/v1/signal", &[]).await.expect("a WebSocket that says what is missing");
    let Some(Ok(Message::Text(text))) = soon("the error", none.next()).await else { panic!("a text") };
    assert!(text.contains(r#""reason":"PROTOCOL""#) && text.contains("wigwag.v1.json"), "{text}");
    let Some(Ok(Message::Close(Some(close)))) = soon("the close", none.next()).await else { panic!("a close") };
    assert_eq!(u16::from(close.code), 4506);
}

#[tokio::test]
async fn requests_that_are_not_handshakes_are_explained() {
    let server = start().await;
    let answer = http1::get(server.addr, "/v1/signal").await;
    assert_eq!(answer.status, 426);
    assert_eq!(answer.header("upgrade"), "websocket");

    let upgrade = "Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n";
    let key = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
    for (head, status) in [
        (format!("{upgrade}{key}Sec-WebSocket-Version: 12\r\n"), "426"),
        (format!("{upgrade}Sec-WebSocket-Version: 13\r\n"), "400"),
        (format!("{upgrade}Sec-WebSocket-Key: short\r\nSec-WebSocket-Version: 13\r\n"), "400"),
        (format!("{upgrade}{key}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: wigwag.v1.json\r\n"), "101"),
    ] {
        let mut stream = tokio::net::TcpStream::connect(server.addr).await.expect("connects");
        let request = format!("GET /v1/signal HTTP/1.1\r\nHost: localhost\r\n{head}\r\n");
        stream.write_all(request.as_bytes()).await.expect("sends");
        let mut line = [0; 12];
        soon("the answer", stream.read_exact(&mut line)).await.expect("an answer");
        assert_eq!(&line[9..], status.as_bytes(), "{head}");
    }
}

#[tokio::test]
async fn fatal_errors_have_their_close_codes() {
    let server = start().await;

    let mut gap = Client::connect(server.addr, JSON).await;
    gap.hello(resumable()).await;
    gap.send(5, 0, Some(text("demo", "", "x"))).await;
    assert_eq!(gap.error().await.1.reason, "SEQ_GAP");
    assert_eq!(gap.closed().await, (4005, "SEQ_GAP".to_owned()));

    let mut twice = Client::connect(server.addr, JSON).await;
    twice.hello(Hello::default()).await;
    twice.send(0, 0, Some(Up::Hello(Hello::default()))).await;
    assert_eq!(twice.closed().await, (4506, "PROTOCOL".to_owned()));

    let mut wrong = Client::connect(server.addr, JSON).await;
    let long = "x".repeat(200);
    wrong.send(0, 0, Some(Up::Hello(Hello { user_id: long, ..Hello::default() }))).await;
    assert_eq!(wrong.closed().await, (4506, "INVALID_FIELD".to_owned()));

    // A hello that cannot be read must not become a session without what it asked for.
    let mut unreadable = Client::connect(server.addr, JSON).await;
    unreadable.raw(Message::text(r#"{"hello":{"token":5}}"#)).await;
    assert_eq!(unreadable.closed().await, (4506, "INVALID_FIELD".to_owned()));
}

#[tokio::test]
async fn a_session_is_resumed_over_either_form_and_supersedes_its_old_socket() {
    let server = start().await;
    let mut first = Client::connect(server.addr, JSON).await;
    let welcome = first.hello(resumable()).await;
    first.join(1, "demo").await;

    let mut second = Client::connect(server.addr, PROTO).await;
    let resume =
        Resume { session_token: welcome.session_token.clone(), epoch: welcome.epoch, last_seq: 1, ..Resume::default() };
    let resumed = second.hello(Hello { resume: Some(resume), ..resumable() }).await;
    assert_eq!((resumed.outcome(), resumed.peer_id), (Outcome::Resumed, welcome.peer_id));
    assert_eq!(first.error().await.1.reason, "SUPERSEDED");
    assert_eq!(first.closed().await, (4004, "SUPERSEDED".to_owned()));
    second.send(2, 1, Some(text("demo", "", "on"))).await;
    second.send(3, 1, Some(Up::Bye(Default::default()))).await;
    assert_eq!(second.closed().await, (1000, String::new()));
}

/// A WebSocket closes both ways at once: unlike a gRPC stream it does not listen on.
#[tokio::test]
async fn closing_is_leaving() {
    let server = start().await;
    let mut bob = Client::connect(server.addr, PROTO).await;
    bob.hello(Hello::default()).await;
    bob.join(1, "demo").await;
    for polite in [true, false] {
        let mut ada = Client::connect(server.addr, JSON).await;
        ada.hello(Hello::default()).await;
        ada.join(1, "demo").await;
        assert!(matches!(bob.next().await.1, Down::MemberJoined(_)));
        if polite {
            ada.raw(Message::Close(Some(CloseFrame { code: 1001.into(), reason: "gone".into() }))).await;
            let Err(Some(echo)) = ada.frame().await else { panic!("the close is answered") };
            assert_eq!(u16::from(echo.code), 1001);
        }
        drop(ada);
        match bob.next().await.1 {
            Down::MemberLeft(left) => assert_eq!(left.reason, "CONNECTION_LOST"),
            other => panic!("no member_left: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_socket_that_never_speaks_is_closed() {
    let server = Running::start(|config| config.session.hello_timeout_ms = 200).await;
    let mut silent = Client::connect(server.addr, JSON).await;
    assert_eq!(silent.error().await.1.reason, "HELLO_TIMEOUT");
    assert_eq!(silent.closed().await, (4007, "HELLO_TIMEOUT".to_owned()));
}

#[tokio::test]
async fn missed_heartbeats_detach_a_resumable_session() {
    let server = Running::start(|config| config.session.heartbeat_ms = 100).await;
    let mut ada = Client::connect(server.addr, JSON).await;
    let welcome = ada.hello(resumable()).await;
    assert_eq!(ada.error().await.1.reason, "HEARTBEAT_TIMEOUT");
    assert_eq!(ada.closed().await, (4003, "HEARTBEAT_TIMEOUT".to_owned()));
    let mut again = Client::connect(server.addr, JSON).await;
    let resume = Resume { session_token: welcome.session_token, epoch: 1, ..Resume::default() };
    let resumed = again.hello(Hello { resume: Some(resume), ..resumable() }).await;
    assert_eq!(resumed.outcome(), Outcome::Resumed);
}

/// The client stops answering on its TCP connection, as when its network is lost.
#[tokio::test]
async fn a_session_that_cannot_be_resumed_lives_by_websocket_pings() {
    let server = Running::start(|config| {
        config.http2.keepalive_interval_ms = 1_000;
        config.http2.keepalive_timeout_ms = 1_000;
    })
    .await;
    let mut bob = Client::connect(server.addr, PROTO).await;
    bob.hello(Hello::default()).await;
    bob.join(1, "demo").await;

    // The library answers pings as long as it is polled.
    let mut ada = Client::connect(server.addr, JSON).await;
    ada.hello(Hello::default()).await;
    ada.join(1, "demo").await;
    assert!(matches!(bob.next().await.1, Down::MemberJoined(_)));
    let lively = tokio::time::timeout(Duration::from_millis(5_000), async {
        let _ = tokio::join!(ada.frame(), bob.next());
    });
    assert!(lively.await.is_err(), "answered pings keep a session");

    // From here on it is not polled.
    match bob.next().await.1 {
        Down::MemberLeft(left) => assert_eq!(left.reason, "CONNECTION_LOST"),
        other => panic!("no member_left: {other:?}"),
    }
}

#[tokio::test]
async fn a_slow_reader_is_detached_with_a_reason_and_may_resume() {
    let server = Running::start(|config| {
        config.session.mailbox_frames = 64;
        config.session.mailbox_bytes = 256 * 1024;
    })
    .await;
    let mut slow = Client::connect(server.addr, JSON).await;
    let welcome = slow.hello(resumable()).await;
    slow.join(1, "demo").await;
    let mut busy = Client::connect(server.addr, PROTO).await;
    busy.hello(Hello::default()).await;
    busy.join(1, "demo").await;
    // It reads, but acknowledges nothing.
    for _ in 0..80 {
        busy.send(0, 0, Some(text("demo", "", &"x".repeat(1_000)))).await;
    }
    let reason = loop {
        if let Down::Error(error) = slow.next().await.1 {
            break error.reason;
        }
    };
    assert_eq!(reason, "SLOW_CONSUMER");
    assert_eq!(slow.closed().await, (4002, "SLOW_CONSUMER".to_owned()));
    let mut again = Client::connect(server.addr, JSON).await;
    let resume = Resume { session_token: welcome.session_token, epoch: 1, last_seq: 1, ..Resume::default() };
    let resumed = again.hello(Hello { resume: Some(resume), ..resumable() }).await;
    assert_eq!(resumed.outcome(), Outcome::Resumed);
}

/// Nothing is read at all: the session ends by its mailbox, the socket by its timeout, and neither costs memory.
#[tokio::test]
async fn a_reader_that_stopped_is_reset() {
    let server = Running::start(|config| {
        config.session.mailbox_bytes = 128 * 1024;
        config.http2.keepalive_timeout_ms = 300;
    })
    .await;
    let mut stopped = Client::connect(server.addr, JSON).await;
    stopped.hello(Hello::default()).await;
    stopped.join(1, "demo").await;
    let mut busy = Client::connect(server.addr, PROTO).await;
    busy.hello(Hello::default()).await;
    busy.join(1, "demo").await;
    // More than the system holds between the two. The loop waits for the answer to the second frame, so that it is the system
    // that is full, and not the mailbox alone.
    let left = loop {
        busy.send(0, 0, Some(text("demo", "", &"x".repeat(60_000)))).await;
        busy.send(9, 0, None).await;
        match busy.next().await.1 {
            Down::MemberLeft(left) => break left.reason,
            Down::Receipt(_) | Down::Error(_) => {}
            other => panic!("unexpected: {other:?}"),
        }
    };
    assert!(matches!(left.as_str(), "SLOW_CONSUMER" | "CONNECTION_LOST"), "{left}");
    let reset = stopped.socket.get_ref().ready(Interest::ERROR);
    assert!(soon("the reset", reset).await.expect("the state of the socket").is_error());
}

#[tokio::test]
async fn a_drain_notifies_every_socket_and_closes_it() {
    let server = Running::start(|config| config.drain.timeout_ms = 3_000).await;
    let mut clients = Vec::new();
    for (subprotocol, resumable) in [(JSON, true), (PROTO, true), (JSON, false), (PROTO, false)] {
        let mut client = Client::connect(server.addr, subprotocol).await;
        client.hello(Hello { resumable, ..Hello::default() }).await;
        client.join(1, "demo").await;
        clients.push(client);
    }
    // One that answers nothing must not hold the server up.
    let mut silent = open(server.addr, "/v1/signal", &[("sec-websocket-protocol", JSON)]).await.expect("a WebSocket");
    silent.send(Message::text(r#"{"join":{"room":"demo"}}"#)).await.expect("sends");
    let stopping = tokio::spawn(server.stop());
    for client in &mut clients {
        let mut told = false;
        let closed = loop {
            match client.frame().await {
                Ok(frame) => told |= matches!(frame.body, Some(Down::GoAway(_))),
                Err(close) => break close.expect("a code"),
            }
        };
        assert!(told);
        assert_eq!((u16::from(closed.code), closed.reason.as_str()), (4001, "DRAINING"));
        let _ = client.socket.close(None).await;
    }
    assert!(stopping.await.expect("no panic") < Duration::from_secs(15));
}
