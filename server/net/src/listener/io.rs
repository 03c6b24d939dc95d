//! The byte stream of one connection, and the flags with which other tasks observe and cut it.
//!
//! Reads are as large as possible, and writes are collected and made by the [`WriteBatcher`]: a system call costs as
//! much as copying tens of kilobytes, and the HTTP libraries read into buffers that are kept small to save memory.

use std::{
    convert::Infallible,
    future::poll_fn,
    io::{self, ErrorKind, IoSlice},
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    task::{Context, Poll, ready},
};

use atomic_waker::AtomicWaker;
use bytes::{Buf as _, Bytes, BytesMut};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::oneshot,
    task::AbortHandle,
};
use wigwag_poll::SendProgress;

use super::{
    AcceptedIo, Handshake,
    linger::{Linger, UnreadInput},
    proxy_protocol::{Proxied, ProxyHeader},
    read_buffer::{READ_SIZE, poll_read_buffer},
    write_batch::{Flush, WriteBatcher},
};

/// State shared by the task of a connection, its requests and its byte stream.
#[derive(Debug, Default)]
pub(super) struct ConnectionFlags {
    heard: AtomicBool,
    dispatched: AtomicBool,
    cut: AtomicBool,
    discard: AtomicBool,
    unread: AtomicBool,
    // Two wakers, because an upgraded connection may be read by one task and written by another.
    reader: AtomicWaker,
    writer: AtomicWaker,
}

impl ConnectionFlags {
    /// Returns whether a byte has been received.
    pub(super) fn heard(&self) -> bool {
        self.heard.load(SeqCst)
    }

    /// Returns whether the handshake is over: a request has been passed to the service, or the peer has completed the
    /// connection preface of HTTP/2.
    pub(super) fn dispatched(&self) -> bool {
        self.dispatched.load(SeqCst)
    }

    pub(super) fn set_dispatched(&self) {
        // Checked first: this runs for every request, and a cache line that is only read stays shared between cores.
        if !self.dispatched() {
            self.dispatched.store(true, SeqCst);
        }
    }

    /// Returns whether the last request was answered before its body was read, or more input is known to come.
    pub(super) fn unread(&self) -> bool {
        self.unread.load(SeqCst)
    }

    pub(super) fn set_unread(&self, unread: bool) {
        self.unread.store(unread, SeqCst);
    }

    /// Makes every read and write of the byte stream fail from now on, whichever task owns it. `discard` drops unsent
    /// bytes.
    pub(super) fn cut(&self, discard: bool) {
        self.discard.fetch_or(discard, SeqCst);
        self.cut.store(true, SeqCst);
        self.reader.wake();
        self.writer.wake();
    }

    fn check(&self) -> io::Result<()> {
        if self.cut.load(SeqCst) { Err(io::ErrorKind::ConnectionAborted.into()) } else { Ok(()) }
    }
}

/// The byte stream of a connection, with batched writes, observed and cut through its [`ConnectionFlags`].
pub struct ConnectionIo<I: AcceptedIo> {
    shared: Arc<SharedIo<I>>,
    flags: Arc<ConnectionFlags>,
    batcher: WriteBatcher,
    /// Bytes that were read but did not fit into the reader's buffer. Usually empty.
    read_ahead: Bytes,
    linger: Option<Box<Linger>>,
    // Dropped with the byte stream, which an upgrade may have moved to another task: the connection's task waits for
    // that.
    _open: oneshot::Sender<Infallible>,
}

/// The socket and its pending writes, shared with the [`WriteBatcher`].
struct SharedIo<I> {
    state: Mutex<IoState<I>>,
    /// The task that waits until writing is possible again.
    writer: AtomicWaker,
}

struct IoState<I> {
    io: I,
    /// Bytes to write, up to about [`READ_SIZE`]. No memory is allocated while it is empty.
    out: Vec<u8>,
    /// Queued with the [`WriteBatcher`].
    enqueued: bool,
    /// The task that writes `out` while the socket is not writable. No bytes are added to `out` until it is done.
    drain: Option<AbortHandle>,
    failed: Option<ErrorKind>,
    /// The kernel has accepted bytes since [`ConnectionIo::take_write_progress`] was last called.
    write_progress: bool,
    /// Counts the bytes that were put, and those that the kernel has accepted.
    progress: Arc<SendProgress>,
}

