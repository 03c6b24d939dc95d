//! A client that sends without end takes turns with the others of its thread.
//!
//! What is measured is how much of the flood was read between the bytes of another client and its answer, which does not
//! depend on how fast the machine is.

#[path = "support/frames.rs"]
mod frames;
#[path = "support/http1.rs"]
mod http1;
#[path = "support/listening.rs"]
mod listening;
#[path = "support/services.rs"]
mod services;

use std::{
    future::pending,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll},
};

use axum::{Router, extract::Request, response::Response, routing::any};
use listening::{http2_engine, plain};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpListener,
    sync::mpsc,
};
use tokio_util::sync::CancellationToken;
use wigwag_net::{
    listener::{self, Accept, AcceptedIo, ListenerConfig},
    websocket::{CloseReason, FrameWriter, MessageSource, MessageStream, SocketConfig, WebSocketUpgrade},
    workers,
};

/// Reads of the floods after which they end, so that a server that never turns to anything else fails the test.
const MAX_READS: usize = 4_000;

/// Reads that the floods may take in while another client has one request answered: a request takes about five turns, in
/// each of which two floods take in eight reads.
const FAIR: usize = 400;

/// The same for pipelined requests, of which hyper answers 16 in a turn. A read has more than 500.
const FAIR_PIPELINED: usize = 20;

/// A client that sends `first`, then `flood` for ever, and reads everything.
struct Flooder {
    first: Vec<u8>,
    flood: Vec<u8>,
    at: usize,
    reads: Arc<AtomicUsize>,
}

impl AsyncRead for Flooder {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.reads.fetch_add(1, SeqCst) >= MAX_READS {
            return Poll::Ready(Ok(()));
        }
        if !this.first.is_empty() {
            let first = std::mem::take(&mut this.first);
            buf.put_slice(&first);
            return Poll::Ready(Ok(()));
        }
        while buf.remaining() > 0 {
            let rest = &this.flood[this.at..];
            let part = &rest[..rest.len().min(buf.remaining())];
            buf.put_slice(part);
            this.at = (this.at + part.len()) % this.flood.len();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Flooder {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl AcceptedIo for Flooder {}

/// Accepts what the test sends it.
struct Accepted(mpsc::Receiver<Flooder>);

impl Accept for Accepted {
    type Io = Flooder;

    async fn accept(&mut self) -> io::Result<(Flooder, SocketAddr)> {
        match self.0.recv().await {
            Some(flooder) => Ok((flooder, SocketAddr::from(([127, 0, 0, 1], 1)))),
            None => pending().await,
        }
    }
}

/// Reads all messages and writes none.
struct Reader(MessageStream);

impl MessageSource for Reader {
    fn poll_write(&mut self, cx: &mut Context<'_>, _: &mut FrameWriter) -> Poll<Result<(), CloseReason>> {
        while let Poll::Ready(received) = futures_core::Stream::poll_next(Pin::new(&mut self.0), cx) {
            if received.is_none() {
                return Poll::Ready(Err(CloseReason::normal()));
            }
        }
        Poll::Pending
    }
}

async fn websocket(upgrade: WebSocketUpgrade, _: Request) -> Response {
    let settings = SocketConfig { max_message: 65_536, ping_interval: None, ping_timeout: listening::BOUND };
    upgrade.accept(None, settings, |socket| async move {
        let incoming = socket.incoming();
        socket.pump(Reader(incoming)).await;
    })
}

/// Serves two clients that send `flood` without end, and another client, all on one thread. Returns how many reads the
/// floods took for each request of the other client.
fn reads_for_each_request(first: &[u8], flood: &[u8]) -> usize {
    const REQUESTS: usize = 3;
    let app = services::app().merge(Router::new().route("/socket", any(websocket)));
    let reads = Arc::new(AtomicUsize::new(0));
    let runtime = workers::runtime().expect("a runtime");
    runtime.block_on(async {
        let stop = CancellationToken::new();
        let settings = ListenerConfig { http2_engine: http2_engine(), ..ListenerConfig::default() };
        let tcp = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let addr = tcp.local_addr().expect("bound");
        let (send, accepted) = mpsc::channel(2);
        let serve =
            |accept| listener::serve(accept, plain(app.clone()), settings.clone(), Arc::default(), stop.clone());
        tokio::spawn(listener::serve(tcp, plain(app.clone()), settings.clone(), Arc::default(), stop.clone()));
        tokio::spawn(serve(Accepted(accepted)));
        for _ in 0..2 {
            let flooder = Flooder { first: first.to_vec(), flood: flood.to_vec(), at: 0, reads: reads.clone() };
            send.send(flooder).await.expect("accepted");
        }
        // The floods have begun.
        wait_for_reads(&reads, 20).await;
        let before = reads.load(SeqCst);
        for _ in 0..REQUESTS {
            assert_eq!(http1::get(addr, "/ok").await.body, "ok");
        }
        let taken = reads.load(SeqCst) - before;
        assert!(taken < MAX_READS / 2, "the floods took {taken} reads, and ended before the other client was served");
        // The floods go on.
        wait_for_reads(&reads, before + taken + 4).await;
        taken / REQUESTS
    })
}

async fn wait_for_reads(reads: &AtomicUsize, wanted: usize) {
    for _ in 0..100_000 {
        if reads.load(SeqCst) >= wanted {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("the floods have stopped after {} reads", reads.load(SeqCst));
}

fn assert_fair(first: &[u8], flood: &[u8], fair: usize) {
    let reads = reads_for_each_request(first, flood);
    assert!(reads < fair, "{reads} reads of the floods for each request of another client");
}

fn http2_hello() -> Vec<u8> {
    let hello = [frames::PREFACE, &frames::frame(frames::SETTINGS, 0, 0, &[])].concat();
    [hello, frames::post(1, "/forever")].concat()
}

#[test]
fn pings_of_http2_take_turns() {
    assert_fair(&http2_hello(), &frames::frame(frames::PING, 0, 0, b"12345678"), FAIR);
}

#[test]
fn settings_of_http2_take_turns() {
    const INITIAL_WINDOW_SIZE: u8 = 4;
    // Two values in turn, so that each changes the window.
    let settings: Vec<u8> = (0..2_730_u32).flat_map(|n| [0, INITIAL_WINDOW_SIZE, 0, 0, 0xff, (n % 2) as u8]).collect();
    assert_fair(&http2_hello(), &frames::frame(frames::SETTINGS, 0, 0, &settings), FAIR);
}

#[test]
fn pipelined_requests_of_http1_take_turns() {
    assert_fair(b"", b"GET /ok HTTP/1.1\r\nhost: a\r\n\r\n", FAIR_PIPELINED);
}

#[test]
fn pings_of_a_websocket_take_turns() {
    let upgrade = b"GET /socket HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
        sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    assert_fair(upgrade, &[0x89, 0x80, 0, 0, 0, 0], FAIR);
}
