//! The handles' side of the driver: what they ask of it, and what they can read without asking.

use std::{fmt, sync::Arc, time::Duration};

use tokio::sync::{Notify, mpsc, oneshot, watch};
use wigwag_proto::v1::{Envelope, client_frame};

use super::{
    pending::{Answer, Reply},
    sealing::Keys,
};
use crate::{
    error::Error,
    event::{EnvelopeId, Event, Events},
    member::PeerId,
    payload::Payload,
    receipt::{PendingReceipt, Receipt},
    server_info::{IceServers, Limits},
    session::SessionState,
};

/// What a handle asks of the driver.
#[derive(Debug)]
pub(crate) enum Command {
    /// A request with an answer.
    Request { body: client_frame::Body, reply: Reply, keys: Option<Keys> },
    /// An envelope. `queued` is answered when it has its number and its place in the order.
    Send { envelope: Envelope, room: Option<Arc<str>>, queued: Answer<EnvelopeId>, receipt: Option<Answer<Receipt>> },
}

/// What handles can read at any time.
#[derive(Clone)]
pub(crate) struct Facts {
    pub(crate) state: SessionState,
    pub(crate) peer_id: PeerId,
    /// Secret: whoever has it can take the session over.
    pub(crate) session_token: String,
    /// The access token in use; secret as well.
    pub(crate) token: String,
    pub(crate) limits: Limits,
    pub(crate) grace: Duration,
    pub(crate) ice_servers: IceServers,
    /// Why the session ended, when the application did not close it.
    pub(crate) end: Option<Error>,
}

// The tokens are secrets: they must not reach a log through a handle.
impl fmt::Debug for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Facts").field("state", &self.state).field("peer_id", &self.peer_id).finish_non_exhaustive()
    }
}

impl Default for Facts {
    fn default() -> Self {
        Self {
            state: SessionState::Reconnecting,
            peer_id: PeerId::from(""),
            session_token: String::new(),
            token: String::new(),
            limits: Limits::default(),
            grace: Duration::ZERO,
            ice_servers: IceServers::default(),
            end: None,
        }
    }
}

/// A way to the driver. The session lives as long as one of them does.
#[derive(Debug, Clone)]
pub(crate) struct Handle {
    commands: mpsc::Sender<Command>,
    facts: watch::Receiver<Facts>,
    close: Arc<Notify>,
    events: async_channel::Receiver<Event>,
}

impl Handle {
    pub(super) fn new(
        commands: mpsc::Sender<Command>,
        facts: watch::Receiver<Facts>,
        close: Arc<Notify>,
        events: async_channel::Receiver<Event>,
    ) -> Self {
        Self { commands, facts, close, events }
    }

    pub(crate) fn facts(&self) -> watch::Ref<'_, Facts> {
        self.facts.borrow()
    }

    pub(crate) fn events(&self) -> Events {
        Events::new(self.events.clone())
    }

    /// Sends a request and waits for its answer.
    pub(crate) async fn request<T>(
        &self,
        body: client_frame::Body,
        reply: impl FnOnce(Answer<T>) -> Reply,
    ) -> Result<T, Error> {
        self.request_sealed(body, reply, None).await
    }

    /// As `request`; if the answer is a seat, these keys seal its room.
    pub(crate) async fn request_sealed<T>(
        &self,
        body: client_frame::Body,
        reply: impl FnOnce(Answer<T>) -> Reply,
        keys: Option<Keys>,
    ) -> Result<T, Error> {
        let (answer, answered) = oneshot::channel();
        self.command(Command::Request { body, reply: reply(answer), keys }).await?;
        answered.await.unwrap_or_else(|_| Err(self.end()))
    }

    /// Sends an envelope and waits until it has its place in the order.
    pub(crate) async fn send(
        &self,
        room: Option<Arc<str>>,
        to: Option<&PeerId>,
        payload: Payload,
    ) -> Result<EnvelopeId, Error> {
        self.queue(room, to, payload, None).await
    }

    /// As `send`, with a receipt to come.
    pub(crate) async fn send_with_receipt(
        &self,
        room: Option<Arc<str>>,
        to: &PeerId,
        payload: Payload,
    ) -> Result<PendingReceipt, Error> {
        let (answer, answered) = oneshot::channel();
        let id = self.queue(room, Some(to), payload, Some(answer)).await?;
        Ok(PendingReceipt::new(id, answered))
    }

    async fn queue(
        &self,
        room: Option<Arc<str>>,
        to: Option<&PeerId>,
        payload: Payload,
        receipt: Option<Answer<Receipt>>,
    ) -> Result<EnvelopeId, Error> {
        let envelope = Envelope {
            room: room.as_deref().unwrap_or_default().to_owned(),
            from: String::new(),
            to: to.map(PeerId::to_string).unwrap_or_default(),
            receipt: receipt.is_some(),
            payload: Some(payload.into()),
        };
        let (queued, has_number) = oneshot::channel();
        self.command(Command::Send { envelope, room, queued, receipt }).await?;
        has_number.await.unwrap_or_else(|_| Err(self.end()))
    }

    /// Asks the driver to close the session, and waits until it has.
    pub(crate) async fn close(&self) {
        self.close.notify_one();
        self.closed().await;
    }

    /// Waits until the session has ended; the reason when the application did not close it.
    pub(crate) async fn closed(&self) -> Option<Error> {
        let mut facts = self.facts.clone();
        match facts.wait_for(|facts| facts.state == SessionState::Closed).await {
            Ok(facts) => facts.end.clone(),
            Err(_) => Some(Error::closed()),
        }
    }

    async fn command(&self, command: Command) -> Result<(), Error> {
        self.commands.send(command).await.map_err(|_| self.end())
    }

    /// Why the session can do nothing more.
    fn end(&self) -> Error {
        self.facts.borrow().end.clone().unwrap_or_else(Error::closed)
    }
}
