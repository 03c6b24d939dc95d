//! Figures of a node and of a cluster, and descriptions of sessions.

use std::sync::Arc;

use super::requests::Grants;
use crate::{
    error::DetachReason,
    id::{PeerId, RoomName},
    rate::RateLimitKind,
    reason::Reason,
    session::SessionKind,
};

/// Counts of what this node holds and has done, for its drain, for metrics and for tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BackendStats {
    /// Sessions whose last connection was to this node, including detached ones.
    pub sessions: usize,
    /// Sessions with a connection.
    pub attached: usize,
    /// Rooms that this node knows.
    pub rooms: usize,
    /// Timers pending for detached sessions, empty rooms and cached responses.
    pub timers: usize,
    /// Watchers.
    pub watchers: usize,
    /// Envelopes put into mailboxes since the start.
    pub delivered_total: u64,
    /// Envelopes that became undeliverable since the start.
    pub undeliverable_total: u64,
    /// Resumes since the start.
    pub resumed_total: u64,
    /// Connections closed since the start because the client did not read fast enough.
    pub slow_consumers_total: u64,
    /// Detached sessions ended before their grace period because there were too many.
    pub evicted_total: u64,
    /// Frames that had to wait and requests refused since the start because of a rate limit, by its number.
    pub limited_total: [u64; RateLimitKind::ALL.len()],
}

/// Counts of what all nodes of a backend hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Sessions, including detached ones.
    pub sessions: usize,
    /// Rooms.
    pub rooms: usize,
}

/// Which sessions to list. Each field that is set must match.
#[derive(Clone, Debug, Default)]
pub struct SessionFilter {
    /// Those of this user.
    pub user: Option<Arc<str>>,
    /// Those that are in this room.
    pub room: Option<RoomName>,
    /// Those with a connection, or those without.
    pub attached: Option<bool>,
}

/// A session, as an operator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionInfo {
    /// Its peer id.
    pub peer: PeerId,
    /// The application's user id.
    pub user: Arc<str>,
    /// Whether the user id comes from a token or a compatibility protocol.
    pub verified: bool,
    /// What it may do.
    pub grants: Grants,
    /// Whether it is resumable.
    pub kind: SessionKind,
    /// Its epoch.
    pub epoch: u32,
    /// Whether it has a connection.
    pub attached: bool,
    /// The rooms it is in, in the order in which it joined.
    pub rooms: Vec<RoomName>,
    /// Frames that it has not acknowledged, and their size in bytes.
    pub unacknowledged: (usize, usize),
}

/// The sessions that an operator names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// The session of this peer.
    Peer(PeerId),
    /// All sessions that name this user, verified or not, and those that were opened with a ticket of this user.
    User(Arc<str>),
    /// All sessions whose grants come from a token with this id.
    Token {
        /// The id of the token.
        id: Arc<str>,
        /// Only if this is its issuer; `None` = whatever its issuer is.
        issuer: Option<Arc<str>>,
    },
}

/// What was erased of a user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// Sessions that ended.
    pub sessions: usize,
    /// Their memberships of rooms.
    pub memberships: usize,
    /// The frames in their mailboxes, which were not acknowledged.
    pub frames: usize,
    /// Events of these sessions, among those that are remembered.
    pub events: usize,
    /// Responses to requests of this user that had a request id.
    pub responses: usize,
}

/// What happened to a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionEvent {
    /// Its number. Numbers increase, and may leave gaps.
    pub number: u64,
    /// When it happened, in milliseconds since 1970.
    pub at_ms: u64,
    /// The session.
    pub peer: PeerId,
    /// What happened.
    pub change: SessionChange,
}

/// A change of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionChange {
    /// It was opened.
    Opened,
    /// It lost its connection.
    Detached(DetachReason),
    /// It was resumed.
    Resumed,
    /// It ended.
    Ended(Reason),
}

/// Some events, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventPage {
    /// The events.
    pub events: Vec<SessionEvent>,
    /// Whether events after the number asked for are no longer remembered.
    pub missed: bool,
}
