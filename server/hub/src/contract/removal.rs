//! Removals, bans and ended rooms.

use super::{
    kit::{World, answer, in_room, join, room_name},
    make::Make,
};
use crate::{
    error::{JoinError, MemberError, RoomError, SendError, StepError},
    frame::{Body, Item},
    id::PeerId,
    limits::Limits,
    reason::Reason,
};

fn remove(world: &World, peer: &PeerId, ban: bool) -> Result<(), RoomError> {
    answer(|| world.backend.remove_member(world.now(), &room_name("demo"), peer, ban))
}

fn end(world: &World) -> Result<(), RoomError> {
    answer(|| world.backend.end_room(world.now(), &room_name("demo")))
}

pub(super) fn a_removed_member_receives_left(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob, mut eve) = (world.client("ada"), world.client("bob"), world.client("eve"));
    for client in [&mut ada, &mut bob, &mut eve] {
        client.join("demo");
    }
    ada.step(|a, n| a.remove_member(world.now(), n, &room_name("demo"), bob.peer(), false)).expect("removed");
    assert_eq!(ada.reply(), Body::Done);
    assert_eq!(bob.read_all(&mut eve), ["left demo REMOVED"]);
    assert_eq!(eve.read_presence("demo", &mut ada), ["-bob REMOVED"]);
    assert_eq!(remove(&world, bob.peer(), false), Err(RoomError::PeerNotFound));
    bob.join("demo");
    remove(&world, bob.peer(), false).expect("a backend service may remove members too");
    assert_eq!(bob.read_all(&mut eve), ["left demo REMOVED"]);
    assert_eq!(world.members_in("demo"), "ada eve");
}

pub(super) fn a_ban_holds_until_the_room_ends(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    let mut claims = world.client_with("claims", |open| open.verified = false);
    for client in [&mut ada, &mut bob, &mut claims] {
        client.join("demo");
    }
    remove(&world, bob.peer(), true).expect("banned");
    remove(&world, claims.peer(), true).expect("banned");
    assert_eq!(bob.read_all(&mut ada), ["left demo BANNED"]);
    let banned = Err(StepError::Refused(JoinError::Banned));
    assert_eq!(bob.try_join(join("demo")), banned);
    assert_eq!(claims.try_join(join("demo")), banned, "by its peer id");
    let mut again = world.client_with("again", |open| open.user = "user-bob".into());
    assert_eq!(again.try_join(join("demo")), banned, "by its user id");
    let mut named = world.client_with("named", |open| (open.user, open.verified) = ("user-claims".into(), true));
    named.join("demo");
    end(&world).expect("ended");
    bob.join("demo");
    claims.join("demo");
}

pub(super) fn bans_are_bounded(make: &Make<'_>) {
    let world = make.world_with(Limits { bans: 2, ..Limits::default() });
    let mut ada = world.client("ada");
    let joined = |name: &str, verified| {
        let mut client = world.client_with(name, |open| open.verified = verified);
        client.join("demo");
        client
    };
    ada.join("demo");
    let (bob, eve) = (joined("bob", true), joined("eve", false));
    remove(&world, bob.peer(), true).expect("banned");
    remove(&world, eve.peer(), true).expect("banned");
    let fay = joined("fay", false);
    assert_eq!(remove(&world, fay.peer(), true), Err(RoomError::TooManyBans { max: 2 }));
    let by_owner = ada.step(|a, n| a.remove_member(world.now(), n, &room_name("demo"), fay.peer(), true));
    assert_eq!(by_owner, Err(StepError::Refused(MemberError::TooManyBans { max: 2 })));
    assert_eq!(world.members_in("demo"), "ada fay", "not removed either");
    // Its peer id is not used again, so that its ban is of no use.
    answer(|| eve.attachment.close(world.now(), Reason::Left)).expect("it ends");
    remove(&world, fay.peer(), true).expect("banned");
    assert_eq!(world.members_in("demo"), "ada");
}

pub(super) fn an_ended_room_notifies_all_members(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob, mut via) = (world.client("ada"), world.live("bob"), world.client("via"));
    for client in [&mut ada, &mut bob] {
        client.join("demo");
    }
    bob.pump();
    bob.inbox.clear();
    end(&world).expect("ended");
    assert_eq!(end(&world), Err(RoomError::NotFound(room_name("demo"))));
    assert_eq!(ada.read_all(&mut via), ["left demo ENDED"]);
    assert_eq!(bob.read_all(&mut via), ["left demo ENDED"]);
    assert!(bob.inbox.is_empty(), "no presence of an ended room");
    let refused = ada.send(in_room("demo", None, "no"));
    assert_eq!(refused, Err(StepError::Refused(SendError::NotJoined)));
    assert!(ada.join("demo").created, "a new room");
    assert_eq!(world.members_in("demo"), "ada");
}

pub(super) fn removal_while_detached_is_replayed(make: &Make<'_>) {
    for (case, expected) in [(0, "left demo REMOVED"), (1, "left demo BANNED"), (2, "left demo ENDED")] {
        let world = make.world();
        let (mut ada, mut bob, mut via) = (world.client("ada"), world.client("bob"), world.client("via"));
        ada.join("demo");
        bob.join("demo");
        ada.send(in_room("demo", None, "before")).expect("accepted");
        bob.disconnect();
        match case {
            2 => end(&world).expect("ended"),
            ban => remove(&world, bob.peer(), ban == 1).expect("removed"),
        }
        assert_eq!(world.members_in("demo"), if case == 2 { "" } else { "ada" }, "the membership ends at once");
        bob.resume().expect("the session continues");
        assert_eq!(bob.read_all(&mut via), ["before", expected]);
        assert!(bob.inbox.is_empty(), "no roster of a room it is no longer in");
        let refused = bob.send(in_room("demo", None, "no"));
        assert_eq!(refused, Err(StepError::Refused(SendError::NotJoined)), "a resume does not restore a membership");
    }
}

pub(super) fn a_removed_member_neither_sends_nor_receives(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob, mut eve) = (world.client("ada"), world.client("bob"), world.client("eve"));
    for client in [&mut ada, &mut bob, &mut eve] {
        client.join("demo");
    }
    remove(&world, bob.peer(), false).expect("removed");
    let out = Err(StepError::Refused(SendError::NotJoined));
    assert_eq!(bob.send(in_room("demo", None, "no")), out);
    assert_eq!(bob.send(in_room("demo", Some(ada.peer()), "no")), out);
    ada.send(in_room("demo", None, "inside")).expect("accepted");
    let not_there = Err(StepError::Refused(SendError::PeerNotFound));
    assert_eq!(ada.send(in_room("demo", Some(bob.peer()), "no")), not_there);
    eve.set("demo", "k", "v");
    assert_eq!(eve.read_all(&mut ada), ["inside"]);
    assert_eq!(bob.read_all(&mut ada), ["left demo REMOVED"]);
    let after = bob.inbox.iter().filter(|item| matches!(item, Item::Presence(e) if e.room == room_name("demo")));
    assert_eq!(after.map(|item| world.describe(item)).collect::<Vec<_>>(), ["+eve"], "only what happened before");
}
