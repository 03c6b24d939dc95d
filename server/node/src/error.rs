//! What went wrong, as every door tells it: one table from the hub's errors to code, reason and advice.

use std::borrow::Cow;

use wigwag_hub::{
    error::{DetachReason, FindError, JoinError, MemberError, OpenError, ResumeError, RoomError, SendError},
    id::NameError,
    member::MetadataTooLarge,
    reason::Reason,
};
use wigwag_proto::v1::{Advice, ErrorFrame, server_frame::Body as Pb};

use crate::frame::{Invalid, OutFrame, field};

/// The domain of our reasons in `google.rpc.ErrorInfo`.
pub const DOMAIN: &str = "wigwag";

/// A canonical error code (`google.rpc.Code`): the same numbers as gRPC's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The request is not valid, whatever the state of the server.
    InvalidArgument = 3,
    /// The deadline passed.
    DeadlineExceeded = 4,
    /// What the request names does not exist, or not for this caller.
    NotFound = 5,
    /// What the request would create exists.
    AlreadyExists = 6,
    /// The caller may not do this.
    PermissionDenied = 7,
    /// A limit or a rate is reached.
    ResourceExhausted = 8,
    /// Another request has to come first.
    FailedPrecondition = 9,
    /// Something that happened at the same time prevails.
    Aborted = 10,
    /// There is no such method.
    Unimplemented = 12,
    /// A defect of the server.
    Internal = 13,
    /// Not now; trying again helps.
    Unavailable = 14,
}

/// An error on its way to a client.
#[derive(Clone, Debug)]
pub struct ApiError {
    pub code: Code,
    pub reason: &'static str,
    pub message: Cow<'static, str>,
    pub metadata: Vec<(&'static str, String)>,
    pub retry_after_ms: u32,
    pub advice: Advice,
}

impl ApiError {
    pub fn new(code: Code, reason: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            reason,
            message: message.into(),
            metadata: Vec::new(),
            retry_after_ms: 0,
            advice: Advice::Unspecified,
        }
    }

    pub fn advice(mut self, advice: Advice) -> Self {
        self.advice = advice;
        self
    }

    pub fn with(mut self, key: &'static str, value: impl ToString) -> Self {
        self.metadata.push((key, value.to_string()));
        self
    }

    pub fn retry_after(mut self, ms: u32) -> Self {
        self.retry_after_ms = ms;
        self
    }

    /// A field that may not have the value it has.
    pub fn invalid(field: &'static str, why: impl std::fmt::Display) -> Self {
        Self::new(Code::InvalidArgument, "INVALID_FIELD", format!("{field} {why}")).with("field", field)
    }

    pub fn unknown_frame() -> Self {
        Self::new(
            Code::InvalidArgument,
            "UNKNOWN_FRAME",
            "the frame has no body this server knows: send a hello, a join, an envelope or another request",
        )
    }

    pub fn too_large(limit: usize) -> Self {
        Self::new(
            Code::ResourceExhausted,
            "FRAME_TOO_LARGE",
            format!("the frame is larger than {limit} bytes: split it, or use a data channel once it is open"),
        )
        .with("limit", limit)
    }

    /// Frames that do not follow the protocol; ends the connection.
    pub fn protocol(why: impl std::fmt::Display) -> Self {
        Self::new(Code::InvalidArgument, "PROTOCOL", why.to_string()).advice(Advice::Stop)
    }

    pub fn gap(expected: u32, got: u32) -> Self {
        let text = if got == 0 {
            format!("a resumable session numbers its frames: seq {expected} is due")
        } else {
            format!("seq {got} does not follow: {expected} is due")
        };
        Self::new(Code::InvalidArgument, "SEQ_GAP", text).with("expected", expected).advice(Advice::Resume)
    }

    pub fn draining() -> Self {
        Self::new(Code::Unavailable, "DRAINING", "this node is going away: connect again, elsewhere or in a moment")
            .advice(Advice::Retry)
            .retry_after(1_000)
    }

    pub fn hello_timeout() -> Self {
        Self::new(
            Code::DeadlineExceeded,
            "HELLO_TIMEOUT",
            "no frame came in time: send a hello or a join when the stream opens",
        )
        .advice(Advice::Retry)
    }

    pub fn forbidden(why: &'static str) -> Self {
        Self::new(Code::PermissionDenied, "FORBIDDEN", why).advice(Advice::Stop)
    }

    pub fn unimplemented(what: &'static str) -> Self {
        Self::new(Code::Unimplemented, "UNIMPLEMENTED", what)
    }

    pub fn slow_watcher() -> Self {
        Self::new(Code::ResourceExhausted, "SLOW_CONSUMER", "the watch was not read fast enough: watch again")
            .advice(Advice::Retry)
    }

    /// As the body of a numbered answer.
    pub fn to_body(&self) -> wigwag_hub::Body {
        wigwag_hub::Body::Encoded(field(Pb::Error(self.frame(false))))
    }

