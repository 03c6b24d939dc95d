//! One session over several transports: WebSocket over HTTP/1.1 and HTTP/2, and gRPC.

#[path = "websocket/client.rs"]
mod client;
#[path = "shell/running.rs"]
mod running;

use futures_util::{SinkExt as _, StreamExt as _};
use http::{Method, Request, StatusCode, Version};
use http_body_util::Empty;
use hyper::{client::conn::http2, ext::Protocol};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{net::TcpStream, sync::mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, protocol::Role},
};
use tonic::transport::Endpoint;
use wigwag_proto::v1::{
    ClientFrame, Hello, Join, Resume, ServerFrame, client_frame::Body as Up, server_frame::Body as Down,
    signaling_service_client::SignalingServiceClient, welcome::Outcome,
};

use client::{Client, JSON, PROTO, text};
use running::{Running, soon};

/// Browsers use it when the connection to the server is HTTP/2 already (RFC 8441).
#[tokio::test]
async fn websockets_share_an_http2_connection() {
    let server = Running::start(|_| {}).await;
    let stream = TcpStream::connect(server.addr).await.expect("connects");
    let (sender, connection) =
        http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("an HTTP/2 connection");
    tokio::spawn(connection);
    let mut sockets = Vec::new();
    for _ in 0..2 {
        let request = Request::builder()
            .method(Method::CONNECT)
            .version(Version::HTTP_2)
            .uri(format!("http://{}/v1/signal", server.addr))
            .extension(Protocol::from_static("websocket"))
            .header("sec-websocket-version", "13")
            .header("sec-websocket-protocol", JSON)
            .body(Empty::<bytes::Bytes>::new())
            .expect("a request");
        let mut sender = sender.clone();
        let answer = soon("the answer", async {
            // The peer's settings allow extended CONNECT only once they have come.
            sender.ready().await.expect("ready");
            sender.send_request(request).await
        });
        let answer = answer.await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()["sec-websocket-protocol"], JSON);
        let upgraded = soon("the upgrade", hyper::upgrade::on(answer)).await.expect("a tunnel");
        sockets.push(WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Client, None).await);
    }
    for socket in &mut sockets {
        socket.send(Message::text(r#"{"join":{"room":"demo"}}"#)).await.expect("sends");
        let Some(Ok(Message::Text(text))) = soon("the welcome", socket.next()).await else { panic!("a text") };
        assert!(text.contains("\"welcome\""), "{text}");
        let Some(Ok(Message::Text(text))) = soon("the answer", socket.next()).await else { panic!("a text") };
        assert!(text.contains("\"joined\""), "{text}");
    }
    // One end of the stream, not of the connection.
    sockets[0].close(None).await.expect("closes");
    let Some(Ok(Message::Text(text))) = soon("the news", sockets[1].next()).await else { panic!("a text") };
    assert!(text.contains("\"memberJoined\"") || text.contains("\"memberLeft\""), "{text}");
}

struct Grpc {
    up: mpsc::Sender<ClientFrame>,
    down: tonic::Streaming<ServerFrame>,
}

impl Grpc {
    async fn connect(server: &Running) -> Self {
        let channel = Endpoint::from_shared(format!("http://{}", server.addr)).expect("an address");
        let channel = channel.connect().await.expect("connects");
        let (up, frames) = mpsc::channel(16);
        let mut client = SignalingServiceClient::new(channel);
        let down = soon("the stream", client.signal(ReceiverStream::new(frames))).await.expect("a stream");
        Self { up, down: down.into_inner() }
    }

    async fn send(&self, seq: u32, ack: u32, body: Up) {
        self.up.send(ClientFrame { seq, ack, body: Some(body) }).await.expect("sends");
    }

    async fn next(&mut self) -> ServerFrame {
        loop {
            let frame = soon("a frame", self.down.message()).await.expect("no error").expect("a frame");
            if !matches!(frame.body, None | Some(Down::Ping(_))) {
                return frame;
            }
        }
    }
}

#[tokio::test]
async fn a_session_moves_from_grpc_to_websocket_and_back_and_misses_nothing() {
    let server = Running::start(|_| {}).await;
    let mut bob = Client::connect(server.addr, JSON).await;
    bob.hello(Hello::default()).await;
    bob.join(1, "demo").await;

    let mut ada = Grpc::connect(&server).await;
    ada.send(0, 0, Up::Hello(Hello { resumable: true, ..Hello::default() })).await;
    let Some(Down::Welcome(welcome)) = ada.next().await.body else { panic!("a welcome") };
    ada.send(1, 0, Up::Join(Join { room: "demo".into(), ..Join::default() })).await;
    assert_eq!(ada.next().await.seq, 1);
    assert!(matches!(bob.next().await.1, Down::MemberJoined(_)));
    drop(ada);
    let resume = |epoch, last_seq| Hello {
        resumable: true,
        resume: Some(Resume { session_token: welcome.session_token.clone(), epoch, last_seq, ..Resume::default() }),
        ..Hello::default()
    };
    bob.send(0, 0, Some(text("demo", "", "while away"))).await;

    for (epoch, subprotocol) in [(1, JSON), (2, PROTO)] {
        let mut ada = Client::connect(server.addr, subprotocol).await;
        let resumed = ada.hello(resume(epoch, 1)).await;
        assert_eq!((resumed.outcome(), resumed.epoch), (Outcome::Resumed, epoch + 1));
        loop {
            match ada.next().await.1 {
                Down::Envelope(envelope) => {
                    assert_eq!(envelope.room, "demo");
                    break;
                }
                Down::Roster(_) => {}
                other => panic!("no envelope: {other:?}"),
            }
        }
    }
    let mut ada = Grpc::connect(&server).await;
    ada.send(0, 0, Up::Hello(resume(3, 2))).await;
    let Some(Down::Welcome(back)) = ada.next().await.body else { panic!("a welcome") };
    assert_eq!((back.outcome(), back.peer_id), (Outcome::Resumed, welcome.peer_id));
}
