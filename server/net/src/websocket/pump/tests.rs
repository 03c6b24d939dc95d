//! Both ends of a socket over an in-memory stream.

use std::{collections::VecDeque, pin::Pin};

use futures_core::Stream as _;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream},
    task::JoinHandle,
};

use super::*;
use crate::websocket::{MessageStream, Received, SocketConfig, stream::Stream};

const SETTINGS: SocketConfig =
    SocketConfig { max_message: 1_000, ping_interval: None, ping_timeout: Duration::from_secs(10) };

/// Sends `words`, then echoes what it receives.
struct Echo {
    incoming: MessageStream,
    words: VecDeque<String>,
    polled: tokio::sync::watch::Sender<usize>,
}

impl MessageSource for Echo {
    fn poll_write(&mut self, cx: &mut Context<'_>, out: &mut FrameWriter) -> Poll<Result<(), CloseReason>> {
        self.polled.send_modify(|polled| *polled += 1);
        if let Some(word) = self.words.pop_front() {
            out.text(word);
            return Poll::Ready(Ok(()));
        }
        match ready!(Pin::new(&mut self.incoming).poll_next(cx)) {
            Some(Received::Text(text)) => out.text(text.as_str().to_owned()),
            Some(Received::Binary(bytes)) => out.binary(bytes.len(), |out| out.extend_from_slice(&bytes)),
            Some(Received::Violation(_)) => return Poll::Ready(Err(CloseReason::close(4506, "PROTOCOL"))),
            None => return Poll::Ready(Err(CloseReason::normal())),
        }
        Poll::Ready(Ok(()))
    }
}

struct Peer {
    io: DuplexStream,
    pumped: JoinHandle<()>,
    polled: tokio::sync::watch::Receiver<usize>,
}

/// The client's end of an echo, over a stream that holds `room` bytes.
fn echo(room: usize, words: impl IntoIterator<Item = String>) -> Peer {
    echo_with(room, SETTINGS, words)
}

fn echo_with(room: usize, settings: SocketConfig, words: impl IntoIterator<Item = String>) -> Peer {
    let (ours, io) = tokio::io::duplex(room);
    let socket = Socket::new(Stream::new(ours), settings, None, std::sync::Arc::default());
    let (sender, polled) = tokio::sync::watch::channel(0);
    let echo = Echo { incoming: socket.incoming(), words: words.into_iter().collect(), polled: sender };
    Peer { io, pumped: tokio::spawn(socket.pump(echo)), polled }
}

/// A frame with a mask that changes nothing.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let len = u8::try_from(payload.len()).expect("short");
    [&[first, 0x80 | len, 0, 0, 0, 0], payload].concat()
}

impl Peer {
    async fn expect(&mut self, bytes: &[u8]) {
        let mut found = vec![0; bytes.len()];
        self.io.read_exact(&mut found).await.expect("bytes");
        assert_eq!(found, bytes);
    }

    async fn expect_end(mut self) {
        self.pumped.await.expect("no panic");
        assert_eq!(self.io.read(&mut [0]).await.expect("an end"), 0);
    }
}

#[tokio::test]
async fn messages_go_both_ways_and_a_close_is_answered_with_its_code() {
    let mut peer = echo(4_096, []);
    let frames = [frame(0x81, b"one"), frame(0x82, b"two"), frame(0x88, b"\x03\xE9bye"), frame(0x81, b"late")];
    peer.io.write_all(&frames.concat()).await.expect("sends");
    peer.expect(b"\x81\x03one\x82\x03two\x88\x05\x03\xE9bye").await;
    peer.expect_end().await;
}

#[tokio::test]
async fn only_the_last_of_many_pings_is_answered() {
    let mut peer = echo(4_096, []);
    let frames = [frame(0x89, b"1"), frame(0x89, b"2"), frame(0x81, b"x"), frame(0x89, b"3"), frame(0x8A, b"")];
    peer.io.write_all(&frames.concat()).await.expect("sends");
    peer.expect(b"\x81\x01x\x8A\x013").await;
    peer.io.write_all(&frame(0x89, b"")).await.expect("sends");
    peer.expect(b"\x8A\0").await;
}

#[tokio::test]
async fn after_a_violation_the_close_frame_is_still_written() {
    let mut peer = echo(4_096, []);
    peer.io.write_all(b"\x81\x01x").await.expect("sends");
    peer.expect(b"\x88\x0A\x03\xEAPROTOCOL").await;
    // Input after the violation is discarded until the peer closes.
    peer.io.write_all(&[0xFF; 9_000]).await.expect("sends");
    peer.io.shutdown().await.expect("closes");
    peer.pumped.await.expect("no panic");
}

