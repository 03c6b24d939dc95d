use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpSocket;
use tokio::time::{Instant, timeout};

use super::*;

const BOUND: Duration = Duration::from_secs(20);

/// Both ends of a connection through a proxy.
struct Pair {
    client: TcpStream,
    server: TcpStream,
    wire: Wire,
    proxy: Proxy,
}

async fn pair() -> Pair {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let proxy = Proxy::start(listener.local_addr().expect("bound")).await.expect("a free port");
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind((Ipv4Addr::LOCALHOST, 0).into()).expect("a free port");
    let wire = proxy.expect(socket.local_addr().expect("bound"));
    let client = socket.connect(proxy.addr()).await.expect("connects");
    let (server, _) = listener.accept().await.expect("accepts");
    Pair { client, server, wire, proxy }
}

async fn reads(socket: &mut TcpStream, expected: &[u8]) {
    let mut bytes = vec![0; expected.len()];
    timeout(BOUND, socket.read_exact(&mut bytes)).await.expect("in time").expect("bytes");
    assert_eq!(bytes, expected);
}

/// Reads to the end of a socket: `Ok` with the bytes before a FIN.
async fn rest(socket: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    timeout(BOUND, socket.read_to_end(&mut bytes)).await.expect("in time").map(|_| bytes)
}

async fn receives_nothing(socket: &mut TcpStream) {
    assert!(timeout(Duration::from_millis(200), socket.read(&mut [0; 1])).await.is_err());
}

#[tokio::test]
async fn bytes_pass_both_ways_and_so_does_the_end() {
    let mut pair = pair().await;
    pair.client.write_all(b"up").await.expect("open");
    reads(&mut pair.server, b"up").await;
    pair.server.write_all(b"down").await.expect("open");
    reads(&mut pair.client, b"down").await;
    assert_eq!((pair.wire.passed(Way::Up), pair.wire.passed(Way::Down)), (2, 4));
    pair.client.shutdown().await.expect("open");
    assert_eq!(rest(&mut pair.server).await.expect("a FIN"), b"");
    pair.server.write_all(b"still").await.expect("open");
    drop(pair.server);
    assert_eq!(rest(&mut pair.client).await.expect("a FIN"), b"still");
    while pair.proxy.open() > 0 {
        tokio::task::yield_now().await;
    }
    assert!(pair.wire.is_over());
}

#[tokio::test]
async fn it_breaks_after_the_given_number_of_bytes() {
    for how in [Break::Close, Break::Reset] {
        let mut pair = pair().await;
        pair.client.write_all(b"a").await.expect("open");
        reads(&mut pair.server, b"a").await;
        pair.wire.set(Way::Up, Disturbance::BreakAfter(5, how));
        pair.client.write_all(b"0123456789").await.expect("open");
        match (how, rest(&mut pair.server).await) {
            (Break::Close, Ok(bytes)) => assert_eq!(bytes, b"01234"),
            // A reset may overtake the bytes.
            (Break::Reset, Err(_)) => {}
            (_, other) => panic!("{how:?}: {other:?}"),
        }
        assert!(rest(&mut pair.client).await.map_or(true, |bytes| bytes.is_empty()));
    }
}

#[tokio::test]
async fn it_resets_now() {
    let mut pair = pair().await;
    pair.wire.end(Break::Reset);
    assert_eq!(rest(&mut pair.client).await.expect_err("a reset").kind(), io::ErrorKind::ConnectionReset);
    assert_eq!(rest(&mut pair.server).await.expect_err("a reset").kind(), io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn one_way_may_fail_while_the_other_works() {
    let mut pair = pair().await;
    pair.wire.set(Way::Down, Disturbance::Blackhole);
    pair.server.write_all(b"lost").await.expect("open");
    receives_nothing(&mut pair.client).await;
    pair.client.write_all(b"up").await.expect("open");
    reads(&mut pair.server, b"up").await;
    // No bytes follow lost ones, even after a new order; but the connection may end.
    for disturbance in [Disturbance::None, Disturbance::Slow(1_000)] {
        pair.wire.set(Way::Down, disturbance);
        pair.server.write_all(b"lost").await.expect("open");
        receives_nothing(&mut pair.client).await;
    }
    pair.wire.set(Way::Down, Disturbance::BreakAfter(100, Break::Close));
    assert_eq!(rest(&mut pair.client).await.expect("a FIN"), b"");
}

#[tokio::test]
async fn a_stall_holds_bytes_back_until_it_is_lifted() {
    let mut pair = pair().await;
    pair.wire.set(Way::Up, Disturbance::Stall);
    // The pump may be about to read when the order arrives: bytes wake it, and then it must hold them.
    pair.client.write_all(b"held").await.expect("open");
    receives_nothing(&mut pair.server).await;
    pair.wire.set(Way::Up, Disturbance::None);
    reads(&mut pair.server, b"held").await;
}

#[tokio::test]
async fn a_half_close_ends_one_way() {
    let mut pair = pair().await;
    pair.wire.set(Way::Up, Disturbance::HalfClose);
    assert_eq!(rest(&mut pair.server).await.expect("a FIN"), b"");
    pair.server.write_all(b"down").await.expect("open");
    reads(&mut pair.client, b"down").await;
}

#[tokio::test]
async fn slow_is_slow() {
    let mut pair = pair().await;
    pair.wire.set(Way::Up, Disturbance::Slow(1_000));
    let began = Instant::now();
    pair.client.write_all(&[7; 200]).await.expect("open");
    reads(&mut pair.server, &[7; 200]).await;
    assert!(began.elapsed() >= Duration::from_millis(150), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_fault_may_be_set_before_the_first_byte() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let proxy = Proxy::start(listener.local_addr().expect("bound")).await.expect("a free port");
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind((Ipv4Addr::LOCALHOST, 0).into()).expect("a free port");
    proxy.expect(socket.local_addr().expect("bound")).set(Way::Up, Disturbance::BreakAfter(3, Break::Close));
    let mut client = socket.connect(proxy.addr()).await.expect("connects");
    client.write_all(b"hello").await.expect("open");
    let (mut server, _) = listener.accept().await.expect("accepts");
    assert_eq!(rest(&mut server).await.expect("a FIN"), b"hel");
}

#[tokio::test]
async fn a_server_that_is_not_running_is_a_reset() {
    let gone = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let addr = gone.local_addr().expect("bound");
    drop(gone);
    let proxy = Proxy::start(addr).await.expect("a free port");
    let mut client = TcpStream::connect(proxy.addr()).await.expect("connects");
    rest(&mut client).await.expect_err("a reset");
}