impl<I: AcceptedIo> SharedIo<I> {
    fn lock(&self) -> MutexGuard<'_, IoState<I>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Spawns a task that writes `out` as the peer reads. The connection's own task may have nothing more to write and
    /// would not poll the socket again.
    fn drain(self: Arc<Self>, state: &mut IoState<I>) {
        let drained = poll_fn(move |cx| {
            {
                let state = &mut *self.lock();
                ready!(state.poll_out(cx));
                state.drain = None;
            }
            self.writer.wake();
            Poll::Ready(())
        });
        state.drain = Some(tokio::spawn(drained).abort_handle());
    }
}

impl<I: AcceptedIo> Flush for SharedIo<I> {
    fn send(self: Arc<Self>) {
        let shared = self.clone();
        let state = &mut *self.lock();
        state.enqueued = false;
        if state.drain.is_none() && !state.write_out() {
            shared.drain(state);
        }
    }
}

impl<I: AcceptedIo> IoState<I> {
    /// Appends the beginning of `bufs` to `out`, as much as fits, and returns how much.
    fn append(&mut self, bufs: &[IoSlice<'_>]) -> usize {
        let before = self.out.len();
        for buf in bufs {
            let fits = buf.len().min(READ_SIZE.saturating_sub(self.out.len()));
            self.out.extend_from_slice(&buf[..fits]);
        }
        self.progress.add_put(self.out.len() - before);
        self.out.len() - before
    }

    /// Writes as much as possible without waiting. Returns whether nothing is left.
    fn write_out(&mut self) -> bool {
        if !self.out.is_empty() {
            let written = self.io.try_write(&self.out);
            self.written(written);
        }
        self.out.is_empty()
    }

    /// Writes all of `out`. Also ready if the socket has failed.
    fn poll_out(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while !self.out.is_empty() {
            let written = ready!(Pin::new(&mut self.io).poll_write(cx, &self.out));
            self.written(if matches!(written, Ok(0)) { Err(ErrorKind::WriteZero.into()) } else { written });
        }
        Poll::Ready(())
    }

    fn written(&mut self, result: io::Result<usize>) {
        if let Ok(bytes @ 1..) = result {
            self.write_progress = true;
            self.progress.add_sent(bytes);
        }
        match result {
            Ok(all) if all == self.out.len() => self.out = Vec::new(),
            Ok(part) => drop(self.out.drain(..part)),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            Err(error) => {
                self.failed = Some(error.kind());
                self.out = Vec::new();
            }
        }
    }
}

impl<I: AcceptedIo> ConnectionIo<I> {
    pub(super) fn new(
        io: I,
        flags: Arc<ConnectionFlags>,
        batcher: WriteBatcher,
        open: oneshot::Sender<Infallible>,
    ) -> Self {
        let state = IoState {
            io,
            out: Vec::new(),
            enqueued: false,
            drain: None,
            failed: None,
            write_progress: false,
            progress: Arc::default(),
        };
        let shared = Arc::new(SharedIo { state: Mutex::new(state), writer: AtomicWaker::new() });
        Self { shared, flags, batcher, read_ahead: Bytes::new(), linger: None, _open: open }
    }

