//! A WebSocket client (RFC 6455) through the proxy, with frames in protobuf or protobuf JSON.

use futures_util::{
    SinkExt as _, StreamExt as _,
    stream::{SplitSink, SplitStream},
};
use prost::Message as _;
use tokio::{net::TcpStream, sync::mpsc, task::JoinSet};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{
        Message,
        client::IntoClientRequest as _,
        http::{HeaderValue, header::SEC_WEBSOCKET_PROTOCOL},
    },
};
use tonic::Status;
use wigwag_proto::v1::{ClientFrame, ServerFrame};

use super::{Dialer, UP_QUEUE};

/// Encoding of frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// `wigwag.v1.proto`: protobuf in binary messages.
    Proto,
    /// `wigwag.v1.json`: protobuf JSON in text messages.
    Json,
}

impl Format {
    fn subprotocol(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Proto => "wigwag.v1.proto",
            Self::Json => "wigwag.v1.json",
        })
    }

    fn write(self, frame: &ClientFrame) -> Message {
        match self {
            Self::Proto => Message::Binary(frame.encode_to_vec().into()),
            Self::Json => Message::text(serde_json::to_string(frame).expect("every frame has its JSON")),
        }
    }

    /// Returns `None` for messages without a frame, such as a ping or a close.
    fn read(self, message: Message) -> Result<Option<ServerFrame>, Status> {
        let wrong = |what: String| Err(Status::data_loss(what));
        match (self, message) {
            (Self::Proto, Message::Binary(bytes)) => match ServerFrame::decode(bytes) {
                Ok(frame) => Ok(Some(frame)),
                Err(error) => wrong(format!("a message that is not a frame: {error}")),
            },
            (Self::Json, Message::Text(text)) => match serde_json::from_str(&text) {
                Ok(frame) => Ok(Some(frame)),
                Err(error) => wrong(format!("a message that is not a frame: {error}: {text}")),
            },
            (_, Message::Text(_) | Message::Binary(_)) => wrong(format!("a message of the wrong kind for {self:?}")),
            (_, Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_)) => Ok(None),
        }
    }
}

type Stream = WebSocketStream<TcpStream>;

/// The receiving half. The sending half is a task, which ends when this is dropped.
#[derive(Debug)]
pub struct Socket {
    format: Format,
    down: SplitStream<Stream>,
    _up: JoinSet<()>,
}

impl Socket {
    /// Connects. Frames put into the returned queue are sent.
    pub(super) async fn open(format: Format, dialer: &Dialer) -> Result<(Self, mpsc::Sender<ClientFrame>), Status> {
        let lost = |error: tokio_tungstenite::tungstenite::Error| Status::unavailable(error.to_string());
        let wire = dialer.clone().dial().await.map_err(|error| Status::unavailable(error.to_string()))?;
        let mut request = "ws://wigwag.test/v1/signal".into_client_request().map_err(lost)?;
        request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, format.subprotocol());
        let (stream, _) = client_async(request, wire).await.map_err(lost)?;
        let (sink, down) = stream.split();
        let (up, queue) = mpsc::channel(UP_QUEUE);
        let mut writing = JoinSet::new();
        writing.spawn(write(format, queue, sink));
        Ok((Self { format, down, _up: writing }, up))
    }

    /// Returns the next frame, or `None` if the server has closed. Cancel safe.
    pub(super) async fn message(&mut self) -> Result<Option<ServerFrame>, Status> {
        loop {
            match self.down.next().await {
                None => return Ok(None),
                Some(Err(error)) => return Err(Status::unavailable(error.to_string())),
                Some(Ok(message)) => {
                    if let Some(frame) = self.format.read(message)? {
                        return Ok(Some(frame));
                    }
                }
            }
        }
    }
}

/// Writes all queued frames, then flushes.
async fn write(format: Format, mut queue: mpsc::Receiver<ClientFrame>, mut sink: SplitSink<Stream, Message>) {
    while let Some(frame) = queue.recv().await {
        let mut next = Some(frame);
        while let Some(frame) = next {
            if sink.feed(format.write(&frame)).await.is_err() {
                return;
            }
            next = queue.try_recv().ok();
        }
        if sink.flush().await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio_tungstenite::tungstenite::Bytes;
    use wigwag_proto::v1::{Ping, server_frame::Body};

    use super::*;

    #[test]
    fn only_frames_of_its_format_are_accepted() {
        let frame = ServerFrame { ack: 7, body: Some(Body::Ping(Ping {})), ..ServerFrame::default() };
        let binary = Message::Binary(frame.encode_to_vec().into());
        let text = Message::text(r#"{"ack":7,"ping":{}}"#);
        assert_eq!(Format::Proto.read(binary.clone()).expect("a frame"), Some(frame.clone()));
        assert_eq!(Format::Json.read(text.clone()).expect("a frame"), Some(frame));
        assert!(Format::Json.read(binary).is_err() && Format::Proto.read(text).is_err());
        assert!(Format::Json.read(Message::text("{")).is_err());
        assert_eq!(Format::Json.read(Message::Ping(Bytes::new())).expect("no frame"), None);
    }
}
