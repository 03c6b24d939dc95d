//! The WebSocket close code of each reason.
//!
//! 4000 to 4499: reconnect, and resume the session if there is one. 4500 to 4999: do not reconnect automatically, or
//! only with a new session; the `advice` of the fatal `error` frame before the close says which. The close reason is
//! the name of the reason. docs/websocket.md has the same table for readers; a test compares the two.

use wigwag_proto::v1::Advice;

/// Returns the close code of a reason. A reason that is not in the table gets 4000 or 4500, depending on the advice.
pub fn close_code(reason: &str, advice: Advice) -> u16 {
    match reason {
        "DRAINING" => 4001,
        "SLOW_CONSUMER" => 4002,
        "HEARTBEAT_TIMEOUT" => 4003,
        // The session continues on a newer connection: the one code below 4500 after which the client must not resume.
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
    use std::time::Duration;

    use wigwag_hub::{
        Limits, Reason,
        error::{DetachReason, OpenError},
    };

    use super::*;
    use crate::error::ApiError;

    fn of(error: &ApiError) -> u16 {
        close_code(error.reason, error.advice)
    }

    #[test]
    fn codes_below_4500_are_those_with_advice_to_reconnect() {
        let errors: Vec<ApiError> = vec![
            ApiError::draining(),
            DetachReason::SlowConsumer.into(),
            DetachReason::HeartbeatTimeout.into(),
            DetachReason::ConnectionLost.into(),
            DetachReason::Ended(Reason::Ended).into(),
            DetachReason::Ended(Reason::Expired).into(),
            DetachReason::Ended(Reason::Replaced).into(),
            DetachReason::Ended(Reason::SeqExhausted).into(),
            DetachReason::Ended(Reason::MailboxOverflow).into(),
            ApiError::gap(2, 4),
            ApiError::hello_timeout(Duration::from_secs(10)),
            ApiError::protocol("text"),
            ApiError::forbidden("text"),
            ApiError::too_large(1),
            ApiError::invalid("seq", "text"),
            (OpenError::Full, &Limits::default()).into(),
            (OpenError::PeerIdTaken, &Limits::default()).into(),
        ];
        for error in &errors {
            let back = matches!(error.advice, Advice::Retry | Advice::Resume);
            let range = if back { 4000..4500 } else { 4500..5000 };
            assert!(range.contains(&of(error)), "{} with {:?} is {}", error.reason, error.advice, of(error));
        }
        assert_eq!(of(&DetachReason::Superseded.into()), 4004);
        assert_eq!(of(&DetachReason::SlowConsumer.into()), 4002);
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
                assert_eq!(close_code(name, advice), documented, "{name}");
                reasons += 1;
            }
        }
        assert_eq!(reasons, 33);
        assert_eq!((close_code("NEW", Advice::Resume), close_code("NEW", Advice::Unspecified)), (4000, 4500));
    }
}
