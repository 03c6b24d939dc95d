//! Limits of a backend.

use crate::rate::Rate;

/// Limits of sessions, rooms and mailboxes. Sizes are bytes, durations milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Unacknowledged frames an attached session may hold.
    pub mailbox_frames: usize,
    /// Unacknowledged bytes an attached session may hold.
    pub mailbox_bytes: usize,
    /// Frames a detached session may hold beyond those it held when it lost its connection; and an eighth more of those that
    /// are not envelopes.
    pub detached_frames: usize,
    /// Bytes a detached session may hold beyond those it held when it lost its connection; and an eighth more in frames that
    /// are not envelopes.
    pub detached_bytes: usize,
    /// Presence events queued for one connection before a roster replaces them.
    pub presence_events: usize,
    /// Rooms a session may be in at a time.
    pub rooms_per_session: usize,
    /// Rooms in total.
    pub rooms: usize,
    /// Members of a room. A room's own limit may be lower, not higher.
    pub members: u32,
    /// Bans of a room.
    pub bans: usize,
    /// Sessions in total.
    pub sessions: usize,
    /// Sessions without a connection in total. Beyond it the source with most of them loses its oldest one.
    pub detached_sessions: usize,
    /// Sessions without a connection from one source. Beyond it the source loses its oldest one.
    pub detached_per_source: usize,
    /// How long a room created by a join stays when it is empty.
    pub empty_timeout_ms: u32,
    /// How long a room created by an explicit request stays when it is empty.
    pub created_empty_timeout_ms: u32,
    /// Frames of a session.
    pub session_frames: Rate,
    /// Bytes of a session's frames.
    pub session_bytes: Rate,
    /// What a session's broadcasts and updates of its entry put into mailboxes.
    pub session_deliveries: Rate,
    /// Joins of a session, refused ones included.
    pub session_joins: Rate,
    /// Joins of a room.
    pub room_joins: Rate,
    /// What broadcasts and updates in a room put into mailboxes.
    pub room_deliveries: Rate,
    /// Sessions of a user at a time. This limit and the next two hold for sessions with grants, whose user is verified.
    pub user_sessions: usize,
    /// Sessions that a user opens.
    pub user_opens: Rate,
    /// Joins of all sessions of a user, refused ones included.
    pub user_joins: Rate,
    /// How long a session must be detached before other members see it as reconnecting.
    pub reconnecting_after_ms: u64,
    /// Minimum time for which the end of a resumable session is remembered, so that a late resume is answered with the
    /// true reason. Twice the session's grace period if that is longer.
    pub tombstone_ms: u64,
    /// How long the response to a request id is cached.
    pub request_id_ms: u64,
    /// Bytes that the cached responses may take. Beyond them, requests with a new id are refused.
    pub request_id_bytes: usize,
    /// Events of sessions that are remembered for operators.
    pub session_events: usize,
    /// Events queued for a watcher before it is cut off. The snapshots at the start of a watch do not count.
    pub watch_events: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            mailbox_frames: 1_024,
            mailbox_bytes: 1 << 20,
            detached_frames: 256,
            detached_bytes: 256 << 10,
            presence_events: 256,
            rooms_per_session: 64,
            rooms: 100_000,
            members: 1_000,
            bans: 10_000,
            sessions: usize::MAX,
            detached_sessions: usize::MAX,
            detached_per_source: usize::MAX,
            empty_timeout_ms: 0,
            created_empty_timeout_ms: 300_000,
            session_frames: Rate::default(),
            session_bytes: Rate::default(),
            session_deliveries: Rate::default(),
            session_joins: Rate::default(),
            room_joins: Rate::default(),
            room_deliveries: Rate::default(),
            user_sessions: usize::MAX,
            user_opens: Rate::default(),
            user_joins: Rate::default(),
            reconnecting_after_ms: 2_000,
            tombstone_ms: 60_000,
            request_id_ms: 60_000,
            request_id_bytes: 64 << 20,
            session_events: 4_096,
            watch_events: 65_536,
        }
    }
}
