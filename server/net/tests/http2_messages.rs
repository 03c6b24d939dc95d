//! HTTP/2 messages that proxies and tools send, and what they require of the response.

#[path = "support/frames.rs"]
mod frames;
#[path = "support/listening.rs"]
mod listening;
#[path = "support/services.rs"]
mod services;

use axum::{Router, routing::any};
use bytes::Bytes;
use h2::client::SendRequest;
use http::{Method, Request, StatusCode};
use listening::{Listening, http2_engine, soon};
use tokio::{io::AsyncWriteExt as _, net::TcpStream};
use wigwag_net::listener::Http2Engine;

async fn connect(listening: &Listening) -> SendRequest<Bytes> {
    let socket = TcpStream::connect(listening.addr).await.expect("connects");
    let (client, connection) = h2::client::handshake(socket).await.expect("handshake");
    tokio::spawn(connection);
    client.ready().await.expect("open")
}

#[tokio::test]
async fn responses_that_must_not_have_a_body_have_none() {
    let app = services::app()
        .merge(Router::new().route("/204", any(|| async { (StatusCode::NO_CONTENT, "text") })))
        .merge(Router::new().route("/304", any(|| async { (StatusCode::NOT_MODIFIED, "text") })));
    let listening = Listening::start(app, |_| {}).await;
    for (method, path, length) in
        [(Method::HEAD, "/ok", Some("2")), (Method::GET, "/204", None), (Method::GET, "/304", Some("4"))]
    {
        let mut client = connect(&listening).await;
        let request = Request::builder().method(method).uri(format!("http://localhost{path}")).body(()).expect("valid");
        let (response, _) = client.send_request(request, true).expect("a stream");
        let mut response = soon("a response", response).await.expect("no reset");
        assert!(response.body().is_end_stream(), "{path}: END_STREAM with the header section");
        assert!(response.body_mut().data().await.is_none());
        let declared = response.headers().get("content-length").map(|value| value.to_str().expect("text"));
        // axum declares the length of the body that it gives 304.
        assert_eq!(declared, length, "{path}");
    }
    listening.stop().await;
}

/// `expect: 100-continue` in a POST.
fn expecting(stream: u32, path: &str) -> Vec<u8> {
    let mut block = frames::post(stream, path).split_off(9);
    // A literal with a new name.
    block.extend(b"\x00\x06expect\x0c100-continue");
    frames::frame(frames::HEADERS, 0x4, stream, &block)
}

/// `:status` of a response whose header block begins with it: indexed, or a literal.
fn status(block: &[u8]) -> u16 {
    match block {
        [0x88, ..] => 200,
        [0x8c, ..] => 400,
        [_, 3, digits @ ..] => std::str::from_utf8(&digits[..3]).expect("digits").parse().expect("a status"),
        other => panic!("not a status: {other:02x?}"),
    }
}

#[tokio::test]
async fn a_client_that_expects_100_gets_it_when_the_body_is_wanted() {
    if http2_engine() == Http2Engine::Hyper {
        // h2 sends no interim responses by itself.
        return;
    }
    let listening = Listening::start(services::app(), |_| {}).await;
    let (mut read, mut write) = frames::connect(listening.addr).await;
    for (stream, path, expected) in [(1, "/count", [100, 200].as_slice()), (3, "/ok", [200].as_slice())] {
        write.write_all(&expecting(stream, path)).await.expect("the listener reads");
        let mut statuses = Vec::new();
        while statuses.len() < expected.len() {
            let frame = soon("a response", frames::next(&mut read)).await.expect("open");
            if (frame.kind, frame.stream) == (frames::HEADERS, stream) {
                statuses.push(status(&frame.payload));
                if statuses == [100] {
                    let end_stream = 0x1;
                    write.write_all(&frames::frame(0, end_stream, stream, b"12345")).await.expect("open");
                }
            }
        }
        assert_eq!(statuses, expected, "{path}");
    }
    listening.stop().await;
}

#[tokio::test]
async fn a_path_that_is_none_is_answered_with_400() {
    if http2_engine() == Http2Engine::Hyper {
        // h2 resets the stream.
        return;
    }
    let listening = Listening::start(services::app(), |_| {}).await;
    let (mut read, mut write) = frames::connect(listening.addr).await;
    for (n, path) in ["<", " ", "/?a={\"b\":1}"].into_iter().enumerate() {
        let stream = 1 + 2 * u32::try_from(n).expect("small");
        write.write_all(&frames::post(stream, path)).await.expect("the listener reads");
        let answer = loop {
            let frame = soon("a response", frames::next(&mut read)).await.expect("open");
            if frame.stream == stream {
                break frame;
            }
        };
        assert_eq!((answer.kind, status(&answer.payload)), (frames::HEADERS, 400), "{path:?}");
    }
    listening.stop().await;
}
