//! Bugs that other signaling and messaging systems had where sessions are resumed, each as a test of its own. The letters are
//! those of the list in the project's notes on reliability. f and g were bugs of clusters (a node died, a store restarted);
//! here stands what they come to on a single node.

use std::{sync::Arc, task::Waker};

use wigwag_hub::{
    Backend, Limits, MemoryBackend, Reason,
    contract::kit::{Client, World, answer, direct, in_room, join, room_name},
    error::{Cut, JoinError, ResumeError, SendError, StepError},
    session::Fetched,
};

fn world() -> World {
    World::new(Arc::new(MemoryBackend::new(Limits::default())))
}

fn seats<'w>(world: &'w World, names: &[&str]) -> Vec<Client<'w>> {
    names
        .iter()
        .map(|name| {
            let mut client = world.client(name);
            client.join("demo");
            client
        })
        .collect()
}

/// A client that had received nothing yet could not be resumed.
#[test]
fn bug_a_nothing_received_yet() {
    let world = world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    bob.lose();
    ada.tell(bob.peer(), "first");
    bob.resume_with(|resume| assert_eq!(resume.last_seq, 0)).expect("0 is where everybody begins");
    assert_eq!(bob.reads(&mut ada), ["first"]);
}

/// A client was back before the server had noticed that it was gone, and the session had not been stored yet.
#[test]
fn bug_b_back_before_the_loss_was_noticed() {
    let world = world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    let old = bob.attachment.clone();
    ada.tell(bob.peer(), "on its way");
    bob.resume().expect("at once: it was registered before it was welcomed");
    old.detach(world.now(), Cut::Detached);
    world.pass(60_000);
    assert_eq!(bob.reads(&mut ada), ["on its way"], "the late notice of the loss does no harm");
    assert_eq!(bob.cut, None);
}

/// The second of two resumes in a row replayed what the first had replayed already.
#[test]
fn bug_c_a_second_resume_in_a_row() {
    let world = world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    for text in ["1", "2"] {
        ada.tell(bob.peer(), text);
    }
    bob.lose();
    bob.resume().expect("resumed");
    assert_eq!(bob.read(2), ["1", "2"]);
    bob.lose();
    bob.resume().expect("resumed");
    assert_eq!(bob.reads(&mut ada), [""; 0]);
}

/// After a long silence the place to resume from was forgotten.
#[test]
fn bug_d_a_long_quiet_session() {
    let world = world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    for number in 0..500 {
        ada.tell(bob.peer(), &number.to_string());
        bob.pump();
        bob.ack();
    }
    bob.inbox.clear();
    world.pass(86_400_000);
    bob.lose();
    world.pass(29_999);
    ada.tell(bob.peer(), "news");
    bob.resume().expect("nothing is held, and still the place is known");
    assert_eq!(bob.reads(&mut ada), ["news"]);
}

/// Two connections held the same session at a time.
#[test]
fn bug_e_two_connections_of_one_session() {
    let world = world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    let first = bob.attachment.clone();
    bob.resume().expect("resumed");
    let second = bob.attachment.clone();
    bob.resume().expect("resumed");
    ada.tell(bob.peer(), "once");
    for old in [first, second] {
        let mut out = Vec::new();
        assert_eq!(old.fetch(world.now(), Waker::noop(), 1 << 20, &mut out), Fetched::Cut(Cut::Superseded));
        assert!(out.is_empty());
        let sent = answer(old.send(world.now(), 1, direct(ada.peer(), "twice")));
        assert_eq!(sent, Err(StepError::Cut(Cut::Superseded)));
    }
    assert_eq!(bob.reads(&mut ada), ["once"]);
}

