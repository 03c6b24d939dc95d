//! What to do when a connection is lost: resume, open a new session, or stop.

use std::time::Duration;

use wigwag_proto::v1::Advice;

use crate::{
    error::{Code, Error},
    transport::ConnectionError,
};

/// What to do after a connection was lost.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum NextStep {
    /// Resume; wait at least this long first, when it is given.
    Resume(Option<Duration>),
    /// Open a new session; the old one is lost for this reason.
    Rejoin(String),
    /// Stop reconnecting.
    Stop(Error),
}

impl From<ConnectionError> for NextStep {
    fn from(ConnectionError { error, advice, .. }: ConnectionError) -> Self {
        match (error.reason.as_ref(), advice) {
            // Another client resumed this session, or a person must act first: a retry would fail in the same way.
            ("SUPERSEDED" | "TOKEN_MISSING" | "TOKEN_INVALID" | "TOKEN_EXPIRED" | "FORBIDDEN" | "UNIMPLEMENTED", _)
            | (_, Advice::Stop) => Self::Stop(error),
            (_, Advice::Rejoin) | ("SEQ_EXHAUSTED" | "UNKNOWN_SESSION" | "RESUME_EXPIRED", Advice::Unspecified) => {
                Self::Rejoin(error.reason.into_owned())
            }
            (_, Advice::Unspecified) if matches!(error.code, Code::PermissionDenied | Code::Unauthenticated) => {
                Self::Stop(error)
            }
            (_, Advice::Retry | Advice::Resume | Advice::Unspecified) => Self::Resume(error.retry_after),
        }
    }
}

/// Notices when every resume fails at the same frame.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// The position when the present connection began.
    at_start: (u32, u32),
    resumed: bool,
    stuck: u32,
}

impl Progress {
    /// Starts a connection. `position`: the last frame received, and the last frame the server acknowledged.
    pub(crate) fn begin(&mut self, position: (u32, u32), resumed: bool) {
        self.at_start = position;
        self.resumed = resumed;
    }

    /// Returns whether the present connection carried a frame in either direction.
    pub(crate) fn made(&self, position: (u32, u32)) -> bool {
        position != self.at_start
    }

    /// Ends a connection. Returns `true` when the second resume in a row failed at the same frame.
    pub(crate) fn is_stuck(&mut self, position: (u32, u32), by_frame: bool) -> bool {
        if self.made(position) {
            self.stuck = 0;
        } else if self.resumed && by_frame {
            self.stuck += 1;
        }
        self.stuck >= 2
    }
}

#[cfg(test)]
mod tests {
    use wigwag_proto::v1::ErrorFrame;

    use super::*;

    fn fatal(reason: &str, code: i32, advice: Advice) -> NextStep {
        ConnectionError::fatal(ErrorFrame {
            code,
            reason: reason.into(),
            advice: advice.into(),
            fatal: true,
            ..Default::default()
        })
        .into()
    }

    #[test]
    fn terminal_reasons_are_never_retried() {
        for (reason, code) in
            [("SUPERSEDED", 10), ("TOKEN_INVALID", 16), ("TOKEN_EXPIRED", 16), ("TOKEN_MISSING", 16), ("FORBIDDEN", 7)]
        {
            for advice in [Advice::Unspecified, Advice::Resume, Advice::Retry, Advice::Stop] {
                assert!(matches!(fatal(reason, code, advice), NextStep::Stop(_)), "{reason} {advice:?}");
            }
        }
        assert!(matches!(fatal("SOMETHING_NEW", 14, Advice::Stop), NextStep::Stop(_)));
        assert!(matches!(fatal("SOMETHING_NEW", 7, Advice::Unspecified), NextStep::Stop(_)));
    }

    #[test]
    fn other_reasons_follow_the_advice() {
        assert_eq!(fatal("SLOW_CONSUMER", 8, Advice::Resume), NextStep::Resume(None));
        assert_eq!(fatal("SLOW_CONSUMER", 8, Advice::Unspecified), NextStep::Resume(None));
        assert_eq!(fatal("SEQ_EXHAUSTED", 8, Advice::Rejoin), NextStep::Rejoin("SEQ_EXHAUSTED".into()));
        assert_eq!(fatal("SOMETHING_NEW", 13, Advice::Rejoin), NextStep::Rejoin("SOMETHING_NEW".into()));
        let limited = ErrorFrame { reason: "RATE_LIMITED".into(), code: 8, retry_after_ms: 700, ..Default::default() };
        assert_eq!(NextStep::from(ConnectionError::fatal(limited)), NextStep::Resume(Some(Duration::from_millis(700))));
        assert_eq!(NextStep::from(ConnectionError::unreachable("gone")), NextStep::Resume(None));
    }

    #[test]
    fn the_second_resume_without_progress_at_a_frame_is_stuck() {
        let mut progress = Progress::default();
        progress.begin((4, 2), false);
        assert!(!progress.is_stuck((4, 2), true), "the first connection resumed nothing");
        progress.begin((4, 2), true);
        assert!(!progress.is_stuck((4, 2), true));
        progress.begin((4, 2), true);
        assert!(progress.is_stuck((4, 2), true));
        progress.begin((4, 2), true);
        assert!(!progress.is_stuck((5, 2), true), "progress resets the count");
        for _ in 0..5 {
            progress.begin((5, 2), true);
            assert!(!progress.is_stuck((5, 2), false), "a broken network never stops the client");
        }
    }
}
