//! What sessions may do, and what operators see of them.

use bytes::Bytes;

use super::{
    kit::{Client, World, answer, room_name, text_bytes},
    make::Make,
};
use crate::{
    backend::{EventPage, FreshToken, Grants, SessionChange, SessionFilter, SessionInfo, Whose},
    error::{DetachReason, ResumeError},
    frame::Body,
    limits::Limits,
    reason::Reason,
    session::SessionKind,
};

fn list(world: &World, filter: &SessionFilter) -> Vec<SessionInfo> {
    answer(|| world.backend.sessions(filter, None, 100)).expect("a page")
}

/// Returns the names of the sessions that match, in alphabetical order.
fn names(world: &World, filter: &SessionFilter) -> String {
    let mut names: Vec<_> = list(world, filter).iter().map(|info| world.name(&info.peer)).collect();
    names.sort();
    names.join(" ")
}

pub(super) fn sessions_are_listed(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob, mut eve) = (world.client("ada"), world.client("bob"), world.live("eve"));
    ada.join("a");
    bob.join("a");
    bob.join("b");
    ada.send_direct(bob.peer(), "unacknowledged");
    bob.disconnect();
    assert_eq!(names(&world, &SessionFilter::default()), "ada bob eve");
    let user = SessionFilter { user: Some("user-bob".into()), ..SessionFilter::default() };
    assert_eq!(names(&world, &user), "bob");
    let room = |room: &str| SessionFilter { room: Some(room_name(room)), ..SessionFilter::default() };
    assert_eq!((names(&world, &room("a")), names(&world, &room("c"))), ("ada bob".to_owned(), String::new()));
    let attached = |attached| SessionFilter { attached: Some(attached), ..SessionFilter::default() };
    assert_eq!(names(&world, &attached(true)), "ada eve");
    assert_eq!(names(&world, &SessionFilter { room: Some(room_name("a")), ..attached(false) }), "bob");
    let info = list(&world, &user).pop().expect("one");
    assert_eq!((&info.peer, info.epoch, info.verified, info.attached), (bob.peer(), 1, true, false));
    assert_eq!(
        (info.kind, info.rooms),
        (SessionKind::Resumable { grace_ms: 30_000 }, ["a", "b"].map(room_name).into())
    );
    assert!(info.unacknowledged.0 >= 1 && info.unacknowledged.1 >= "unacknowledged".len());
    answer(|| eve.attachment.detach(world.now(), DetachReason::ConnectionLost)).expect("it ends");
    eve.pump();
    assert_eq!(names(&world, &SessionFilter::default()), "ada bob", "not those that have ended");
}

pub(super) fn sessions_are_paged(make: &Make<'_>) {
    let world = make.world();
    let _clients: Vec<_> = (0..10).map(|number| world.client(&number.to_string())).collect();
    let (filter, mut seen, mut after) = (SessionFilter::default(), Vec::new(), None);
    loop {
        let page = answer(|| world.backend.sessions(&filter, after.as_ref(), 3)).expect("a page");
        let more = page.len() == 3;
        seen.extend(page.into_iter().map(|info| info.peer));
        after = seen.last().cloned();
        if !more {
            break;
        }
    }
    assert_eq!(seen.len(), 10);
    assert!(seen.is_sorted() && seen.windows(2).all(|pair| pair[0] != pair[1]), "each once, in order");
}

