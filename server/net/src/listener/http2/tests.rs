//! A connection whose client has a small receive buffer and reads slowly.

use axum::body::Body;
use futures_util::FutureExt as _;
use http::{Request, Response};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex},
    runtime::Handle,
    sync::oneshot,
    task::JoinHandle,
};
use wigwag_http2::{PlainBody, RequestBody, ResponseFuture};

use super::{
    super::{io::ConnectionFlags, write_batch::WriteBatcher},
    *,
};

const SIZE: usize = 100_000;

/// Responds with [`SIZE`] bytes.
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

/// Returns a client that has sent a request and has a window for the whole response, and the server's task.
async fn request_sent(settings: ListenerConfig, more: &[u8]) -> (DuplexStream, JoinHandle<bool>) {
    let (server, mut client) = duplex(1_000);
    let (open, _) = oneshot::channel();
    let io = ConnectionIo::new(
        server,
        Arc::new(ConnectionFlags::default()),
        WriteBatcher::for_runtime(&Handle::current()),
        open,
    );
    let http2 = Http2Driver::new(io, App, &settings, Arc::default());
    let served = tokio::spawn(async move { http2.await.is_ok() });
    let window = [0, 0x10, 0, 0];
    let hello = [
        frame(4, 0, 0, &[&[0, 4][..], &window].concat()),
        frame(8, 0, 0, &window),
        frame(1, 5, 1, &[0x82, 0x86, 0x84]),
        more.to_vec(),
    ];
    client.write_all(&hello.concat()).await.expect("sends");
    (client, served)
}

fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let len = u8::try_from(payload.len()).expect("short");
    [&[0, 0, len, kind, flags, 0, 0, 0, stream][..], payload].concat()
}

/// Reads slowly, with a WINDOW_UPDATE each time, until the server closes or `enough` bytes were read.
async fn read_slowly(client: &mut DuplexStream, enough: usize) -> usize {
    let (mut got, mut some) = (0, vec![0; 10_000]);
    while got < enough {
        tokio::time::sleep(Duration::from_millis(200)).await;
        // The server may have closed its end, or stopped reading.
        let _ = client.write(&frame(8, 0, 0, &1_000_u32.to_be_bytes())).now_or_never();
        match client.read(&mut some).await {
            Ok(0) | Err(_) => break,
            Ok(more) => got += more,
        }
    }
    got
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_gets_the_whole_response_after_its_goaway() {
    let goaway = frame(7, 0, 0, &[0; 8]);
    let (mut client, served) = request_sent(settings(), &goaway).await;
    assert!(read_slowly(&mut client, usize::MAX).await > SIZE);
    drop(client);
    assert!(served.await.expect("no panic"));
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_keeps_its_connection_and_one_that_does_not_read_loses_it() {
    let settings = ListenerConfig {
        keepalive_interval: Some(Duration::from_secs(1)),
        keepalive_timeout: Duration::from_secs(1),
        ..settings()
    };
    let (mut reads, served) = request_sent(settings.clone(), &[]).await;
    assert!(read_slowly(&mut reads, SIZE).await >= SIZE);
    drop(reads);
    served.await.expect("no panic");
    let (_far, served) = request_sent(settings, &[]).await;
    let over = tokio::time::timeout(Duration::from_secs(10), served).await;
    assert!(!over.expect("is given up").expect("no panic"));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_falls_silent_is_found_soon_after_its_interval() {
    let (mut client, _served) = request_sent(settings(), &[]).await;
    let (started, mut last) = (Instant::now(), Duration::ZERO);
    let mut bytes = vec![0; 10_000];
    let found = loop {
        // Says something until 19 s, just before an interval has passed, and nothing from then on.
        if started.elapsed() < Duration::from_secs(19) {
            client.write_all(&frame(8, 0, 0, &1_u32.to_be_bytes())).await.expect("sends");
            last = started.elapsed();
        }
        match tokio::time::timeout(Duration::from_secs(1), client.read(&mut bytes)).await {
            Ok(Ok(0) | Err(_)) => break started.elapsed() - last,
            _ => assert!(started.elapsed() < Duration::from_secs(100), "still open"),
        }
    };
    assert!((30..=36).contains(&found.as_secs()), "found after {found:?}");
}
