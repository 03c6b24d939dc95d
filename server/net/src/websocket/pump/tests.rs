//! Both ends of a socket over a stream in memory.

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

/// Says what it hears, and before that what is in `words`.
struct Echo {
    incoming: MessageStream,
    words: VecDeque<String>,
    asked: tokio::sync::watch::Sender<usize>,
}

impl MessageSource for Echo {
    fn poll_write(&mut self, cx: &mut Context<'_>, out: &mut FrameWriter) -> Poll<Result<(), CloseReason>> {
        self.asked.send_modify(|asked| *asked += 1);
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

struct Other {
    io: DuplexStream,
    carried: JoinHandle<()>,
    asked: tokio::sync::watch::Receiver<usize>,
}

/// The client's end of an echo, over a stream that holds `room` bytes.
fn echo(room: usize, words: impl IntoIterator<Item = String>) -> Other {
    echo_with(room, SETTINGS, words)
}

fn echo_with(room: usize, settings: SocketConfig, words: impl IntoIterator<Item = String>) -> Other {
    let (ours, io) = tokio::io::duplex(room);
    let socket = Socket::new(Stream::new(ours), settings, None);
    let (sender, asked) = tokio::sync::watch::channel(0);
    let echo = Echo { incoming: socket.incoming(), words: words.into_iter().collect(), asked: sender };
    Other { io, carried: tokio::spawn(socket.pump(echo)), asked }
}

/// A frame with a mask that changes nothing.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let len = u8::try_from(payload.len()).expect("short");
    [&[first, 0x80 | len, 0, 0, 0, 0], payload].concat()
}

impl Other {
    async fn expect(&mut self, bytes: &[u8]) {
        let mut found = vec![0; bytes.len()];
        self.io.read_exact(&mut found).await.expect("bytes");
        assert_eq!(found, bytes);
    }

    async fn expect_end(mut self) {
        self.carried.await.expect("no panic");
        assert_eq!(self.io.read(&mut [0]).await.expect("an end"), 0);
    }
}

#[tokio::test]
async fn messages_go_both_ways_and_a_close_is_answered_by_its_like() {
    let mut other = echo(4_096, []);
    let frames = [frame(0x81, b"one"), frame(0x82, b"two"), frame(0x88, b"\x03\xE9bye"), frame(0x81, b"late")];
    other.io.write_all(&frames.concat()).await.expect("sends");
    other.expect(b"\x81\x03one\x82\x03two\x88\x05\x03\xE9bye").await;
    other.expect_end().await;
}

#[tokio::test]
async fn of_many_pings_the_last_is_answered() {
    let mut other = echo(4_096, []);
    let frames = [frame(0x89, b"1"), frame(0x89, b"2"), frame(0x81, b"x"), frame(0x89, b"3"), frame(0x8A, b"")];
    other.io.write_all(&frames.concat()).await.expect("sends");
    other.expect(b"\x81\x01x\x8A\x013").await;
    other.io.write_all(&frame(0x89, b"")).await.expect("sends");
    other.expect(b"\x8A\0").await;
}

#[tokio::test]
async fn after_a_violation_the_other_way_still_works() {
    let mut other = echo(4_096, []);
    other.io.write_all(b"\x81\x01x").await.expect("sends");
    other.expect(b"\x88\x0A\x11\x9APROTOCOL").await;
    // What comes after it is read and not looked at, until the other end closes.
    other.io.write_all(&[0xFF; 9_000]).await.expect("sends");
    other.io.shutdown().await.expect("closes");
    other.carried.await.expect("no panic");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_answer_a_close_is_not_waited_for_long() {
    let mut other = echo(4_096, []);
    other.io.write_all(b"\x81\x01x").await.expect("sends");
    other.expect(b"\x88\x0A\x11\x9APROTOCOL").await;
    let before = tokio::time::Instant::now();
    other.expect_end().await;
    assert_eq!(before.elapsed().as_secs(), LINGER.as_secs());
}

#[tokio::test(start_paused = true)]
async fn nothing_is_asked_for_a_reader_that_does_not_take_what_there_is() {
    let words = (0..100).map(|_| "x".repeat(10_000));
    let mut other = echo(1_000, words);
    // It has all the time in the world, short of being stuck.
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(*other.asked.borrow(), 2, "two of them are enough to be written");
    // Pings wait with the rest.
    other.io.write_all(&frame(0x89, b"").repeat(50)).await.expect("sends");
    for _ in 0..100 {
        other.expect(&[0x81, 126, 0x27, 0x10]).await;
        other.expect(&[b'x'; 10_000]).await;
    }
    other.expect(b"\x8A\0").await;
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_takes_nothing_at_all_is_given_up() {
    let mut other = echo(1_000, ["x".repeat(10_000)]);
    let before = tokio::time::Instant::now();
    (&mut other.carried).await.expect("no panic");
    assert_eq!(before.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_has_all_the_time_it_needs() {
    let mut other = echo(1_000, (0..20).map(|_| "x".repeat(10_000)));
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_secs(4)).await;
        other.expect(&[0x81, 126, 0x27, 0x10]).await;
        other.expect(&[b'x'; 10_000]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_sender_is_alive() {
    let settings = SocketConfig { ping_interval: Some(Duration::from_secs(20)), ..SETTINGS };
    let mut other = echo_with(4_096, settings, []);
    let message = [&[0x81_u8, 0xFE, 0x03, 0xE8, 0, 0, 0, 0][..], &[b'x'; 1000]].concat();
    for (at, piece) in message.chunks(20).enumerate() {
        tokio::time::sleep(Duration::from_secs(1)).await;
        other.io.write_all(piece).await.unwrap_or_else(|error| panic!("{error} after {at} s"));
    }
    other.expect(b"\x81\x7E\x03\xE8").await;
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_takes_bytes_all_the_time_is_not_stuck() {
    let mut other = echo(1_000, (0..10).map(|_| "x".repeat(10_000)));
    let mut taken = 0;
    let mut buffer = [0; 1_000];
    for second in 0..99 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let read = other.io.read(&mut buffer).await.expect("bytes");
        assert!(read > 0, "given up after {second} s, {taken} bytes");
        taken += read;
    }
}

/// Says nothing for now, although it was told that nothing more can be read.
struct Paced {
    incoming: MessageStream,
    held: Option<Pin<Box<tokio::time::Sleep>>>,
}

impl MessageSource for Paced {
    fn poll_write(&mut self, cx: &mut Context<'_>, _: &mut FrameWriter) -> Poll<Result<(), CloseReason>> {
        loop {
            if let Some(held) = &mut self.held {
                ready!(held.as_mut().poll(cx));
                return Poll::Ready(Err(CloseReason::close(4506, "PROTOCOL")));
            }
            match ready!(Pin::new(&mut self.incoming).poll_next(cx)) {
                Some(Received::Violation(_)) => {
                    self.held = Some(Box::pin(tokio::time::sleep(Duration::from_millis(20))));
                }
                Some(_) => {}
                None => return Poll::Ready(Err(CloseReason::normal())),
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_violation_that_waits_for_its_turn_is_told() {
    let (ours, io) = tokio::io::duplex(4_096);
    let socket = Socket::new(Stream::new(ours), SETTINGS, None);
    let paced = Paced { incoming: socket.incoming(), held: None };
    let (_, asked) = tokio::sync::watch::channel(0);
    let mut other = Other { io, carried: tokio::spawn(socket.pump(paced)), asked };
    other.io.write_all(b"\x81\x01x").await.expect("sends");
    other.expect(b"\x88\x0A\x11\x9APROTOCOL").await;
}
