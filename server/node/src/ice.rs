//! The STUN and TURN servers that clients are given.

use std::{fmt, future::Future, pin::Pin};

use wigwag_proto::v1 as pb;

/// Servers whose credentials expire together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct IceServers {
    /// The servers.
    pub servers: Vec<pb::IceServer>,
    /// When the credentials expire, in milliseconds since 1970; `None` = never.
    pub expires_at_ms: Option<u64>,
}

/// How often credentials were requested from a service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IceCounts {
    /// Those that were issued.
    pub issued: u64,
    /// Requests that failed.
    pub failed: u64,
}

/// Where the servers and their credentials come from.
pub trait IceProvider: fmt::Debug + Send + Sync + 'static {
    /// Returns the servers for a client. `user` is its user id or, if it has none, its peer id.
    fn servers<'a>(&'a self, user: &'a str, now_unix_ms: u64) -> Pin<Box<dyn Future<Output = IceServers> + Send + 'a>>;

    /// Does what is not done for a single client, such as having credentials issued ahead of need. Never returns.
    fn run(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(std::future::pending())
    }

    /// Returns how often credentials were requested from a service.
    fn counts(&self) -> IceCounts {
        IceCounts::default()
    }
}

/// The same servers for every client, for good.
#[derive(Clone, Debug, Default)]
pub struct FixedServers(pub Vec<pb::IceServer>);

impl IceProvider for FixedServers {
    fn servers<'a>(&'a self, _: &'a str, _: u64) -> Pin<Box<dyn Future<Output = IceServers> + Send + 'a>> {
        Box::pin(std::future::ready(IceServers { servers: self.0.clone(), expires_at_ms: None }))
    }
}
