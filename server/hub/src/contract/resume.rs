//! Resuming: what continues, what is refused, what is reset.

use super::{
    Make,
    kit::{Client, answer, direct, join},
};
use crate::{
    backend::{Create, Credentials},
    error::{Cut, JoinError, ResumeError, StepError},
    limits::Limits,
    reason::Reason,
    session::Fetched,
};

const MISMATCH: Result<(), ResumeError> = Err(ResumeError::Reset(Reason::SeqMismatch));

fn flood(to: &Client<'_>, from: &mut Client<'_>, numbers: std::ops::RangeInclusive<u32>) {
    for number in numbers {
        from.tell(to.peer(), &number.to_string());
    }
}

pub(super) fn nothing_received_is_replayed_whole(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    flood(&bob, &mut ada, 1..=3);
    bob.lose();
    bob.resume_with(|resume| assert_eq!(resume.last_seq, 0)).expect("0 is valid");
    assert_eq!(bob.reads(&mut ada), ["1", "2", "3"]);
}

pub(super) fn the_replay_is_exact(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    flood(&bob, &mut ada, 1..=5);
    bob.read(5);
    bob.lose();
    flood(&bob, &mut ada, 6..=7);
    bob.resume_with(|resume| resume.last_seq = 2).expect("resumed");
    assert_eq!((bob.epoch, bob.peer()), (2, &bob.credentials.peer));
    flood(&bob, &mut ada, 8..=8);
    assert_eq!(bob.reads(&mut ada), ["3", "4", "5", "6", "7", "8"]);
    assert_eq!(world.backend.census().resumed_total, 1);
}

pub(super) fn resumes_in_a_row(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    flood(&bob, &mut ada, 1..=5);
    bob.read(5);
    for _ in 0..3 {
        bob.lose();
        bob.resume_with(|resume| resume.last_seq = 2).expect("resumed");
        assert_eq!(bob.read(3), ["3", "4", "5"], "numbers are kept, so a replay can be repeated");
    }
    bob.lose();
    bob.resume().expect("resumed");
    flood(&bob, &mut ada, 6..=6);
    assert_eq!(bob.reads(&mut ada), ["6"], "what was replayed and received is not replayed again");
}

pub(super) fn a_live_attachment_is_superseded(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    let old = bob.attachment.clone();
    bob.resume().expect("whether or not the old connection looks alive");
    assert_eq!(world.backend.census().attached, 2);
    let mut out = Vec::new();
    let fetched = old.fetch(world.now(), std::task::Waker::noop(), 1 << 20, &mut out);
    assert_eq!((fetched, out.len()), (Fetched::Cut(Cut::Superseded), 0));
    flood(&bob, &mut ada, 1..=1);
    assert_eq!(bob.reads(&mut ada), ["1"]);
}

pub(super) fn a_lost_welcome_can_be_repeated(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    flood(&bob, &mut ada, 1..=2);
    bob.tell(ada.peer(), "first epoch");
    bob.lose();
    for expected in 2..5 {
        let lost = answer(world.backend.resume(world.now(), bob.resume_request())).expect("resumed");
        assert_eq!((lost.attachment.epoch(), lost.applied), (expected, 1));
    }
    assert_eq!(bob.epoch, 1, "it never heard of the newer ones");
    bob.resume().expect("resumed");
    assert_eq!(bob.epoch, 5);
    assert_eq!(bob.reads(&mut ada), ["1", "2"]);
}

pub(super) fn an_older_epoch_is_refused_once_the_newer_spoke(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    let old = bob.resume_request();
    bob.resume().expect("resumed");
    bob.attachment.heard(world.now());
    let refused = answer(world.backend.resume(world.now(), old)).err();
    assert_eq!(refused, Some(ResumeError::Superseded));
    flood(&bob, &mut ada, 1..=1);
    assert_eq!(bob.reads(&mut ada), ["1"], "the newer attachment goes on");
    bob.resume().expect("the newer epoch can be resumed");
}

