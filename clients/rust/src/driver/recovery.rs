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
    /// Follows B36 to B38 of clients/README.md.
    fn from(ConnectionError { error, advice, .. }: ConnectionError) -> Self {
        let advice = match (error.reason.as_ref(), advice) {
            // Another client resumed this session, or a person must act first: a retry would fail in the same way.
            ("SUPERSEDED" | "TOKEN_MISSING" | "TOKEN_INVALID" | "TOKEN_EXPIRED" | "FORBIDDEN", _) => Advice::Stop,
            (reason, Advice::Unspecified) => without_advice(reason, error.code),
            (_, advice) => advice,
        };
        match advice {
            Advice::Stop => Self::Stop(error),
            Advice::Rejoin => Self::Rejoin(error.reason.into_owned()),
            Advice::Retry | Advice::Resume | Advice::Unspecified => Self::Resume(error.retry_after),
        }
    }
}

/// Returns what to do about an error without advice. clients/README.md has the same table, which a test reads.
fn without_advice(reason: &str, code: Code) -> Advice {
    match (reason, code) {
        // Another client has taken the place, or the same frame would be refused again.
        ("FRAME_TOO_LARGE" | "REPLACED", _) => Advice::Stop,
        // The session is over.
        (
            "ENDED" | "EXPIRED" | "MAILBOX_OVERFLOW" | "RESUME_EXPIRED" | "SEQ_EXHAUSTED" | "STORE_LOST"
            | "UNKNOWN_SESSION",
            _,
        ) => Advice::Rejoin,
        // The code is INVALID_ARGUMENT, but a resume corrects it.
        ("SEQ_GAP", _) => Advice::Resume,
        // The same attempt would fail again, whether a server or a proxy says so.
        (
            _,
            Code::AlreadyExists
            | Code::FailedPrecondition
            | Code::InvalidArgument
            | Code::NotFound
            | Code::PermissionDenied
            | Code::Unauthenticated,
        ) => Advice::Stop,
        // A failure of the moment must not end the session. UNIMPLEMENTED may be one: gRPC makes it of 404, which proxies
        // answer while a server is replaced.
        _ => Advice::Resume,
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
    fn without_advice_the_documented_table_decides() {
        const CODES: [&str; 16] = [
            "CANCELLED",
            "UNKNOWN",
            "INVALID_ARGUMENT",
            "DEADLINE_EXCEEDED",
            "NOT_FOUND",
            "ALREADY_EXISTS",
            "PERMISSION_DENIED",
            "RESOURCE_EXHAUSTED",
            "FAILED_PRECONDITION",
            "ABORTED",
            "OUT_OF_RANGE",
            "UNIMPLEMENTED",
            "INTERNAL",
            "UNAVAILABLE",
            "DATA_LOSS",
            "UNAUTHENTICATED",
        ];
        // At run time: a packaged crate does not contain the page, nor do its users run this test.
        let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md")).expect("the page");
        let table = page.split_once("### Errors without advice").expect("the section").1;
        let table = table.split_once("\n## ").expect("another section").0;
        let names = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
        let (mut reasons, mut codes) = (0, Vec::new());
        for line in table.lines() {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let &[_, what, of_reasons, of_codes, _] = cells.as_slice() else { continue };
            let expected = |next: &NextStep| match what {
                "stops" => matches!(next, NextStep::Stop(_)),
                "opens a new session and reports a reset" => matches!(next, NextStep::Rejoin(_)),
                "resumes" => matches!(next, NextStep::Resume(_)),
                _ => false,
            };
            for reason in names(of_reasons) {
                for code in 1..=16 {
                    let next = fatal(&reason, code, Advice::Unspecified);
                    assert!(expected(&next), "{reason} with code {code}: {next:?}");
                }
                reasons += 1;
            }
            for name in names(of_codes) {
                let at = CODES.iter().position(|code| *code == name).expect("the name of a code");
                let code = i32::try_from(at + 1).expect("a small number");
                let next = fatal("SOMETHING_NEW", code, Advice::Unspecified);
                assert!(expected(&next), "{name}: {next:?}");
                codes.push(name);
            }
        }
        codes.sort_unstable();
        codes.dedup();
        assert_eq!((reasons, codes.len()), (10, CODES.len()));
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
