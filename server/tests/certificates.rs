//! Clients that are known by their certificates (mutual TLS), and the admin listener beyond loopback.

#[path = "rest/call.rs"]
mod call;
#[path = "websocket/client.rs"]
mod client;
#[path = "support/roaming.rs"]
mod roaming;
#[path = "shell/running.rs"]
mod running;
#[path = "tokens/server.rs"]
mod server;
#[path = "../net/tests/support/tls.rs"]
mod tls;
#[path = "support/transports.rs"]
mod transports;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use http::{Request, StatusCode};
use rcgen::{ExtendedKeyUsagePurpose, SanType};
use serde_json::Value;
use wigwag_net::tls::ClientAuth;
use wigwag_proto::v1::{Hello, Join, client_frame::Body as Up, server_frame::Body as Down};
use wigwag_server::config::{AllowedOrigins, AuthCertificate, Config};
use wigwag_token::Permissions;

use call::{answer, send};
use roaming::RoamingSession;
use server::{Guarded, claims, now_ms, with_token};
use tls::{Authority, Issued, tunnel, tunnel_as};
use transports::{Connection, TRANSPORTS, Transport};

fn entry(name: &str, user: &str, rooms: &[&str], can: &[&str]) -> AuthCertificate {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    let (name, user) = (name.to_owned(), user.to_owned());
    AuthCertificate {
        name,
        user,
        display_name: String::new(),
        namespace: String::new(),
        rooms: texts(rooms),
        can: texts(can),
    }
}

/// Has a server speak TLS, and know these certificates.
fn known(config: &mut Config, authority: &Authority, entries: Vec<AuthCertificate>) {
    config.tls.cert_file = authority.cert();
    config.tls.key_file = authority.key();
    config.tls.client_auth = ClientAuth::Optional;
    config.tls.client_ca_file = authority.ca();
    config.cors.allowed_origins = AllowedOrigins::default();
    config.auth.certificates = entries;
}

fn uri(name: &str) -> Vec<SanType> {
    vec![SanType::URI(name.try_into().expect("a URI"))]
}

fn bots(authority: &Authority) -> Issued {
    authority.client(uri("spiffe://example/bots"))
}

fn hello(token: &str) -> Hello {
    Hello { token: token.to_owned(), resumable: true, ..Hello::default() }
}

async fn refusal(transport: Transport, addr: SocketAddr, token: &str) -> String {
    Connection::open(transport, addr, hello(token)).await.err().expect("refused").reason
}

/// The user id of a session, as a room shows it.
async fn user_in(session: &mut RoamingSession, room: &str) -> String {
    session.join(room).await.me.expect("a member").user_id
}

async fn rooms(addr: SocketAddr, token: Option<&str>) -> (StatusCode, Value) {
    let mut request = Request::builder().uri("/v1/rooms");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let answer = answer(send(addr, request, "".into()).await).await;
    (answer.status, answer.json)
}

