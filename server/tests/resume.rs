//! Resuming a session: the same peer, no frame missing, no frame twice, and no member_left for the others.

#[path = "support/frames.rs"]
mod frames;
#[path = "support/inbox.rs"]
mod inbox;
#[path = "support/node.rs"]
mod node;
#[path = "support/peer.rs"]
mod peer;
#[path = "support/web.rs"]
mod web;

use wigwag_proto::v1::{
    Advice, ClientFrame, Hello, RemoveMember, Resume, client_frame::Body as Up, member::State, receipt,
    welcome::Outcome,
};

use frames::{join, leave, resumable, say};
use node::{Node, client_that_resets};
use peer::Peer;
use web::Web;

fn short_grace() -> Hello {
    Hello { grace_ms: 300, ..resumable() }
}

/// A frame of the client's with a number of the test's choice.
fn numbered(seq: u32, body: Up) -> ClientFrame {
    ClientFrame { seq, ack: 0, body: Some(body) }
}

#[tokio::test]
async fn what_was_missed_is_replayed_in_order_and_no_member_left() {
    let node = Node::start().await;
    let mut ada = Peer::in_room(&node, "demo").await;
    let bob = Peer::in_room(&node, "demo").await;
    ada.expect_joined(bob.id()).await;
    let hello = bob.resume();
    let (id, seen) = (bob.id().to_owned(), bob.seen);
    drop(bob);
    for text in ["one", "two", "three"] {
        ada.send(say("demo", text)).await;
    }
    let mut bob = Peer::with(&mut node.client().await, hello).await;
    bob.seen = seen;
    assert_eq!((bob.welcome.outcome(), bob.welcome.epoch, bob.id()), (Outcome::Resumed, 2, id.as_str()));
    assert_eq!(bob.applied, 1, "the welcome says how far the client's frames came");
    // The resume did not name room versions, so that the whole room is sent once.
    assert_eq!(bob.expect_roster().await.members.len(), 1);
    for text in ["one", "two", "three"] {
        assert_eq!(bob.expect_text(text).await, ada.id());
    }
    bob.send(say("demo", "four")).await;
    assert_eq!(ada.expect_text("four").await, id);
}

#[tokio::test]
async fn listen_and_push_go_on_with_the_numbers_of_signal() {
    let node = Node::start().await;
    let mut ada = Peer::in_room(&node, "demo").await;
    let bob = Peer::in_room(&node, "demo").await;
    ada.expect_joined(bob.id()).await;
    let (sent, seen, hello) = (bob.sent, bob.seen, bob.resume());
    drop(bob);
    let mut web = Web::with(node.client().await, hello).await;
    assert_eq!((web.welcome.outcome(), web.welcome.epoch), (Outcome::Resumed, 2));
    (web.sent, web.seen) = (sent, seen);
    web.expect_roster().await;
    web.send(say("demo", "by push")).await;
    ada.expect_text("by push").await;
    ada.send(say("demo", "by listen")).await;
    web.expect_text("by listen").await;

    let (sent, seen, hello) = (web.sent, web.seen, web.resume());
    drop(web);
    let mut bob = Peer::with(&mut node.client().await, hello).await;
    assert_eq!((bob.welcome.outcome(), bob.welcome.epoch), (Outcome::Resumed, 3));
    (bob.sent, bob.seen) = (sent, seen);
    bob.expect_roster().await;
    bob.send(say("demo", "by signal")).await;
    ada.expect_text("by signal").await;
}

#[tokio::test]
async fn a_client_that_received_nothing_can_resume() {
    let node = Node::start().await;
    let peer = Peer::open(&node).await;
    assert_eq!(peer.seen, 0);
    let mut peer = peer.reconnect(&node).await;
    assert!(peer.join("demo").await.created);
}

