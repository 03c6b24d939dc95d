use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::time::timeout;

use super::*;

impl Transport for DuplexStream {}

/// Far more than the system holds for a connection.
const LOTS: usize = 32 << 20;

fn linked<I: Transport>(io: I) -> (ConnectionIo<I>, Arc<ConnectionFlags>) {
    let flags = Arc::new(ConnectionFlags::default());
    let (open, _) = oneshot::channel();
    (ConnectionIo::new(io, flags.clone(), WriteBatcher::of(&Handle::current()), open), flags)
}

async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    let (near, far) = tokio::join!(listener.accept(), TcpStream::connect(address));
    (near.expect("accepted").0, far.expect("connected"))
}

fn bytes(from: usize, len: usize) -> Vec<u8> {
    (from..from + len).map(|n| (n % 251) as u8).collect()
}

#[tokio::test]
async fn bytes_keep_their_order_whatever_their_sizes() {
    let (near, mut far) = pair().await;
    let (mut io, _link) = linked(near);
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
    let (sent, read) = tokio::join!(write, far.read_to_end(&mut got));
    read.expect("read");
    assert_eq!(got.len(), sent);
    assert!(got == bytes(0, sent));
}

#[tokio::test]
async fn a_peer_that_does_not_read_holds_the_writer_up_and_then_gets_everything() {
    let (near, mut far) = pair().await;
    let (mut io, _link) = linked(near);
    let mut taken = 0;
    while let Ok(written) = timeout(Duration::from_millis(200), io.write(&bytes(taken, READ_SIZE))).await {
        taken += written.expect("no error");
        assert!(taken < LOTS, "somebody takes it all");
    }
    // Nobody polls the writer from here on.
    let mut got = vec![0; taken];
    far.read_exact(&mut got).await.expect("all that was taken");
    assert!(got == bytes(0, taken));
    io.write_all(b"more").await.expect("there is room again");
    let mut more = [0; 4];
    far.read_exact(&mut more).await.expect("sent");
    assert_eq!(&more, b"more");
}

#[tokio::test]
async fn a_cut_ends_a_write_that_waits() {
    let (near, _far) = pair().await;
    let (mut io, flags) = linked(near);
    let endless = async { io.write_all(&bytes(0, LOTS)).await };
    let cut = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        flags.cut(true);
    };
    let (written, ()) = tokio::join!(endless, cut);
    assert_eq!(written.expect_err("cut").kind(), ErrorKind::ConnectionAborted);
}

#[tokio::test]
async fn what_was_taken_is_sent_though_the_stream_is_dropped_at_once() {
    let (near, mut far) = pair().await;
    near.writable().await.expect("open");
    let (mut io, _link) = linked(near);
    io.write_all(b"goodbye").await.expect("taken");
    drop(io);
    let mut got = Vec::new();
    far.read_to_end(&mut got).await.expect("closed");
    assert_eq!(got, b"goodbye");
}

#[tokio::test]
async fn a_peer_that_is_gone_is_found_out() {
    let (near, far) = pair().await;
    let (mut io, _link) = linked(near);
    drop(far);
    let found = async {
        while io.write_all(&bytes(0, READ_SIZE)).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(20), found).await.expect("a write fails");
}