#[tokio::test]
async fn a_certificate_permits_what_its_entry_says() {
    let authority = Authority::new();
    let can = ["join", "create", "list"];
    let entries = vec![entry("spiffe://example/bots", "", &["bots-*"], &can)];
    let server = Guarded::start(|config| known(config, &authority, entries)).await;
    let bot = tunnel_as(&authority, bots(&authority), server.addr).await;
    let unknown = tunnel_as(&authority, authority.client(uri("spiffe://example/other")), server.addr).await;
    let none = tunnel(&authority, server.addr).await;
    let ada = server.token(&claims("ada", &["*"], Permissions::all()));
    for transport in TRANSPORTS {
        let mut session = RoamingSession::with(transport, bot, hello("")).await;
        assert_eq!(user_in(&mut session, "bots-1").await, "spiffe://example/bots", "{transport:?}");
        let seq = session.send(Up::Join(Join { room: "other".to_owned(), ..Join::default() })).await;
        let frame = session.next().await;
        let Some(Down::Error(error)) = frame.body else { panic!("{frame:?}") };
        assert_eq!((frame.reply_to, error.reason.as_str()), (seq, "FORBIDDEN"), "{transport:?}");

        assert_eq!(refusal(transport, unknown, "").await, "TOKEN_MISSING", "{transport:?}");
        assert_eq!(refusal(transport, none, "").await, "TOKEN_MISSING", "{transport:?}");
        // A token comes first, whether or not it is good.
        assert_eq!(refusal(transport, bot, "nonsense").await, "TOKEN_INVALID", "{transport:?}");
        let mut session = RoamingSession::with(transport, bot, hello(&ada)).await;
        assert_eq!(user_in(&mut session, "other").await, "ada", "{transport:?}");
    }
    let (status, listed) = rooms(bot, None).await;
    let names: Vec<_> = listed["rooms"].as_array().expect("rooms").iter().map(|room| room["room"].clone()).collect();
    assert_eq!((status, names), (StatusCode::OK, vec![Value::from("bots-1")]));
    let (status, listed) = rooms(bot, Some(&ada)).await;
    assert_eq!((status, listed["rooms"].as_array().map(Vec::len)), (StatusCode::OK, Some(2)));
    for (addr, token) in [(unknown, None), (none, None), (bot, Some("nonsense"))] {
        assert_eq!(rooms(addr, token).await.0, StatusCode::UNAUTHORIZED);
    }
    // `/rooms` needs `manage`.
    let page = send(bot, Request::builder().uri("/rooms"), "".into()).await;
    assert_eq!(page.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_resume_takes_the_certificate_of_its_own_user_only() {
    let authority = Authority::new();
    let entries = vec![
        entry("spiffe://example/bots", "bot", &["*"], &["join", "create"]),
        entry("spiffe://example/less", "bot", &["a"], &["join"]),
    ];
    let server = Guarded::start(|config| known(config, &authority, entries)).await;
    let first = tunnel_as(&authority, bots(&authority), server.addr).await;
    let less = tunnel_as(&authority, authority.client(uri("spiffe://example/less")), server.addr).await;
    let none = tunnel(&authority, server.addr).await;
    let resumed = |session: &RoamingSession, addr| Connection::open(Transport::Signal, addr, session.hello());
    let mut bot = RoamingSession::with(Transport::Signal, first, hello("")).await;
    bot.join("a").await;
    bot.join("b").await;
    bot.lose();
    // Without a certificate the session goes on with what it holds.
    let connection = resumed(&bot, none).await.expect("resumed");
    bot.take(connection).await;
    bot.lose();
    let connection = resumed(&bot, less).await.expect("resumed");
    bot.take(connection).await;
    let left = bot.expect_own_left().await;
    assert_eq!((left.room.as_str(), left.reason.as_str()), ("b", "FORBIDDEN"), "the certificate of the same user");

    let token = server.token(&claims("ada", &["*"], Permissions::all()));
    let mut ada = RoamingSession::with(Transport::Signal, none, hello(&token)).await;
    ada.join("c").await;
    ada.lose();
    let connection = resumed(&ada, less).await.expect("resumed: the certificate is another user's");
    ada.take(connection).await;
    assert_eq!(user_in(&mut ada, "d").await, "ada");
}

#[tokio::test]
async fn a_session_ends_with_its_certificate() {
    let authority = Authority::new();
    let entries = vec![entry("spiffe://example/bots", "bot", &["*"], &["join", "create", "list"])];
    let server = Guarded::start(|config| known(config, &authority, entries)).await;
    let seconds = i64::try_from(now_ms() / 1_000).expect("a time");
    let until = seconds + 4;
    let short = authority.issue(uri("spiffe://example/bots"), ExtendedKeyUsagePurpose::ClientAuth, |params| {
        params.not_before = time::OffsetDateTime::from_unix_timestamp(seconds - 60).expect("a time");
        params.not_after = time::OffsetDateTime::from_unix_timestamp(until).expect("a time");
    });
    let addr = tunnel_as(&authority, short, server.addr).await;
    let channel = tonic::transport::Endpoint::from_shared(format!("http://{addr}")).expect("a URL");
    let channel = channel.connect().await.expect("connects");
    let mut calls = wigwag_proto::v1::room_service_client::RoomServiceClient::new(channel);
    calls.list_rooms(wigwag_proto::v1::ListRoomsRequest::default()).await.expect("valid");
    let mut bot = RoamingSession::with(Transport::Proto, addr, hello("")).await;
    bot.join("demo").await;
    loop {
        let frame = bot.connection.as_mut().expect("open").next().await;
        let Some(Down::Error(error)) = frame.body else { continue };
        assert_eq!((error.reason.as_str(), error.fatal), ("TOKEN_EXPIRED", true));
        break;
    }
    assert!(now_ms() / 1_000 >= u64::try_from(until).expect("a time"), "not before");
    let expired =
        calls.list_rooms(wigwag_proto::v1::ListRoomsRequest::default()).await.expect_err("on the connection of before");
    assert_eq!(expired.code(), tonic::Code::Unauthenticated, "{expired:?}");
}

#[tokio::test]
async fn the_admin_listener_beyond_loopback_asks_who_calls() {
    let authority = Authority::new();
    let entries = vec![
        entry("spiffe://example/admin", "root", &[], &["admin"]),
        entry("spiffe://example/bots", "bot", &["*"], &["manage"]),
    ];
    let mut port = 0;
    let server = Guarded::start(|config| {
        known(config, &authority, entries);
        port = config.admin.listen.expect("set").port();
        config.admin.listen = Some((Ipv4Addr::UNSPECIFIED, port).into());
    })
    .await;
    let admin = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    while tokio::net::TcpStream::connect(admin).await.is_err() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let root = tunnel_as(&authority, authority.client(uri("spiffe://example/admin")), admin).await;
    let bot = tunnel_as(&authority, bots(&authority), admin).await;
    let none = tunnel(&authority, admin).await;
    let token = |can| server.token(&claims("root", &[], can));
    let (allowed, other) = (token(Permissions::ADMIN), token(Permissions::MANAGE));
    let mut of_a_tenant = claims("root", &[], Permissions::ADMIN);
    of_a_tenant.namespace = "team-1".to_owned();
    let of_a_tenant = server.token(&of_a_tenant);
    for (addr, token, status) in [
        (none, None, StatusCode::UNAUTHORIZED),
        (none, Some(&other), StatusCode::FORBIDDEN),
        (none, Some(&allowed), StatusCode::OK),
        (none, Some(&of_a_tenant), StatusCode::FORBIDDEN),
        (bot, None, StatusCode::FORBIDDEN),
        (root, None, StatusCode::OK),
    ] {
        let mut request = Request::builder().uri("/metrics");
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        assert_eq!(send(addr, request, "".into()).await.status(), status, "{token:?}");
    }
    let revoke = || wigwag_proto::v1::RevokeRequest { user_id: "ada".to_owned(), ..Default::default() };
    for (addr, token, code) in [
        (none, None, tonic::Code::Unauthenticated),
        (bot, None, tonic::Code::PermissionDenied),
        (root, None, tonic::Code::Ok),
        (none, Some(allowed.as_str()), tonic::Code::Ok),
    ] {
        let channel = tonic::transport::Endpoint::from_shared(format!("http://{addr}")).expect("a URL");
        let channel = channel.connect().await.expect("connects");
        let mut client = wigwag_proto::v1::admin_service_client::AdminServiceClient::new(channel);
        let answered = client.revoke(with_token(revoke(), token)).await;
        assert_eq!(answered.err().map_or(tonic::Code::Ok, |status| status.code()), code);
    }
    // No clear text.
    let plain = send(admin, Request::builder().uri("/metrics"), "".into()).await;
    assert_eq!(plain.status(), StatusCode::BAD_REQUEST);
}
