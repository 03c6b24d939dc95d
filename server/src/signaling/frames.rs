//! Frames in gRPC messages.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_core::Stream;
use prost::Message as _;
use tonic::Status;

use crate::{
    connection::{Connection, Input},
    wire::{OutFrame, RawClientFrame},
};

/// Reads one message as a frame.
pub(super) fn read(message: Bytes, max_frame_bytes: usize) -> Input {
    let too_large = message.len() > max_frame_bytes;
    match RawClientFrame::decode(message) {
        Ok(frame) if too_large => Input::TooLarge(frame.seq),
        Ok(frame) => Input::Frame(frame),
        Err(_) => Input::Malformed,
    }
}

/// What a connection writes, with its end as a status.
pub(super) struct FrameStream<I> {
    connection: Connection<I>,
}

impl<I> FrameStream<I> {
    pub(super) fn new(connection: Connection<I>) -> Self {
        Self { connection }
    }
}

impl<I> Stream for FrameStream<I>
where
    I: Stream<Item = Option<Input>> + Unpin,
{
    type Item = Result<OutFrame, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.connection).poll_next(cx).map(|item| Some(item?.map_err(|fault| fault.to_status())))
    }
}
