//! The error type of this crate.

use std::{borrow::Cow, collections::HashMap, fmt, time::Duration};

use tonic_types::StatusExt;
use wigwag_proto::v1;

/// Reasons that originate in this client. All others come from the server: `ErrorReason` of the API lists and explains
/// them.
///
/// ```
/// use wigwag_client::{Error, reason};
///
/// fn is_over(error: &Error) -> bool {
///     error.reason == reason::CLOSED
/// }
/// # let _ = is_over;
/// ```
pub mod reason {
    /// The application closed the session, or it has ended.
    pub const CLOSED: &str = "CLOSED";
    /// The connection could not be opened, or it broke.
    pub const UNREACHABLE: &str = "UNREACHABLE";
    /// The server did not answer in time.
    pub const TIMEOUT: &str = "TIMEOUT";
    /// The session was lost before this request was answered; a new, empty one replaced it.
    pub const RESET: &str = "RESET";
    /// Two resumes in a row failed at the same frame; so would a third.
    pub const STUCK: &str = "STUCK";
    /// The server violated the protocol.
    pub const PROTOCOL: &str = "PROTOCOL";
    /// The URL or another option is invalid.
    pub const INVALID_FIELD: &str = "INVALID_FIELD";
    /// The session is not, or no longer, a member of that room.
    pub const NOT_JOINED: &str = "NOT_JOINED";
    /// The frame exceeds the server's limit.
    pub const FRAME_TOO_LARGE: &str = "FRAME_TOO_LARGE";
    /// Too many receipts are awaited.
    pub const LIMIT_EXCEEDED: &str = "LIMIT_EXCEEDED";
    /// An envelope in a room with a secret was not sealed.
    pub const NOT_SEALED: &str = "NOT_SEALED";
    /// An envelope was sealed with a different secret.
    pub const WRONG_KEY: &str = "WRONG_KEY";
    /// A sealed envelope was changed on the way, or is not from its sender, or not for this receiver.
    pub const SEAL_BROKEN: &str = "SEAL_BROKEN";
    /// A sealed envelope has an unknown format.
    pub const SEAL_UNKNOWN: &str = "SEAL_UNKNOWN";
    /// A sealed envelope arrived twice, or after a later one.
    pub const REPLAYED: &str = "REPLAYED";
    /// An internal error of this crate, or of the operating system.
    pub const INTERNAL: &str = "INTERNAL";
    /// The session has used all its 2^32-1 sequence numbers.
    pub const SEQ_EXHAUSTED: &str = "SEQ_EXHAUSTED";
}

/// Why something failed. Compare [`reason`](Self::reason), never the text.
///
/// ```
/// use wigwag_client::Error;
///
/// fn what_next(error: &Error) -> &'static str {
///     match error.reason.as_ref() {
///         "ROOM_FULL" => "tell the user that the room is full",
///         _ if error.retryable => "try again a little later",
///         _ => "give up and show the message",
///     }
/// }
/// # let _ = what_next;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Error {
    /// The class of the failure.
    pub code: Code,
    /// The cause, as the API names it (`ROOM_FULL`) or one of [`reason`].
    pub reason: Cow<'static, str>,
    /// Whether the same call may succeed later without any change.
    pub retryable: bool,
    /// For people: what is wrong, then what to do.
    pub message: Box<str>,
    /// How long to wait before a retry, if the server said.
    pub retry_after: Option<Duration>,
    /// Details of the error: `field`, `room`, `limit`, …
    pub metadata: Box<HashMap<String, String>>,
}

impl Error {
    pub(crate) fn new(code: Code, reason: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            reason: Cow::Borrowed(reason),
            retryable: matches!(code, Code::Unavailable | Code::DeadlineExceeded),
            message: message.into().into_boxed_str(),
            retry_after: None,
            metadata: Box::default(),
        }
    }

    pub(crate) fn closed() -> Self {
        Self::new(Code::Aborted, reason::CLOSED, "the session is closed: connect again")
    }

    pub(crate) fn reset(why: &str) -> Self {
        let mut error = Self::new(
            Code::Aborted,
            reason::RESET,
            format!(
                "the session was lost ({why}) and replaced by a new one: join the rooms again and repeat the request"
            ),
        );
        error.retryable = true;
        error.metadata.insert("reset_reason".into(), why.into());
        error
    }

    pub(crate) fn from_frame(frame: v1::ErrorFrame) -> Self {
        let code = Code::from(frame.code);
        let retryable = match frame.advice() {
            v1::Advice::Retry | v1::Advice::Resume | v1::Advice::Rejoin => true,
            v1::Advice::Stop => false,
            v1::Advice::Unspecified => frame.retry_after_ms > 0 || code == Code::Unavailable,
        };
        Self {
            code,
            reason: Cow::Owned(frame.reason),
            retryable,
            message: frame.message.into(),
            retry_after: (frame.retry_after_ms > 0).then(|| Duration::from_millis(frame.retry_after_ms.into())),
            metadata: Box::new(frame.metadata),
        }
    }

    /// Keeps the reason of a status with our `ErrorInfo`; any other status comes from the network or a proxy.
    pub(crate) fn from_status(status: &tonic::Status) -> Self {
        let code = Code::from(i32::from(status.code()));
        let retry_after = status.get_details_retry_info().and_then(|info| info.retry_delay);
        match status.get_details_error_info() {
            Some(info) if info.domain == "wigwag" => Self {
                code,
                reason: Cow::Owned(info.reason),
                retryable: retry_after.is_some() || matches!(code, Code::Unavailable | Code::Aborted),
                message: status.message().into(),
                retry_after,
                metadata: Box::new(info.metadata),
            },
            _ => Self { retry_after, ..Self::new(code, reason::UNREACHABLE, status.message()) },
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason, self.message)
    }
}

