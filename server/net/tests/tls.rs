//! TLS: handshakes that succeed, fail and stop half-way, what ALPN decides, how a connection ends, mutual TLS, and the
//! replacement of a certificate.

#[path = "support/listening.rs"]
mod listening;
#[path = "support/services.rs"]
mod services;

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{Router, extract::Request, response::Response, routing::any};
use bytes::Bytes;
use futures_util::{SinkExt as _, Stream as _, StreamExt as _};
use http_body_util::{BodyExt as _, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use listening::{Authority, Listening, http2_engine, soon, tls};
use rcgen::{ExtendedKeyUsagePurpose, SanType};
use rustls::{
    ClientConfig, HandshakeKind,
    version::{TLS12, TLS13},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::tungstenite::Message;
use wigwag_net::{
    listener::ListenerConfig,
    tls::{ClientAuth, PeerCertificate, SubjectAltName, TlsConfig, TlsContext, TlsVersion},
    websocket::{CloseReason, FrameWriter, MessageSource, MessageStream, Received, SocketConfig, WebSocketUpgrade},
};

fn settings() -> ListenerConfig {
    ListenerConfig { http2_engine: http2_engine(), ..ListenerConfig::default() }
}

fn app() -> Router {
    services::app().route("/names", any(names))
}

/// The names of the client's certificate.
async fn names(request: Request) -> String {
    let names = PeerCertificate::of(request.extensions()).map(|certificate| certificate.names().to_vec());
    format!("{names:?}")
}

async fn start(authority: &Authority) -> Listening {
    Listening::with_tls(app(), authority.context(), settings()).await
}

/// Sends a request over HTTP/1.1 and returns what comes back until the end.
async fn exchange<S>(stream: &mut S, path: &str) -> io::Result<String>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    soon("the answer ends", stream.read_to_string(&mut answer)).await?;
    Ok(answer)
}

async fn get(addr: SocketAddr, config: ClientConfig, path: &str) -> io::Result<String> {
    let mut stream = soon("a handshake", tls::connect(addr, config)).await?;
    exchange(&mut stream, path).await
}

/// Sends a request over HTTP/2 and returns the body of the answer.
async fn get_http2(stream: TlsStream<TcpStream>, path: &str) -> String {
    let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
    let (mut client, connection) = soon("a handshake", handshake).await.expect("HTTP/2");
    tokio::spawn(connection);
    let request = http::Request::get(format!("http://localhost{path}")).body(Empty::<Bytes>::new()).expect("a request");
    let response = soon("an answer", client.send_request(request)).await.expect("an answer");
    let body = soon("a body", response.into_body().collect()).await.expect("a body").to_bytes();
    String::from_utf8(body.into()).expect("text")
}

/// Waits until so many handshakes are known to have failed: the server lets the client close first.
async fn failures(listening: &Listening, expected: u64) {
    soon("the handshakes fail", async {
        while listening.stats.tls_handshake_failures() < expected {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    assert_eq!(listening.stats.tls_handshake_failures(), expected);
}

#[tokio::test]
async fn alpn_decides_the_protocol() {
    let authority = Authority::new();
    let listening = start(&authority).await;
    for (offered, chosen) in [
        (&["h2", "http/1.1"][..], Some("h2")),
        (&["http/1.1", "h2"], Some("h2")),
        (&["h2"], Some("h2")),
        (&["spdy/3", "http/1.1"], Some("http/1.1")),
        (&[], None),
    ] {
        let mut stream = tls::connect(listening.addr, authority.client_config(offered)).await.expect("a handshake");
        let protocol = stream.get_ref().1.alpn_protocol().map(|name| String::from_utf8_lossy(name).into_owned());
        assert_eq!(protocol.as_deref(), chosen, "{offered:?}");
        if chosen == Some("h2") {
            assert_eq!(get_http2(stream, "/ok").await, "ok");
        } else {
            assert!(exchange(&mut stream, "/ok").await.expect("an answer").ends_with("\r\n\r\nok"), "{offered:?}");
        }
    }
    // Without ALPN the first bytes decide.
    let stream = tls::connect(listening.addr, authority.client_config(&[])).await.expect("a handshake");
    assert_eq!(get_http2(stream, "/ok").await, "ok");
    // A client that speaks nothing that is served is told so by an alert.
    let error = tls::connect(listening.addr, authority.client_config(&["spdy/3"])).await.expect_err("no protocol");
    assert!(error.to_string().contains("NoApplicationProtocol"), "{error}");
    failures(&listening, 1).await;
    listening.stop().await;
}

#[tokio::test]
async fn a_client_that_breaks_what_alpn_chose_is_not_served() {
    let authority = Authority::new();
    let listening = start(&authority).await;
    let mut stream = tls::connect(listening.addr, authority.client_config(&["h2"])).await.expect("a handshake");
    let answer = exchange(&mut stream, "/ok").await.unwrap_or_default();
    assert!(!answer.contains("200 OK"), "{answer}");
    let mut stream = tls::connect(listening.addr, authority.client_config(&["http/1.1"])).await.expect("a handshake");
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.expect("sent");
    let mut answer = Vec::new();
    let _ = soon("the end", stream.read_to_end(&mut answer)).await;
    // Neither SETTINGS nor anything else of HTTP/2.
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 4"), "{answer:?}");
    listening.stop().await;
}

#[tokio::test]
async fn both_versions_are_served_and_the_older_one_can_be_refused() {
    let authority = Authority::new();
    let listening = start(&authority).await;
    for version in [&TLS12, &TLS13] {
        let config = authority.client_config_with(&["http/1.1"], &[version], None);
        assert!(get(listening.addr, config, "/ok").await.expect("an answer").ends_with("ok"));
    }
    listening.stop().await;

    let context = TlsContext::load(TlsConfig { min_version: TlsVersion::Tls13, ..authority.config() }).expect("usable");
    let listening = Listening::with_tls(app(), context, settings()).await;
    let old = authority.client_config_with(&["http/1.1"], &[&TLS12], None);
    assert!(get(listening.addr, old, "/ok").await.is_err());
    assert!(get(listening.addr, authority.client_config(&["http/1.1"]), "/ok").await.is_ok());
    failures(&listening, 1).await;
    listening.stop().await;
}

/// Returns a ClientHello that offers TLS 1.1 at most, as old clients send it.
fn hello_of_tls_1_1() -> Vec<u8> {
    let head = [0x16, 3, 1, 0, 47, 1, 0, 0, 43, 3, 2];
    // After the randomness: no session id, two cipher suites, no compression, no extensions.
    [&head[..], &[7; 32], &[0, 0, 4, 0x00, 0x2f, 0xc0, 0x13, 1, 0]].concat()
}

#[tokio::test]
async fn tls_1_1_is_refused_with_an_alert() {
    let authority = Authority::new();
    let listening = start(&authority).await;
    let mut socket = TcpStream::connect(listening.addr).await.expect("connects");
    socket.write_all(&hello_of_tls_1_1()).await.expect("sent");
    let mut answer = Vec::new();
    soon("an alert", socket.read_to_end(&mut answer)).await.expect("no reset");
    // An alert record: fatal, handshake_failure or protocol_version.
    assert!(matches!(answer[..], [0x15, _, _, 0, 2, 2, 40 | 70]), "{answer:?}");
    failures(&listening, 1).await;
    listening.stop().await;
}

#[tokio::test]
async fn http_without_tls_is_told_to_use_https() {
    let authority = Authority::new();
    let listening = start(&authority).await;
    let mut socket = TcpStream::connect(listening.addr).await.expect("connects");
    let answer = exchange(&mut socket, "/ok").await.expect("no reset");
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("use https://"), "{answer}");
    // With a body that is sent at once.
    let mut socket = TcpStream::connect(listening.addr).await.expect("connects");
    let request =
        [&b"POST /count HTTP/1.1\r\nhost: localhost\r\ncontent-length: 30000\r\n\r\n"[..], &[0; 30_000]].concat();
    socket.write_all(&request).await.expect("sent");
    socket.shutdown().await.expect("shut down");
    let mut answer = String::new();
    soon("an answer", socket.read_to_string(&mut answer)).await.expect("no reset");
    assert!(answer.contains("TLS_REQUIRED"), "{answer}");

    let socket = TcpStream::connect(listening.addr).await.expect("connects");
    let (client, connection) = h2::client::handshake(socket).await.expect("a handshake");
    let error = soon("GOAWAY", connection).await.expect_err("no HTTP/2");
    drop(client);
    assert_eq!(error.reason(), Some(h2::Reason::INADEQUATE_SECURITY), "{error}");
    assert!(error.to_string().contains("use https://"), "{error}");
    failures(&listening, 3).await;
    listening.stop().await;
}

#[tokio::test]
async fn handshakes_that_stop_half_way_are_closed_in_time() {
    let authority = Authority::new();
    let deadlines = ListenerConfig {
        first_byte_timeout: Duration::from_millis(300),
        handshake_timeout: Duration::from_millis(900),
        ..settings()
    };
    let listening = Listening::with_tls(app(), authority.context(), deadlines).await;
    let hello = client_hello(&authority);
    let silent = closed_after(listening.addr, &[], Duration::ZERO);
    let half_hello = closed_after(listening.addr, &hello[..hello.len() / 2], Duration::ZERO);
    // The server has answered and waits for the client's Finished.
    let no_finished = closed_after(listening.addr, &hello, Duration::ZERO);
    // One byte at a time, so that the socket is never silent for long.
    let trickle = closed_after(listening.addr, &hello, Duration::from_millis(20));
    let no_request = async {
        let mut stream =
            tls::connect(listening.addr, authority.client_config(&["http/1.1"])).await.expect("a handshake");
        let _ = soon("the end", stream.read_to_end(&mut Vec::new())).await;
    };
    tokio::join!(silent, half_hello, no_finished, trickle, no_request);
    assert_eq!(listening.stats.handshake_timeouts(), 5);
    assert_eq!(listening.stats.open(), 0);
    // None of them is what a failed handshake is.
    assert_eq!(listening.stats.tls_handshake_failures(), 0);
    listening.stop().await;
}

/// Returns the first flight of a client.
fn client_hello(authority: &Authority) -> Vec<u8> {
    let config = Arc::new(authority.client_config(&["h2"]));
    let name = "localhost".try_into().expect("a name");
    let mut client = rustls::ClientConnection::new(config, name).expect("a client");
    let mut hello = Vec::new();
    client.write_tls(&mut hello).expect("a flight");
    hello
}

/// Sends bytes, one by one with these pauses if there are any, and waits for the server to close.
async fn closed_after(addr: SocketAddr, bytes: &[u8], pause: Duration) {
    let socket = TcpStream::connect(addr).await.expect("connects");
    let (mut read, mut write) = socket.into_split();
    let sent = async {
        if pause.is_zero() {
            let _ = write.write_all(bytes).await;
        } else {
            for byte in bytes {
                if write.write_all(&[*byte]).await.is_err() {
                    break;
                }
                tokio::time::sleep(pause).await;
            }
        }
        std::future::pending::<()>().await;
    };
    let mut answer = Vec::new();
    tokio::select! {
        () = sent => {}
        // A reset is a close too.
        _ = soon("the server closes", read.read_to_end(&mut answer)) => {}
    }
}

#[tokio::test]
async fn silent_handshakes_count_towards_the_limit_of_connections() {
    let authority = Authority::new();
    let limits = ListenerConfig { max_connections: 3, ..settings() };
    let listening = Listening::with_tls(app(), authority.context(), limits).await;
    let hello = client_hello(&authority);
    let mut halves = Vec::new();
    for _ in 0..3 {
        let mut socket = TcpStream::connect(listening.addr).await.expect("connects");
        socket.write_all(&hello).await.expect("sent");
        socket.read_exact(&mut [0; 100]).await.expect("the server's flight");
        halves.push(socket);
    }
    assert!(get(listening.addr, authority.client_config(&[]), "/ok").await.is_err());
    assert_eq!(listening.stats.refused(), 1);
    listening.stop().await;
}

/// Passes on bytes one at a time, so that records arrive in pieces.
async fn bytewise(server: SocketAddr) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let addr = listener.local_addr().expect("bound");
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            let far = TcpStream::connect(server).await.expect("connects");
            far.set_nodelay(true).expect("an option");
            let ((mut near_read, mut near_write), (mut far_read, mut far_write)) =
                (near.into_split(), far.into_split());
            tokio::spawn(async move { tokio::io::copy(&mut far_read, &mut near_write).await });
            tokio::spawn(async move {
                let mut byte = [0];
                while near_read.read_exact(&mut byte).await.is_ok() && far_write.write_all(&byte).await.is_ok() {
                    tokio::task::yield_now().await;
                }
            });
        }
    });
    addr
}

