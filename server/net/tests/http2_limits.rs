//! The limits of one HTTP/2 connection: streams, resets, small frames, windows.

#[path = "support/frames.rs"]
mod frames;
#[path = "support/listening.rs"]
mod listening;
#[path = "support/services.rs"]
mod services;

use axum::{Router, body::Body, routing::post};
use bytes::Bytes;
use futures_util::future::join_all;
use h2::{
    Reason, SendStream,
    client::{ResponseFuture, SendRequest},
};
use http::Request;
use listening::{Listening, soon};
use tokio::{io::AsyncWriteExt as _, net::TcpStream, sync::watch};

async fn connect(listening: &Listening) -> SendRequest<Bytes> {
    let socket = TcpStream::connect(listening.addr).await.expect("connects");
    socket.set_nodelay(true).expect("an option");
    let (client, connection) = h2::client::handshake(socket).await.expect("handshake");
    tokio::spawn(connection);
    client
}

/// Starts a POST as soon as the connection allows one more stream.
async fn start(client: &SendRequest<Bytes>, path: &str) -> (ResponseFuture, SendStream<Bytes>) {
    let mut client = client.clone().ready().await.expect("the connection is open");
    let request = Request::post(format!("http://localhost{path}")).body(()).expect("a request");
    client.send_request(request, false).expect("a stream")
}

async fn answer(response: ResponseFuture) -> Result<String, h2::Error> {
    let mut body = response.await?.into_body();
    let mut text = Vec::new();
    while let Some(data) = body.data().await {
        text.extend_from_slice(&data?);
    }
    Ok(String::from_utf8(text).expect("text"))
}

/// A whole call: sends `bytes`, returns what `/count` counted.
async fn count(client: &SendRequest<Bytes>, bytes: usize) -> String {
    let (response, mut body) = start(client, "/count").await;
    body.send_data(Bytes::from(vec![0; bytes]), true).expect("open");
    soon("an answer", answer(response)).await.expect("no reset")
}

#[tokio::test]
async fn the_129th_stream_is_refused() {
    let listening = Listening::start(services::app(), |settings| settings.max_concurrent_streams = 128).await;
    let (mut read, mut write) = frames::connect(listening.addr).await;
    // A peer that does not wait for the settings.
    let streams: Vec<u8> = (0..129).flat_map(|n| frames::post(2 * n + 1, "/forever")).collect();
    write.write_all(&streams).await.expect("the listener reads");
    let (mut announced, mut answered) = (None, 0);
    let refused = loop {
        let frame = soon("a refusal", frames::next(&mut read)).await.expect("open");
        match frame.kind {
            frames::SETTINGS => announced = announced.or(announced_in(&frame)),
            frames::HEADERS => answered += 1,
            frames::RST_STREAM => break frame,
            frames::GOAWAY => panic!("the connection is ended: {frame:?}"),
            _ => {}
        }
    };
    assert_eq!(announced, Some([128, 1]), "streams, and WebSockets over HTTP/2");
    assert_eq!((refused.stream, refused.u32_at(0)), (257, frames::REFUSED_STREAM));
    while answered < 128 {
        let frame = soon("the others are served", frames::next(&mut read)).await.expect("open");
        answered += usize::from(frame.kind == frames::HEADERS);
    }
    listening.stop().await;
}

/// The two settings that matter to a client, once both are announced. An acknowledgment announces nothing.
fn announced_in(frame: &frames::Frame) -> Option<[u32; 2]> {
    let value = |wanted| {
        let mut settings = frame.payload.chunks_exact(6).map(|bytes| {
            let (id, value) = bytes.split_at(2);
            (u16::from_be_bytes([id[0], id[1]]), u32::from_be_bytes([value[0], value[1], value[2], value[3]]))
        });
        settings.find(|(id, _)| *id == wanted).map(|(_, value)| value)
    };
    Some([value(frames::SETTINGS_MAX_CONCURRENT_STREAMS)?, value(frames::SETTINGS_ENABLE_CONNECT_PROTOCOL)?])
}

#[tokio::test]
async fn a_client_that_waits_gets_its_stream_when_another_ends() {
    let listening = Listening::start(services::app(), |settings| settings.max_concurrent_streams = 2).await;
    let client = connect(&listening).await;
    // The settings have arrived with the first answer.
    assert_eq!(count(&client, 1).await, "1");
    assert_eq!(client.current_max_send_streams(), 2);
    let (first, mut first_body) = start(&client, "/forever").await;
    soon("an answer", first).await.expect("served");
    let second = start(&client, "/forever").await;
    let third = tokio::spawn({
        let client = client.clone();
        async move { count(&client, 3).await }
    });
    first_body.send_reset(Reason::CANCEL);
    assert_eq!(soon("the third is served", third).await.expect("no panic"), "3");
    drop(second);
    listening.stop().await;
}

