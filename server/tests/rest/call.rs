//! Calls of the REST API.

#![allow(dead_code, reason = "each test file uses a part of this")]

use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use crate::running::soon;

/// An answer, its body read as JSON.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) json: Value,
}

impl Answer {
    /// The reason of an error; its whole shape is checked on the way.
    pub(crate) fn reason(&self) -> &str {
        assert!(self.json["code"].is_u64() && self.json["message"].is_string(), "{self:?}");
        assert_eq!(self.headers["content-type"], "application/json");
        let info = &self.json["details"][0];
        assert_eq!(info["@type"], "type.googleapis.com/google.rpc.ErrorInfo");
        assert_eq!(info["domain"], "wigwag");
        info["reason"].as_str().expect("a reason")
    }

    /// The message of a success.
    pub(crate) fn ok(self) -> Value {
        assert_eq!(self.status, StatusCode::OK, "{self:?}");
        assert_eq!(self.headers["content-type"], "application/json");
        assert_eq!(self.headers["cache-control"], "no-store");
        self.json
    }
}

/// Sends a request whose head and body are all the caller's, but for `host`.
pub(crate) async fn send(addr: SocketAddr, request: http::request::Builder, body: Bytes) -> http::Response<Incoming> {
    let io = TcpStream::connect(addr).await.expect("connects");
    let (mut sender, connection) = http1::handshake(TokioIo::new(io)).await.expect("handshake");
    tokio::spawn(connection);
    let mut request = request.body(Full::new(body)).expect("a request");
    if !request.headers().contains_key("host") {
        request.headers_mut().insert("host", "localhost".parse().expect("a header"));
    }
    soon("the answer", sender.send_request(request)).await.expect("an answer")
}

pub(crate) async fn answer(response: http::Response<Incoming>) -> Answer {
    let (parts, body) = response.into_parts();
    let body = soon("the body", body.collect()).await.expect("a body").to_bytes();
    let json = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).expect("JSON") };
    Answer { status: parts.status, headers: parts.headers, json }
}

/// Calls with a JSON body, or without one.
pub(crate) async fn call(addr: SocketAddr, method: &str, path: &str, body: Option<Value>) -> Answer {
    let request = Request::builder().method(method).uri(path);
    let response = match body {
        Some(body) => send(addr, request.header("content-type", "application/json"), body.to_string().into()).await,
        None => send(addr, request, Bytes::new()).await,
    };
    answer(response).await
}
