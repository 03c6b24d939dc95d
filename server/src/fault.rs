//! What went wrong, as every door tells it: one table from the hub's errors to code, reason and advice.

use std::{borrow::Cow, collections::HashMap, time::Duration};

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};
use wigwag_hub::{
    error::{Cut, FindError, JoinError, MemberError, OpenError, ResumeError, RoomError, SendError},
    id::NameError,
    member::MetadataTooLarge,
    reason::Reason,
};
use wigwag_proto::v1::{Advice, ErrorFrame, server_frame::Body as Pb};

use crate::wire::{Invalid, OutFrame, field};

/// The domain of our reasons in `google.rpc.ErrorInfo`.
pub(crate) const DOMAIN: &str = "wigwag";

/// An error on its way to a client.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(crate) code: Code,
    pub(crate) reason: &'static str,
    pub(crate) message: Cow<'static, str>,
    pub(crate) metadata: Vec<(&'static str, String)>,
    pub(crate) retry_after_ms: u32,
    pub(crate) advice: Advice,
}

impl Fault {
    pub(crate) fn new(code: Code, reason: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            reason,
            message: message.into(),
            metadata: Vec::new(),
            retry_after_ms: 0,
            advice: Advice::Unspecified,
        }
    }

    pub(crate) fn advice(mut self, advice: Advice) -> Self {
        self.advice = advice;
        self
    }

    pub(crate) fn with(mut self, key: &'static str, value: impl ToString) -> Self {
        self.metadata.push((key, value.to_string()));
        self
    }

    pub(crate) fn retry_after(mut self, ms: u32) -> Self {
        self.retry_after_ms = ms;
        self
    }

    /// A field that may not have the value it has.
    pub(crate) fn invalid(field: &'static str, why: impl std::fmt::Display) -> Self {
        Self::new(Code::InvalidArgument, "INVALID_FIELD", format!("{field} {why}")).with("field", field)
    }

    pub(crate) fn unknown_frame() -> Self {
        Self::new(
            Code::InvalidArgument,
            "UNKNOWN_FRAME",
            "the frame has no body this server knows: send a hello, a join, an envelope or another request",
        )
    }

    pub(crate) fn too_large(limit: usize) -> Self {
        Self::new(
            Code::ResourceExhausted,
            "FRAME_TOO_LARGE",
            format!("the frame is larger than {limit} bytes: split it, or use a data channel once it is open"),
        )
        .with("limit", limit)
    }

    /// Frames that do not follow the protocol; ends the connection.
    pub(crate) fn protocol(why: impl std::fmt::Display) -> Self {
        Self::new(Code::InvalidArgument, "PROTOCOL", why.to_string()).advice(Advice::Stop)
    }

    pub(crate) fn gap(expected: u32, got: u32) -> Self {
        let text = if got == 0 {
            format!("a resumable session numbers its frames: seq {expected} is due")
        } else {
            format!("seq {got} does not follow: {expected} is due")
        };
        Self::new(Code::InvalidArgument, "SEQ_GAP", text).with("expected", expected).advice(Advice::Resume)
    }

    pub(crate) fn draining() -> Self {
        Self::new(Code::Unavailable, "DRAINING", "this node is going away: connect again, elsewhere or in a moment")
            .advice(Advice::Retry)
            .retry_after(1_000)
    }

    pub(crate) fn hello_timeout() -> Self {
        Self::new(
            Code::DeadlineExceeded,
            "HELLO_TIMEOUT",
            "no frame came in time: send a hello or a join when the stream opens",
        )
        .advice(Advice::Retry)
    }

    pub(crate) fn forbidden(why: &'static str) -> Self {
        Self::new(Code::PermissionDenied, "FORBIDDEN", why).advice(Advice::Stop)
    }

    pub(crate) fn unimplemented(what: &'static str) -> Self {
        Self::new(Code::Unimplemented, "UNIMPLEMENTED", what)
    }

    pub(crate) fn slow_watcher() -> Self {
        Self::new(Code::ResourceExhausted, "SLOW_CONSUMER", "the watch was not read fast enough: watch again")
            .advice(Advice::Retry)
    }

    /// As the status of a call or the end of a stream.
    pub(crate) fn to_status(&self) -> Status {
        let metadata: HashMap<String, String> =
            self.metadata.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect();
        let mut details = ErrorDetails::with_error_info(self.reason, DOMAIN, metadata);
        if self.retry_after_ms > 0 {
            details.set_retry_info(Some(Duration::from_millis(self.retry_after_ms.into())));
        }
        if let Some((_, field)) = self.metadata.iter().find(|(key, _)| *key == "field") {
            details.add_bad_request_violation(field.clone(), self.message.clone());
        }
        Status::with_error_details(self.code, self.message.clone(), details)
    }

    /// As the body of a numbered answer.
    pub(crate) fn to_body(&self) -> wigwag_hub::Body {
        wigwag_hub::Body::Encoded(field(Pb::Error(self.frame(false))))
    }

    /// As the last frame of a connection.
    pub(crate) fn to_fatal(&self) -> OutFrame {
        OutFrame::unnumbered(Pb::Error(self.frame(true)))
    }

    fn frame(&self, fatal: bool) -> ErrorFrame {
        ErrorFrame {
            code: self.code as i32,
            reason: self.reason.into(),
            message: self.message.to_string(),
            metadata: self.metadata.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect(),
            retry_after_ms: self.retry_after_ms,
            advice: self.advice.into(),
            fatal,
        }
    }
}

