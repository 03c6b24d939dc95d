//! Reads and writes over loopback TCP, in-memory streams, and a writer with little room.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex},
    net::{TcpListener, TcpStream},
    runtime::Handle,
    time::timeout,
};

use super::*;

impl AcceptedIo for DuplexStream {}

/// Far more than the kernel buffers for a connection.
const LOTS: usize = 32 << 20;

fn linked<I: AcceptedIo>(io: I) -> (ConnectionIo<I>, Arc<ConnectionFlags>) {
    let flags = Arc::new(ConnectionFlags::default());
    let (open, _) = oneshot::channel();
    (ConnectionIo::new(io, flags.clone(), WriteBatcher::for_runtime(&Handle::current()), open), flags)
}

async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    let (server, client) = tokio::join!(listener.accept(), TcpStream::connect(address));
    (server.expect("accepted").0, client.expect("connected"))
}

fn bytes(from: usize, len: usize) -> Vec<u8> {
    (from..from + len).map(|n| (n % 251) as u8).collect()
}

#[tokio::test]
async fn bytes_keep_their_order_whatever_their_sizes() {
    let (server, mut client) = pair().await;
    let (mut io, _flags) = linked(server);
    let write = async {
        let mut at = 0;
        for len in [1, 300, READ_SIZE, READ_SIZE + 1, 9, 5 * READ_SIZE + 7].into_iter().cycle().take(120) {
            io.write_all(&bytes(at, len)).await.expect("written");
            at += len;
        }
        io.shutdown().await.expect("shut down");
        at
    };
    let mut got = Vec::new();
    let (sent, read) = tokio::join!(write, client.read_to_end(&mut got));
    read.expect("read");
    assert_eq!(got.len(), sent);
    assert!(got == bytes(0, sent));
}

#[tokio::test]
async fn a_peer_that_does_not_read_blocks_the_writer_and_then_gets_everything() {
    let (server, mut client) = pair().await;
    let (mut io, _flags) = linked(server);
    let mut taken = 0;
    while let Ok(written) = timeout(Duration::from_millis(200), io.write(&bytes(taken, READ_SIZE))).await {
        taken += written.expect("no error");
        assert!(taken < LOTS, "the writer never blocks");
    }
    // The writer is not polled from here on.
    let mut got = vec![0; taken];
    client.read_exact(&mut got).await.expect("all that was taken");
    assert!(got == bytes(0, taken));
    io.write_all(b"more").await.expect("there is room again");
    let mut more = [0; 4];
    client.read_exact(&mut more).await.expect("sent");
    assert_eq!(&more, b"more");
}

#[tokio::test]
async fn a_cut_ends_a_write_that_waits() {
    let (server, _far) = pair().await;
    let (mut io, flags) = linked(server);
    let endless = async { io.write_all(&bytes(0, LOTS)).await };
    let cut = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        flags.cut(true);
    };
    let (written, ()) = tokio::join!(endless, cut);
    assert_eq!(written.expect_err("cut").kind(), ErrorKind::ConnectionAborted);
}

#[tokio::test]
async fn accepted_bytes_are_sent_though_the_stream_is_dropped_at_once() {
    let (server, mut client) = pair().await;
    server.writable().await.expect("open");
    let (mut io, _flags) = linked(server);
    io.write_all(b"goodbye").await.expect("taken");
    drop(io);
    let mut got = Vec::new();
    client.read_to_end(&mut got).await.expect("closed");
    assert_eq!(got, b"goodbye");
}

#[tokio::test]
async fn a_write_to_a_closed_peer_fails() {
    let (server, client) = pair().await;
    let (mut io, _flags) = linked(server);
    drop(client);
    let found = async {
        while io.write_all(&bytes(0, READ_SIZE)).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(20), found).await.expect("a write fails");
}

#[tokio::test]
async fn more_than_the_reader_asks_for_is_kept_for_it() {
    let (server, mut client) = pair().await;
    let (mut io, _flags) = linked(server);
    let sent = bytes(0, 50_000);
    client.write_all(&sent).await.expect("sent");
    drop(client);
    let (mut got, mut small) = (Vec::new(), [0; 700]);
    loop {
        let read = io.read(&mut small).await.expect("read");
        if read == 0 {
            break;
        }
        got.extend_from_slice(&small[..read]);
    }
    assert!(got == sent);
}

