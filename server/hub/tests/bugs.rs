//! Bugs that other signaling and messaging systems had in resuming sessions, one test each. f and g were bugs of clusters
//! (a node died, a store restarted); the tests check their equivalent on a single node.

use std::{sync::Arc, task::Waker};

use wigwag_hub::{
    Backend, Limits, MemoryBackend, Reason,
    contract::kit::{Client, World, answer, direct, in_room, join, room_name},
    error::{DetachReason, JoinError, ResumeError, SendError, StepError},
    session::Fetched,
};

fn world() -> World {
    World::new(Arc::new(MemoryBackend::new(Limits::default())))
}

fn members<'w>(world: &'w World, names: &[&str]) -> Vec<Client<'w>> {
    names
        .iter()
        .map(|name| {
            let mut client = world.client(name);
            client.join("demo");
            client
        })
        .collect()
}

/// A client that had received nothing yet could not resume.
#[test]
fn bug_a_nothing_received_yet() {
    let world = world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    bob.disconnect();
    ada.send_direct(bob.peer(), "first");
    bob.resume_with(|resume| assert_eq!(resume.last_seq, 0)).expect("0 is valid");
    assert_eq!(bob.read_all(&mut ada), ["first"]);
}

/// A client reconnected before the server had noticed the loss, and the session was not stored yet.
#[test]
fn bug_b_back_before_the_loss_was_noticed() {
    let world = world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    let old = bob.attachment.clone();
    ada.send_direct(bob.peer(), "in flight");
    bob.resume().expect("registered before it was welcomed");
    answer(|| old.detach(world.now(), DetachReason::ConnectionLost)).expect("it ends");
    world.advance(60_000);
    assert_eq!(bob.read_all(&mut ada), ["in flight"], "detaching the old connection late has no effect");
    assert_eq!(bob.detached, None);
}

/// A second resume replayed what the first had already replayed.
#[test]
fn bug_c_a_second_resume_in_a_row() {
    let world = world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    for text in ["1", "2"] {
        ada.send_direct(bob.peer(), text);
    }
    bob.disconnect();
    bob.resume().expect("resumed");
    assert_eq!(bob.read(2), ["1", "2"]);
    bob.disconnect();
    bob.resume().expect("resumed");
    assert_eq!(bob.read_all(&mut ada), [""; 0]);
}

/// The position to resume from was lost after a long idle time.
#[test]
fn bug_d_a_long_quiet_session() {
    let world = world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    for number in 0..500 {
        ada.send_direct(bob.peer(), &number.to_string());
        bob.pump();
        bob.ack();
    }
    bob.inbox.clear();
    world.advance(86_400_000);
    bob.disconnect();
    world.advance(29_999);
    ada.send_direct(bob.peer(), "after idle");
    bob.resume().expect("the position is known although nothing is held");
    assert_eq!(bob.read_all(&mut ada), ["after idle"]);
}

/// Two connections had the same session at the same time.
#[test]
fn bug_e_two_connections_of_one_session() {
    let world = world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    let first = bob.attachment.clone();
    bob.resume().expect("resumed");
    let second = bob.attachment.clone();
    bob.resume().expect("resumed");
    ada.send_direct(bob.peer(), "once");
    for old in [first, second] {
        let mut out = Vec::new();
        assert_eq!(
            old.fetch(world.now(), Waker::noop(), 1 << 20, &mut out),
            Fetched::Detached(DetachReason::Superseded)
        );
        assert!(out.is_empty());
        let sent = answer(|| old.send(world.now(), 1, direct(ada.peer(), "twice")));
        assert_eq!(sent, Err(StepError::Detached(DetachReason::Superseded)));
    }
    assert_eq!(bob.read_all(&mut ada), ["once"]);
}

/// The server went down, and clients kept waiting for sessions that no longer existed.
#[test]
fn bug_f_the_server_went_down() {
    let before = world();
    let mut clients = members(&before, &["ada", "bob"]);
    let resume_request = clients.pop().expect("two").resume_request();
    // Its successor has no sessions. It answers so at once, each time, and keeps no state for the attempt.
    let after = world();
    let mut bob = after.client("bob");
    for _ in 0..3 {
        let reset = bob.resume_with(|resume| *resume = resume_request.clone());
        assert_eq!(reset, Err(ResumeError::Reset(Reason::UnknownSession)));
    }
    assert_eq!(after.backend.stats().sessions, 1, "only the new session");
    assert!(bob.join("demo").created, "members of the old room have to join again");
}

