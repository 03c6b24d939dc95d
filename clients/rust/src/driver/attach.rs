//! One attempt to attach: connect, send `hello`, wait for `welcome`.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio_stream::StreamExt;
use wigwag_proto::v1::{ClientFrame, Hello, Welcome, client_frame, server_frame};

use crate::{
    core::Violation,
    transport::{ConnectionError, Transport},
};

/// Limits an attempt, from the first packet to the welcome.
const ATTACH_TIMEOUT: Duration = Duration::from_secs(10);
/// Capacity of the queue from the driver to the transport. Small: queued frames can be neither reordered nor recounted.
const OUTGOING_FRAMES: usize = 16;

/// An open connection. `F` is the stream of frames from the server.
pub(crate) struct Connection<F> {
    pub(crate) outgoing: mpsc::Sender<ClientFrame>,
    pub(crate) frames: F,
}

/// The result of an attempt: the connection, its `welcome`, and the acknowledgment in the same frame.
pub(crate) struct Attached<F> {
    pub(crate) connection: Connection<F>,
    pub(crate) welcome: Welcome,
    pub(crate) ack: u32,
}

/// Connects, sends `hello` and waits for `welcome`.
pub(crate) async fn attach<T: Transport>(
    transport: &mut T,
    endpoint: Option<&str>,
    hello: Hello,
) -> Result<Attached<T::Frames>, ConnectionError> {
    let attempt = async {
        let (outgoing, queue) = mpsc::channel(OUTGOING_FRAMES);
        let first = ClientFrame { body: Some(client_frame::Body::Hello(hello)), ..ClientFrame::default() };
        outgoing.try_send(first).expect("a new queue has room");
        let mut frames = transport.connect(endpoint, queue).await?;
        let Some(frame) = frames.next().await else {
            return Err(ConnectionError::unreachable("the server closed the stream without a status"));
        };
        let frame = frame?;
        match frame.body {
            Some(server_frame::Body::Welcome(welcome)) => {
                Ok(Attached { connection: Connection { outgoing, frames }, welcome, ack: frame.ack })
            }
            Some(server_frame::Body::Error(error)) => Err(ConnectionError::fatal(error)),
            _ => Err(ConnectionError::violation(Violation::Welcome)),
        }
    };
    tokio::time::timeout(ATTACH_TIMEOUT, attempt)
        .await
        .unwrap_or_else(|_| Err(ConnectionError::timeout("the server did not answer within 10 s")))
}