pub(super) fn sessions_end_without_their_secrets(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut via) = (world.client("ada"), world.client("via"));
    let same = |name| world.client_with(name, |open| open.user = "bob".into());
    let (mut bob, mut tab) = (same("bob"), same("tab"));
    for client in [&mut ada, &mut via, &mut bob, &mut tab] {
        client.join("demo");
    }
    tab.disconnect();
    ada.send_direct(bob.peer(), "never read");
    let end = |whose: Whose| answer(|| world.backend.revoke(world.now(), &whose, Reason::Forbidden)).expect("answered");
    assert_eq!(end(Whose::User("bob".into())), 2, "with a connection and without");
    assert_eq!(bob.wait_detached(), DetachReason::Ended(Reason::Forbidden));
    assert!(matches!(tab.resume(), Err(ResumeError::Reset(_))));
    assert_eq!(ada.read(1), ["receipt bob UNDELIVERABLE FORBIDDEN"]);
    let left = ada.read_presence("demo", &mut via);
    assert!(left.contains(&"-bob FORBIDDEN".to_owned()) && left.contains(&"-tab FORBIDDEN".to_owned()), "{left:?}");
    assert_eq!(end(Whose::User("bob".into())), 0);
    assert_eq!(end(Whose::Peer(via.peer().clone())), 1);
    assert_eq!(end(Whose::Peer(via.peer().clone())), 0);
    assert_eq!(world.members_in("demo"), "ada");
}

pub(super) fn sessions_end_with_their_token(make: &Make<'_>) {
    let world = make.world();
    let granted = |token: Option<&str>, creator: Option<&str>| Grants {
        token_id: token.map(Into::into),
        creator: creator.map(Into::into),
        ..Grants::default()
    };
    let with = |name, grants: Grants| world.client_with(name, move |open| open.grants = grants.clone());
    let _ada = with("ada", granted(Some("7"), None));
    let _bob = with("bob", granted(Some("8"), Some("backend")));
    let _eve = with("eve", granted(None, Some("backend")));
    let _via = world.client("via");
    let end = |whose: Whose| answer(|| world.backend.revoke(world.now(), &whose, Reason::Forbidden)).expect("answered");
    let token = |id: &str| Whose::Token { id: id.into(), issuer: None };
    assert_eq!(end(token("7")), 1);
    assert_eq!((end(token("7")), end(token(""))), (0, 0));
    assert_eq!(names(&world, &SessionFilter::default()), "bob eve via");
    assert_eq!(end(Whose::User("backend".into())), 2, "what its tickets have opened");
    assert_eq!(names(&world, &SessionFilter::default()), "via");
}

pub(super) fn a_token_is_that_of_its_issuer(make: &Make<'_>) {
    let world = make.world();
    let with = |name, issuer: Option<&str>| {
        let grants = Grants { token_id: Some("7".into()), token_issuer: issuer.map(Into::into), ..Grants::default() };
        world.client_with(name, move |open| open.grants = grants)
    };
    let _clients = [with("ada", Some("one")), with("bob", Some("two")), with("eve", Some("two")), with("fay", None)];
    let end = |issuer: Option<&str>| {
        let whose = Whose::Token { id: "7".into(), issuer: issuer.map(Into::into) };
        answer(|| world.backend.revoke(world.now(), &whose, Reason::Forbidden)).expect("answered")
    };
    assert_eq!((end(Some("three")), end(Some("one"))), (0, 1));
    assert_eq!(names(&world, &SessionFilter::default()), "bob eve fay");
    assert_eq!(end(None), 3, "of every issuer, and without one");
    assert_eq!(names(&world, &SessionFilter::default()), "");
}

pub(super) fn a_user_is_erased(make: &Make<'_>) {
    let world = make.world();
    let same = |name| world.client_with(name, |open| open.user = "bob".into());
    let (mut ada, mut bob, mut tab) = (world.client("ada"), same("bob"), same("tab"));
    for client in [&mut ada, &mut bob, &mut tab] {
        client.join("demo");
    }
    tab.disconnect();
    ada.send_direct(tab.peer(), "never read");
    let erase = |user: &str| answer(|| world.backend.erase(world.now(), &user.into())).expect("answered");
    let erased = erase("bob");
    assert_eq!((erased.sessions, erased.memberships), (2, 2));
    assert!(erased.frames >= 1 && erased.events >= 3, "{erased:?}");
    assert_eq!(bob.wait_detached(), DetachReason::Ended(Reason::Ended));
    assert!(matches!(tab.resume(), Err(ResumeError::Reset(Reason::UnknownSession))), "not why it ended");
    assert_eq!(world.members_in("demo"), "ada");
    let EventPage { events, .. } = answer(|| world.backend.events(0, 100)).expect("a page");
    assert!(!events.is_empty() && events.iter().all(|event| event.peer == *ada.peer()), "{events:?}");
    assert_eq!(erase("bob"), crate::backend::Erased::default());
    assert_eq!(names(&world, &SessionFilter::default()), "ada");
}

