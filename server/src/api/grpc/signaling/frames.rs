//! The frames of a connection as the response stream of a tonic method.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::Stream;
use tonic::Status;
use wigwag_node::{
    connection::{Connection, Input},
    frame::OutFrame,
};

use crate::api::grpc::status::to_status;

/// The frames that a connection writes; an error becomes the status that ends the stream.
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
        Pin::new(&mut self.connection).poll_next(cx).map(|item| Some(item?.map_err(|error| to_status(&error))))
    }
}
