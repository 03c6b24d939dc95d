//! The per-thread buffer that sockets are read into.

use std::{
    cell::RefCell,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::BytesMut;
use tokio::io::AsyncRead;
use tokio_util::io::poll_read_buf;

/// The most bytes read with one system call.
pub(super) const READ_SIZE: usize = 16 * 1024;

/// The buffer is replaced when less capacity than this is left.
const MIN_CAPACITY: usize = 4 * 1024;

thread_local! {
    /// Chunks are split off this buffer. One per thread: idle connections hold no memory, and since chunks are usually
    /// dropped soon, the same memory is reused.
    static READ_BUFFER: RefCell<BytesMut> = RefCell::new(BytesMut::new());
}

/// Reads up to [`READ_SIZE`] bytes. Empty at the end of the stream.
pub(crate) fn poll_read_buffer<R: AsyncRead + Unpin>(
    reader: &mut R,
    cx: &mut Context<'_>,
) -> Poll<io::Result<BytesMut>> {
    READ_BUFFER.with_borrow_mut(|buffer| {
        // While chunks are still held, the rest of the buffer is used up first: otherwise each small chunk would keep a
        // whole buffer alive.
        if !buffer.try_reclaim(READ_SIZE) && buffer.capacity() < MIN_CAPACITY {
            buffer.reserve(READ_SIZE);
        }
        ready!(poll_read_buf(Pin::new(reader), cx, buffer))?;
        Poll::Ready(Ok(buffer.split()))
    })
}