pub(super) fn grants_belong_to_the_session(make: &Make<'_>) {
    let world = make.world();
    let grants = |text: &str, hours: u64| token(&world, "user-ada", text, hours * 3_600_000).grants;
    let mut ada = world.client_with("ada", |open| open.grants = grants("join", 1));
    assert_eq!(ada.attachment.grants(), grants("join", 1));
    let answered = Bytes::from_static(b"refreshed");
    let now = world.now();
    ada.step(|up, number| up.refresh(now, number, grants("join send", 2), answered.clone())).expect("refreshed");
    assert_eq!(ada.read(1), ["encoded refreshed"]);
    assert_eq!((ada.attachment.applied(), ada.attachment.grants()), (1, grants("join send", 2)));
    ada.disconnect();
    ada.resume().expect("resumed");
    assert_eq!(ada.attachment.grants(), grants("join send", 2));
    let find = |client: &Client<'_>| answer(|| world.backend.find(&client.credentials, client.epoch)).expect("found");
    assert_eq!(find(&ada).grants(), grants("join send", 2));
    let info = list(&world, &SessionFilter::default()).pop().expect("one");
    assert_eq!(info.grants, grants("join send", 2));
}

/// Returns a token of a user, valid until `at`, in milliseconds from now.
fn token(world: &World, user: &str, text: &str, valid_ms: u64) -> FreshToken {
    let expires_at_ms = Some(world.now().unix_ms + valid_ms);
    FreshToken { user: user.into(), grants: Grants { encoded: text_bytes(text), expires_at_ms, ..Grants::default() } }
}

pub(super) fn a_resume_may_bring_a_token(make: &Make<'_>) {
    let world = make.world();
    let first = token(&world, "user-ada", "join", 10_000).grants;
    let mut ada = world.client_with("ada", |open| open.grants = first.clone());
    let version = ada.attachment.grants_version();
    ada.disconnect();
    let fresh = token(&world, "user-ada", "join send", 20_000);
    ada.resume_with(|resume| resume.token = Some(fresh.clone())).expect("resumed");
    assert_eq!(ada.attachment.grants(), fresh.grants);
    assert_ne!(ada.attachment.grants_version(), version);
}

pub(super) fn a_resume_needs_a_valid_token_of_its_user(make: &Make<'_>) {
    let world = make.world();
    let mut via = world.live("via");
    via.join("demo");
    let mut ada = world.client_with("ada", |open| open.grants = token(&world, "user-ada", "join", 10_000).grants);
    ada.join("demo");
    ada.disconnect();
    world.advance(9_000);
    let others = token(&world, "user-bob", "join", 60_000);
    assert_eq!(ada.resume_with(|resume| resume.token = Some(others)), Err(ResumeError::OtherUser));
    world.advance(1_000);
    assert_eq!(ada.resume(), Err(ResumeError::GrantsExpired));
    let expired = token(&world, "user-ada", "join", 0);
    assert_eq!(ada.resume_with(|resume| resume.token = Some(expired)), Err(ResumeError::GrantsExpired));
    let fresh = token(&world, "user-ada", "join", 60_000);
    ada.resume_with(|resume| resume.token = Some(fresh)).expect("still in its grace period");
    // What is refused does not prolong it.
    ada.disconnect();
    for _ in 0..5 {
        world.advance(10_000);
        let others = token(&world, "user-bob", "join", 60_000);
        let _ = ada.resume_with(|resume| resume.token = Some(others));
    }
    let fresh = token(&world, "user-ada", "join", 60_000);
    assert_eq!(
        ada.resume_with(|resume| resume.token = Some(fresh)),
        Err(ResumeError::Reset(Reason::Expired)),
        "its grace period was over after 30 s"
    );
    assert_eq!(world.members_in("demo"), "via");
}

