//! How sessions begin and end.

use super::{
    kit::{Client, answer, direct, repeat},
    make::Make,
};
use crate::{
    backend::{Credentials, Open, Totals},
    error::{AckError, DetachReason, FindError, OpenError, ResumeError, StepError},
    limits::Limits,
    reason::Reason,
};

pub(super) fn open_reserves_the_peer_id(make: &Make<'_>) {
    let world = make.world();
    let open = world.open("ada");
    let attachment = answer(|| world.backend.open(world.now(), open.clone())).expect("a session opens");
    assert_eq!((attachment.epoch(), attachment.applied()), (1, 0));
    assert_eq!(attachment.peer(), &open.credentials.peer);
    assert_eq!(world.backend.stats().sessions, 1);
    let other = Open { request: 99, ..open.clone() };
    let again = answer(|| world.backend.open(world.now(), other.clone())).err();
    assert_eq!(again, Some(OpenError::PeerIdTaken));
    answer(|| attachment.close(world.now(), Reason::Left)).expect("it ends");
    assert!(answer(|| world.backend.open(world.now(), open.clone())).is_ok(), "the peer id is free again");
}

pub(super) fn a_live_session_ends_with_its_connection(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut eve, mut bob) = (world.client("ada"), world.client("eve"), world.live("bob"));
    ada.join("demo");
    eve.join("demo");
    bob.join("demo");
    bob.disconnect();
    assert_eq!(ada.read_presence("demo", &mut eve), ["+eve", "+bob", "-bob CONNECTION_LOST"]);
    assert_eq!(bob.wait_detached(), DetachReason::Ended(Reason::ConnectionLost));
    assert_eq!(world.members_in("demo"), "ada eve");
    assert_eq!(world.backend.stats().sessions, 2);
}

pub(super) fn a_closed_session_cannot_be_resumed(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut eve, mut bob) = (world.client("ada"), world.client("eve"), world.client("bob"));
    ada.join("demo");
    eve.join("demo");
    bob.join("demo");
    answer(|| bob.attachment.close(world.now(), Reason::Left)).expect("it ends");
    assert_eq!(ada.read_presence("demo", &mut eve), ["+eve", "+bob", "-bob LEFT"]);
    assert_eq!(bob.wait_detached(), DetachReason::Ended(Reason::Left));
    assert_eq!(bob.resume(), Err(ResumeError::Reset(Reason::Ended)));
}

pub(super) fn find_checks_the_secret_and_the_epoch(make: &Make<'_>) {
    let world = make.world();
    let mut ada = world.client("ada");
    let find = |credentials: &Credentials, epoch| answer(|| world.backend.find(credentials, epoch)).map(|a| a.epoch());
    let right = ada.credentials.clone();
    let wrong = Credentials { secret_digest: [99; 32], ..right.clone() };
    assert_eq!(find(&right, 1), Ok(1));
    assert_eq!(find(&wrong, 1), Err(FindError::UnknownSession));
    assert_eq!(find(&world.open("unknown").credentials, 1), Err(FindError::UnknownSession));
    ada.resume().expect("resumed");
    assert_eq!(find(&right, 1), Err(FindError::Detached(DetachReason::Superseded)));
    assert_eq!(find(&right, ada.epoch), Ok(ada.epoch));
    ada.disconnect();
    assert_eq!(find(&right, ada.epoch), Err(FindError::Detached(DetachReason::ConnectionLost)));
    answer(|| ada.attachment.close(world.now(), Reason::Left)).expect("it ends");
    assert_eq!(find(&right, ada.epoch), Err(FindError::Detached(DetachReason::Ended(Reason::Left))));
    assert_eq!(find(&wrong, ada.epoch), Err(FindError::UnknownSession));
}

