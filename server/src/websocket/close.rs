//! How a socket ends: the close code of each reason.
//!
//! 4000 to 4499: come back, and resume the session if there is one. 4500 to 4999: do not come back by yourself, or only
//! with a new session; the fatal `error` frame before the close says which in its `advice`. The close reason is the
//! reason's name. docs/websocket.md holds the same table for readers; a test compares the two.

use std::borrow::Cow;

use wigwag_proto::v1::Advice;

use crate::fault::Fault;

/// Bytes of a close reason: a control frame holds 125, the code included (RFC 6455, section 5.5).
const MAX_REASON: usize = 123;

/// How a socket ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// With a word to the other end.
    Close {
        /// RFC 6455, section 7.4; 4000 and above are ours.
        code: u16,
        /// Cut to 123 bytes.
        reason: Cow<'static, str>,
    },
    /// The other end is gone, or does not listen.
    Lost,
}

impl Ending {
    /// All is said.
    pub(crate) fn normal() -> Self {
        Self::Close { code: 1000, reason: "".into() }
    }

    /// With a code of one's own.
    pub(crate) fn close(code: u16, reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Close { code, reason: reason.into() }
    }

    /// For a reason, with the code of the table.
    pub(crate) fn of(reason: Cow<'static, str>, advice: Advice) -> Self {
        Self::close(code(&reason, advice), reason)
    }

    /// What a close frame holds.
    pub(super) fn payload(&self) -> Option<Vec<u8>> {
        let Self::Close { code, reason } = self else { return None };
        let mut end = reason.len().min(MAX_REASON);
        while !reason.is_char_boundary(end) {
            end -= 1;
        }
        Some([&code.to_be_bytes(), &reason.as_bytes()[..end]].concat())
    }
}

impl From<&Fault> for Ending {
    fn from(fault: &Fault) -> Self {
        Self::of(fault.reason.into(), fault.advice)
    }
}

/// The table. A reason that is not in it gets the bare number of its half.
fn code(reason: &str, advice: Advice) -> u16 {
    match reason {
        "DRAINING" => 4001,
        "SLOW_CONSUMER" => 4002,
        "HEARTBEAT_TIMEOUT" => 4003,
        // The session lives on, in somebody else's hands: the one code below 4500 that is not to be followed by a resume.
        "SUPERSEDED" => 4004,
        "SEQ_GAP" | "SEQ_MISMATCH" | "RESUME_EXPIRED" => 4005,
        "DETACHED" => 4006,
        "HELLO_TIMEOUT" => 4007,
        "STORE_UNREACHABLE" => 4008,
        "RATE_LIMITED" => 4029,
        "TOKEN_MISSING" | "TOKEN_INVALID" => 4501,
        "TOKEN_EXPIRED" => 4502,
        "REMOVED" | "BANNED" => 4503,
        "REPLACED" | "PEER_ID_TAKEN" | "USER_TAKEN" => 4504,
        "ENDED" | "EXPIRED" | "UNKNOWN_SESSION" | "MAILBOX_OVERFLOW" | "STORE_LOST" | "SEQ_EXHAUSTED" => 4505,
        "PROTOCOL" | "INVALID_FIELD" | "UNKNOWN_FRAME" => 4506,
        "FRAME_TOO_LARGE" => 4507,
        "FORBIDDEN" => 4508,
        "LIMIT_EXCEEDED" if advice == Advice::Retry => 4009,
        "LIMIT_EXCEEDED" => 4509,
        "INTERNAL" => 1011,
        _ if matches!(advice, Advice::Retry | Advice::Resume) => 4000,
        _ => 4500,
    }
}

#[cfg(test)]
mod tests {
    use wigwag_hub::{
        Reason,
        error::{Cut, OpenError},
    };

    use super::*;

    fn of(fault: &Fault) -> u16 {
        match Ending::from(fault) {
            Ending::Close { code, reason } => {
                assert_eq!(reason, fault.reason);
                code
            }
            Ending::Lost => panic!("a fault is told"),
        }
    }

    #[test]
    fn the_half_follows_the_advice() {
        let faults: Vec<Fault> = vec![
            Fault::draining(),
            Cut::SlowConsumer.into(),
            Cut::HeartbeatTimeout.into(),
            Cut::Detached.into(),
            Cut::Ended(Reason::Ended).into(),
            Cut::Ended(Reason::Expired).into(),
            Cut::Ended(Reason::Replaced).into(),
            Cut::Ended(Reason::SeqExhausted).into(),
            Cut::Ended(Reason::MailboxOverflow).into(),
            Fault::gap(2, 4),
            Fault::hello_timeout(),
            Fault::protocol("text"),
            Fault::forbidden("text"),
            Fault::too_large(1),
            Fault::invalid("seq", "text"),
            OpenError::Full.into(),
            OpenError::PeerIdTaken.into(),
        ];
        for fault in &faults {
            let back = matches!(fault.advice, Advice::Retry | Advice::Resume);
            let range = if back { 4000..4500 } else { 4500..5000 };
            assert!(range.contains(&of(fault)), "{} with {:?} is {}", fault.reason, fault.advice, of(fault));
        }
        assert_eq!(of(&Cut::Superseded.into()), 4004);
        assert_eq!(of(&Cut::SlowConsumer.into()), 4002);
    }

    #[test]
    fn the_documented_codes_are_these() {
        let page = include_str!("../../../docs/websocket.md");
        let rows = page.lines().filter_map(|line| {
            let mut cells = line.strip_prefix('|')?.split('|').map(str::trim);
            Some((cells.next()?.parse::<u16>().ok()?, cells.next()?))
        });
        let mut reasons = 0;
        for (documented, names) in rows {
            for name in names.split(", ").filter(|name| !name.is_empty()) {
                let advice = if documented < 4500 { Advice::Retry } else { Advice::Stop };
                assert_eq!(code(name, advice), documented, "{name}");
                reasons += 1;
            }
        }
        assert_eq!(reasons, 33);
        assert_eq!((code("NEW", Advice::Resume), code("NEW", Advice::Unspecified)), (4000, 4500));
    }

    #[test]
    fn a_long_reason_is_cut_between_characters() {
        let payload = Ending::close(4500, "é".repeat(100)).payload().expect("a frame");
        assert_eq!(payload, [&4500_u16.to_be_bytes(), "é".repeat(61).as_bytes()].concat());
    }
}