pub(super) fn a_frame_of_the_server_is_replayed(make: &Make<'_>) {
    let world = make.world();
    let mut ada = world.client("ada");
    let put = |client: &Client<'_>, text: &str| {
        answer(|| client.attachment.put(world.now(), Body::Encoded(text_bytes(text)))).expect("answered");
    };
    put(&ada, "servers");
    assert_eq!(ada.read(1), ["encoded servers"]);
    ada.disconnect();
    put(&ada, "ignored");
    ada.resume_with(|resume| resume.last_seq = 0).expect("resumed");
    assert_eq!(ada.read(1), ["encoded servers"], "not acknowledged, and nothing more");
    put(&ada, "more");
    assert_eq!(ada.read(1), ["encoded more"]);
}

pub(super) fn a_session_is_taken_out_of_rooms(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob, mut via) = (world.client("ada"), world.client("bob"), world.client("via"));
    for client in [&mut ada, &mut bob, &mut via] {
        client.join("a");
        client.join("b");
    }
    let rooms = |client: &Client<'_>| answer(|| client.attachment.rooms()).expect("answered");
    assert_eq!(rooms(&ada), ["a", "b"].map(room_name));
    let remove = |room: &str| {
        answer(|| ada.attachment.remove_from(world.now(), &room_name(room), Reason::Forbidden)).expect("answered");
    };
    remove("b");
    remove("b");
    remove("c");
    assert_eq!(rooms(&ada), [room_name("a")]);
    assert_eq!(ada.read(1), ["left b FORBIDDEN"]);
    let left = bob.read_presence("b", &mut via);
    assert!(left.contains(&"-ada FORBIDDEN".to_owned()), "{left:?}");
    ada.join("b");
}

pub(super) fn events_tell_what_happened_to_sessions(make: &Make<'_>) {
    let world = make.world();
    let mut ada = world.client("ada");
    ada.disconnect();
    ada.resume().expect("resumed");
    answer(|| ada.attachment.close(world.now(), Reason::Left)).expect("it ends");
    let page = |after, max| answer(|| world.backend.events(after, max)).expect("a page");
    let all = page(0, 100);
    assert!(!all.missed);
    assert!(all.events.iter().all(|event| event.peer == *ada.peer() && event.at_ms == world.now().unix_ms));
    let mut changes: Vec<_> = all.events.iter().map(|event| event.change).collect();
    changes.dedup();
    assert_eq!(
        changes,
        [
            SessionChange::Opened,
            SessionChange::Detached(DetachReason::ConnectionLost),
            SessionChange::Resumed,
            SessionChange::Ended(Reason::Left)
        ]
    );
    let first = page(0, 1).events;
    assert_eq!(first, all.events[..1]);
    assert_eq!(page(first[0].number, 100).events, all.events[1..]);
    assert_eq!(page(all.events[all.events.len() - 1].number, 100).events, []);
}

pub(super) fn events_that_are_forgotten_are_missed(make: &Make<'_>) {
    let world = make.world_with(Limits { session_events: 8, ..Limits::default() });
    for number in 0..20 {
        let client = world.client(&number.to_string());
        answer(|| client.attachment.close(world.now(), Reason::Left)).expect("it ends");
    }
    let page = |after| answer(|| world.backend.events(after, 100)).expect("a page");
    let all = page(0);
    assert_eq!((all.events.len(), all.missed), (8, true), "the latest are kept, and that some are not is said");
    assert_eq!(page(all.events[0].number - 1), EventPage { missed: false, ..all.clone() });
    assert_eq!(page(all.events[3].number).events, all.events[4..]);
}
