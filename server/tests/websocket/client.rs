//! A WebSocket client of `/v1/signal` that speaks either subprotocol in the generated types.

#![allow(dead_code, reason = "each test file uses a part of this")]

use std::net::SocketAddr;

use futures_util::{SinkExt as _, StreamExt as _};
use prost::Message as _;
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Error, Message, client::IntoClientRequest as _, protocol::CloseFrame},
};
use wigwag_proto::v1::{
    AppData, ClientFrame, Envelope, ErrorFrame, Hello, Join, ServerFrame, Welcome, app_data::Content,
    client_frame::Body as Up, envelope::Payload, server_frame::Body as Down,
};

use crate::running::soon;

pub(crate) const PROTO: &str = "wigwag.v1.proto";
pub(crate) const JSON: &str = "wigwag.v1.json";

/// An open socket.
pub(crate) struct Client {
    pub(crate) socket: WebSocketStream<TcpStream>,
    pub(crate) json: bool,
}

/// Opens a socket with these headers; the error is what the server answered.
pub(crate) async fn open(
    addr: SocketAddr,
    path: &str,
    headers: &[(&'static str, &str)],
) -> Result<WebSocketStream<TcpStream>, Error> {
    open_over(TcpStream::connect(addr).await.expect("connects"), addr, path, headers).await
}

async fn open_over(
    stream: TcpStream,
    addr: SocketAddr,
    path: &str,
    headers: &[(&'static str, &str)],
) -> Result<WebSocketStream<TcpStream>, Error> {
    let mut request = format!("ws://{addr}{path}").into_client_request().expect("a request");
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().expect("a header"));
    }
    Ok(soon("the handshake", client_async(request, stream)).await?.0)
}

impl Client {
    pub(crate) async fn connect(addr: SocketAddr, subprotocol: &str) -> Self {
        Self::connect_over(TcpStream::connect(addr).await.expect("connects"), addr, subprotocol).await
    }

    /// Connects with a small receive buffer: what is not read stays at the server.
    pub(crate) async fn connect_unread(addr: SocketAddr, subprotocol: &str) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(4_096).expect("sets");
        Self::connect_over(socket.connect(addr).await.expect("connects"), addr, subprotocol).await
    }

    async fn connect_over(stream: TcpStream, addr: SocketAddr, subprotocol: &str) -> Self {
        let headers = [("sec-websocket-protocol", subprotocol)];
        let socket = open_over(stream, addr, "/v1/signal", &headers).await.expect("a WebSocket");
        Self { socket, json: subprotocol == JSON }
    }

    pub(crate) async fn raw(&mut self, message: Message) {
        self.socket.send(message).await.expect("sends");
    }

    pub(crate) async fn send(&mut self, seq: u32, ack: u32, body: Option<Up>) {
        let frame = ClientFrame { seq, ack, body };
        let message = if self.json {
            Message::text(serde_json::to_string(&frame).expect("JSON"))
        } else {
            Message::binary(frame.encode_to_vec())
        };
        self.raw(message).await;
    }

    /// The next frame, whatever it is; the close frame once the server is done.
    pub(crate) async fn frame(&mut self) -> Result<ServerFrame, Option<CloseFrame>> {
        loop {
            return match soon("a frame", self.socket.next()).await {
                Some(Ok(Message::Binary(bytes))) if !self.json => Ok(ServerFrame::decode(bytes).expect("a frame")),
                Some(Ok(Message::Text(text))) if self.json => Ok(serde_json::from_str(&text).expect("a JSON frame")),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                Some(Ok(Message::Close(close))) => Err(close),
                other => panic!("no frame: {other:?}"),
            };
        }
    }

    /// Returns the next frame with a body that is not a ping.
    pub(crate) async fn next(&mut self) -> (u32, Down) {
        loop {
            let frame = self.frame().await.expect("the connection goes on");
            match frame.body {
                None | Some(Down::Ping(_)) => {}
                Some(body) => return (frame.reply_to, body),
            }
        }
    }

    /// Says hello and waits for the welcome.
    pub(crate) async fn hello(&mut self, hello: Hello) -> Welcome {
        self.send(0, 0, Some(Up::Hello(hello))).await;
        self.welcome().await
    }

    pub(crate) async fn welcome(&mut self) -> Welcome {
        match self.next().await.1 {
            Down::Welcome(welcome) => welcome,
            other => panic!("no welcome: {other:?}"),
        }
    }

    /// Joins and gives the members already there.
    pub(crate) async fn join(&mut self, seq: u32, room: &str) -> Vec<String> {
        self.send(seq, 0, Some(Up::Join(Join { room: room.to_owned(), ..Join::default() }))).await;
        loop {
            match self.next().await {
                (reply, Down::Joined(joined)) if reply == seq => {
                    return joined.members.into_iter().map(|member| member.peer_id).collect();
                }
                (_, Down::Welcome(_)) => {}
                other => panic!("not joined: {other:?}"),
            }
        }
    }

    pub(crate) async fn error(&mut self) -> (u32, ErrorFrame) {
        match self.next().await {
            (reply, Down::Error(error)) => (reply, error),
            other => panic!("no error: {other:?}"),
        }
    }

    /// Waits for the close. Returns its code and reason.
    pub(crate) async fn closed(&mut self) -> (u16, String) {
        loop {
            match self.frame().await {
                Ok(_) => {}
                Err(Some(close)) => {
                    // The server closes the connection once this side has answered.
                    while soon("the end", self.socket.next()).await.is_some_and(|message| message.is_ok()) {}
                    return (close.code.into(), close.reason.to_string());
                }
                Err(None) => panic!("a close without a code"),
            }
        }
    }
}

/// Application data for a room, or for one of its members.
pub(crate) fn text(room: &str, to: &str, text: &str) -> Up {
    let message = AppData { content: Some(Content::Text(text.to_owned())) };
    Up::Envelope(Envelope {
        room: room.to_owned(),
        to: to.to_owned(),
        payload: Some(Payload::Message(message)),
        ..Envelope::default()
    })
}