#[tokio::test]
async fn a_head_too_large_is_refused_and_harms_no_other() {
    let listening = Listening::start(services::app(), |_| {}).await;
    let client = connect(&listening).await;
    let mut ready = client.clone().ready().await.expect("the connection is open");
    let request =
        Request::get("http://localhost/ok").header("x-large", "x".repeat(20_000)).body(()).expect("a request");
    let (response, _) = ready.send_request(request, true).expect("a stream");
    let status = soon("an answer", response).await.expect("a response").status();
    assert_eq!(status, http::StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    assert_eq!(count(&client, 5).await, "5");
    listening.stop().await;
}

#[tokio::test]
async fn a_peer_that_provokes_resets_is_cut_off() {
    let listening = Listening::start(services::app(), |_| {}).await;
    let (mut read, mut write) = frames::connect(listening.addr).await;
    let writing = tokio::spawn(async move {
        for n in 0..5000 {
            let stream = 2 * n + 1;
            // A stream that depends on itself is an error of the stream (RFC 7540, section 5.3.1), which the server
            // resets while its service still works on it: CVE-2025-8671.
            let mut bad = frames::post(stream, "/forever");
            let itself = [stream.to_be_bytes().as_slice(), &[0]].concat();
            bad.extend(frames::frame(frames::PRIORITY, 0, stream, &itself));
            if write.write_all(&bad).await.is_err() {
                break;
            }
        }
        // Kept open: the other side is to close.
        write
    });
    let mut resets = 0;
    let goaway = loop {
        let frame = soon("GOAWAY", frames::next(&mut read)).await.expect("GOAWAY before the end");
        match frame.kind {
            frames::RST_STREAM => resets += 1,
            frames::GOAWAY => break frame,
            _ => {}
        }
    };
    assert_eq!(goaway.u32_at(4), frames::ENHANCE_YOUR_CALM);
    let why = String::from_utf8_lossy(&goaway.payload[8..]);
    assert_eq!(why, "too_many_internal_resets", "and not another limit");
    // The last ones may still have been on their way, and 50 return each second.
    assert!(resets < 2000, "{resets} resets");
    drop(writing);
    listening.stop().await;
}

#[tokio::test]
async fn many_small_frames_on_shared_connections_are_no_attack() {
    const CONNECTIONS: usize = 8;
    const STREAMS: usize = 125;
    const FRAMES: usize = 8;
    const FRAME: usize = 200;

    // The service reads only once everything has been sent: the worst a busy server does.
    let (open, gate) = watch::channel(false);
    let app = Router::new().route(
        "/count",
        post(move |body: Body| {
            let mut gate = gate.clone();
            async move {
                gate.wait_for(|open| *open).await.expect("the test runs");
                services::count(body).await.to_string()
            }
        }),
    );
    let listening = Listening::start(app, |_| {}).await;
    let mut answers = Vec::new();
    for _ in 0..CONNECTIONS {
        let client = connect(&listening).await;
        for _ in 0..STREAMS {
            let (response, mut body) = start(&client, "/count").await;
            for frame in 1..=FRAMES {
                body.send_data(Bytes::from_static(&[0; FRAME]), frame == FRAMES).expect("open");
                // One frame a message, not one for all that is ready.
                tokio::task::yield_now().await;
            }
            answers.push((client.clone(), response));
        }
    }
    open.send(true).expect("the service waits");
    let answers = answers.into_iter().map(|(_client, response)| answer(response));
    for answer in soon("all are answered", join_all(answers)).await {
        assert_eq!(answer.expect("no GOAWAY"), (FRAMES * FRAME).to_string());
    }
    listening.stop().await;
}

#[tokio::test]
async fn an_unread_stream_stalls_no_other() {
    let listening = Listening::start(services::app(), |_| {}).await;
    let client = connect(&listening).await;
    let (response, mut unread) = start(&client, "/unread").await;
    soon("an answer", response).await.expect("served");
    unread.send_data(Bytes::from(vec![0; 200_000]), false).expect("open");
    // A whole stream window more than once, beside the one that is stuck.
    for _ in 0..20 {
        assert_eq!(count(&client, 100_000).await, "100000");
    }
    listening.stop().await;
}

#[tokio::test]
async fn aborted_streams_give_back_what_they_held() {
    let listening = Listening::start(services::app(), |_| {}).await;
    let client = connect(&listening).await;
    // 20 MB through a connection window of 1 MiB, none of it read.
    let workers = (0..50).map(|_| async {
        for _ in 0..200 {
            let (response, mut body) = start(&client, "/unread").await;
            body.send_data(Bytes::from_static(&[0; 2000]), false).expect("open");
            // Taken up before it is reset, or it would be the attack of CVE-2023-44487.
            response.await.expect("served");
            body.send_reset(Reason::CANCEL);
        }
    });
    soon("10,000 streams come and go", join_all(workers)).await;
    assert_eq!(count(&client, 500_000).await, "500000");
    listening.stop().await;
}
