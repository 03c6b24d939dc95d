//! What to do when a connection is lost: come back and resume, begin again, or stop.

use std::time::Duration;

use wigwag_proto::v1::Advice;

use crate::{
    core::Violation,
    error::{Code, Error, reason},
};

/// How a connection, or an attempt at one, ended.
#[derive(Debug, Clone)]
pub(crate) struct Lost {
    pub(crate) error: Error,
    pub(crate) advice: Advice,
    /// A frame is to blame, not the network: resuming may bring the same frame again.
    pub(crate) by_frame: bool,
}

/// What to do then.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Next {
    /// Resume, at the earliest after this time when it is given.
    Resume(Option<Duration>),
    /// Open a new session; the old one is lost for this reason.
    Rejoin(String),
    /// Do not come back.
    Stop(Error),
}

impl Lost {
    pub(crate) fn unreachable(message: impl Into<String>) -> Self {
        Self {
            error: Error::new(Code::Unavailable, reason::UNREACHABLE, message),
            advice: Advice::Unspecified,
            by_frame: false,
        }
    }

    pub(crate) fn timeout(message: impl Into<String>) -> Self {
        Self {
            error: Error::new(Code::DeadlineExceeded, reason::TIMEOUT, message),
            advice: Advice::Unspecified,
            by_frame: false,
        }
    }

    pub(crate) fn violation(violation: Violation) -> Self {
        Self {
            error: Error::new(Code::Internal, reason::PROTOCOL, violation.to_string()),
            advice: Advice::Resume,
            by_frame: true,
        }
    }

    pub(crate) fn fatal(frame: wigwag_proto::v1::ErrorFrame) -> Self {
        let advice = frame.advice();
        let error = Error::from_frame(frame);
        let by_frame = matches!(
            error.reason.as_ref(),
            "PROTOCOL" | "SEQ_GAP" | "INVALID_FIELD" | "UNKNOWN_FRAME" | "FRAME_TOO_LARGE" | "INTERNAL"
        );
        Self { error, advice, by_frame }
    }

    pub(crate) fn next(self) -> Next {
        let Self { error, advice, .. } = self;
        match (error.reason.as_ref(), advice) {
            // Somebody else resumed this session, or a person must act first: coming back would only repeat it.
            ("SUPERSEDED" | "TOKEN_MISSING" | "TOKEN_INVALID" | "TOKEN_EXPIRED" | "FORBIDDEN" | "UNIMPLEMENTED", _)
            | (_, Advice::Stop) => Next::Stop(error),
            (_, Advice::Rejoin) | ("SEQ_EXHAUSTED" | "UNKNOWN_SESSION" | "RESUME_EXPIRED", Advice::Unspecified) => {
                Next::Rejoin(error.reason.into_owned())
            }
            (_, Advice::Unspecified) if matches!(error.code, Code::PermissionDenied | Code::Unauthenticated) => {
                Next::Stop(error)
            }
            (_, Advice::Retry | Advice::Resume | Advice::Unspecified) => Next::Resume(error.retry_after),
        }
    }
}

/// Notices when resuming leads nowhere.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// The last frames either side had when the present connection began.
    at_start: (u32, u32),
    resumed: bool,
    stuck: u32,
}

impl Progress {
    /// A connection begins. `position`: the last frame received, the last frame acknowledged by the server.
    pub(crate) fn begin(&mut self, position: (u32, u32), resumed: bool) {
        self.at_start = position;
        self.resumed = resumed;
    }

    /// Whether the present connection has brought either side further.
    pub(crate) fn made(&self, position: (u32, u32)) -> bool {
        position != self.at_start
    }

    /// A connection ended. `true`: the second resume in a row broke at the same frame.
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

    fn fatal(reason: &str, code: i32, advice: Advice) -> Next {
        Lost::fatal(ErrorFrame {
            code,
            reason: reason.into(),
            advice: advice.into(),
            fatal: true,
            ..Default::default()
        })
        .next()
    }

    #[test]
    fn terminal_reasons_are_never_retried() {
        for (reason, code) in
            [("SUPERSEDED", 10), ("TOKEN_INVALID", 16), ("TOKEN_EXPIRED", 16), ("TOKEN_MISSING", 16), ("FORBIDDEN", 7)]
        {
            for advice in [Advice::Unspecified, Advice::Resume, Advice::Retry, Advice::Stop] {
                assert!(matches!(fatal(reason, code, advice), Next::Stop(_)), "{reason} {advice:?}");
            }
        }
        assert!(matches!(fatal("SOMETHING_NEW", 14, Advice::Stop), Next::Stop(_)));
        assert!(matches!(fatal("SOMETHING_NEW", 7, Advice::Unspecified), Next::Stop(_)));
    }

    #[test]
    fn other_reasons_follow_the_advice() {
        assert_eq!(fatal("SLOW_CONSUMER", 8, Advice::Resume), Next::Resume(None));
        assert_eq!(fatal("SLOW_CONSUMER", 8, Advice::Unspecified), Next::Resume(None));
        assert_eq!(fatal("SEQ_EXHAUSTED", 8, Advice::Rejoin), Next::Rejoin("SEQ_EXHAUSTED".into()));
        assert_eq!(fatal("SOMETHING_NEW", 13, Advice::Rejoin), Next::Rejoin("SOMETHING_NEW".into()));
        let limited = ErrorFrame { reason: "RATE_LIMITED".into(), code: 8, retry_after_ms: 700, ..Default::default() };
        assert_eq!(Lost::fatal(limited).next(), Next::Resume(Some(Duration::from_millis(700))));
        assert_eq!(Lost::unreachable("gone").next(), Next::Resume(None));
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
        assert!(!progress.is_stuck((5, 2), true), "progress begins the count again");
        for _ in 0..5 {
            progress.begin((5, 2), true);
            assert!(!progress.is_stuck((5, 2), false), "a network that breaks is no reason to stop");
        }
    }
}
