//! An HTTP/2 client that sends exactly what a test says.

#![allow(dead_code, reason = "each test file uses a part of this")]

use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

use crate::running::soon;

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) trailers: HeaderMap,
}

impl Answer {
    /// A header's text; empty when it is missing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    /// The `grpc-status`, wherever it is.
    pub(crate) fn grpc_status(&self) -> &str {
        let status = self.headers.get("grpc-status").or_else(|| self.trailers.get("grpc-status"));
        status.map_or("", |value| value.to_str().expect("text"))
    }

    /// The `grpc-message`, wherever it is.
    pub(crate) fn grpc_message(&self) -> &str {
        let text = self.headers.get("grpc-message").or_else(|| self.trailers.get("grpc-message"));
        text.map_or("", |value| value.to_str().expect("text"))
    }
}

/// Sends a POST request on a new connection. Its content type is `application/grpc` unless `headers` have another.
pub(crate) async fn post(addr: SocketAddr, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let io = TokioIo::new(TcpStream::connect(addr).await.expect("connects"));
    let (mut client, connection) = http2::handshake(TokioExecutor::new(), io).await.expect("handshake");
    tokio::spawn(connection);
    let mut request = Request::post(format!("http://localhost{path}")).header("te", "trailers");
    if headers.iter().all(|(name, _)| *name != "content-type") {
        request = request.header("content-type", "application/grpc");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::new(Bytes::copy_from_slice(body))).expect("a request");
    let (parts, body) = soon("an answer", client.send_request(request)).await.expect("an answer").into_parts();
    let collected = soon("the body", body.collect()).await.expect("a body");
    let trailers = collected.trailers().cloned().unwrap_or_default();
    Answer { status: parts.status, headers: parts.headers, body: collected.to_bytes(), trailers }
}
