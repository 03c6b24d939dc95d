//! Authorization: decides which caller may do what.
//!
//! Whatever a frame or call would do to a session or a room is checked with [`Policy::allow`]; leaving and ending one's
//! session needs no permission. What only the owner of a room may do is checked by the hub, which knows the owner. Without authentication
//! everything is allowed except room management from other machines and, if switched off, direct messages.

use std::net::{IpAddr, SocketAddr};

use wigwag_hub::RoomName;

use crate::error::ApiError;

/// The client that sends a frame or makes a call.
#[derive(Clone, Debug, Default)]
pub struct Caller {
    /// The remote address of the connection. `None` is treated as another machine.
    pub addr: Option<SocketAddr>,
    /// How it reaches the server, such as `grpc` or `websocket`. For the log only.
    pub transport: &'static str,
}

impl Caller {
    /// Creates the caller of a connection from `addr`.
    pub fn new(addr: Option<SocketAddr>) -> Self {
        Self { addr, transport: "" }
    }

    /// Sets the transport, for the log.
    #[must_use]
    pub fn over(mut self, transport: &'static str) -> Self {
        self.transport = transport;
        self
    }

    /// Returns who the caller is, as opposed to where it is: empty without authentication, when all callers are one.
    pub fn subject(&self) -> &'static str {
        ""
    }

    /// Returns a number for where the caller comes from: the IPv4 address, or the IPv6 network of 64 bits, of which one
    /// customer of a provider has at least one.
    pub fn source(&self) -> u64 {
        match self.addr.map(|addr| addr.ip().to_canonical()) {
            None => 0,
            Some(IpAddr::V4(ip)) => u32::from(ip).into(),
            Some(IpAddr::V6(ip)) => u64::try_from(u128::from(ip) >> 64).unwrap_or(0),
        }
    }

    fn is_local(&self) -> bool {
        self.addr.is_some_and(|addr| addr.ip().to_canonical().is_loopback())
    }
}

/// What a caller wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Open or resume a session.
    Open,
    /// Join a room, or change the caller's own entry in it.
    Join,
    /// Create a room.
    Create,
    /// Send to a room or to a member of it.
    Send,
    /// Send to a peer outside any room.
    Direct,
    /// Send to a peer of the same compatibility protocol and scope. Protocols without rooms send in no other way.
    DirectInScope,
    /// End a room or remove a member. The hub then checks that the caller owns the room.
    Moderate,
    /// Get the ICE servers.
    IceServers,
    /// Manage rooms without a session, through `RoomService`. With a room, that one; without, any.
    Manage,
}

/// The rules of a server.
#[derive(Clone, Debug)]
pub struct Policy {
    direct_messages: bool,
}

impl Policy {
    /// Creates the policy of a server without authentication.
    pub fn open(direct_messages: bool) -> Self {
        Self { direct_messages }
    }

    /// Checks whether `caller` may do `action`, in that room if one is concerned. Does not check whether the room
    /// exists.
    ///
    /// # Errors
    ///
    /// FORBIDDEN, with the remedy in the message.
    pub fn allow(&self, caller: &Caller, action: Action, _room: Option<&RoomName>) -> Result<(), ApiError> {
        match action {
            Action::Direct if !self.direct_messages => Err(ApiError::forbidden(
                "direct messages are disabled: join a room with the peer, or enable session.direct_messages",
            )),
            Action::Manage if !caller.is_local() => Err(ApiError::forbidden(
                "without authentication RoomService accepts calls from this machine only: call it over loopback, as \
                 localhost or by IP address, without the headers of a proxy, or move it with room_service",
            )),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(addr: &str) -> Caller {
        Caller::new(Some(addr.parse().expect("an address")))
    }

    #[test]
    fn rooms_are_managed_from_this_machine_only() {
        let policy = Policy::open(true);
        for local in ["127.0.0.1:1", "127.8.9.1:1", "[::1]:1", "[::ffff:127.0.0.1]:1"] {
            assert!(policy.allow(&from(local), Action::Manage, None).is_ok(), "{local}");
        }
        for remote in ["192.0.2.1:1", "[2001:db8::1]:1", "[::ffff:192.0.2.1]:1"] {
            let error = policy.allow(&from(remote), Action::Manage, None).expect_err(remote);
            assert_eq!(error.reason, "FORBIDDEN");
            assert!(policy.allow(&from(remote), Action::Join, None).is_ok());
        }
        assert!(policy.allow(&Caller::default(), Action::Manage, None).is_err());
    }

    #[test]
    fn direct_messages_can_be_switched_off() {
        assert!(Policy::open(true).allow(&from("127.0.0.1:1"), Action::Direct, None).is_ok());
        assert!(Policy::open(false).allow(&from("127.0.0.1:1"), Action::Direct, None).is_err());
        assert!(Policy::open(false).allow(&from("127.0.0.1:1"), Action::DirectInScope, None).is_ok());
    }
}
