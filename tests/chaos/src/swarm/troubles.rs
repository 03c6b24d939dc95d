//! Ways to lose a connection.

use crate::proxy::{Break, Disturbance, Way, Wire};

/// A way to lose a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Resets or closes it at once.
    Now(Break),
    /// Breaks it after some bytes, even in the middle of a frame.
    Later(Way, u32, Break),
    /// Breaks it, and the next one too, during its `hello` or `welcome`.
    Twice(Way, u32),
    /// Stops forwarding bytes; neither end is notified.
    Stall,
    /// Drops the bytes of one direction; neither end is notified.
    Hole(Way),
    /// Makes it very slow, and breaks it a moment later.
    Slow,
    /// Closes the client's direction.
    HalfClose,
    /// The client drops it.
    Abandon,
    /// The client reconnects while this connection still seems to be alive.
    TakeOver,
}

/// Time after which a trouble that waits for bytes breaks the connection anyway.
pub(super) const AT_THE_LATEST_MS: u64 = 300;

impl Trouble {
    /// Selects one at random. Those that only a heartbeat detects are rare, because they cost time.
    pub(super) fn draw(rng: &mut fastrand::Rng) -> Self {
        let way = Way::BOTH[rng.usize(..2)];
        let how = if rng.bool() { Break::Reset } else { Break::Close };
        match rng.u32(..100) {
            0..30 => Self::Now(how),
            30..60 => Self::Later(way, rng.u32(..4_000), how),
            60..72 => Self::Twice(way, rng.u32(..400)),
            72..82 => Self::TakeOver,
            82..90 => Self::Abandon,
            90..94 => Self::HalfClose,
            94..97 => Self::Slow,
            97 => Self::Stall,
            _ => Self::Hole(way),
        }
    }

    /// Applies it to a wire, if it affects the wire.
    pub(super) fn inflict(self, wire: &Wire) {
        match self {
            Self::Now(how) => wire.end(how),
            Self::Twice(..) => wire.end(Break::Reset),
            Self::Later(way, bytes, how) => wire.set(way, Disturbance::BreakAfter(bytes, how)),
            Self::Stall => Way::BOTH.into_iter().for_each(|way| wire.set(way, Disturbance::Stall)),
            Self::Hole(way) => wire.set(way, Disturbance::Blackhole),
            Self::Slow => Way::BOTH.into_iter().for_each(|way| wire.set(way, Disturbance::Slow(2_000))),
            Self::HalfClose => wire.set(Way::Up, Disturbance::HalfClose),
            Self::Abandon | Self::TakeOver => {}
        }
    }

    /// Returns whether the connection is to be broken if it does not end by itself soon.
    pub(super) fn is_impatient(self) -> bool {
        matches!(self, Self::Later(..) | Self::Slow)
    }
}
