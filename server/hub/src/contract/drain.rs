//! A node that goes: everybody is asked to leave, and nothing is lost in silence.

use std::task::Waker;

use super::Make;
use crate::{
    error::{Cut, ResumeError},
    frame::Item,
    limits::Limits,
    reason::Reason,
};

pub(super) fn go_away_reaches_every_connection(make: &Make<'_>) {
    let world = make.world();
    let mut clients: Vec<_> = (0..10).map(|n| world.client(&n.to_string())).collect();
    clients.push(world.live("live"));
    let mut away = world.client("away");
    away.lose();
    world.backend.go_away(1_000);
    let mut moments: Vec<_> = clients
        .iter_mut()
        .map(|client| match client.take(|item| matches!(item, Item::GoAway { .. })) {
            Item::GoAway { reconnect_after_ms } => reconnect_after_ms,
            other => panic!("{other:?}"),
        })
        .collect();
    moments.sort_unstable();
    assert!(moments.iter().all(|moment| *moment <= 1_000), "within the window: {moments:?}");
    moments.dedup();
    assert_eq!(moments.len(), 11, "each has its own moment");
    let mut via = clients.pop().expect("eleven");
    assert_eq!(clients[0].reads(&mut via), [""; 0], "and everything goes on until then");
}

pub(super) fn go_away_survives_a_full_queue(make: &Make<'_>) {
    let world = make.world_with(Limits { presence_events: 3, ..Limits::default() });
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    ada.join("demo");
    bob.join("demo");
    bob.pump();
    world.backend.go_away(1_000);
    for number in 0..10 {
        ada.set("demo", "k", &number.to_string());
    }
    bob.take(|item| matches!(item, Item::GoAway { .. }));
    bob.take(|item| matches!(item, Item::Roster(_)));
}

pub(super) fn everything_is_written_and_accounted_for(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob, mut live) = (world.client("ada"), world.client("bob"), world.live("live"));
    let mut away = world.client("away");
    for client in [&mut ada, &mut bob] {
        client.join("demo");
        client.ack();
    }
    bob.tell_with_receipt(ada.peer(), "read but not acknowledged");
    assert_eq!(ada.read(1), ["read but not acknowledged"]);
    ada.tell(bob.peer(), "to bob");
    ada.tell(live.peer(), "to live");
    ada.tell(away.peer(), "to away");
    away.lose();
    world.backend.drain(world.now());
    let until_over = |client: &mut super::kit::Client<'_>| {
        assert_eq!(client.over(), Cut::Ended(Reason::Draining));
        client
            .inbox
            .drain(..)
            .filter(|i| matches!(i, Item::Numbered { .. }))
            .map(|i| world.tell(&i))
            .collect::<Vec<_>>()
    };
    assert_eq!(until_over(&mut bob), ["to bob", "receipt ada UNDELIVERABLE DRAINING"]);
    assert_eq!(until_over(&mut live), ["to live"]);
    assert_eq!(bob.attachment.ack(world.now(), bob.last), Ok(()));
    let mut told = until_over(&mut ada);
    told.sort();
    let expected = ["away", "bob", "live"].map(|name| format!("receipt {name} UNDELIVERABLE DRAINING"));
    assert_eq!(told, expected, "once each, whatever is acknowledged later");
    assert!(matches!(
        away.attachment.fetch(world.now(), Waker::noop(), 1, &mut Vec::new()),
        crate::session::Fetched::Cut(_)
    ));
    let census = world.backend.census();
    assert_eq!((census.sessions, census.rooms), (0, 0), "written out, they are over");
}

pub(super) fn a_drained_session_cannot_be_resumed(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    bob.lose();
    world.backend.drain(world.now());
    assert_eq!(bob.resume(), Err(ResumeError::Reset(Reason::Ended)));
    assert_eq!(ada.resume(), Err(ResumeError::Reset(Reason::Ended)), "even before it has written everything");
    assert_eq!(ada.resume(), Err(ResumeError::Reset(Reason::Ended)));
    assert_eq!(world.backend.census().sessions, 0);
}

pub(super) fn who_leaves_before_the_last_word_is_not_waited_for(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    ada.tell(bob.peer(), "never read");
    world.backend.drain(world.now());
    bob.lose();
    world.pass(0);
    assert_eq!(ada.over(), Cut::Ended(Reason::Draining));
    assert_eq!(world.backend.census().sessions, 0, "it cannot come back");
    assert_eq!(bob.resume(), Err(ResumeError::Reset(Reason::Ended)));
}
