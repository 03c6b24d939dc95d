//! What sessions and rooms hold of the driver: a queue of commands, and a snapshot of the session.

use std::{fmt, sync::Arc, time::Duration};

use tokio::sync::{Notify, mpsc, oneshot, watch};
use wigwag_proto::v1::{Envelope, client_frame};

use super::pending::{Reply, Responder};
use crate::{
    error::Error,
    event::{EnvelopeId, Event, Events},
    member::PeerId,
    payload::Payload,
    receipt::{PendingReceipt, Receipt},
    sealing::Keys,
    server_info::{IceServers, Limits},
    session_state::SessionState,
};

/// A request of a handle to the driver.
#[derive(Debug)]
pub(crate) enum Command {
    /// Sends a request that the server answers.
    Request { body: client_frame::Body, reply: Reply, keys: Option<Keys> },
    /// Sends an envelope. `queued` completes when the envelope has its number, and with it its place in the order.
    Send {
        envelope: Envelope,
        room: Option<Arc<str>>,
        queued: Responder<EnvelopeId>,
        receipt: Option<Responder<Receipt>>,
    },
}

/// What handles can read at any time without waiting for the driver.
#[derive(Clone)]
pub(crate) struct Snapshot {
    pub(crate) state: SessionState,
    pub(crate) peer_id: PeerId,
    /// A secret: with it, any client can take the session over.
    pub(crate) session_token: String,
    /// The access token in use; also a secret.
    pub(crate) token: String,
    pub(crate) limits: Limits,
    pub(crate) grace: Duration,
    pub(crate) ice_servers: IceServers,
    /// The features that the server named.
    pub(crate) features: Vec<String>,
    /// Why the session ended, when the application did not close it.
    pub(crate) end: Option<Error>,
}

// The tokens are secrets: they must not reach a log through a handle.
impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot").field("state", &self.state).field("peer_id", &self.peer_id).finish_non_exhaustive()
    }
}

impl Default for Snapshot {
    fn default() -> Self {
        Self {
            state: SessionState::Reconnecting,
            peer_id: PeerId::from(""),
            session_token: String::new(),
            token: String::new(),
            limits: Limits::default(),
            grace: Duration::ZERO,
            ice_servers: IceServers::default(),
            features: Vec::new(),
            end: None,
        }
    }
}

/// A handle to the driver. The session lives until the last one is dropped.
#[derive(Debug, Clone)]
pub(crate) struct Handle {
    commands: mpsc::Sender<Command>,
    snapshot: watch::Receiver<Snapshot>,
    close: Arc<Notify>,
    events: async_channel::Receiver<Event>,
}

impl Handle {
    pub(super) fn new(
        commands: mpsc::Sender<Command>,
        snapshot: watch::Receiver<Snapshot>,
        close: Arc<Notify>,
        events: async_channel::Receiver<Event>,
    ) -> Self {
        Self { commands, snapshot, close, events }
    }

    pub(crate) fn snapshot(&self) -> watch::Ref<'_, Snapshot> {
        self.snapshot.borrow()
    }

    pub(crate) fn events(&self) -> Events {
        Events::new(self.events.clone())
    }

    /// Sends a request and waits for its answer.
    pub(crate) async fn request<T>(
        &self,
        body: client_frame::Body,
        reply: impl FnOnce(Responder<T>) -> Reply,
    ) -> Result<T, Error> {
        self.request_sealed(body, reply, None).await
    }

    /// As `request`, for a join: if it succeeds, these keys seal the room.
    pub(crate) async fn request_sealed<T>(
        &self,
        body: client_frame::Body,
        reply: impl FnOnce(Responder<T>) -> Reply,
        keys: Option<Keys>,
    ) -> Result<T, Error> {
        let (responder, answer) = oneshot::channel();
        self.command(Command::Request { body, reply: reply(responder), keys }).await?;
        answer.await.unwrap_or_else(|_| Err(self.end()))
    }

    /// Sends an envelope and waits until it is numbered.
    pub(crate) async fn send(
        &self,
        room: Option<Arc<str>>,
        to: Option<&PeerId>,
        payload: Payload,
    ) -> Result<EnvelopeId, Error> {
        self.queue(room, to, payload, None).await
    }

    /// As `send`, and asks for a receipt.
    pub(crate) async fn send_with_receipt(
        &self,
        room: Option<Arc<str>>,
        to: &PeerId,
        payload: Payload,
    ) -> Result<PendingReceipt, Error> {
        let (responder, answer) = oneshot::channel();
        let id = self.queue(room, Some(to), payload, Some(responder)).await?;
        Ok(PendingReceipt::new(id, answer))
    }

    async fn queue(
        &self,
        room: Option<Arc<str>>,
        to: Option<&PeerId>,
        payload: Payload,
        receipt: Option<Responder<Receipt>>,
    ) -> Result<EnvelopeId, Error> {
        let envelope = Envelope {
            room: room.as_deref().unwrap_or_default().to_owned(),
            from: String::new(),
            to: to.map(PeerId::to_string).unwrap_or_default(),
            receipt: receipt.is_some(),
            payload: Some(payload.into()),
            negotiation: None,
        };
        let (queued, number) = oneshot::channel();
        self.command(Command::Send { envelope, room, queued, receipt }).await?;
        number.await.unwrap_or_else(|_| Err(self.end()))
    }

    /// Closes the session and waits until it has ended.
    pub(crate) async fn close(&self) {
        self.close.notify_one();
        self.closed().await;
    }

    /// Waits until the session has ended. Returns why, unless the application closed it.
    pub(crate) async fn closed(&self) -> Option<Error> {
        let mut snapshot = self.snapshot.clone();
        match snapshot.wait_for(|snapshot| snapshot.state == SessionState::Closed).await {
            Ok(snapshot) => snapshot.end.clone(),
            Err(_) => Some(Error::closed()),
        }
    }

    async fn command(&self, command: Command) -> Result<(), Error> {
        self.commands.send(command).await.map_err(|_| self.end())
    }

    /// Returns why the session ended.
    fn end(&self) -> Error {
        self.snapshot.borrow().end.clone().unwrap_or_else(Error::closed)
    }
}
