//! Response bodies that write themselves.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::HeaderMap;
use http_body::Body;

/// What a body gave.
#[derive(Debug)]
pub enum Written {
    /// It wrote on the page.
    Here,
    /// Bytes it held already; it wrote nothing.
    Chunk(Bytes),
    /// The trailers, which are its end; it wrote nothing.
    Trailers(HeaderMap),
}

/// A place among the bytes that are about to be sent. Takes no memory until it is written on.
#[derive(Debug)]
pub struct Page<'a> {
    out: &'a mut Vec<u8>,
    /// Bytes to be left free before the page.
    lead: usize,
    start: Option<usize>,
}

impl<'a> Page<'a> {
    /// A page at the end of `out`, behind `lead` bytes.
    pub(crate) fn new(out: &'a mut Vec<u8>, lead: usize) -> Self {
        Self { out, lead, start: None }
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
            self.out.reserve(self.lead + len);
            self.out.resize(self.out.len() + self.lead, 0);
            self.start = Some(self.out.len());
        }
        self.out.reserve(len);
        self.out
    }

    /// Makes sure of memory for `len` bytes more.
    pub fn reserve(&mut self, len: usize) {
        self.out.reserve(len);
    }

    /// Where the lead begins, if anything was written behind it.
    pub(crate) fn lead(&self) -> Option<usize> {
        self.start.map(|start| start - self.lead)
    }
}

/// A response's body. One that makes its bytes only when they are asked for writes them among those that are about to be
/// sent, which saves a buffer and a copy; any other need only be named here.
pub trait Outgoing: Body<Data = Bytes> {
    /// Gives what is ready: at best what fits into one frame of 16 KiB. `None` at the end.
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        page: &mut Page<'_>,
    ) -> Poll<Option<Result<Written, Self::Error>>> {
        let _ = page;
        self.poll_frame(cx).map_ok(|frame| match frame.into_data() {
            Ok(data) => Written::Chunk(data),
            Err(frame) => frame.into_trailers().map_or(Written::Chunk(Bytes::new()), Written::Trailers),
        })
    }
}

impl Outgoing for axum::body::Body {}
