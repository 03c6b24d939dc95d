//! Splits the body of a request into messages, each after a prefix of five bytes: a flag for compression, and its length.
//!
//! Done here instead of by tonic, which copies every message and reserves the length that a prefix announces.

use std::{
    fmt,
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use futures_core::Stream;
use futures_util::StreamExt as _;
use tonic::{
    Code, Status,
    codegen::{Body as HttpBody, StdError},
};

/// Length of the prefix.
pub(super) const PREFIX: usize = 5;

/// The messages in the body of a request, still encoded. An error is the last item.
///
/// A message that arrived whole shares memory with the buffer it was received in.
#[derive(Debug)]
pub struct RequestMessages<B> {
    body: B,
    /// Received bytes that are not split yet. Shares memory with the buffer they were received in. Empty while waiting for
    /// more.
    chunk: Bytes,
    /// The start of a message whose rest is not received yet.
    partial: BytesMut,
    /// Length of the largest message that is accepted.
    limit: usize,
    ended: bool,
}

impl<B> RequestMessages<B> {
    /// Reads messages of at most `limit` bytes from `body`.
    pub fn new(body: B, limit: usize) -> Self {
        Self { body, chunk: Bytes::new(), partial: BytesMut::new(), limit, ended: false }
    }

    /// Splits off the next message, if it is received.
    fn next_message<E>(&mut self) -> Option<Result<Bytes, MessageError<E>>> {
        loop {
            if self.partial.is_empty() {
                let len = match message_len(&self.chunk, self.limit) {
                    Some(Ok(len)) => len,
                    Some(Err(error)) => return Some(self.fail(error)),
                    None => {
                        // Copied, since the rest may take long and a few bytes must not keep the whole buffer alive.
                        self.partial.put(std::mem::take(&mut self.chunk));
                        return None;
                    }
                };
                if self.chunk.len() >= PREFIX + len {
                    self.chunk.advance(PREFIX);
                    return Some(Ok(self.chunk.split_to(len)));
                }
            }
            // Incomplete: memory is used only for what was received.
            let missing = match message_len(&self.partial, self.limit) {
                None => PREFIX - self.partial.len(),
                Some(Ok(len)) => PREFIX + len - self.partial.len(),
                Some(Err(error)) => return Some(self.fail(error)),
            };
            let part = self.chunk.split_to(missing.min(self.chunk.len()));
            let complete = part.len() == missing && self.partial.len() >= PREFIX;
            self.partial.put(part);
            if complete || matches!(message_len::<E>(&self.partial, self.limit), Some(Ok(0))) {
                let mut message = std::mem::take(&mut self.partial);
                message.advance(PREFIX);
                return Some(Ok(message.freeze()));
            }
            if self.chunk.is_empty() {
                return None;
            }
        }
    }

    fn fail<E>(&mut self, error: MessageError<E>) -> Result<Bytes, MessageError<E>> {
        self.ended = true;
        Err(error)
    }
}

impl<B> Stream for RequestMessages<B>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    type Item = Result<Bytes, MessageError<B::Error>>;

    #[inline]
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            if this.ended {
                return Poll::Ready(None);
            }
            if !this.chunk.is_empty()
                && let Some(message) = this.next_message()
            {
                return Poll::Ready(Some(message));
            }
            match Pin::new(&mut this.body).poll_frame(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(Ok(frame))) => {
                    // Trailers of requests are ignored.
                    let Ok(data) = frame.into_data() else { continue };
                    this.chunk = data;
                }
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(this.fail(MessageError::Body(error)))),
                Poll::Ready(None) => {
                    this.ended = true;
                    return Poll::Ready((!this.partial.is_empty()).then_some(Err(MessageError::Incomplete)));
                }
            }
        }
    }
}

/// Why a message cannot be read. Converts to the [`Status`] that gRPC's specifications ask for, with [`fmt::Display`] as its
/// message.
#[derive(Debug)]
pub enum MessageError<E> {
    /// The body failed: the client or the network ended it. If the error holds a status, it is the status of the call.
    Body(E),
    /// The body ended within a message.
    Incomplete,
    /// The message is larger than the limit.
    TooLarge {
        /// Its length.
        len: usize,
        /// Length of the largest message that is accepted.
        limit: usize,
    },
    /// The message is compressed.
    Compressed,
    /// The request of a method that takes one message has none.
    Missing,
    /// The request of a method that takes one message has more.
    Several,
}

impl<E> fmt::Display for MessageError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Body(_) => "the request ended before its message was complete",
            Self::Incomplete => "the request ended within a message: send as many bytes as its prefix says",
            Self::TooLarge { len, limit } => {
                return write!(f, "the message has {len} bytes, the limit is {limit}: send a smaller message");
            }
            Self::Compressed => {
                "a message has the compressed flag, but the call has no grpc-encoding: send messages uncompressed"
            }
            Self::Missing => "this method takes one message, and the request has none: send one",
            Self::Several => "this method takes one message: end the request after it",
        })
    }
}

