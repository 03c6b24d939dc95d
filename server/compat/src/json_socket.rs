//! The transport of JSON over WebSocket: one object per text message.

use std::{
    collections::VecDeque,
    future::{Future, poll_fn},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use futures_util::StreamExt as _;
use serde::Deserialize;
use serde_json::Value;
use wigwag_hub::{Attachment, error::DetachReason};
use wigwag_net::websocket::{CloseReason, FrameWriter, MessageSource, MessageStream, Received, Socket, Violation};
use wigwag_node::{connection::WrittenMarks, error::ApiError, frame::TRANSPORT_LIMIT, node::Node};

use crate::{
    adapter::{Incoming, MessageTransport, Object},
    error::CompatError,
    session::CompatSession,
};

/// Runs an adapter over a WebSocket until either ends. `run` returns the error if the server ends the connection.
pub(crate) async fn serve<F, Fut>(socket: Socket, max_message_bytes: usize, run: F)
where
    F: FnOnce(SocketTransport) -> Fut,
    Fut: Future<Output = Option<CompatError>> + Send + 'static,
{
    let queue = OutQueue::default();
    let transport = SocketTransport { incoming: socket.incoming(), queue: queue.clone(), max_message_bytes };
    let task = AdapterTask { run: Some(Box::pin(run(transport))), queue, close: None };
    socket.pump(task).await;
}

/// Messages that may wait for a client that does not read while its own messages are handled.
const MAX_UNREAD: usize = 64;

/// Messages to be written. The adapter fills it and the socket empties it, both in one task, so that the lock is never
/// contended. Bounded by what one step of the adapter produces: the session is fetched from only while the queue is empty,
/// and the client's messages are handled only while it holds fewer than [`MAX_UNREAD`].
#[derive(Clone, Default)]
struct OutQueue(Arc<Mutex<Out>>);

#[derive(Default)]
struct Out {
    messages: VecDeque<String>,
    marks: Option<Arc<WrittenMarks>>,
    /// The session to detach when the client does not read.
    session: Option<(Node, Arc<dyn Attachment>)>,
}

impl OutQueue {
    fn lock(&self) -> MutexGuard<'_, Out> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_empty(&self) -> bool {
        self.lock().messages.is_empty()
    }

    fn pop(&self) -> Option<String> {
        self.lock().messages.pop_front()
    }
}

/// A running adapter as the source of the messages a socket writes.
struct AdapterTask<Fut> {
    run: Option<Pin<Box<Fut>>>,
    queue: OutQueue,
    close: Option<CloseReason>,
}

impl<Fut: Future<Output = Option<CompatError>>> MessageSource for AdapterTask<Fut> {
    fn poll_write(&mut self, cx: &mut Context<'_>, out: &mut FrameWriter) -> Poll<Result<(), CloseReason>> {
        loop {
            if let Some(message) = self.queue.pop() {
                out.text(message);
                return Poll::Ready(Ok(()));
            }
            if let Some(marks) = &self.queue.lock().marks {
                marks.record(out.position(), out.progress(), cx.waker());
            }
            if let Some(close) = self.close.take() {
                return Poll::Ready(Err(close));
            }
            let Some(run) = &mut self.run else { return Poll::Ready(Err(CloseReason::normal())) };
            match run.as_mut().poll(cx) {
                Poll::Ready(last) => {
                    self.run = None;
                    self.close = Some(last.map_or_else(CloseReason::normal, |error| error.close_reason()));
                }
                Poll::Pending if self.queue.is_empty() => return Poll::Pending,
                Poll::Pending => {}
            }
        }
    }

    fn poll_blocked(&mut self, cx: &mut Context<'_>) -> Poll<CloseReason> {
        // It may handle messages of the client. Its end waits until the queue is written.
        if let Some(run) = &mut self.run
            && let Poll::Ready(last) = run.as_mut().poll(cx)
        {
            self.run = None;
            self.close = Some(last.map_or_else(CloseReason::normal, |error| error.close_reason()));
        }
        Poll::Pending
    }

    fn give_up(&mut self) {
        if let Some((node, attachment)) = &self.queue.lock().session {
            attachment.detach(node.now(), DetachReason::SlowConsumer).forget();
        }
    }
}

