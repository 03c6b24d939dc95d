//! The memory that what comes in is read into.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::BytesMut;
use tokio::io::AsyncRead;
use tokio_util::io::poll_read_buf;

/// Bytes that are read in one go.
pub const READ_SIZE: usize = 16 * 1024;

/// With less room than this nothing is read.
const LEAST: usize = 4 * 1024;

thread_local! {
    /// What is read comes in here, and is given away in pieces. One for each thread: idle connections hold nothing, and
    /// when the pieces are dropped soon, as they mostly are, it is always the same memory that is read into.
    static READ_BUFFER: RefCell<BytesMut> = RefCell::new(BytesMut::new());
}

/// Reads as much as there is, up to a gulp. Nothing: the end.
pub fn poll_read_buffer<R: AsyncRead + Unpin>(reader: &mut R, cx: &mut Context<'_>) -> Poll<io::Result<BytesMut>> {
    READ_BUFFER.with_borrow_mut(|buffer| {
        // Where pieces are still held the rest of the memory does, so that each of them does not hold a gulp.
        if !buffer.try_reclaim(READ_SIZE) && buffer.capacity() < LEAST {
            buffer.reserve(READ_SIZE);
        }
        ready!(poll_read_buf(Pin::new(reader), cx, buffer))?;
        Poll::Ready(Ok(buffer.split()))
    })
}
