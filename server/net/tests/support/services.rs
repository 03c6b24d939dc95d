//! Services that behave in one particular way, for tests of what is below them.

#![allow(dead_code, reason = "each test file uses a part of this")]

use std::convert::Infallible;

use axum::{
    Router,
    body::{Body, Bytes},
    extract::Request,
    http::{Response, StatusCode},
    response::IntoResponse,
    routing::any,
};
use futures_util::stream;
use http_body_util::BodyExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use wigwag_net::listener::RequestHandle;

/// `/ok` answers, `/count` reads the body and tells its length, `/forever` sends nothing without end, `/flood` sends
/// without end, `/unread` never reads, `/abort` cuts what carries it, `/upgrade` echoes bytes, `/panic` and
/// `/panic-in-body` panic.
pub(crate) fn app() -> Router {
    Router::new()
        .route("/ok", any(|| async { "ok" }))
        .route("/count", any(|body: Body| async { count(body).await.to_string() }))
        .route("/forever", any(|body: Body| async { Body::from_stream(silence(body)) }))
        .route("/flood", any(|| async { Body::from_stream(flood()) }))
        .route("/unread", any(|body: Body| async { Body::from_stream(silence(body)) }))
        .route("/abort", any(abort))
        .route("/upgrade", any(upgrade))
        .route("/panic", any(panicking))
        .route("/panic-in-body", any(|| async { Body::from_stream(panicking_body()) }))
}

pub(crate) async fn count(mut body: Body) -> usize {
    let mut bytes = 0;
    while let Some(Ok(frame)) = body.frame().await {
        bytes += frame.data_ref().map_or(0, Bytes::len);
    }
    bytes
}

/// Holds the request's body unread for as long as the response lasts.
fn silence(held: Body) -> impl futures_util::Stream<Item = Result<Bytes, Infallible>> {
    stream::unfold(held, |held| async move {
        std::future::pending::<()>().await;
        Some((Ok(Bytes::new()), held))
    })
}

pub(crate) fn flood() -> impl futures_util::Stream<Item = Result<Bytes, Infallible>> {
    stream::repeat_with(|| Ok(Bytes::from_static(&[0; 4096])))
}

async fn abort(request: Request) -> StatusCode {
    RequestHandle::of(request.extensions()).expect("every request has one").abort();
    std::future::pending().await
}

async fn upgrade(mut request: Request) -> impl IntoResponse {
    let upgraded = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let mut io = hyper_util::rt::TokioIo::new(upgraded.await.expect("upgrades"));
        let mut buffer = [0; 1024];
        while let Ok(read @ 1..) = io.read(&mut buffer).await {
            if io.write_all(&buffer[..read]).await.is_err() {
                break;
            }
        }
    });
    Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header("connection", "upgrade")
        .header("upgrade", "echo")
        .body(Body::empty())
        .expect("a response")
}

async fn panicking() -> StatusCode {
    panic!("on purpose");
}

/// Some bytes, then a panic.
fn panicking_body() -> impl futures_util::Stream<Item = Result<Bytes, Infallible>> {
    let mut polls = 0;
    stream::poll_fn(move |_| {
        polls += 1;
        assert!(polls < 2, "on purpose");
        std::task::Poll::Ready(Some(Ok(Bytes::from_static(b"beginning"))))
    })
}
