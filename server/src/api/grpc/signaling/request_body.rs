//! Decodes a stream of gRPC messages into frames: length-prefixed messages with a prefix of five bytes.
//!
//! Done here instead of by tonic, which copies every message and reserves the length that a prefix announces.

use std::{
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use futures_core::Stream;
use prost::Message;
use tonic::{
    Status,
    codegen::{Body as HttpBody, StdError},
};
use wigwag_node::{
    connection::Input,
    error::{ApiError, Code},
    frame::TRANSPORT_LIMIT,
};
use wigwag_proto::v1::Advice;

use crate::api::grpc::status::to_status;

/// Length of the prefix: a flag for compression, and the length of the message.
pub(super) const PREFIX: usize = 5;

/// The frames in the body of a request. The item `None` reports that the stream failed. It is the last one, and so is an
/// input after which the start of the next message cannot be found.
pub(crate) struct RequestFrames<B> {
    body: B,
    /// Received bytes that are not decoded yet. Shares memory with the buffer they were received in. Empty while waiting for
    /// more.
    chunk: Bytes,
    /// The start of a message whose rest is not received yet.
    partial: BytesMut,
    max_frame_bytes: usize,
    ended: bool,
}

impl<B> RequestFrames<B> {
    pub(super) fn new(body: B, max_frame_bytes: usize) -> Self {
        Self { body, chunk: Bytes::new(), partial: BytesMut::new(), max_frame_bytes, ended: false }
    }

    /// Decodes the next message, if it is received.
    fn next_input(&mut self) -> Option<Input> {
        loop {
            if self.partial.is_empty() {
                let len = match message_len(&self.chunk) {
                    Some(Ok(len)) => len,
                    Some(Err(input)) => return Some(self.end(input)),
                    None => {
                        // Copied, since the rest may take long and a few bytes must not keep the whole buffer alive.
                        self.partial.put(std::mem::take(&mut self.chunk));
                        return None;
                    }
                };
                if self.chunk.len() >= PREFIX + len {
                    self.chunk.advance(PREFIX);
                    let message = self.chunk.split_to(len);
                    return Some(Input::decode(message, self.max_frame_bytes));
                }
            }
            // Incomplete: memory is used only for what was received.
            let missing = match message_len(&self.partial) {
                None => PREFIX - self.partial.len(),
                Some(Ok(len)) => PREFIX + len - self.partial.len(),
                Some(Err(input)) => return Some(self.end(input)),
            };
            let part = self.chunk.split_to(missing.min(self.chunk.len()));
            let complete = part.len() == missing && self.partial.len() >= PREFIX;
            self.partial.put(part);
            if complete || matches!(message_len(&self.partial), Some(Ok(0))) {
                let mut message = std::mem::take(&mut self.partial);
                message.advance(PREFIX);
                return Some(Input::decode(message.freeze(), self.max_frame_bytes));
            }
            if self.chunk.is_empty() {
                return None;
            }
        }
    }

    fn end(&mut self, input: Input) -> Input {
        self.ended = true;
        input
    }
}

/// gRPC's compression.md asks for INTERNAL.
const COMPRESSED: &str =
    "a message has the compressed flag, but the call has no grpc-encoding: send messages uncompressed";

/// Returns the length in a message's prefix, once the prefix is received, or why no more messages can be read.
fn message_len(bytes: &[u8]) -> Option<Result<usize, Input>> {
    let [compressed, a, b, c, d, ..] = *bytes else { return None };
    let len = u32::from_be_bytes([a, b, c, d]) as usize;
    Some(match compressed {
        0 if len <= TRANSPORT_LIMIT => Ok(len),
        0 => Err(Input::Oversize),
        // A call that declares a compression does not get here.
        _ => Err(Input::Broken(ApiError::new(Code::Internal, "PROTOCOL", COMPRESSED).advice(Advice::Stop))),
    })
}

/// Reads the one message of a request.
///
/// # Errors
///
/// The status of a call that is not as gRPC's specification asks.
pub(super) async fn read_message<M: Message + Default>(
    mut body: impl HttpBody<Data = Bytes, Error: Into<StdError>> + Unpin,
) -> Result<M, Status> {
    let mut bytes = BytesMut::new();
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        let frame = frame.map_err(|error| {
            Status::try_from_error(error.into())
                .unwrap_or_else(|_| Status::cancelled("the request ended before its message was complete"))
        })?;
        let Ok(data) = frame.into_data() else { continue };
        bytes.extend_from_slice(&data);
        match message_len(&bytes) {
            Some(Ok(len)) if bytes.len() > PREFIX + len => {
                return Err(Status::unimplemented("this method takes one message: end the request after it"));
            }
            None | Some(Ok(_)) => {}
            Some(Err(Input::Broken(error))) => return Err(to_status(&error)),
            Some(Err(_)) => {
                let len = bytes.get(1..PREFIX).and_then(|len| len.try_into().ok()).map_or(0, u32::from_be_bytes);
                let text =
                    format!("the message has {len} bytes, the limit is {TRANSPORT_LIMIT}: send a smaller message");
                return Err(to_status(&ApiError::new(Code::ResourceExhausted, "FRAME_TOO_LARGE", text)));
            }
        }
    }
    match message_len(&bytes) {
        Some(Ok(len)) if bytes.len() == PREFIX + len => {
            M::decode(&bytes[PREFIX..]).map_err(|error| Status::internal(error.to_string()))
        }
        _ => Err(Status::internal("the request has no message, or only a part of it")),
    }
}

