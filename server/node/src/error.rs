//! The error of every transport and API, and one table from the hub's errors to code, reason and advice.
//!
//! A message says what is wrong, then the remedy after a colon.

use std::{borrow::Cow, time::Duration};

use wigwag_hub::{
    Limits,
    error::{
        AckError, DetachReason, FindError, JoinError, MemberError, OpenError, ResumeError, RoomError, SendError,
        StoreError,
    },
    id::NameError,
    member::{MAX_METADATA_BYTES, MetadataTooLarge},
    rate::Limited,
    reason::Reason,
};
use wigwag_proto::v1::{Advice, ErrorFrame, server_frame::Body as Pb};

use crate::{
    frame::{Invalid, OutFrame, field},
    rate_settings::setting_of,
};

/// The domain of [`ApiError::reason`] in `google.rpc.ErrorInfo`.
pub const DOMAIN: &str = "wigwag";

/// A canonical error code (`google.rpc.Code`), numbered as in gRPC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The request is invalid, regardless of the state of the server.
    InvalidArgument = 3,
    /// The deadline passed.
    DeadlineExceeded = 4,
    /// What the request names does not exist, or this caller may not see it.
    NotFound = 5,
    /// What the request would create exists already.
    AlreadyExists = 6,
    /// The caller may not do this.
    PermissionDenied = 7,
    /// A limit is reached.
    ResourceExhausted = 8,
    /// Another request must be made first.
    FailedPrecondition = 9,
    /// A concurrent operation took precedence.
    Aborted = 10,
    /// There is no such method.
    Unimplemented = 12,
    /// A defect of the server.
    Internal = 13,
    /// The service is unavailable at the moment; a retry helps.
    Unavailable = 14,
    /// The caller needs a token that is good.
    Unauthenticated = 16,
}

/// An error as it is sent to a client, independent of the transport.
#[derive(Clone, Debug)]
pub struct ApiError {
    /// The class of the error.
    pub code: Code,
    /// The `ErrorReason` without its prefix, such as `ROOM_FULL`.
    pub reason: &'static str,
    /// What is wrong, and the remedy after a colon. For people only.
    pub message: Cow<'static, str>,
    /// Details for programs, such as the limit that was reached.
    pub metadata: Vec<(&'static str, String)>,
    /// Milliseconds after which a retry makes sense; 0 if the error does not say.
    pub retry_after_ms: u32,
    /// What a client should do about its session if it does not know the reason: only [`Advice::Retry`] may also be about
    /// a request alone.
    pub advice: Advice,
}

impl ApiError {
    /// Creates an error without metadata or advice.
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

    /// Sets the advice.
    #[must_use]
    pub fn advice(mut self, advice: Advice) -> Self {
        self.advice = advice;
        self
    }

    /// Adds metadata.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl ToString) -> Self {
        self.metadata.push((key, value.to_string()));
        self
    }

    /// Sets the time after which to retry.
    #[must_use]
    pub fn retry_after(mut self, ms: u32) -> Self {
        self.retry_after_ms = ms;
        self
    }

    /// Creates INVALID_FIELD. `why` follows the field's name in the message, as in "is missing: set it".
    pub fn invalid(field: &'static str, why: impl std::fmt::Display) -> Self {
        Self::new(Code::InvalidArgument, "INVALID_FIELD", format!("{field} {why}")).with("field", field)
    }

    /// Creates UNKNOWN_FRAME.
    pub fn unknown_frame() -> Self {
        Self::new(
            Code::InvalidArgument,
            "UNKNOWN_FRAME",
            "the frame has no body that this server knows: send one of the bodies of wigwag.v1.ClientFrame",
        )
    }

    /// Creates FRAME_TOO_LARGE with the limit in bytes.
    pub fn too_large(limit: usize) -> Self {
        Self::new(
            Code::ResourceExhausted,
            "FRAME_TOO_LARGE",
            format!(
                "the frame is larger than the limit of {limit} bytes: split it, or use a data channel once it is open"
            ),
        )
        .with("limit", limit)
    }

    /// Creates PROTOCOL, for a violation of the protocol that ends the connection.
    pub fn protocol(why: impl std::fmt::Display) -> Self {
        Self::new(Code::InvalidArgument, "PROTOCOL", why.to_string()).advice(Advice::Stop)
    }

