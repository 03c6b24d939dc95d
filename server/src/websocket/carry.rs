//! Carrying a stream of messages over a socket until either ends.

use std::{
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures_core::Stream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    },
};

use super::{
    Ending, Socket,
    alive::{Alive, Due},
    socket::Link,
};
use crate::listener::ConnectionHandle;

/// Messages above this go out in fragments, so that a large one needs no large buffer and a slow reader shows progress.
const FRAGMENT: usize = 16 * 1024;

/// How long the other end has to answer a close frame.
const LINGER: Duration = Duration::from_secs(1);

impl Socket {
    /// Writes what `out` gives until it ends, the other end has gone, or does not read. Returns when the socket is
    /// closed.
    ///
    /// `out` polls the socket's [`incoming`](Self::incoming) itself. It is asked for a message only when there is room
    /// for one: what a slow reader has not taken waits where it is bounded, in the session. What is ready together is
    /// written together.
    pub(crate) async fn carry<S>(self, out: S)
    where
        S: Stream<Item = Result<Message, Ending>> + Unpin,
    {
        let Self { link, settings, connection } = self;
        let mut alive = Alive::new(settings.ping_interval, settings.ping_timeout);
        let mut carrier = Carrier { link, out, rest: None, dirty: false };
        let ended = poll_fn(|cx| carrier.poll(cx, &mut alive)).await;
        let Carrier { link, out, .. } = carrier;
        // The session learns now that its connection is over, not when the other end has answered.
        drop((out, alive));
        match ended {
            Ended::Ending(ending) => close(&link, ending).await,
            Ended::Stuck => {
                if let Some(connection) = connection {
                    reset(&link, &connection).await;
                }
            }
        }
    }
}

enum Ended {
    Ending(Ending),
    Stuck,
}

struct Carrier<S> {
    link: Link,
    out: S,
    rest: Option<Rest>,
    dirty: bool,
}

impl<S> Carrier<S>
where
    S: Stream<Item = Result<Message, Ending>> + Unpin,
{
    fn poll(&mut self, cx: &mut Context<'_>, alive: &mut Alive) -> Poll<Ended> {
        loop {
            match self.poll_write(cx) {
                Poll::Ready(Some(ending)) => return Poll::Ready(Ended::Ending(ending)),
                Poll::Ready(None) => alive.unblocked(),
                Poll::Pending => alive.blocked(),
            }
            match alive.poll(cx, self.link.heard()) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Due::Ping) if self.link.feed(Message::Ping(Bytes::new())).is_ok() => self.dirty = true,
                Poll::Ready(Due::Ping | Due::Dead) => return Poll::Ready(Ended::Ending(Ending::Lost)),
                Poll::Ready(Due::Stuck) => return Poll::Ready(Ended::Stuck),
            }
        }
    }

    /// Writes what there is. Ready without an ending: all of it; pending: the other end must read first.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Option<Ending>> {
        let lost = Poll::Ready(Some(Ending::Lost));
        loop {
            match self.link.poll_ready(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Err(_)) => return lost,
                Poll::Ready(Ok(())) => {}
            }
            let message = match self.rest.take() {
                Some(rest) => rest.split(&mut self.rest),
                None => match Pin::new(&mut self.out).poll_next(cx) {
                    Poll::Pending => break,
                    Poll::Ready(None) => return Poll::Ready(Some(Ending::normal())),
                    Poll::Ready(Some(Err(ending))) => return Poll::Ready(Some(ending)),
                    Poll::Ready(Some(Ok(message))) if message.len() > FRAGMENT => {
                        Rest::of(message).split(&mut self.rest)
                    }
                    Poll::Ready(Some(Ok(message))) => message,
                },
            };
            if self.link.feed(message).is_err() {
                return lost;
            }
            self.dirty = true;
        }
        if self.dirty {
            match self.link.poll_flush(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Err(_)) => return lost,
                Poll::Ready(Ok(())) => self.dirty = false,
            }
        }
        // Whoever gives the messages may be waiting for something else than the client.
        if self.link.ended() { lost } else { Poll::Ready(None) }
    }
}

/// The unsent part of a large message.
struct Rest {
    kind: Data,
    bytes: Bytes,
    is_text: bool,
}

impl Rest {
    fn of(message: Message) -> Self {
        let is_text = message.is_text();
        let kind = if is_text { Data::Text } else { Data::Binary };
        Self { kind, bytes: message.into_data(), is_text }
    }

    /// The next fragment; what is left goes into `rest`.
    fn split(mut self, rest: &mut Option<Self>) -> Message {
        let mut at = self.bytes.len().min(FRAGMENT);
        // Not every client takes fragments that end inside a character.
        while self.is_text && at < self.bytes.len() && self.bytes[at] & 0xC0 == 0x80 {
            at -= 1;
        }
        let fragment = self.bytes.split_to(at);
        let frame = Frame::message(fragment, OpCode::Data(self.kind), self.bytes.is_empty());
        if !self.bytes.is_empty() {
            *rest = Some(Self { kind: Data::Continue, ..self });
        }
        Message::Frame(frame)
    }
}

/// Says goodbye and waits for the answer.
async fn close(link: &Link, ending: Ending) {
    let Some(frame) = ending.frame() else { return };
    let goodbye = async {
        if poll_fn(|cx| link.poll_ready(cx)).await.is_err() || link.feed(Message::Close(Some(frame))).is_err() {
            return;
        }
        if poll_fn(|cx| link.poll_flush(cx)).await.is_ok() {
            poll_fn(|cx| link.poll_discard(cx)).await;
        }
    };
    // Whether or not it got through, the socket is over.
    let _ = timeout(LINGER, goodbye).await;
}

/// Closes the connection under the socket: a close frame would not get through, and the system would hold what is
/// unsent for minutes.
async fn reset(link: &Link, connection: &ConnectionHandle) {
    connection.abort();
    // Dropped before it is cut, the byte stream would be closed in the polite way.
    let cut = poll_fn(|cx| link.poll_flush(cx));
    let _ = timeout(LINGER, cut).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fragments_hold_the_whole_text_and_whole_characters() {
        let text = "aé€😀".repeat(9_000);
        let mut rest = Some(Rest::of(Message::text(text.clone())));
        let (mut kinds, mut whole) = (Vec::new(), String::new());
        while let Some(part) = rest.take() {
            let Message::Frame(frame) = part.split(&mut rest) else { panic!("a frame") };
            assert!(frame.payload().len() <= FRAGMENT);
            assert_eq!(frame.header().is_final, rest.is_none());
            kinds.push(frame.header().opcode);
            whole.push_str(std::str::from_utf8(frame.payload()).expect("whole characters"));
        }
        assert_eq!(whole, text);
        assert_eq!(kinds[0], OpCode::Data(Data::Text));
        assert!(kinds.len() > 2 && kinds[1..].iter().all(|kind| *kind == OpCode::Data(Data::Continue)));
    }
}
