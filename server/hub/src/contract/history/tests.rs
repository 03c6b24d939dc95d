use super::*;
use crate::id::{PeerId, RoomName};

fn peer(n: u128) -> PeerId {
    PeerId::from_random(n)
}

fn demo() -> RoomName {
    RoomName::parse("demo").expect("valid")
}

fn opened(n: u128) -> Event {
    Event::Opened { peer: peer(n), resumable: true }
}

fn sent(id: u64, room: bool, receipt: bool) -> [Event; 2] {
    let room = room.then(demo);
    [Event::Sent { from: peer(1), id, room, receipt }, Event::Accepted { id, to: vec![peer(2)] }]
}

fn received(id: u64) -> Event {
    Event::Received { by: peer(2), from: peer(1), id }
}

fn receipt(id: u64, outcome: Outcome) -> Event {
    Event::Receipt { id, peer: peer(2), outcome }
}

/// Two peers that share a room and see each other.
fn both_inside() -> Vec<Event> {
    let mut events = vec![opened(1), opened(2)];
    for n in [1, 2] {
        events.push(Event::Added { room: demo(), peer: peer(n) });
        events.push(Event::Joined { by: peer(n), room: demo() });
    }
    events.push(Event::MemberJoined { by: peer(1), room: demo(), peer: peer(2) });
    events.push(Event::MemberJoined { by: peer(2), room: demo(), peer: peer(1) });
    events
}

fn promises(start: &[Event], rest: impl IntoIterator<Item = Event>) -> Vec<&'static str> {
    let events: Vec<_> = start.iter().cloned().chain(rest).collect();
    check(&events, End::Settled).into_iter().map(|violation| violation.promise).collect()
}

#[test]
fn a_correct_history_has_no_violations() {
    let mut rest = sent(1, true, true).to_vec();
    rest.extend([received(1), receipt(1, Outcome::Delivered)]);
    rest.extend(sent(2, false, false));
    rest.push(received(2));
    assert_eq!(promises(&both_inside(), rest), [""; 0]);
}

#[test]
fn reordering_and_duplicates_are_violations() {
    let start = [opened(1), opened(2)];
    let two = || sent(1, false, false).into_iter().chain(sent(2, false, false));
    assert_eq!(promises(&start, two().chain([received(2), received(1)])), ["C1"]);
    assert_eq!(promises(&start, two().chain([received(1), received(2), received(2)])), ["C3"]);
    let again = Event::Accepted { id: 1, to: vec![peer(2)] };
    assert_eq!(promises(&start, sent(1, false, false).into_iter().chain([again, received(1)])), ["C3"]);
}

#[test]
fn a_missing_or_wrong_outcome_is_a_violation() {
    let start = [opened(1), opened(2)];
    assert_eq!(promises(&start, sent(1, false, false)), ["C2"]);
    assert_eq!(promises(&start, sent(1, false, false).into_iter().take(1)), ["C2"], "not accepted either");
    let with_receipt = sent(1, false, true).into_iter();
    assert_eq!(promises(&start, with_receipt.clone().chain([received(1)])), ["C2"], "the receipt is missing");
    assert_eq!(promises(&start, with_receipt.clone().chain([receipt(1, Outcome::Delivered)])), ["C2"], "not delivered");
    let twice = [received(1), receipt(1, Outcome::Delivered), receipt(1, Outcome::Undeliverable)];
    assert_eq!(promises(&start, with_receipt.clone().chain(twice)), ["C2"]);
    assert_eq!(promises(&start, with_receipt.chain([receipt(1, Outcome::Undeliverable)])), [""; 0]);
    let over = Event::Ended { peer: peer(1) };
    assert_eq!(promises(&start, sent(1, false, false).into_iter().chain([over])), [""; 0]);
}

#[test]
fn wrong_presence_is_a_violation() {
    let start = both_inside();
    let leave = || Event::MemberLeft { by: peer(1), room: demo(), peer: peer(2) };
    let evicted = || Event::Removed { room: demo(), peer: peer(2) };
    let left = || Event::Left { by: peer(2), room: demo() };
    assert_eq!(promises(&start, [evicted(), left(), leave()]), [""; 0]);
    assert_eq!(promises(&start, [evicted(), left()]), ["C5"], "no leave");
    assert_eq!(promises(&start, [evicted(), left(), leave(), leave()]), ["C5"], "two leaves");
    assert_eq!(
        promises(&start, [leave()]),
        ["C5", "C5"],
        "did not happen, and the final view differs from the server's"
    );
    let joined = Event::MemberJoined { by: peer(1), room: demo(), peer: peer(2) };
    assert_eq!(promises(&start, [joined]), ["C5"]);
}

#[test]
fn delivery_to_other_peers_is_a_violation() {
    let start = [opened(1), opened(2), opened(3)];
    let stray = Event::Received { by: peer(3), from: peer(1), id: 1 };
    assert_eq!(promises(&start, sent(1, false, false).into_iter().chain([received(1), stray])), ["C6"]);
    let forged = Event::Received { by: peer(2), from: peer(3), id: 1 };
    assert_eq!(promises(&start, sent(1, false, false).into_iter().chain([forged])), ["C6"]);
    assert!(promises(&start, sent(1, true, false).into_iter().chain([received(1)])).contains(&"C6"));
}

#[test]
fn an_envelope_before_its_senders_join_is_a_violation() {
    let mut start = both_inside();
    start.pop();
    let violations = promises(&start, sent(1, true, false).into_iter().chain([received(1)]));
    assert_eq!(violations, ["C5", "C5"], "and the final view is wrong");
}