#[tokio::test]
async fn an_io_without_try_write_is_written_by_its_own_task() {
    let (server, mut client) = duplex(64);
    let (mut io, _flags) = linked(server);
    let sent = bytes(0, 10_000);
    let write = async {
        io.write_all(&sent).await.expect("written");
        io.shutdown().await.expect("shut down");
    };
    let mut got = Vec::new();
    let ((), read) = tokio::join!(write, client.read_to_end(&mut got));
    read.expect("read");
    assert!(got == sent);
}

/// Puts all of these bytes, a piece at a time, each when writing is possible.
async fn put_all<I: AcceptedIo>(io: &mut ConnectionIo<I>, sent: &[u8], piece: usize) -> io::Result<()> {
    for piece in sent.chunks(piece) {
        poll_fn(|cx| io.poll_write_ready(cx)).await?;
        let mut piece = piece.to_vec();
        io.put(&mut piece);
        assert_eq!(piece.capacity(), 0, "taken without a copy");
    }
    poll_fn(|cx| io.poll_write_ready(cx)).await
}

#[tokio::test]
async fn what_is_put_is_sent_in_order_and_a_full_socket_takes_no_more() {
    let (server, mut client) = pair().await;
    let (mut io, _flags) = linked(server);
    let sent = bytes(0, 3 << 20);
    let write = async {
        put_all(&mut io, &sent, 5_000).await.expect("room");
        io.shutdown().await.expect("shut down");
    };
    let mut got = Vec::new();
    let ((), read) = tokio::join!(write, client.read_to_end(&mut got));
    read.expect("read");
    assert!(got == sent);

    let (server, client) = pair().await;
    let (mut io, _flags) = linked(server);
    let lots = bytes(0, LOTS);
    let stuck = timeout(Duration::from_millis(300), put_all(&mut io, &lots, 5_000)).await;
    assert!(stuck.is_err(), "the writer never blocks");
    drop(client);
    let failed = timeout(Duration::from_secs(20), put_all(&mut io, &lots, 5_000)).await.expect("found out");
    assert!(failed.is_err());
}

#[tokio::test]
async fn what_is_put_to_an_io_without_try_write_is_sent_by_poll_write_ready() {
    let (server, mut client) = duplex(64);
    let (mut io, _flags) = linked(server);
    let sent = bytes(0, 10_000);
    let write = async {
        put_all(&mut io, &sent, 300).await.expect("room");
        io.shutdown().await.expect("shut down");
    };
    let mut got = Vec::new();
    let ((), read) = tokio::join!(write, client.read_to_end(&mut got));
    read.expect("read");
    assert!(got == sent);
}

#[tokio::test]
async fn chunks_share_one_buffer_and_unread_bytes_come_first() {
    let (server, mut client) = pair().await;
    let (mut io, _flags) = linked(server);
    let mut places = Vec::new();
    for _ in 0..3 {
        client.write_all(b"some").await.expect("sent");
        let chunk = poll_fn(|cx| io.poll_chunk(cx)).await.expect("bytes");
        assert_eq!(chunk, b"some"[..]);
        places.push(chunk.as_ptr());
    }
    assert!(places.iter().all(|place| *place == places[0]), "{places:?}");
    io.unread(Bytes::from_static(b"second"));
    io.unread(Bytes::from_static(b"first, "));
    assert_eq!(poll_fn(|cx| io.poll_chunk(cx)).await.expect("bytes"), b"first, second"[..]);
    drop(client);
    assert!(poll_fn(|cx| io.poll_chunk(cx)).await.expect("an end").is_empty());
}

#[tokio::test]
async fn small_chunks_that_are_kept_share_memory() {
    let (server, mut client) = pair().await;
    let (mut io, _flags) = linked(server);
    let mut kept = Vec::new();
    for n in 0..200_u8 {
        client.write_all(&[n]).await.expect("written");
        kept.push(poll_fn(|cx| io.poll_chunk(cx)).await.expect("a byte"));
    }
    assert!(kept.iter().flatten().copied().eq(0..200));
    let apart = kept.windows(2).filter(|pair| pair[0].as_ptr().wrapping_add(1) != pair[1].as_ptr()).count();
    assert!(apart < 3, "{apart} chunks in other memory");
}