#[tokio::test]
async fn records_may_arrive_byte_by_byte() {
    let authority = Authority::new();
    let listening = start(&authority).await;
    let addr = bytewise(listening.addr).await;
    for version in [&TLS12, &TLS13] {
        let config = authority.client_config_with(&["http/1.1"], &[version], None);
        let answer = get(addr, config, "/ok").await.expect("an answer");
        assert!(answer.ends_with("ok"), "{answer}");
    }
    listening.stop().await;
}

#[tokio::test]
async fn bodies_of_any_length_pass_in_both_directions() {
    let authority = Authority::new();
    let app = app().route("/echo", any(|body: axum::body::Bytes| async move { body }));
    let listening = Listening::with_tls(app, authority.context(), settings()).await;
    for version in [&TLS12, &TLS13] {
        for len in [1, 16_383, 16_384, 16_385, 70_000, 1_900_000] {
            let config = authority.client_config_with(&["http/1.1"], &[version], None);
            let stream = tls::connect(listening.addr, config).await.expect("a handshake");
            let (mut read, mut write) = tokio::io::split(stream);
            let sent: Vec<u8> = (0..len).map(|n: u32| (n % 251) as u8).collect();
            let head = format!("POST /echo HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: {len}\r\n\r\n");
            let request = [head.as_bytes(), &sent].concat();
            let writing = async { write.write_all(&request).await.expect("sent") };
            let mut answer = Vec::new();
            // A clean end: without close_notify this would be an error.
            let reading = async { read.read_to_end(&mut answer).await.expect("a clean end") };
            soon("an echo", async { tokio::join!(writing, reading) }).await;
            assert!(answer.starts_with(b"HTTP/1.1 200") && answer.ends_with(&sent), "{len}");
        }
    }
    listening.stop().await;
}

