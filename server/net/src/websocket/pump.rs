//! Writes the messages of a source to a socket until either side closes.

use std::{
    any::Any,
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
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

/// How long the peer may take to answer a close frame.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// A source of messages to write to a socket.
pub trait MessageSource {
    /// Writes the next message to `out`, or returns how the socket is to be closed, after which it is not polled again.
    ///
    /// Polled only when writing is possible, so that messages for a slow reader wait in the source, where they are
    /// bounded.
    fn poll_write(&mut self, cx: &mut Context<'_>, out: &mut FrameWriter) -> Poll<Result<(), CloseReason>>;

    /// Lets the source work while nothing can be written: it may read its input. Returns how the socket is to be closed if
    /// the source has ended and has nothing left to write.
    fn poll_blocked(&mut self, cx: &mut Context<'_>) -> Poll<CloseReason> {
        let _ = cx;
        Poll::Pending
    }

    /// Tells the source that the socket is closed because the peer does not read.
    fn give_up(&mut self) {}
}

impl Socket {
    /// Writes the messages of `source` until it ends, the peer closes, or the peer stops reading. Completes when the
    /// socket is closed.
    ///
    /// `source` polls the socket's [`incoming`](Self::incoming) itself. Messages that are ready together are written
    /// with one system call.
    pub fn pump<O: MessageSource>(self, source: O) -> impl Future<Output = ()> {
        let Self { socket, settings, abort_target, stats } = self;
        let keepalive = Keepalive::new(settings.ping_interval, settings.ping_timeout);
        let out = FrameWriter::with_progress(socket.progress());
        let mut pump = Pump { socket, out, unflushed: false, source: Some((source, keepalive)) };
        async move {
            let ended = poll_fn(|cx| pump.poll(cx)).await;
            if let (PumpEnd::Stuck, Some((source, _))) = (&ended, &mut pump.source) {
                source.give_up();
            }
            // Dropped before the closing handshake, so that the session is detached at once. After a panic, this may panic
            // once more.
            let source = pump.source.take();
            if catch_unwind(AssertUnwindSafe(|| drop(source))).is_err() {
                tracing::debug!("the source of a WebSocket panicked while it was dropped");
            }
            let Pump { socket, out, .. } = &mut pump;
            match &ended {
                PumpEnd::Dead => stats.count_websocket_keepalive_timeout(),
                PumpEnd::Stuck => stats.count_websocket_send_timeout(),
                PumpEnd::Closed(_) if socket.violation().is_some() => stats.count_websocket_violation(),
                PumpEnd::Closed(_) | PumpEnd::Panicked(_) => {}
            }
            match (ended, abort_target) {
                // Boxed, so that a socket does not keep memory for its end.
                (PumpEnd::Closed(reason), _) => Box::pin(close(socket, out, reason)).await,
                (PumpEnd::Panicked(panic), _) => {
                    out.discard_message();
                    Box::pin(close(socket, out, CloseReason::close(1011, "INTERNAL"))).await;
                    resume_unwind(panic);
                }
                (PumpEnd::Stuck, Some(AbortTarget::Connection(connection))) => {
                    Box::pin(reset(socket, &connection)).await;
                }
                (PumpEnd::Stuck | PumpEnd::Dead, Some(AbortTarget::Tunnel(tunnel))) => tunnel.abort(),
                // Dropping the socket closes it; TCP_USER_TIMEOUT discards what the peer does not acknowledge.
                (PumpEnd::Stuck | PumpEnd::Dead, _) => {}
            }
        }
    }
}

enum PumpEnd {
    Closed(CloseReason),
    /// The source has panicked.
    Panicked(Box<dyn Any + Send>),
    /// The peer did not answer a ping.
    Dead,
    /// The peer does not read.
    Stuck,
}

struct Pump<O> {
    socket: SharedSocket,
    out: FrameWriter,
    /// Bytes were written that are not flushed yet.
    unflushed: bool,
    /// `None` once the source has ended.
    source: Option<(O, Keepalive)>,
}

impl<O: MessageSource> Pump<O> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<PumpEnd> {
        let Self { socket, out, unflushed, source } = self;
        let Some((source, keepalive)) = source else { return Poll::Pending };
        loop {
            let FlushState { flushed, write_progress, now, last_received, ended } =
                match poll_write(socket, out, source, keepalive, unflushed, cx) {
                    Poll::Ready(Err(end)) => return Poll::Ready(end),
                    Poll::Ready(Ok(())) => socket.flush(cx, Some(out), *unflushed),
                    Poll::Pending => {
                        if let Poll::Ready(reason) = source.poll_blocked(cx) {
                            return Poll::Ready(PumpEnd::Closed(reason));
                        }
                        socket.flush(cx, None, *unflushed)
                    }
                };
            *unflushed = flushed.is_pending();
            match flushed {
                Poll::Pending => keepalive.write_blocked(write_progress),
                // The source may be waiting for something other than the client.
                Poll::Ready(Ok(())) if !ended => keepalive.write_ready(),
                Poll::Ready(_) => return Poll::Ready(PumpEnd::Closed(CloseReason::Lost)),
            }
            match ready!(keepalive.poll(cx, now, last_received)) {
                KeepaliveEvent::Ping => out.control(Opcode::Ping, &[]),
                KeepaliveEvent::Dead => return Poll::Ready(PumpEnd::Dead),
                KeepaliveEvent::Stuck => return Poll::Ready(PumpEnd::Stuck),
            }
        }
    }
}

/// Polls `source` until it is pending. Returns pending if the peer must read first.
fn poll_write(
    socket: &SharedSocket,
    out: &mut FrameWriter,
    source: &mut impl MessageSource,
    keepalive: &mut Keepalive,
    unflushed: &mut bool,
    cx: &mut Context<'_>,
) -> Poll<Result<(), PumpEnd>> {
    let mut must_wait = *unflushed;
    loop {
        if must_wait || out.is_full() {
            *unflushed = true;
            if ready!(socket.poll_write_ready(cx, out)).is_err() {
                return Poll::Ready(Err(PumpEnd::Closed(CloseReason::Lost)));
            }
            keepalive.write_ready();
            must_wait = false;
        }
        if out.fragment() {
            continue;
        }
        match catch_unwind(AssertUnwindSafe(|| source.poll_write(cx, out))) {
            Ok(Poll::Ready(Ok(()))) => {}
            Ok(Poll::Ready(Err(reason))) => return Poll::Ready(Err(PumpEnd::Closed(reason))),
            Ok(Poll::Pending) => return Poll::Ready(Ok(())),
            Err(panic) => return Poll::Ready(Err(PumpEnd::Panicked(panic))),
        }
    }
}

/// Sends a close frame, with the code of the client's violation if there was one, and waits for the answer; answers the
/// peer's close frame if there was one.
async fn close(socket: &SharedSocket, out: &mut FrameWriter, mut reason: CloseReason) {
    if let (CloseReason::Close { code, .. }, Some(violation)) = (&mut reason, socket.violation()) {
        *code = violation.close_code();
    }
    let theirs = socket.take_close();
    let (payload, is_answer) = match (theirs, reason.payload()) {
        (Some(payload), _) => (payload, true),
        (None, Some(payload)) => (payload.into(), false),
        (None, None) => return,
    };
    out.control(Opcode::Close, &payload);
    let handshake = async {
        if poll_fn(|cx| socket.poll_write_ready(cx, out)).await.is_err()
            || poll_fn(|cx| socket.poll_sent(cx)).await.is_err()
        {
            return;
        }
        if !is_answer {
            poll_fn(|cx| socket.poll_discard(cx)).await;
        }
    };
    // The socket is closed whether or not the handshake completes.
    let _ = timeout(CLOSE_TIMEOUT, handshake).await;
}

/// Resets the connection of the socket: a close frame would not be received, and the kernel would keep the unsent bytes
/// for minutes.
async fn reset(socket: &SharedSocket, connection: &ConnectionHandle) {
    connection.abort();
    // Waits until the connection's task has cut the byte stream: dropped before, it would be closed gracefully.
    let cut = poll_fn(|cx| socket.poll_sent(cx));
    let _ = timeout(CLOSE_TIMEOUT, cut).await;
}

#[cfg(test)]
mod tests;
