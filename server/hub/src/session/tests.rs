use bytes::Bytes;

use super::*;
use crate::{frame::Change, id::PeerId, member::RoomInfo};

const NOW: Now = Now { mono_ms: 1_000, unix_ms: 1_000 };

fn resumable() -> SessionState<()> {
    SessionState::new(Grade::Resumable { grace_ms: 30_000 })
}

fn envelope(text: &'static str) -> Entry {
    let origin = Origin { from: PeerId::from_random(1), incarnation: 0, seq: 7, receipt: true };
    Entry { reply_to: 0, body: Body::Envelope(Bytes::from_static(text.as_bytes())), origin: Some(origin) }
}

fn control() -> Entry {
    Entry { reply_to: 3, body: Body::Done, origin: None }
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

/// What a connection gets, in short: numbers of frames, `v` and the version of presence.
fn fetch(session: &mut SessionState<()>) -> (Vec<String>, Fetched) {
    let mut out = Vec::new();
    let epoch = session.epoch();
    let fetched = session.fetch(epoch, Waker::noop(), 1 << 20, &mut out, |_| {});
    let short = |item: &Item| match item {
        Item::Numbered { seq, .. } => seq.to_string(),
        Item::Presence(event) => format!("v{}", event.version),
        Item::Roster(snapshot) => format!("roster {}", snapshot.info.version),
        Item::GoAway { .. } => "go away".to_owned(),
    };
    (out.iter().map(short).collect(), fetched)
}

#[test]
fn presence_keeps_its_place_among_numbered_frames() {
    let mut session = resumable();
    let limits = Limits::default();
    session.sit(room(1).room, ());
    session.put_control(control(), &limits, NOW);
    session.put_presence(&change(2), &limits);
    session.put_envelope(envelope("one"), &limits, NOW);
    session.put_presence(&change(3), &limits);
    session.put_presence(&change(4), &limits);
    session.put_envelope(envelope("two"), &limits, NOW);
    assert_eq!(fetch(&mut session), (["1", "v2", "2", "v3", "v4", "3"].map(str::to_owned).into(), Fetched::Idle));
}

#[test]
fn a_resume_goes_back_to_what_was_received() {
    let mut session = resumable();
    for text in ["one", "two", "three"] {
        assert_eq!(session.put_envelope(envelope(text), &Limits::default(), NOW), Put::Kept);
    }
    assert_eq!(fetch(&mut session).0, ["1", "2", "3"]);
    let mut told = 0;
    assert_eq!(session.resume(1, 1, |_| told += 1), Ok(2));
    assert_eq!(told, 1, "what it was received up to is acknowledged");
    assert_eq!(fetch(&mut session).0, ["2", "3"]);
    assert_eq!(session.ack(1, 3, |_| panic!("an ended epoch acknowledges nothing")), Ok(()));
    assert_eq!(session.ack(2, 4, |_| {}), Err(3));
    assert_eq!(session.mailbox().len(), 2);
}

#[test]
fn a_resume_is_refused_or_reset() {
    let mut session = resumable();
    session.put_control(control(), &Limits::default(), NOW);
    assert_eq!(session.resume(2, 0, |_| {}), Err(ResumeError::Reset(Reason::SeqMismatch)), "an epoch to come");
    assert_eq!(session.resume(1, 2, |_| {}), Err(ResumeError::Reset(Reason::SeqMismatch)), "a number to come");
    assert_eq!(session.resume(1, 0, |_| {}), Ok(2));
    assert_eq!(session.resume(1, 0, |_| {}), Ok(3), "the welcome was lost");
    session.heard(3);
    assert_eq!(session.resume(2, 0, |_| {}), Err(ResumeError::Superseded));
    assert!(session.end(Reason::Left).is_some());
    assert!(session.end(Reason::Left).is_none());
    assert_eq!(session.resume(3, 0, |_| {}), Err(ResumeError::Reset(Reason::Left)));
}

#[test]
fn limits_differ_with_the_connection() {
    let limits = Limits { mailbox_frames: 2, detached_frames: 1, ..Limits::default() };
    let mut session = resumable();
    assert_eq!(session.put_envelope(envelope("1"), &limits, NOW), Put::Kept);
    assert_eq!(session.put_envelope(envelope("2"), &limits, NOW), Put::Kept);
    assert_eq!(session.put_envelope(envelope("3"), &limits, NOW), Put::Overflow);
    assert_eq!(session.cut(1), Some(Cut::SlowConsumer));
    assert_eq!(fetch(&mut session), (Vec::new(), Fetched::Cut(Cut::SlowConsumer)));
    assert_eq!(session.put_envelope(envelope("4"), &limits, NOW), Put::Kept, "one beyond what was there");
    assert_eq!(session.put_envelope(envelope("5"), &limits, NOW), Put::Full);
    assert_eq!(session.put_control(control(), &limits, NOW), Put::Fatal(Reason::MailboxOverflow));
    assert_eq!(session.put_control(control(), &limits, NOW), Put::Gone(Reason::MailboxOverflow));
    assert_eq!(session.resume(1, 0, |_| {}), Err(ResumeError::Reset(Reason::MailboxOverflow)));
    let (_, origins) = session.end(Reason::MailboxOverflow).expect("it was not over");
    assert_eq!(origins.len(), 3, "everybody whose envelope it held");
}

#[test]
fn a_live_session_acknowledges_by_writing() {
    let mut session: SessionState<()> = SessionState::new(Grade::Live);
    session.put_envelope(envelope("one"), &Limits::default(), NOW);
    let (mut out, mut written) = (Vec::new(), 0);
    assert_eq!(session.fetch(1, Waker::noop(), 1 << 20, &mut out, |_| written += 1), Fetched::Idle);
    assert_eq!((out.len(), written, session.mailbox().len()), (1, 1, 0));
}

#[test]
fn presence_that_overflows_asks_for_a_roster() {
    let limits = Limits { presence_events: 2, ..Limits::default() };
    let mut session = resumable();
    session.sit(room(1).room, ());
    session.put_control(control(), &limits, NOW);
    fetch(&mut session);
    for version in 2..=4 {
        session.put_presence(&change(version), &limits);
    }
    assert!(session.roster_due());
    assert_eq!(session.silent_seats().count(), 1);
    session.put_presence(&change(5), &limits);
    session.tell_roster(&Arc::new(Snapshot { info: room(6), members: Vec::new() }));
    session.put_presence(&change(7), &limits);
    assert_eq!(fetch(&mut session).0, ["roster 6", "v7"]);
}

#[test]
fn a_flush_ends_with_the_last_frame() {
    let mut session = resumable();
    session.put_control(control(), &Limits::default(), NOW);
    session.flush_and_end(Reason::Draining);
    assert_eq!(fetch(&mut session), (vec!["1".to_owned()], Fetched::Cut(Cut::Ended(Reason::Draining))));
    assert_eq!(session.resume(1, 1, |_| {}), Err(ResumeError::Reset(Reason::Ended)));
}

#[test]
fn whoever_was_superseded_hears_that_first_of_all() {
    let mut session = resumable();
    assert_eq!(session.resume(1, 0, |_| {}), Ok(2));
    session.end(Reason::Left);
    let mut fetched = |epoch| session.fetch(epoch, Waker::noop(), 1, &mut Vec::new(), |_| {});
    assert_eq!(fetched(1), Fetched::Cut(Cut::Superseded));
    assert_eq!(fetched(2), Fetched::Cut(Cut::Ended(Reason::Left)));
}

#[test]
fn a_client_that_comes_and_goes_holds_no_more_each_time() {
    let limits = Limits { mailbox_frames: 4, detached_frames: 2, ..Limits::default() };
    let mut session = resumable();
    for _ in 0..10 {
        for _ in 0..4 {
            session.put_envelope(envelope("x"), &limits, NOW);
        }
        let epoch = session.epoch();
        session.detach(epoch, Cut::Detached, NOW);
        for _ in 0..4 {
            session.put_envelope(envelope("x"), &limits, NOW);
        }
        session.resume(epoch, 0, |_| {}).expect("resumed");
    }
    assert_eq!(session.mailbox().len(), 6, "an attached mailbox and what may come while it is detached");
    let mut put = Put::Kept;
    for _ in 0..10 {
        let epoch = session.epoch();
        put = session.put_control(control(), &limits, NOW);
        if session.resume(epoch, 0, |_| {}).is_err() {
            break;
        }
    }
    assert_eq!(put, Put::Fatal(Reason::MailboxOverflow), "what may not be lost is no way around it");
    assert!(session.mailbox().len() <= 7);
}

#[test]
fn rosters_count_by_what_they_hold() {
    let mut session = resumable();
    let pairs = [("key".to_owned(), "x".repeat(4_000))];
    let metadata = crate::member::Metadata::parse(pairs).expect("small enough");
    for number in 0..8 {
        let info = RoomInfo { room: RoomName::parse(&format!("r{number}")).expect("valid"), ..room(1) };
        session.sit(info.room, ());
        session.put_control(control(), &Limits::default(), NOW);
    }
    fetch(&mut session);
    session.resume(1, 8, |_| {}).expect("resumed");
    for number in 0..8 {
        let room = RoomName::parse(&format!("r{number}")).expect("valid");
        let info = RoomInfo { room, metadata: metadata.clone(), ..self::room(2) };
        session.tell_roster(&Arc::new(Snapshot { info, members: Vec::new() }));
    }
    let mut out = Vec::new();
    assert_eq!(session.fetch(2, Waker::noop(), 4_096, &mut out, |_| {}), Fetched::More);
    assert_eq!(out.len(), 1, "a budget holds for rosters as well");
}
