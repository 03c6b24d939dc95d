use super::*;

fn peer(n: u128) -> PeerId {
    PeerId::from_random(n)
}

fn demo() -> RoomName {
    RoomName::parse("demo").expect("valid")
}

fn began(n: u128) -> Event {
    Event::Began { peer: peer(n), resumable: true }
}

fn sent(id: u64, room: bool, receipt: bool) -> [Event; 2] {
    let room = room.then(demo);
    [Event::Sent { from: peer(1), id, room, receipt }, Event::Accepted { id, to: vec![peer(2)] }]
}

fn handed(id: u64) -> Event {
    Event::Handed { by: peer(2), from: peer(1), id }
}

fn told(id: u64, outcome: Outcome) -> Event {
    Event::Told { id, peer: peer(2), outcome }
}

/// Two peers that share a room and see each other.
fn both_inside() -> Vec<Event> {
    let mut events = vec![began(1), began(2)];
    for n in [1, 2] {
        events.push(Event::Seated { room: demo(), peer: peer(n) });
        events.push(Event::Joined { by: peer(n), room: demo() });
    }
    events.push(Event::SawJoin { by: peer(1), room: demo(), peer: peer(2) });
    events.push(Event::SawJoin { by: peer(2), room: demo(), peer: peer(1) });
    events
}

fn promises(start: &[Event], rest: impl IntoIterator<Item = Event>) -> Vec<&'static str> {
    let events: Vec<_> = start.iter().cloned().chain(rest).collect();
    check(&events, End::Settled).into_iter().map(|breach| breach.promise).collect()
}

#[test]
fn a_good_history_is_good() {
    let mut rest = sent(1, true, true).to_vec();
    rest.extend([handed(1), told(1, Outcome::Delivered)]);
    rest.extend(sent(2, false, false));
    rest.push(handed(2));
    assert_eq!(promises(&both_inside(), rest), [""; 0]);
}

#[test]
fn order_and_duplicates() {
    let start = [began(1), began(2)];
    let two = || sent(1, false, false).into_iter().chain(sent(2, false, false));
    assert_eq!(promises(&start, two().chain([handed(2), handed(1)])), ["C1"]);
    assert_eq!(promises(&start, two().chain([handed(1), handed(2), handed(2)])), ["C3"]);
    let again = Event::Accepted { id: 1, to: vec![peer(2)] };
    assert_eq!(promises(&start, sent(1, false, false).into_iter().chain([again, handed(1)])), ["C3"]);
}

#[test]
fn silence_is_a_breach() {
    let start = [began(1), began(2)];
    assert_eq!(promises(&start, sent(1, false, false)), ["C2"]);
    assert_eq!(promises(&start, sent(1, false, false).into_iter().take(1)), ["C2"], "not even accepted");
    let asked = sent(1, false, true).into_iter();
    assert_eq!(promises(&start, asked.clone().chain([handed(1)])), ["C2"], "the receipt is missing");
    assert_eq!(promises(&start, asked.clone().chain([told(1, Outcome::Delivered)])), ["C2"], "not true");
    let twice = [handed(1), told(1, Outcome::Delivered), told(1, Outcome::Undeliverable)];
    assert_eq!(promises(&start, asked.clone().chain(twice)), ["C2"]);
    assert_eq!(promises(&start, asked.chain([told(1, Outcome::Undeliverable)])), [""; 0]);
    let over = Event::Over { peer: peer(1) };
    assert_eq!(promises(&start, sent(1, false, false).into_iter().chain([over])), [""; 0]);
}

#[test]
fn presence_is_well_formed() {
    let start = both_inside();
    let leave = || Event::SawLeave { by: peer(1), room: demo(), peer: peer(2) };
    let unseated = || Event::Unseated { room: demo(), peer: peer(2) };
    let left = || Event::Left { by: peer(2), room: demo() };
    assert_eq!(promises(&start, [unseated(), left(), leave()]), [""; 0]);
    assert_eq!(promises(&start, [unseated(), left()]), ["C5"], "never told");
    assert_eq!(promises(&start, [unseated(), left(), leave(), leave()]), ["C5"], "told twice");
    assert_eq!(promises(&start, [leave()]), ["C5", "C5"], "not true, and at the end not what the server says");
    let joined = Event::SawJoin { by: peer(1), room: demo(), peer: peer(2) };
    assert_eq!(promises(&start, [joined]), ["C5"]);
}

#[test]
fn nothing_reaches_outsiders() {
    let start = [began(1), began(2), began(3)];
    let stray = Event::Handed { by: peer(3), from: peer(1), id: 1 };
    assert_eq!(promises(&start, sent(1, false, false).into_iter().chain([handed(1), stray])), ["C6"]);
    let forged = Event::Handed { by: peer(2), from: peer(3), id: 1 };
    assert_eq!(promises(&start, sent(1, false, false).into_iter().chain([forged])), ["C6"]);
    assert!(promises(&start, sent(1, true, false).into_iter().chain([handed(1)])).contains(&"C6"));
}

#[test]
fn an_envelope_before_its_senders_join_is_a_breach() {
    let mut start = both_inside();
    start.pop();
    let breaches = promises(&start, sent(1, true, false).into_iter().chain([handed(1)]));
    assert_eq!(breaches, ["C5", "C5"], "and the view is wrong at the end");
}
