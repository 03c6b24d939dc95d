//! A WebSocket client of a compatibility protocol: JSON objects in text messages.

#![allow(dead_code, reason = "each test file uses a part of this")]

use std::net::SocketAddr;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Error, Message},
};

use crate::running::soon;

/// An open socket.
pub(crate) struct Client {
    pub(crate) socket: WebSocketStream<TcpStream>,
}

/// Opens a socket. Returns the server's response as an error if it refuses.
pub(crate) async fn open(addr: SocketAddr, path: &str) -> Result<Client, Error> {
    let stream = TcpStream::connect(addr).await.expect("connects");
    let (socket, _) = soon("the handshake", client_async(format!("ws://{addr}{path}"), stream)).await?;
    Ok(Client { socket })
}

/// Joins a room of rooms-ws.
pub(crate) async fn enter(addr: SocketAddr, room: &str, user: &str) -> Client {
    let mut client = open(addr, &format!("/?roomId={room}&userId={user}&userName={user}")).await.expect("a WebSocket");
    client.next("participants").await;
    client
}

impl Client {
    pub(crate) async fn send(&mut self, message: Value) {
        self.socket.send(Message::text(message.to_string())).await.expect("sends");
    }

    /// The next message; `None` when the server has closed, with the close code and reason.
    pub(crate) async fn message(&mut self) -> Result<Value, (u16, String)> {
        loop {
            return match soon("a message", self.socket.next()).await {
                Some(Ok(Message::Text(text))) => Ok(serde_json::from_str(&text).expect("JSON")),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                Some(Ok(Message::Close(Some(close)))) => {
                    // The server closes the connection once this side has answered.
                    while soon("the end", self.socket.next()).await.is_some_and(|message| message.is_ok()) {}
                    Err((close.code.into(), close.reason.to_string()))
                }
                other => panic!("no message: {other:?}"),
            };
        }
    }

    /// The next message of a type; what comes before it is dropped.
    pub(crate) async fn next(&mut self, kind: &str) -> Value {
        loop {
            let message = self.message().await.expect("the connection goes on");
            if message["type"] == kind {
                return message;
            }
        }
    }

    /// Waits for the end; gives the last message, and the close code and reason.
    pub(crate) async fn end(&mut self) -> (Value, u16, String) {
        let mut last = Value::Null;
        loop {
            match self.message().await {
                Ok(message) => last = message,
                Err((code, reason)) => return (last, code, reason),
            }
        }
    }
}