/// The server went down, and its clients waited for sessions that were gone.
#[test]
fn bug_f_the_server_went_down() {
    let before = world();
    let mut clients = seats(&before, &["ada", "bob"]);
    let asked = clients.pop().expect("two").resume_request();
    // Its successor knows nobody. It says so at once, each time it is asked, and nothing is left of the question.
    let after = world();
    let mut bob = after.client("bob");
    for _ in 0..3 {
        let reset = bob.resume_with(|resume| *resume = asked.clone());
        assert_eq!(reset, Err(ResumeError::Reset(Reason::UnknownSession)));
    }
    assert_eq!(after.backend.census().sessions, 1, "the one of after");
    assert!(bob.join("demo").created, "who was in the room has to come again");
}

/// Heartbeats went on, and nothing was received any more: the subscription had been lost.
#[test]
fn bug_g_alive_and_deaf() {
    let world = World::new(Arc::new(MemoryBackend::new(Limits { presence_events: 2, ..Limits::default() })));
    let mut clients = seats(&world, &["ada", "bob"]);
    let (ada, bob) = clients.split_at_mut(1);
    let (ada, bob) = (&mut ada[0], &mut bob[0]);
    bob.pump();
    bob.inbox.clear();
    let mut hears_again = |news: &str, lose: fn(&mut Client<'_>, &mut Client<'_>)| {
        lose(ada, bob);
        world.pass(10_000);
        bob.attachment.heard(world.now());
        let told = bob.hears("demo", ada);
        assert_eq!(told.first().map(String::as_str), Some("roster ada bob"), "how things are: {told:?}");
        ada.set("demo", "k", news);
        assert_eq!(bob.hears("demo", ada), ["~ada online"], "what comes after: {news}");
    };
    hears_again("more changed than its queue holds", |ada, _| {
        (0..9).for_each(|number| ada.set("demo", "k", &number.to_string()));
    });
    hears_again("its connection was another one", |_, bob| {
        bob.lose();
        bob.resume().expect("resumed");
    });
}

/// "The client says it handled 9 new frames, but we only sent 0": numbers were counted instead of written.
#[test]
fn bug_h_numbers_nobody_sent() {
    let world = world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    ada.tell_with_receipt(bob.peer(), "one");
    assert_eq!(bob.attachment.ack(world.now(), 1), Err(0), "kept, and not written yet");
    bob.read(1);
    assert_eq!(bob.attachment.ack(world.now(), 9), Err(1));
    let reset = bob.resume_with(|resume| resume.last_seq = 9);
    assert_eq!(reset, Err(ResumeError::Reset(Reason::SeqMismatch)));
    assert_eq!(ada.reads(&mut world.client("via")), ["receipt bob UNDELIVERABLE SEQ_MISMATCH"]);
}

/// What had arrived was sent again, because the last acknowledgement was lost with the connection.
#[test]
fn bug_i_the_last_acknowledgement() {
    let world = world();
    let (mut ada, mut bob, mut eve) = (world.client("ada"), world.client("bob"), world.client("eve"));
    let mut via = world.client("via");
    for peer in [bob.peer().clone(), eve.peer().clone()] {
        ada.tell_with_receipt(&peer, "hi");
    }
    // With the bye.
    bob.read(1);
    bob.ack();
    bob.attachment.close(world.now(), Reason::Left);
    // Without one: the number to resume behind says the same.
    eve.read(1);
    eve.lose();
    eve.resume().expect("resumed");
    eve.attachment.close(world.now(), Reason::Left);
    assert_eq!(ada.reads(&mut via), ["receipt bob DELIVERED", "receipt eve DELIVERED"]);
}

/// A connection was half open for twenty minutes, and what was sent to it failed late.
#[test]
fn bug_j_a_half_open_connection() {
    let world = world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    world.pass(5_000);
    bob.attachment.heard(world.now());
    world.pass(25_000);
    assert_eq!(world.now().mono_ms - bob.attachment.last_heard_ms(), 25_000, "silence can be measured");
    ada.tell(bob.peer(), "into the void");
    bob.pump(); // Written, and lost on its way.
    bob.attachment.detach(world.now(), Cut::HeartbeatTimeout);
    assert_eq!(bob.over(), Cut::HeartbeatTimeout);
    bob.last = 0;
    bob.inbox.clear();
    bob.resume().expect("resumed");
    assert_eq!(world.now().mono_ms, bob.attachment.last_heard_ms(), "a new connection starts afresh");
    assert_eq!(bob.reads(&mut ada), ["into the void"]);
}