#[tokio::test(start_paused = true)]
async fn an_unanswered_close_times_out() {
    let mut peer = echo(4_096, []);
    peer.io.write_all(b"\x81\x01x").await.expect("sends");
    peer.expect(b"\x88\x0A\x03\xEAPROTOCOL").await;
    let before = tokio::time::Instant::now();
    peer.expect_end().await;
    assert_eq!(before.elapsed().as_secs(), CLOSE_TIMEOUT.as_secs());
}

#[tokio::test(start_paused = true)]
async fn the_source_is_not_polled_while_writing_is_blocked() {
    let words = (0..100).map(|_| "x".repeat(10_000));
    let mut peer = echo(1_000, words);
    // Shorter than the timeout of a blocked write.
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(*peer.polled.borrow(), 2, "two of them fill the write buffer");
    // The pong is written after the messages.
    peer.io.write_all(&frame(0x89, b"").repeat(50)).await.expect("sends");
    for _ in 0..100 {
        peer.expect(&[0x81, 126, 0x27, 0x10]).await;
        peer.expect(&[b'x'; 10_000]).await;
    }
    peer.expect(b"\x8A\0").await;
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_reads_nothing_is_given_up() {
    let mut peer = echo(1_000, ["x".repeat(10_000)]);
    let before = tokio::time::Instant::now();
    (&mut peer.pumped).await.expect("no panic");
    assert_eq!(before.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_is_not_given_up() {
    let mut peer = echo(1_000, (0..20).map(|_| "x".repeat(10_000)));
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_secs(4)).await;
        peer.expect(&[0x81, 126, 0x27, 0x10]).await;
        peer.expect(&[b'x'; 10_000]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_sender_is_not_given_up() {
    let settings = SocketConfig { ping_interval: Some(Duration::from_secs(20)), ..SETTINGS };
    let mut peer = echo_with(4_096, settings, []);
    let message = [&[0x81_u8, 0xFE, 0x03, 0xE8, 0, 0, 0, 0][..], &[b'x'; 1000]].concat();
    for (at, piece) in message.chunks(20).enumerate() {
        tokio::time::sleep(Duration::from_secs(1)).await;
        peer.io.write_all(piece).await.unwrap_or_else(|error| panic!("{error} after {at} s"));
    }
    peer.expect(b"\x81\x7E\x03\xE8").await;
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_keeps_reading_is_not_given_up() {
    let mut peer = echo(1_000, (0..10).map(|_| "x".repeat(10_000)));
    let mut taken = 0;
    let mut buffer = [0; 1_000];
    for second in 0..99 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let read = peer.io.read(&mut buffer).await.expect("bytes");
        assert!(read > 0, "given up after {second} s, {taken} bytes");
        taken += read;
    }
}

/// Delays its close after a violation, as a rate-limited session does.
struct Delayed {
    incoming: MessageStream,
    delay: Option<Pin<Box<tokio::time::Sleep>>>,
}

impl MessageSource for Delayed {
    fn poll_write(&mut self, cx: &mut Context<'_>, _: &mut FrameWriter) -> Poll<Result<(), CloseReason>> {
        loop {
            if let Some(delay) = &mut self.delay {
                ready!(delay.as_mut().poll(cx));
                return Poll::Ready(Err(CloseReason::close(4506, "PROTOCOL")));
            }
            match ready!(Pin::new(&mut self.incoming).poll_next(cx)) {
                Some(Received::Violation(_)) => {
                    self.delay = Some(Box::pin(tokio::time::sleep(Duration::from_millis(20))));
                }
                Some(_) => {}
                None => return Poll::Ready(Err(CloseReason::normal())),
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_close_frame_of_a_delayed_violation_is_written() {
    let (ours, io) = tokio::io::duplex(4_096);
    let socket = Socket::new(Stream::new(ours), SETTINGS, None, std::sync::Arc::default());
    let delayed = Delayed { incoming: socket.incoming(), delay: None };
    let (_, polled) = tokio::sync::watch::channel(0);
    let mut peer = Peer { io, pumped: tokio::spawn(socket.pump(delayed)), polled };
    peer.io.write_all(b"\x81\x01x").await.expect("sends");
    peer.expect(b"\x88\x0A\x03\xEAPROTOCOL").await;
}
