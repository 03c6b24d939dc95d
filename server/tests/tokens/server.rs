//! A server that requires tokens, and what signs them.

#![allow(dead_code, reason = "each test file uses a part of this")]

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, SystemTime};

use tokio::net::TcpListener;
use tonic::transport::{Channel, Endpoint};
use wigwag_proto::v1::admin_service_client::AdminServiceClient;
use wigwag_proto::v1::signaling_service_client::SignalingServiceClient;
use wigwag_server::config::{AuthKey, Config, Secret};
use wigwag_token::{Claims, Minter, Permissions, RoomPattern};

use crate::running::{Running, soon};

const SECRET: &str = "a secret of these tests, 32 bytes or more";

/// A server that requires tokens.
pub(crate) struct Guarded {
    pub(crate) addr: SocketAddr,
    admin: SocketAddr,
    minter: Minter,
    _running: Running,
}

impl Guarded {
    pub(crate) async fn start(change: impl FnOnce(&mut Config)) -> Self {
        let admin = free_address().await;
        let running = Running::start(|config| {
            let secret = Secret::from(SECRET.to_owned());
            config.auth.keys = vec![AuthKey { id: "main".to_owned(), secret, secret_file: String::new() }];
            config.admin.listen = Some(admin);
            change(config);
        })
        .await;
        let minter = Minter::hmac("main", SECRET.as_bytes()).expect("a key");
        Self { addr: running.addr, admin, minter, _running: running }
    }

    pub(crate) fn token(&self, claims: &Claims) -> String {
        self.minter.mint(claims).expect("a token")
    }

    /// A token with the id of the server's key, signed by another one.
    pub(crate) fn forged(&self, claims: &Claims) -> String {
        let other = Minter::hmac("main", b"another secret of these tests, 32 bytes").expect("a key");
        other.mint(claims).expect("a token")
    }

    pub(crate) async fn signaling(&self) -> SignalingServiceClient<Channel> {
        SignalingServiceClient::new(channel(self.addr).await)
    }

    pub(crate) async fn admin(&self) -> AdminServiceClient<Channel> {
        AdminServiceClient::new(channel(self.admin).await)
    }
}

/// Claims that are good for an hour.
pub(crate) fn claims(user: &str, rooms: &[&str], can: Permissions) -> Claims {
    let mut claims = Claims::new(user, (now_ms() / 1_000 + 3_600) * 1_000);
    claims.issued_at_ms = Some(now_ms() / 1_000 * 1_000);
    claims.grants.can = can;
    claims.grants.rooms = rooms.iter().map(|room| RoomPattern::parse(room).expect("a pattern")).collect();
    claims
}

#[allow(clippy::disallowed_methods, reason = "tokens are signed with the time of the machine")]
pub(crate) fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    u64::try_from(now.as_millis()).expect("a time")
}

/// A request with a token.
pub(crate) fn with_token<T>(message: T, token: Option<&str>) -> tonic::Request<T> {
    let mut request = tonic::Request::new(message);
    if let Some(token) = token {
        request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().expect("a header"));
    }
    request
}

async fn channel(addr: SocketAddr) -> Channel {
    let endpoint = Endpoint::from_shared(format!("http://{addr}")).expect("a URL");
    loop {
        // The admin listener opens a moment after the test begins.
        match soon("a connection", endpoint.connect()).await {
            Ok(channel) => return channel,
            Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
}

async fn free_address() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    listener.local_addr().expect("bound")
}
