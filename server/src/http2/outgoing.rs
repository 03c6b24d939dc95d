//! Response bodies that write themselves.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::HeaderMap;
use http_body::Body;

/// What a body gave.
#[derive(Debug)]
pub enum Written {
    /// It appended bytes.
    Here,
    /// Bytes it held already; nothing was appended.
    Chunk(Bytes),
    /// The trailers, which are its end; nothing was appended.
    Trailers(HeaderMap),
}

/// A response's body. One that makes its bytes only when they are asked for appends them to what is about to be sent,
/// which saves a buffer and a copy; any other need only be named here.
pub trait Outgoing: Body<Data = Bytes> {
    /// Gives what is ready: at best what fits into one frame of 16 KiB. `None` at the end. Nothing is appended unless it
    /// says so.
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut Vec<u8>,
    ) -> Poll<Option<Result<Written, Self::Error>>> {
        let _ = out;
        self.poll_frame(cx).map_ok(|frame| match frame.into_data() {
            Ok(data) => Written::Chunk(data),
            Err(frame) => frame.into_trailers().map_or(Written::Chunk(Bytes::new()), Written::Trailers),
        })
    }
}

impl Outgoing for axum::body::Body {}
