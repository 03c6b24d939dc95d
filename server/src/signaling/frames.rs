//! A connection as tonic's streams.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::Stream;
use tonic::{Code, Status, Streaming};

use crate::{
    connection::{Connection, Input},
    wire::OutFrame,
};

/// What a client streams up. `None` inside: the stream broke.
pub(super) struct Inbound {
    streaming: Streaming<Input>,
}

impl Inbound {
    pub(super) fn new(streaming: Streaming<Input>) -> Self {
        Self { streaming }
    }
}

impl Stream for Inbound {
    type Item = Option<Input>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.streaming).poll_next(cx).map(|item| match item? {
            Ok(input) => Some(Some(input)),
            // The transport reads no further after either.
            Err(status) => match status.code() {
                Code::OutOfRange | Code::ResourceExhausted => Some(Some(Input::Oversize)),
                Code::Internal | Code::Unimplemented => Some(Some(Input::Malformed)),
                _ => Some(None),
            },
        })
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
