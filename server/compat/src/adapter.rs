//! Runs an adapter: reads messages of a client, applies them to its session, and writes what the session receives.

use std::{
    future::{Future, pending, poll_fn},
    pin::pin,
    sync::Arc,
};

use serde_json::{Map, Value};
use tokio::time::{Instant, sleep_until};
use wigwag_hub::{Reason, error::DetachReason, rate::Limited, session::Fetched};
use wigwag_node::{
    connection::{Applier, RateLimit, WrittenMarks},
    error::ApiError,
};

use crate::{
    error::CompatError,
    session::{ClientEvent, CompatSession},
};

/// A message of a compatibility protocol, in JSON.
pub(crate) type Object = Map<String, Value>;

/// A message, or why what was received is not one.
pub(crate) type Message = Result<Object, CompatError>;

/// Carries the messages of one client.
pub(crate) trait MessageTransport: Send {
    /// Receives the next message. Cancel safe.
    fn recv(&mut self) -> impl Future<Output = Incoming> + Send;
    /// Queues a message.
    fn send(&mut self, message: Value);
    /// Waits until the queued messages are on their way.
    fn flushed(&mut self) -> impl Future<Output = ()> + Send;
    /// Waits until the queued messages are on their way, or until a message of the client arrives before that. By default
    /// what the client sends waits. Cancel safe.
    fn flushed_or_recv(&mut self) -> impl Future<Output = Option<Incoming>> + Send {
        async {
            self.flushed().await;
            None
        }
    }
    /// Has the backend ask which frames of `session` were written, and returns the marks that tell.
    fn track(&mut self, session: &CompatSession) -> Arc<WrittenMarks>;
}

/// What a transport received.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// A message, and how many bytes it had.
    Message(Object, usize),
    /// Something that is not a message, and how many bytes it had; the connection goes on.
    Invalid(CompatError, usize),
    /// Something after which no more messages can be read.
    Broken(CompatError),
    /// The client closed the connection.
    Closed,
    /// The connection was lost.
    Lost,
}

/// Translates between a protocol's messages and a session: messages into frames of the API, events into messages.
pub(crate) trait Adapter: Send {
    /// Starts, once the session is open. Messages are appended to `out`, here and below.
    fn on_open(&mut self, session: &mut CompatSession, out: &mut Vec<Value>) -> impl Future<Output = ()> + Send;
    /// Handles a message of the client. An error is sent to it, and the connection goes on.
    fn on_message(
        &mut self,
        session: &mut CompatSession,
        message: Object,
        out: &mut Vec<Value>,
    ) -> impl Future<Output = Result<(), CompatError>> + Send;
    /// Handles an event of the session. An error is sent to the client and ends the connection.
    fn on_event(
        &mut self,
        session: &CompatSession,
        event: ClientEvent,
        out: &mut Vec<Value>,
    ) -> Result<(), CompatError>;
    /// Writes the error of a connection that is refused before it has a session. `None`: the connection is only closed.
    fn refusal_message(error: &CompatError) -> Option<Value>;
    /// Writes an error to a client with a session. `None`: the protocol has no message for it.
    fn error_message(error: &CompatError) -> Option<Value> {
        Self::refusal_message(error)
    }
    /// Returns when [`Self::on_timeout`] is to be called next.
    fn next_timeout(&self) -> Option<Instant> {
        None
    }
    /// Handles the timeout.
    fn on_timeout(&mut self, _session: &mut CompatSession, _out: &mut Vec<Value>) -> impl Future<Output = ()> + Send {
        async {}
    }
}

