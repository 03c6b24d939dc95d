//! A client of a compatibility protocol, over a WebSocket.

use std::net::SocketAddr;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message};

use crate::{
    model::{Event, Protocol},
    running::soon,
};

/// What a client says who it is, in every place where one might look for a sender.
const FORGED: &str = "somebody else";

/// An open connection.
pub(crate) struct Socket {
    protocol: Protocol,
    socket: WebSocketStream<TcpStream>,
    /// The name of the client, by which PeerJS lets it send to itself.
    user: String,
}

/// Returns the path at which a client connects.
pub(crate) fn path(protocol: Protocol, room: &str, user: &str, ticket: &str) -> String {
    match protocol {
        Protocol::Native => unreachable!("its client is another one"),
        Protocol::RoomsWs => format!("/?roomId={room}&userId={user}&userName={user}&ticket={ticket}"),
        Protocol::PlainJson => format!("/json/{room}?ticket={ticket}"),
        Protocol::Connector => format!("/connector?ticket={ticket}"),
        Protocol::SocketIo => format!("/socket.io/?EIO=4&transport=websocket&ticket={ticket}"),
        Protocol::PeerJs => {
            // PeerJS always sends its own token.
            let token = if ticket.is_empty() { "none" } else { ticket };
            format!("/peerjs/peerjs?key=peerjs&id={user}&token={token}")
        }
    }
}

impl Socket {
    pub(crate) async fn open(addr: SocketAddr, protocol: Protocol, user: &str, path: &str) -> Self {
        let stream = TcpStream::connect(addr).await.expect("connects");
        stream.set_nodelay(true).expect("a socket");
        let opened = soon("the handshake", client_async(format!("ws://{addr}{path}"), stream)).await;
        let mut socket = Self { protocol, socket: opened.expect("a WebSocket").0, user: user.to_owned() };
        if protocol == Protocol::SocketIo {
            socket.send_text("40").await;
        }
        socket
    }

    /// Sends a message of this kind: `message`, `offer` or `hangup`, which stands for a type of the application's own. An empty
    /// `to` names no recipient.
    pub(crate) async fn signal(&mut self, to: &str, kind: &str, text: &str) {
        let mut message = match self.protocol {
            Protocol::Native => unreachable!("its client is another one"),
            Protocol::RoomsWs => json!({"type": kind, "targetUserId": to, "fromUserId": FORGED, "from": FORGED}),
            Protocol::PlainJson => json!({"type": kind, "to": to, "from": FORGED, "id": FORGED}),
            Protocol::Connector => json!({"type": kind, "to": to, "from": FORGED, "data": text}),
            Protocol::SocketIo => {
                assert_eq!(kind, "offer");
                let data = json!({"target": to, "sdp": text, "sender": FORGED, "id": FORGED, "from": FORGED});
                return self.send_text(&format!("42{}", json!(["offer_sdp", data]))).await;
            }
            Protocol::PeerJs => {
                assert_eq!(kind, "offer");
                let payload = json!({"sdp": {"type": "offer", "sdp": text}, "type": "data", "connectionId": "dc_1"});
                json!({"type": "OFFER", "dst": to, "src": FORGED, "payload": payload})
            }
        };
        if self.protocol.is_one_room() {
            message[if kind == "offer" { "sdp" } else { "text" }] = text.into();
            if to.is_empty() {
                message.as_object_mut().expect("an object").remove("to");
            }
        }
        self.send_text(&message.to_string()).await;
    }

    /// Sends a request of the connector about a room. `to`: the member it is about.
    pub(crate) async fn about_room(&mut self, kind: &str, room: &str, to: &str) {
        let mut message = json!({"type": kind, "data": {"room": room}});
        if !to.is_empty() {
            message["to"] = to.into();
        }
        self.send_text(&message.to_string()).await;
    }