impl From<Invalid> for Fault {
    fn from(invalid: Invalid) -> Self {
        Self::invalid(invalid.field, invalid.why)
    }
}

impl From<(&'static str, NameError)> for Fault {
    fn from((field, error): (&'static str, NameError)) -> Self {
        Self::invalid(field, format_args!("{error}: use 1 to 128 bytes of UTF-8 without control characters"))
    }
}

impl From<MetadataTooLarge> for Fault {
    fn from(_: MetadataTooLarge) -> Self {
        Self::invalid("metadata", "is larger than 4096 bytes in all")
    }
}

impl From<OpenError> for Fault {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::PeerIdTaken => {
                Self::new(Code::AlreadyExists, "PEER_ID_TAKEN", "this peer id is in use: choose another one")
                    .advice(Advice::Stop)
            }
            OpenError::Full => Self::new(
                Code::ResourceExhausted,
                "LIMIT_EXCEEDED",
                "this node holds as many sessions as it may: try another node, or later",
            )
            .advice(Advice::Retry)
            .retry_after(1_000),
        }
    }
}

impl From<SendError> for Fault {
    fn from(error: SendError) -> Self {
        match error {
            SendError::NotJoined => not_joined(),
            SendError::PeerNotFound => peer_not_found(),
        }
    }
}

impl From<JoinError> for Fault {
    fn from(error: JoinError) -> Self {
        match error {
            JoinError::RoomNotFound => room_not_found(),
            JoinError::RoomExists => room_exists(),
            JoinError::RoomFull { max } => Self::new(
                Code::ResourceExhausted,
                "ROOM_FULL",
                format!("the room has its {max} members: wait until one leaves"),
            )
            .with("limit", max),
            JoinError::UserTaken => Self::new(
                Code::AlreadyExists,
                "USER_TAKEN",
                "this user is a member already, and the room takes each user once",
            ),
            JoinError::Banned => {
                Self::new(Code::PermissionDenied, "BANNED", "banned from this room until it ends").advice(Advice::Stop)
            }
            JoinError::TooManyRooms { max } => Self::new(
                Code::ResourceExhausted,
                "LIMIT_EXCEEDED",
                format!("the session is in {max} rooms, as many as it may be: leave one first"),
            )
            .with("limit", max),
            JoinError::RoomsExhausted => rooms_exhausted(),
        }
    }
}

impl From<MemberError> for Fault {
    fn from(error: MemberError) -> Self {
        match error {
            MemberError::NotJoined => not_joined(),
            MemberError::NotOwner => Self::forbidden("only the owner of the room may do this"),
            MemberError::PeerNotFound => peer_not_found(),
            MemberError::Metadata(error) => error.into(),
        }
    }
}