impl<E: Into<StdError>> From<MessageError<E>> for Status {
    fn from(error: MessageError<E>) -> Self {
        let text = error.to_string();
        match error {
            MessageError::Body(error) => Self::try_from_error(error.into()).unwrap_or_else(|_| Self::cancelled(text)),
            // compression.md: INTERNAL for a message that is compressed although the call is not.
            MessageError::Incomplete | MessageError::Compressed => Self::new(Code::Internal, text),
            MessageError::TooLarge { .. } => Self::new(Code::ResourceExhausted, text),
            // statuscodes.md: "Request cardinality violation".
            MessageError::Missing | MessageError::Several => Self::new(Code::Unimplemented, text),
        }
    }
}

/// Returns the length in a message's prefix, once the prefix is received, or why no more messages can be read.
fn message_len<E>(bytes: &[u8], limit: usize) -> Option<Result<usize, MessageError<E>>> {
    let [compressed, a, b, c, d, ..] = *bytes else { return None };
    let len = u32::from_be_bytes([a, b, c, d]) as usize;
    Some(match compressed {
        0 if len <= limit => Ok(len),
        0 => Err(MessageError::TooLarge { len, limit }),
        // A call that declares a compression does not get here.
        _ => Err(MessageError::Compressed),
    })
}

/// Reads the message of a method that takes one.
///
/// # Errors
///
/// [`MessageError`] as soon as the request cannot be one message of at most `limit` bytes.
pub async fn only_message<B>(body: B, limit: usize) -> Result<Bytes, MessageError<B::Error>>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    let mut messages = RequestMessages::new(body, limit);
    let message = messages.next().await.unwrap_or(Err(MessageError::Missing))?;
    let RequestMessages { mut body, mut chunk, .. } = messages;
    while chunk.is_empty() {
        let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await else { return Ok(message) };
        chunk = frame.map_err(MessageError::Body)?.into_data().unwrap_or_default();
    }
    Err(MessageError::Several)
}

#[cfg(test)]
mod tests {
    use std::{collections::VecDeque, convert::Infallible};

    use futures_util::FutureExt as _;
    use http_body::Frame;

    use super::*;

    /// A body that yields these chunks.
    struct Chunks(VecDeque<Bytes>);

    impl Chunks {
        fn new(bytes: &[u8], size: usize) -> Self {
            Self(bytes.chunks(size).map(Bytes::copy_from_slice).collect())
        }
    }

    impl HttpBody for Chunks {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
            Poll::Ready(self.0.pop_front().map(|chunk| Ok(Frame::data(chunk))))
        }
    }

    fn message(text: &str) -> Vec<u8> {
        let len = u32::try_from(text.len()).expect("short");
        [&[0][..], &len.to_be_bytes(), text.as_bytes()].concat()
    }

    fn name(message: Result<Bytes, MessageError<Infallible>>) -> String {
        match message {
            Ok(message) => String::from_utf8_lossy(&message).into(),
            Err(error) => format!("{:?}", Status::from(error).code()),
        }
    }

    /// Reads bytes that are received in chunks of `size`. Returns the messages, and the code of an error.
    fn read(bytes: &[u8], size: usize) -> Vec<String> {
        let messages = RequestMessages::new(Chunks::new(bytes, size), 100).map(name);
        messages.collect().now_or_never().expect("nothing to wait for")
    }

    fn read_one(bytes: &[u8], size: usize) -> String {
        name(only_message(Chunks::new(bytes, size), 100).now_or_never().expect("nothing to wait for"))
    }

    #[test]
    fn messages_are_read_from_chunks_of_any_size() {
        let long = "x".repeat(100);
        let stream = [message("a"), message(""), message("bc"), message(&long), message("d")].concat();
        for size in 1..=stream.len() {
            assert_eq!(read(&stream, size), ["a", "", "bc", &long, "d"], "in chunks of {size}");
        }
    }

    #[test]
    fn nothing_is_read_after_an_invalid_prefix() {
        let long = [&[0][..], &101_u32.to_be_bytes(), &message("a")].concat();
        let compressed = [&[1, 0, 0, 0, 1, b'a'][..], &message("a")].concat();
        let half = &message("a")[..5];
        for size in [1, 3, 100] {
            assert_eq!(read(&long, size), ["ResourceExhausted"]);
            assert_eq!(read(&compressed, size), ["Internal"]);
            assert_eq!(read(half, size), ["Internal"]);
        }
    }

    #[test]
    fn a_request_of_one_message_has_neither_less_nor_more() {
        let several = [message("a"), message("b")].concat();
        for size in [1, 3, 100] {
            assert_eq!(read_one(&message("a"), size), "a");
            assert_eq!(read_one(&message(""), size), "");
            assert_eq!(read_one(b"", size), "Unimplemented");
            assert_eq!(read_one(&several, size), "Unimplemented");
            assert_eq!(read_one(&several[..7], size), "Unimplemented");
            assert_eq!(read_one(&several[..4], size), "Internal");
            assert_eq!(read_one(&message(&"x".repeat(101)), size), "ResourceExhausted");
        }
    }
}
