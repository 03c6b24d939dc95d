//! `grpc-timeout`: ends a call whose deadline has passed (gRPC over HTTP/2).
//!
//! A client ends its call itself at its deadline. One that cannot, since it is stuck or its network is gone, would
//! otherwise keep a stream for as long as the connection lives.

use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use http_body::Frame;
use tokio::time::{Instant, Sleep, sleep_until, timeout_at};
use tonic::Status;

/// The header that holds the time a call may take.
pub(super) const TIMEOUT: &str = "grpc-timeout";

/// Ends a call with DEADLINE_EXCEEDED once the time in its `grpc-timeout` has passed. A malformed one is INTERNAL, as in
/// other implementations.
pub(super) async fn keep(request: Request, next: Next) -> Response {
    let Some(text) = request.headers().get(TIMEOUT) else { return next.run(request).await };
    let Some(timeout) = parse(text.as_bytes()) else {
        return Status::internal("grpc-timeout is malformed: send up to eight digits and one of H, M, S, m, u, n")
            .into_http();
    };
    // One beyond the range of the clock never passes.
    let Some(deadline) = Instant::now().checked_add(timeout) else { return next.run(request).await };
    match timeout_at(deadline, next.run(request)).await {
        Ok(response) => response
            .map(|inner| Body::new(DeadlineBody { inner, sleep: Box::pin(sleep_until(deadline)), ended: false })),
        Err(_) => exceeded().into_http(),
    }
}

fn exceeded() -> Status {
    Status::deadline_exceeded(
        "the deadline of the call has passed: call again, with a longer one if the call is a stream",
    )
}

/// Parses one to eight digits and a unit.
fn parse(text: &[u8]) -> Option<Duration> {
    let (unit, digits) = text.split_last()?;
    if digits.is_empty() || digits.len() > 8 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number: u64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    Some(match unit {
        b'H' => Duration::from_secs(number * 3_600),
        b'M' => Duration::from_secs(number * 60),
        b'S' => Duration::from_secs(number),
        b'm' => Duration::from_millis(number),
        b'u' => Duration::from_micros(number),
        b'n' => Duration::from_nanos(number),
        _ => return None,
    })
}

/// A response that ends with DEADLINE_EXCEEDED at its deadline.
struct DeadlineBody {
    inner: Body,
    sleep: Pin<Box<Sleep>>,
    ended: bool,
}

impl HttpBody for DeadlineBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        if this.ended {
            return Poll::Ready(None);
        }
        // First, so that a stream that always has more ends, too.
        if this.sleep.as_mut().poll(cx).is_ready() {
            this.ended = true;
            // Ends what produces the stream.
            this.inner = Body::empty();
            let mut trailers = HeaderMap::new();
            if let Err(invalid) = exceeded().add_header(&mut trailers) {
                tracing::error!(error = %invalid, "cannot write a status into trailers");
            }
            return Poll::Ready(Some(Ok(Frame::trailers(trailers))));
        }
        let polled = Pin::new(&mut this.inner).poll_frame(cx);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => this.ended = frame.is_trailers(),
            Poll::Ready(Some(Err(_)) | None) => this.ended = true,
            Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.ended || self.inner.is_end_stream()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_have_up_to_eight_digits_and_a_unit() {
        for (text, expected) in [
            ("1H", Duration::from_secs(3_600)),
            ("2M", Duration::from_secs(120)),
            ("99999999S", Duration::from_secs(99_999_999)),
            ("15m", Duration::from_millis(15)),
            ("15u", Duration::from_micros(15)),
            ("0n", Duration::ZERO),
        ] {
            assert_eq!(parse(text.as_bytes()), Some(expected), "{text}");
        }
        for text in ["", "S", "1", "1s", "123456789S", "-1S", "+1S", "1.5S", "1 S"] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }
}
