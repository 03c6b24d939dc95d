//! A panic ends the request that caused it, and nothing else.

#[path = "support/frames.rs"]
mod frames;
#[path = "support/http1.rs"]
mod http1;
#[path = "support/listening.rs"]
mod listening;
#[path = "support/services.rs"]
mod services;

use std::task::{Context, Poll};

use axum::{Router, response::Response, routing::any};
use futures_util::StreamExt as _;
use http::{Method, StatusCode};
use http_body_util::BodyExt as _;
use listening::{BOUND, Listening, soon};
use tokio::io::AsyncWriteExt as _;
use tokio_tungstenite::{client_async, tungstenite::Message};
use wigwag_net::websocket::{CloseReason, FrameWriter, MessageSource, SocketConfig, WebSocketUpgrade};

const INTERNAL_ERROR: u32 = 0x2;

/// Writes one message, then panics.
struct Panics(bool);

impl MessageSource for Panics {
    fn poll_write(&mut self, _: &mut Context<'_>, out: &mut FrameWriter) -> Poll<Result<(), CloseReason>> {
        assert!(!std::mem::replace(&mut self.0, true), "on purpose");
        out.text("beginning");
        Poll::Ready(Ok(()))
    }
}

async fn socket(upgrade: WebSocketUpgrade) -> Response {
    let settings = SocketConfig { max_message: 65_536, ping_interval: None, ping_timeout: BOUND };
    upgrade.accept(None, settings, |socket| socket.pump(Panics(false)))
}

async fn listening() -> Listening {
    let app = services::app().merge(Router::new().route("/panic-socket", any(socket)));
    Listening::start(app, |_| {}).await
}

#[tokio::test]
async fn other_streams_of_the_connection_live_on() {
    let listening = listening().await;
    let (mut read, mut write) = frames::connect(listening.addr).await;
    write.write_all(&frames::post(1, "/forever")).await.expect("the listener reads");
    for (n, path) in ["/panic", "/panic-in-body"].into_iter().enumerate() {
        let stream = 3 + 2 * u32::try_from(n).expect("small");
        write.write_all(&frames::post(stream, path)).await.expect("the listener reads");
        let reset = loop {
            let frame = soon("a reset", frames::next(&mut read)).await.expect("the connection is open");
            assert_ne!(frame.kind, frames::GOAWAY);
            if frame.kind == frames::RST_STREAM {
                break frame;
            }
        };
        assert_eq!((reset.stream, reset.u32_at(0)), (stream, INTERNAL_ERROR), "{path}");
        assert_eq!(listening.stats.panics(), n as u64 + 1);
    }
    write.write_all(&frames::post(7, "/ok")).await.expect("the listener reads");
    loop {
        let frame = soon("an answer", frames::next(&mut read)).await.expect("the connection is open");
        assert_ne!(frame.kind, frames::RST_STREAM, "stream {}", frame.stream);
        if (frame.kind, frame.stream) == (frames::HEADERS, 7) {
            break;
        }
    }
    listening.stop().await;
}

#[tokio::test]
async fn over_http1_the_answer_is_500_and_a_begun_one_is_cut_off() {
    let listening = listening().await;
    let mut client = http1::connect(listening.addr).await;
    let answer = http1::send(&mut client, Method::GET, "/panic", &[], b"").await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(answer.json()["error"], "INTERNAL");
    assert_eq!(http1::send(&mut client, Method::GET, "/ok", &[], b"").await.body, "ok", "on the same connection");
    let socket = tokio::net::TcpStream::connect(listening.addr).await.expect("connects");
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(hyper_util::rt::TokioIo::new(socket)).await.expect("handshake");
    tokio::spawn(connection);
    let request =
        http::Request::get("/panic-in-body").header("host", "localhost").body(String::new()).expect("a request");
    // The head may have been sent, or not.
    let whole = async { sender.send_request(request).await?.into_body().collect().await };
    assert!(soon("an end", whole).await.is_err(), "the response must not look complete");
    assert_eq!(listening.stats.panics(), 2);
    listening.stop().await;
}

#[tokio::test]
async fn a_websocket_is_closed_with_1011() {
    let listening = listening().await;
    let io = tokio::net::TcpStream::connect(listening.addr).await.expect("connects");
    let (mut socket, _) = client_async("ws://localhost/panic-socket", io).await.expect("a WebSocket");
    let mut last = None;
    while let Some(Ok(message)) = soon("a message", socket.next()).await {
        last = Some(message);
    }
    let Some(Message::Close(Some(close))) = last else { panic!("not a close frame: {last:?}") };
    assert_eq!((u16::from(close.code), close.reason.as_str()), (1011, "INTERNAL"));
    while listening.stats.open() > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(listening.stats.panics(), 1);
    listening.stop().await;
}
