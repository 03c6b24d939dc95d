//! A session resumes over any transport after any other, with the same result.

#[path = "websocket/client.rs"]
mod client;
#[path = "support/roaming.rs"]
mod roaming;
#[path = "shell/running.rs"]
mod running;
#[path = "support/transports.rs"]
mod transports;

use wigwag_proto::v1::{
    Bye, ClientFrame, EndRoom, Hello, Join, RemoveMember, client_frame::Body as Up, server_frame::Body as Down,
    welcome::Outcome,
};

use roaming::{RoamingSession, said};
use running::Running;
use transports::{TRANSPORTS, Transport};

/// An order of transports, by index, that contains every ordered pair of neighbors once.
const ROUTE: [usize; 17] = [0, 0, 1, 0, 2, 0, 3, 1, 1, 2, 1, 3, 2, 2, 3, 3, 0];

async fn server() -> Running {
    Running::start(|_| {}).await
}

/// Opens an owner, and a session over each transport, all in "demo".
async fn owner_and_members(server: &Running, hello: &Hello) -> (RoamingSession, Vec<(Transport, RoamingSession)>) {
    let mut owner = RoamingSession::open(Transport::Signal, server.addr).await;
    owner.join("demo").await;
    let mut others = Vec::new();
    for transport in TRANSPORTS {
        let mut one = RoamingSession::with(transport, server.addr, hello.clone()).await;
        one.join("demo").await;
        others.push((transport, one));
    }
    (owner, others)
}

/// Returns the transport over which a session that was opened over this one resumes.
fn next(transport: Transport) -> Transport {
    let at = TRANSPORTS.iter().position(|other| *other == transport).expect("one of them");
    TRANSPORTS[(at + 1) % TRANSPORTS.len()]
}

#[tokio::test]
async fn a_session_resumes_over_every_transport_after_every_other() {
    let server = server().await;
    let mut ada = RoamingSession::open(Transport::Signal, server.addr).await;
    ada.join("demo").await;
    let mut bob = RoamingSession::open(TRANSPORTS[ROUTE[0]], server.addr).await;
    bob.join("demo").await;
    for (hop, pair) in ROUTE.windows(2).enumerate() {
        let before = format!("on the way {hop}");
        if hop % 2 == 0 {
            // The server may know that the connection is lost, or not.
            bob.lose();
        }
        ada.say("demo", &before).await;
        let epoch = bob.epoch;
        bob.resume(TRANSPORTS[pair[1]]).await;
        assert_eq!(bob.epoch, epoch + 1);
        bob.expect_text(&before).await;
        // It does not trust the acknowledgment of its welcome, and sends its last frame again.
        let last =
            if hop == 0 { Up::Join(Join { room: "demo".into(), ..Join::default() }) } else { said("demo", "again") };
        bob.frame(ClientFrame { seq: bob.sent, ack: bob.seen, body: Some(last) }).await;
        bob.say("demo", &format!("from {hop}")).await;
        ada.expect_text(&format!("from {hop}")).await;
        ada.say("demo", &format!("to {hop}")).await;
        bob.expect_text(&format!("to {hop}")).await;
    }
    assert_eq!(ada.seen, 1 + 16, "nothing twice, and no member left");
}

#[tokio::test]
async fn a_second_resume_in_a_row_replays_what_the_first_did() {
    let server = server().await;
    let mut ada = RoamingSession::open(Transport::Signal, server.addr).await;
    ada.join("demo").await;
    for first in TRANSPORTS {
        for second in TRANSPORTS {
            let mut bob = RoamingSession::open(first, server.addr).await;
            bob.join("demo").await;
            bob.lose();
            for text in ["one", "two"] {
                ada.say("demo", text).await;
            }
            // The welcome of the first is lost, so that the client does not know its epoch.
            let lost = bob.try_resume(first).await.expect("a welcome");
            assert_eq!((lost.welcome.outcome(), lost.welcome.epoch), (Outcome::Resumed, 2));
            drop(lost);
            bob.resume(second).await;
            assert_eq!(bob.epoch, 3, "{first:?}, {second:?}");
            bob.expect_text("one").await;
            bob.expect_text("two").await;
            // The process of the client dies with the second, which it had not acknowledged.
            bob.seen -= 1;
            bob.resume(first).await;
            bob.expect_text("two").await;
            bob.send(Up::Bye(Bye {})).await;
            assert_eq!(ada.sees_leave().await, (bob.id, "LEFT".to_owned()));
        }
    }
}

#[tokio::test]
async fn after_the_grace_period_every_transport_resets() {
    let server = server().await;
    let (mut owner, mut others) = owner_and_members(&server, &Hello { grace_ms: 300, ..Hello::default() }).await;
    others.iter_mut().for_each(|(_, one)| one.lose());
    let mut left = Vec::new();
    for _ in &others {
        left.push(owner.sees_leave().await);
    }
    for (transport, one) in &others {
        assert!(left.contains(&(one.id.clone(), "EXPIRED".to_owned())), "{left:?}");
        assert_eq!(one.reset(next(*transport), |_| {}).await.reset_reason, "EXPIRED");
        assert_eq!(one.reset(*transport, |_| {}).await.reset_reason, "EXPIRED", "and again");
    }
}

