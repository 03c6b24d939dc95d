//! The log tells what happened and nothing that is private, even at its lowest level.

#[path = "support/frames.rs"]
mod frames;
#[path = "support/inbox.rs"]
mod inbox;
#[path = "support/node.rs"]
mod node;
#[path = "support/peer.rs"]
mod peer;
#[path = "shell/process.rs"]
mod process;
#[path = "shell/running.rs"]
mod running;
#[path = "support/web.rs"]
mod web;

use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};

use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tonic::Request;
use tonic::transport::Endpoint;
use wigwag_proto::v1::signaling_service_client::SignalingServiceClient;
use wigwag_proto::v1::{
    Bye, ClientFrame, Envelope, Hello, IceCandidate, ListenRequest, PushRequest, RefreshToken, SessionDescription,
    client_frame::Body as Up, envelope::Payload, server_frame::Body as Down,
};

use frames::{resumable, say};
use node::{Client, soon};
use peer::Peer;
use process::Process;
use web::Web;

const SDP: &str = "v=0\r\no=- 4611731400430051336 2 IN IP4 192.0.2.77\r\na=ice-pwd:asd88fgpdd777uzjYhagZg\r\n";
const CANDIDATE: &str = "candidate:842163049 1 udp 1677729535 198.51.100.23 46154 typ srflx";
const FRAGMENT: &str = "8hhYufragment";
const SEALED: &[u8] = b"sealed-envelope-content";
const TEXT: &str = "a-text-between-two-people";
const TOKEN: &str = "eyJhbGciOiJub25lIn0.a-token-of-the-client.sig";
const BEARER: &str = "eyJhbGciOiJub25lIn0.a-token-in-a-header.sig";
const TURN_USER: &str = "turn-user-4711";
const TURN_PASSWORD: &str = "turn-password-0815";
/// Where clients come from. All addresses of this run begin like it.
const CLIENTS: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 77);

/// A client that connects from [`CLIENTS`] and resets its connection when it is dropped.
async fn client(addr: SocketAddr) -> Client {
    let connect = tower::service_fn(move |_| async move {
        let socket = TcpSocket::new_v4()?;
        socket.bind((CLIENTS, 0).into())?;
        let stream = socket.connect(addr).await?;
        socket2::SockRef::from(&stream).set_linger(Some(std::time::Duration::ZERO))?;
        Ok::<_, std::io::Error>(TokioIo::new(stream))
    });
    let channel = soon("a connection", Endpoint::from_static("http://node.test").connect_with_connector(connect)).await;
    SignalingServiceClient::new(channel.expect("connects"))
}