pub(super) fn an_end_takes_effect_without_being_waited_for(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, bob, mut eve) = (world.client("ada"), world.client("bob"), world.client("eve"));
    ada.send_direct(bob.peer(), "never read");
    ada.send_direct(eve.peer(), "never read");
    // More than once: a store that fails may not have begun it.
    for _ in 0..20 {
        bob.attachment.close(world.now(), Reason::Left).forget();
        eve.attachment.detach(world.now(), DetachReason::ConnectionLost).forget();
    }
    assert_eq!(ada.read(1), ["receipt bob UNDELIVERABLE LEFT"]);
    assert_eq!(eve.wait_detached(), DetachReason::ConnectionLost);
}

pub(super) fn an_uplink_carries_the_frames_of_its_session(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob, mut via) = (world.client("ada"), world.client("bob"), world.client("via"));
    ada.send_with_receipt(bob.peer(), "by connection");
    bob.read(1);
    let find = |client: &Client<'_>| answer(|| world.backend.find(&client.credentials, client.epoch)).expect("found");
    let (up, back) = (find(&ada), find(&bob));
    assert_eq!((up.peer(), up.epoch(), up.applied()), (ada.peer(), 1, 1));
    assert_eq!(repeat(|| up.send(world.now(), 1, direct(bob.peer(), "twice"))), Err(StepError::Seen));
    assert_eq!(answer(|| up.send(world.now(), 2, direct(bob.peer(), "by call"))), Ok(()));
    assert_eq!((up.applied(), ada.attachment.applied()), (2, 2));
    assert_eq!(bob.read(1), ["by call"]);
    assert_eq!(answer(|| back.acknowledge(world.now(), 3)), Err(AckError::NotWritten { written: 2 }), "never written");
    assert_eq!(answer(|| back.acknowledge(world.now(), 1)), Ok(()));
    assert_eq!(ada.read_all(&mut via), ["receipt bob DELIVERED"]);
    bob.resume().expect("resumed");
    assert_eq!(answer(|| back.acknowledge(world.now(), 2)), Ok(()), "late, and not an error");
    let refused = answer(|| back.send(world.now(), 1, direct(ada.peer(), "late")));
    assert_eq!(refused, Err(StepError::Detached(DetachReason::Superseded)));
}

pub(super) fn a_live_session_is_not_found(make: &Make<'_>) {
    let world = make.world();
    let live = world.live("live");
    let find = |credentials: &Credentials| answer(|| world.backend.find(credentials, 1)).map(|a| a.epoch());
    assert_eq!(find(&live.credentials), Err(FindError::NotResumable));
    let wrong = Credentials { secret_digest: [99; 32], ..live.credentials.clone() };
    assert_eq!(find(&wrong), Err(FindError::UnknownSession), "which only its owner is told");
    assert!(!live.attachment.is_over());
    assert!(
        answer(|| world.backend.end_session(world.now(), &live.credentials, Reason::Replaced)).expect("answered"),
        "it may be replaced"
    );
}

pub(super) fn a_replaced_session_has_ended(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut eve, mut bob) = (world.client("ada"), world.client("eve"), world.client("bob"));
    ada.join("demo");
    eve.join("demo");
    bob.join("demo");
    let wrong = Credentials { secret_digest: [99; 32], ..bob.credentials.clone() };
    let end = |credentials: &Credentials| {
        answer(|| world.backend.end_session(world.now(), credentials, Reason::Replaced)).expect("answered")
    };
    assert!(!end(&wrong), "the secret is compared");
    assert!(end(&bob.credentials));
    assert!(!end(&bob.credentials), "the session has already ended");
    assert_eq!(ada.read_presence("demo", &mut eve), ["+eve", "+bob", "-bob REPLACED"]);
    assert_eq!(bob.wait_detached(), DetachReason::Ended(Reason::Replaced));
    assert_eq!(bob.resume(), Err(ResumeError::Reset(Reason::Ended)));
}

