//! What the server sends in its `welcome`: ICE servers and limits.

use std::{fmt, time::SystemTime};

use wigwag_proto::v1;

use crate::member::point_in_time;

/// STUN and TURN servers, and when their credentials expire.
///
/// ```no_run
/// # fn example(session: wigwag_client::Session) {
/// let ice = session.ice_servers();
/// println!("{} servers, good until {:?}", ice.servers.len(), ice.expires_at);
/// # }
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct IceServers {
    /// The servers, for the configuration of a WebRTC stack. May be empty.
    pub servers: Vec<IceServer>,
    /// When the credentials expire; `None` if they do not. New ones arrive before that, as an event.
    pub expires_at: Option<SystemTime>,
}

/// A STUN or TURN server: the W3C dictionary `RTCIceServer`.
///
/// ```no_run
/// # fn example(session: wigwag_client::Session) {
/// for server in session.ice_servers().servers {
///     for url in server.urls {
///         println!("{url} as {:?}", server.username);
///     }
/// }
/// # }
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct IceServer {
    /// `stun:`, `turn:` or `turns:` URLs (RFC 7064, RFC 7065).
    pub urls: Vec<String>,
    /// TURN user name. Empty for STUN.
    pub username: String,
    /// TURN password. Empty for STUN.
    pub credential: String,
}

// The credential is a secret: a derived implementation would write it to logs.
impl fmt::Debug for IceServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IceServer").field("urls", &self.urls).finish_non_exhaustive()
    }
}

/// The server's limits. Sizes are in bytes.
///
/// ```no_run
/// # fn example(session: wigwag_client::Session) {
/// let file = vec![0; 100_000];
/// if file.len() > session.limits().max_frame_bytes as usize {
///     println!("too large for an envelope: send it through a data channel");
/// }
/// # }
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Largest frame (default 65,536): `FRAME_TOO_LARGE`.
    pub max_frame_bytes: u32,
    /// Longest room name (128).
    pub max_room_name_bytes: u32,
    /// Longest display name and user id (128).
    pub max_display_name_bytes: u32,
    /// Largest metadata of a member or room, the sum of keys and values (4,096).
    pub max_metadata_bytes: u32,
    /// Most rooms per session (64).
    pub max_rooms: u32,
    /// Most members per room (1,000).
    pub max_members: u32,
    /// Longest grace period, in milliseconds (600,000).
    pub max_grace_ms: u32,
}

impl IceServers {
    pub(crate) fn new(servers: Vec<v1::IceServer>, expires_at: Option<prost_types::Timestamp>) -> Self {
        let servers = servers
            .into_iter()
            .map(|server| IceServer { urls: server.urls, username: server.username, credential: server.credential })
            .collect();
        Self { servers, expires_at: point_in_time(expires_at) }
    }
}

impl From<v1::Limits> for Limits {
    fn from(limits: v1::Limits) -> Self {
        Self {
            max_frame_bytes: limits.max_frame_bytes,
            max_room_name_bytes: limits.max_room_name_bytes,
            max_display_name_bytes: limits.max_display_name_bytes,
            max_metadata_bytes: limits.max_metadata_bytes,
            max_rooms: limits.max_rooms,
            max_members: limits.max_members,
            max_grace_ms: limits.max_grace_ms,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_not_shown() {
        let server = IceServer { credential: "SECRET".into(), username: "SECRET".into(), ..IceServer::default() };
        assert!(!format!("{server:?}").contains("SECRET"));
    }
}
