//! Response bodies that write themselves.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};

/// What a body gave.
#[derive(Debug)]
pub enum Written {
    /// It wrote on the buf.
    InPlace,
    /// Bytes it held already; it wrote nothing.
    Chunk(Bytes),
    /// The trailers, which are its end; it wrote nothing.
    Trailers(HeaderMap),
}

/// A place among the bytes that are about to be sent. Takes no memory until it is written on.
#[derive(Debug)]
pub struct WriteBuf<'a> {
    out: &'a mut Vec<u8>,
    /// Bytes to be left free before the buf.
    prefix: usize,
    start: Option<usize>,
}

impl<'a> WriteBuf<'a> {
    /// A buf at the end of `out`, behind `prefix` bytes.
    pub fn new(out: &'a mut Vec<u8>, prefix: usize) -> Self {
        Self { out, prefix, start: None }
    }

    /// Bytes written.
    pub fn len(&self) -> usize {
        self.start.map_or(0, |start| self.out.len() - start)
    }

    /// Nothing is written.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What to append `len` bytes to, with memory for all of them. What is there must be left alone.
    pub fn append(&mut self, len: usize) -> &mut Vec<u8> {
        if self.start.is_none() {
            // What is needed in one go.
            self.out.reserve(self.prefix + len);
            self.out.resize(self.out.len() + self.prefix, 0);
            self.start = Some(self.out.len());
        }
        self.out.reserve(len);
        self.out
    }

    /// Makes sure of memory for `len` bytes more.
    pub fn reserve(&mut self, len: usize) {
        self.out.reserve(len);
    }

    /// Where the prefix begins, if anything was written behind it.
    pub(crate) fn prefix(&self) -> Option<usize> {
        self.start.map(|start| start - self.prefix)
    }
}

/// A response's body. One that makes its bytes only when they are asked for writes them among those that are about to be
/// sent, which saves a buffer and a copy; any other need only be named here.
pub trait WriteBody: Body<Data = Bytes> {
    /// Gives what is ready: at best what fits into one frame of 16 KiB. `None` at the end.
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

/// Any body, sent as it is: it hands over the chunks it holds and writes nothing itself.
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
