//! A session comes back through any door, from any other, and each door tells it the same.

#[path = "websocket/client.rs"]
mod client;
#[path = "support/doors.rs"]
mod doors;
#[path = "shell/running.rs"]
mod running;
#[path = "support/traveler.rs"]
mod traveler;

use wigwag_proto::v1::{
    Bye, ClientFrame, EndRoom, Hello, Join, RemoveMember, client_frame::Body as Up, server_frame::Body as Down,
    welcome::Outcome,
};

use doors::{DOORS, Door};
use running::Running;
use traveler::{Traveler, said};

/// Every pair of doors, one after the other: a way through all of them that uses each passage once.
const WAY: [usize; 17] = [0, 0, 1, 0, 2, 0, 3, 1, 1, 2, 1, 3, 2, 2, 3, 3, 0];

async fn server() -> Running {
    Running::start(|_| {}).await
}

/// An owner that stays, and a session at each door, all in "demo".
async fn company(server: &Running, hello: &Hello) -> (Traveler, Vec<(Door, Traveler)>) {
    let mut owner = Traveler::open(Door::Signal, server.addr).await;
    owner.join("demo").await;
    let mut others = Vec::new();
    for door in DOORS {
        let mut one = Traveler::with(door, server.addr, hello.clone()).await;
        one.join("demo").await;
        others.push((door, one));
    }
    (owner, others)
}

/// The door behind this one: a session opened at one comes back through another.
fn next(door: Door) -> Door {
    let at = DOORS.iter().position(|other| *other == door).expect("a door");
    DOORS[(at + 1) % DOORS.len()]
}

#[tokio::test]
async fn a_session_goes_from_every_door_to_every_other() {
    let server = server().await;
    let mut ada = Traveler::open(Door::Signal, server.addr).await;
    ada.join("demo").await;
    let mut bob = Traveler::open(DOORS[WAY[0]], server.addr).await;
    bob.join("demo").await;
    for (hop, passage) in WAY.windows(2).enumerate() {
        let before = format!("on the way {hop}");
        if hop % 2 == 0 {
            // The server may know that the connection is lost, or not.
            bob.lose();
        }
        ada.say("demo", &before).await;
        let epoch = bob.epoch;
        bob.enter(DOORS[passage[1]]).await;
        assert_eq!(bob.epoch, epoch + 1);
        bob.hears(&before).await;
        // It does not trust the acknowledgement of its welcome, and sends its last frame again.
        let last =
            if hop == 0 { Up::Join(Join { room: "demo".into(), ..Join::default() }) } else { said("demo", "again") };
        bob.frame(ClientFrame { seq: bob.sent, ack: bob.seen, body: Some(last) }).await;
        bob.say("demo", &format!("from {hop}")).await;
        ada.hears(&format!("from {hop}")).await;
        ada.say("demo", &format!("to {hop}")).await;
        bob.hears(&format!("to {hop}")).await;
    }
    assert_eq!(ada.seen, 1 + 16, "nothing twice, and nobody was seen to leave");
}

#[tokio::test]
async fn a_second_resume_in_a_row_replays_what_the_first_did() {
    let server = server().await;
    let mut ada = Traveler::open(Door::Signal, server.addr).await;
    ada.join("demo").await;
    for first in DOORS {
        for second in DOORS {
            let mut bob = Traveler::open(first, server.addr).await;
            bob.join("demo").await;
            bob.lose();
            for text in ["one", "two"] {
                ada.say("demo", text).await;
            }
            // The welcome of the first is lost on its way: the client knows nothing of its epoch.
            let lost = bob.knock(first).await.expect("a welcome");
            assert_eq!((lost.welcome.outcome(), lost.welcome.epoch), (Outcome::Resumed, 2));
            drop(lost);
            bob.enter(second).await;
            assert_eq!(bob.epoch, 3, "{first:?}, {second:?}");
            bob.hears("one").await;
            bob.hears("two").await;
            // The process of the client dies with the second, which it had not acknowledged.
            bob.seen -= 1;
            bob.enter(first).await;
            bob.hears("two").await;
            bob.send(Up::Bye(Bye {})).await;
            assert_eq!(ada.sees_leave().await, (bob.id, "LEFT".to_owned()));
        }
    }
}

#[tokio::test]
async fn after_the_grace_period_every_door_says_so() {
    let server = server().await;
    let (mut owner, mut others) = company(&server, &Hello { grace_ms: 300, ..Hello::default() }).await;
    others.iter_mut().for_each(|(_, one)| one.lose());
    let mut left = Vec::new();
    for _ in &others {
        left.push(owner.sees_leave().await);
    }
    for (door, one) in &others {
        assert!(left.contains(&(one.id.clone(), "EXPIRED".to_owned())), "{left:?}");
        assert_eq!(one.reset(next(*door), |_| {}).await.reset_reason, "EXPIRED");
        assert_eq!(one.reset(*door, |_| {}).await.reset_reason, "EXPIRED", "and again");
    }
}

