//! Resuming: what continues, what is refused and what is reset.

use super::{
    kit::{Client, answer, direct, join, repeat},
    make::Make,
};
use crate::{
    backend::{Create, Credentials},
    error::{DetachReason, JoinError, ResumeError, StepError},
    limits::Limits,
    reason::Reason,
    session::Fetched,
};

const MISMATCH: Result<(), ResumeError> = Err(ResumeError::Reset(Reason::SeqMismatch));

fn flood(to: &Client<'_>, from: &mut Client<'_>, numbers: std::ops::RangeInclusive<u32>) {
    for number in numbers {
        from.send_direct(to.peer(), &number.to_string());
    }
}

pub(super) fn a_resume_from_zero_replays_everything(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    flood(&bob, &mut ada, 1..=3);
    bob.disconnect();
    bob.resume_with(|resume| assert_eq!(resume.last_seq, 0)).expect("0 is valid");
    assert_eq!(bob.read_all(&mut ada), ["1", "2", "3"]);
}

pub(super) fn the_replay_starts_after_the_last_frame_received(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    flood(&bob, &mut ada, 1..=5);
    bob.read(5);
    bob.disconnect();
    flood(&bob, &mut ada, 6..=7);
    bob.resume_with(|resume| resume.last_seq = 2).expect("resumed");
    assert!(bob.epoch > 1);
    assert_eq!(bob.peer(), &bob.credentials.peer);
    flood(&bob, &mut ada, 8..=8);
    assert_eq!(bob.read_all(&mut ada), ["3", "4", "5", "6", "7", "8"]);
    assert!(world.backend.stats().resumed_total > 0);
}

pub(super) fn repeated_resumes_replay_the_same(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    flood(&bob, &mut ada, 1..=5);
    bob.read(5);
    for _ in 0..3 {
        bob.disconnect();
        bob.resume_with(|resume| resume.last_seq = 2).expect("resumed");
        assert_eq!(bob.read(3), ["3", "4", "5"], "a replay can be repeated with the same numbers");
    }
    bob.disconnect();
    bob.resume().expect("resumed");
    flood(&bob, &mut ada, 6..=6);
    assert_eq!(bob.read_all(&mut ada), ["6"], "frames received in a replay are not replayed again");
}

pub(super) fn a_current_attachment_is_superseded(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    let old = bob.attachment.clone();
    bob.resume().expect("possible while the old connection looks alive");
    assert_eq!(world.backend.stats().attached, 2);
    let mut out = Vec::new();
    let fetched = old.fetch(world.now(), std::task::Waker::noop(), 1 << 20, &mut out);
    assert_eq!((fetched, out.len()), (Fetched::Detached(DetachReason::Superseded), 0));
    flood(&bob, &mut ada, 1..=1);
    assert_eq!(bob.read_all(&mut ada), ["1"]);
}

pub(super) fn a_resume_can_be_repeated_after_a_lost_welcome(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    flood(&bob, &mut ada, 1..=2);
    bob.send_direct(ada.peer(), "first epoch");
    bob.disconnect();
    let mut before = 1;
    for _ in 0..3 {
        let lost = answer(|| world.backend.resume(world.now(), bob.resume_request())).expect("resumed");
        assert!(lost.attachment.epoch() > before);
        assert_eq!(lost.applied, 1);
        before = lost.attachment.epoch();
    }
    assert_eq!(bob.epoch, 1, "it received none of the newer welcomes");
    bob.resume().expect("resumed");
    assert!(bob.epoch > before);
    assert_eq!(bob.read_all(&mut ada), ["1", "2"]);
}

pub(super) fn an_older_epoch_is_refused_once_the_newer_was_used(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    let old = bob.resume_request();
    bob.resume().expect("resumed");
    assert_eq!(bob.attachment.ack(world.now(), 0), Ok(()));
    let refused = answer(|| world.backend.resume(world.now(), old.clone())).err();
    assert_eq!(refused, Some(ResumeError::Superseded));
    flood(&bob, &mut ada, 1..=1);
    assert_eq!(bob.read_all(&mut ada), ["1"], "the newer attachment continues");
    bob.resume().expect("the newer epoch can be resumed");
}

