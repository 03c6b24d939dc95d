//! The messages of `Signal` and `Listen`: frames of the client, and frames of the server.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_core::Stream;
use tonic::{
    Status,
    codegen::{Body as HttpBody, StdError},
};
use wigwag_http2::WriteBuf;
use wigwag_node::{
    connection::{Connection, Input},
    error::{ApiError, Code},
    frame::{FramePieces, OutFrame, TRANSPORT_LIMIT},
};
use wigwag_proto::v1::Advice;

use crate::api::grpc::{
    framing::{MessageError, MessagePieces, MessageSource, OutMessage, RequestMessages},
    status::to_status,
};

/// The frames in the body of a request. The item `None` reports that the stream failed. It is the last one, and so is an
/// input after which the start of the next message cannot be found.
pub struct RequestFrames<B> {
    messages: RequestMessages<B>,
    max_frame_bytes: usize,
}

impl<B> RequestFrames<B> {
    pub(super) fn new(body: B, max_frame_bytes: usize) -> Self {
        Self { messages: RequestMessages::new(body, TRANSPORT_LIMIT), max_frame_bytes }
    }
}

impl<B> Stream for RequestFrames<B>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    type Item = Option<Input>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let max_frame_bytes = self.max_frame_bytes;
        Pin::new(&mut self.messages).poll_next(cx).map(|message| match message? {
            Ok(message) => Some(Some(Input::decode(message, max_frame_bytes))),
            Err(error) => Some(unreadable(&error)),
        })
    }
}

fn unreadable<E>(error: &MessageError<E>) -> Option<Input> {
    Some(match error {
        MessageError::Body(_) => return None,
        MessageError::TooLarge { .. } => Input::Oversize,
        MessageError::Compressed => Input::Broken(compressed(error)),
        MessageError::Incomplete | MessageError::Missing | MessageError::Several => Input::Malformed,
    })
}

fn compressed<E>(error: &MessageError<E>) -> ApiError {
    ApiError::new(Code::Internal, "PROTOCOL", error.to_string()).advice(Advice::Stop)
}

/// Returns the status of a call whose only message cannot be read, with the details of this API's errors.
pub(super) fn unreadable_status<E: Into<StdError>>(error: MessageError<E>) -> Status {
    match error {
        MessageError::TooLarge { .. } => {
            to_status(&ApiError::new(Code::ResourceExhausted, "FRAME_TOO_LARGE", error.to_string()))
        }
        MessageError::Compressed => to_status(&compressed(&error)),
        other => other.into(),
    }
}

impl OutMessage for OutFrame {
    type Pieces = FramePieces;

    fn encoded_len(&self) -> usize {
        self.encoded_len()
    }

    fn encode(&self, out: &mut Vec<u8>) {
        self.encode(out);
    }

    fn into_pieces(self, prefix: &[u8]) -> FramePieces {
        FramePieces::new(self, prefix)
    }
}

impl MessagePieces for FramePieces {
    fn write(&mut self, out: &mut Vec<u8>, max: usize) -> bool {
        self.write(out, max)
    }
}

impl<I> MessageSource for Connection<I>
where
    I: Stream<Item = Option<Input>> + Unpin,
{
    type Message = OutFrame;
    type Error = ApiError;

    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<OutFrame, ApiError>>> {
        Pin::new(self).poll_next(cx)
    }

    fn status(error: ApiError) -> Status {
        to_status(&error)
    }

    fn poll_blocked(&mut self, cx: &mut Context<'_>, unwritten: bool) -> bool {
        self.poll_blocked(cx, unwritten)
    }

    fn has_unwritten(&self) -> bool {
        self.has_unwritten()
    }

    fn note_progress(&mut self) {
        Self::note_progress(self);
    }

    fn note_written(&mut self, unfinished: Option<&FramePieces>, buf: &WriteBuf<'_>) {
        let Some(progress) = buf.progress() else { return };
        // The number of the last numbered frame that is written as a whole.
        let whole = match unfinished {
            Some(pieces) if pieces.seq() > 0 => pieces.seq() - 1,
            _ => self.yielded(),
        };
        self.note_written(whole, buf.position(), progress);
    }

    fn note_all_written(&mut self) {
        self.note_all_written();
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt as _, StreamExt as _};
    use http_body_util::Full;

    use super::*;

    fn message(bytes: &[u8]) -> Vec<u8> {
        let len = u32::try_from(bytes.len()).expect("short");
        [&[0][..], &len.to_be_bytes(), bytes].concat()
    }

    /// Returns the numbers of the frames, or the kind of other inputs.
    fn read(bytes: Vec<u8>) -> Vec<String> {
        let name = |input: Option<Input>| match input {
            Some(Input::Frame(frame)) => frame.seq.to_string(),
            Some(Input::TooLarge(seq, _)) => format!("{seq} too large"),
            Some(Input::Oversize) => "oversize".to_owned(),
            Some(Input::Malformed) => "malformed".to_owned(),
            Some(Input::Broken(error)) => format!("{:?}", error.code),
            other => format!("{other:?}"),
        };
        let inputs = RequestFrames::new(Full::new(Bytes::from(bytes)), 100).map(name);
        inputs.collect().now_or_never().expect("nothing to wait for")
    }

    #[test]
    fn messages_are_decoded_as_frames() {
        // A frame with `seq` only, an empty one, and one over the limit with an unknown field of 120 bytes.
        let large = [&[8, 3, 0xfa, 1, 120][..], &[b'x'; 120]].concat();
        let stream = [message(&[8, 1]), message(&[]), message(&[8, 2]), message(&large), message(&[8, 4])].concat();
        assert_eq!(read(stream), ["1", "0", "2", "3 too large", "4"]);
    }

    #[test]
    fn what_is_no_message_ends_the_input() {
        assert_eq!(read([&[0][..], &(1 << 20 | 1_u32).to_be_bytes(), &message(&[8, 1])].concat()), ["oversize"]);
        assert_eq!(read([&[1, 0, 0, 0, 2, 8, 1][..], &message(&[8, 1])].concat()), ["Internal"]);
        assert_eq!(read(message(&[8, 1])[..6].to_vec()), ["malformed"]);
    }
}
