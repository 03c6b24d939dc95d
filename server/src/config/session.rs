//! `[session]`: limits and timeouts of sessions.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::error::ConfigErrors;
use super::range::Range;

/// Settings of sessions. `signaling_service.proto` explains sessions, above `SignalingService`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SessionSection {
    /// Milliseconds between two pings on a connection. A resumable session is detached after two unanswered pings.
    pub heartbeat_ms: u32,
    /// Milliseconds a session outlives its connection, unless the client requests another time.
    pub grace_ms: u32,
    /// The longest time a client may request, in milliseconds.
    pub max_grace_ms: u32,
    /// Milliseconds a connection has for its first frame.
    pub hello_timeout_ms: u32,
    /// Milliseconds frames may wait while the client reads nothing. Then its connection is closed, with SLOW_CONSUMER.
    pub write_timeout_ms: u32,
    /// Most unacknowledged frames of an attached session.
    pub mailbox_frames: usize,
    /// Most bytes of unacknowledged frames of an attached session.
    pub mailbox_bytes: usize,
    /// Most frames queued for a detached session, besides those unacknowledged when it was detached.
    pub detached_frames: usize,
    /// Most bytes queued for a detached session, besides those unacknowledged when it was detached.
    pub detached_bytes: usize,
    /// Largest frame a client may send, in bytes.
    pub max_frame_bytes: usize,
    /// Whether peers may send to a peer id outside any room.
    pub direct_messages: bool,
    /// Frames per second a client may send on average. 0 = no limit. A stream over the limit is read more slowly, and
    /// detached after 5 s; a Push applies the frames within the limit and returns when to retry.
    pub frames_per_second: u32,
    /// Frames a client may send at once after a pause, if there is a limit.
    pub frames_burst: u32,
    /// Bytes per second of these frames on average. 0 = no limit. What exceeds it is treated in the same way.
    pub bytes_per_second: u32,
    /// Bytes at once after a pause.
    pub bytes_burst: u32,
    /// What a session's broadcasts, and updates of its entry in a room, may put into mailboxes per second on average. 0 = no
    /// limit. The frames that follow one that was too much wait.
    pub deliveries_per_second: u32,
    /// The same at once after a pause.
    pub deliveries_burst: u32,
    /// Joins per second on average, refused ones included. 0 = no limit. What exceeds it is refused with RATE_LIMITED.
    pub joins_per_second: u32,
    /// Joins at once after a pause; never less than `max_rooms`, so that a client can return to all its rooms.
    pub joins_burst: u32,
    /// Most rooms a session may be in at a time.
    pub max_rooms: usize,
    /// Most sessions of this node at a time. 0 = half of the memory at 16 KiB each.
    pub max_sessions: usize,
    /// Most sessions without a connection at a time, which wait for a resume. 0 = half of the sessions. Beyond it the
    /// source (IPv4 address, IPv6 /64) with most of them loses its oldest one.
    pub max_detached: usize,
    /// Most sessions without a connection from one source. 0 = no limit: behind a proxy all clients are one source.
    pub max_detached_per_source: usize,
    /// Sessions that the clients of one IPv4 address or one IPv6 /64 may open or resume per second, of which ten seconds' worth
    /// may come at once; one more is refused with RATE_LIMITED. Loopback is not limited. 0 = no limit.
    pub opens_per_second_per_ip: u32,
}

impl Default for SessionSection {
    fn default() -> Self {
        Self {
            heartbeat_ms: 10_000,
            grace_ms: 30_000,
            max_grace_ms: 600_000,
            hello_timeout_ms: 10_000,
            write_timeout_ms: 20_000,
            mailbox_frames: 1024,
            mailbox_bytes: 1024 * 1024,
            detached_frames: 256,
            detached_bytes: 256 * 1024,
            max_frame_bytes: 64 * 1024,
            direct_messages: true,
            frames_per_second: 2_000,
            frames_burst: 20_000,
            bytes_per_second: 16 << 20,
            bytes_burst: 64 << 20,
            deliveries_per_second: 20_000,
            deliveries_burst: 100_000,
            joins_per_second: 50,
            joins_burst: 1_000,
            max_rooms: 64,
            max_sessions: 0,
            max_detached: 0,
            max_detached_per_source: 0,
            opens_per_second_per_ip: 500,
        }
    }
}

pub(super) const RANGES: &[Range] = &[
    Range::ms("session.heartbeat_ms", 100, 300_000),
    Range::ms("session.grace_ms", 0, 86_400_000),
    Range::ms("session.max_grace_ms", 0, 86_400_000),
    Range::ms("session.hello_timeout_ms", 100, 300_000),
    Range::ms("session.write_timeout_ms", 1000, 600_000),
    Range::new("session.mailbox_frames", 16, 1_000_000),
    Range::bytes("session.mailbox_bytes", 4096, 1 << 30),
    Range::new("session.detached_frames", 0, 1_000_000),
    Range::bytes("session.detached_bytes", 0, 1 << 30),
    Range::bytes("session.max_frame_bytes", 1024, 1 << 20),
    Range::new("session.frames_per_second", 0, 1_000_000),
    Range::new("session.frames_burst", 1, 1_000_000),
    Range::bytes("session.bytes_per_second", 0, 1 << 28),
    Range::bytes("session.bytes_burst", 1, 1 << 30),
    Range::new("session.deliveries_per_second", 0, 1 << 28),
    Range::new("session.deliveries_burst", 1, 1 << 30),
    Range::new("session.joins_per_second", 0, 1_000_000),
    Range::new("session.joins_burst", 1, 1_000_000),
    Range::new("session.max_rooms", 1, 100_000),
    Range::new("session.max_sessions", 0, 100_000_000),
    Range::new("session.max_detached", 0, 100_000_000),
    Range::new("session.max_detached_per_source", 0, 100_000_000),
    Range::new("session.opens_per_second_per_ip", 0, 100_000_000),
];

impl SessionSection {
    /// Returns the time between two pings.
    pub fn heartbeat(&self) -> Duration {
        Duration::from_millis(self.heartbeat_ms.into())
    }

    /// Returns the time a connection has for its first frame.
    pub fn hello_timeout(&self) -> Duration {
        Duration::from_millis(self.hello_timeout_ms.into())
    }

    pub(super) fn check(&self, errors: &mut ConfigErrors) {
        if self.grace_ms > self.max_grace_ms {
            let allowed = format!("at most session.max_grace_ms, which is {}", self.max_grace_ms);
            errors.add("session.grace_ms", self.grace_ms, allowed);
        }
        if self.mailbox_bytes < self.max_frame_bytes {
            let allowed = format!("at least session.max_frame_bytes, which is {}", self.max_frame_bytes);
            errors.add("session.mailbox_bytes", self.mailbox_bytes, allowed);
        }
    }
}