/// The messages of one client over its WebSocket.
pub(crate) struct SocketTransport {
    incoming: MessageStream,
    queue: OutQueue,
    max_message_bytes: usize,
}

impl MessageTransport for SocketTransport {
    async fn recv(&mut self) -> Incoming {
        let received = self.incoming.next().await;
        self.read(received)
    }

    fn send(&mut self, message: Value) {
        self.queue.lock().messages.push_back(message.to_string());
    }

    async fn flushed(&mut self) {
        // `poll_write` polls the adapter again once the queue is empty, so that no waker is needed.
        poll_fn(|_| if self.queue.is_empty() { Poll::Ready(()) } else { Poll::Pending }).await;
    }

    async fn flushed_or_recv(&mut self) -> Option<Incoming> {
        let flushed = poll_fn(|cx| {
            let unread = self.queue.lock().messages.len();
            match unread {
                0 => Poll::Ready(None),
                1..MAX_UNREAD => self.incoming.poll_next_unpin(cx).map(Some),
                _ => Poll::Pending,
            }
        });
        let received = flushed.await?;
        Some(self.read(received))
    }

    fn track(&mut self, session: &CompatSession) -> Arc<WrittenMarks> {
        let marks = WrittenMarks::track(&**session.attachment(), false);
        let mut out = self.queue.lock();
        out.marks = Some(marks.clone());
        out.session = Some((session.applier().node, session.attachment().clone()));
        marks
    }
}

impl SocketTransport {
    fn read(&self, received: Option<Received>) -> Incoming {
        match received {
            Some(Received::Text(text)) => match read(text.as_str(), self.max_message_bytes) {
                Ok(message) => Incoming::Message(message, text.as_str().len()),
                Err(error) => Incoming::Invalid(error, text.as_str().len()),
            },
            Some(Received::Binary(bytes)) => match read_bytes(&bytes, self.max_message_bytes) {
                Ok(message) => Incoming::Message(message, bytes.len()),
                Err(error) => Incoming::Invalid(error, bytes.len()),
            },
            Some(Received::Violation(violation)) => Incoming::Broken(error_of(violation).into()),
            None if self.incoming.received_close() => Incoming::Closed,
            None => Incoming::Lost,
        }
    }
}

