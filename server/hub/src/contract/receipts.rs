//! Nothing is lost in silence: what senders are told.

use super::Make;
use crate::{frame::Item, id::PeerId, reason::Reason};

pub(super) fn an_ack_is_told_to_who_asked(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob, mut via) = (world.client("ada"), world.client("bob"), world.client("via"));
    ada.tell(bob.peer(), "no receipt");
    ada.tell_with_receipt(bob.peer(), "receipt");
    bob.read(2);
    assert_eq!(ada.reads(&mut via), [""; 0], "handed out is not acknowledged");
    bob.ack();
    bob.ack();
    let receipt = ada.take(|item| matches!(item, Item::Numbered { .. }));
    assert_eq!(world.tell(&receipt), "receipt bob DELIVERED");
    assert!(matches!(receipt, Item::Numbered { reply_to: 2, .. }), "it names the envelope");
    assert_eq!(ada.reads(&mut via), [""; 0]);
}

pub(super) fn writing_is_told_for_live_receivers(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob, mut via) = (world.client("ada"), world.live("bob"), world.client("via"));
    ada.tell(bob.peer(), "no receipt");
    ada.tell_with_receipt(bob.peer(), "receipt");
    assert_eq!(ada.reads(&mut via), [""; 0]);
    bob.read(2);
    assert_eq!(ada.reads(&mut via), ["receipt bob WRITTEN"]);
}

pub(super) fn the_end_of_a_receiver_is_told(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut via) = (world.client("ada"), world.client("via"));

    let mut bob = world.client("bob");
    ada.tell(bob.peer(), "acknowledged");
    bob.read(1);
    bob.ack();
    ada.tell(bob.peer(), "handed out");
    bob.read(1);
    ada.tell_with_receipt(bob.peer(), "waiting");
    bob.attachment.close(world.now(), Reason::Left);
    assert_eq!(ada.reads(&mut via), ["receipt bob UNDELIVERABLE LEFT"; 2]);

    let mut eve = world.client("eve");
    ada.tell(eve.peer(), "waiting");
    eve.lose();
    world.pass(30_000);
    assert_eq!(ada.reads(&mut via), ["receipt eve UNDELIVERABLE EXPIRED"]);

    let mut liv = world.live("liv");
    ada.tell(liv.peer(), "not written");
    liv.lose();
    assert_eq!(ada.reads(&mut via), ["receipt liv UNDELIVERABLE CONNECTION_LOST"]);
}

pub(super) fn an_outcome_is_told_once(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob, mut via) = (world.client("ada"), world.client("bob"), world.client("via"));
    for text in ["one", "two"] {
        ada.tell_with_receipt(bob.peer(), text);
    }
    bob.read(2);
    assert_eq!(bob.attachment.ack(world.now(), 1), Ok(()));
    assert_eq!(bob.attachment.ack(world.now(), 3), Err(2), "nobody acknowledges what was never written");
    bob.lose();
    bob.resume().expect("resumed");
    bob.attachment.close(world.now(), Reason::Left);
    world.pass(120_000);
    assert_eq!(ada.reads(&mut via), ["receipt bob DELIVERED"; 2]);
}

pub(super) fn a_resume_acknowledges(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob, mut via) = (world.client("ada"), world.client("bob"), world.client("via"));
    ada.tell_with_receipt(bob.peer(), "one");
    ada.tell_with_receipt(bob.peer(), "two");
    bob.read(2);
    bob.lose();
    bob.resume_with(|resume| resume.last_seq = 1).expect("resumed");
    assert_eq!(ada.reads(&mut via), ["receipt bob DELIVERED"]);
    assert_eq!(bob.reads(&mut via), ["two"]);
    bob.ack();
    assert_eq!(ada.reads(&mut via), ["receipt bob DELIVERED"]);
}

pub(super) fn who_takes_an_id_again_is_not_told_of_the_earlier_one(make: &Make<'_>) {
    let world = make.world();
    let id = PeerId::parse("dialect:demo:ada").expect("a peer id");
    let named = |name| world.client_with(name, |open| open.credentials.peer = id.clone());
    let (bob, mut via) = (world.client("bob"), world.client("via"));
    let mut ada = named("ada");
    ada.tell(bob.peer(), "never read");
    ada.attachment.close(world.now(), Reason::Left);
    let mut again = named("ada");
    bob.attachment.close(world.now(), Reason::Left);
    assert_eq!(again.reads(&mut via), [""; 0], "it sent nothing");
}