#[tokio::test]
async fn more_than_the_reader_asks_for_is_kept_for_it() {
    let (near, mut far) = pair().await;
    let (mut io, _link) = linked(near);
    let sent = bytes(0, 50_000);
    far.write_all(&sent).await.expect("sent");
    drop(far);
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
async fn a_transport_that_cannot_try_is_written_to_in_its_own_turn() {
    let (near, mut far) = duplex(64);
    let (mut io, _link) = linked(near);
    let sent = bytes(0, 10_000);
    let write = async {
        io.write_all(&sent).await.expect("written");
        io.shutdown().await.expect("shut down");
    };
    let mut got = Vec::new();
    let ((), read) = tokio::join!(write, far.read_to_end(&mut got));
    read.expect("read");
    assert!(got == sent);
}

/// Gives all of these bytes, a piece at a time, each when there is room for it.
async fn put_all<I: Transport>(io: &mut ConnectionIo<I>, sent: &[u8], piece: usize) -> io::Result<()> {
    for piece in sent.chunks(piece) {
        poll_fn(|cx| io.poll_room(cx)).await?;
        let mut piece = piece.to_vec();
        io.put(&mut piece);
        assert_eq!(piece.capacity(), 0, "taken as it is");
    }
    poll_fn(|cx| io.poll_room(cx)).await
}

#[tokio::test]
async fn what_is_put_is_sent_in_order_and_no_more_is_taken_than_there_is_room_for() {
    let (near, mut far) = pair().await;
    let (mut io, _link) = linked(near);
    let sent = bytes(0, 3 << 20);
    let write = async {
        put_all(&mut io, &sent, 5_000).await.expect("room");
        io.shutdown().await.expect("shut down");
    };
    let mut got = Vec::new();
    let ((), read) = tokio::join!(write, far.read_to_end(&mut got));
    read.expect("read");
    assert!(got == sent);

    let (near, far) = pair().await;
    let (mut io, _link) = linked(near);
    let lots = bytes(0, LOTS);
    let stuck = timeout(Duration::from_millis(300), put_all(&mut io, &lots, 5_000)).await;
    assert!(stuck.is_err(), "somebody takes it all");
    drop(far);
    let failed = timeout(Duration::from_secs(20), put_all(&mut io, &lots, 5_000)).await.expect("found out");
    assert!(failed.is_err());
}

#[tokio::test]
async fn what_is_put_to_a_transport_that_cannot_try_is_sent_when_room_is_asked_for() {
    let (near, mut far) = duplex(64);
    let (mut io, _link) = linked(near);
    let sent = bytes(0, 10_000);
    let write = async {
        put_all(&mut io, &sent, 300).await.expect("room");
        io.shutdown().await.expect("shut down");
    };
    let mut got = Vec::new();
    let ((), read) = tokio::join!(write, far.read_to_end(&mut got));
    read.expect("read");
    assert!(got == sent);
}

#[tokio::test]
async fn chunks_come_from_one_memory_and_what_is_given_back_comes_first() {
    let (near, mut far) = pair().await;
    let (mut io, _link) = linked(near);
    let mut places = Vec::new();
    for _ in 0..3 {
        far.write_all(b"some").await.expect("sent");
        let chunk = poll_fn(|cx| io.poll_chunk(cx)).await.expect("bytes");
        assert_eq!(chunk, b"some"[..]);
        places.push(chunk.as_ptr());
    }
    assert!(places.iter().all(|permit| *permit == places[0]), "{places:?}");
    io.unread(Bytes::from_static(b"second"));
    io.unread(Bytes::from_static(b"first, "));
    assert_eq!(poll_fn(|cx| io.poll_chunk(cx)).await.expect("bytes"), b"first, second"[..]);
    drop(far);
    assert!(poll_fn(|cx| io.poll_chunk(cx)).await.expect("an end").is_empty());
}

#[tokio::test]
async fn small_pieces_that_are_kept_share_memory() {
    let (near, mut far) = pair().await;
    let (mut io, _link) = linked(near);
    let mut kept = Vec::new();
    for n in 0..200_u8 {
        far.write_all(&[n]).await.expect("written");
        kept.push(poll_fn(|cx| io.poll_chunk(cx)).await.expect("a byte"));
    }
    assert!(kept.iter().flatten().copied().eq(0..200));
    let apart = kept.windows(2).filter(|pair| pair[0].as_ptr().wrapping_add(1) != pair[1].as_ptr()).count();
    assert!(apart < 3, "{apart} times in other memory");
}

#[tokio::test]
async fn an_empty_rest_of_a_request_holds_no_memory() {
    let (near, _far) = pair().await;
    let (mut io, _link) = linked(near);
    let mut buffer = BytesMut::with_capacity(8_192);
    buffer.extend_from_slice(b"GET / HTTP/1.1");
    let head = buffer.split().freeze();
    io.unread(buffer.freeze());
    assert!(head.is_unique(), "what the head was read into is counts");
}

/// Takes a few bytes and then has no room for a moment.
struct Narrow {
    io: Mutex<(usize, Arc<Mutex<Vec<u8>>>)>,
}

impl AsyncRead for Narrow {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

impl AsyncWrite for Narrow {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.try_write(buf) {
            Err(_) => {
                // There is room a moment later.
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

impl Transport for Narrow {
    const TRIES: bool = true;
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
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
async fn what_was_put_last_arrives_though_the_other_end_reads_a_moment_later() {
    let taken = Arc::new(Mutex::new(Vec::new()));
    let (mut io, _link) = linked(Narrow { io: Mutex::new((4, taken.clone())) });
    poll_fn(|cx| io.poll_room(cx)).await.expect("room");
    io.put(&mut b"some words, goodbye".to_vec());
    // What is put last waits for room, and is dropped behind this.
    poll_fn(|cx| io.poll_sent(cx)).await.expect("on its way");
    drop(io);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(String::from_utf8_lossy(&taken.lock().unwrap()), "some words, goodbye");
}

/// A pair where the system takes nothing more at the near end, and how much it has.
async fn full_pair() -> (TcpStream, TcpStream, usize) {
    let (near, far) = pair().await;
    near.writable().await.expect("open");
    let mut taken = 0;
    while let Ok(written) = near.try_write(&[0; 100_000]) {
        taken += written;
    }
    (near, far, taken)
}

#[tokio::test]
async fn a_shutdown_that_waits_for_the_other_end_ends_when_it_reads() {
    let (near, mut far, before) = full_pair().await;
    let (mut io, _link) = linked(near);
    let end = tokio::spawn(async move {
        io.write_all(b"goodbye").await.expect("taken");
        io.shutdown().await
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    let mut got = vec![0; before + 7];
    timeout(Duration::from_secs(5), far.read_exact(&mut got)).await.expect("in time").expect("all of it");
    assert!(got.ends_with(b"goodbye"));
    timeout(Duration::from_secs(5), far.read(&mut [0])).await.expect("the end comes").expect("no error");
    end.await.expect("no panic").expect("shut down");
}

#[tokio::test]
async fn what_is_put_last_is_with_the_system_when_it_is_said_to_be_sent() {
    let (near, mut far, before) = full_pair().await;
    let (mut io, _link) = linked(near);
    let end = tokio::spawn(async move {
        poll_fn(|cx| io.poll_room(cx)).await.expect("room");
        io.put(&mut b"goodbye".to_vec());
        poll_fn(|cx| io.poll_sent(cx)).await.expect("sent");
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    let mut got = Vec::new();
    timeout(Duration::from_secs(5), far.read_to_end(&mut got)).await.expect("in time").expect("all of it");
    assert!(got.len() == before + 7 && got.ends_with(b"goodbye"), "{} of {}", got.len(), before + 7);
    end.await.expect("no panic");
}