#[tokio::test]
async fn an_end_without_close_notify_ends_the_connection() {
    let authority = Authority::new();
    let listening = start(&authority).await;
    for version in [&TLS12, &TLS13] {
        let config = authority.client_config_with(&["http/1.1"], &[version], None);
        let mut stream = tls::connect(listening.addr, config).await.expect("a handshake");
        stream.write_all(b"POST /count HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\n12345").await.expect("sent");
        // Below TLS: the end of TCP without an alert.
        let (socket, _) = stream.into_inner();
        let mut socket = socket;
        socket.shutdown().await.expect("shut down");
        soon("the end", socket.read_to_end(&mut Vec::new())).await.expect("closed");
    }
    // With close_notify it is a clean end.
    let mut stream = tls::connect(listening.addr, authority.client_config(&["http/1.1"])).await.expect("a handshake");
    stream.shutdown().await.expect("shut down");
    let mut rest = Vec::new();
    soon("the end", stream.read_to_end(&mut rest)).await.expect("a clean end");
    listening.stop().await;
}

/// Sends back what it receives.
struct Echo(MessageStream);

impl MessageSource for Echo {
    fn poll_write(&mut self, cx: &mut Context<'_>, out: &mut FrameWriter) -> Poll<Result<(), CloseReason>> {
        match ready!(Pin::new(&mut self.0).poll_next(cx)) {
            Some(Received::Text(text)) => out.text(text.as_str().to_owned()),
            Some(Received::Binary(bytes)) => out.binary(bytes.len(), |out| out.extend_from_slice(&bytes)),
            Some(Received::Violation(_)) | None => return Poll::Ready(Err(CloseReason::normal())),
        }
        Poll::Ready(Ok(()))
    }
}

