//! The time without a connection: grace, and what others see of it.

use super::{Make, kit::answer};
use crate::{
    error::ResumeError,
    id::{PeerId, RoomName},
    limits::Limits,
    member::Presence,
    reason::Reason,
    session::Grade,
};

pub(super) fn a_session_waits_for_its_grace(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut eve) = (world.client("ada"), world.client("eve"));
    let mut bob = world.client_with("bob", |open| open.grade = Grade::Resumable { grace_ms: 5_000 });
    for client in [&mut ada, &mut eve, &mut bob] {
        client.join("demo");
    }
    bob.lose();
    assert_eq!(world.backend.census().attached, 2);
    world.pass(4_999);
    assert_eq!(world.inside("demo"), "ada eve bob");
    world.pass(1);
    assert_eq!(world.inside("demo"), "ada eve");
    assert_eq!(ada.hears("demo", &mut eve), ["+eve", "+bob", "~bob reconnecting", "-bob EXPIRED"]);
    assert_eq!(bob.resume(), Err(ResumeError::Reset(Reason::Expired)));
    assert_eq!(world.backend.census().sessions, 2);
}

pub(super) fn the_end_is_remembered_with_its_reason(make: &Make<'_>) {
    let world = make.world_with(Limits { tombstone_ms: 60_000, ..Limits::default() });
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    ada.lose();
    world.pass(30_000);
    bob.attachment.close(world.now(), Reason::Left);
    for _ in 0..3 {
        assert_eq!(ada.resume(), Err(ResumeError::Reset(Reason::Expired)), "the verdict can be asked for again");
        assert_eq!(bob.resume(), Err(ResumeError::Reset(Reason::Ended)));
        world.pass(19_000);
    }
    world.pass(60_000);
    assert_eq!(ada.resume(), Err(ResumeError::Reset(Reason::UnknownSession)), "but not for ever");
    assert_eq!(bob.resume(), Err(ResumeError::Reset(Reason::UnknownSession)));
    assert_eq!(world.backend.census().timers, 0, "nothing is left of them");
}

pub(super) fn only_the_last_detach_counts(make: &Make<'_>) {
    let world = make.world();
    let mut bob = world.client("bob");
    bob.join("demo");
    bob.lose();
    world.pass(20_000);
    bob.resume().expect("resumed");
    world.pass(9_000);
    bob.lose();
    world.pass(1_000);
    assert_eq!(world.inside("demo"), "bob", "the first grace period is none of its business");
    world.pass(28_999);
    assert_eq!(world.inside("demo"), "bob");
    world.pass(1);
    assert_eq!(world.inside("demo"), "");
}

pub(super) fn reconnecting_is_shown_after_a_while(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut eve, mut bob) = (world.client("ada"), world.client("eve"), world.client("bob"));
    for client in [&mut ada, &mut eve, &mut bob] {
        client.join("demo");
    }
    let demo = RoomName::parse("demo").expect("valid");
    let seen = |peer: &PeerId| answer(world.backend.member(&demo, peer)).expect("a member").presence;
    ada.hears("demo", &mut eve);
    bob.lose();
    world.pass(1_999);
    assert_eq!(ada.hears("demo", &mut eve), [""; 0]);
    assert_eq!(seen(bob.peer()), Presence::Online);
    world.pass(1);
    assert_eq!(ada.hears("demo", &mut eve), ["~bob reconnecting"]);
    assert_eq!(seen(bob.peer()), Presence::Reconnecting);
    ada.send(super::kit::in_room("demo", Some(bob.peer()), "kept")).expect("a reconnecting member is a member");
    bob.resume().expect("resumed");
    assert_eq!(ada.hears("demo", &mut eve), ["~bob online"]);
    assert_eq!(seen(bob.peer()), Presence::Online);
    assert_eq!(bob.reads(&mut eve), ["kept"]);
}

pub(super) fn a_quick_resume_is_not_seen(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut eve, mut bob) = (world.client("ada"), world.client("eve"), world.client("bob"));
    for client in [&mut ada, &mut eve, &mut bob] {
        client.join("demo");
    }
    ada.hears("demo", &mut eve);
    for _ in 0..3 {
        bob.lose();
        world.pass(1_500);
        bob.resume().expect("resumed");
        world.pass(1_500);
    }
    assert_eq!(ada.hears("demo", &mut eve), [""; 0]);
    assert_eq!(world.inside("demo"), "ada eve bob");
}

pub(super) fn who_comes_and_goes_leaves_no_timers(make: &Make<'_>) {
    let world = make.world_with(Limits { empty_timeout_ms: 60_000, ..Limits::default() });
    let mut bob = world.client("bob");
    for _ in 0..50 {
        bob.join("demo");
        bob.leave("demo");
        bob.ack();
        bob.lose();
        world.pass(10);
        bob.resume().expect("resumed");
    }
    let timers = world.backend.census().timers;
    assert!(timers <= 3, "{timers} timers for one session and one room");
    world.pass(59_980);
    assert_eq!(world.backend.census().rooms, 1, "it has not been empty for its timeout");
    world.pass(10);
    assert_eq!(world.backend.census().rooms, 0);
    bob.lose();
    world.pass(29_999);
    assert_eq!(world.backend.census().sessions, 1);
    world.pass(1);
    assert_eq!((world.backend.census().sessions, world.backend.census().timers), (0, 0));
}
