use wigwag_hub::RoomName;

use super::*;

const LIMITED: Limited =
    Limited { kind: wigwag_hub::rate::RateLimitKind::SessionJoins, per_second: 5, retry_after_ms: 120 };

/// Every error that a request can be refused with while its session goes on.
fn refusals() -> Vec<ApiError> {
    let room = || RoomName::parse("demo").expect("valid");
    let joins = [
        JoinError::RoomNotFound,
        JoinError::RoomExists,
        JoinError::RoomFull { max: 1 },
        JoinError::UserTaken,
        JoinError::Banned,
        JoinError::TooManyRooms { max: 1 },
        JoinError::RoomsExhausted,
        JoinError::RateLimited(LIMITED),
    ];
    let of_members = [
        MemberError::NotJoined,
        MemberError::NotOwner,
        MemberError::PeerNotFound,
        MemberError::TooManyBans { max: 1 },
        MemberError::Metadata(MetadataTooLarge),
    ];
    let of_rooms = [
        RoomError::NotFound(room()),
        RoomError::Exists(room()),
        RoomError::PeerNotFound,
        RoomError::TooManyBans { max: 1 },
        RoomError::Metadata(MetadataTooLarge),
        RoomError::Exhausted,
        RoomError::RequestIdReused,
        RoomError::RequestIdsExhausted,
        RoomError::Store(StoreError::Unreachable { retry_after_ms: 250 }),
        RoomError::Store(StoreError::Lost),
    ];
    let others = [
        ApiError::invalid("field", "is wrong: change it"),
        ApiError::unknown_frame(),
        ApiError::too_large(1),
        ApiError::forbidden("not this"),
        ApiError::unimplemented("not here"),
    ];
    let sends = [SendError::NotJoined, SendError::PeerNotFound];
    joins
        .map(ApiError::from)
        .into_iter()
        .chain(of_members.map(ApiError::from))
        .chain(of_rooms.map(ApiError::from))
        .chain(sends.map(ApiError::from))
        .chain(others)
        .collect()
}

/// Every error that ends a connection, whatever becomes of the session.
fn endings() -> Vec<ApiError> {
    let ended = [
        Reason::Left,
        Reason::Ended,
        Reason::Replaced,
        Reason::Expired,
        Reason::ConnectionLost,
        Reason::SlowConsumer,
        Reason::MailboxOverflow,
        Reason::SeqMismatch,
        Reason::SeqExhausted,
        Reason::StoreLost,
        Reason::UnknownSession,
        Reason::Draining,
    ];
    let lost = [
        DetachReason::Superseded,
        DetachReason::ConnectionLost,
        DetachReason::SlowConsumer,
        DetachReason::HeartbeatTimeout,
        DetachReason::RateLimited,
    ];
    let others = [
        ApiError::protocol("not a frame"),
        ApiError::gap(2, 3),
        ApiError::draining(),
        ApiError::hello_timeout(Duration::from_secs(10)),
        FindError::UnknownSession.into(),
        ResumeError::Superseded.into(),
        (OpenError::PeerIdTaken, &Limits::default()).into(),
        (OpenError::Full, &Limits::default()).into(),
        (OpenError::UserFull { max: 1 }, &Limits::default()).into(),
        (OpenError::RateLimited(LIMITED), &Limits::default()).into(),
    ];
    let ended = ended.map(|reason| ApiError::from(DetachReason::Ended(reason)));
    ended.into_iter().chain(lost.map(ApiError::from)).chain(others).collect()
}

#[test]
fn a_refused_request_has_no_advice_about_the_session() {
    for error in refusals().iter().chain(&endings()) {
        let advice = error.frame(false).advice();
        assert!(matches!(advice, Advice::Unspecified | Advice::Retry), "{}: {advice:?}", error.reason);
    }
    for error in refusals() {
        // The details of a unary call carry it as it is.
        assert!(matches!(error.advice, Advice::Unspecified | Advice::Retry), "{}", error.reason);
        let waits = error.advice == Advice::Retry;
        assert_eq!(waits, error.retry_after_ms > 0, "{}: RETRY says when", error.reason);
    }
}

#[test]
fn the_end_of_a_connection_has_advice() {
    for error in endings() {
        assert_ne!(error.advice, Advice::Unspecified, "{}", error.reason);
    }
    for error in refusals().iter().chain(&endings()) {
        let frame = error.frame(true);
        assert_ne!(frame.advice(), Advice::Unspecified, "{}", error.reason);
        assert!(frame.fatal);
    }
    assert_eq!(ApiError::forbidden("not this").frame(true).advice(), Advice::Stop);
}
