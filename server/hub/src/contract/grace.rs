//! Grace periods, and what other members see of them.

use super::{kit::answer, make::Make};
use crate::{
    error::ResumeError,
    id::{PeerId, RoomName},
    limits::Limits,
    member::Presence,
    reason::Reason,
    session::SessionKind,
};

pub(super) fn a_session_ends_after_its_grace_period(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut eve) = (world.client("ada"), world.client("eve"));
    let mut bob = world.client_with("bob", |open| open.kind = SessionKind::Resumable { grace_ms: 5_000 });
    for client in [&mut ada, &mut eve, &mut bob] {
        client.join("demo");
    }
    bob.disconnect();
    assert_eq!(world.backend.stats().attached, 2);
    world.advance(4_999);
    assert_eq!(world.members_in("demo"), "ada eve bob");
    world.advance(1);
    assert_eq!(world.members_in("demo"), "ada eve");
    assert_eq!(ada.read_presence("demo", &mut eve), ["+eve", "+bob", "~bob reconnecting", "-bob EXPIRED"]);
    assert_eq!(bob.resume(), Err(ResumeError::Reset(Reason::Expired)));
    assert_eq!(world.backend.stats().sessions, 2);
}

pub(super) fn the_end_is_remembered_with_its_reason(make: &Make<'_>) {
    let world = make.world_with(Limits { tombstone_ms: 60_000, ..Limits::default() });
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    ada.disconnect();
    world.advance(30_000);
    answer(|| bob.attachment.close(world.now(), Reason::Left)).expect("it ends");
    for _ in 0..3 {
        assert_eq!(ada.resume(), Err(ResumeError::Reset(Reason::Expired)), "the reason can be read repeatedly");
        assert_eq!(bob.resume(), Err(ResumeError::Reset(Reason::Ended)));
        world.advance(19_000);
    }
    world.advance(60_000);
    assert_eq!(ada.resume(), Err(ResumeError::Reset(Reason::UnknownSession)), "not remembered forever");
    assert_eq!(bob.resume(), Err(ResumeError::Reset(Reason::UnknownSession)));
    assert_eq!(world.backend.stats().timers, 0, "no timers are left");
}

pub(super) fn the_grace_period_starts_at_the_last_detach(make: &Make<'_>) {
    let world = make.world();
    let mut bob = world.client("bob");
    bob.join("demo");
    bob.disconnect();
    world.advance(20_000);
    bob.resume().expect("resumed");
    world.advance(9_000);
    bob.disconnect();
    world.advance(1_000);
    assert_eq!(world.members_in("demo"), "bob", "the first grace period no longer counts");
    world.advance(28_999);
    assert_eq!(world.members_in("demo"), "bob");
    world.advance(1);
    assert_eq!(world.members_in("demo"), "");
}

pub(super) fn reconnecting_is_published_after_a_delay(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut eve, mut bob) = (world.client("ada"), world.client("eve"), world.client("bob"));
    for client in [&mut ada, &mut eve, &mut bob] {
        client.join("demo");
    }
    let demo = RoomName::parse("demo").expect("valid");
    let seen = |peer: &PeerId| answer(|| world.backend.member(&demo, peer)).expect("a member").presence;
    ada.read_presence("demo", &mut eve);
    bob.disconnect();
    world.advance(1_999);
    assert_eq!(ada.read_presence("demo", &mut eve), [""; 0]);
    assert_eq!(seen(bob.peer()), Presence::Online);
    world.advance(1);
    assert_eq!(ada.read_presence("demo", &mut eve), ["~bob reconnecting"]);
    assert_eq!(seen(bob.peer()), Presence::Reconnecting);
    ada.send(super::kit::in_room("demo", Some(bob.peer()), "kept")).expect("a reconnecting member is a member");
    bob.resume().expect("resumed");
    assert_eq!(ada.read_presence("demo", &mut eve), ["~bob online"]);
    assert_eq!(seen(bob.peer()), Presence::Online);
    assert_eq!(bob.read_all(&mut eve), ["kept"]);
}

pub(super) fn a_quick_resume_is_not_published(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut eve, mut bob) = (world.client("ada"), world.client("eve"), world.client("bob"));
    for client in [&mut ada, &mut eve, &mut bob] {
        client.join("demo");
    }
    ada.read_presence("demo", &mut eve);
    for _ in 0..3 {
        bob.disconnect();
        world.advance(1_500);
        bob.resume().expect("resumed");
        world.advance(1_500);
    }
    assert_eq!(ada.read_presence("demo", &mut eve), [""; 0]);
    assert_eq!(world.members_in("demo"), "ada eve bob");
}

pub(super) fn repeated_reconnects_accumulate_no_timers(make: &Make<'_>) {
    let world = make.world_with(Limits { empty_timeout_ms: 60_000, ..Limits::default() });
    let mut bob = world.client("bob");
    for _ in 0..50 {
        bob.join("demo");
        bob.leave("demo");
        bob.ack();
        bob.disconnect();
        world.advance(10);
        bob.resume().expect("resumed");
    }
    let timers = world.backend.stats().timers;
    assert!(timers <= 3, "{timers} timers for one session and one room");
    world.advance(59_980);
    assert_eq!(world.backend.stats().rooms, 1, "it has not been empty for its timeout");
    world.advance(10);
    assert_eq!(world.backend.stats().rooms, 0);
    bob.disconnect();
    world.advance(29_999);
    assert_eq!(world.backend.stats().sessions, 1);
    world.advance(1);
    assert_eq!((world.backend.stats().sessions, world.backend.stats().timers), (0, 0));
}
