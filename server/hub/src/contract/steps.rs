//! Client frames: each takes effect exactly once, in order.

use std::collections::BTreeMap;

use super::{
    kit::{answer, direct, in_room, join, repeat, room_name, text_bytes, wait},
    make::Make,
};
use crate::{
    error::{MemberError, SendError, StepError},
    frame::{Body, Item},
};

pub(super) fn a_frame_takes_effect_once(make: &Make<'_>) {
    let world = make.world();
    let (ada, mut bob, mut eve) = (world.client("ada"), world.client("bob"), world.client("eve"));
    let (now, up) = (world.now(), ada.attachment.clone());
    eve.join("demo");
    for _ in 0..2 {
        let first = answer(|| up.send(now, 1, direct(bob.peer(), "once")));
        assert!(matches!(first, Ok(()) | Err(StepError::Seen)));
        let second = answer(|| up.join(now, 2, join("demo")));
        assert!(matches!(second, Ok(()) | Err(StepError::Seen)));
        let third = answer(|| up.send(now, 3, in_room("demo", None, "all")));
        assert!(matches!(third, Ok(()) | Err(StepError::Seen)));
        let fourth = answer(|| up.leave(now, 4, &room_name("demo")));
        assert!(matches!(fourth, Ok(()) | Err(StepError::Seen)));
        let fifth = answer(|| up.reply(now, 5, Body::Encoded(text_bytes("no"))));
        assert!(matches!(fifth, Ok(()) | Err(StepError::Seen)));
        assert_eq!(up.applied(), 5);
    }
    assert_eq!(repeat(|| up.send(now, 1, direct(bob.peer(), "once"))), Err(StepError::Seen));
    assert_eq!(bob.read_all(&mut eve), ["once"]);
    assert_eq!(eve.read_all(&mut bob), ["all"]);
    let mut ada = ada;
    assert_eq!(ada.read(3), ["joined demo", "left demo LEFT", "encoded no"]);
    let via = &mut world.client("via");
    via.join("demo");
    assert_eq!(eve.read_presence("demo", via), ["+ada", "-ada LEFT", "+via"]);
}

pub(super) fn a_gap_changes_nothing(make: &Make<'_>) {
    let world = make.world();
    let (ada, mut bob, mut eve) = (world.client("ada"), world.client("bob"), world.client("eve"));
    let (now, up) = (world.now(), &ada.attachment);
    assert_eq!(answer(|| up.send(now, 2, direct(bob.peer(), "too far"))), Err(StepError::Gap { applied: 0 }));
    assert_eq!(answer(|| up.join(now, 3, join("demo"))), Err(StepError::Gap { applied: 0 }));
    assert_eq!(answer(|| up.send(now, 1, direct(bob.peer(), "next"))), Ok(()));
    assert_eq!(answer(|| up.leave(now, 3, &room_name("demo"))), Err(StepError::Gap { applied: 1 }));
    assert_eq!(up.applied(), 1);
    assert_eq!(bob.read_all(&mut eve), ["next"]);
    assert_eq!(world.members_in("demo"), "");
}

pub(super) fn a_refusal_consumes_no_number_and_a_reply_does(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    let (now, up) = (world.now(), ada.attachment.clone());
    let refused = answer(|| up.send(now, 1, in_room("demo", None, "lost")));
    assert_eq!(refused, Err(StepError::Refused(SendError::NotJoined)));
    assert_eq!(
        answer(|| up.leave(now, 1, &room_name("demo"))),
        Err(StepError::Refused(MemberError::NotJoined)),
        "the number is not consumed"
    );
    assert_eq!(up.applied(), 0);
    assert_eq!(answer(|| up.reply(now, 1, Body::Encoded(text_bytes("error")))), Ok(()));
    assert_eq!(up.applied(), 1);
    assert_eq!(repeat(|| up.send(now, 1, direct(bob.peer(), "late"))), Err(StepError::Seen));
    let item = ada.take(|item| matches!(item, Item::Numbered { .. }));
    assert!(matches!(item, Item::Numbered { seq: 1, reply_to: 1, body: Body::Encoded(_) }), "{item:?}");
    assert_eq!(bob.read_all(&mut world.client("via")), [""; 0]);
}

pub(super) fn live_frames_are_not_sequenced(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob, mut via) = (world.live("ada"), world.client("bob"), world.client("via"));
    let (now, up) = (world.now(), ada.attachment.clone());
    for number in [7, 7, 0, 3] {
        assert_eq!(answer(|| up.send(now, number, direct(bob.peer(), &format!("n{number}")))), Ok(()));
    }
    assert_eq!(bob.read_all(&mut via), ["n7", "n7", "n0", "n3"]);
    assert_eq!(answer(|| up.join(now, 41, join("demo"))), Ok(()));
    let item = ada.take(|item| matches!(item, Item::Numbered { .. }));
    assert!(matches!(item, Item::Numbered { reply_to: 41, body: Body::Joined(_), .. }), "{item:?}");
}

pub(super) fn every_request_advances_applied(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    let (now, up) = (world.now(), ada.attachment.clone());
    let demo = room_name("demo");
    let pairs = BTreeMap::from([("k".to_owned(), "v".to_owned())]);
    ada.join("demo");
    bob.join("demo");
    bob.join("other");
    assert_eq!(up.applied(), 1);
    assert_eq!(answer(|| up.update_member(now, 2, &demo, None, pairs.clone())), Ok(()));
    assert_eq!(answer(|| up.send(now, 3, in_room("demo", Some(bob.peer()), "hi"))), Ok(()));
    assert_eq!(answer(|| up.remove_member(now, 4, &demo, bob.peer(), false)), Ok(()));
    assert_eq!(answer(|| up.end_room(now, 5, &demo)), Ok(()));
    assert_eq!(answer(|| up.join(now, 6, join("other"))), Ok(()));
    assert_eq!(answer(|| up.leave(now, 7, &room_name("other"))), Ok(()));
    assert_eq!(up.applied(), 7);
    let replies: Vec<_> = (2..=7)
        .filter(|number| *number != 3)
        .map(|number| {
            let reply = ada.take(|item| matches!(item, Item::Numbered { reply_to, .. } if *reply_to == number));
            world.describe(&reply)
        })
        .collect();
    assert_eq!(replies, ["done", "done", "done", "joined other", "left other LEFT"]);
    assert_eq!(ada.read(1), ["left demo ENDED"], "not an answer to a request");
    assert!(ada.inbox.iter().all(|item| !matches!(item, Item::Numbered { .. })), "each request has one answer");
}

pub(super) fn steps_may_be_submitted_ahead(make: &Make<'_>) {
    let world = make.world();
    let (ada, mut bob, mut via) = (world.client("ada"), world.client("bob"), world.client("via"));
    let (now, up) = (world.now(), &ada.attachment);
    let submit = |number: u32| up.send(now, number, direct(bob.peer(), &number.to_string()));
    let ahead: Vec<_> = (1..=50).map(|number| (number, submit(number))).collect();
    for (number, submitted) in ahead {
        let mut result = wait(submitted);
        // One before it was not done: this one came too early, and is submitted again as that was.
        if matches!(result, Err(StepError::Gap { .. } | StepError::Store(_))) {
            result = answer(|| submit(number));
        }
        assert!(matches!(result, Ok(()) | Err(StepError::Seen)), "{number}: {result:?}");
    }
    assert_eq!(up.applied(), 50);
    assert_eq!(bob.read_all(&mut via), (1..=50).map(|number| number.to_string()).collect::<Vec<_>>());
}
