use bytes::Bytes;

use super::*;
use crate::{
    frame::{Body, Change},
    id::{PeerId, RoomName},
    member::RoomInfo,
    members::Members,
    snapshot::Snapshot,
};

const NOW: Now = Now { mono_ms: 1_000, unix_ms: 1_000 };

fn resumable() -> SessionState<()> {
    SessionState::new(SessionKind::Resumable { grace_ms: 30_000 })
}

fn envelope(text: &'static str) -> Entry {
    let origin = Origin { from: PeerId::from_random(1), incarnation: 0, seq: 7, receipt: true };
    Entry { reply_to: 0, body: Body::Envelope(Bytes::from_static(text.as_bytes())).into(), origin: Some(origin) }
}

fn control() -> Entry {
    Entry { reply_to: 3, body: Body::Done.into(), origin: None }
}

fn room(version: u32) -> RoomInfo {
    RoomInfo {
        room: RoomName::parse("demo").expect("valid"),
        display_name: "".into(),
        max_members: 0,
        member_count: 0,
        duplicate_users: crate::member::DuplicateUsers::Allow,
        metadata: crate::member::Metadata::default(),
        owner: None,
        created_at_ms: 0,
        version,
        empty_timeout_ms: 0,
    }
}

fn change(version: u32) -> Arc<RoomEvent> {
    RoomEvent::new(room(version).room, version, Change::Updated(room(version)))
}

/// Fetches everything, in short form: a frame as its number, a change as `v` and its version.
fn fetch(session: &mut SessionState<()>) -> (Vec<String>, Fetched) {
    let mut out = Vec::new();
    let epoch = session.epoch();
    let fetched = session.fetch(epoch, Waker::noop(), 1 << 20, &mut out);
    let short = |item: &Item| match item {
        Item::Numbered { seq, .. } => seq.to_string(),
        Item::Presence(event) => format!("v{}", event.version),
        Item::Roster(snapshot) => format!("roster {}", snapshot.info.version),
        Item::GoAway { .. } => "go away".to_owned(),
    };
    (out.iter().map(short).collect(), fetched)
}

#[test]
fn presence_keeps_its_position_among_numbered_frames() {
    let mut session = resumable();
    let limits = Limits::default();
    session.join(room(1).room, ());
    session.put_control(control(), &limits, NOW);
    session.put_presence(&change(2), &limits);
    session.put_envelope(envelope("one"), &limits, NOW);
    session.put_presence(&change(3), &limits);
    session.put_presence(&change(4), &limits);
    session.put_envelope(envelope("two"), &limits, NOW);
    assert_eq!(fetch(&mut session), (["1", "v2", "2", "v3", "v4", "3"].map(str::to_owned).into(), Fetched::Idle));
}

#[test]
fn a_resume_replays_from_the_last_frame_received() {
    let mut session = resumable();
    for text in ["one", "two", "three"] {
        assert_eq!(session.put_envelope(envelope(text), &Limits::default(), NOW), Put::Kept);
    }
    assert_eq!(fetch(&mut session).0, ["1", "2", "3"]);
    let mut acked = 0;
    assert_eq!(session.resume(1, 1, |_| acked += 1), Ok(2));
    assert_eq!(acked, 1, "the frames received are acknowledged");
    assert_eq!(fetch(&mut session).0, ["2", "3"]);
    assert_eq!(session.ack(1, 3, |_| panic!("an ack of an old epoch is ignored")), Ok(()));
    assert_eq!(session.ack(2, 4, |_| {}), Err(3));
    assert_eq!(session.mailbox().len(), 2);
}

