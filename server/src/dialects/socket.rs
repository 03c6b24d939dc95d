//! A WebSocket as a line: messages are JSON objects in text.

use std::{
    collections::VecDeque,
    future::{Future, poll_fn},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use futures_util::StreamExt as _;
use serde_json::Value;

use super::{
    complaint::Complaint,
    talk::{Heard, Line, Object},
};
use crate::{
    fault::Fault,
    signaling::TRANSPORT_LIMIT,
    websocket::{Ending, Incoming, Outgoing, Output, Received, Socket, Violation},
};

/// Carries a conversation over a socket until it ends; `talk` gives the reason when the server ends it.
pub(super) async fn carry<F, Fut>(socket: Socket, max_message_bytes: usize, talk: F)
where
    F: FnOnce(SocketLine) -> Fut,
    Fut: Future<Output = Option<Complaint>> + Send + 'static,
{
    let pipe = Pipe::default();
    let line = SocketLine { incoming: socket.incoming(), pipe: pipe.clone(), max_message_bytes };
    let script = Script { talk: Some(Box::pin(talk(line))), pipe, ending: None };
    socket.carry(script).await;
}

/// Messages on their way out. Filled by the conversation, emptied by the socket, both in one task: the lock is never
/// contended. It holds what came of one step: the conversation does not go on while anything is in it.
#[derive(Clone, Debug, Default)]
struct Pipe(Arc<Mutex<VecDeque<String>>>);

impl Pipe {
    fn lock(&self) -> MutexGuard<'_, VecDeque<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A conversation as what a socket carries.
struct Script<Fut> {
    talk: Option<Pin<Box<Fut>>>,
    pipe: Pipe,
    ending: Option<Ending>,
}

impl<Fut: Future<Output = Option<Complaint>>> Output for Script<Fut> {
    fn poll_write(&mut self, cx: &mut Context<'_>, out: &mut Outgoing) -> Poll<Result<(), Ending>> {
        loop {
            if let Some(message) = self.pipe.lock().pop_front() {
                out.text(message);
                return Poll::Ready(Ok(()));
            }
            if let Some(ending) = self.ending.take() {
                return Poll::Ready(Err(ending));
            }
            let Some(talk) = &mut self.talk else { return Poll::Ready(Err(Ending::normal())) };
            match talk.as_mut().poll(cx) {
                Poll::Ready(last) => {
                    self.talk = None;
                    self.ending = Some(last.map_or_else(Ending::normal, |complaint| complaint.ending()));
                }
                Poll::Pending if self.pipe.lock().is_empty() => return Poll::Pending,
                Poll::Pending => {}
            }
        }
    }
}

/// One client's line.
pub(super) struct SocketLine {
    incoming: Incoming,
    pipe: Pipe,
    max_message_bytes: usize,
}

impl Line for SocketLine {
    async fn hear(&mut self) -> Heard {
        match self.incoming.next().await {
            Some(Received::Text(text)) => match read(text.as_str(), self.max_message_bytes) {
                Ok(message) => Heard::Said(message),
                Err(complaint) => Heard::Unclear(complaint),
            },
            Some(Received::Binary(_)) => Heard::Unclear(Complaint::new(
                "PROTOCOL",
                "binary messages are not understood here",
                "send JSON as text: socket.send(JSON.stringify(message))",
            )),
            Some(Received::Violation(violation)) => Heard::Broken(fault_of(violation).into()),
            None => Heard::Gone,
        }
    }

    fn say(&mut self, message: Value) {
        self.pipe.lock().push_back(message.to_string());
    }

    async fn flushed(&mut self) {
        // The script polls again when the pipe is empty, so nobody needs to be woken.
        poll_fn(|_| if self.pipe.lock().is_empty() { Poll::Ready(()) } else { Poll::Pending }).await;
    }
}

/// Reads a message. Nesting is bounded by the parser: 128 levels.
pub(super) fn read(text: &str, max_bytes: usize) -> Result<Object, Complaint> {
    if text.len() > max_bytes {
        return Err(Fault::too_large(max_bytes).into());
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(message)) => Ok(message),
        Ok(_) => Err(Complaint::new("PROTOCOL", "the message is JSON, but not an object", "send {\"type\": …}")),
        Err(error) => Err(Complaint::new(
            "PROTOCOL",
            format!("the message is not JSON: {error}"),
            "send one JSON object per message, as JSON.stringify writes it",
        )),
    }
}

fn fault_of(violation: Violation) -> Fault {
    match violation {
        Violation::TooLong => Fault::too_large(TRANSPORT_LIMIT),
        Violation::NotUtf8 => Fault::protocol("a text message is not UTF-8: the connection ends here"),
        Violation::Protocol => Fault::protocol("the bytes are no WebSocket frame (RFC 6455): the connection ends here"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_object_is_told_why() {
        assert!(read("{\"type\": \"offer\", \"more\": [1, {}]}", 100).is_ok());
        let reason = |text: &str| read(text, 100_000).expect_err("not a message").reason.into_owned();
        assert_eq!(reason("{\"type\""), "PROTOCOL");
        assert_eq!(reason("[1]"), "PROTOCOL");
        assert_eq!(reason(""), "PROTOCOL");
        assert_eq!(reason(&format!("{{\"a\": {}{}}}", "[".repeat(10_000), "]".repeat(10_000))), "PROTOCOL");
        assert_eq!(read("{\"type\": \"offer\"}", 10).expect_err("too long").reason, "FRAME_TOO_LARGE");
    }
}