#[tokio::test]
async fn a_second_resume_in_a_row_replays_again_until_it_is_acknowledged() {
    let node = Node::start().await;
    let mut ada = Peer::in_room(&node, "demo").await;
    let mut bob = Peer::in_room(&node, "demo").await;
    ada.expect_joined(bob.id()).await;
    bob.acks = false;
    ada.send(say("demo", "one")).await;
    bob.expect_text("one").await;
    // Received, but lost with the client's process: it says it has the join only.
    for epoch in 2..5 {
        let sent = bob.sent;
        bob.seen = 1;
        bob = bob.reconnect(&node).await;
        assert_eq!(bob.welcome.epoch, epoch);
        bob.sent = sent;
        bob.expect_roster().await;
        bob.expect_text("one").await;
    }
    bob = bob.reconnect(&node).await;
    bob.expect_roster().await;
    ada.send(say("demo", "two")).await;
    bob.expect_text("two").await;
}

#[tokio::test]
async fn a_known_room_version_spares_the_roster() {
    let node = Node::start().await;
    let mut ada = Peer::in_room(&node, "demo").await;
    let mut bob = Peer::open(&node).await;
    let version = bob.join("demo").await.version;
    ada.expect_joined(bob.id()).await;
    let mut hello = bob.resume();
    hello.resume.as_mut().expect("a resume").room_versions.insert("demo".into(), version);
    let seen = bob.seen;
    drop(bob);
    let mut bob = Peer::with(&mut node.client().await, hello).await;
    bob.seen = seen;
    ada.send(say("demo", "no roster before this")).await;
    bob.expect_text("no roster before this").await;
}

#[tokio::test]
async fn frames_sent_again_after_a_resume_take_effect_once() {
    let node = Node::start().await;
    let mut ada = Peer::in_room(&node, "demo").await;
    let mut bob = Peer::in_room(&node, "demo").await;
    ada.expect_joined(bob.id()).await;
    bob.send(say("demo", "one")).await;
    ada.expect_text("one").await;
    let bob = bob.reconnect(&node).await;
    assert_eq!(bob.applied, 2);
    // The client does not trust the ack and sends everything again.
    bob.frame(numbered(1, join("demo"))).await;
    bob.frame(numbered(2, say("demo", "one"))).await;
    bob.frame(numbered(3, say("demo", "two"))).await;
    ada.expect_text("two").await;
}

#[tokio::test]
async fn a_resume_takes_over_from_a_connection_that_still_looks_alive() {
    let node = Node::start().await;
    let mut old = Peer::in_room(&node, "demo").await;
    let mut new = Peer::with(&mut node.client().await, old.resume()).await;
    assert_eq!((new.welcome.outcome(), new.welcome.epoch), (Outcome::Resumed, 2));
    (new.sent, new.seen) = (old.sent, old.seen);
    assert_eq!(old.expect_fatal().await.reason, "SUPERSEDED");
    new.expect_roster().await;
    new.send(leave("demo")).await;
    assert_eq!(new.expect_own_left().await.reason, "LEFT");
}

#[tokio::test]
async fn an_old_epoch_resumes_only_until_a_newer_one_was_used() {
    let node = Node::start().await;
    let first = Peer::open(&node).await;
    let hello = first.resume();
    drop(first);
    // The welcome of epoch 2 is lost on its way; the client knows epoch 1 only.
    let unheard = Peer::with(&mut node.client().await, hello.clone()).await;
    drop(unheard);
    let mut third = Peer::with(&mut node.client().await, hello.clone()).await;
    assert_eq!((third.welcome.outcome(), third.welcome.epoch), (Outcome::Resumed, 3));
    // Now epoch 3 is used: who still knows epoch 1 only is somebody else's copy.
    third.join("demo").await;
    let Err((error, _)) = Peer::try_with(&mut node.client().await, hello).await else { panic!("resumed") };
    assert_eq!(error.reason, "SUPERSEDED");
    // The one that is right has not noticed.
    third.send(leave("demo")).await;
    third.expect_own_left().await;
}

