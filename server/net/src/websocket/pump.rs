//! Carrying messages over a socket until either end has enough.

use std::{
    future::poll_fn,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::time::timeout;

use super::{
    CloseReason, FrameWriter, Socket,
    frames::Opcode,
    keepalive::{Keepalive, KeepaliveEvent},
    socket::{AbortTarget, FlushState, SharedSocket},
};
use crate::listener::ConnectionHandle;

/// How long the other end has to answer a close frame.
const LINGER: Duration = Duration::from_secs(1);

/// Whoever has something to say over a socket.
pub trait MessageSource {
    /// Writes the next message to `out`, or says how the socket ends: then it is not asked again.
    ///
    /// It is asked only when there is room: what a slow reader has not taken waits where it is bounded, in the session.
    fn poll_write(&mut self, cx: &mut Context<'_>, out: &mut FrameWriter) -> Poll<Result<(), CloseReason>>;
}

impl Socket {
    /// Writes what `output` has to say until it ends, the other end has gone, or does not read. Returns when the socket
    /// is closed.
    ///
    /// `output` polls the socket's [`incoming`](Self::incoming) itself. What is ready together is written together.
    pub fn pump<O: MessageSource>(self, output: O) -> impl Future<Output = ()> {
        let Self { socket, settings, by } = self;
        let keepalive = Keepalive::new(settings.ping_interval, settings.ping_timeout);
        let mut pump =
            Pump { socket, out: FrameWriter::default(), unflushed: false, source: Some((output, keepalive)) };
        async move {
            let ended = poll_fn(|cx| pump.poll(cx)).await;
            // The session learns now that its connection is over, not when the other end has answered.
            pump.source = None;
            let Pump { socket, out, .. } = &mut pump;
            match (ended, by) {
                (PumpEnd::Closed(reason), _) => close(socket, out, reason).await,
                (PumpEnd::Stuck, Some(AbortTarget::Connection(connection))) => reset(socket, &connection).await,
                (PumpEnd::Stuck | PumpEnd::Dead, Some(AbortTarget::Tunnel(tunnel))) => tunnel.abort(),
                // The system gives up what a dead client does not take.
                (PumpEnd::Stuck | PumpEnd::Dead, _) => {}
            }
        }
    }
}

enum PumpEnd {
    Closed(CloseReason),
    /// The other end shows no sign of life.
    Dead,
    /// It does not read.
    Stuck,
}

struct Pump<O> {
    socket: SharedSocket,
    out: FrameWriter,
    /// Something was written that is not known to be on its way.
    unflushed: bool,
    /// Until the end.
    source: Option<(O, Keepalive)>,
}

impl<O: MessageSource> Pump<O> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<PumpEnd> {
        let Self { socket, out, unflushed, source } = self;
        let Some((output, keepalive)) = source else { return Poll::Pending };
        loop {
            let FlushState { flushed, moved, now, heard, ended } =
                match poll_write(socket, out, output, keepalive, unflushed, cx) {
                    Poll::Ready(Err(reason)) => return Poll::Ready(PumpEnd::Closed(reason)),
                    Poll::Ready(Ok(())) => socket.turn(cx, Some(out), *unflushed),
                    Poll::Pending => socket.turn(cx, None, *unflushed),
                };
            *unflushed = flushed.is_pending();
            match flushed {
                Poll::Pending => keepalive.blocked(moved),
                // Whoever has something to say may be waiting for something else than the client.
                Poll::Ready(Ok(())) if !ended => keepalive.unblocked(),
                Poll::Ready(_) => return Poll::Ready(PumpEnd::Closed(CloseReason::Lost)),
            }
            match ready!(keepalive.poll(cx, now, heard)) {
                KeepaliveEvent::Ping => out.control(Opcode::Ping, &[]),
                KeepaliveEvent::Dead => return Poll::Ready(PumpEnd::Dead),
                KeepaliveEvent::Stuck => return Poll::Ready(PumpEnd::Stuck),
            }
        }
    }
}

/// Has `output` say what it has to. Pending: the other end must read first.
fn poll_write(
    socket: &SharedSocket,
    out: &mut FrameWriter,
    output: &mut impl MessageSource,
    keepalive: &mut Keepalive,
    unflushed: &mut bool,
    cx: &mut Context<'_>,
) -> Poll<Result<(), CloseReason>> {
    let mut must_wait = *unflushed;
    loop {
        if must_wait || out.is_enough() {
            *unflushed = true;
            if ready!(socket.poll_room(cx, out)).is_err() {
                return Poll::Ready(Err(CloseReason::Lost));
            }
            keepalive.unblocked();
            must_wait = false;
        }
        if out.fragment() {
            continue;
        }
        match output.poll_write(cx, out) {
            Poll::Ready(Ok(())) => {}
            Poll::Ready(Err(reason)) => return Poll::Ready(Err(reason)),
            Poll::Pending => return Poll::Ready(Ok(())),
        }
    }
}

/// Says goodbye and waits for the answer, or gives it.
async fn close(socket: &SharedSocket, out: &mut FrameWriter, reason: CloseReason) {
    let theirs = socket.take_close();
    let (payload, is_answer) = match (theirs, reason.payload()) {
        (Some(payload), _) => (payload, true),
        (None, Some(payload)) => (payload.into(), false),
        (None, None) => return,
    };
    out.control(Opcode::Close, &payload);
    let goodbye = async {
        if poll_fn(|cx| socket.poll_room(cx, out)).await.is_err() || poll_fn(|cx| socket.poll_sent(cx)).await.is_err() {
            return;
        }
        if !is_answer {
            poll_fn(|cx| socket.poll_discard(cx)).await;
        }
    };
    // Whether or not it got through, the socket is over.
    let _ = timeout(LINGER, goodbye).await;
}

/// Closes the connection under the socket: a close frame would not get through, and the system would hold what is
/// unsent for minutes.
async fn reset(socket: &SharedSocket, connection: &ConnectionHandle) {
    connection.abort();
    // Dropped before it is cut, the byte stream would be closed in the polite way.
    let cut = poll_fn(|cx| socket.poll_sent(cx));
    let _ = timeout(LINGER, cut).await;
}

#[cfg(test)]
mod tests;
