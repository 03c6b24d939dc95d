//! The byte stream of a WebSocket.

use std::{
    io::{self, ErrorKind},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncWrite};
use wigwag_poll::SendProgress;

use crate::listener::{AcceptedIo, ConnectionIo, UpgradedIo, poll_read_buffer};

/// A byte stream that is read in chunks from a shared buffer, and written from a `Vec` that it takes without a copy.
///
/// Reading and writing each wake the task that polled last.
pub(super) trait ByteStream: Send {
    /// Reads up to 16 KiB. Empty at the end of the stream. To be dropped soon: all sockets of a thread may share one
    /// buffer.
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<BytesMut>>;

    /// Takes all of `bytes` to be written. To be called when [`poll_write_ready`](Self::poll_write_ready) is ready.
    fn put(&mut self, bytes: &mut Vec<u8>);

    /// Ready when more can be put: the bytes put before do not wait for the peer to read.
    fn poll_write_ready(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Ready when all bytes put before are written, or will be without another poll.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Ready when all bytes put before are sent even if the stream is dropped.
    fn poll_sent(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }

    /// Returns whether any bytes were written since the last call.
    fn take_write_progress(&mut self) -> bool;

    /// Returns the counts of the bytes that were put, and of those that were sent.
    fn progress(&self) -> Arc<SendProgress>;
}

impl<I: AcceptedIo> ByteStream for ConnectionIo<I> {
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<BytesMut>> {
        Self::poll_chunk(self, cx)
    }

    fn put(&mut self, bytes: &mut Vec<u8>) {
        Self::put(self, bytes);
    }

    fn poll_write_ready(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Self::poll_write_ready(self, cx)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // The write batcher writes what was put.
        Self::poll_write_ready(self, cx)
    }

    fn poll_sent(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Self::poll_sent(self, cx)
    }

    fn take_write_progress(&mut self) -> bool {
        Self::take_write_progress(self)
    }

    fn progress(&self) -> Arc<SendProgress> {
        Self::progress(self)
    }
}

/// A [`ByteStream`] over any tokio byte stream.
pub(super) struct Stream<S> {
    io: S,
    /// The bytes to write. No memory is allocated while it is empty.
    out: Vec<u8>,
    /// How many of them are written.
    written: usize,
    /// Bytes were written since [`ByteStream::take_write_progress`] was last called.
    write_progress: bool,
    progress: Arc<SendProgress>,
    /// Whether `io` itself counts what is sent. If not, what it has taken counts as sent.
    io_counts: bool,
}

impl<S> Stream<S> {
    pub(super) fn new(io: S) -> Self {
        Self { io, out: Vec::new(), written: 0, write_progress: false, progress: Arc::default(), io_counts: false }
    }
}

impl Stream<UpgradedIo> {
    /// Creates a stream that counts as sent what the upgraded stream has sent, if it can tell.
    pub(super) fn upgraded(io: UpgradedIo) -> Self {
        let progress = io.progress();
        let io_counts = progress.is_some();
        Self { progress: progress.unwrap_or_default(), io_counts, ..Self::new(io) }
    }
}

impl<S> ByteStream for Stream<S>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<BytesMut>> {
        poll_read_buffer(&mut self.io, cx)
    }

    fn put(&mut self, bytes: &mut Vec<u8>) {
        self.progress.add_put(bytes.len());
        if self.out.is_empty() {
            self.out = std::mem::take(bytes);
        } else {
            self.out.append(&mut std::mem::take(bytes));
        }
    }

    fn poll_write_ready(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(left @ [_, ..]) = self.out.get(self.written..) {
            match ready!(Pin::new(&mut self.io).poll_write(cx, left))? {
                0 => return Poll::Ready(Err(ErrorKind::WriteZero.into())),
                written => {
                    (self.written, self.write_progress) = (self.written + written, true);
                    if !self.io_counts {
                        self.progress.add_sent(written);
                    }
                }
            }
        }
        (self.out, self.written) = (Vec::new(), 0);
        Poll::Ready(Ok(()))
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_write_ready(cx))?;
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn take_write_progress(&mut self) -> bool {
        std::mem::take(&mut self.write_progress)
    }

    fn progress(&self) -> Arc<SendProgress> {
        self.progress.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    #[tokio::test]
    async fn an_idle_stream_holds_no_memory() {
        let (ours, mut theirs) = tokio::io::duplex(100);
        let mut stream = Stream::new(ours);
        let mut bytes = vec![7; 250];
        stream.put(&mut bytes);
        stream.put(&mut vec![8; 50]);
        assert_eq!(bytes.capacity(), 0);
        let written = poll_fn(|cx| stream.poll_flush(cx));
        let mut read = vec![0; 300];
        let (written, _) = tokio::join!(written, theirs.read_exact(&mut read));
        written.expect("is written");
        assert_eq!(read, [[7; 250].as_slice(), &[8; 50]].concat());
        assert_eq!(stream.out.capacity(), 0);
    }

    #[tokio::test]
    async fn chunks_reuse_the_same_memory_and_the_end_is_empty() {
        let (ours, mut theirs) = tokio::io::duplex(100);
        let mut stream = Stream::new(ours);
        let mut places = Vec::new();
        for _ in 0..3 {
            theirs.write_all(b"some").await.expect("sends");
            let chunk = poll_fn(|cx| stream.poll_chunk(cx)).await.expect("bytes");
            assert_eq!(chunk, b"some"[..]);
            places.push(chunk.as_ptr());
        }
        assert!(places.iter().all(|place| *place == places[0]));
        drop(theirs);
        assert!(poll_fn(|cx| stream.poll_chunk(cx)).await.expect("an end").is_empty());
    }
}