#[tokio::test]
async fn what_cannot_be_resumed_is_a_reset_with_its_reason() {
    let server = server().await;
    for transport in TRANSPORTS {
        let mut one = RoamingSession::open(transport, server.addr).await;
        one.join("demo").await;
        let wrong = one.reset(next(transport), |resume| resume.session_token.push('x')).await;
        assert_eq!(wrong.reset_reason, "UNKNOWN_SESSION", "{transport:?}");
        one.say("demo", "the session is not affected").await;
        one.lose();
        let ahead = one.reset(next(transport), |resume| resume.last_seq += 1).await;
        assert_eq!(ahead.reset_reason, "SEQ_MISMATCH", "{transport:?}: the server did not send that number");
        assert_eq!(
            one.reset(transport, |_| {}).await.reset_reason,
            "SEQ_MISMATCH",
            "{transport:?}: the session is gone"
        );

        let mut one = RoamingSession::open(transport, server.addr).await;
        one.join("demo").await;
        one.say("demo", "with an acknowledgment").await;
        one.resume(next(transport)).await;
        one.lose();
        let behind = one.reset(transport, |resume| resume.last_seq = 0).await;
        assert_eq!(behind.reset_reason, "SEQ_MISMATCH", "{transport:?}: acknowledged frames are not kept");

        let mut one = RoamingSession::open(transport, server.addr).await;
        let future = one.reset(next(transport), |resume| resume.epoch = 2).await;
        assert_eq!(future.reset_reason, "SEQ_MISMATCH", "{transport:?}: there was no welcome of that epoch");
        one.lose();

        let mut one = RoamingSession::open(transport, server.addr).await;
        one.send(Up::Bye(Bye {})).await;
        one.connection.take().expect("a connection").ends().await;
        assert_eq!(one.reset(next(transport), |_| {}).await.reset_reason, "ENDED", "{transport:?}");
    }
}

#[tokio::test]
async fn an_older_epoch_is_refused_over_every_transport() {
    let server = server().await;
    for transport in TRANSPORTS {
        let mut one = RoamingSession::open(transport, server.addr).await;
        one.join("demo").await;
        let copy = one.hello();
        one.resume(next(transport)).await;
        one.join("second").await;
        for other in TRANSPORTS {
            let refused = transports::Connection::open(other, server.addr, copy.clone()).await;
            let error = refused.err().unwrap_or_else(|| panic!("{other:?} let a copy in"));
            assert_eq!((error.reason.as_str(), error.fatal), ("SUPERSEDED", true), "{other:?}");
        }
        assert!(!one.join("second").await.created, "the newer attachment is not affected");
    }
}

#[tokio::test]
async fn a_membership_lost_while_detached_is_reported_over_any_transport() {
    let server = server().await;
    for ended in [false, true] {
        let (mut owner, mut others) = owner_and_members(&server, &Hello::default()).await;
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
            owner.expect_own_left().await;
        }
        for (place, (transport, one)) in others.iter_mut().enumerate() {
            one.resume(next(*transport)).await;
            one.expect_text("before").await;
            let reason = if ended { "ENDED" } else { ["REMOVED", "BANNED"][place % 2] };
            assert_eq!(one.expect_own_left().await.reason, reason, "{transport:?}");
        }
        // The room of the next round is a new one.
        if !ended {
            owner.send(Up::EndRoom(EndRoom { room: "demo".into() })).await;
            owner.expect_own_left().await;
        }
    }
}

#[tokio::test]
async fn a_mailbox_that_overflowed_while_detached_is_a_reset_over_any_transport() {
    let server = Running::start(|config| config.session.detached_frames = 0).await;
    let (mut owner, mut others) = owner_and_members(&server, &Hello::default()).await;
    for (_, one) in &mut others {
        // Leaves one unacknowledged frame; no other fits.
        one.join("other").await;
        one.lose();
    }
    // Frames sent before the server notices the loss would still fit.
    for _ in &others {
        owner.sees_reconnecting().await;
    }
    for (_, one) in &others {
        let remove = RemoveMember { room: "demo".into(), peer_id: one.id.clone(), ban: false };
        owner.send(Up::RemoveMember(remove)).await;
        assert_eq!(owner.sees_leave().await.0, one.id);
        assert!(matches!(owner.next().await.body, Some(Down::Done(_))));
    }
    for (transport, one) in &others {
        assert_eq!(one.reset(next(*transport), |_| {}).await.reset_reason, "MAILBOX_OVERFLOW", "{transport:?}");
    }
}