#[tokio::test]
async fn unreading_nothing_holds_no_memory() {
    let (server, _far) = pair().await;
    let (mut io, _flags) = linked(server);
    let mut buffer = BytesMut::with_capacity(8_192);
    buffer.extend_from_slice(b"GET / HTTP/1.1");
    let head = buffer.split().freeze();
    io.unread(buffer.freeze());
    assert!(head.is_unique(), "the buffer of the head is not shared");
}

/// Accepts a few bytes and then blocks for a moment.
struct Narrow {
    io: Mutex<(usize, Arc<Mutex<Vec<u8>>>)>,
}

impl AsyncRead for Narrow {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

impl AsyncWrite for Narrow {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.try_write(buf) {
            Err(_) => {
                // Writable again at the next poll.
                self.io.lock().unwrap().0 = 4;
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            written => Poll::Ready(written),
        }
    }
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl AcceptedIo for Narrow {
    const CAN_TRY_WRITE: bool = true;
    fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let (room, taken) = &mut *self.io.lock().unwrap();
        let fits = bytes.len().min(*room);
        if fits == 0 {
            return Err(ErrorKind::WouldBlock.into());
        }
        *room -= fits;
        taken.lock().unwrap().extend_from_slice(&bytes[..fits]);
        Ok(fits)
    }
}

#[tokio::test]
async fn the_last_bytes_arrive_though_the_peer_reads_later() {
    let taken = Arc::new(Mutex::new(Vec::new()));
    let (mut io, _flags) = linked(Narrow { io: Mutex::new((4, taken.clone())) });
    poll_fn(|cx| io.poll_write_ready(cx)).await.expect("room");
    io.put(&mut b"some words, the end".to_vec());
    // The last bytes wait until writing is possible; then the stream is dropped.
    poll_fn(|cx| io.poll_sent(cx)).await.expect("on its way");
    drop(io);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(String::from_utf8_lossy(&taken.lock().unwrap()), "some words, the end");
}

/// Returns a pair whose server end is full, and how many bytes the kernel has accepted.
async fn full_pair() -> (TcpStream, TcpStream, usize) {
    let (server, client) = pair().await;
    server.writable().await.expect("open");
    let mut taken = 0;
    while let Ok(written) = server.try_write(&[0; 100_000]) {
        taken += written;
    }
    (server, client, taken)
}

#[tokio::test]
async fn a_shutdown_that_waits_for_the_peer_ends_when_it_reads() {
    let (server, mut client, before) = full_pair().await;
    let (mut io, _flags) = linked(server);
    let end = tokio::spawn(async move {
        io.write_all(b"goodbye").await.expect("taken");
        io.shutdown().await
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    let mut got = vec![0; before + 7];
    timeout(Duration::from_secs(5), client.read_exact(&mut got)).await.expect("in time").expect("all of it");
    assert!(got.ends_with(b"goodbye"));
    timeout(Duration::from_secs(5), client.read(&mut [0])).await.expect("the end comes").expect("no error");
    end.await.expect("no panic").expect("shut down");
}

#[tokio::test]
async fn poll_sent_is_ready_when_the_kernel_has_the_last_bytes() {
    let (server, mut client, before) = full_pair().await;
    let (mut io, _flags) = linked(server);
    let end = tokio::spawn(async move {
        poll_fn(|cx| io.poll_write_ready(cx)).await.expect("room");
        io.put(&mut b"goodbye".to_vec());
        poll_fn(|cx| io.poll_sent(cx)).await.expect("sent");
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    let mut got = Vec::new();
    timeout(Duration::from_secs(5), client.read_to_end(&mut got)).await.expect("in time").expect("all of it");
    assert!(got.len() == before + 7 && got.ends_with(b"goodbye"), "{} of {}", got.len(), before + 7);
    end.await.expect("no panic");
}