pub(super) fn an_overtaken_resume_is_refused(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    flood(&bob, &mut ada, 1..=3);
    let overtaken = bob.resume_request();
    bob.resume().expect("resumed");
    bob.read(3);
    // No frame of that epoch arrived, but the next resume names it.
    bob.resume().expect("resumed");
    let refused = answer(|| world.backend.resume(world.now(), overtaken.clone())).err();
    assert_eq!(refused, Some(ResumeError::Superseded), "the session has not ended");
    flood(&bob, &mut ada, 4..=4);
    assert_eq!(bob.read_all(&mut ada), ["4"]);
}

pub(super) fn a_future_number_resets(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut eve, mut bob) = (world.client("ada"), world.client("eve"), world.client("bob"));
    for client in [&mut ada, &mut eve, &mut bob] {
        client.join("demo");
    }
    let top = bob.last;
    assert_eq!(bob.resume_with(|resume| resume.last_seq = top + 1), MISMATCH);
    assert_eq!(world.members_in("demo"), "ada eve", "the old session is gone");
    assert_eq!(bob.resume(), MISMATCH, "the reason is remembered");
    let presence = ada.read_presence("demo", &mut eve);
    assert!(
        presence.len() == 3 && presence[..2] == ["+eve", "+bob"] && presence[2].starts_with("-bob"),
        "{presence:?}"
    );
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
    let unknown = world.open("unknown").credentials;
    for credentials in [&wrong, &unknown] {
        let refused = bob.resume_with(|resume| resume.credentials = credentials.clone());
        assert_eq!(refused, Err(ResumeError::Reset(Reason::UnknownSession)));
    }
    flood(&bob, &mut ada, 1..=1);
    assert_eq!(bob.read_all(&mut ada), ["1"], "the session is not affected");
    answer(|| bob.attachment.close(world.now(), Reason::Left)).expect("it ends");
    let refused = bob.resume_with(|resume| resume.credentials = wrong);
    assert_eq!(refused, Err(ResumeError::Reset(Reason::UnknownSession)), "its end is not disclosed either");
}

pub(super) fn client_numbers_continue_after_a_resume(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob, mut via) = (world.client("ada"), world.client("bob"), world.client("via"));
    flood(&ada, &mut bob, 1..=3);
    bob.disconnect();
    bob.resume().expect("resumed");
    assert_eq!((bob.sent, bob.attachment.applied()), (3, 3));
    let again = repeat(|| bob.attachment.send(world.now(), 3, direct(ada.peer(), "3")));
    assert_eq!(again, Err(StepError::Seen), "applied before the connection was lost");
    flood(&ada, &mut bob, 4..=4);
    assert_eq!(ada.read_all(&mut via), ["1", "2", "3", "4"]);
}

pub(super) fn a_resume_joins_no_room(make: &Make<'_>) {
    let world = make.world_with(Limits { members: 2, ..Limits::default() });
    let (mut ada, mut bob, mut eve) = (world.client("ada"), world.client("bob"), world.client("eve"));
    ada.join("demo");
    bob.join("demo");
    ada.disconnect();
    world.advance(10_000);
    let refused = eve.try_join(crate::backend::Join { create: Create::Never, ..join("demo") });
    assert_eq!(refused, Err(StepError::Refused(JoinError::RoomFull { max: 2 })), "a reconnecting member is a member");
    ada.resume().expect("resumed");
    assert_eq!(world.members_in("demo"), "ada bob", "still a member, in its old position");
    ada.resume().expect("resumed");
    assert_eq!(world.members_in("demo"), "ada bob");
}

pub(super) fn live_sessions_cannot_be_resumed(make: &Make<'_>) {
    let world = make.world();
    let mut bob = world.live("bob");
    assert_eq!(bob.resume(), Err(ResumeError::Reset(Reason::UnknownSession)));
    bob.pump();
    assert_eq!(bob.detached, None, "the attempt does not end the session");
}
