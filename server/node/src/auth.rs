//! Authentication and authorization: decides who a caller is and what it may do.
//!
//! Whatever a frame or call would do to a session or a room is checked with [`Policy::allow`]; leaving and ending one's
//! session needs no permission. What only the owner of a room may do is checked by the hub, which knows the owner. Without authentication
//! everything is allowed except room management from other machines and, if switched off, direct messages. With it a verified
//! token says what is allowed, and nothing else is; or the application's server says it, when it is asked ([`Webhook`]). Users and rooms on the deny list are refused in either case.

mod caller;
mod certificate;
mod client_headers;
mod deny_list;
mod identity;
mod policy;
mod revocations;
mod tickets;
mod user_key;
mod webhook;

pub(crate) use self::identity::nothing_stored;
pub(crate) use self::tickets::{TicketError, TicketRequest};
pub use self::{
    caller::{BearerToken, Caller},
    certificate::{CertificateName, ClientCertificate},
    client_headers::ClientHeaders,
    deny_list::{Denied, DeniedNames},
    identity::Identity,
    policy::{Authenticate, Policy},
    revocations::Revoked,
    tickets::Ticket,
    user_key::UserKey,
    webhook::{AskWebhook, Connect, Question, Webhook, WebhookAnswer, WebhookEvent, WebhookUnavailable},
};

/// What a caller wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Open or resume a session.
    Open,
    /// Join a room, or change the caller's own entry in it.
    Join,
    /// Create a room, also by joining one that does not exist.
    Create,
    /// Send to a member of a room.
    Send,
    /// Send to all members of a room.
    Broadcast,
    /// Send to a peer outside any room.
    Direct,
    /// Send to a peer of the same compatibility protocol and scope. Protocols without rooms send in no other way.
    DirectInScope,
    /// End a room or remove a member. The hub then checks that the caller owns the room.
    Moderate,
    /// Get the ICE servers.
    IceServers,
    /// Read rooms and their members without a session, through `RoomService`. With a room, that one; without, any.
    List,
    /// Manage rooms without a session, through `RoomService`. With a room, that one; without, any.
    Manage,
    /// Call `AdminService`.
    Admin,
    /// Read what is about the server as a whole, such as its metrics.
    Operate,
}

impl Action {
    /// Returns the error text for a token that does not permit the action.
    fn not_granted(self) -> &'static str {
        match self {
            Self::Join => {
                "the token does not permit to join this room: wigwag.can needs \"join\", and wigwag.rooms its name"
            }
            Self::Create => {
                "the token does not permit to create this room: wigwag.can needs \"create\", and wigwag.rooms its name"
            }
            Self::Send => {
                "the token does not permit to send in this room: wigwag.can needs \"send\", and wigwag.rooms its name"
            }
            Self::Broadcast => {
                "the token does not permit to send to all members of this room: wigwag.can needs \"broadcast\", and \
                 wigwag.rooms its name; or set envelope.to"
            }
            Self::Direct => {
                "the token does not permit direct messages: wigwag.can needs \"direct\"; or join a room with the peer"
            }
            Self::Moderate => "the token does not admit this room: wigwag.rooms needs its name",
            Self::List => {
                "the token does not permit to read this room: wigwag.can needs \"list\" or \"manage\", and wigwag.rooms \
                 its name"
            }
            Self::Manage => {
                "the token does not permit to manage this room: wigwag.can needs \"manage\", and wigwag.rooms its name"
            }
            Self::Admin => "the token does not permit this: wigwag.can needs \"admin\"",
            Self::Operate => {
                "the token does not permit this: wigwag.can needs \"admin\", without wigwag.ns, since it is about all namespaces"
            }
            Self::Open | Self::IceServers | Self::DirectInScope => "the token does not permit this",
        }
    }
}