    /// Creates SEQ_GAP: a frame with the number `got` where `expected` would have followed.
    pub fn gap(expected: u32, got: u32) -> Self {
        let text = if got == 0 {
            format!("the frame has no seq, which a resumable session requires: resume, and send seq {expected} next")
        } else {
            format!("seq {got} arrived where {expected} was expected: resume, and send seq {expected} next")
        };
        Self::new(Code::InvalidArgument, "SEQ_GAP", text).with("expected", expected).advice(Advice::Resume)
    }

    /// Creates DRAINING.
    pub fn draining() -> Self {
        Self::new(Code::Unavailable, "DRAINING", "this node is going away: connect again, elsewhere or in a moment")
            .advice(Advice::Retry)
            .retry_after(1_000)
    }

    /// Creates HELLO_TIMEOUT with the time within which the first frame had to arrive.
    pub fn hello_timeout(timeout: Duration) -> Self {
        Self::new(
            Code::DeadlineExceeded,
            "HELLO_TIMEOUT",
            format!("no frame arrived within {} ms: send a hello or a join when the stream opens", timeout.as_millis()),
        )
        .advice(Advice::Retry)
    }

    /// Creates FORBIDDEN.
    pub fn forbidden(why: &'static str) -> Self {
        Self::new(Code::PermissionDenied, "FORBIDDEN", why)
    }

    /// Creates TOKEN_MISSING.
    pub fn token_missing() -> Self {
        Self::new(
            Code::Unauthenticated,
            "TOKEN_MISSING",
            "this server requires a token: send one in hello.token, as authorization: Bearer, or as the WebSocket \
             subprotocol wigwag.token.TOKEN",
        )
        .advice(Advice::Stop)
    }

    /// Creates TOKEN_MISSING for a connection with a certificate that says nothing to this server.
    pub fn certificate_unknown() -> Self {
        Self::new(
            Code::Unauthenticated,
            "TOKEN_MISSING",
            "no name of the certificate of this connection is in auth.certificates, and there is no token: list one of its \
             names there, or send a token",
        )
        .advice(Advice::Stop)
    }