pub(super) fn an_overtaken_resume_is_refused(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    flood(&bob, &mut ada, 1..=3);
    let overtaken = bob.resume_request();
    bob.resume().expect("resumed");
    bob.read(3);
    // Nothing the client said in that epoch arrived, but the next resume names it.
    bob.resume().expect("resumed");
    let refused = answer(world.backend.resume(world.now(), overtaken)).err();
    assert_eq!(refused, Some(ResumeError::Superseded), "and not the end of the session");
    flood(&bob, &mut ada, 4..=4);
    assert_eq!(bob.reads(&mut ada), ["4"]);
}

pub(super) fn a_future_number_resets(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut eve, mut bob) = (world.client("ada"), world.client("eve"), world.client("bob"));
    for client in [&mut ada, &mut eve, &mut bob] {
        client.join("demo");
    }
    let top = bob.last;
    assert_eq!(bob.resume_with(|resume| resume.last_seq = top + 1), MISMATCH);
    assert_eq!(world.inside("demo"), "ada eve", "the old session is gone");
    assert_eq!(bob.resume(), MISMATCH, "the verdict stays");
    let news = ada.hears("demo", &mut eve);
    assert!(news[..2] == ["+eve", "+bob"] && news.len() == 3 && news[2].starts_with("-bob"), "{news:?}");
}

pub(super) fn an_acknowledged_number_resets(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    flood(&bob, &mut ada, 1..=3);
    bob.read(3);
    bob.ack();
    assert_eq!(bob.resume_with(|resume| resume.last_seq = 2), MISMATCH);
}

pub(super) fn an_unknown_epoch_resets(make: &Make<'_>) {
    let world = make.world();
    for epoch in [0, 2, u32::MAX] {
        let mut bob = world.client("bob");
        assert_eq!(bob.resume_with(|resume| resume.epoch = epoch), MISMATCH);
    }
}

pub(super) fn a_wrong_secret_looks_unknown(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    let wrong = Credentials { secret_digest: [99; 32], ..bob.credentials.clone() };
    let unknown = world.open("nobody").credentials;
    for credentials in [&wrong, &unknown] {
        let refused = bob.resume_with(|resume| resume.credentials = credentials.clone());
        assert_eq!(refused, Err(ResumeError::Reset(Reason::UnknownSession)));
    }
    flood(&bob, &mut ada, 1..=1);
    assert_eq!(bob.reads(&mut ada), ["1"], "the session has not noticed");
    bob.attachment.close(world.now(), Reason::Left);
    let refused = bob.resume_with(|resume| resume.credentials = wrong);
    assert_eq!(refused, Err(ResumeError::Reset(Reason::UnknownSession)), "nor is its end told to strangers");
}

pub(super) fn the_way_up_goes_on(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob, mut via) = (world.client("ada"), world.client("bob"), world.client("via"));
    flood(&ada, &mut bob, 1..=3);
    bob.lose();
    bob.resume().expect("resumed");
    assert_eq!((bob.sent, bob.attachment.applied()), (3, 3));
    let again = answer(bob.attachment.send(world.now(), 3, direct(ada.peer(), "3")));
    assert_eq!(again, Err(StepError::Seen), "what was applied before the cut");
    flood(&ada, &mut bob, 4..=4);
    assert_eq!(ada.reads(&mut via), ["1", "2", "3", "4"]);
}

pub(super) fn a_resume_takes_no_seat(make: &Make<'_>) {
    let world = make.world_with(Limits { members: 2, ..Limits::default() });
    let (mut ada, mut bob, mut eve) = (world.client("ada"), world.client("bob"), world.client("eve"));
    ada.join("demo");
    bob.join("demo");
    ada.lose();
    world.pass(10_000);
    let refused = eve.try_join(crate::backend::Join { create: Create::Never, ..join("demo") });
    assert_eq!(refused, Err(StepError::Refused(JoinError::RoomFull { max: 2 })), "a reconnecting member is a member");
    ada.resume().expect("resumed");
    assert_eq!(world.inside("demo"), "ada bob", "its old seat, and nobody else's");
    ada.resume().expect("resumed");
    assert_eq!(world.inside("demo"), "ada bob");
}

pub(super) fn live_sessions_cannot_be_resumed(make: &Make<'_>) {
    let world = make.world();
    let mut bob = world.live("bob");
    assert_eq!(bob.resume(), Err(ResumeError::Reset(Reason::UnknownSession)));
    bob.pump();
    assert_eq!(bob.cut, None, "and trying does not end them");
}
