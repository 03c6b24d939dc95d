//! How sessions begin and end.

use super::{Make, kit::answer};
use crate::{
    backend::Credentials,
    error::{Cut, FindError, OpenError, ResumeError},
    limits::Limits,
    reason::Reason,
};

pub(super) fn open_takes_the_id(make: &Make<'_>) {
    let world = make.world();
    let open = world.open("ada");
    let attachment = answer(world.backend.open(world.now(), open.clone())).expect("a session opens");
    assert_eq!((attachment.epoch(), attachment.applied()), (1, 0));
    assert_eq!(attachment.peer(), &open.credentials.peer);
    assert_eq!(world.backend.census().sessions, 1);
    let again = answer(world.backend.open(world.now(), open.clone())).err();
    assert_eq!(again, Some(OpenError::PeerIdTaken));
    attachment.close(world.now(), Reason::Left);
    assert!(answer(world.backend.open(world.now(), open)).is_ok(), "the id is free again");
}

pub(super) fn a_live_session_ends_with_its_connection(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut eve, mut bob) = (world.client("ada"), world.client("eve"), world.live("bob"));
    ada.join("demo");
    eve.join("demo");
    bob.join("demo");
    bob.lose();
    assert_eq!(ada.hears("demo", &mut eve), ["+eve", "+bob", "-bob CONNECTION_LOST"]);
    assert_eq!(bob.over(), Cut::Ended(Reason::ConnectionLost));
    assert_eq!(world.inside("demo"), "ada eve");
    assert_eq!(world.backend.census().sessions, 2);
}

pub(super) fn close_ends_for_good(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut eve, mut bob) = (world.client("ada"), world.client("eve"), world.client("bob"));
    ada.join("demo");
    eve.join("demo");
    bob.join("demo");
    bob.attachment.close(world.now(), Reason::Left);
    assert_eq!(ada.hears("demo", &mut eve), ["+eve", "+bob", "-bob LEFT"]);
    assert_eq!(bob.over(), Cut::Ended(Reason::Left));
    assert_eq!(bob.resume(), Err(ResumeError::Reset(Reason::Ended)));
}

pub(super) fn find_needs_the_secret_and_the_epoch(make: &Make<'_>) {
    let world = make.world();
    let mut ada = world.client("ada");
    let find = |credentials: &Credentials, epoch| answer(world.backend.find(credentials, epoch)).map(|a| a.epoch());
    let right = ada.credentials.clone();
    let wrong = Credentials { secret_digest: [99; 32], ..right.clone() };
    assert_eq!(find(&right, 1), Ok(1));
    assert_eq!(find(&wrong, 1), Err(FindError::UnknownSession));
    assert_eq!(find(&world.open("nobody").credentials, 1), Err(FindError::UnknownSession));
    ada.resume().expect("resumed");
    assert_eq!(find(&right, 1), Err(FindError::Cut(Cut::Superseded)));
    assert_eq!(find(&right, 2), Ok(2));
    ada.lose();
    assert_eq!(find(&right, 2), Err(FindError::Cut(Cut::Detached)));
    ada.attachment.close(world.now(), Reason::Left);
    assert_eq!(find(&right, 2), Err(FindError::Cut(Cut::Ended(Reason::Left))));
    assert_eq!(find(&wrong, 2), Err(FindError::UnknownSession));
}

pub(super) fn a_replaced_session_is_gone(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut eve, mut bob) = (world.client("ada"), world.client("eve"), world.client("bob"));
    ada.join("demo");
    eve.join("demo");
    bob.join("demo");
    let wrong = Credentials { secret_digest: [99; 32], ..bob.credentials.clone() };
    let end = |credentials: &Credentials| answer(world.backend.end_session(world.now(), credentials, Reason::Replaced));
    assert!(!end(&wrong), "the secret is compared");
    assert!(end(&bob.credentials));
    assert!(!end(&bob.credentials), "there is nothing left to end");
    assert_eq!(ada.hears("demo", &mut eve), ["+eve", "+bob", "-bob REPLACED"]);
    assert_eq!(bob.over(), Cut::Ended(Reason::Replaced));
    assert_eq!(bob.resume(), Err(ResumeError::Reset(Reason::Ended)));
}

pub(super) fn a_full_backend_refuses(make: &Make<'_>) {
    let world = make.world_with(Limits { sessions: 2, ..Limits::default() });
    let (ada, _bob) = (world.client("ada"), world.client("bob"));
    let eve = world.open("eve");
    assert_eq!(answer(world.backend.open(world.now(), eve.clone())).err(), Some(OpenError::Full));
    ada.attachment.close(world.now(), Reason::Left);
    assert!(answer(world.backend.open(world.now(), eve)).is_ok());
}