/// Reads a message. A byte order mark before it is ignored. The parser limits nesting to 128 levels.
pub(crate) fn read(text: &str, max_bytes: usize) -> Result<Object, CompatError> {
    if text.len() > max_bytes {
        let mut error = CompatError::from(ApiError::too_large(max_bytes));
        error.dst = recipient(text).filter(|dst| dst.len() <= max_bytes);
        return Err(error);
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let parsed = serde_json::from_str(text).or_else(|error| match without_lone_surrogates(text) {
        Some(text) => serde_json::from_str(&text),
        None => Err(error),
    });
    match parsed {
        Ok(Value::Object(message)) => Ok(message),
        Ok(_) => Err(CompatError::new("PROTOCOL", "the message is not a JSON object", "send {\"type\": …}")),
        Err(error) => Err(CompatError::new(
            "PROTOCOL",
            format!("the message is not JSON: {error}"),
            "send one JSON object per message, as JSON.stringify writes it",
        )),
    }
}

/// Reads JSON in a binary message, the only kind that some clients have.
fn read_bytes(bytes: &[u8], max_bytes: usize) -> Result<Object, CompatError> {
    let text = std::str::from_utf8(bytes).map_err(|_| {
        CompatError::new(
            "PROTOCOL",
            "the binary message is not JSON in UTF-8",
            "send JSON as text: socket.send(JSON.stringify(message))",
        )
    })?;
    read(text, max_bytes)
}

/// Returns the recipient of a message of PeerJS that is too large: its sender is told that this recipient cannot be
/// reached.
fn recipient(text: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Head {
        dst: String,
    }
    serde_json::from_str(text).ok().map(|Head { dst }| dst)
}

/// Replaces each escape of half a UTF-16 surrogate pair by U+FFFD, as the encoders of browsers do. `JSON.stringify` writes
/// such an escape for a text that was cut in the middle of an emoji. `None` if there is none.
fn without_lone_surrogates(text: &str) -> Option<String> {
    let unit_at = |at: usize| {
        let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    let mut out = String::new();
    let (mut at, mut copied) = (0, 0);
    while let Some(found) = text[at..].find('\\') {
        at += found;
        at += match (unit_at(at), unit_at(at + 6)) {
            (Some(0xd800..0xdc00), Some(0xdc00..0xe000)) => 12,
            (Some(0xd800..0xe000), _) => {
                out += &text[copied..at];
                out += "\u{fffd}";
                copied = at + 6;
                6
            }
            // The escaped character may have any length in UTF-8.
            _ => 1 + text[at + 1..].chars().next().map_or(0, char::len_utf8),
        };
    }
    (copied > 0).then(|| out + &text[copied..])
}

fn error_of(violation: Violation) -> ApiError {
    match violation {
        Violation::TooLong => ApiError::too_large(TRANSPORT_LIMIT),
        Violation::NotUtf8 => ApiError::protocol("a text message is not UTF-8: the connection is closed"),
        Violation::Protocol => ApiError::protocol("not a valid WebSocket frame (RFC 6455): the connection is closed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_an_object_is_an_error() {
        assert!(read("{\"type\": \"offer\", \"more\": [1, {}]}", 100).is_ok());
        let reason = |text: &str| read(text, 100_000).expect_err("not a message").reason.into_owned();
        assert_eq!(reason("{\"type\""), "PROTOCOL");
        assert_eq!(reason("[1]"), "PROTOCOL");
        assert_eq!(reason(""), "PROTOCOL");
        assert_eq!(reason(&format!("{{\"a\": {}{}}}", "[".repeat(10_000), "]".repeat(10_000))), "PROTOCOL");
        assert_eq!(read("{\"type\": \"offer\"}", 10).expect_err("too long").reason, "FRAME_TOO_LARGE");
    }

    #[test]
    fn a_message_may_be_binary_and_begin_with_a_byte_order_mark() {
        let expected = Object::from_iter([("type".to_owned(), "offer".into())]);
        for text in ["{\"type\":\"offer\"}", "\u{feff}{\"type\":\"offer\"}"] {
            assert_eq!(read(text, 100), Ok(expected.clone()));
            assert_eq!(read_bytes(text.as_bytes(), 100), Ok(expected.clone()));
        }
        assert_eq!(read_bytes(&[0xff], 100).expect_err("not UTF-8").reason, "PROTOCOL");
    }

    #[test]
    fn half_an_emoji_is_replaced_and_the_rest_stays_as_it_is() {
        for (escaped, expected) in [
            (r#"\ud83d"#, "\u{fffd}"),
            (r#"a\ud83db"#, "a\u{fffd}b"),
            (r#"\udE00\n"#, "\u{fffd}\n"),
            (r#"\ud83d\ud83d\ude00é"#, "\u{fffd}😀é"),
            (r#"\ud83d\u0041"#, "\u{fffd}A"),
            (r#"\\ud83d \ud83d"#, "\\ud83d \u{fffd}"),
            (r#"\\\ud83d"#, "\\\u{fffd}"),
        ] {
            let message = read(&format!("{{\"text\":\"{escaped}\"}}"), 100).expect("a message");
            assert_eq!(message["text"], expected, "{escaped}");
        }
        for invalid in [r#"{"a":"\ud83d"#, r#"{"a":"\ud8"}"#, "\\", "\\é\\ud83d"] {
            assert_eq!(read(invalid, 100).expect_err("not JSON").reason, "PROTOCOL", "{invalid}");
        }
        assert_eq!(without_lone_surrogates(r#""\ud83d\ude00 \\ud83d""#), None);
    }

    #[test]
    fn the_recipient_of_a_message_that_is_too_large_is_known() {
        let error = read(r#"{"payload": {"deep": [[[1]]]}, "dst": "bob"}"#, 40).expect_err("too large");
        assert_eq!((error.reason.as_ref(), error.dst.as_deref()), ("FRAME_TOO_LARGE", Some("bob")));
        assert_eq!(read(r#"{"payload": {"deep": [[[1]]]}, "dst": 42}"#, 40).expect_err("too large").dst, None);
    }
}