impl From<RoomError> for Fault {
    fn from(error: RoomError) -> Self {
        match error {
            RoomError::NotFound(room) => room_not_found().with("room", room),
            RoomError::Exists(room) => room_exists().with("room", room),
            RoomError::PeerNotFound => peer_not_found(),
            RoomError::Metadata(error) => error.into(),
            RoomError::Exhausted => rooms_exhausted(),
        }
    }
}

impl From<Cut> for Fault {
    fn from(cut: Cut) -> Self {
        match cut {
            Cut::Superseded => {
                Self::new(Code::Aborted, "SUPERSEDED", "a newer connection of this session exists; this one is over")
                    .advice(Advice::Stop)
            }
            Cut::Detached => {
                Self::new(Code::Aborted, "DETACHED", "the session has no connection in this epoch: resume it first")
                    .advice(Advice::Resume)
            }
            Cut::SlowConsumer => Self::new(
                Code::ResourceExhausted,
                "SLOW_CONSUMER",
                "the connection was not read fast enough: resume, and read what comes",
            )
            .advice(Advice::Resume),
            Cut::HeartbeatTimeout => {
                Self::new(Code::Aborted, "HEARTBEAT_TIMEOUT", "two heartbeats went unanswered: resume")
                    .advice(Advice::Resume)
            }
            Cut::RateLimited => Self::new(
                Code::ResourceExhausted,
                "RATE_LIMITED",
                "too many frames for too long: resume, and send no faster than limits.frames_per_second",
            )
            .advice(Advice::Resume)
            .retry_after(1_000),
            Cut::Ended(reason) => ended(reason),
        }
    }
}

impl From<FindError> for Fault {
    fn from(error: FindError) -> Self {
        match error {
            FindError::UnknownSession => {
                Self::new(Code::NotFound, "UNKNOWN_SESSION", "no such session: open a new one").advice(Advice::Rejoin)
            }
            FindError::Cut(cut) => cut.into(),
        }
    }
}

impl From<ResumeError> for Fault {
    fn from(error: ResumeError) -> Self {
        match error {
            ResumeError::Superseded => Cut::Superseded.into(),
            ResumeError::Reset(reason) => ended(reason),
        }
    }
}

/// A session that is over.
fn ended(reason: Reason) -> Fault {
    match reason {
        Reason::Draining => Fault::draining().advice(Advice::Rejoin),
        // This session could not be resumed, or it would have been cut and not ended.
        Reason::SlowConsumer => Fault::new(
            Code::ResourceExhausted,
            "SLOW_CONSUMER",
            "the connection was not read fast enough: open a new session, and read what comes",
        )
        .advice(Advice::Rejoin),
        Reason::SeqExhausted => Fault::new(
            Code::ResourceExhausted,
            "SEQ_EXHAUSTED",
            "the session has used all of its sequence numbers: open a new one",
        )
        .advice(Advice::Rejoin),
        Reason::Replaced => {
            Fault::new(Code::Aborted, "REPLACED", "a newer session took the place of this one").advice(Advice::Stop)
        }
        other => {
            Fault::new(Code::Aborted, other.as_str(), "the session is over: open a new one").advice(Advice::Rejoin)
        }
    }
}

fn not_joined() -> Fault {
    Fault::new(Code::FailedPrecondition, "NOT_JOINED", "the session is not a member of this room: join it first")
}

fn peer_not_found() -> Fault {
    Fault::new(
        Code::NotFound,
        "PEER_NOT_FOUND",
        "no such peer, or none you may address here: look at the room's members",
    )
}

fn room_not_found() -> Fault {
    Fault::new(Code::NotFound, "ROOM_NOT_FOUND", "no such room: create it first")
}

fn room_exists() -> Fault {
    Fault::new(Code::AlreadyExists, "ROOM_EXISTS", "a room of this name exists: join it, or choose another name")
}

fn rooms_exhausted() -> Fault {
    Fault::new(Code::ResourceExhausted, "LIMIT_EXCEEDED", "this node holds as many rooms as it may")
        .advice(Advice::Retry)
        .retry_after(1_000)
}
