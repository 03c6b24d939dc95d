//! What the first five bytes of a gRPC message can do: they announce a length, and ask for decompression. Neither costs the
//! server memory before the bytes are there.

#[path = "shell/process.rs"]
mod process;
#[path = "shell/running.rs"]
mod running;

use std::{fs, time::Duration};

use bytes::Bytes;
use h2::client::SendRequest;
use http::{HeaderMap, Request, Response};
use tokio::{net::TcpStream, time::timeout};

use process::Process;

const CONNECTIONS: usize = 20;
const STREAMS: usize = 100;
const SIGNAL: &str = "/wigwag.v1.SignalingService/Signal";

async fn connect(server: &Process) -> SendRequest<Bytes> {
    let socket = TcpStream::connect(server.addr).await.expect("connects");
    let (client, connection) = h2::client::handshake(socket).await.expect("handshake");
    tokio::spawn(connection);
    client
}

fn call(server: &Process) -> http::request::Builder {
    Request::post(format!("http://{}{SIGNAL}", server.addr))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
}

/// The five bytes before a message of this length.
fn head(compressed: bool, length: u32) -> Bytes {
    [&[u8::from(compressed)][..], &length.to_be_bytes()].concat().into()
}

/// The status of a call: in its headers when there is nothing else, in its trailers otherwise.
async fn status(response: Response<h2::RecvStream>) -> String {
    let code = |headers: &HeaderMap| headers.get("grpc-status").map(|v| v.to_str().expect("digits").to_owned());
    if let Some(code) = code(response.headers()) {
        return code;
    }
    let mut body = response.into_body();
    while let Some(data) = body.data().await {
        let data = data.expect("the stream is not reset");
        body.flow_control().release_capacity(data.len()).expect("what was read");
    }
    code(&body.trailers().await.expect("the stream is not reset").expect("trailers")).expect("a status")
}

fn resident_bytes(server: &Process) -> usize {
    let statm =
        fs::read_to_string(format!("/proc/{}/statm", server.child.id().expect("it runs"))).expect("Linux tells");
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).expect("a number") * 4_096
}

#[tokio::test]
async fn length_prefixes_alone_use_no_memory() {
    let server = Process::start(&[]).await;
    let mut open = Vec::new();
    let mut before = 0;
    for connection in 0..CONNECTIONS {
        let client = connect(&server).await;
        for _ in 0..STREAMS {
            let mut client = client.clone().ready().await.expect("open");
            let request = call(&server).body(()).expect("a request");
            let (response, mut body) = client.send_request(request, false).expect("a stream");
            // The most the transport allows, and not a byte of it.
            body.send_data(head(false, 1 << 20), false).expect("open");
            let response = timeout(Duration::from_secs(10), response).await.expect("in time").expect("answered");
            open.push((response, body));
        }
        // What streams cost anyway is known after the first connection.
        if connection == 0 {
            before = resident_bytes(&server);
        }
    }
    let grown = resident_bytes(&server).saturating_sub(before);
    println!("{grown} bytes for {} announced messages of 1 MiB", open.len());
    assert!(grown < 64 << 20, "{grown} bytes for {} announced messages", open.len());
    drop(open);
    server.signal("TERM").await;
    assert_eq!(server.end().await.0, Some(0));
}

#[tokio::test]
async fn a_length_over_the_limit_is_refused_by_its_head_alone() {
    let server = Process::start(&[]).await;
    let mut client = connect(&server).await.ready().await.expect("open");
    let (response, mut body) =
        client.send_request(call(&server).body(()).expect("a request"), false).expect("a stream");
    body.send_data(head(false, 4 << 20), false).expect("open");
    let response = timeout(Duration::from_secs(10), response).await.expect("in time").expect("answered");
    // RESOURCE_EXHAUSTED
    assert_eq!(timeout(Duration::from_secs(10), status(response)).await.expect("in time"), "8");
}

#[tokio::test]
async fn nothing_is_decompressed() {
    let server = Process::start(&[]).await;
    let mut client = connect(&server).await.ready().await.expect("open");
    let request = call(&server).header("grpc-encoding", "gzip").body(()).expect("a request");
    let (response, mut body) = client.send_request(request, false).expect("a stream");
    // The server may refuse by the header, before it reads this.
    let _ = body.send_data([head(true, 20), Bytes::from_static(&[0x1f; 20])].concat().into(), true);
    let response = timeout(Duration::from_secs(10), response).await.expect("in time").expect("answered");
    // UNIMPLEMENTED
    assert_eq!(timeout(Duration::from_secs(10), status(response)).await.expect("in time"), "12");
}