async fn websocket(upgrade: WebSocketUpgrade) -> Response {
    let settings = SocketConfig { max_message: 1 << 20, ping_interval: None, ping_timeout: listening::BOUND };
    upgrade.accept(None, settings, |socket| async move {
        let incoming = socket.incoming();
        socket.pump(Echo(incoming)).await;
    })
}

#[tokio::test]
async fn websockets_are_served_over_tls() {
    let authority = Authority::new();
    let app = Router::new().route("/socket", any(websocket));
    let listening = Listening::with_tls(app, authority.context(), settings()).await;
    for version in [&TLS12, &TLS13] {
        let config = authority.client_config_with(&["http/1.1"], &[version], None);
        let stream = tls::connect(listening.addr, config).await.expect("a handshake");
        let upgraded = tokio_tungstenite::client_async("wss://localhost/socket", stream);
        let (mut socket, _) = soon("an upgrade", upgraded).await.expect("a WebSocket");
        for len in [0, 1, 125, 70_000, 1_000_000] {
            let sent: Bytes = (0..len).map(|n: u32| (n % 251) as u8).collect();
            socket.send(Message::Binary(sent.clone())).await.expect("sent");
            let echo = soon("an echo", socket.next()).await.expect("open").expect("a message");
            assert!(echo == Message::Binary(sent), "{len} bytes");
        }
        socket.close(None).await.expect("closes");
        while let Some(message) = soon("the end", socket.next()).await {
            // The end is a clean one: close_notify comes before that of TCP.
            message.expect("a clean end");
        }
    }
    listening.stop().await;
}

