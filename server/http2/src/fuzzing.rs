//! The fuzz target: any bytes after a client's preface.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};

use wigwag_poll::WakeSet;

use crate::error::Error;
use crate::frame::{FrameHeader, HEADER_LEN, MAX_FRAME_SIZE};
use crate::limits::SEND_BUFFER_LIMIT;
use crate::test_body::{TestBody, collect};
use crate::{ConnectUpgrade, Connection, Http2Limits, RequestBody, ResponseFuture, Service};

const LIMITS: Http2Limits = Http2Limits {
    max_streams: 5,
    stream_window: 1_000,
    connection_window: 65_535,
    request_memory: 4_000,
    max_header_list: 400,
    max_provoked_resets: 10,
    max_early_resets: 10,
    resets_per_second: 5,
    send_timeout: Duration::from_secs(2),
};

/// Never answers and never reads.
struct Silent;

impl Service for Silent {
    type Body = TestBody;

    fn call(&self, request: Request<RequestBody>) -> ResponseFuture<Self::Body> {
        Box::pin(async move {
            let _held = request;
            std::future::pending().await
        })
    }
}

/// Sends request bodies back; accepts every tunnel and closes it.
struct Echo;

impl Service for Echo {
    type Body = TestBody;

    fn call(&self, mut request: Request<RequestBody>) -> ResponseFuture<Self::Body> {
        let tunnel = request.extensions_mut().remove::<ConnectUpgrade>().map(ConnectUpgrade::accept);
        Box::pin(async move {
            if let Some(tunnel) = tunnel {
                let _closed = tunnel;
                return Ok(Response::new(TestBody::default()));
            }
            let (bytes, trailers) = collect(request.into_body()).await?;
            Ok(Response::new(TestBody { bytes, trailers }))
        })
    }
}

/// Returns what a connection sends in response to these pieces, and the error that closed it.
fn run<'a, S: Service>(service: S, pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<u8>, Option<Error>) {
    let wakes = Arc::new(WakeSet::default());
    let mut connection = Connection::new(service, LIMITS, wakes.clone());
    let mut sent = std::mem::take(connection.out());
    for piece in pieces {
        connection.receive(Bytes::copy_from_slice(piece));
        for _ in 0..50 {
            connection.poll(wakes.unpark());
            assert!(connection.out().len() < 4 * SEND_BUFFER_LIMIT, "the send buffer grows without bound");
            sent.append(connection.out());
            if wakes.park() && !connection.has_more() {
                break;
            }
        }
    }
    while connection.needs_tick() {
        connection.tick();
        connection.poll(wakes.unpark());
        sent.append(connection.out());
    }
    if !connection.is_closed() {
        connection.graceful_shutdown();
        connection.poll(u64::MAX);
    }
    sent.append(connection.out());
    let error = connection.error().cloned();
    (sent, error)
}

/// Feeds any bytes to connections.
///
/// # Panics
///
/// When what they send are not frames, or depends on how the bytes were cut, or when the send buffer grows without bound.
pub fn any(bytes: &[u8]) {
    let bytes = &bytes[..bytes.len().min(SEND_BUFFER_LIMIT)];
    let whole = run(Silent, std::iter::once(bytes));
    let cut = usize::from(bytes.first().copied().unwrap_or(1)) + 1;
    for size in [cut, 1] {
        let pieces = run(Silent, bytes.chunks(size));
        assert!(whole == pieces, "in pieces of {size}: {:?}, in one piece: {:?}", pieces.1, whole.1);
    }
    for (sent, _) in [whole, run(Echo, bytes.chunks(cut))] {
        let mut rest = &sent[..];
        while let Some((header, tail)) = rest.split_first_chunk::<HEADER_LEN>() {
            let header = FrameHeader::parse(header);
            assert!(header.len <= MAX_FRAME_SIZE && header.len <= tail.len(), "not a valid frame: {header:?}");
            rest = &tail[header.len..];
        }
        assert!(rest.is_empty(), "an incomplete frame header");
    }
    // A body ends once its connection is dropped.
    let wakes = Arc::new(WakeSet::default());
    let held = Arc::new(std::sync::Mutex::new(Vec::new()));
    let mut connection = Connection::new(Keep(held.clone()), LIMITS, wakes);
    connection.receive(Bytes::copy_from_slice(bytes));
    drop(connection);
    for body in held.lock().expect("no panic").drain(..) {
        let read = std::pin::pin!(collect(body)).poll(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(read, Poll::Ready(_)), "a body that does not end");
    }
}

/// Keeps all request bodies and never answers.
struct Keep(Arc<std::sync::Mutex<Vec<RequestBody>>>);

impl Service for Keep {
    type Body = TestBody;

    fn call(&self, request: Request<RequestBody>) -> ResponseFuture<Self::Body> {
        self.0.lock().expect("no panic").push(request.into_body());
        Box::pin(std::future::pending())
    }
}
