//! A Socket.IO connection as a line: each message is an event with its data.

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
};
use tokio::{
    sync::mpsc,
    time::{Duration, Instant, sleep},
};
use tokio_util::sync::CancellationToken;
use wigwag_hub::error::DetachReason;

use crate::{
    adapter::{Incoming, MessageTransport},
    error::{CompatError, Quoted},
    payload::object,
};
use wigwag_node::error::ApiError;

/// Events of a client that may wait to be handled. More: the client is cut, since a Socket.IO connection cannot be read
/// more slowly.
const MAX_EVENTS: usize = 1_024;

/// Bytes they may have in all.
const MAX_BYTES: usize = 1 << 20;

/// How long a client has to make room by reading.
const STALL: Duration = Duration::from_secs(10);

/// Time between two looks for room, since the library does not tell when there is: doubled from the first to the last.
const FIRST_LOOK: Duration = Duration::from_millis(1);
const LAST_LOOK: Duration = Duration::from_millis(32);

/// Events that have come in, in order.
#[derive(Debug)]
pub(super) struct EventQueue {
    events: mpsc::Receiver<(Result<Value, CompatError>, usize)>,
    waiting: Arc<AtomicUsize>,
    /// The client is gone.
    gone: CancellationToken,
    /// It sent more than fits.
    flooded: CancellationToken,
}

impl EventQueue {
    /// Listens to a socket. The library starts a task for each event; the closure itself runs before that, in order.
    pub(super) fn listen(socket: &SocketRef, max_message_bytes: usize) -> Self {
        let (sender, events) = mpsc::channel(MAX_EVENTS);
        let waiting = Arc::new(AtomicUsize::new(0));
        let (gone, flooded) = (CancellationToken::new(), CancellationToken::new());
        let queue = Self { events, waiting: waiting.clone(), gone: gone.clone(), flooded: flooded.clone() };
        socket.on_fallback(move |Event(event): Event, TryData(data): TryData<Value>| {
            let (message, bytes) = read(&event, data.map_err(|error| error.to_string()), max_message_bytes);
            let full = waiting.fetch_add(bytes, Ordering::Relaxed) + bytes > MAX_BYTES;
            if full || sender.try_send((message, bytes)).is_err() {
                flooded.cancel();
            }
            ready(())
        });
        socket.on_disconnect(move || {
            gone.cancel();
            ready(())
        });
        queue
    }
}

/// An event as a message, and about how large it is.
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
    // What is not kept still counts, a little, as long as it waits.
    (message, bytes.min(max_bytes) + 64)
}

/// One client's line.
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

    /// Ends the connection.
    pub(super) fn close(self) {
        // It fails when the client was faster.
        let _ = self.socket.disconnect();
    }

    fn emit(&self, message: &Value) -> Result<(), SendError> {
        let event = message.get("event").and_then(Value::as_str).unwrap_or_default();
        self.socket.emit(event, message.get("data").unwrap_or(&Value::Null))
    }
}

impl MessageTransport for SocketIoTransport {
    async fn recv(&mut self) -> Incoming {
        if self.lost {
            return Incoming::Closed;
        }
        let EventQueue { events, waiting, gone, flooded } = &mut self.queue;
        tokio::select! {
            biased;
            () = gone.cancelled() => Incoming::Closed,
            () = flooded.cancelled() => Incoming::Broken(DetachReason::RateLimited.into()),
            event = events.recv() => match event {
                None => Incoming::Closed,
                Some((message, bytes)) => {
                    waiting.fetch_sub(bytes, Ordering::Relaxed);
                    match message {
                        Ok(message) => Incoming::Message(object(message)),
                        Err(error) => Incoming::Invalid(error),
                    }
                }
            }
        }
    }

    fn send(&mut self, message: Value) {
        self.out.push_back(message);
    }

    async fn flushed(&mut self) {
        let (mut blocked_since, mut look) = (None, FIRST_LOOK);
        while let Some(message) = self.out.front() {
            match self.emit(message) {
                Err(SendError::Socket(SocketError::InternalChannelFull)) if !self.queue.gone.is_cancelled() => {
                    let since: Instant = *blocked_since.get_or_insert_with(Instant::now);
                    if since.elapsed() < STALL {
                        sleep(look).await;
                        look = (look * 2).min(LAST_LOOK);
                        continue;
                    }
                    self.lost = true;
                }
                Err(SendError::Socket(_)) => self.lost = true,
                // What cannot be written as JSON is no message; nothing here makes one.
                Ok(()) | Err(SendError::Serialize(_)) => (blocked_since, look) = (None, FIRST_LOOK),
            }
            if self.lost {
                return self.out.clear();
            }
            self.out.pop_front();
        }
    }
}