#[tokio::test]
async fn a_websocket_that_is_not_read_gets_everything_later() {
    const MESSAGES: usize = 300;
    let authority = Authority::new();
    let app = Router::new().route("/socket", any(websocket));
    let listening = Listening::with_tls(app, authority.context(), settings()).await;
    let stream = tls::connect(listening.addr, authority.client_config(&["http/1.1"])).await.expect("a handshake");
    let (socket, _) = tokio_tungstenite::client_async("wss://localhost/socket", stream).await.expect("a WebSocket");
    let (mut write, mut read) = socket.split();
    // More than the kernel buffers in both directions: the echo has to wait for the reader.
    let writing = tokio::spawn(async move {
        for n in 0..MESSAGES {
            write.send(Message::Binary(vec![n as u8; 50_000].into())).await.expect("sent");
        }
        write
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    for n in 0..MESSAGES {
        let echo = soon("an echo", read.next()).await.expect("open").expect("a message");
        assert!(echo == Message::Binary(vec![n as u8; 50_000].into()), "message {n}");
    }
    drop(soon("all is sent", writing).await.expect("no panic"));
    listening.stop().await;
}

#[tokio::test]
async fn sessions_are_resumed_with_tickets_but_not_with_client_certificates() {
    let authority = Authority::new();
    let mutual = TlsConfig { client_auth: ClientAuth::Optional, client_ca: Some(authority.ca()), ..authority.config() };
    for (config, resumed) in [(authority.config(), HandshakeKind::Resumed), (mutual, HandshakeKind::Full)] {
        let context = TlsContext::load(config).expect("usable");
        let listening = Listening::with_tls(app(), context, settings()).await;
        for version in [&TLS12, &TLS13] {
            let client = authority.client_config_with(&["http/1.1"], &[version], None);
            let mut kinds = Vec::new();
            for _ in 0..2 {
                let mut stream = tls::connect(listening.addr, client.clone()).await.expect("a handshake");
                kinds.push(stream.get_ref().1.handshake_kind());
                exchange(&mut stream, "/ok").await.expect("an answer");
            }
            assert_eq!(kinds, [Some(HandshakeKind::Full), Some(resumed)], "{version:?}");
        }
        listening.stop().await;
    }
}

#[tokio::test]
async fn clients_show_certificates_whose_names_requests_carry() {
    let (authority, other) = (Authority::new(), Authority::new());
    let names = || {
        vec![
            SanType::DnsName("backend.example".try_into().expect("a name")),
            SanType::URI("spiffe://example/backend".try_into().expect("a name")),
            SanType::Rfc822Name("ops@example.com".try_into().expect("a name")),
            SanType::IpAddress([10, 0, 0, 7].into()),
        ]
    };
    let shown = Some(vec![
        SubjectAltName::Dns("backend.example".to_owned()),
        SubjectAltName::Uri("spiffe://example/backend".to_owned()),
        SubjectAltName::Email("ops@example.com".to_owned()),
        SubjectAltName::Ip([10, 0, 0, 7].into()),
    ]);
    for client_auth in [ClientAuth::Off, ClientAuth::Optional, ClientAuth::Required] {
        let client_ca = Some(authority.ca());
        let context = TlsContext::load(TlsConfig { client_auth, client_ca, ..authority.config() }).expect("usable");
        let listening = Listening::with_tls(app(), context, settings()).await;
        for version in [&TLS12, &TLS13] {
            let client = |certificate| authority.client_config_with(&["h2", "http/1.1"], &[version], certificate);
            let with = |certificate| async {
                let stream = tls::connect(listening.addr, client(certificate)).await?;
                Ok::<_, io::Error>(get_http2(stream, "/names").await)
            };
            let expected = if client_auth == ClientAuth::Off { None } else { shown.clone() };
            assert_eq!(with(Some(authority.client(names()))).await.expect("an answer"), format!("{expected:?}"));
            // In TLS 1.3 the client learns of the refusal after its own handshake.
            let config = |certificate| authority.client_config_with(&["http/1.1"], &[version], certificate);
            let none = get(listening.addr, config(None), "/names").await;
            assert_eq!(none.is_ok(), client_auth != ClientAuth::Required, "{client_auth:?}: {none:?}");
            assert!(none.map_or_else(
                |error| error.to_string().contains("CertificateRequired") || *version == TLS12,
                |answer| answer.ends_with("None")
            ));
            let usage = ExtendedKeyUsagePurpose::ClientAuth;
            let expired = authority.issue(names(), usage, |params| params.not_after = rcgen::date_time_ymd(2020, 1, 1));
            for bad in [other.client(names()), expired, authority.server("localhost")] {
                let answer = get(listening.addr, config(Some(bad)), "/names").await;
                assert_eq!(answer.is_ok(), client_auth == ClientAuth::Off, "{client_auth:?}: {answer:?}");
            }
        }
        listening.stop().await;
    }
}

#[tokio::test]
async fn a_replaced_certificate_is_that_of_new_connections() {
    let authority = Authority::new();
    let first = authority.server("first.example");
    authority.write(&first);
    let context = authority.context();
    let watch = tokio::spawn(context.clone().watch(Arc::default()));
    let listening = Listening::with_tls(app(), context.clone(), settings()).await;
    let mut open = Vec::new();
    for _ in 0..20 {
        open.push(tls::connect(listening.addr, authority.client_config(&["http/1.1"])).await.expect("a handshake"));
    }
    let certificate = |stream: &TlsStream<TcpStream>| stream.get_ref().1.peer_certificates().expect("one")[0].clone();
    assert!(open.iter().all(|stream| certificate(stream) == first.certificate));

    // One that cannot be used changes nothing.
    std::fs::write(authority.cert(), "-----BEGIN CERTIFICATE-----\nAAAA").expect("a file");
    assert!(context.reload().is_err() || !context.reload().expect("seen"));
    let stream = tls::connect(listening.addr, authority.client_config(&[])).await.expect("a handshake");
    assert_eq!(certificate(&stream), first.certificate);

    let second = authority.server("second.example");
    authority.write(&second);
    let served = tokio::time::timeout(Duration::from_secs(5), async {
        loop {
            let stream = tls::connect(listening.addr, authority.client_config(&[])).await.expect("a handshake");
            if certificate(&stream) == second.certificate {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    served.await.expect("within five seconds");
    for stream in &mut open {
        assert!(exchange(stream, "/ok").await.expect("still open").ends_with("ok"));
    }
    watch.abort();
    listening.stop().await;
}