impl std::error::Error for Error {}

/// Classes of errors: the gRPC status codes.
///
/// ```
/// use wigwag_client::{Code, Error};
///
/// fn needs_a_token(error: &Error) -> bool {
///     error.code == Code::Unauthenticated
/// }
/// # let _ = needs_a_token;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Code {
    /// The operation was canceled.
    Cancelled,
    /// Unknown error.
    Unknown,
    /// An argument is invalid.
    InvalidArgument,
    /// The deadline passed.
    DeadlineExceeded,
    /// The entity does not exist.
    NotFound,
    /// The entity already exists.
    AlreadyExists,
    /// The caller is not permitted to do this.
    PermissionDenied,
    /// A limit was reached.
    ResourceExhausted,
    /// The system is not in the state this requires.
    FailedPrecondition,
    /// The operation was aborted, for instance superseded by a newer one.
    Aborted,
    /// The operation is past the valid range.
    OutOfRange,
    /// The operation is not supported.
    Unimplemented,
    /// An internal error.
    Internal,
    /// The service is unavailable at present.
    Unavailable,
    /// Data was lost or corrupted.
    DataLoss,
    /// The token is missing or invalid.
    Unauthenticated,
}

impl From<i32> for Code {
    fn from(code: i32) -> Self {
        match code {
            1 => Self::Cancelled,
            3 => Self::InvalidArgument,
            4 => Self::DeadlineExceeded,
            5 => Self::NotFound,
            6 => Self::AlreadyExists,
            7 => Self::PermissionDenied,
            8 => Self::ResourceExhausted,
            9 => Self::FailedPrecondition,
            10 => Self::Aborted,
            11 => Self::OutOfRange,
            12 => Self::Unimplemented,
            13 => Self::Internal,
            14 => Self::Unavailable,
            15 => Self::DataLoss,
            16 => Self::Unauthenticated,
            _ => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_decides_whether_an_error_is_retryable() {
        let frame = |advice: v1::Advice, code| v1::ErrorFrame {
            code,
            reason: "X".into(),
            advice: advice.into(),
            ..Default::default()
        };
        assert!(Error::from_frame(frame(v1::Advice::Retry, 8)).retryable);
        assert!(Error::from_frame(frame(v1::Advice::Unspecified, 14)).retryable);
        assert!(!Error::from_frame(frame(v1::Advice::Unspecified, 8)).retryable);
        assert!(!Error::from_frame(frame(v1::Advice::Stop, 14)).retryable);
    }

    #[test]
    fn a_request_over_a_rate_limit_says_when_to_repeat_it() {
        let limited = Error::from_frame(v1::ErrorFrame {
            code: 8,
            reason: "RATE_LIMITED".into(),
            message: "more than session.joins_per_second (50) on average: wait 20 ms, and repeat the request".into(),
            metadata: [("setting".into(), "session.joins_per_second".into())].into(),
            retry_after_ms: 20,
            advice: v1::Advice::Retry.into(),
            fatal: false,
        });
        assert_eq!((limited.code, limited.retryable), (Code::ResourceExhausted, true));
        assert_eq!(limited.retry_after, Some(Duration::from_millis(20)));
        assert_eq!(limited.metadata["setting"], "session.joins_per_second");
    }

    #[test]
    fn a_status_with_error_info_keeps_its_reason() {
        let details = tonic_types::ErrorDetails::with_error_info("ROOM_FULL", "wigwag", HashMap::new());
        let status = tonic::Status::with_error_details(tonic::Code::ResourceExhausted, "full", details);
        let error = Error::from_status(&status);
        assert_eq!((error.code, error.reason.as_ref(), error.retryable), (Code::ResourceExhausted, "ROOM_FULL", false));
        assert_eq!(Error::from_status(&tonic::Status::unavailable("gone")).reason, reason::UNREACHABLE);
    }

    #[test]
    fn an_error_is_small_enough_to_return() {
        assert!(size_of::<Error>() <= 96, "{}", size_of::<Error>());
    }
}
