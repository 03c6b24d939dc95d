//! Draining a node: clients are asked to leave, and no envelope is lost silently.

use std::task::Waker;

use super::make::Make;
use crate::{
    error::{DetachReason, ResumeError},
    frame::Item,
    limits::Limits,
    reason::Reason,
};

pub(super) fn go_away_reaches_every_connection(make: &Make<'_>) {
    let world = make.world();
    let mut clients: Vec<_> = (0..10).map(|n| world.client(&n.to_string())).collect();
    clients.push(world.live("live"));
    let mut away = world.client("away");
    away.disconnect();
    world.backend.go_away(1_000, Some(&"elsewhere".into()));
    let mut moments: Vec<_> = clients
        .iter_mut()
        .map(|client| match client.take(|item| matches!(item, Item::GoAway { .. })) {
            Item::GoAway { reconnect_after_ms, resumable, endpoint } => {
                assert_eq!(resumable, world.backend.outlives_node());
                assert_eq!(endpoint.as_deref(), Some("elsewhere"));
                reconnect_after_ms
            }
            other => panic!("{other:?}"),
        })
        .collect();
    moments.sort_unstable();
    assert!(moments.iter().all(|moment| *moment <= 1_000), "within the window: {moments:?}");
    moments.dedup();
    assert_eq!(moments.len(), 11, "each client has its own moment");
    let mut via = clients.pop().expect("eleven");
    assert_eq!(clients[0].read_all(&mut via), [""; 0], "service continues until then");
}

pub(super) fn go_away_survives_a_full_queue(make: &Make<'_>) {
    let world = make.world_with(Limits { presence_events: 3, ..Limits::default() });
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    ada.join("demo");
    bob.join("demo");
    bob.pump();
    world.backend.go_away(1_000, None);
    for number in 0..10 {
        ada.set("demo", "k", &number.to_string());
    }
    bob.take(|item| matches!(item, Item::GoAway { .. }));
    bob.take(|item| matches!(item, Item::Roster(_)));
}

pub(super) fn a_drain_writes_everything_and_sends_receipts(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob, mut live) = (world.client("ada"), world.client("bob"), world.live("live"));
    let mut away = world.client("away");
    for client in [&mut ada, &mut bob] {
        client.join("demo");
        client.ack();
    }
    bob.send_with_receipt(ada.peer(), "read but not acknowledged");
    assert_eq!(ada.read(1), ["read but not acknowledged"]);
    ada.send_direct(bob.peer(), "to bob");
    ada.send_direct(live.peer(), "to live");
    ada.send_direct(away.peer(), "to away");
    away.disconnect();
    world.backend.drain(world.now());
    let until_detached = |client: &mut super::kit::Client<'_>| {
        assert_eq!(client.wait_detached(), DetachReason::Ended(Reason::Draining));
        client
            .inbox
            .drain(..)
            .filter(|i| matches!(i, Item::Numbered { .. }))
            .map(|i| world.describe(&i))
            .collect::<Vec<_>>()
    };
    assert_eq!(until_detached(&mut bob), ["to bob", "receipt ada UNDELIVERABLE DRAINING"]);
    assert_eq!(until_detached(&mut live), ["to live"]);
    assert_eq!(bob.attachment.ack(world.now(), bob.last), Ok(()));
    let mut told = until_detached(&mut ada);
    told.sort();
    let expected = ["away", "bob", "live"].map(|name| format!("receipt {name} UNDELIVERABLE DRAINING"));
    assert_eq!(told, expected, "once each, whatever is acknowledged afterwards");
    assert!(matches!(
        away.attachment.fetch(world.now(), Waker::noop(), 1, &mut Vec::new()),
        crate::session::Fetched::Detached(_)
    ));
    let stats = world.backend.stats();
    assert_eq!((stats.sessions, stats.rooms), (0, 0), "sessions end once everything is written");
}

pub(super) fn a_drained_session_cannot_be_resumed(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    bob.disconnect();
    world.backend.drain(world.now());
    assert_eq!(bob.resume(), Err(ResumeError::Reset(Reason::Ended)));
    assert_eq!(ada.resume(), Err(ResumeError::Reset(Reason::Ended)), "even before everything is written");
    assert_eq!(ada.resume(), Err(ResumeError::Reset(Reason::Ended)));
    assert_eq!(world.backend.stats().sessions, 0);
}

pub(super) fn a_drain_does_not_wait_for_a_lost_connection(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    ada.send_direct(bob.peer(), "never read");
    world.backend.drain(world.now());
    bob.disconnect();
    world.advance(0);
    assert_eq!(ada.wait_detached(), DetachReason::Ended(Reason::Draining));
    assert_eq!(world.backend.stats().sessions, 0, "it cannot be resumed");
    assert_eq!(bob.resume(), Err(ResumeError::Reset(Reason::Ended)));
}