pub(super) fn a_full_backend_refuses_sessions(make: &Make<'_>) {
    let world = make.world_with(Limits { sessions: 2, ..Limits::default() });
    let (ada, _bob) = (world.client("ada"), world.client("bob"));
    let eve = world.open("eve");
    assert_eq!(answer(|| world.backend.open(world.now(), eve.clone())).err(), Some(OpenError::Full));
    answer(|| ada.attachment.close(world.now(), Reason::Left)).expect("it ends");
    assert!(answer(|| world.backend.open(world.now(), eve.clone())).is_ok());
}

pub(super) fn a_session_is_replaced_by_one_that_opens(make: &Make<'_>) {
    let world = make.world_with(Limits { sessions: 3, ..Limits::default() });
    let (mut ada, mut bob, mut eve) = (world.client("ada"), world.client("bob"), world.live("eve"));
    for client in [&mut ada, &mut bob, &mut eve] {
        client.join("demo");
    }
    let replacing = |credentials: &Credentials| Open { replaces: Some(credentials.clone()), ..world.open("new") };
    let taken = Open { credentials: ada.credentials.clone(), ..replacing(&bob.credentials) };
    assert_eq!(answer(|| world.backend.open(world.now(), taken.clone())).err(), Some(OpenError::PeerIdTaken));
    let wrong = Credentials { secret_digest: [99; 32], ..bob.credentials.clone() };
    assert_eq!(answer(|| world.backend.open(world.now(), replacing(&wrong))).err(), Some(OpenError::Full));
    assert_eq!(bob.read_all(&mut ada), [""; 0], "a refusal ends nothing");
    for old in [&bob, &eve] {
        let new = replacing(&old.credentials);
        assert!(answer(|| world.backend.open(world.now(), new.clone())).is_ok(), "even by a full backend");
    }
    assert_eq!(bob.wait_detached(), DetachReason::Ended(Reason::Replaced));
    assert_eq!(eve.wait_detached(), DetachReason::Ended(Reason::Replaced));
    assert_eq!(world.members_in("demo"), "ada");
    assert_eq!(answer(|| world.backend.open(world.now(), world.open("more"))).err(), Some(OpenError::Full));
}

pub(super) fn stats_count_connections(make: &Make<'_>) {
    let world = make.world_with(Limits { mailbox_frames: 2, sessions: 3, ..Limits::default() });
    let counts = || (world.backend.stats().sessions, world.backend.stats().attached);
    let (mut ada, mut bob, live) = (world.client("ada"), world.client("bob"), world.live("live"));
    assert!(answer(|| world.backend.open(world.now(), world.open("full"))).is_err());
    assert_eq!(counts(), (3, 3));
    bob.disconnect();
    bob.disconnect();
    assert_eq!(counts(), (3, 2));
    bob.resume().expect("resumed");
    bob.resume().expect("resumed while attached");
    assert_eq!(counts(), (3, 3));
    for _ in 0..3 {
        ada.send_direct(bob.peer(), "never read");
    }
    assert_eq!(counts(), (3, 2), "a client that does not read is detached");
    answer(|| live.attachment.detach(world.now(), DetachReason::ConnectionLost)).expect("it ends");
    ada.pump();
    ada.ack();
    answer(|| bob.attachment.close(world.now(), Reason::Left)).expect("it ends");
    assert_eq!(counts(), (1, 1));
    answer(|| ada.attachment.close(world.now(), Reason::Left)).expect("it ends");
    assert_eq!(counts(), (0, 0));
}

pub(super) fn totals_count_what_all_nodes_hold(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    ada.join("a");
    bob.join("b");
    bob.disconnect();
    let totals = || answer(|| world.backend.totals()).expect("counts");
    assert_eq!(totals(), Totals { sessions: 2, rooms: 2 }, "detached sessions as well");
    answer(|| bob.attachment.close(world.now(), Reason::Left)).expect("it ends");
    world.advance(0);
    assert_eq!(totals(), Totals { sessions: 1, rooms: 1 });
}