#[tokio::test]
async fn after_the_grace_period_it_is_a_new_session() {
    let node = Node::start().await;
    let mut ada = Peer::in_room(&node, "demo").await;
    let mut bob = Peer::with(&mut node.client().await, short_grace()).await;
    assert_eq!(bob.welcome.grace_ms, 300);
    bob.join("demo").await;
    ada.expect_joined(bob.id()).await;
    let (id, hello) = (bob.id().to_owned(), bob.resume());
    drop(bob);
    let left = ada.expect_left().await;
    assert_eq!((left.peer_id.as_str(), left.reason.as_str()), (id.as_str(), "EXPIRED"));
    let mut bob = Peer::with(&mut node.client().await, hello).await;
    assert!(bob.is_reset("EXPIRED"), "{:?}", bob.welcome);
    assert_ne!(bob.id(), id);
    assert_eq!((bob.welcome.epoch, bob.applied), (1, 0));
    let seq = bob.send(say("demo", "x")).await;
    assert_eq!(bob.refused(seq).await.reason, "NOT_JOINED");
}

#[tokio::test]
async fn what_the_server_never_sent_cannot_be_resumed_from() {
    let node = Node::start().await;
    let mut ada = Peer::in_room(&node, "demo").await;
    let bob = Peer::in_room(&node, "demo").await;
    ada.expect_joined(bob.id()).await;
    let mut hello = bob.resume();
    drop(bob);
    node.until("wigwag_sessions_attached", 1).await;
    // These wait in the mailbox. They have not been sent, so no client can have received them.
    ada.send(say("demo", "one")).await;
    ada.send(say("demo", "two")).await;
    ada.applied(3).await;
    hello.resume.as_mut().expect("a resume").last_seq += 1;
    let bob = Peer::with(&mut node.client().await, hello).await;
    assert!(bob.is_reset("SEQ_MISMATCH"), "{:?}", bob.welcome);
}

#[tokio::test]
async fn what_was_acknowledged_cannot_be_asked_for_again() {
    let node = Node::start().await;
    let mut peer = Peer::in_room(&node, "demo").await;
    peer.send(leave("demo")).await;
    peer.expect_own_left().await;
    let mut hello = peer.resume();
    // The ack of seq 2 has taken effect when the frame that carries it has.
    peer.join("demo").await;
    drop(peer);
    hello.resume.as_mut().expect("a resume").last_seq = 1;
    let peer = Peer::with(&mut node.client().await, hello).await;
    assert!(peer.is_reset("SEQ_MISMATCH"), "{:?}", peer.welcome);
}

#[tokio::test]
async fn a_token_that_is_not_right_gets_a_new_session_and_harms_none() {
    let node = Node::start().await;
    let mut ada = Peer::in_room(&node, "demo").await;
    let live = Peer::live(&node).await;
    let mut forged = ada.welcome.session_token.clone();
    forged.pop();
    for token in [String::new(), "nonsense".into(), forged, live.welcome.session_token.clone()] {
        let resume = Resume { session_token: token, epoch: 1, ..Resume::default() };
        let hello = Hello { resume: Some(resume), ..resumable() };
        let peer = Peer::with(&mut node.client().await, hello).await;
        assert!(peer.is_reset("UNKNOWN_SESSION"), "{:?}", peer.welcome);
    }
    ada.send(leave("demo")).await;
    ada.expect_own_left().await;
}

#[tokio::test]
async fn a_session_that_said_bye_has_ended() {
    let node = Node::start().await;
    let mut ada = Peer::in_room(&node, "demo").await;
    let mut bob = Peer::in_room(&node, "demo").await;
    ada.expect_joined(bob.id()).await;
    bob.send(Up::Bye(Default::default())).await;
    bob.ends().await.expect("a bye ends with OK");
    assert_eq!(ada.expect_left().await.reason, "LEFT");
    let again = Peer::with(&mut node.client().await, bob.resume()).await;
    assert!(again.is_reset("ENDED"), "{:?}", again.welcome);
}