/// Heartbeats continued but nothing was received: the subscription had been lost.
#[test]
fn bug_g_a_lost_subscription() {
    let world = World::new(Arc::new(MemoryBackend::new(Limits { presence_events: 2, ..Limits::default() })));
    let mut clients = members(&world, &["ada", "bob"]);
    let (ada, bob) = clients.split_at_mut(1);
    let (ada, bob) = (&mut ada[0], &mut bob[0]);
    bob.pump();
    bob.inbox.clear();
    let mut recovers = |value: &str, lose: fn(&mut Client<'_>, &mut Client<'_>)| {
        lose(ada, bob);
        world.advance(10_000);
        assert_eq!(bob.attachment.ack(world.now(), 0), Ok(()));
        let told = bob.read_presence("demo", ada);
        assert_eq!(told.first().map(String::as_str), Some("roster ada bob"), "the current members: {told:?}");
        ada.set("demo", "k", value);
        assert_eq!(bob.read_presence("demo", ada), ["~ada online"], "changes continue: {value}");
    };
    recovers("after an overflow of the queue", |ada, _| {
        (0..9).for_each(|number| ada.set("demo", "k", &number.to_string()));
    });
    recovers("after a resume", |_, bob| {
        bob.disconnect();
        bob.resume().expect("resumed");
    });
}

/// "The client says it handled 9 new frames, but we only sent 0": numbers were counted instead of written.
#[test]
fn bug_h_acknowledging_unsent_numbers() {
    let world = world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    ada.send_with_receipt(bob.peer(), "one");
    assert_eq!(bob.attachment.ack(world.now(), 1), Err(0), "kept but not written yet");
    bob.read(1);
    assert_eq!(bob.attachment.ack(world.now(), 9), Err(1));
    let reset = bob.resume_with(|resume| resume.last_seq = 9);
    assert_eq!(reset, Err(ResumeError::Reset(Reason::SeqMismatch)));
    assert_eq!(ada.read_all(&mut world.client("via")), ["receipt bob UNDELIVERABLE SEQ_MISMATCH"]);
}

/// Received messages were sent again, because the last acknowledgment was lost with the connection.
#[test]
fn bug_i_the_last_acknowledgment() {
    let world = world();
    let (mut ada, mut bob, mut eve) = (world.client("ada"), world.client("bob"), world.client("eve"));
    let mut via = world.client("via");
    for peer in [bob.peer().clone(), eve.peer().clone()] {
        ada.send_with_receipt(&peer, "hi");
    }
    // Acknowledged together with the bye.
    bob.read(1);
    bob.ack();
    answer(|| bob.attachment.close(world.now(), Reason::Left)).expect("it ends");
    // Acknowledged by the resume.
    eve.read(1);
    eve.disconnect();
    eve.resume().expect("resumed");
    answer(|| eve.attachment.close(world.now(), Reason::Left)).expect("it ends");
    assert_eq!(ada.read_all(&mut via), ["receipt bob DELIVERED", "receipt eve DELIVERED"]);
}

/// A connection was half open for twenty minutes, and messages to it failed late.
#[test]
fn bug_j_a_half_open_connection() {
    let world = world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    world.advance(5_000);
    assert_eq!(bob.attachment.ack(world.now(), 0), Ok(()));
    world.advance(25_000);
    assert_eq!(world.now().mono_ms - bob.attachment.last_activity_ms(), 25_000, "idle time is measured");
    ada.send_direct(bob.peer(), "never received");
    bob.pump(); // Written, and lost in transit.
    answer(|| bob.attachment.detach(world.now(), DetachReason::HeartbeatTimeout)).expect("it ends");
    assert_eq!(bob.wait_detached(), DetachReason::HeartbeatTimeout);
    bob.last = 0;
    bob.inbox.clear();
    bob.resume().expect("resumed");
    assert_eq!(world.now().mono_ms, bob.attachment.last_activity_ms(), "a new connection counts as activity");
    assert_eq!(bob.read_all(&mut ada), ["never received"]);
}