    /// Has PeerJS tell a recipient that the client leaves it, which is not answered.
    pub(crate) async fn leave_peer(&mut self, to: &str) {
        self.send_text(&json!({"type": "LEAVE", "dst": to, "src": FORGED}).to_string()).await;
    }

    /// Sends something that is answered, and returns the answer.
    pub(crate) async fn fence(&mut self) -> Event {
        match self.protocol {
            Protocol::Native => unreachable!("its client is another one"),
            Protocol::RoomsWs | Protocol::PlainJson => self.send_text(r#"{"type":"error"}"#).await,
            Protocol::Connector => self.send_text(r#"{"type":"nothing"}"#).await,
            Protocol::SocketIo => self.send_text(r#"42["nothing",{}]"#).await,
            Protocol::PeerJs => {
                let to = self.user.clone();
                self.signal(&to, "offer", "fence").await;
                let (kind, text) = ("offer".to_owned(), "fence".to_owned());
                return Event::Signal { room: String::new(), from: to, kind, text };
            }
        }
        Event::refused("UNKNOWN_FRAME")
    }

    /// Closes the connection as a page does, or, if not `properly`, as a lost network does.
    pub(crate) async fn close(mut self, properly: bool) {
        if !properly {
            return;
        }
        if self.protocol == Protocol::SocketIo {
            self.send_text("41").await;
        }
        let _ = self.socket.close(None).await;
        while soon("the end", self.socket.next()).await.is_some_and(|message| message.is_ok()) {}
    }

    async fn send_text(&mut self, text: &str) {
        self.socket.send(Message::text(text)).await.expect("sends");
    }

    /// Reads the next message, and returns it with the text of an error.
    pub(crate) async fn read(&mut self) -> (Event, String) {
        loop {
            let text = match soon("a message", self.socket.next()).await {
                Some(Ok(Message::Text(text))) => text,
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                Some(Ok(Message::Close(Some(close)))) => {
                    // The server closes the connection once this side has answered.
                    while soon("the end", self.socket.next()).await.is_some_and(|message| message.is_ok()) {}
                    return (Event::closed(&close.reason), String::new());
                }
                other => panic!("no message: {other:?}"),
            };
            if self.protocol == Protocol::SocketIo {
                match text.as_str() {
                    "2" => self.send_text("3").await,
                    "41" => return (Event::closed("DISCONNECTED"), String::new()),
                    packet => {
                        if let Some(read) = socketio(packet) {
                            return read;
                        }
                    }
                }
                continue;
            }
            let message: Value = serde_json::from_str(&text).expect("JSON");
            return match self.protocol {
                Protocol::RoomsWs => rooms_ws(&message),
                Protocol::PlainJson => plain_json(&message),
                Protocol::Connector => connector(&message),
                _ => peerjs(&message),
            };
        }
    }
}

type Read = (Event, String);

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().unwrap_or_else(|| panic!("no list: {value}")).iter().map(text).collect()
}

fn read(event: Event) -> Read {
    (event, String::new())
}

fn refused(error: &Value) -> Read {
    (Event::Refused { reason: text(&error["reason"]) }, format!("{} {}", error["message"], error["hint"]))
}

/// A message of another client.
fn signal(kind: &Value, from: &Value, content: &Value) -> Read {
    read(Event::Signal { room: String::new(), from: text(from), kind: text(kind), text: text(content) })
}

/// The content of a flat message.
fn content(message: &Value) -> &Value {
    &message[if message["type"] == "offer" { "sdp" } else { "text" }]
}

fn rooms_ws(message: &Value) -> Read {
    let participant = |participant: &Value| format!("{} {}", text(&participant["id"]), text(&participant["name"]));
    let none = String::new();
    match text(&message["type"]).as_str() {
        "participants" => {
            let others = message["participants"].as_array().expect("a list").iter().map(participant).collect();
            let first = message["replaced"].as_bool().expect("a boolean");
            read(Event::Entered { room: text(&message["roomId"]), me: text(&message["userId"]), others, first })
        }
        "participant-joined" => {
            let entry = participant(&message["participant"]);
            assert_eq!(entry, format!("{} {}", text(&message["userId"]), text(&message["userName"])));
            read(Event::Joined { room: none, entry })
        }
        "participant-left" => {
            read(Event::Left { room: none, id: text(&message["userId"]), reason: text(&message["reason"]) })
        }
        "error" => refused(message),
        _ => signal(&message["type"], &message["fromUserId"], content(message)),
    }
}

fn plain_json(message: &Value) -> Read {
    let none = String::new();
    match text(&message["type"]).as_str() {
        "welcome" => {
            let (me, others) = (text(&message["id"]), texts(&message["peers"]));
            read(Event::Entered { room: text(&message["room"]), me, others, first: false })
        }
        "peer-joined" => {
            read(Event::Joined { room: none, entry: format!("{} {}", text(&message["id"]), text(&message["name"])) })
        }
        "peer-left" => read(Event::Left { room: none, id: text(&message["id"]), reason: text(&message["reason"]) }),
        "error" => refused(message),
        _ => signal(&message["type"], &message["from"], content(message)),
    }
}

fn connector(message: &Value) -> Read {
    let data = &message["data"];
    match (text(&message["type"]).as_str(), message["title"].as_str().unwrap_or_default()) {
        ("error", _) => refused(data),
        ("info", "client_details") => read(Event::Open { me: text(&data["id"]) }),
        ("info", "room_left") => read(Event::Out { room: text(&data["room"]), reason: "LEFT".to_owned() }),
        ("update", _) if data["reason"].is_string() => {
            read(Event::Out { room: text(&data["room"]), reason: text(&data["reason"]) })
        }
        ("info" | "update", title) => {
            let (title, room) = (title.to_owned(), text(&data["room"]));
            read(Event::Clients { title, room, clients: texts(&data["clients"]) })
        }
        // Descriptions of other protocols are objects until the client has sent a text.
        _ if data.is_object() => signal(&message["type"], &message["from"], &data["sdp"]),
        _ => signal(&message["type"], &message["from"], data),
    }
}

fn peerjs(message: &Value) -> Read {
    let payload = &message["payload"];
    match text(&message["type"]).as_str() {
        "OPEN" => read(Event::Open { me: String::new() }),
        "OFFER" => signal(&"offer".into(), &message["src"], &payload["sdp"]["sdp"]),
        "MESSAGE" => signal(&"message".into(), &message["src"], &payload["text"]),
        "LEAVE" => signal(&"leave".into(), &message["src"], &"".into()),
        "EXPIRE" => (Event::refused("EXPIRE"), format!("{} {}", message["src"], payload["msg"])),
        "ERROR" | "ID-TAKEN" => (Event::Refused { reason: text(&payload["reason"]) }, payload["msg"].to_string()),
        other => panic!("the type {other}"),
    }
}

/// Reads a packet; `None` for those of the connection itself.
fn socketio(packet: &str) -> Option<Read> {
    if let Some(error) = packet.strip_prefix("44") {
        let error: Value = serde_json::from_str(error).expect("JSON");
        let message = text(&error["message"]);
        let reason = message.split(':').next().unwrap_or_default().to_owned();
        return Some((Event::Refused { reason }, message));
    }
    let event = packet.strip_prefix("42")?;
    let event: Value = serde_json::from_str(event).expect("JSON");
    let data = &event[1];
    Some(match text(&event[0]).as_str() {
        "your_id" => read(Event::Open { me: text(data) }),
        "error" => refused(data),
        name => {
            assert!(data["sender"] == data["id"] && data["sender"] == data["from"], "{event}");
            match name {
                "offer_sdp" => signal(&"offer".into(), &data["sender"], &data["sdp"]),
                _ => signal(&event[0], &data["sender"], &data["text"]),
            }
        }
    })
}