/// Whoever was removed came back by resuming.
#[test]
fn bug_k_removed_and_resumed() {
    for ban in [false, true] {
        let world = world();
        let mut clients = seats(&world, &["ada", "eve", "bob"]);
        let mut bob = clients.pop().expect("three");
        bob.lose();
        answer(world.backend.remove_member(world.now(), &room_name("demo"), bob.peer(), ban)).expect("removed");
        bob.resume().expect("the session goes on, outside of the room");
        assert_eq!(world.inside("demo"), "ada eve");
        let past = clients[0].send(in_room("demo", Some(bob.peer()), "to nobody"));
        assert_eq!(past, Err(StepError::Refused(SendError::PeerNotFound)), "nothing of the room reaches it");
        let shut = bob.send(in_room("demo", None, "let me in"));
        assert!(matches!(shut, Err(StepError::Refused(_))));
        let again = bob.try_join(join("demo"));
        assert_eq!(again.err(), ban.then_some(StepError::Refused(JoinError::Banned)));
    }
}

/// Reconnecting got past the limit of a room.
#[test]
fn bug_l_past_the_limit_of_a_room() {
    let world = World::new(Arc::new(MemoryBackend::new(Limits { members: 2, ..Limits::default() })));
    let mut clients = seats(&world, &["ada", "bob"]);
    let mut eve = world.client("eve");
    clients[1].lose();
    assert_eq!(eve.try_join(join("demo")).err(), Some(StepError::Refused(JoinError::RoomFull { max: 2 })));
    // Removed and replaced while away, it does not take its seat back.
    answer(world.backend.remove_member(world.now(), &room_name("demo"), clients[1].peer(), false)).expect("removed");
    eve.join("demo");
    clients[1].resume().expect("resumed");
    assert_eq!(world.inside("demo"), "ada eve");
}

/// A member was shown twice.
#[test]
fn bug_m_shown_twice() {
    let world = world();
    let mut clients = seats(&world, &["ada", "eve", "bob"]);
    for _ in 0..3 {
        clients[2].lose();
        world.pass(5_000);
        clients[2].resume().expect("resumed");
        clients[2].join("demo");
    }
    let (ada, rest) = clients.split_at_mut(1);
    let news = ada[0].hears("demo", &mut rest[0]);
    assert_eq!(news.iter().filter(|text| *text == "+bob").count(), 1, "{news:?}");
    assert_eq!(world.inside("demo"), "ada eve bob");
}

/// A reconnect that named no session the server knew was taken for a new client, and the old one was thrown out as its
/// duplicate.
#[test]
fn bug_n_an_unknown_session_is_not_joined_in_silence() {
    let world = world();
    let mut clients = seats(&world, &["ada", "bob"]);
    let mut lost = world.client("lost");
    let stranger = world.open("stranger").credentials;
    let reset = lost.resume_with(|resume| resume.credentials = stranger);
    assert_eq!(reset, Err(ResumeError::Reset(Reason::UnknownSession)));
    assert_eq!(world.inside("demo"), "ada bob");
    assert_eq!(world.backend.census().sessions, 3, "and none was opened for it");
    let (ada, bob) = clients.split_at_mut(1);
    assert_eq!(ada[0].hears("demo", &mut bob[0]), ["+bob"]);
}

/// A resume and the server's own end of the session crossed on the way.
#[test]
fn bug_o_a_resume_crosses_the_end() {
    let backend = Arc::new(MemoryBackend::new(Limits::default()));
    let world = World::new(backend.clone());
    let mut bob = world.client("bob");
    bob.join("demo");
    bob.lose();
    world.pass(30_000);
    for _ in 0..3 {
        assert_eq!(bob.resume(), Err(ResumeError::Reset(Reason::Expired)), "the verdict can be had again");
    }
    assert_eq!((backend.census().sessions, backend.census().rooms), (0, 0));
}