    /// Creates TOKEN_INVALID. `why` must not hold anything of the token.
    pub fn token_invalid(why: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::Unauthenticated, "TOKEN_INVALID", why).advice(Advice::Stop)
    }

    /// Creates FORBIDDEN for a client that is refused as a whole.
    pub fn denied(why: &'static str) -> Self {
        Self::forbidden(why).advice(Advice::Stop)
    }

    /// Creates RATE_LIMITED for a client whose address opens too many sessions.
    pub fn too_many_sessions(retry_after: Duration) -> Self {
        let ms = u32::try_from(retry_after.as_millis()).unwrap_or(u32::MAX).max(1);
        Self::new(
            Code::ResourceExhausted,
            "RATE_LIMITED",
            "more sessions were opened from this address than session.opens_per_second_per_ip allows: wait retry_after_ms, and \
             try again",
        )
        .advice(Advice::Retry)
        .retry_after(ms)
    }

    /// Creates TOKEN_EXPIRED. `why` must not hold anything of the token. The session, if there is one, waits for a resume with
    /// a fresh one.
    pub fn token_expired(why: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::Unauthenticated, "TOKEN_EXPIRED", why).advice(Advice::Stop)
    }

    /// Creates TOKEN_MISSING for a client of a compatibility protocol.
    pub fn ticket_missing() -> Self {
        Self::new(
            Code::Unauthenticated,
            "TOKEN_MISSING",
            "this server requires a ticket: get one with RoomService.CreateTicket, and add it to the URL",
        )
        .advice(Advice::Stop)
    }

    /// Creates RATE_LIMITED for a request that exceeds the limit of this setting. It may be repeated after `wait_ms`.
    pub fn rate_limited(setting: &'static str, per_second: u32, wait_ms: u32) -> Self {
        Self::new(
            Code::ResourceExhausted,
            "RATE_LIMITED",
            format!("more than {setting} ({per_second}) on average: wait {wait_ms} ms, and repeat the request"),
        )
        .with("setting", setting)
        .with("limit", per_second)
        .advice(Advice::Retry)
        .retry_after(wait_ms.max(1))
    }

    /// Creates RATE_LIMITED for a connection that ends because its client did not stop exceeding a limit.
    pub fn rate_limited_for_long(limited: &Limited) -> Self {
        let Limited { kind, per_second, retry_after_ms } = *limited;
        let setting = setting_of(kind);
        let mut error = Self::from(DetachReason::RateLimited);
        error.message = format!(
            "more than {setting} ({per_second}) for more than 5 seconds: resume after {retry_after_ms} ms, and send more slowly"
        )
        .into();
        error.with("setting", setting).with("limit", per_second).retry_after(retry_after_ms.clamp(1_000, 60_000))
    }

    /// Creates LIMIT_EXCEEDED for tickets.
    pub fn tickets_exhausted() -> Self {
        Self::new(
            Code::ResourceExhausted,
            "LIMIT_EXCEEDED",
            "the caller holds as many tickets as it may, compared with those that are free: create them for a shorter time",
        )
        .advice(Advice::Retry)
        .retry_after(60_000)
    }

    /// Creates LIMIT_EXCEEDED for watches of rooms.
    pub fn watches_exhausted() -> Self {
        Self::new(
            Code::ResourceExhausted,
            "LIMIT_EXCEEDED",
            "there are as many watches as this caller, or this node, may have: end one first, or watch all rooms with one",
        )
        .advice(Advice::Retry)
        .retry_after(10_000)
    }

    /// Creates KEYS_UNAVAILABLE.
    pub fn keys_unavailable(why: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::Unavailable, "KEYS_UNAVAILABLE", why).advice(Advice::Retry).retry_after(5_000)
    }

    /// Creates WEBHOOK_UNAVAILABLE.
    pub fn webhook_unavailable() -> Self {
        Self::new(
            Code::Unavailable,
            "WEBHOOK_UNAVAILABLE",
            "the application's server, which decides about this (auth.webhook_url), does not answer as it should: wait \
             retry_after_ms, and try again",
        )
        .advice(Advice::Retry)
        .retry_after(2_000)
    }

    /// Creates FORBIDDEN for what the webhook has refused. `reason`: its text for people, which may be empty.
    pub fn webhook_denied(reason: &str) -> Self {
        let reason = if reason.is_empty() { "it does not say why" } else { reason };
        Self::new(Code::PermissionDenied, "FORBIDDEN", format!("the application's server refuses this: {reason}"))
            .with("decided_by", "webhook")
            .advice(Advice::Stop)
    }

    /// Returns whether the webhook has refused.
    pub(crate) fn is_webhook_denial(&self) -> bool {
        self.metadata.iter().any(|(key, _)| *key == "decided_by")
    }

    /// Creates LIMIT_EXCEEDED for the list of revoked tokens.
    pub fn revocations_exhausted() -> Self {
        Self::new(
            Code::ResourceExhausted,
            "LIMIT_EXCEEDED",
            "the server remembers as many revoked tokens as it may: replace the key that they were signed with",
        )
    }

    /// Creates UNIMPLEMENTED.
    pub fn unimplemented(what: &'static str) -> Self {
        Self::new(Code::Unimplemented, "UNIMPLEMENTED", what)
    }

    /// Creates SLOW_CONSUMER for a watch of rooms.
    pub fn slow_watcher() -> Self {
        Self::new(
            Code::ResourceExhausted,
            "SLOW_CONSUMER",
            "the watch was not read fast enough: start another watch, and read events as they arrive",
        )
        .advice(Advice::Retry)
    }

    /// Creates STORE_UNREACHABLE for a watch of rooms.
    pub fn lost_watch() -> Self {
        Self::new(
            Code::Unavailable,
            "STORE_UNREACHABLE",
            "the cluster's store did not answer for a while, so that changes may be missing: start another watch",
        )
        .advice(Advice::Retry)
        .retry_after(1_000)
    }

    /// Converts to the body of a numbered reply. The session goes on, so advice about it is left out.
    pub fn to_body(&self) -> wigwag_hub::Body {
        wigwag_hub::Body::Encoded(field(Pb::Error(self.frame(false))))
    }

    /// Converts to the last frame of a connection. It always has advice: [`Advice::Stop`] unless the error says otherwise,
    /// since the same hello would fail again.
    pub fn to_fatal(&self) -> OutFrame {
        OutFrame::unnumbered(Pb::Error(self.frame(true)))
    }

    fn frame(&self, fatal: bool) -> ErrorFrame {
        let advice = match self.advice {
            Advice::Unspecified if fatal => Advice::Stop,
            Advice::Resume | Advice::Rejoin | Advice::Stop if !fatal => Advice::Unspecified,
            advice => advice,
        };
        ErrorFrame {
            code: self.code as i32,
            reason: self.reason.into(),
            message: self.message.to_string(),
            metadata: self.metadata.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect(),
            retry_after_ms: self.retry_after_ms,
            advice: advice.into(),
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
        Self::invalid(
            "metadata",
            format_args!("is larger than {MAX_METADATA_BYTES} bytes in total: shorten keys or values"),
        )
    }
}

