//! Response bodies that write into the send buffer of their connection.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use wigwag_poll::SendProgress;

/// What [`WriteBody::poll_write`] produced.
#[derive(Debug)]
pub enum Written {
    /// The bytes it appended to the buffer.
    InPlace,
    /// Bytes that it held already. Anything it appended to the buffer is discarded.
    Chunk(Bytes),
    /// The trailers, which end the body. Anything it appended to the buffer is discarded.
    Trailers(HeaderMap),
}

/// The end of a send buffer, where a body appends its bytes. Does not allocate before the first of them.
#[derive(Debug)]
pub struct WriteBuf<'a> {
    out: &'a mut Vec<u8>,
    /// Bytes to reserve before the body's.
    prefix: usize,
    /// Where the body's bytes begin; `None` before the first [`append`](Self::append).
    start: Option<usize>,
    /// Bytes that may be sent now.
    limit: usize,
    /// What the kernel has taken of the connection's bytes, if the driver counts it.
    progress: Option<&'a Arc<SendProgress>>,
    /// The body has more to send than the limit admits.
    waiting: bool,
}

impl<'a> WriteBuf<'a> {
    /// Creates a buffer at the end of `out`. The first [`append`](Self::append) leaves space for `prefix` bytes, such as
    /// those of a frame header.
    pub fn new(out: &'a mut Vec<u8>, prefix: usize) -> Self {
        Self { out, prefix, start: None, limit: usize::MAX, progress: None, waiting: false }
    }

    /// Sets how many bytes may be sent now.
    #[must_use]
    pub fn with_limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    /// Sets the counts of the connection that the buffer belongs to.
    pub(crate) fn with_progress(mut self, progress: Option<&'a Arc<SendProgress>>) -> Self {
        self.progress = progress;
        self
    }

    /// Returns how many bytes may be appended: what the client's windows admit, at most a frame. A body that appends more
    /// has the rest kept in memory until the client has opened its windows. 0 while they are closed: the body is polled
    /// all the same, so that it can read its request, and may end with trailers.
    pub fn limit(&self) -> usize {
        self.limit.saturating_sub(self.len())
    }

    /// Notes that the body has more to send than [`limit`](Self::limit) admits. It is polled again when the client opens
    /// its windows, and its stream is reset if the client does not in time.
    pub fn note_waiting(&mut self) {
        self.waiting = true;
    }

    pub(crate) fn is_waiting(&self) -> bool {
        self.waiting
    }

    /// Returns the counts of the connection's byte stream; `None` if its driver does not count.
    pub fn progress(&self) -> Option<&'a Arc<SendProgress>> {
        self.progress
    }

    /// Returns the position in the connection's byte stream after what was appended so far.
    pub fn position(&self) -> u64 {
        self.progress.map_or(0, |progress| progress.put()) + self.out.len() as u64
    }

    /// Returns the number of bytes appended so far.
    pub fn len(&self) -> usize {
        self.start.map_or(0, |start| self.out.len().saturating_sub(start))
    }

    /// Returns whether nothing was appended.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns a vector with capacity for `len` more bytes. Append to it only: what it holds belongs to other streams.
    pub fn append(&mut self, len: usize) -> &mut Vec<u8> {
        if self.start.is_none() {
            // One allocation for both.
            self.out.reserve(self.prefix + len);
            self.out.resize(self.out.len() + self.prefix, 0);
            self.start = Some(self.out.len());
        }
        self.out.reserve(len);
        self.out
    }

    /// Reserves capacity for `len` more bytes.
    pub fn reserve(&mut self, len: usize) {
        self.out.reserve(len);
    }

    /// Returns where the prefix begins, if anything was appended.
    pub(crate) fn prefix(&self) -> Option<usize> {
        self.start.map(|start| start - self.prefix)
    }
}

/// The body of a response, with a way to write it without intermediate buffers.
///
/// A body that produces its bytes on demand overrides [`poll_write`](Self::poll_write) and appends them to the send buffer
/// of the connection, which saves an allocation and a copy. For any other body the default implementation sends the
/// chunks of [`Body::poll_frame`]; wrap a body of another crate in [`PlainBody`].
pub trait WriteBody: Body<Data = Bytes> {
    /// Polls for the next part of the body; `None` at its end. Up to 16 KiB, the size of a frame, are sent without a
    /// copy; more is split.
    ///
    /// # Errors
    ///
    /// An error resets the stream with INTERNAL_ERROR.
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut WriteBuf<'_>,
    ) -> Poll<Option<Result<Written, Self::Error>>> {
        let _ = buf;
        self.poll_frame(cx).map_ok(|frame| match frame.into_data() {
            Ok(data) => Written::Chunk(data),
            Err(frame) => frame.into_trailers().map_or(Written::Chunk(Bytes::new()), Written::Trailers),
        })
    }
}

/// Sends the chunks of any [`Body`] through the default implementation of [`WriteBody`].
#[derive(Debug)]
pub struct PlainBody<B>(pub B);

impl<B: Body<Data = Bytes> + Unpin> Body for PlainBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        Pin::new(&mut self.get_mut().0).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

impl<B: Body<Data = Bytes> + Unpin> WriteBody for PlainBody<B> {}
