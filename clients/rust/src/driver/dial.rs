//! One attempt to attach: a transport carries the hello up and the welcome comes down.

use std::{future::Future, time::Duration};

use tokio::sync::mpsc;
use tokio_stream::{Stream, StreamExt};
use wigwag_proto::v1::{ClientFrame, Hello, ServerFrame, Welcome, client_frame, server_frame};

use super::verdict::Lost;
use crate::core::Violation;

/// Longest an attempt may take, from the first packet to the welcome.
const ATTEMPT: Duration = Duration::from_secs(10);
/// Frames between the driver and the transport. Few: what waits there cannot be reordered or counted any more.
const UP_QUEUE: usize = 16;

/// Opens connections. Over the network this is gRPC; tests break it at will.
pub(crate) trait Dial: Send + 'static {
    /// Frames from the server. Ends, or yields an error last, when the connection is gone.
    type Down: Stream<Item = Result<ServerFrame, Lost>> + Send + Unpin;

    /// Connects once. `endpoint`: where to, when the server said so; else the address the application gave.
    fn dial(
        &mut self,
        endpoint: Option<&str>,
        up: mpsc::Receiver<ClientFrame>,
    ) -> impl Future<Output = Result<Self::Down, Lost>> + Send;
}

/// An open connection.
pub(crate) struct Link<D> {
    pub(crate) up: mpsc::Sender<ClientFrame>,
    pub(crate) down: D,
}

/// What an attempt brought: the connection, its welcome, and the acknowledgment that came with it.
pub(crate) struct Attached<D> {
    pub(crate) link: Link<D>,
    pub(crate) welcome: Welcome,
    pub(crate) ack: u32,
}

/// Connects, says hello and waits for the welcome.
pub(crate) async fn attach<D: Dial>(
    dial: &mut D,
    endpoint: Option<&str>,
    hello: Hello,
) -> Result<Attached<D::Down>, Lost> {
    let attempt = async {
        let (up, frames) = mpsc::channel(UP_QUEUE);
        let first = ClientFrame { body: Some(client_frame::Body::Hello(hello)), ..ClientFrame::default() };
        up.try_send(first).expect("a new queue has room");
        let mut down = dial.dial(endpoint, frames).await?;
        let Some(frame) = down.next().await else {
            return Err(Lost::unreachable("the server closed the stream without a word"));
        };
        let frame = frame?;
        match frame.body {
            Some(server_frame::Body::Welcome(welcome)) => {
                Ok(Attached { link: Link { up, down }, welcome, ack: frame.ack })
            }
            Some(server_frame::Body::Error(error)) => Err(Lost::fatal(error)),
            _ => Err(Lost::violation(Violation::Welcome)),
        }
    };
    tokio::time::timeout(ATTEMPT, attempt)
        .await
        .unwrap_or_else(|_| Err(Lost::timeout("the server did not answer within 10 s")))
}
