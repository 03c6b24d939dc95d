//! Calls of RoomService over REST, all users' over one connection.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use crate::{model, running::soon};

/// A connection for calls one after the other.
pub(crate) struct Rest {
    addr: SocketAddr,
    sender: SendRequest<Full<Bytes>>,
}

/// An answer. `json` of one that was refused is its error.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) json: Value,
}

impl Answer {
    /// Returns the reason of an error, and an empty text of a success.
    pub(crate) fn reason(&self) -> &str {
        if self.status == StatusCode::OK { "" } else { self.json["details"][0]["reason"].as_str().expect("a reason") }
    }

    /// Returns a list in the answer. JSON leaves out an empty one.
    pub(crate) fn list(&self, name: &str) -> Vec<Value> {
        assert_eq!(self.status, StatusCode::OK, "{self:?}");
        self.json[name].as_array().cloned().unwrap_or_default()
    }
}

impl Rest {
    pub(crate) async fn new(addr: SocketAddr) -> Self {
        Self { addr, sender: connect(addr).await }
    }

    pub(crate) async fn call(&mut self, method: &str, path: &str, token: &str, body: Option<Value>) -> Answer {
        let request = request(method, path, token, body);
        let response = soon("the answer", self.sender.send_request(request)).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let body = soon("the body", body.collect()).await.expect("a body").to_bytes();
        Answer { status: parts.status, json: serde_json::from_slice(&body).expect("JSON") }
    }

    /// Watches all rooms, and returns the snapshots with which that begins; the answer itself if it is refused.
    pub(crate) async fn snapshots(&self, token: &str) -> Result<Vec<Value>, Answer> {
        let mut sender = connect(self.addr).await;
        let request = request("GET", "/v1/rooms:watch", token, None);
        let response = soon("the answer", sender.send_request(request)).await.expect("an answer");
        let (parts, mut body) = response.into_parts();
        if parts.status != StatusCode::OK {
            let body = soon("the body", body.collect()).await.expect("a body").to_bytes();
            return Err(Answer { status: parts.status, json: serde_json::from_slice(&body).expect("JSON") });
        }
        let (mut text, mut snapshots) = (String::new(), Vec::new());
        loop {
            let frame = soon("an event", body.frame()).await.expect("the watch goes on").expect("bytes");
            text += std::str::from_utf8(&frame.into_data().expect("data")).expect("UTF-8");
            while let Some((event, rest)) = text.split_once("\n\n") {
                let data = event.lines().find_map(|line| line.strip_prefix("data:"));
                let mut event: Value = serde_json::from_str(data.expect("data")).expect("JSON");
                if event["synced"].is_object() {
                    return Ok(snapshots);
                }
                assert!(event["snapshot"].is_object(), "{event}");
                snapshots.push(event["snapshot"].take());
                text = rest.to_owned();
            }
        }
    }
}

async fn connect(addr: SocketAddr) -> SendRequest<Full<Bytes>> {
    let io = TcpStream::connect(addr).await.expect("connects");
    io.set_nodelay(true).expect("a socket");
    let (sender, connection) = http1::handshake(TokioIo::new(io)).await.expect("a handshake");
    tokio::spawn(connection);
    sender
}

fn request(method: &str, path: &str, token: &str, body: Option<Value>) -> Request<Full<Bytes>> {
    let request = Request::builder().method(method).uri(path).header("host", "localhost");
    let request = if token.is_empty() { request } else { request.header("authorization", format!("Bearer {token}")) };
    match body {
        Some(body) => request
            .header("content-type", "application/json")
            .body(Full::new(body.to_string().into()))
            .expect("a request"),
        None => request.body(Full::default()).expect("a request"),
    }
}

/// A member's entry, as the model writes it.
pub(crate) fn entry(member: &Value) -> String {
    let text = |name: &str| member[name].as_str().unwrap_or_default();
    let owner = match text("role") {
        "ROLE_OWNER" => true,
        "ROLE_MEMBER" => false,
        other => panic!("the role {other}"),
    };
    model::entry(text("peerId"), text("userId"), text("displayName"), owner)
}