#[test]
fn invalid_resumes_are_refused_or_reset() {
    let mut session = resumable();
    session.put_control(control(), &Limits::default(), NOW);
    assert_eq!(session.resume(2, 0, |_| {}), Err(ResumeError::Reset(Reason::SeqMismatch)), "a future epoch");
    assert_eq!(session.resume(1, 2, |_| {}), Err(ResumeError::Reset(Reason::SeqMismatch)), "a future number");
    assert_eq!(session.resume(1, 0, |_| {}), Ok(2));
    assert_eq!(session.resume(1, 0, |_| {}), Ok(3), "the welcome was lost");
    session.mark_used(3);
    assert_eq!(session.resume(2, 0, |_| {}), Err(ResumeError::Superseded));
    assert!(session.end(Reason::Left).is_some());
    assert!(session.end(Reason::Left).is_none());
    assert_eq!(session.resume(3, 0, |_| {}), Err(ResumeError::Reset(Reason::Left)));
}

#[test]
fn attached_and_detached_sessions_have_different_limits() {
    let limits = Limits { mailbox_frames: 2, detached_frames: 1, ..Limits::default() };
    let mut session = resumable();
    assert_eq!(session.put_envelope(envelope("1"), &limits, NOW), Put::Kept);
    assert_eq!(session.put_envelope(envelope("2"), &limits, NOW), Put::Kept);
    assert_eq!(session.put_envelope(envelope("3"), &limits, NOW), Put::Overflow);
    assert_eq!(session.detach_reason(1), Some(DetachReason::SlowConsumer));
    assert_eq!(fetch(&mut session), (Vec::new(), Fetched::Detached(DetachReason::SlowConsumer)));
    assert_eq!(session.put_envelope(envelope("4"), &limits, NOW), Put::Kept, "one more than it held");
    assert_eq!(session.put_envelope(envelope("5"), &limits, NOW), Put::Full);
    assert_eq!(session.put_control(control(), &limits, NOW), Put::PendingEnd(Reason::MailboxOverflow));
    assert_eq!(session.put_control(control(), &limits, NOW), Put::Gone(Reason::MailboxOverflow));
    assert_eq!(session.resume(1, 0, |_| {}), Err(ResumeError::Reset(Reason::MailboxOverflow)));
    let (_, origins) = session.end(Reason::MailboxOverflow).expect("not ended before");
    assert_eq!(origins.len(), 3, "the senders of all envelopes it held");
}

#[test]
fn a_live_session_acknowledges_by_writing() {
    let mut session: SessionState<()> = SessionState::new(SessionKind::Live);
    session.put_envelope(envelope("one"), &Limits::default(), NOW);
    let (mut out, mut written) = (Vec::new(), 0);
    assert_eq!(session.fetch(1, Waker::noop(), 1 << 20, &mut out), Fetched::Idle);
    session.confirm(0, |_| panic!("nothing is written yet"));
    assert_eq!((out.len(), session.mailbox().len()), (1, 1));
    session.confirm(9, |_| written += 1);
    assert_eq!((written, session.mailbox().len()), (1, 0));
}

#[test]
fn the_bytes_that_a_live_session_handed_out_do_not_count() {
    let limits = Limits { mailbox_frames: 7, mailbox_bytes: 60, ..Limits::default() };
    let mut session: SessionState<()> = SessionState::new(SessionKind::Live);
    for text in ["one", "two", "three"] {
        assert_eq!(session.put_envelope(envelope(text), &limits, NOW), Put::Kept);
        assert_eq!(session.put_envelope(envelope(text), &limits, NOW), Put::Kept);
        session.fetch(1, Waker::noop(), 1 << 20, &mut Vec::new());
    }
    assert_eq!(session.put_envelope(envelope("four"), &limits, NOW), Put::Kept);
    assert_eq!(session.put_envelope(envelope("five"), &limits, NOW), Put::Overflow, "too many frames");
    let (_, origins) = session.end(Reason::ConnectionLost).expect("not ended before");
    assert_eq!(origins.len(), 7, "none is known to be written");
}

#[test]
fn overflowing_presence_makes_a_roster_due() {
    let limits = Limits { presence_events: 2, ..Limits::default() };
    let mut session = resumable();
    session.join(room(1).room, ());
    session.put_control(control(), &limits, NOW);
    fetch(&mut session);
    for version in 2..=4 {
        session.put_presence(&change(version), &limits);
    }
    assert!(session.roster_due());
    assert_eq!(session.rooms_without_roster().count(), 1);
    session.put_presence(&change(5), &limits);
    session.put_roster(&Arc::new(Snapshot { info: room(6), members: Members::default() }));
    session.put_presence(&change(7), &limits);
    assert_eq!(fetch(&mut session).0, ["roster 6", "v7"]);
}

