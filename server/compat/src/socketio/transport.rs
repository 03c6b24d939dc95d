//! The transport of Socket.IO events: each message is `{event, data}`.

use std::{
    collections::VecDeque,
    future::ready,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use serde_json::{Value, json};
use socketioxide::{
    SendError, SocketError,
    extract::{Event, SocketRef, TryData},
    socket::DisconnectReason,
};
use tokio::{
    sync::mpsc,
    time::{Duration, Instant, sleep},
};
use tokio_util::sync::CancellationToken;
use wigwag_hub::error::DetachReason;
use wigwag_node::{connection::WrittenMarks, error::ApiError};

use super::engine::TransportEnd;
use crate::{
    adapter::{Incoming, MessageTransport},
    error::{CompatError, Quoted},
    payload::object,
    session::CompatSession,
};

/// Events of one client that may wait to be handled. One more ends its connection, since socketioxide cannot be made to
/// read more slowly.
const MAX_EVENTS: usize = 1_024;

/// Bytes of these events.
const MAX_BYTES: usize = 1 << 20;

/// How long a client may block a write by not reading.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// Delay before a blocked write is tried again, since socketioxide does not report when there is room. Doubled each time.
const MIN_RETRY_DELAY: Duration = Duration::from_millis(1);
const MAX_RETRY_DELAY: Duration = Duration::from_millis(32);

/// Events received, in order.
#[derive(Debug)]
pub(super) struct EventQueue {
    events: mpsc::Receiver<(Result<Value, CompatError>, usize)>,
    queued_bytes: Arc<AtomicUsize>,
    /// The connection is closed.
    closed: CancellationToken,
    /// The client closed it, rather than losing it.
    left: CancellationToken,
    /// The client sent more than fits.
    overflowed: CancellationToken,
}

impl EventQueue {
    /// Receives the events of a socket. socketioxide starts a task for each event, but calls the closure before that, in
    /// order.
    pub(super) fn listen(socket: &SocketRef, max_message_bytes: usize) -> Self {
        let (sender, events) = mpsc::channel(MAX_EVENTS);
        let queued_bytes = Arc::new(AtomicUsize::new(0));
        let (closed, left, overflowed) = (CancellationToken::new(), CancellationToken::new(), CancellationToken::new());
        let queue = Self {
            events,
            queued_bytes: queued_bytes.clone(),
            closed: closed.clone(),
            left: left.clone(),
            overflowed: overflowed.clone(),
        };
        socket.on_fallback(move |Event(event): Event, TryData(data): TryData<Value>| {
            let (message, bytes) = read(&event, data.map_err(|error| error.to_string()), max_message_bytes);
            let full = queued_bytes.fetch_add(bytes, Ordering::Relaxed) + bytes > MAX_BYTES;
            if full || sender.try_send((message, bytes)).is_err() {
                overflowed.cancel();
            }
            ready(())
        });
        socket.on_disconnect(move |reason: DisconnectReason| {
            if matches!(reason, DisconnectReason::ClientNSDisconnect | DisconnectReason::TransportClose) {
                left.cancel();
            }
            closed.cancel();
            ready(())
        });
        queue
    }
}

/// Returns an event as a message, and its approximate size.
pub(crate) fn read(event: &str, data: Result<Value, String>, max_bytes: usize) -> (Result<Value, CompatError>, usize) {
    let message = data.map(|data| json!({"event": event, "data": data}));
    let bytes = message.as_ref().map_or(0, |message| message.to_string().len());
    let message = match message {
        Ok(_) if bytes > max_bytes => Err(ApiError::too_large(max_bytes).into()),
        Ok(message) => Ok(message),
        Err(error) => Err(CompatError::new(
            "PROTOCOL",
            format!("the data of {} cannot be read: {error}", Quoted(event)),
            "emit one object per event",
        )),
    };
    // The entry itself counts as 64 bytes; an error replaces data beyond the limit.
    (message, bytes.min(max_bytes) + 64)
}

/// The messages of one client over its Socket.IO connection.
pub(super) struct SocketIoTransport {
    socket: SocketRef,
    queue: EventQueue,
    out: VecDeque<Value>,
    lost: bool,
}

impl SocketIoTransport {
    pub(super) fn new(socket: SocketRef, queue: EventQueue) -> Self {
        Self { socket, queue, out: VecDeque::new(), lost: false }
    }

    /// Closes the connection after `last`, the error with which the server ended it. A client that may come back loses
    /// its transport and reconnects; any other is disconnected from its namespace and does not.
    pub(super) fn close(self, last: Option<&CompatError>, end: &TransportEnd) {
        match last {
            _ if self.lost => end.end(),
            Some(error) if error.may_reconnect() => end.end(),
            // Fails if the client has closed it already.
            Some(_) => drop(self.socket.disconnect()),
            None => {}
        }
    }
}

/// Emits a message at once, if there is room.
pub(super) fn emit(socket: &SocketRef, message: &Value) -> Result<(), SendError> {
    let event = message.get("event").and_then(Value::as_str).unwrap_or_default();
    socket.emit(event, message.get("data").unwrap_or(&Value::Null))
}

impl MessageTransport for SocketIoTransport {
    async fn recv(&mut self) -> Incoming {
        if self.lost {
            return Incoming::Lost;
        }
        let EventQueue { events, queued_bytes, closed, left, overflowed } = &mut self.queue;
        tokio::select! {
            biased;
            () = closed.cancelled() => if left.is_cancelled() { Incoming::Closed } else { Incoming::Lost },
            () = overflowed.cancelled() => Incoming::Broken(DetachReason::RateLimited.into()),
            event = events.recv() => match event {
                None => Incoming::Lost,
                Some((message, bytes)) => {
                    queued_bytes.fetch_sub(bytes, Ordering::Relaxed);
                    match message {
                        Ok(message) => Incoming::Message(object(message), bytes),
                        Err(error) => Incoming::Invalid(error, bytes),
                    }
                }
            }
        }
    }

    fn send(&mut self, message: Value) {
        self.out.push_back(message);
    }

    fn track(&mut self, session: &CompatSession) -> Arc<WrittenMarks> {
        // socketioxide does not tell what it has written.
        WrittenMarks::track(&**session.attachment(), true)
    }

    async fn flushed(&mut self) {
        let (mut blocked_since, mut retry_delay) = (None, MIN_RETRY_DELAY);
        while let Some(message) = self.out.front() {
            match emit(&self.socket, message) {
                Err(SendError::Socket(SocketError::InternalChannelFull)) if !self.queue.closed.is_cancelled() => {
                    let since: Instant = *blocked_since.get_or_insert_with(Instant::now);
                    if since.elapsed() < WRITE_TIMEOUT {
                        sleep(retry_delay).await;
                        retry_delay = (retry_delay * 2).min(MAX_RETRY_DELAY);
                        continue;
                    }
                    self.lost = true;
                }
                Err(SendError::Socket(_)) => self.lost = true,
                // Cannot happen: a `Value` can always be written as JSON.
                Ok(()) | Err(SendError::Serialize(_)) => (blocked_since, retry_delay) = (None, MIN_RETRY_DELAY),
            }
            if self.lost {
                return self.out.clear();
            }
            self.out.pop_front();
        }
    }
}