    /// As the last frame of a connection.
    pub fn to_fatal(&self) -> OutFrame {
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

impl From<Invalid> for ApiError {
    fn from(invalid: Invalid) -> Self {
        Self::invalid(invalid.field, invalid.why)
    }
}

impl From<(&'static str, NameError)> for ApiError {
    fn from((field, error): (&'static str, NameError)) -> Self {
        Self::invalid(field, format_args!("{error}: use 1 to 128 bytes of UTF-8 without control characters"))
    }
}

impl From<MetadataTooLarge> for ApiError {
    fn from(_: MetadataTooLarge) -> Self {
        Self::invalid("metadata", "is larger than 4096 bytes in all")
    }
}

impl From<OpenError> for ApiError {
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

impl From<SendError> for ApiError {
    fn from(error: SendError) -> Self {
        match error {
            SendError::NotJoined => not_joined(),
            SendError::PeerNotFound => peer_not_found(),
        }
    }
}

impl From<JoinError> for ApiError {
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

impl From<MemberError> for ApiError {
    fn from(error: MemberError) -> Self {
        match error {
            MemberError::NotJoined => not_joined(),
            MemberError::NotOwner => Self::forbidden("only the owner of the room may do this"),
            MemberError::PeerNotFound => peer_not_found(),
            MemberError::Metadata(error) => error.into(),
        }
    }
}

impl From<RoomError> for ApiError {
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

impl From<DetachReason> for ApiError {
    fn from(cut: DetachReason) -> Self {
        match cut {
            DetachReason::Superseded => {
                Self::new(Code::Aborted, "SUPERSEDED", "a newer connection of this session exists; this one is over")
                    .advice(Advice::Stop)
            }
            DetachReason::ConnectionLost => {
                Self::new(Code::Aborted, "DETACHED", "the session has no connection in this epoch: resume it first")
                    .advice(Advice::Resume)
            }
            DetachReason::SlowConsumer => Self::new(
                Code::ResourceExhausted,
                "SLOW_CONSUMER",
                "the connection was not read fast enough: resume, and read what comes",
            )
            .advice(Advice::Resume),
            DetachReason::HeartbeatTimeout => {
                Self::new(Code::Aborted, "HEARTBEAT_TIMEOUT", "two heartbeats went unanswered: resume")
                    .advice(Advice::Resume)
            }
            DetachReason::RateLimited => Self::new(
                Code::ResourceExhausted,
                "RATE_LIMITED",
                "too many frames for too long: resume, and send no faster than limits.frames_per_second",
            )
            .advice(Advice::Resume)
            .retry_after(1_000),
            DetachReason::Ended(reason) => ended(reason),
        }
    }
}

impl From<FindError> for ApiError {
    fn from(error: FindError) -> Self {
        match error {
            FindError::UnknownSession => {
                Self::new(Code::NotFound, "UNKNOWN_SESSION", "no such session: open a new one").advice(Advice::Rejoin)
            }
            FindError::Detached(cut) => cut.into(),
        }
    }
}

impl From<ResumeError> for ApiError {
    fn from(error: ResumeError) -> Self {
        match error {
            ResumeError::Superseded => DetachReason::Superseded.into(),
            ResumeError::Reset(reason) => ended(reason),
        }
    }
}

/// A session that is over.
fn ended(reason: Reason) -> ApiError {
    match reason {
        Reason::Draining => ApiError::draining().advice(Advice::Rejoin),
        // This session could not be resumed, or it would have been cut and not ended.
        Reason::SlowConsumer => ApiError::new(
            Code::ResourceExhausted,
            "SLOW_CONSUMER",
            "the connection was not read fast enough: open a new session, and read what comes",
        )
        .advice(Advice::Rejoin),
        Reason::SeqExhausted => ApiError::new(
            Code::ResourceExhausted,
            "SEQ_EXHAUSTED",
            "the session has used all of its sequence numbers: open a new one",
        )
        .advice(Advice::Rejoin),
        Reason::Replaced => {
            ApiError::new(Code::Aborted, "REPLACED", "a newer session took the place of this one").advice(Advice::Stop)
        }
        other => {
            ApiError::new(Code::Aborted, other.as_str(), "the session is over: open a new one").advice(Advice::Rejoin)
        }
    }
}

fn not_joined() -> ApiError {
    ApiError::new(Code::FailedPrecondition, "NOT_JOINED", "the session is not a member of this room: join it first")
}

fn peer_not_found() -> ApiError {
    ApiError::new(
        Code::NotFound,
        "PEER_NOT_FOUND",
        "no such peer, or none you may address here: look at the room's members",
    )
}

fn room_not_found() -> ApiError {
    ApiError::new(Code::NotFound, "ROOM_NOT_FOUND", "no such room: create it first")
}

fn room_exists() -> ApiError {
    ApiError::new(Code::AlreadyExists, "ROOM_EXISTS", "a room of this name exists: join it, or choose another name")
}

fn rooms_exhausted() -> ApiError {
    ApiError::new(Code::ResourceExhausted, "LIMIT_EXCEEDED", "this node holds as many rooms as it may")
        .advice(Advice::Retry)
        .retry_after(1_000)
}
