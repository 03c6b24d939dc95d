//! Compatibility protocols over a shared HTTP/2 connection (RFC 8441), as browsers use it when the page came over HTTP/2.

#[path = "shell/running.rs"]
mod running;

use futures_util::{SinkExt as _, StreamExt as _};
use http::{Method, Request, StatusCode, Version};
use http_body_util::Empty;
use hyper::{
    client::conn::http2::{self, SendRequest},
    ext::Protocol,
    upgrade::Upgraded,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, protocol::Role},
};

use running::{Running, soon};

type Socket = WebSocketStream<TokioIo<Upgraded>>;

async fn open(server: &Running, sender: &SendRequest<Empty<bytes::Bytes>>, path: &str) -> Socket {
    let request = Request::builder()
        .method(Method::CONNECT)
        .version(Version::HTTP_2)
        .uri(format!("http://{}{path}", server.addr))
        .extension(Protocol::from_static("websocket"))
        .header("sec-websocket-version", "13")
        .body(Empty::new())
        .expect("a request");
    let mut sender = sender.clone();
    let answer = soon("the answer", async {
        // Extended CONNECT is allowed only once the server's SETTINGS were received.
        sender.ready().await.expect("ready");
        sender.send_request(request).await
    });
    let answer = answer.await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    let upgraded = soon("the upgrade", hyper::upgrade::on(answer)).await.expect("a tunnel");
    WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Client, None).await
}

async fn text(socket: &mut Socket) -> String {
    match soon("a message", socket.next()).await {
        Some(Ok(Message::Text(text))) => text.to_string(),
        other => panic!("no text: {other:?}"),
    }
}

/// Returns the next packet of Socket.IO. Answers Engine.IO pings, which may come between any two packets.
#[cfg(feature = "socketio")]
async fn packet(socket: &mut Socket) -> String {
    loop {
        let packet = text(socket).await;
        if packet != "2" {
            return packet;
        }
        socket.send(Message::text("3")).await.expect("sends a pong");
    }
}

#[tokio::test]
async fn every_protocol_works_over_http2() {
    let server = Running::start(|_| {}).await;
    let stream = TcpStream::connect(server.addr).await.expect("connects");
    let (sender, connection) =
        http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("an HTTP/2 connection");
    tokio::spawn(connection);
    let first = [
        ("/?roomId=room&userId=ada&userName=Ada", "\"participants\""),
        ("/json/room", "\"welcome\""),
        ("/connector", "\"client_details\""),
        ("/peerjs/peerjs?key=peerjs&id=ada&token=t", "\"OPEN\""),
        ("/peerjs?key=peerjs&id=bob&token=t", "\"OPEN\""),
    ];
    let mut sockets = Vec::new();
    for (path, expected) in first {
        let mut socket = open(&server, &sender, path).await;
        let text = text(&mut socket).await;
        assert!(text.contains(expected), "{path}: {text}");
        sockets.push(socket);
    }

    #[cfg(feature = "socketio")]
    {
        let mut socket = open(&server, &sender, "/socket.io/?EIO=4&transport=websocket").await;
        let opened = text(&mut socket).await;
        assert!(opened.starts_with("0{"), "{opened}");
        socket.send(Message::text("40")).await.expect("sends");
        let connected = packet(&mut socket).await;
        assert!(connected.starts_with("40{"), "{connected}");
        let told = packet(&mut socket).await;
        assert!(told.contains("your_id"), "{told}");
    }
    drop(sockets);
    server.stop().await;
}