#[tokio::test]
async fn a_membership_lost_while_detached_is_reported_on_resume() {
    let node = Node::start().await;
    let mut owner = Peer::in_room(&node, "demo").await;
    let mut peer = Peer::in_room(&node, "demo").await;
    owner.expect_joined(peer.id()).await;
    peer.join("second").await;
    let mut guest = Peer::in_room(&node, "second").await;
    peer.expect_joined(guest.id()).await;

    let (hello, id, sent, seen) = (peer.resume(), peer.id().to_owned(), peer.sent, peer.seen);
    drop(peer);
    let kick = RemoveMember { room: "demo".into(), peer_id: id.clone(), ban: true };
    owner.send(Up::RemoveMember(kick)).await;
    // At once, not when the grace period is over.
    assert_eq!(owner.expect_left().await.reason, "BANNED");

    let mut peer = Peer::with(&mut node.client().await, hello).await;
    assert_eq!(peer.welcome.outcome(), Outcome::Resumed);
    (peer.sent, peer.seen) = (sent, seen);
    let roster = peer.expect_roster().await;
    assert_eq!(roster.room, "second");
    let left = peer.expect_own_left().await;
    assert_eq!((left.room.as_str(), left.reason.as_str()), ("demo", "BANNED"));
    let seq = peer.send(join("demo")).await;
    assert_eq!(peer.refused(seq).await.reason, "BANNED");
    guest.send(say("second", "hello")).await;
    peer.expect_text("hello").await;
}

#[tokio::test]
async fn a_resume_does_not_count_as_a_join_in_a_full_room() {
    let node = Node::with(|config| config.rooms.max_members = 2).await;
    let mut ada = Peer::in_room(&node, "demo").await;
    let bob = Peer::in_room(&node, "demo").await;
    ada.expect_joined(bob.id()).await;
    let mut late = Peer::open(&node).await;
    let hello = bob.resume();
    let (sent, seen) = (bob.sent, bob.seen);
    drop(bob);
    let seq = late.send(join("demo")).await;
    assert_eq!(late.refused(seq).await.reason, "ROOM_FULL");
    let mut bob = Peer::with(&mut node.client().await, hello).await;
    (bob.sent, bob.seen) = (sent, seen);
    assert_eq!(bob.expect_roster().await.members.len(), 1);
    bob.send(say("demo", "still a member")).await;
    ada.expect_text("still a member").await;
}

#[tokio::test]
async fn an_envelope_that_does_not_fit_a_detached_mailbox_is_reported_to_its_sender() {
    let node = Node::with(|config| config.session.detached_frames = 2).await;
    let mut ada = Peer::in_room(&node, "demo").await;
    let bob = Peer::in_room(&node, "demo").await;
    ada.expect_joined(bob.id()).await;
    let (hello, id, seen) = (bob.resume(), bob.id().to_owned(), bob.seen);
    drop(bob);
    node.until("wigwag_sessions_attached", 1).await;
    ada.send(say("demo", "one")).await;
    ada.send(say("demo", "two")).await;
    let third = ada.send(say("demo", "three")).await;
    let receipt = ada.receipt(third).await;
    assert_eq!((receipt.outcome(), receipt.reason.as_str()), (receipt::Outcome::Undeliverable, "MAILBOX_FULL"));
    assert_eq!(receipt.peer_id, id);
    let mut bob = Peer::with(&mut node.client().await, hello).await;
    assert_eq!(bob.welcome.outcome(), Outcome::Resumed);
    bob.seen = seen;
    bob.expect_roster().await;
    bob.expect_text("one").await;
    bob.expect_text("two").await;
    ada.send(say("demo", "four")).await;
    bob.expect_text("four").await;
}

#[tokio::test]
async fn what_may_not_be_lost_and_does_not_fit_ends_the_session() {
    let node = Node::with(|config| config.session.detached_frames = 0).await;
    let mut ada = Peer::in_room(&node, "demo").await;
    let mut bob = Peer::in_room(&node, "demo").await;
    ada.expect_joined(bob.id()).await;
    bob.ack().await;
    bob.join("other").await;
    let (hello, id) = (bob.resume(), bob.id().to_owned());
    drop(bob);
    node.until("wigwag_sessions_attached", 1).await;
    let kick = RemoveMember { room: "demo".into(), peer_id: id.clone(), ban: false };
    ada.send(Up::RemoveMember(kick)).await;
    ada.expect_left().await;
    node.until("wigwag_sessions", 1).await;
    let bob = Peer::with(&mut node.client().await, hello).await;
    assert!(bob.is_reset("MAILBOX_OVERFLOW"), "{:?}", bob.welcome);
}