fn private_payloads() -> Vec<Payload> {
    vec![
        Payload::Description(SessionDescription { r#type: "offer".into(), sdp: SDP.into() }),
        Payload::Candidate(IceCandidate {
            candidate: Some(CANDIDATE.into()),
            sdp_mid: Some("0".into()),
            sdp_m_line_index: Some(0),
            username_fragment: Some(FRAGMENT.into()),
        }),
        Payload::Sealed(SEALED.to_vec()),
        frames::payload(TEXT),
    ]
}

/// Everything a client can do, right and wrong. Gives back the secrets of its sessions.
async fn everything(addr: SocketAddr) -> Vec<String> {
    let hello = Hello { token: TOKEN.into(), client: "privacy/1".into(), ..resumable() };
    let mut ada = Peer::with(&mut client(addr).await, hello.clone()).await;
    assert_eq!(ada.welcome.ice_servers[0].credential, TURN_PASSWORD);
    ada.join("demo").await;
    let mut bob = Peer::with(&mut client(addr).await, Hello { grace_ms: 100, ..hello.clone() }).await;
    bob.join("demo").await;
    ada.expect_joined(bob.id()).await;
    let mut tokens = vec![ada.welcome.session_token.clone(), bob.welcome.session_token.clone()];

    for payload in private_payloads() {
        let envelope =
            |room: &str| Envelope { room: room.into(), payload: Some(payload.clone()), ..Envelope::default() };
        ada.send(Up::Envelope(envelope("demo"))).await;
        bob.next().await;
        // Refused in as many ways.
        let mut wrong = vec![envelope("elsewhere"), envelope("demo"), envelope("demo")];
        wrong[1].from = bob.id().into();
        wrong[2].to = "nobody".into();
        for envelope in wrong {
            let seq = ada.send(Up::Envelope(envelope)).await;
            ada.refused(seq).await;
        }
    }
    let seq = ada.send(Up::Refresh(RefreshToken { token: TOKEN.into() })).await;
    ada.refused(seq).await;

    // Over `Listen` and `Push`, with a token in a header: detached, resumed, superseded, pushed to with errors.
    let mut request = Request::new(ListenRequest { hello: Some(hello.clone()) });
    request.metadata_mut().insert("authorization", format!("Bearer {BEARER}").parse().expect("a header"));
    drop(soon("a stream", client(addr).await.listen(request)).await.expect("a stream"));
    let mut web = Web::with(client(addr).await, hello.clone()).await;
    tokens.push(web.welcome.session_token.clone());
    web.join("demo").await;
    ada.expect_joined(web.id()).await;
    let newer = Web::with(client(addr).await, web.resume()).await;
    web.push_in(1, Vec::new()).await.expect_err("superseded");
    let forged = format!("{}x", web.welcome.session_token);
    let request = PushRequest { session_token: forged, epoch: 1, frames: Vec::new() };
    web.client.push(request).await.expect_err("unknown");
    drop(newer);

    // A frame that breaks the protocol, a message that is too large, a bye, and a client that vanishes for good.
    let text = format!("{TEXT}{}", "x".repeat(1 << 20));
    let mut oversize = Peer::with(&mut client(addr).await, hello.clone()).await;
    oversize.send(say("demo", &text)).await;
    oversize.expect_fatal().await;
    let mut gap = Peer::with(&mut client(addr).await, hello.clone()).await;
    gap.frame(ClientFrame { seq: 9, ack: 0, body: Some(say("demo", TEXT)) }).await;
    gap.expect_fatal().await;
    let mut bye = Peer::with(&mut client(addr).await, hello.clone()).await;
    bye.send(Up::Bye(Bye {})).await;
    bye.ends().await.expect("OK");
    let gone = bob.id().to_owned();
    drop(bob);
    // Others come and go as well; this one by the end of its grace.
    loop {
        if let Some(Down::MemberLeft(left)) = ada.next().await.body
            && left.peer_id == gone
        {
            break;
        }
    }

    // Not even HTTP.
    let mut socket = TcpStream::connect(addr).await.expect("connects");
    socket.write_all(format!("{TEXT}\r\n\r\n").as_bytes()).await.expect("open");
    let _ = soon("an answer or the end", socket.read(&mut [0; 100])).await;
    let ada = ada.reconnect_with(&mut client(addr).await).await;
    tokens.push(ada.welcome.session_token.clone());
    tokens
}

#[tokio::test]
async fn no_line_of_the_log_holds_what_peers_say_or_where_they_are() {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    write!(
        file,
        "[[ice.servers]]\nurls = [\"turn:203.0.113.9:3478\"]\nusername = \"{TURN_USER}\"\ncredential = \"{TURN_PASSWORD}\"\n"
    )
    .expect("written");
    let path = file.path().to_str().expect("a path");
    let args = ["--config", path, "--log-level", "trace", "--log-format", "json", "--set", "drain.timeout_ms=1000"];
    let mut process = Process::start(&args).await;
    let mut stderr = process.child.stderr.take().expect("piped");
    let log = tokio::spawn(async move {
        let mut log = String::new();
        stderr.read_to_string(&mut log).await.expect("text");
        log
    });
    let tokens = everything(process.addr).await;
    process.signal("TERM").await;
    assert!(soon("the end", process.child.wait()).await.expect("waited for").success());
    let log = soon("the log", log).await.expect("no panic");

    for told in [
        "serving",
        "session opened",
        "session resumed",
        "session detached",
        "session ended",
        "member joined",
        "draining",
    ] {
        assert!(log.contains(told), "the log tells of \"{told}\": {log}");
    }
    let mut private: Vec<String> = [
        "4611731400430051336",
        "asd88fgpdd777uzjYhagZg",
        "192.0.2.77",
        "842163049",
        "198.51.100.23",
        FRAGMENT,
        TEXT,
        "sealed-envelope",
        TOKEN,
        BEARER,
        "a-token",
        TURN_USER,
        TURN_PASSWORD,
        "203.0.113.9",
        "127.0.0.",
        "::1",
    ]
    .map(String::from)
    .into();
    // The peer id, which precedes the secret, may be logged.
    private.extend(tokens.iter().map(|token| token.rsplit('.').next().expect("a secret").to_owned()));
    for line in log.lines() {
        for secret in &private {
            assert!(!line.contains(secret.as_str()), "{secret} is in the log: {line}");
        }
    }
}
