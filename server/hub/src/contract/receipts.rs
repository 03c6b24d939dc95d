//! Receipts: what senders learn about their envelopes.

use std::task::Waker;

use super::{kit::answer, make::Make};
use crate::{
    backend::Open,
    error::DetachReason,
    frame::Item,
    id::PeerId,
    reason::Reason,
    session::{Fetched, SessionKind},
};

pub(super) fn an_ack_produces_the_requested_receipt(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob, mut via) = (world.client("ada"), world.client("bob"), world.client("via"));
    ada.send_direct(bob.peer(), "no receipt");
    ada.send_with_receipt(bob.peer(), "receipt");
    bob.read(2);
    assert_eq!(ada.read_all(&mut via), [""; 0], "handed out is not acknowledged");
    bob.ack();
    bob.ack();
    let receipt = ada.take(|item| matches!(item, Item::Numbered { .. }));
    assert_eq!(world.describe(&receipt), "receipt bob DELIVERED");
    assert!(matches!(receipt, Item::Numbered { reply_to: 2, .. }), "names the envelope");
    assert_eq!(ada.read_all(&mut via), [""; 0]);
}

pub(super) fn a_live_recipient_produces_written_receipts(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob, mut via) = (world.client("ada"), world.live("bob"), world.client("via"));
    ada.send_direct(bob.peer(), "no receipt");
    ada.send_with_receipt(bob.peer(), "receipt");
    assert_eq!(ada.read_all(&mut via), [""; 0]);
    bob.read(2);
    assert_eq!(ada.read_all(&mut via), ["receipt bob WRITTEN"]);
}

pub(super) fn what_a_live_connection_did_not_write_is_undeliverable(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob, mut via) = (world.client("ada"), world.live("bob"), world.client("via"));
    bob.writes = false;
    ada.send_with_receipt(bob.peer(), "written");
    ada.send_direct(bob.peer(), "written, no receipt");
    ada.send_direct(bob.peer(), "handed out");
    ada.send_with_receipt(bob.peer(), "handed out");
    bob.read(4);
    assert_eq!(ada.read_all(&mut via), [""; 0], "handed out is not written");
    assert!(bob.attachment.awaits_written());
    bob.written.set(2);
    bob.pump();
    assert_eq!(ada.read_all(&mut via), ["receipt bob WRITTEN"]);
    ada.send_direct(bob.peer(), "waiting");
    bob.disconnect();
    assert_eq!(ada.read_all(&mut via), ["receipt bob UNDELIVERABLE CONNECTION_LOST"; 3]);
}

pub(super) fn what_a_live_connection_wrote_last_is_written_when_it_ends(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob, mut via) = (world.client("ada"), world.live("bob"), world.client("via"));
    bob.writes = false;
    ada.send_direct(bob.peer(), "written, no receipt");
    ada.send_with_receipt(bob.peer(), "written");
    bob.read(2);
    // Nothing is fetched any more.
    bob.written.set(2);
    answer(|| bob.attachment.close(world.now(), Reason::Left)).expect("it ends");
    assert_eq!(ada.read_all(&mut via), ["receipt bob WRITTEN"]);
}

pub(super) fn what_a_live_connection_fetched_is_not_acknowledged(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut via) = (world.client("ada"), world.client("via"));
    let open = Open { kind: SessionKind::Live, ..world.open("bob") };
    let peer = open.credentials.peer.clone();
    // A connection that never tells what it has written.
    let bob = answer(|| world.backend.open(world.now(), open.clone())).expect("opened");
    ada.send_with_receipt(&peer, "handed out");
    let mut items = Vec::new();
    for _ in 0..2 {
        assert_eq!(bob.fetch(world.now(), Waker::noop(), 1 << 20, &mut items), Fetched::Idle);
    }
    assert_eq!(items.len(), 1);
    assert_eq!(ada.read_all(&mut via), [""; 0]);
    answer(|| bob.detach(world.now(), DetachReason::ConnectionLost)).expect("it ends");
    let receipt = ada.take(|item| matches!(item, Item::Numbered { .. }));
    assert!(world.describe(&receipt).ends_with("UNDELIVERABLE CONNECTION_LOST"), "{receipt:?}");
}

pub(super) fn the_end_of_a_recipient_produces_receipts(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut via) = (world.client("ada"), world.client("via"));

    let mut bob = world.client("bob");
    ada.send_direct(bob.peer(), "acknowledged");
    bob.read(1);
    bob.ack();
    ada.send_direct(bob.peer(), "handed out");
    bob.read(1);
    ada.send_with_receipt(bob.peer(), "waiting");
    answer(|| bob.attachment.close(world.now(), Reason::Left)).expect("it ends");
    assert_eq!(ada.read_all(&mut via), ["receipt bob UNDELIVERABLE LEFT"; 2]);

    let mut eve = world.client("eve");
    ada.send_direct(eve.peer(), "waiting");
    eve.disconnect();
    world.advance(30_000);
    assert_eq!(ada.read_all(&mut via), ["receipt eve UNDELIVERABLE EXPIRED"]);

    let mut liv = world.live("liv");
    ada.send_direct(liv.peer(), "not written");
    liv.disconnect();
    assert_eq!(ada.read_all(&mut via), ["receipt liv UNDELIVERABLE CONNECTION_LOST"]);
}

pub(super) fn each_outcome_is_reported_once(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob, mut via) = (world.client("ada"), world.client("bob"), world.client("via"));
    for text in ["one", "two"] {
        ada.send_with_receipt(bob.peer(), text);
    }
    bob.read(2);
    assert_eq!(bob.attachment.ack(world.now(), 1), Ok(()));
    assert_eq!(bob.attachment.ack(world.now(), 3), Err(2), "never written");
    bob.disconnect();
    bob.resume().expect("resumed");
    answer(|| bob.attachment.close(world.now(), Reason::Left)).expect("it ends");
    world.advance(120_000);
    assert_eq!(ada.read_all(&mut via), ["receipt bob DELIVERED"; 2]);
}

pub(super) fn a_resume_acknowledges_what_was_received(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob, mut via) = (world.client("ada"), world.client("bob"), world.client("via"));
    ada.send_with_receipt(bob.peer(), "one");
    ada.send_with_receipt(bob.peer(), "two");
    bob.read(2);
    bob.disconnect();
    bob.resume_with(|resume| resume.last_seq = 1).expect("resumed");
    assert_eq!(ada.read_all(&mut via), ["receipt bob DELIVERED"]);
    assert_eq!(bob.read_all(&mut via), ["two"]);
    bob.ack();
    assert_eq!(ada.read_all(&mut via), ["receipt bob DELIVERED"]);
}

pub(super) fn a_reused_peer_id_gets_no_receipts_of_its_predecessor(make: &Make<'_>) {
    let world = make.world();
    let id = PeerId::scoped("protocol", "demo", "ada").expect("a peer id");
    let named = |name| world.client_with(name, |open| open.credentials.peer = id.clone());
    let (bob, mut via) = (world.client("bob"), world.client("via"));
    let mut ada = named("ada");
    ada.send_direct(bob.peer(), "never read");
    answer(|| ada.attachment.close(world.now(), Reason::Left)).expect("it ends");
    let mut again = named("ada");
    answer(|| bob.attachment.close(world.now(), Reason::Left)).expect("it ends");
    assert_eq!(again.read_all(&mut via), [""; 0], "it sent nothing");
}
