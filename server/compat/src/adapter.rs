//! The conversation between a dialect's client and its session.

use std::{
    future::{Future, pending, poll_fn},
    pin::pin,
};

use serde_json::{Map, Value};
use tokio::time::{Instant, sleep_until};
use wigwag_hub::{Reason, error::DetachReason, session::Fetched};
use wigwag_node::connection::{Applier, RateLimit};

use crate::{
    error::CompatError,
    session::{ClientEvent, CompatSession},
};

/// A message of a dialect, in JSON.
pub(crate) type Object = Map<String, Value>;

/// A message that was received, or why it is none.
pub(crate) type Message = Result<Object, CompatError>;

/// What carries messages to a client and back.
pub(crate) trait MessageTransport: Send {
    /// The next message. Cancel safe.
    fn recv(&mut self) -> impl Future<Output = Incoming> + Send;
    /// Queues a message.
    fn send(&mut self, message: Value);
    /// Waits until there is room for more.
    fn flushed(&mut self) -> impl Future<Output = ()> + Send;
}

/// What came over a line.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// A message.
    Message(Object),
    /// Something that is none.
    Invalid(CompatError),
    /// Something after which nothing can be read.
    Broken(CompatError),
    /// The client hung up.
    Closed,
}

/// A way of putting things. It has no rules of its own: it turns messages into frames and news into messages.
pub(crate) trait Adapter: Send {
    /// The session is open.
    fn begin(&mut self, session: &mut CompatSession, out: &mut Vec<Value>) -> impl Future<Output = ()> + Send;
    /// The client said something.
    fn on_message(
        &mut self,
        session: &mut CompatSession,
        message: Object,
        out: &mut Vec<Value>,
    ) -> impl Future<Output = Result<(), CompatError>> + Send;
    /// The session heard something. A complaint ends the conversation.
    fn on_event(
        &mut self,
        session: &CompatSession,
        events: ClientEvent,
        out: &mut Vec<Value>,
    ) -> Result<(), CompatError>;
    /// An error in the dialect's own form.
    fn error_message(error: &CompatError) -> Value;
    /// When [`Self::tick`] wants to be called.
    fn due(&self) -> Option<Instant> {
        None
    }
    /// The moment has come.
    fn tick(&mut self, _guest: &mut CompatSession, _out: &mut Vec<Value>) -> impl Future<Output = ()> + Send {
        async {}
    }
}

/// Talks until either side has enough. Gives the reason when it is the server; it has been said already.
pub(crate) async fn run_adapter<L: MessageTransport, D: Adapter>(
    transport: &mut L,
    mut session: CompatSession,
    mut adapter: D,
) -> Option<CompatError> {
    let (mut out, mut events) = (Vec::new(), Vec::new());
    let mut rate_limit = RateLimit::<Message>::default();
    let sender = session.applier();
    let mut move_on = None;
    adapter.begin(&mut session, &mut out).await;
    let last = loop {
        out.drain(..).for_each(|message| transport.send(message));
        transport.flushed().await;
        let message = tokio::select! {
            fetched = session.events(&mut events) => {
                if fetched == Fetched::Detached(DetachReason::Ended(Reason::Left)) {
                    return None;
                }
                match tell(&mut adapter, &session, &mut events, &mut move_on, &mut out).and(ended(fetched)) {
                    Ok(()) => continue,
                    Err(error) => break error,
                }
            }
            next = next(transport, &mut rate_limit, &sender) => match next {
                Next::Received(Incoming::Message(message)) => session.admit(&mut rate_limit, Ok(message)),
                Next::Received(Incoming::Invalid(error)) => session.admit(&mut rate_limit, Err(error)),
                Next::Received(Incoming::Broken(error)) => break error,
                Next::Received(Incoming::Closed) => return None,
                Next::Released(Ok(message)) => message,
                Next::Released(Err(cut)) => {
                    session.give_up(cut);
                    break cut.into();
                }
            },
            () = at(move_on) => break DetachReason::Ended(Reason::Draining).into(),
            () = at(adapter.due()) => {
                adapter.tick(&mut session, &mut out).await;
                None
            }
        };
        if let Some(message) = message {
            let done = match message {
                Ok(message) => adapter.on_message(&mut session, message, &mut out).await,
                Err(error) => Err(error),
            };
            if let Err(error) = done {
                out.push(D::error_message(&error));
            }
        }
    };
    // What was told before the end is said before it.
    session.ready_events(&mut events);
    let _ = tell(&mut adapter, &session, &mut events, &mut move_on, &mut out);
    if move_on.is_some() {
        session.end(Reason::Draining);
    }
    out.push(D::error_message(&last));
    out.into_iter().for_each(|message| transport.send(message));
    Some(last)
}

fn tell<D: Adapter>(
    adapter: &mut D,
    session: &CompatSession,
    events: &mut Vec<ClientEvent>,
    move_on: &mut Option<Instant>,
    out: &mut Vec<Value>,
) -> Result<(), CompatError> {
    for events in events.drain(..) {
        match events {
            ClientEvent::MoveOn { at } => *move_on = Some(at),
            events => adapter.on_event(session, events, out)?,
        }
    }
    Ok(())
}

fn ended(fetched: Fetched) -> Result<(), CompatError> {
    match fetched {
        Fetched::Detached(cut) => Err(cut.into()),
        Fetched::More | Fetched::Idle => Ok(()),
    }
}

async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => pending().await,
    }
}

/// What a client did.
enum Next {
    Received(Incoming),
    /// The message that was held back may go, or its client has been too fast for too long.
    Released(Result<Option<Message>, DetachReason>),
}

/// Waits for the next message, or, while one is held back, until that may go. Cancel safe.
async fn next<L: MessageTransport>(transport: &mut L, rate_limit: &mut RateLimit<Message>, sender: &Applier) -> Next {
    if rate_limit.is_holding() {
        return Next::Released(poll_fn(|cx| rate_limit.poll(cx, &sender.node, &*sender.attachment)).await);
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
