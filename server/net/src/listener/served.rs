//! Responses as a connection sends them: a service that panics loses its own request only, and a response that must not
//! have a body has none.

use std::{
    any::Any,
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
    thread::panicking,
};

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body::{Body, Frame, SizeHint};
use wigwag_http2::{WriteBody, WriteBuf, Written};

use super::{ListenerStats, ResponseBody, service::BoxError};

/// The body of a response.
pub(super) struct ServedBody<B> {
    content: Content<B>,
    stats: Arc<ListenerStats>,
}

enum Content<B> {
    /// That of the service.
    Service(B),
    /// One of this crate, unless it was sent already.
    Fixed(Bytes),
}

impl<B: ResponseBody> ServedBody<B> {
    /// Returns a response of this crate. `error` is for programs, `hint` for people, in the format of
    /// [`HttpError`](crate::http_error::HttpError).
    pub(super) fn error(status: StatusCode, error: &str, hint: &str, stats: &Arc<ListenerStats>) -> Response<Self> {
        let text = format!(r#"{{"error":"{error}","hint":"{hint}"}}"#);
        let mut response = Response::new(Self { content: Content::Fixed(text.into()), stats: stats.clone() });
        *response.status_mut() = status;
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    }

    /// Wraps a response of the service.
    pub(super) fn wrap(response: Response<B>, stats: &Arc<ListenerStats>) -> Response<Self> {
        response.map(|body| Self { content: Content::Service(body), stats: stats.clone() })
    }

    /// Removes the body of a response that must not have one: the response to HEAD, 204 and 304 (RFC 9110, sections 9.3.2,
    /// 15.3.5 and 15.4.5).
    pub(super) fn remove_if_forbidden(response: &mut Response<Self>, is_head: bool) {
        let no_content = response.status() == StatusCode::NO_CONTENT;
        if !is_head && !no_content && response.status() != StatusCode::NOT_MODIFIED {
            return;
        }
        if no_content {
            response.headers_mut().remove(header::CONTENT_LENGTH);
        } else if let Some(length) = response.body().size_hint().exact().filter(|length| is_head && *length > 0) {
            response.headers_mut().entry(header::CONTENT_LENGTH).or_insert_with(|| HeaderValue::from(length));
        }
        response.body_mut().content = Content::Fixed(Bytes::new());
    }

    /// Drops the service's body after a panic, and returns the error that ends the stream.
    fn panicked(&mut self) -> BoxError {
        report(&self.stats);
        let content = std::mem::replace(&mut self.content, Content::Fixed(Bytes::new()));
        // What is left of the body may panic once more.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(content)));
        PANICKED.into()
    }
}

const PANICKED: &str = "the service panicked";

impl<B: ResponseBody> Body for ServedBody<B> {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        match &mut this.content {
            Content::Service(body) => match catch_unwind(AssertUnwindSafe(|| Pin::new(body).poll_frame(cx))) {
                Ok(polled) => polled.map_err(Into::into),
                Err(_) => Poll::Ready(Some(Err(this.panicked()))),
            },
            Content::Fixed(bytes) if bytes.is_empty() => Poll::Ready(None),
            Content::Fixed(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.content {
            Content::Service(body) => body.is_end_stream(),
            Content::Fixed(bytes) => bytes.is_empty(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::Service(body) => body.size_hint(),
            Content::Fixed(bytes) => SizeHint::with_exact(bytes.len() as u64),
        }
    }
}

impl<B: ResponseBody> WriteBody for ServedBody<B> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut WriteBuf<'_>,
    ) -> Poll<Option<Result<Written, BoxError>>> {
        let this = self.get_mut();
        let Content::Service(body) = &mut this.content else {
            return Pin::new(this).poll_frame(cx).map_ok(|frame| Written::Chunk(frame.into_data().unwrap_or_default()));
        };
        match catch_unwind(AssertUnwindSafe(|| Pin::new(body).poll_write(cx, buf))) {
            Ok(polled) => polled.map_err(Into::into),
            Err(_) => Poll::Ready(Some(Err(this.panicked()))),
        }
    }
}

/// Runs the future of a response. A panic is counted, and `None`.
pub(super) async fn catch_panic<F: Future>(future: F, stats: &ListenerStats) -> Option<F::Output> {
    let mut future = pin!(future);
    let polled: Result<F::Output, Box<dyn Any + Send>> =
        poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
            Ok(polled) => polled.map(Ok),
            Err(panic) => Poll::Ready(Err(panic)),
        })
        .await;
    match polled {
        Ok(output) => Some(output),
        Err(_) => {
            report(stats);
            None
        }
    }
}

/// The error of a request whose service panicked.
pub(super) fn panic_error() -> BoxError {
    PANICKED.into()
}

/// Counts a panic that ends the task which owns this. Such a panic is not caught here: the runtime ends the task.
pub(crate) struct CountPanic(pub(crate) Arc<ListenerStats>);

impl Drop for CountPanic {
    fn drop(&mut self) {
        if panicking() {
            report(&self.0);
        }
    }
}

/// Counts and logs a panic. Where it happened was written by the panic hook.
fn report(stats: &ListenerStats) {
    stats.count_panic();
    tracing::error!("a request ended with a panic, which is a bug of the server; standard error says where");
}