impl From<(OpenError, &Limits)> for ApiError {
    fn from((error, limits): (OpenError, &Limits)) -> Self {
        match error {
            OpenError::PeerIdTaken => {
                Self::new(Code::AlreadyExists, "PEER_ID_TAKEN", "this peer id is in use: choose another one")
                    .advice(Advice::Stop)
            }
            OpenError::Full => Self::new(
                Code::ResourceExhausted,
                "LIMIT_EXCEEDED",
                format!("session limit ({}) reached: retry later or on another node", limits.sessions),
            )
            .advice(Advice::Retry)
            .retry_after(1_000),
            OpenError::UserFull { max } => Self::new(
                Code::ResourceExhausted,
                "LIMIT_EXCEEDED",
                format!(
                    "the user has {max} sessions, the limit (users.max_sessions): close some, or wait until they end"
                ),
            )
            .with("setting", "users.max_sessions")
            .with("limit", max)
            .advice(Advice::Retry)
            .retry_after(1_000),
            OpenError::RateLimited(limited) => limited.into(),
            OpenError::Store(error) => error.into(),
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unreachable { retry_after_ms } => Self::new(
                Code::Unavailable,
                "STORE_UNREACHABLE",
                "the cluster's store does not answer, and the request may have taken effect or not: wait retry_after_ms, and \
                 try again",
            )
            .advice(Advice::Retry)
            .retry_after(retry_after_ms),
            StoreError::Lost => ended(Reason::StoreLost),
        }
    }
}

impl From<AckError> for ApiError {
    fn from(error: AckError) -> Self {
        match error {
            AckError::NotWritten { written } => Self::protocol(format_args!(
                "the ack is beyond the last frame sent, {written}: acknowledge received frames only"
            )),
            AckError::Store(error) => error.into(),
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
                format!("the room is full ({max} members): wait until one leaves"),
            )
            .with("limit", max),
            JoinError::UserTaken => Self::new(
                Code::AlreadyExists,
                "USER_TAKEN",
                "this user is a member already, and the room admits each user once: leave with the other session first",
            ),
            JoinError::Banned => Self::new(
                Code::PermissionDenied,
                "BANNED",
                "this user is banned from the room until it ends: join another room",
            ),
            JoinError::TooManyRooms { max } => Self::new(
                Code::ResourceExhausted,
                "LIMIT_EXCEEDED",
                format!("the session is in {max} rooms, the limit per session: leave one first"),
            )
            .with("limit", max),
            JoinError::RoomsExhausted => rooms_exhausted(),
            JoinError::RateLimited(limited) => limited.into(),
        }
    }
}

impl From<Limited> for ApiError {
    fn from(Limited { kind, per_second, retry_after_ms }: Limited) -> Self {
        Self::rate_limited(setting_of(kind), per_second, retry_after_ms)
    }
}

impl From<MemberError> for ApiError {
    fn from(error: MemberError) -> Self {
        match error {
            MemberError::NotJoined => not_joined(),
            MemberError::NotOwner => {
                Self::forbidden("only the owner of the room may end it or remove members: ask the owner")
            }
            MemberError::PeerNotFound => peer_not_found(),
            MemberError::TooManyBans { max } => too_many_bans(max),
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
            RoomError::TooManyBans { max } => too_many_bans(max),
            RoomError::Metadata(error) => error.into(),
            RoomError::Exhausted => rooms_exhausted(),
            RoomError::RequestIdReused => Self::invalid(
                "request_id",
                "was used for another request within the last 60 s: use a new id for each request, and an id again only to \
                 repeat the same request",
            ),
            RoomError::RequestIdsExhausted => Self::new(
                Code::ResourceExhausted,
                "LIMIT_EXCEEDED",
                "this node remembers as many request ids as it may: retry in some seconds, or without request_id",
            )
            .advice(Advice::Retry)
            .retry_after(5_000),
            RoomError::Store(StoreError::Lost) => Self::new(
                Code::Unavailable,
                "STORE_LOST",
                "the cluster's store has lost its data, and the rooms with it: create them again",
            )
            .advice(Advice::Retry)
            .retry_after(1_000),
            RoomError::Store(error) => error.into(),
        }
    }
}

