//! Ways to lose a connection.

use crate::proxy::{Break, Fault, Way, Wire};

/// What happens to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It is reset or closed at once.
    Now(Break),
    /// It breaks some bytes later, in the middle of whatever travels then.
    Later(Way, u32, Break),
    /// It breaks, and the next one does too, while its hello or its welcome travels.
    Twice(Way, u32),
    /// No byte passes any more, and nobody is told.
    Stall,
    /// Bytes of one direction vanish, and nobody is told.
    Hole(Way),
    /// It becomes very slow, and breaks a moment later.
    Slow,
    /// The client's side of it is closed.
    HalfClose,
    /// The client drops it.
    Abandon,
    /// The client comes back over another one while this one still looks alive.
    TakeOver,
}

/// How soon a trouble that waits for bytes is made to happen.
pub(super) const AT_THE_LATEST_MS: u64 = 300;

impl Trouble {
    /// Draws one. Those that take a heartbeat to be noticed are rare, because they cost time.
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

    /// What it does to a wire, if it does anything there.
    pub(super) fn inflict(self, wire: &Wire) {
        match self {
            Self::Now(how) => wire.end(how),
            Self::Twice(..) => wire.end(Break::Reset),
            Self::Later(way, bytes, how) => wire.set(way, Fault::BreakAfter(bytes, how)),
            Self::Stall => Way::BOTH.into_iter().for_each(|way| wire.set(way, Fault::Stall)),
            Self::Hole(way) => wire.set(way, Fault::Blackhole),
            Self::Slow => Way::BOTH.into_iter().for_each(|way| wire.set(way, Fault::Slow(2_000))),
            Self::HalfClose => wire.set(Way::Up, Fault::HalfClose),
            Self::Abandon | Self::TakeOver => {}
        }
    }

    /// Whether it is to be brought to an end when it has not ended by itself soon.
    pub(super) fn is_impatient(self) -> bool {
        matches!(self, Self::Later(..) | Self::Slow)
    }
}
