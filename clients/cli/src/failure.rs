//! Why a command did not do what it was asked to.

use std::borrow::Cow;

use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::exit::Exit;

/// What is wrong, what to do about it, and the exit code.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    /// The reason of the API, such as ROOM_NOT_FOUND, or empty.
    pub(crate) reason: Cow<'static, str>,
    pub(crate) message: String,
    /// What to do with this program. May be empty.
    pub(crate) hint: Cow<'static, str>,
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, reason: "".into(), message: message.into(), hint: "".into() }
    }

    #[must_use]
    pub(crate) fn with_reason(mut self, reason: impl Into<Cow<'static, str>>) -> Self {
        self.reason = reason.into();
        self
    }

    #[must_use]
    pub(crate) fn with_hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.hint = hint.into();
        self
    }

    /// The server at `url` cannot be reached.
    pub(crate) fn unreachable(url: &str, why: &str) -> Self {
        Self::new(Exit::Unreachable, format!("cannot reach {url}: {why}"))
            .with_reason("UNREACHABLE")
            .with_hint(hint_of("UNREACHABLE"))
    }

    fn of_api(code: Code, reason: Cow<'static, str>, message: &str) -> Self {
        let exit = match code {
            Code::InvalidArgument
            | Code::AlreadyExists
            | Code::FailedPrecondition
            | Code::OutOfRange
            | Code::Cancelled => Exit::Refused,
            Code::NotFound => Exit::NotFound,
            Code::Unauthenticated | Code::PermissionDenied => Exit::NoPermission,
            Code::Unimplemented => Exit::Unreachable,
            Code::Unavailable if reason == "UNREACHABLE" => Exit::Unreachable,
            Code::Unavailable | Code::ResourceExhausted | Code::Aborted | Code::DeadlineExceeded => Exit::TryLater,
            Code::Ok | Code::Unknown | Code::Internal | Code::DataLoss => Exit::Defect,
        };
        let hint = hint_of(&reason);
        Self::new(exit, message).with_reason(reason).with_hint(hint)
    }
}

impl From<Status> for Failure {
    fn from(status: Status) -> Self {
        let reason = match status.get_details_error_info() {
            Some(info) if info.domain == "wigwag" => Cow::Owned(info.reason),
            _ => match status.code() {
                Code::Unavailable | Code::Unknown => "UNREACHABLE".into(),
                Code::DeadlineExceeded | Code::Cancelled => "TIMEOUT".into(),
                Code::Unimplemented => "UNIMPLEMENTED".into(),
                _ => "".into(),
            },
        };
        let code = if reason == "UNREACHABLE" { Code::Unavailable } else { status.code() };
        let code = if reason == "TIMEOUT" { Code::DeadlineExceeded } else { code };
        let text = if status.message().is_empty() { code.description() } else { status.message() };
        Self::of_api(code, reason, text)
    }
}

impl From<wigwag_client::Error> for Failure {
    fn from(error: wigwag_client::Error) -> Self {
        use wigwag_client::Code as Of;
        let code = match error.code {
            Of::InvalidArgument => Code::InvalidArgument,
            Of::NotFound => Code::NotFound,
            Of::AlreadyExists => Code::AlreadyExists,
            Of::FailedPrecondition => Code::FailedPrecondition,
            Of::OutOfRange => Code::OutOfRange,
            Of::PermissionDenied => Code::PermissionDenied,
            Of::Unauthenticated => Code::Unauthenticated,
            Of::Unimplemented => Code::Unimplemented,
            Of::Unavailable => Code::Unavailable,
            Of::ResourceExhausted => Code::ResourceExhausted,
            Of::Aborted => Code::Aborted,
            Of::DeadlineExceeded => Code::DeadlineExceeded,
            _ if error.retryable => Code::Unavailable,
            _ => Code::Internal,
        };
        Self::of_api(code, error.reason, &error.message)
    }
}

/// What to do with this program about a reason of the API.
fn hint_of(reason: &str) -> &'static str {
    match reason {
        "UNREACHABLE" => {
            "is it running, and is the URL right? Give one with --url, WIGWAG_URL or a profile; `wigwag-server dev` starts a server"
        }
        "TIMEOUT" => "wait longer with --timeout 30s",
        "TOKEN_MISSING" => {
            "give a token with --token-file, WIGWAG_TOKEN or a profile; `wigwag token create` signs one, if you have a key of the server"
        }
        "TOKEN_INVALID" | "TOKEN_EXPIRED" => "`wigwag token inspect` shows what is in the token",
        "FORBIDDEN" => {
            "with authentication the token needs the permission and the room: `wigwag token inspect` shows both. Without, the \
             server answers RoomService only on its own machine"
        }
        "ROOM_NOT_FOUND" => "`wigwag rooms list` shows the rooms that exist",
        "ROOM_EXISTS" => "`wigwag rooms update` changes a room that exists",
        "PEER_NOT_FOUND" => "`wigwag members list ROOM` shows the members and their peer ids",
        "UNIMPLEMENTED" => {
            "the server is older than this call, or serves it on another address: see room_service and admin.listen of its configuration"
        }
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use tonic_types::ErrorDetails;

    use super::*;

    fn refused(code: Code, reason: &str) -> Failure {
        let details = ErrorDetails::with_error_info(reason, "wigwag", HashMap::new());
        Status::with_error_details(code, "why", details).into()
    }

    #[test]
    fn the_exit_code_follows_from_the_reason() {
        let exits = [
            (Code::NotFound, "ROOM_NOT_FOUND", Exit::NotFound),
            (Code::AlreadyExists, "ROOM_EXISTS", Exit::Refused),
            (Code::Unauthenticated, "TOKEN_MISSING", Exit::NoPermission),
            (Code::PermissionDenied, "FORBIDDEN", Exit::NoPermission),
            (Code::Unavailable, "DRAINING", Exit::TryLater),
            (Code::ResourceExhausted, "RATE_LIMITED", Exit::TryLater),
            (Code::Internal, "INTERNAL", Exit::Defect),
        ];
        for (code, reason, exit) in exits {
            assert_eq!(refused(code, reason).exit, exit, "{reason}");
        }
    }

    #[test]
    fn a_status_of_a_proxy_means_that_the_server_was_not_reached() {
        for status in [Status::unavailable("connection refused"), Status::unknown("transport error")] {
            let failure = Failure::from(status);
            assert_eq!((failure.exit, &*failure.reason), (Exit::Unreachable, "UNREACHABLE"));
            assert!(!failure.hint.is_empty());
        }
    }
}
