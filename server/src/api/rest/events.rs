//! `GET /v1/rooms:watch`: `WatchRooms` as server-sent events.

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
use wigwag_node::{error::ApiError, rooms::RoomEvents};
use wigwag_proto::v1::WatchRoomsResponse;

use super::error;

/// Returns a stream with one `message` event per `WatchRoomsResponse`. An error ends it with a `status` event; an
/// `EventSource` then reconnects and receives all rooms again.
pub(super) fn stream(events: RoomEvents) -> Response<Body> {
    let mut response = Response::new(Body::from_stream(ServerSent(events.in_json())));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store, no-transform"));
    // Without this header nginx buffers a stream until it ends.
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
    // `serde_json` writes no line breaks, so that one `data` line is enough.
    let text = match item {
        Ok(event) => match serde_json::to_string(&event) {
            Ok(json) => format!("data: {json}\n\n"),
            Err(error) => {
                tracing::error!(%error, "cannot write a room event as JSON");
                String::new()
            }
        },
        Err(error) => format!("event: status\ndata: {}\n\n", error::body(&error)),
    };
    text.into()
}
