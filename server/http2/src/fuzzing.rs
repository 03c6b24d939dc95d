//! Any bytes behind a client's preface.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{Request, Response};

use super::error::Error;
use super::frame::{HEAD, Head, MAX_PAYLOAD};
use super::limits::FULL;
use super::test_body::{TestBody, collect};
use wigwag_poll::WakeSet;

use super::{ConnectUpgrade, Connection, Http2Limits, RequestBody, ResponseFuture, Service};

const LIMITS: Http2Limits = Http2Limits {
    max_streams: 5,
    stream_window: 1_000,
    connection_window: 65_535,
    max_header_list: 400,
    max_provoked_resets: 10,
    max_early_resets: 10,
};

/// Never answers, and never reads.
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

/// Reads what comes and sends it back; takes every tunnel.
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

/// What a connection says to these pieces, and why it ended.
fn hear<'a, S: Service>(service: S, pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<u8>, Option<Error>) {
    let wakes = Arc::new(WakeSet::default());
    let mut connection = Connection::new(service, LIMITS, wakes.clone());
    let mut said = std::mem::take(connection.out());
    for piece in pieces {
        connection.receive(Bytes::copy_from_slice(piece));
        for _ in 0..50 {
            connection.poll(wakes.unpark());
            assert!(connection.out().len() < 4 * FULL, "what is to be sent grows without bound");
            said.append(connection.out());
            if wakes.park() && !connection.has_more() {
                break;
            }
        }
    }
    if !connection.is_over() {
        connection.leave();
        connection.poll(u64::MAX);
    }
    said.append(connection.out());
    let failure = connection.failure().cloned();
    (said, failure)
}

/// Any bytes: frames come back, and it does not matter how what came was cut.
pub fn any(bytes: &[u8]) {
    let bytes = &bytes[..bytes.len().min(FULL)];
    let whole = hear(Silent, std::iter::once(bytes));
    let cut = usize::from(bytes.first().copied().unwrap_or(1)) + 1;
    for size in [cut, 1] {
        let pieces = hear(Silent, bytes.chunks(size));
        assert!(whole == pieces, "in pieces of {size}: {:?}, and not {:?}", pieces.1, whole.1);
    }
    for (said, _) in [whole, hear(Echo, bytes.chunks(cut))] {
        let mut rest = &said[..];
        while let Some((head, tail)) = rest.split_first_chunk::<HEAD>() {
            let head = Head::read(head);
            assert!(head.len <= MAX_PAYLOAD && head.len <= tail.len(), "a frame that is none: {head:?}");
            rest = &tail[head.len..];
        }
        assert!(rest.is_empty(), "half a frame");
    }
    // A body that is read after its connection is gone ends.
    let wakes = Arc::new(WakeSet::default());
    let held = Arc::new(std::sync::Mutex::new(Vec::new()));
    let mut connection = Connection::new(Keep(held.clone()), LIMITS, wakes);
    connection.receive(Bytes::copy_from_slice(bytes));
    drop(connection);
    for body in held.lock().expect("no panic").drain(..) {
        let read = std::pin::pin!(collect(body)).poll(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(read, Poll::Ready(_)), "a body without end");
    }
}

/// Keeps all bodies for later.
struct Keep(Arc<std::sync::Mutex<Vec<RequestBody>>>);

impl Service for Keep {
    type Body = TestBody;

    fn call(&self, request: Request<RequestBody>) -> ResponseFuture<Self::Body> {
        self.0.lock().expect("no panic").push(request.into_body());
        Box::pin(std::future::pending())
    }
}