#[tokio::test]
async fn what_cannot_be_resumed_is_a_reset_with_its_reason() {
    let server = server().await;
    for door in DOORS {
        let mut one = Traveler::open(door, server.addr).await;
        one.join("demo").await;
        let wrong = one.reset(next(door), |resume| resume.session_token.push('x')).await;
        assert_eq!(wrong.reset_reason, "UNKNOWN_SESSION", "{door:?}");
        one.say("demo", "the right one has not noticed").await;
        one.lose();
        let ahead = one.reset(next(door), |resume| resume.last_seq += 1).await;
        assert_eq!(ahead.reset_reason, "SEQ_MISMATCH", "{door:?}: the server sent nothing of that number");
        assert_eq!(one.reset(door, |_| {}).await.reset_reason, "SEQ_MISMATCH", "{door:?}: the session is gone");

        let mut one = Traveler::open(door, server.addr).await;
        one.join("demo").await;
        one.say("demo", "with an acknowledgement").await;
        one.enter(next(door)).await;
        one.lose();
        let behind = one.reset(door, |resume| resume.last_seq = 0).await;
        assert_eq!(behind.reset_reason, "SEQ_MISMATCH", "{door:?}: what was acknowledged is gone");

        let mut one = Traveler::open(door, server.addr).await;
        let future = one.reset(next(door), |resume| resume.epoch = 2).await;
        assert_eq!(future.reset_reason, "SEQ_MISMATCH", "{door:?}: nobody was welcomed in that epoch");
        one.lose();

        let mut one = Traveler::open(door, server.addr).await;
        one.send(Up::Bye(Bye {})).await;
        one.line.take().expect("a connection").ends().await;
        assert_eq!(one.reset(next(door), |_| {}).await.reset_reason, "ENDED", "{door:?}");
    }
}

#[tokio::test]
async fn an_older_epoch_is_refused_by_every_door_once_a_newer_one_spoke() {
    let server = server().await;
    for door in DOORS {
        let mut one = Traveler::open(door, server.addr).await;
        one.join("demo").await;
        let copy = one.hello();
        one.enter(next(door)).await;
        one.join("second").await;
        for knocked in DOORS {
            let refused = doors::Line::open(knocked, server.addr, copy.clone()).await;
            let error = refused.err().unwrap_or_else(|| panic!("{knocked:?} let a copy in"));
            assert_eq!((error.reason.as_str(), error.fatal), ("SUPERSEDED", true), "{knocked:?}");
        }
        assert!(!one.join("second").await.created, "the one that is right has not noticed");
    }
}

#[tokio::test]
async fn a_seat_lost_while_away_is_told_behind_any_door() {
    let server = server().await;
    for ended in [false, true] {
        let (mut owner, mut others) = company(&server, &Hello::default()).await;
        owner.say("demo", "before").await;
        for (_, one) in &mut others {
            one.lose();
        }
        for (place, (_, one)) in others.iter().enumerate() {
            if !ended {
                let remove = RemoveMember { room: "demo".into(), peer_id: one.id.clone(), ban: place % 2 == 1 };
                owner.send(Up::RemoveMember(remove)).await;
                assert_eq!(owner.sees_leave().await.0, one.id, "at once");
                assert!(matches!(owner.next().await.body, Some(Down::Done(_))));
            }
        }
        if ended {
            owner.send(Up::EndRoom(EndRoom { room: "demo".into() })).await;
            owner.hears_own_left().await;
        }
        for (place, (door, one)) in others.iter_mut().enumerate() {
            one.enter(next(*door)).await;
            one.hears("before").await;
            let reason = if ended { "ENDED" } else { ["REMOVED", "BANNED"][place % 2] };
            assert_eq!(one.hears_own_left().await.reason, reason, "{door:?}");
        }
        // The room of the next round is a new one.
        if !ended {
            owner.send(Up::EndRoom(EndRoom { room: "demo".into() })).await;
            owner.hears_own_left().await;
        }
    }
}

#[tokio::test]
async fn a_mailbox_that_overflowed_while_away_is_a_reset_behind_any_door() {
    let server = Running::start(|config| config.session.detached_frames = 0).await;
    let (mut owner, mut others) = company(&server, &Hello::default()).await;
    for (_, one) in &mut others {
        // A frame that is written and not acknowledged, beside which nothing fits.
        one.join("other").await;
        one.lose();
    }
    // What reaches it while the server thinks it is there would fit.
    for _ in &others {
        owner.sees_reconnecting().await;
    }
    for (_, one) in &others {
        let remove = RemoveMember { room: "demo".into(), peer_id: one.id.clone(), ban: false };
        owner.send(Up::RemoveMember(remove)).await;
        assert_eq!(owner.sees_leave().await.0, one.id);
        assert!(matches!(owner.next().await.body, Some(Down::Done(_))));
    }
    for (door, one) in &others {
        assert_eq!(one.reset(next(*door), |_| {}).await.reset_reason, "MAILBOX_OVERFLOW", "{door:?}");
    }
}
