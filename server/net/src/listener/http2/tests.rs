//! A connection with little room, read slowly.

use axum::body::Body;
use futures_util::FutureExt as _;
use http::{Request, Response};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use wigwag_http2::PlainBody;

use super::super::io::ConnectionFlags;
use super::super::write_batch::WriteBatcher;
use super::*;
use wigwag_http2::{RequestBody, ResponseFuture};

const SIZE: usize = 100_000;

/// Answers with [`SIZE`] bytes.
struct App;

impl Service for App {
    type Body = PlainBody<Body>;

    fn call(&self, _: Request<RequestBody>) -> ResponseFuture<PlainBody<Body>> {
        Box::pin(async { Ok(Response::new(PlainBody(Body::from(vec![7; SIZE])))) })
    }
}

fn settings() -> ListenerConfig {
    ListenerConfig::default()
}

/// A client that has asked and may be sent all of the answer, and the server's end.
async fn asked(settings: ListenerConfig, more: &[u8]) -> (DuplexStream, JoinHandle<bool>) {
    let (near, mut far) = duplex(1_000);
    let (open, _) = oneshot::channel();
    let io = ConnectionIo::new(near, Arc::new(ConnectionFlags::default()), WriteBatcher::of(&Handle::current()), open);
    let http2 = Http2::new(io, App, &settings);
    let served = tokio::spawn(async move { http2.await.is_ok() });
    let window = [0, 0x10, 0, 0];
    let hello = [
        frame(4, 0, 0, &[&[0, 4][..], &window].concat()),
        frame(8, 0, 0, &window),
        frame(1, 5, 1, &[0x82, 0x86, 0x84]),
        more.to_vec(),
    ];
    far.write_all(&hello.concat()).await.expect("sends");
    (far, served)
}

fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let len = u8::try_from(payload.len()).expect("short");
    [&[0, 0, len, kind, flags, 0, 0, 0, stream][..], payload].concat()
}

/// Reads slowly, saying so each time, until the server closes or enough has come.
async fn read_slowly(far: &mut DuplexStream, enough: usize) -> usize {
    let (mut got, mut some) = (0, vec![0; 10_000]);
    while got < enough {
        tokio::time::sleep(Duration::from_millis(200)).await;
        // The server may have closed its end, or not read for long.
        let _ = far.write(&frame(8, 0, 0, &1_000_u32.to_be_bytes())).now_or_never();
        match far.read(&mut some).await {
            Ok(0) | Err(_) => break,
            Ok(more) => got += more,
        }
    }
    got
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_gets_the_whole_answer_of_a_connection_it_leaves() {
    let goaway = frame(7, 0, 0, &[0; 8]);
    let (mut far, served) = asked(settings(), &goaway).await;
    assert!(read_slowly(&mut far, usize::MAX).await > SIZE);
    drop(far);
    assert!(served.await.expect("no panic"));
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_is_alive_and_one_that_does_not_read_is_not() {
    let settings = ListenerConfig {
        keepalive_interval: Some(Duration::from_secs(1)),
        keepalive_timeout: Duration::from_secs(1),
        ..settings()
    };
    let (mut reads, served) = asked(settings.clone(), &[]).await;
    assert!(read_slowly(&mut reads, SIZE).await >= SIZE);
    drop(reads);
    served.await.expect("no panic");
    let (_far, served) = asked(settings, &[]).await;
    let over = tokio::time::timeout(Duration::from_secs(10), served).await;
    assert!(!over.expect("is given up").expect("no panic"));
}
