//! The opening handshake of a WebSocket, as browsers and proxies send it.

#[path = "support/listening.rs"]
mod listening;

use axum::{Router, response::Response, routing::any};
use h2::ext::Protocol;
use http::{Method, Request, StatusCode};
use listening::{BOUND, Listening, soon};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use wigwag_net::websocket::{SocketConfig, WebSocketUpgrade};

/// The key and the answer of RFC 6455, section 1.3.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// Accepts a handshake that offers no subprotocol.
async fn socket(upgrade: WebSocketUpgrade) -> Result<Response, StatusCode> {
    if upgrade.offered().next().is_some() {
        return Err(StatusCode::BAD_REQUEST);
    }
    let settings = SocketConfig { max_message: 65_536, ping_interval: None, ping_timeout: BOUND };
    Ok(upgrade.accept(None, settings, |_socket| async {}))
}

async fn listening() -> Listening {
    Listening::start(Router::new().route("/socket", any(socket)), |_| {}).await
}

#[tokio::test]
async fn a_key_is_answered_over_http2_too() {
    let listening = listening().await;
    for key in [Some(KEY), None] {
        let io = TcpStream::connect(listening.addr).await.expect("connects");
        let (client, connection) = h2::client::handshake(io).await.expect("handshake");
        tokio::spawn(connection);
        let mut client = client.ready().await.expect("open");
        // The client may use the extension once the server's settings have arrived.
        while !client.is_extended_connect_protocol_enabled() {
            tokio::task::yield_now().await;
        }
        let mut request = Request::builder()
            .method(Method::CONNECT)
            .uri("http://localhost/socket")
            .extension(Protocol::from_static("websocket"))
            .header("sec-websocket-version", "13");
        if let Some(key) = key {
            request = request.header("sec-websocket-key", key);
        }
        let (response, _send) = client.send_request(request.body(()).expect("a request"), false).expect("a stream");
        let response = soon("a response", response).await.expect("no reset");
        assert_eq!(response.status(), StatusCode::OK);
        let accept = response.headers().get("sec-websocket-accept").map(|value| value.to_str().expect("text"));
        assert_eq!(accept, key.map(|_| ACCEPT));
        assert!(!response.headers().contains_key("upgrade"));
    }
    listening.stop().await;
}

#[tokio::test]
async fn lists_and_empty_headers_are_understood() {
    let listening = listening().await;
    for headers in [
        "upgrade: websocket\r\nconnection: upgrade",
        "upgrade: websocket, h2c\r\nconnection: keep-alive, Upgrade",
        "upgrade: h2c\r\nupgrade: WebSocket\r\nconnection: Upgrade",
        "upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-protocol:",
        "upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-protocol: , ,",
    ] {
        let mut client = TcpStream::connect(listening.addr).await.expect("connects");
        let request = format!(
            "GET /socket HTTP/1.1\r\nhost: a\r\nsec-websocket-version: 13\r\nsec-websocket-key: {KEY}\r\n{headers}\r\n\r\n"
        );
        client.write_all(request.as_bytes()).await.expect("the listener reads");
        let mut answer = String::new();
        soon("an answer", client.read_to_string(&mut answer)).await.expect("an end");
        assert!(answer.starts_with("HTTP/1.1 101"), "{headers:?}: {answer}");
        assert!(answer.contains(ACCEPT), "{headers:?}: {answer}");
    }
    listening.stop().await;
}