    /// Reads the header of the PROXY protocol. Its bytes are not the client's: they do not count as its first ones.
    pub(super) fn poll_proxy_header(
        &mut self,
        header: &mut ProxyHeader,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<Proxied>> {
        self.flags.check()?;
        let read = header.poll_read(&mut self.shared.lock().io, cx);
        if read.is_pending() {
            self.flags.reader.register(cx.waker());
            self.flags.check()?;
        }
        read
    }

    /// Performs the handshake of what carries the bytes, if it has one.
    pub(super) fn poll_handshake(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Handshake>> {
        self.flags.check()?;
        let mut heard = false;
        let handshake = self.shared.lock().io.poll_handshake(cx, &mut heard);
        if heard {
            self.flags.heard.store(true, SeqCst);
        }
        if handshake.is_pending() {
            self.flags.reader.register(cx.waker());
            self.flags.check()?;
        }
        handshake
    }

    /// Reads up to [`READ_SIZE`] bytes; those that do not fit into `buf` are kept for the next read.
    fn poll_read_ahead(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let state = &mut *self.shared.lock();
        if buf.remaining() >= READ_SIZE {
            return Pin::new(&mut state.io).poll_read(cx, buf);
        }
        let chunk = ready!(poll_read_buffer(&mut state.io, cx))?;
        let (now, read_ahead) = chunk.split_at(chunk.len().min(buf.remaining()));
        buf.put_slice(now);
        if !read_ahead.is_empty() {
            self.read_ahead = Bytes::copy_from_slice(read_ahead);
        }
        Poll::Ready(Ok(()))
    }

    /// Reads up to [`READ_SIZE`] bytes without a buffer of the caller. Empty at the end. To be dropped soon: the memory
    /// is shared by all connections of this thread.
    pub fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<BytesMut>> {
        self.flags.check()?;
        if !self.read_ahead.is_empty() {
            return Poll::Ready(Ok(std::mem::take(&mut self.read_ahead).into()));
        }
        let chunk = {
            let state = &mut *self.shared.lock();
            poll_read_buffer(&mut state.io, cx)
        };
        if chunk.is_pending() {
            self.flags.reader.register(cx.waker());
            self.flags.check()?;
        }
        let chunk = ready!(chunk)?;
        if !chunk.is_empty() && !self.flags.heard() {
            self.flags.heard.store(true, SeqCst);
        }
        Poll::Ready(Ok(chunk))
    }

    /// Makes [`poll_shutdown`](AsyncWrite::poll_shutdown) discard unread input before it completes.
    pub(super) fn linger_on_shutdown(&mut self) {
        self.linger = Some(Box::default());
    }

    /// Undoes [`linger_on_shutdown`](Self::linger_on_shutdown).
    pub(super) fn stop_lingering(&mut self) {
        self.linger = None;
    }

    pub(super) fn flags(&self) -> &ConnectionFlags {
        &self.flags
    }

    /// Notes that the peer has completed the connection preface of HTTP/2.
    pub(super) fn end_handshake(&self) {
        self.flags.set_dispatched();
    }

    /// Puts bytes back, to be read again before any others.
    pub(super) fn unread(&mut self, bytes: Bytes) {
        // An empty `Bytes` may still hold the memory that it was split from.
        if bytes.is_empty() {
            return;
        }
        self.read_ahead =
            if self.read_ahead.is_empty() { bytes } else { [bytes, self.read_ahead.clone()].concat().into() };
    }

    /// Ready when [`put`](Self::put) may be called: the bytes put before do not wait for the peer to read.
    pub fn poll_write_ready(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.flags.check()?;
        let full = {
            let state = &mut *self.shared.lock();
            let full = if state.drain.is_some() {
                self.shared.writer.register(cx.waker());
                true
            } else if !I::CAN_TRY_WRITE {
                state.poll_out(cx).is_pending()
            } else if state.out.len() >= READ_SIZE && !state.write_out() && state.out.len() >= READ_SIZE {
                self.shared.writer.register(cx.waker());
                self.shared.clone().drain(state);
                true
            } else {
                false
            };
            if let Some(error) = state.failed {
                return Poll::Ready(Err(error.into()));
            }
            full
        };
        if full {
            self.flags.writer.register(cx.waker());
            // A cut between the check and the registration would not wake this task.
            self.flags.check()?;
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }

    /// Ready when the kernel has accepted all bytes that were put or written.
    pub fn poll_sent(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.write_with(cx, |state, cx| {
            ready!(state.poll_out(cx));
            Poll::Ready(state.failed.map_or(Ok(()), |error| Err(error.into())))
        })
    }

    /// Returns whether the kernel has accepted bytes since the last call.
    pub fn take_write_progress(&mut self) -> bool {
        std::mem::take(&mut self.shared.lock().write_progress)
    }

    /// Returns the counts of the bytes that were put or written, and of those that the kernel has accepted.
    pub fn progress(&self) -> Arc<SendProgress> {
        self.shared.lock().progress.clone()
    }

    /// Takes all of `bytes`, to be written with those of other connections once their tasks have run. To be called when
    /// [`poll_write_ready`](Self::poll_write_ready) is ready, which writes them itself if
    /// [`AcceptedIo::CAN_TRY_WRITE`] is false.
    pub fn put(&mut self, bytes: &mut Vec<u8>) {
        let enqueue = {
            let state = &mut *self.shared.lock();
            state.progress.add_put(bytes.len());
            if state.out.is_empty() {
                std::mem::swap(&mut state.out, bytes);
            } else {
                state.out.append(bytes);
                *bytes = Vec::new();
            }
            let idle = I::CAN_TRY_WRITE && !state.out.is_empty() && state.drain.is_none();
            idle && !std::mem::replace(&mut state.enqueued, true)
        };
        if enqueue {
            self.batcher.enqueue(self.shared.clone());
        }
    }

    /// Runs `write` unless earlier bytes still wait for the peer to read.
    fn write_with<T>(
        &mut self,
        cx: &mut Context<'_>,
        write: impl FnOnce(&mut IoState<I>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        self.flags.check()?;
        let result = {
            let state = &mut *self.shared.lock();
            match state.failed {
                Some(error) => return Poll::Ready(Err(error.into())),
                None if state.drain.is_some() => {
                    self.shared.writer.register(cx.waker());
                    Poll::Pending
                }
                None => {
                    let result = write(state, cx);
                    if result.is_pending() {
                        // A batched write may also have to wait; then its drain task wakes this one.
                        self.shared.writer.register(cx.waker());
                    }
                    result
                }
            }
        };
        if result.is_pending() {
            self.flags.writer.register(cx.waker());
            // A cut between the check and the registration would not wake this task.
            self.flags.check()?;
        }
        result
    }

    fn poll_write_batched(&mut self, cx: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let (shared, mut enqueue) = (self.shared.clone(), false);
        let result = self.write_with(cx, |state, cx| {
            if !I::CAN_TRY_WRITE {
                let written = ready!(Pin::new(&mut state.io).poll_write_vectored(cx, bufs))?;
                state.progress.add_put(written);
                state.progress.add_sent(written);
                return Poll::Ready(Ok(written));
            }
            if state.out.len() >= READ_SIZE && !state.write_out() && state.out.len() >= READ_SIZE {
                shared.writer.register(cx.waker());
                shared.clone().drain(state);
                return Poll::Pending;
            }
            if let Some(error) = state.failed {
                return Poll::Ready(Err(error.into()));
            }
            let taken = state.append(bufs);
            enqueue = taken > 0 && !std::mem::replace(&mut state.enqueued, true);
            Poll::Ready(Ok(taken))
        });
        if enqueue {
            self.batcher.enqueue(shared);
        }
        result
    }
}

impl<I: AcceptedIo> Drop for ConnectionIo<I> {
    fn drop(&mut self) {
        let state = &mut *self.shared.lock();
        if self.flags.discard.load(SeqCst) {
            state.io.discard_unsent();
        } else if state.drain.is_none() && state.write_out() && state.failed.is_none() {
            state.io.send_end();
        }
        state.out = Vec::new();
        if let Some(drain) = state.drain.take() {
            drain.abort();
        }
    }
}

impl<I: AcceptedIo> AsyncRead for ConnectionIo<I> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.flags.check()?;
        if !self.read_ahead.is_empty() {
            let fits = self.read_ahead.len().min(buf.remaining());
            buf.put_slice(&self.read_ahead[..fits]);
            // An empty `Bytes` would still hold its memory.
            if fits == self.read_ahead.len() {
                self.read_ahead = Bytes::new();
            } else {
                self.read_ahead.advance(fits);
            }
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        let result = self.poll_read_ahead(cx, buf);
        if result.is_pending() {
            self.flags.reader.register(cx.waker());
            self.flags.check()?;
        }
        ready!(result)?;
        if buf.filled().len() > before && !self.flags.heard() {
            self.flags.heard.store(true, SeqCst);
        }
        Poll::Ready(Ok(()))
    }
}

impl<I: AcceptedIo> AsyncWrite for ConnectionIo<I> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_batched(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_batched(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.write_with(cx, |state, cx| {
            // The batcher writes what was taken.
            if I::CAN_TRY_WRITE { Poll::Ready(Ok(())) } else { Pin::new(&mut state.io).poll_flush(cx) }
        })
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.linger.as_ref().is_some_and(|linger| linger.has_begun()) {
            ready!(self.write_with(cx, |state, cx| {
                ready!(state.poll_out(cx));
                match state.failed {
                    Some(error) => Poll::Ready(Err(error.into())),
                    None => Pin::new(&mut state.io).poll_shutdown(cx),
                }
            }))?;
        }
        let Some(mut linger) = self.linger.take() else { return Poll::Ready(Ok(())) };
        let lingered = linger.poll(&mut *self, cx);
        self.linger = Some(linger).filter(|_| lingered.is_pending());
        lingered.map(Ok)
    }
}

impl<I: AcceptedIo> UnreadInput for ConnectionIo<I> {
    fn poll_discard(&mut self, cx: &mut Context<'_>) -> Poll<usize> {
        self.poll_chunk(cx).map(|chunk| {
            let len = chunk.map_or(0, |chunk| chunk.len());
            if len > 0 {
                self.flags().set_unread(true);
            }
            len
        })
    }

    fn is_unread(&self) -> bool {
        self.flags().unread()
    }
}

#[cfg(test)]
mod tests;