impl From<DetachReason> for ApiError {
    fn from(reason: DetachReason) -> Self {
        match reason {
            DetachReason::Superseded => Self::new(
                Code::Aborted,
                "SUPERSEDED",
                "a newer connection has resumed this session: stop using this one",
            )
            .advice(Advice::Stop),
            DetachReason::ConnectionLost => {
                Self::new(Code::Aborted, "DETACHED", "the session has no connection in this epoch: resume it first")
                    .advice(Advice::Resume)
            }
            DetachReason::SlowConsumer => Self::new(
                Code::ResourceExhausted,
                "SLOW_CONSUMER",
                "the connection was not read fast enough: resume, and read frames as they arrive",
            )
            .advice(Advice::Resume),
            DetachReason::HeartbeatTimeout => {
                Self::new(Code::Aborted, "HEARTBEAT_TIMEOUT", "two pings were not answered: resume the session")
                    .advice(Advice::Resume)
            }
            DetachReason::RateLimited => Self::new(
                Code::ResourceExhausted,
                "RATE_LIMITED",
                "more was sent than a rate limit permits, for more than 5 seconds: resume, and send more slowly",
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
            FindError::NotResumable => Self::invalid(
                "session_token",
                "is of a session that is not resumable, whose client sends frames on its own stream: open the session with \
                 Listen, or set hello.resumable",
            ),
            FindError::Detached(reason) => reason.into(),
            FindError::Store(error) => error.into(),
        }
    }
}

impl From<ResumeError> for ApiError {
    fn from(error: ResumeError) -> Self {
        match error {
            ResumeError::Superseded => DetachReason::Superseded.into(),
            ResumeError::Reset(reason) => ended(reason),
            ResumeError::GrantsExpired => {
                Self::token_expired("the token of the session has expired: resume with a fresh one in hello.token")
            }
            ResumeError::OtherUser => Self::token_invalid(
                "the token is for another user than the session: resume with one for the same sub, or open a new session",
            ),
            ResumeError::Store(error) => error.into(),
        }
    }
}

/// Returns the error of a session that has ended.
fn ended(reason: Reason) -> ApiError {
    match reason {
        Reason::Draining => ApiError::draining().advice(Advice::Rejoin),
        // The session was not resumable: otherwise it would have been detached rather than ended.
        Reason::SlowConsumer => ApiError::new(
            Code::ResourceExhausted,
            "SLOW_CONSUMER",
            "the connection was not read fast enough: open a new session, and read frames as they arrive",
        )
        .advice(Advice::Rejoin),
        Reason::SeqExhausted => ApiError::new(
            Code::ResourceExhausted,
            "SEQ_EXHAUSTED",
            "the session has used all 2^32 - 1 sequence numbers: open a new session",
        )
        .advice(Advice::Rejoin),
        Reason::StoreLost => ApiError::new(
            Code::Aborted,
            "STORE_LOST",
            "the cluster's store has lost its data, and this session and its rooms with it: open a new one",
        )
        .advice(Advice::Rejoin),
        Reason::Replaced => {
            ApiError::new(Code::Aborted, "REPLACED", "a newer session has replaced this one: stop using this one")
                .advice(Advice::Stop)
        }
        Reason::Forbidden => ApiError::new(
            Code::PermissionDenied,
            "FORBIDDEN",
            "the token of the session was revoked, or its user is denied: get another token from the application's server, and open \
             a new session",
        )
        .advice(Advice::Stop),
        other => {
            ApiError::new(Code::Aborted, other.as_str(), "the session has ended: open a new one").advice(Advice::Rejoin)
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
        "no such peer, or not one that this session may address: check the members of the room",
    )
}

fn too_many_bans(max: usize) -> ApiError {
    ApiError::new(
        Code::ResourceExhausted,
        "LIMIT_EXCEEDED",
        format!("the room has {max} bans, the limit: remove the member without ban, or end the room"),
    )
    .with("limit", max)
}

fn room_not_found() -> ApiError {
    ApiError::new(Code::NotFound, "ROOM_NOT_FOUND", "no such room: create it first")
}

fn room_exists() -> ApiError {
    ApiError::new(Code::AlreadyExists, "ROOM_EXISTS", "a room of this name exists: join it, or choose another name")
}

fn rooms_exhausted() -> ApiError {
    ApiError::new(
        Code::ResourceExhausted,
        "LIMIT_EXCEEDED",
        "this node has reached its room limit: retry later or on another node",
    )
    .advice(Advice::Retry)
    .retry_after(1_000)
}

#[cfg(test)]
mod tests;
