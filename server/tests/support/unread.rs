//! An HTTP/2 connection whose streams are not read: the client's windows are never opened again.

#![allow(dead_code, reason = "each test file uses a part of this")]

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use h2::RecvStream;
use h2::SendStream;
use h2::client::{ResponseFuture, SendRequest};
use prost::Message;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use wigwag_proto::v1::ServerFrame;

pub(crate) struct UnreadConnection {
    requests: SendRequest<Bytes>,
    task: JoinHandle<()>,
}

pub(crate) struct UnreadStream {
    up: SendStream<Bytes>,
    response: Option<ResponseFuture>,
    body: Option<RecvStream>,
    received: Vec<u8>,
}

impl UnreadConnection {
    /// Opens a connection whose streams take `window` bytes.
    pub(crate) async fn open(addr: SocketAddr, window: u32) -> Self {
        let socket = TcpStream::connect(addr).await.expect("connects");
        // Dropped, it is reset and not closed.
        socket2::SockRef::from(&socket).set_linger(Some(Duration::ZERO)).expect("a TCP socket");
        let mut builder = h2::client::Builder::new();
        let (requests, connection) =
            builder.initial_window_size(window).handshake::<_, Bytes>(socket).await.expect("HTTP/2");
        // It goes on answering pings.
        let task = tokio::spawn(async move {
            let _ = connection.await;
        });
        Self { requests, task }
    }

    /// Calls a method of the signaling service with these messages. The request stays open if `open`.
    pub(crate) async fn call<M: Message>(&mut self, method: &str, messages: &[M], open: bool) -> UnreadStream {
        let request = http::Request::post(format!("http://localhost/wigwag.v1.SignalingService/{method}"))
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .body(())
            .expect("a request");
        let mut requests = self.requests.clone().ready().await.expect("a stream is free");
        let (response, up) = requests.send_request(request, false).expect("the connection is open");
        let mut stream = UnreadStream { up, response: Some(response), body: None, received: Vec::new() };
        for message in messages {
            stream.send(message);
        }
        if !open {
            stream.up.send_data(Bytes::new(), true).expect("the stream is open");
        }
        stream
    }

    /// Resets the TCP connection.
    pub(crate) async fn reset(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}

impl UnreadStream {
    pub(crate) fn send(&mut self, message: &impl Message) {
        let bytes = message.encode_to_vec();
        let len = u32::try_from(bytes.len()).expect("short");
        let framed = [&[0][..], &len.to_be_bytes(), &bytes].concat();
        self.up.send_data(framed.into(), false).expect("the stream is open");
    }

    /// Returns the next frame without opening the window.
    pub(crate) async fn next(&mut self) -> ServerFrame {
        if let Some(response) = self.response.take() {
            self.body = Some(response.await.expect("a response").into_body());
        }
        loop {
            if let [_, a, b, c, d, rest @ ..] = &self.received[..] {
                let len = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
                if rest.len() >= len {
                    let frame = ServerFrame::decode(&rest[..len]).expect("a frame");
                    self.received.drain(..5 + len);
                    return frame;
                }
            }
            let body = self.body.as_mut().expect("a response");
            self.received.extend_from_slice(&body.data().await.expect("more").expect("data"));
        }
    }
}
