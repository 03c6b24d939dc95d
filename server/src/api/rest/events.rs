//! `GET /v1/rooms:watch`: the watch as server-sent events.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, Response, header},
};
use futures_core::Stream;
use wigwag_proto::v1::WatchRoomsResponse;

use super::error;
use wigwag_node::{error::ApiError, rooms::RoomEvents};

/// One `message` event per `WatchRoomsResponse`. What ends the watch comes as an event `status`; an `EventSource` then
/// connects again by itself and gets everything anew.
pub(super) fn stream(events: RoomEvents) -> Response<Body> {
    let mut response = Response::new(Body::from_stream(ServerSent(events)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store, no-transform"));
    // nginx would hold the stream back until it ends.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

struct ServerSent(RoomEvents);

impl Stream for ServerSent {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.0).poll_next(cx).map(|item| Some(Ok(event(item?))))
    }
}

fn event(item: Result<WatchRoomsResponse, ApiError>) -> Bytes {
    // JSON holds no line breaks of its own: one line of data is enough.
    let text = match item {
        Ok(event) => match serde_json::to_string(&event) {
            Ok(json) => format!("data: {json}\n\n"),
            Err(error) => {
                tracing::error!(%error, "a room event could not be written as JSON");
                String::new()
            }
        },
        Err(error) => format!("event: status\ndata: {}\n\n", error::body(&error)),
    };
    text.into()
}
