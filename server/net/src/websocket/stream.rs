//! The bytes under a WebSocket.

use std::{
    io::{self, ErrorKind},
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::BytesMut;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};

use crate::listener::{ConnectionIo, poll_read_buffer};

/// A byte stream that gives what it has in one piece, and takes what is to be written in one piece.
///
/// Reading and writing each wake the task that asked last.
pub(super) trait ByteStream: Send {
    /// What came next, up to 16 KiB. Empty: nothing more will come. To be dropped soon: what all sockets of a thread read
    /// may pass through one buffer.
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<BytesMut>>;

    /// Takes all of `bytes`, and leaves nothing there. To be called when there is room.
    fn put(&mut self, bytes: &mut Vec<u8>);

    /// Ready when there is room for more: when what was taken before does not wait for the other end to read.
    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Ready when all that was taken is on its way.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Ready when all that was taken is sent though this be dropped.
    fn poll_sent(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }

    /// Whether anything of it was written since the last call.
    fn take_moved(&mut self) -> bool;
}

impl ByteStream for ConnectionIo<TcpStream> {
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<BytesMut>> {
        Self::poll_chunk(self, cx)
    }

    fn put(&mut self, bytes: &mut Vec<u8>) {
        Self::put(self, bytes);
    }

    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Self::poll_room(self, cx)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // What was taken is on its way.
        Self::poll_room(self, cx)
    }

    fn poll_sent(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Self::poll_sent(self, cx)
    }

    fn take_moved(&mut self) -> bool {
        Self::take_moved(self)
    }
}

/// Any byte stream as a [`Wire`].
pub(super) struct Stream<S> {
    io: S,
    /// What is not written yet. Holds no memory while it is empty.
    out: Vec<u8>,
    /// How much of it is.
    written: usize,
    /// Something was written since this was last asked for.
    moved: bool,
}

impl<S> Stream<S> {
    pub(super) fn new(io: S) -> Self {
        Self { io, out: Vec::new(), written: 0, moved: false }
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
        if self.out.is_empty() {
            self.out = std::mem::take(bytes);
        } else {
            self.out.append(&mut std::mem::take(bytes));
        }
    }

    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(left @ [_, ..]) = self.out.get(self.written..) {
            match ready!(Pin::new(&mut self.io).poll_write(cx, left))? {
                0 => return Poll::Ready(Err(ErrorKind::WriteZero.into())),
                written => (self.written, self.moved) = (self.written + written, true),
            }
        }
        (self.out, self.written) = (Vec::new(), 0);
        Poll::Ready(Ok(()))
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_room(cx))?;
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn take_moved(&mut self) -> bool {
        std::mem::take(&mut self.moved)
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
    async fn what_is_read_takes_the_same_memory_again_and_an_end_is_empty() {
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