#[test]
fn a_flush_ends_after_the_last_frame() {
    let mut session = resumable();
    session.put_control(control(), &Limits::default(), NOW);
    session.flush_and_end(Reason::Draining);
    assert_eq!(fetch(&mut session), (vec!["1".to_owned()], Fetched::Detached(DetachReason::Ended(Reason::Draining))));
    assert_eq!(session.resume(1, 1, |_| {}), Err(ResumeError::Reset(Reason::Ended)));
}

#[test]
fn a_superseded_attachment_reports_superseded_even_after_the_end() {
    let mut session = resumable();
    assert_eq!(session.resume(1, 0, |_| {}), Ok(2));
    session.end(Reason::Left);
    let mut fetched = |epoch| session.fetch(epoch, Waker::noop(), 1, &mut Vec::new());
    assert_eq!(fetched(1), Fetched::Detached(DetachReason::Superseded));
    assert_eq!(fetched(2), Fetched::Detached(DetachReason::Ended(Reason::Left)));
}

#[test]
fn repeated_reconnects_do_not_raise_the_bounds() {
    let limits = Limits { mailbox_frames: 4, detached_frames: 2, ..Limits::default() };
    let mut session = resumable();
    for _ in 0..10 {
        for _ in 0..4 {
            session.put_envelope(envelope("x"), &limits, NOW);
        }
        let epoch = session.epoch();
        session.detach(epoch, DetachReason::ConnectionLost, NOW);
        for _ in 0..4 {
            session.put_envelope(envelope("x"), &limits, NOW);
        }
        session.resume(epoch, 0, |_| {}).expect("resumed");
    }
    assert_eq!(session.mailbox().len(), 6, "the attached limit plus the detached limit");
    let mut put = Put::Kept;
    for _ in 0..10 {
        let epoch = session.epoch();
        put = session.put_control(control(), &limits, NOW);
        if session.resume(epoch, 0, |_| {}).is_err() {
            break;
        }
    }
    assert_eq!(put, Put::PendingEnd(Reason::MailboxOverflow), "control frames are bounded, too");
    assert!(session.mailbox().len() <= 7);
}

#[test]
fn rosters_count_against_the_budget_by_size() {
    let mut session = resumable();
    let pairs = [("key".to_owned(), "x".repeat(4_000))];
    let metadata = crate::member::Metadata::parse(pairs).expect("small enough");
    for number in 0..8 {
        let info = RoomInfo { room: RoomName::parse(&format!("r{number}")).expect("valid"), ..room(1) };
        session.join(info.room, ());
        session.put_control(control(), &Limits::default(), NOW);
    }
    fetch(&mut session);
    session.resume(1, 8, |_| {}).expect("resumed");
    for number in 0..8 {
        let room = RoomName::parse(&format!("r{number}")).expect("valid");
        let info = RoomInfo { room, metadata: metadata.clone(), ..self::room(2) };
        session.put_roster(&Arc::new(Snapshot { info, members: Members::default() }));
    }
    let mut out = Vec::new();
    assert_eq!(session.fetch(2, Waker::noop(), 4_096, &mut out), Fetched::More);
    assert_eq!(out.len(), 1, "the budget limits rosters as well");
}

#[test]
fn the_entry_of_a_join_holds_the_version_of_the_room_at_the_join() {
    let mut session = resumable();
    session.join(room(7).room, ());
    let snapshot = Arc::new(Snapshot { info: room(7), members: Members::default() });
    assert_eq!(session.put_joined(3, true, snapshot, &Limits::default(), NOW), Put::Kept);
    let name = room(7).room;
    let joined = session.mailbox().joined(&name, 0).map(|(seq, joined)| (seq, joined.version, joined.created));
    assert_eq!(joined.collect::<Vec<_>>(), [(1, 7, true)]);
}
