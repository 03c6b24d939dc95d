//! The parameters of operations, and their results, other than handles.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;

use crate::{
    id::{PeerId, RoomName},
    member::{Member, Metadata},
    room::RoomSpec,
    session::SessionKind,
};

/// Proof that a client owns a session.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The session's peer id.
    pub peer: PeerId,
    /// Digest of the session's secret. Backends store digests only and compare them in constant time.
    pub secret_digest: [u8; 32],
}

/// Parameters of a session to open.
#[derive(Clone, Debug)]
pub struct Open {
    /// Its peer id and the digest of its secret.
    pub credentials: Credentials,
    /// The application's user id for the peer.
    pub user: Arc<str>,
    /// Whether the user id comes from a token or a compatibility protocol, and not from the client itself.
    pub verified: bool,
    /// What it may do.
    pub grants: Grants,
    /// Display name, used in rooms unless a join overrides it.
    pub display_name: Arc<str>,
    /// Metadata, used in rooms unless a join overrides it.
    pub metadata: Metadata,
    /// Whether, and for how long, the session outlives its connection.
    pub kind: SessionKind,
    /// A session that this one replaces. It ends ([`Reason::Replaced`](crate::Reason::Replaced)) in the step that opens this one, so that neither a
    /// refusal leaves its owner without any session nor a full backend refuses the exchange. Ignored if there is none.
    pub replaces: Option<Credentials>,
    /// Where it comes from, as a number that means nothing here: sessions of one source share a limit.
    pub source: u64,
    /// A random number that names this request. Its repetition returns the session that the first one opened, as long as
    /// that is attached in epoch 1.
    pub request: u64,
}

/// What a session may do, and until when. It belongs to the session and not to a connection: whatever resumes it has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grants {
    /// In the encoding of the transports. Opaque to the hub.
    pub encoded: Bytes,
    /// When they end, in milliseconds since 1970; `None` = never. The transports act on it.
    pub expires_at_ms: Option<u64>,
    /// The id of the token that they come from, by which it is revoked ([`Whose::Token`](super::Whose::Token)).
    pub token_id: Option<Arc<str>>,
    /// Who issued that token: another issuer may use the same id.
    pub token_issuer: Option<Arc<str>>,
    /// The user who created the ticket that they come from. What is revoked of that user is revoked here, too.
    pub creator: Option<Arc<str>>,
}

/// Parameters of a session to resume.
#[derive(Clone, Debug)]
pub struct Resume {
    /// Its peer id and the digest of its secret.
    pub credentials: Credentials,
    /// The epoch of the last `welcome` the client received.
    pub epoch: u32,
    /// The number of the last frame the client received.
    pub last_seq: u32,
    /// The version of each room the client knows.
    pub room_versions: BTreeMap<String, u32>,
    /// The token that the client presents with the resume. `None`: what the session may do stays as it is.
    pub token: Option<FreshToken>,
}

/// The content of a token that a session's client presents again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FreshToken {
    /// Its user id, which must be that of the session.
    pub user: Arc<str>,
    /// What the session may do from now on.
    pub grants: Grants,
}

/// An envelope to send on behalf of a session.
#[derive(Clone, Debug)]
pub struct Outbound {
    /// The room that sender and recipient are members of; `None` = outside of rooms.
    pub room: Option<RoomName>,
    /// The recipient; `None` = every other member of the room.
    pub to: Option<PeerId>,
    /// Whether the sender wants a receipt for success as well as for failure. Needs `to`.
    pub receipt: bool,
    /// The encoded envelope. Opaque to the hub.
    pub envelope: Bytes,
}

/// Parameters of a join.
#[derive(Clone, Debug)]
pub struct Join {
    /// The room to join.
    pub room: RoomName,
    /// Display name in this room; `None` = the session's.
    pub display_name: Option<Arc<str>>,
    /// Metadata in this room; `None` = the session's.
    pub metadata: Option<Metadata>,
    /// Whether the join may create the room.
    pub create: Create,
}

/// Whether a join creates the room.
#[derive(Clone, Debug)]
pub enum Create {
    /// The room must exist.
    Never,
    /// The room is created with the usual settings if it does not exist.
    IfAbsent,
    /// The room is created from this specification if it does not exist.
    IfAbsentWith(RoomSpec),
    /// The room must not exist, and is created from this specification.
    New(RoomSpec),
}

/// The recipients that an envelope from a backend service reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reached {
    /// How many members' mailboxes accepted it.
    pub accepted: u32,
    /// The members whose mailbox was full.
    pub undeliverable: Vec<PeerId>,
}

/// The idempotency key of a request: makes its repetition return the first response.
///
/// Responses are kept by caller, method and id, each with the digest of the request, for [`Limits::request_id_ms`]. The
/// same id in another method, or from another caller, is another key. The same key with another digest is refused with
/// [`RoomError::RequestIdReused`].
///
/// [`Limits::request_id_ms`]: crate::limits::Limits::request_id_ms
#[derive(Clone, Debug)]
pub struct RequestId {
    /// Who makes the request. Empty = the only caller of a server without authentication.
    pub caller: Arc<str>,
    /// The id that the caller chose.
    pub id: Arc<str>,
    /// A digest of the request without its id.
    pub digest: [u8; 32],
}

/// A page of members.
#[derive(Clone, Debug)]
pub struct MemberPage {
    /// Members in join order, each with its position.
    pub members: Vec<(u64, Arc<Member>)>,
    /// The room's version.
    pub version: u32,
    /// Whether more members follow.
    pub more: bool,
}
