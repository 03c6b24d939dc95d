//! The one place that says who may do what.
//!
//! Every frame and every call, through whichever door, asks [`Policy::allow`]. Without authentication everything is
//! allowed but what is reserved to this machine; tokens and their grants are judged here and nowhere else.

use std::net::SocketAddr;

use wigwag_hub::RoomName;

use crate::error::ApiError;

/// Who asks.
#[derive(Clone, Debug, Default)]
pub struct Caller {
    /// Where the connection comes from. `None` is treated as far away.
    pub addr: Option<SocketAddr>,
}

impl Caller {
    /// The caller at the other end of a connection from `addr`.
    pub fn new(addr: Option<SocketAddr>) -> Self {
        Self { addr }
    }

    fn is_local(&self) -> bool {
        self.addr.is_some_and(|addr| addr.ip().to_canonical().is_loopback())
    }
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Open or resume a session.
    Open,
    /// Join a room, stay in it, change one's entry.
    Join,
    /// Create a room.
    Create,
    /// Send to a room or to a member of it.
    Send,
    /// Send to a peer outside any room.
    Direct,
    /// Send to a peer of the same dialect and scope. The dialects without rooms have no other way.
    DirectInScope,
    /// End a room or remove a member, as its owner.
    Govern,
    /// Ask for ICE servers.
    IceServers,
    /// Manage rooms from outside.
    Admin,
}

/// What this server allows.
#[derive(Clone, Debug)]
pub struct Policy {
    direct_messages: bool,
}

impl Policy {
    /// A server without authentication.
    pub fn open(direct_messages: bool) -> Self {
        Self { direct_messages }
    }

    /// Whether this caller may do this, to that room where one is concerned. Does not look at whether the room exists.
    pub fn allow(&self, caller: &Caller, action: Action, _room: Option<&RoomName>) -> Result<(), ApiError> {
        match action {
            Action::Direct if !self.direct_messages => Err(ApiError::forbidden(
                "this server does not carry direct messages: join a room with the peer (session.direct_messages)",
            )),
            Action::Admin if !caller.is_local() => Err(ApiError::forbidden(
                "without authentication RoomService is served to this machine only: call it over loopback, under localhost \
                 or an IP address, and not through a proxy",
            )),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(addr: &str) -> Caller {
        Caller { addr: Some(addr.parse().expect("an address")) }
    }

    #[test]
    fn rooms_are_managed_from_this_machine_only() {
        let policy = Policy::open(true);
        for local in ["127.0.0.1:1", "127.8.9.1:1", "[::1]:1", "[::ffff:127.0.0.1]:1"] {
            assert!(policy.allow(&from(local), Action::Admin, None).is_ok(), "{local}");
        }
        for remote in ["192.0.2.1:1", "[2001:db8::1]:1", "[::ffff:192.0.2.1]:1"] {
            let error = policy.allow(&from(remote), Action::Admin, None).expect_err(remote);
            assert_eq!(error.reason, "FORBIDDEN");
            assert!(policy.allow(&from(remote), Action::Join, None).is_ok());
        }
        assert!(policy.allow(&Caller::default(), Action::Admin, None).is_err());
    }

    #[test]
    fn direct_messages_can_be_switched_off() {
        assert!(Policy::open(true).allow(&from("127.0.0.1:1"), Action::Direct, None).is_ok());
        assert!(Policy::open(false).allow(&from("127.0.0.1:1"), Action::Direct, None).is_err());
        assert!(Policy::open(false).allow(&from("127.0.0.1:1"), Action::DirectInScope, None).is_ok());
    }
}
