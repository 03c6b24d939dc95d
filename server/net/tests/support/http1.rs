//! An HTTP/1.1 client that sends exactly what a test says.

#![allow(dead_code, reason = "each test file uses a part of this")]

use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    /// A header's text; empty when it is missing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }
}

pub(crate) async fn connect(addr: SocketAddr) -> SendRequest<Full<Bytes>> {
    let io = TcpStream::connect(addr).await.expect("connects");
    let (sender, connection) = http1::handshake(TokioIo::new(io)).await.expect("handshake");
    tokio::spawn(connection);
    sender
}

pub(crate) async fn send(
    sender: &mut SendRequest<Full<Bytes>>,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: &'static [u8],
) -> Answer {
    let mut request = Request::builder().method(method).uri(path).header("host", "localhost");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    answer(sender, request.body(Full::new(Bytes::from_static(body))).expect("a request")).await
}

async fn answer(sender: &mut SendRequest<Full<Bytes>>, request: Request<Full<Bytes>>) -> Answer {
    sender.ready().await.expect("the connection is open");
    let (parts, body) = sender.send_request(request).await.expect("an answer").into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    Answer { status: parts.status, headers: parts.headers, body }
}

/// A GET request under another host name.
pub(crate) async fn send_as(sender: &mut SendRequest<Full<Bytes>>, path: &str, host: &str) -> Answer {
    let request = Request::builder().uri(path).header("host", host).body(Full::default()).expect("a request");
    answer(sender, request).await
}

/// Sends one request on a new connection.
pub(crate) async fn request(addr: SocketAddr, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
    send(&mut connect(addr).await, method, path, headers, b"").await
}

pub(crate) async fn get(addr: SocketAddr, path: &str) -> Answer {
    request(addr, Method::GET, path, &[]).await
}

/// The body of a gRPC-Web request with an empty message.
pub(crate) const EMPTY_MESSAGE: &[u8] = &[0, 0, 0, 0, 0];