/// A removed member returned by resuming.
#[test]
fn bug_k_removed_and_resumed() {
    for ban in [false, true] {
        let world = world();
        let mut clients = members(&world, &["ada", "eve", "bob"]);
        let mut bob = clients.pop().expect("three");
        bob.disconnect();
        answer(|| world.backend.remove_member(world.now(), &room_name("demo"), bob.peer(), ban)).expect("removed");
        bob.resume().expect("the session continues, outside of the room");
        assert_eq!(world.members_in("demo"), "ada eve");
        let refused = clients[0].send(in_room("demo", Some(bob.peer()), "to a former member"));
        assert_eq!(refused, Err(StepError::Refused(SendError::PeerNotFound)), "it is no longer a member");
        let refused = bob.send(in_room("demo", None, "from a former member"));
        assert!(matches!(refused, Err(StepError::Refused(_))));
        let again = bob.try_join(join("demo"));
        assert_eq!(again.err(), ban.then_some(StepError::Refused(JoinError::Banned)));
    }
}

/// Reconnecting bypassed the member limit of a room.
#[test]
fn bug_l_bypassing_the_member_limit() {
    let world = World::new(Arc::new(MemoryBackend::new(Limits { members: 2, ..Limits::default() })));
    let mut clients = members(&world, &["ada", "bob"]);
    let mut eve = world.client("eve");
    clients[1].disconnect();
    assert_eq!(eve.try_join(join("demo")).err(), Some(StepError::Refused(JoinError::RoomFull { max: 2 })));
    // Removed and replaced while disconnected, it does not become a member again.
    answer(|| world.backend.remove_member(world.now(), &room_name("demo"), clients[1].peer(), false)).expect("removed");
    eve.join("demo");
    clients[1].resume().expect("resumed");
    assert_eq!(world.members_in("demo"), "ada eve");
}

/// A member was listed twice.
#[test]
fn bug_m_a_member_listed_twice() {
    let world = world();
    let mut clients = members(&world, &["ada", "eve", "bob"]);
    for _ in 0..3 {
        clients[2].disconnect();
        world.advance(5_000);
        clients[2].resume().expect("resumed");
        clients[2].join("demo");
    }
    let (ada, rest) = clients.split_at_mut(1);
    let presence = ada[0].read_presence("demo", &mut rest[0]);
    assert_eq!(presence.iter().filter(|text| *text == "+bob").count(), 1, "{presence:?}");
    assert_eq!(world.members_in("demo"), "ada eve bob");
}

/// A reconnect with an unknown session was treated as a new client, and the old one was removed as its duplicate.
#[test]
fn bug_n_an_unknown_session_is_reset_and_not_joined() {
    let world = world();
    let mut clients = members(&world, &["ada", "bob"]);
    let mut lost = world.client("lost");
    let unknown = world.open("unknown").credentials;
    let reset = lost.resume_with(|resume| resume.credentials = unknown);
    assert_eq!(reset, Err(ResumeError::Reset(Reason::UnknownSession)));
    assert_eq!(world.members_in("demo"), "ada bob");
    assert_eq!(world.backend.stats().sessions, 3, "none was opened for it");
    let (ada, bob) = clients.split_at_mut(1);
    assert_eq!(ada[0].read_presence("demo", &mut bob[0]), ["+bob"]);
}

/// A resume crossed with the server's end of the session.
#[test]
fn bug_o_a_resume_crosses_the_end() {
    let backend = Arc::new(MemoryBackend::new(Limits::default()));
    let world = World::new(backend.clone());
    let mut bob = world.client("bob");
    bob.join("demo");
    bob.disconnect();
    world.advance(30_000);
    for _ in 0..3 {
        assert_eq!(bob.resume(), Err(ResumeError::Reset(Reason::Expired)), "the reason can be read repeatedly");
    }
    assert_eq!((backend.stats().sessions, backend.stats().rooms), (0, 0));
}