#[tokio::test]
async fn a_reloaded_page_replaces_its_old_session() {
    let node = Node::start().await;
    let mut ada = Peer::in_room(&node, "demo").await;
    let mut old = Peer::in_room(&node, "demo").await;
    ada.expect_joined(old.id()).await;
    let hello = Hello { replaces: old.welcome.session_token.clone(), ..resumable() };
    let mut new = Peer::with(&mut node.client().await, hello).await;
    assert_eq!(new.welcome.outcome(), Outcome::New);
    assert_ne!(new.id(), old.id());
    let left = ada.expect_left().await;
    assert_eq!((left.peer_id.as_str(), left.reason.as_str()), (old.id(), "REPLACED"));
    assert_eq!(old.expect_fatal().await.reason, "REPLACED");
    new.join("demo").await;
    ada.expect_joined(new.id()).await;
}

#[tokio::test]
async fn a_hello_that_fails_replaces_nothing() {
    let node = Node::with(|config| config.session.max_sessions = 2).await;
    let mut ada = Peer::in_room(&node, "demo").await;
    let mut old = Peer::in_room(&node, "demo").await;
    ada.expect_joined(old.id()).await;
    let token = old.welcome.session_token.clone();
    let hello = || Hello { replaces: token.clone(), ..resumable() };
    let invalid = Hello { user_id: "x".repeat(129), ..hello() };
    let Err((error, _)) = Peer::try_with(&mut node.client().await, invalid).await else { panic!("welcomed") };
    assert_eq!((error.reason.as_str(), error.advice()), ("INVALID_FIELD", Advice::Stop));
    let Err((error, _)) = Peer::try_with(&mut node.client().await, resumable()).await else { panic!("welcomed") };
    assert_eq!(error.reason, "LIMIT_EXCEEDED");
    ada.send(say("demo", "still there?")).await;
    old.expect_text("still there?").await;
    Peer::with(&mut node.client().await, hello()).await;
    assert_eq!(ada.expect_left().await.reason, "REPLACED", "a full server exchanges one for one");
}

#[tokio::test]
async fn a_half_close_detaches_a_resumable_session_only() {
    let node = Node::start().await;
    let mut ada = Peer::in_room(&node, "demo").await;
    let mut live = Peer::live(&node).await;
    live.join("demo").await;
    ada.expect_joined(live.id()).await;
    let mut bob = Peer::in_room(&node, "demo").await;
    ada.expect_joined(bob.id()).await;
    live.expect_joined(bob.id()).await;

    live.half_close();
    bob.half_close();
    bob.ends().await.expect("a detached stream ends with OK");
    ada.send(say("demo", "who listens?")).await;
    live.expect_text("who listens?").await;
    let mut bob = bob.reconnect(&node).await;
    bob.expect_roster().await;
    bob.expect_text("who listens?").await;
}

#[tokio::test]
async fn a_reset_connection_is_a_lost_one() {
    let node = Node::start().await;
    let mut ada = Peer::in_room(&node, "demo").await;
    let mut bob = Peer::with(&mut client_that_resets(node.addr).await, resumable()).await;
    bob.join("demo").await;
    ada.expect_joined(bob.id()).await;
    let mut bob = bob.reconnect(&node).await;
    bob.expect_roster().await;
    bob.send(say("demo", "back")).await;
    ada.expect_text("back").await;
}

#[tokio::test]
async fn others_see_it_reconnecting_after_two_seconds_and_online_again() {
    let node = Node::start().await;
    let mut ada = Peer::in_room(&node, "demo").await;
    let bob = Peer::in_room(&node, "demo").await;
    ada.expect_joined(bob.id()).await;
    let hello = bob.resume();
    drop(bob);
    assert_eq!(ada.expect_state().await, State::Reconnecting);
    let _bob = Peer::with(&mut node.client().await, hello).await;
    assert_eq!(ada.expect_state().await, State::Online);
}