impl<B> Stream for RequestFrames<B>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    type Item = Option<Input>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            if this.ended {
                return Poll::Ready(None);
            }
            if !this.chunk.is_empty()
                && let Some(input) = this.next_input()
            {
                return Poll::Ready(Some(Some(input)));
            }
            match Pin::new(&mut this.body).poll_frame(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(Ok(frame))) => {
                    // Trailers of requests are ignored.
                    let Ok(data) = frame.into_data() else { continue };
                    this.chunk = data;
                }
                Poll::Ready(Some(Err(_))) => {
                    this.ended = true;
                    return Poll::Ready(Some(None));
                }
                Poll::Ready(None) => {
                    this.ended = true;
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

    /// A body that yields these chunks.
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

    /// Decodes bytes that are received in chunks of `size`. Returns the numbers of the frames, or the kind of other inputs.
    fn read(bytes: &[u8], size: usize) -> Vec<String> {
        let body = Chunks(bytes.chunks(size).map(Bytes::copy_from_slice).collect());
        let inputs = RequestFrames::new(body, 100).collect::<Vec<_>>().now_or_never().expect("nothing to wait for");
        let name = |input: Option<Input>| match input {
            Some(Input::Frame(frame)) => frame.seq.to_string(),
            Some(Input::TooLarge(seq)) => format!("{seq} too large"),
            Some(Input::Oversize) => "oversize".to_owned(),
            Some(Input::Malformed) => "malformed".to_owned(),
            Some(Input::Broken(error)) => format!("{:?}", error.code),
            other => format!("{other:?}"),
        };
        inputs.into_iter().map(name).collect()
    }

    #[test]
    fn messages_are_decoded_from_chunks_of_any_size() {
        // A frame with `seq` only, an empty one, and one over the limit with an unknown field of 120 bytes.
        let large = [&[8, 3, 0xfa, 1, 120][..], &[b'x'; 120]].concat();
        let stream = [message(&[8, 1]), message(&[]), message(&[8, 2]), message(&large), message(&[8, 4])].concat();
        for size in 1..=stream.len() {
            assert_eq!(read(&stream, size), ["1", "0", "2", "3 too large", "4"], "in chunks of {size}");
        }
    }

    #[test]
    fn nothing_is_decoded_after_an_invalid_prefix() {
        let long = [&[0][..], &(1 << 20 | 1_u32).to_be_bytes(), &message(&[8, 1])].concat();
        let compressed = [&[1, 0, 0, 0, 2, 8, 1][..], &message(&[8, 1])].concat();
        let half = &message(&[8, 1])[..6];
        for size in [1, 3, 100] {
            assert_eq!(read(&long, size), ["oversize"]);
            assert_eq!(read(&compressed, size), ["Internal"]);
            assert_eq!(read(half, size), ["malformed"]);
        }
    }
}
