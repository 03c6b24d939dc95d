//! Exit codes.

use std::process::ExitCode;

/// How the program ends. The numbers from 64 are those of sysexits.h.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Done = 0,
    /// A check failed.
    Failed = 1,
    /// The command line is invalid (EX_USAGE).
    Usage = 64,
    /// The server refused the request (EX_DATAERR).
    Refused = 65,
    /// No such room, member or file (EX_NOINPUT).
    NotFound = 66,
    /// The server cannot be reached, or does not have the call (EX_UNAVAILABLE).
    Unreachable = 69,
    /// A defect (EX_SOFTWARE).
    Defect = 70,
    /// It may work later (EX_TEMPFAIL).
    TryLater = 75,
    /// No token, or one that does not permit this (EX_NOPERM).
    NoPermission = 77,
    /// The profile cannot be used (EX_CONFIG).
    BadProfile = 78,
}

impl Exit {
    #[cfg(test)]
    pub(crate) const ALL: [Self; 10] = [
        Self::Done,
        Self::Failed,
        Self::Usage,
        Self::Refused,
        Self::NotFound,
        Self::Unreachable,
        Self::Defect,
        Self::TryLater,
        Self::NoPermission,
        Self::BadProfile,
    ];
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
