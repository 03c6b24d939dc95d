//! Carrying messages over a socket until either end has enough.

use std::{
    future::poll_fn,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::time::timeout;

use super::{
    Ending, Outgoing, Socket,
    alive::{Alive, Due},
    frames::Opcode,
    socket::{Carried, Link, Turn},
};
use crate::listener::ConnectionHandle;

/// How long the other end has to answer a close frame.
const LINGER: Duration = Duration::from_secs(1);

/// Whoever has something to say over a socket.
pub(crate) trait Output {
    /// Writes the next message to `out`, or says how the socket ends: then it is not asked again.
    ///
    /// It is asked only when there is room: what a slow reader has not taken waits where it is bounded, in the session.
    fn poll_write(&mut self, cx: &mut Context<'_>, out: &mut Outgoing) -> Poll<Result<(), Ending>>;
}

impl Socket {
    /// Writes what `output` has to say until it ends, the other end has gone, or does not read. Returns when the socket
    /// is closed.
    ///
    /// `output` polls the socket's [`incoming`](Self::incoming) itself. What is ready together is written together.
    pub(crate) fn carry<O: Output>(self, output: O) -> impl Future<Output = ()> {
        let Self { link, settings, by } = self;
        let alive = Alive::new(settings.ping_interval, settings.ping_timeout);
        let mut carrier = Carrier { link, out: Outgoing::default(), unflushed: false, speaker: Some((output, alive)) };
        async move {
            let ended = poll_fn(|cx| carrier.poll(cx)).await;
            // The session learns now that its connection is over, not when the other end has answered.
            carrier.speaker = None;
            let Carrier { link, out, .. } = &mut carrier;
            match (ended, by) {
                (Ended::Ending(ending), _) => close(link, out, ending).await,
                (Ended::Stuck, Some(Carried::Connection(connection))) => reset(link, &connection).await,
                (Ended::Stuck | Ended::Dead, Some(Carried::Tunnel(tunnel))) => tunnel.abort(),
                // The system gives up what a dead client does not take.
                (Ended::Stuck | Ended::Dead, _) => {}
            }
        }
    }
}

enum Ended {
    Ending(Ending),
    /// The other end shows no sign of life.
    Dead,
    /// It does not read.
    Stuck,
}

struct Carrier<O> {
    link: Link,
    out: Outgoing,
    /// Something was written that is not known to be on its way.
    unflushed: bool,
    /// Until the end.
    speaker: Option<(O, Alive)>,
}

impl<O: Output> Carrier<O> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Ended> {
        let Self { link, out, unflushed, speaker } = self;
        let Some((output, alive)) = speaker else { return Poll::Pending };
        loop {
            let Turn { flushed, moved, now, heard, ended } = match poll_write(link, out, output, alive, unflushed, cx) {
                Poll::Ready(Err(ending)) => return Poll::Ready(Ended::Ending(ending)),
                Poll::Ready(Ok(())) => link.turn(cx, Some(out), *unflushed),
                Poll::Pending => link.turn(cx, None, *unflushed),
            };
            *unflushed = flushed.is_pending();
            match flushed {
                Poll::Pending => alive.blocked(moved),
                // Whoever has something to say may be waiting for something else than the client.
                Poll::Ready(Ok(())) if !ended => alive.unblocked(),
                Poll::Ready(_) => return Poll::Ready(Ended::Ending(Ending::Lost)),
            }
            match ready!(alive.poll(cx, now, heard)) {
                Due::Ping => out.control(Opcode::Ping, &[]),
                Due::Dead => return Poll::Ready(Ended::Dead),
                Due::Stuck => return Poll::Ready(Ended::Stuck),
            }
        }
    }
}

/// Has `output` say what it has to. Pending: the other end must read first.
fn poll_write(
    link: &Link,
    out: &mut Outgoing,
    output: &mut impl Output,
    alive: &mut Alive,
    unflushed: &mut bool,
    cx: &mut Context<'_>,
) -> Poll<Result<(), Ending>> {
    let mut must_wait = *unflushed;
    loop {
        if must_wait || out.is_enough() {
            *unflushed = true;
            if ready!(link.poll_room(cx, out)).is_err() {
                return Poll::Ready(Err(Ending::Lost));
            }
            alive.unblocked();
            must_wait = false;
        }
        if out.fragment() {
            continue;
        }
        match output.poll_write(cx, out) {
            Poll::Ready(Ok(())) => {}
            Poll::Ready(Err(ending)) => return Poll::Ready(Err(ending)),
            Poll::Pending => return Poll::Ready(Ok(())),
        }
    }
}

/// Says goodbye and waits for the answer, or gives it.
async fn close(link: &Link, out: &mut Outgoing, ending: Ending) {
    let theirs = link.take_close();
    let (payload, is_answer) = match (theirs, ending.payload()) {
        (Some(payload), _) => (payload, true),
        (None, Some(payload)) => (payload.into(), false),
        (None, None) => return,
    };
    out.control(Opcode::Close, &payload);
    let goodbye = async {
        if poll_fn(|cx| link.poll_room(cx, out)).await.is_err() || poll_fn(|cx| link.poll_sent(cx)).await.is_err() {
            return;
        }
        if !is_answer {
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
    let cut = poll_fn(|cx| link.poll_sent(cx));
    let _ = timeout(LINGER, cut).await;
}

#[cfg(test)]
mod tests;
