//! Receipts: a sender is notified of every envelope that could not be delivered and, on request, of success.

#[path = "support/frames.rs"]
mod frames;
#[path = "support/inbox.rs"]
mod inbox;
#[path = "support/node.rs"]
mod node;
#[path = "support/peer.rs"]
mod peer;

use wigwag_proto::v1::{Bye, Hello, client_frame::Body as Up, receipt::Outcome};

use frames::{resumable, resume, say, tell_with_receipt};
use node::Node;
use peer::Peer;

/// Two members of a room; both know of each other.
async fn pair(node: &Node, hello: Hello) -> (Peer, Peer) {
    let mut ada = Peer::in_room(node, "demo").await;
    let mut bob = Peer::with(&mut node.client().await, hello).await;
    bob.join("demo").await;
    ada.expect_joined(bob.id()).await;
    (ada, bob)
}

fn short_grace() -> Hello {
    Hello { grace_ms: 200, ..resumable() }
}

#[tokio::test]
async fn delivered_means_acknowledged() {
    let node = Node::start().await;
    let (mut ada, mut bob) = pair(&node, resumable()).await;
    let first = ada.send(tell_with_receipt("demo", &bob, "one")).await;
    bob.expect_text("one").await;
    // Handed over, but not acknowledged: nothing is said yet. An error that is sent next would come after the receipt.
    let wrong = ada.send(say("elsewhere", "x")).await;
    ada.refused(wrong).await;
    bob.ack().await;
    let receipt = ada.receipt(first).await;
    assert_eq!(
        (receipt.outcome(), receipt.peer_id.as_str(), receipt.reason.as_str()),
        (Outcome::Delivered, bob.id(), "")
    );
}

#[tokio::test]
async fn a_resume_point_is_an_acknowledgment() {
    let node = Node::start().await;
    let (mut ada, mut bob) = pair(&node, resumable()).await;
    let first = ada.send(tell_with_receipt("demo", &bob, "one")).await;
    bob.expect_text("one").await;
    let _bob = bob.reconnect(&node).await;
    assert_eq!(ada.receipt(first).await.outcome(), Outcome::Delivered);
}

#[tokio::test]
async fn written_is_all_that_can_be_said_of_live_delivery() {
    let node = Node::start().await;
    let (mut ada, mut bob) = pair(&node, Hello::default()).await;
    let first = ada.send(tell_with_receipt("demo", &bob, "one")).await;
    bob.expect_text("one").await;
    let receipt = ada.receipt(first).await;
    assert_eq!((receipt.outcome(), receipt.peer_id.as_str()), (Outcome::Written, bob.id()));
}

#[tokio::test]
async fn success_is_reported_only_on_request() {
    let node = Node::start().await;
    let (mut ada, mut bob) = pair(&node, resumable()).await;
    ada.send(say("demo", "unasked")).await;
    bob.expect_text("unasked").await;
    bob.ack().await;
    let asked = ada.send(tell_with_receipt("demo", &bob, "asked")).await;
    bob.expect_text("asked").await;
    bob.ack().await;
    // The first thing to come is about the second envelope.
    assert_eq!(ada.receipt(asked).await.outcome(), Outcome::Delivered);
}

#[tokio::test]
async fn what_an_ended_session_had_not_acknowledged_is_reported_with_the_reason() {
    for reason in ["EXPIRED", "LEFT", "REPLACED"] {
        let node = Node::start().await;
        let hello = if reason == "EXPIRED" { short_grace() } else { resumable() };
        let (mut ada, mut bob) = pair(&node, hello).await;
        bob.acks = false;
        // One is acknowledged, one received, one is on its way or waits.
        let acknowledged = ada.send(tell_with_receipt("demo", &bob, "acknowledged")).await;
        bob.expect_text("acknowledged").await;
        bob.ack().await;
        assert_eq!(ada.receipt(acknowledged).await.outcome(), Outcome::Delivered);
        let received = ada.send(say("demo", "received")).await;
        bob.expect_text("received").await;
        let waiting = ada.send(tell_with_receipt("demo", &bob, "waiting")).await;
        ada.applied(waiting).await;

        let mut successor = None;
        match reason {
            "LEFT" => drop(bob.send(Up::Bye(Bye {})).await),
            "REPLACED" => {
                let hello = Hello { replaces: bob.welcome.session_token.clone(), ..resumable() };
                successor = Some(Peer::with(&mut node.client().await, hello).await);
            }
            _ => bob.half_close(),
        }
        assert_eq!(ada.expect_left().await.reason, reason);
        for seq in [received, waiting] {
            let receipt = ada.receipt(seq).await;
            assert_eq!((receipt.outcome(), receipt.reason.as_str()), (Outcome::Undeliverable, reason));
            assert_eq!(receipt.peer_id, bob.id());
        }
        drop(successor);
    }
}

#[tokio::test]
async fn a_receipt_waits_for_a_sender_that_is_away() {
    let node = Node::start().await;
    let (mut ada, mut bob) = pair(&node, resumable()).await;
    let first = ada.send(tell_with_receipt("demo", &bob, "one")).await;
    bob.expect_text("one").await;
    let (hello, seen) = (resume(&ada.welcome, ada.seen), ada.seen);
    drop(ada);
    node.until("wigwag_sessions_attached", 1).await;
    bob.ack().await;
    let mut ada = Peer::with(&mut node.client().await, hello).await;
    ada.seen = seen;
    ada.expect_roster().await;
    assert_eq!(ada.receipt(first).await.outcome(), Outcome::Delivered);
}

#[tokio::test]
async fn an_envelope_stays_deliverable_when_its_sender_or_receiver_leaves_the_room() {
    let node = Node::start().await;
    let (mut ada, mut bob) = pair(&node, resumable()).await;
    let first = ada.send(tell_with_receipt("demo", &bob, "goodbye")).await;
    ada.send(frames::leave("demo")).await;
    ada.expect_own_left().await;
    bob.send(frames::leave("demo")).await;
    bob.expect_text("goodbye").await;
    // Which events of the room bob still receives depends on timing.
    while bob.next().await.seq == 0 {}
    bob.ack().await;
    assert_eq!(ada.receipt(first).await.outcome(), Outcome::Delivered);
}
