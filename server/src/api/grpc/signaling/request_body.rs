//! What a client streams up: gRPC messages, each behind five bytes that tell its length.
//!
//! Read here rather than by tonic, whose reader copies every message and reserves what a length announces.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use futures_core::Stream;
use tonic::codegen::Body as HttpBody;

use wigwag_node::{connection::Input, frame::TRANSPORT_LIMIT};

/// Bytes before a message: whether it is compressed, and its length.
pub(super) const HEAD: usize = 5;

/// The frames in a request's body. An item `None` says that the stream broke; nothing follows it, nor a frame after which
/// no beginning of another can be found.
pub(crate) struct RequestFrames<B> {
    body: B,
    /// What has come and was not taken: whole messages, and what there is of the next. Shares memory with all that came.
    /// Empty while more is waited for.
    chunk: Bytes,
    /// The beginning of a message the rest of which is on its way.
    partial: BytesMut,
    max_frame_bytes: usize,
    over: bool,
}

impl<B> RequestFrames<B> {
    pub(super) fn new(body: B, max_frame_bytes: usize) -> Self {
        Self { body, chunk: Bytes::new(), partial: BytesMut::new(), max_frame_bytes, over: false }
    }

    /// The next message of what has come.
    fn take(&mut self) -> Option<Input> {
        loop {
            if self.partial.is_empty() {
                let len = match announced(&self.chunk) {
                    Some(Ok(len)) => len,
                    Some(Err(input)) => return Some(self.end(input)),
                    None => {
                        // It may be long until the rest comes, and a few bytes must not hold all they came with.
                        self.partial.put(std::mem::take(&mut self.chunk));
                        return None;
                    }
                };
                if self.chunk.len() >= HEAD + len {
                    self.chunk.advance(HEAD);
                    let message = self.chunk.split_to(len);
                    return Some(Input::decode(message, self.max_frame_bytes));
                }
            }
            // Not whole yet: only as much as has come is held.
            let wanted = match announced(&self.partial) {
                None => HEAD - self.partial.len(),
                Some(Ok(len)) => HEAD + len - self.partial.len(),
                Some(Err(input)) => return Some(self.end(input)),
            };
            let part = self.chunk.split_to(wanted.min(self.chunk.len()));
            let whole = part.len() == wanted && self.partial.len() >= HEAD;
            self.partial.put(part);
            if whole || matches!(announced(&self.partial), Some(Ok(0))) {
                let mut message = std::mem::take(&mut self.partial);
                message.advance(HEAD);
                return Some(Input::decode(message.freeze(), self.max_frame_bytes));
            }
            if self.chunk.is_empty() {
                return None;
            }
        }
    }

    fn end(&mut self, input: Input) -> Input {
        self.over = true;
        input
    }
}

/// The length a message's head announces, once the head is there; or why nothing can be read any more.
fn announced(bytes: &[u8]) -> Option<Result<usize, Input>> {
    let [compressed, a, b, c, d, ..] = *bytes else { return None };
    let len = u32::from_be_bytes([a, b, c, d]) as usize;
    Some(match compressed {
        0 if len <= TRANSPORT_LIMIT => Ok(len),
        0 => Err(Input::Oversize),
        // There was no agreement about compression.
        _ => Err(Input::Malformed),
    })
}

impl<B> Stream for RequestFrames<B>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    type Item = Option<Input>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            if this.over {
                return Poll::Ready(None);
            }
            if !this.chunk.is_empty()
                && let Some(input) = this.take()
            {
                return Poll::Ready(Some(Some(input)));
            }
            match Pin::new(&mut this.body).poll_frame(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(Ok(frame))) => {
                    // Trailers say nothing here.
                    let Ok(data) = frame.into_data() else { continue };
                    this.chunk = data;
                }
                Poll::Ready(Some(Err(_))) => {
                    this.over = true;
                    return Poll::Ready(Some(None));
                }
                Poll::Ready(None) => {
                    this.over = true;
                    return Poll::Ready((!this.partial.is_empty()).then_some(Some(Input::Malformed)));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use futures_util::{FutureExt as _, StreamExt as _};
    use http_body::Frame;

    use super::*;

    /// A body of these chunks.
    struct Chunks(VecDeque<Bytes>);

    impl HttpBody for Chunks {
        type Data = Bytes;
        type Error = std::convert::Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
            Poll::Ready(self.0.pop_front().map(|chunk| Ok(Frame::data(chunk))))
        }
    }

    fn message(bytes: &[u8]) -> Vec<u8> {
        let len = u32::try_from(bytes.len()).expect("short");
        [&[0][..], &len.to_be_bytes(), bytes].concat()
    }

    /// What comes of these bytes when they come in chunks of `size`: the frames' numbers, or what else it is.
    fn read(bytes: &[u8], size: usize) -> Vec<String> {
        let body = Chunks(bytes.chunks(size).map(Bytes::copy_from_slice).collect());
        let inputs = RequestFrames::new(body, 100).collect::<Vec<_>>().now_or_never().expect("nothing to wait for");
        let name = |input: Option<Input>| match input {
            Some(Input::Frame(frame)) => frame.seq.to_string(),
            Some(Input::TooLarge(seq)) => format!("{seq} too large"),
            Some(Input::Oversize) => "oversize".to_owned(),
            Some(Input::Malformed) => "malformed".to_owned(),
            other => format!("{other:?}"),
        };
        inputs.into_iter().map(name).collect()
    }

    #[test]
    fn messages_are_found_however_they_are_cut() {
        // `seq` as the only field, nothing at all, and a frame over the limit with an unknown field of 120 bytes.
        let large = [&[8, 3, 0xfa, 1, 120][..], &[b'x'; 120]].concat();
        let stream = [message(&[8, 1]), message(&[]), message(&[8, 2]), message(&large), message(&[8, 4])].concat();
        for size in 1..=stream.len() {
            assert_eq!(read(&stream, size), ["1", "0", "2", "3 too large", "4"], "in chunks of {size}");
        }
    }

    #[test]
    fn nothing_is_read_behind_what_cannot_be() {
        let long = [&[0][..], &(1 << 20 | 1_u32).to_be_bytes(), &message(&[8, 1])].concat();
        let compressed = [&[1, 0, 0, 0, 2, 8, 1][..], &message(&[8, 1])].concat();
        let half = &message(&[8, 1])[..6];
        for size in [1, 3, 100] {
            assert_eq!(read(&long, size), ["oversize"]);
            assert_eq!(read(&compressed, size), ["malformed"]);
            assert_eq!(read(half, size), ["malformed"]);
        }
    }
}