/// Runs until either side ends the connection. Returns the error if it was the server, after sending it to the client.
pub(crate) async fn run_adapter<T: MessageTransport, A: Adapter>(
    transport: &mut T,
    mut session: CompatSession,
    mut adapter: A,
) -> Option<CompatError> {
    let (mut out, mut events) = (Vec::new(), Vec::new());
    let mut rate_limit = RateLimit::<Message>::default();
    let (attachment, applier) = (session.attachment().clone(), session.applier());
    let mut go_away_at = None;
    let marks = transport.track(&session);
    adapter.on_open(&mut session, &mut out).await;
    let last = loop {
        out.drain(..).for_each(|message| transport.send(message));
        marks.queued(session.fetched(), &*attachment);
        // A client that does not read is read all the same, until its rate limit or the replies to it hold it back.
        let early = if rate_limit.is_holding() {
            transport.flushed().await;
            None
        } else {
            transport.flushed_or_recv().await
        };
        if early.is_none() {
            marks.flushed();
        }
        let message = if let Some(incoming) = early {
            match incoming {
                Incoming::Message(message, bytes) => session.admit(&mut rate_limit, Ok(message), bytes),
                Incoming::Invalid(error, bytes) => session.admit(&mut rate_limit, Err(error), bytes),
                Incoming::Broken(error) => break error,
                Incoming::Lost => return None,
                Incoming::Closed => {
                    session.close(Reason::Left).await;
                    return None;
                }
            }
        } else {
            tokio::select! {
                fetched = session.next_events(&mut events) => {
                    if fetched == Fetched::Detached(DetachReason::Ended(Reason::Left)) {
                        return None;
                    }
                    let delivered = deliver(&mut adapter, &session, &mut events, &mut go_away_at, &mut out);
                    match delivered.and(check_attached(fetched)) {
                        Ok(()) => continue,
                        Err(error) => break error,
                    }
                }
                next = next(transport, &mut rate_limit, &applier) => match next {
                    Next::Received(Incoming::Message(message, bytes)) => session.admit(&mut rate_limit, Ok(message), bytes),
                    Next::Received(Incoming::Invalid(error, bytes)) => session.admit(&mut rate_limit, Err(error), bytes),
                    Next::Received(Incoming::Broken(error)) => break error,
                    Next::Received(Incoming::Lost) => return None,
                    Next::Received(Incoming::Closed) => {
                        session.close(Reason::Left).await;
                        return None;
                    }
                    Next::Released(Ok(message)) => message,
                    Next::Released(Err(limited)) => {
                        session.detach(DetachReason::RateLimited).await;
                        break ApiError::rate_limited_for_long(&limited).into();
                    }
                },
                () = sleep_until_some(go_away_at) => break DetachReason::Ended(Reason::Draining).into(),
                () = sleep_until_some(adapter.next_timeout()) => {
                    adapter.on_timeout(&mut session, &mut out).await;
                    None
                }
            }
        };
        if let Some(message) = message {
            let handled = match message {
                Ok(message) => adapter.on_message(&mut session, message, &mut out).await,
                Err(error) => Err(error),
            };
            if let Err(error) = handled {
                out.extend(A::error_message(&error));
            }
        }
    };
    // Events that preceded the end are delivered before the error.
    session.ready_events(&mut events);
    let _ = deliver(&mut adapter, &session, &mut events, &mut go_away_at, &mut out);
    if go_away_at.is_some() {
        session.close(Reason::Draining).await;
    }
    out.extend(A::error_message(&last));
    out.into_iter().for_each(|message| transport.send(message));
    Some(last)
}

fn deliver<A: Adapter>(
    adapter: &mut A,
    session: &CompatSession,
    events: &mut Vec<ClientEvent>,
    go_away_at: &mut Option<Instant>,
    out: &mut Vec<Value>,
) -> Result<(), CompatError> {
    for event in events.drain(..) {
        match event {
            ClientEvent::GoAway { at } => *go_away_at = Some(at),
            event => adapter.on_event(session, event, out)?,
        }
    }
    Ok(())
}

fn check_attached(fetched: Fetched) -> Result<(), CompatError> {
    match fetched {
        Fetched::Detached(reason) => Err(reason.into()),
        Fetched::More | Fetched::Idle => Ok(()),
    }
}

async fn sleep_until_some(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => pending().await,
    }
}

/// What is to be handled next.
enum Next {
    Received(Incoming),
    /// A message that the rate limit held back may be handled now, or its client exceeded the limit for too long.
    Released(Result<Option<Message>, Limited>),
}

/// Waits for the next message or, while one is held back, until the rate limit releases it. Cancel safe.
async fn next<T: MessageTransport>(transport: &mut T, rate_limit: &mut RateLimit<Message>, applier: &Applier) -> Next {
    if rate_limit.is_holding() {
        return Next::Released(poll_fn(|cx| rate_limit.poll(cx, &applier.node, &*applier.uplink)).await);
    }
    let mut received = pin!(transport.recv());
    Next::Received(
        poll_fn(|cx| {
            let received = received.as_mut().poll(cx);
            if received.is_pending() {
                rate_limit.caught_up();
            }
            received
        })
        .await,
    )
}
