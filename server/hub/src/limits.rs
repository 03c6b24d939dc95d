//! What a backend holds at most.

/// Limits of sessions, rooms and mailboxes. Sizes are bytes, durations milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Unacknowledged frames an attached session may hold.
    pub mailbox_frames: usize,
    /// Unacknowledged bytes an attached session may hold.
    pub mailbox_bytes: usize,
    /// Frames a detached session may hold beyond what was there when it lost its connection.
    pub detached_frames: usize,
    /// Bytes a detached session may hold beyond what was there when it lost its connection.
    pub detached_bytes: usize,
    /// Presence events queued for one connection before a roster takes their place.
    pub presence_events: usize,
    /// Rooms one session may be in.
    pub rooms_per_session: usize,
    /// Rooms in all.
    pub rooms: usize,
    /// Members of one room, and the most a room may ask for.
    pub members: u32,
    /// Sessions in all.
    pub sessions: usize,
    /// How long a room made by joining stays when it is empty.
    pub empty_timeout_ms: u32,
    /// The same for a room created on purpose.
    pub created_empty_timeout_ms: u32,
    /// Client frames a session may send in a second over time; 0 = no limit.
    pub frames_per_second: u32,
    /// Client frames a session may send at once after a pause.
    pub frames_burst: u32,
    /// How long a session must be detached before others see it as reconnecting.
    pub reconnecting_after_ms: u64,
    /// How long the end of a resumable session is remembered at least, so that a late resume hears the true reason; twice
    /// its grace period when that is more.
    pub tombstone_ms: u64,
    /// How long a request id is remembered.
    pub request_id_ms: u64,
    /// Events a watcher may be behind before it is cut. The rooms it is told of at its beginning do not count.
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
            sessions: usize::MAX,
            empty_timeout_ms: 0,
            created_empty_timeout_ms: 300_000,
            frames_per_second: 0,
            frames_burst: 0,
            reconnecting_after_ms: 2_000,
            tombstone_ms: 60_000,
            request_id_ms: 60_000,
            watch_events: 65_536,
        }
    }
}
