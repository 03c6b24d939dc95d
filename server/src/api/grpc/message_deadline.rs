//! How long a call waits for its only message.

use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Sleep, sleep};
use tonic::Status;

use super::signaling::SIGNAL;

/// The calls of server reflection, whose messages form a stream.
const REFLECTION: &str = "/grpc.reflection.";

/// Makes calls with one request message, over gRPC and gRPC-Web, fail with DEADLINE_EXCEEDED unless the whole message
/// arrives in time. Without it a client could hold as many unfinished calls as it may open streams for as long as its
/// connection lasts.
pub fn with_message_deadline(services: Router, timeout: Duration) -> Router {
    services.route_layer(from_fn_with_state(timeout, expect_message))
}

async fn expect_message(State(timeout): State<Duration>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_stream = path == SIGNAL || path.starts_with(REFLECTION);
    let request = if is_stream {
        request
    } else {
        request.map(|body| Body::new(MessageBody { body, timeout, timer: None, ended: false }))
    };
    next.run(request).await
}

/// The body of a request that must be complete within `timeout`.
struct MessageBody {
    body: Body,
    timeout: Duration,
    /// Set when the body is first waited for: most arrive with their request.
    timer: Option<Pin<Box<Sleep>>>,
    ended: bool,
}

impl HttpBody for MessageBody {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        if this.ended {
            return Poll::Ready(None);
        }
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(cx) {
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let timeout = this.timeout;
        ready!(this.timer.get_or_insert_with(|| Box::pin(sleep(timeout))).as_mut().poll(cx));
        this.ended = true;
        let text = format!("the message of the call did not arrive within {} ms: send it at once", timeout.as_millis());
        Poll::Ready(Some(Err(Status::deadline_exceeded(text).into())))
    }

    fn is_end_stream(&self) -> bool {
        self.ended || self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
