//! A clean history, and one falsification for each kind of violation, which the judge must report.

use super::*;
use crate::dial::Transport;
use crate::history::{Outcome, RoomPlan, To, UNKNOWN};

fn sent(n: u32, to: To) -> Event {
    Event::Sent { n, room: Some(0), to, receipt: false }
}

fn received(from: u32, n: u32) -> Event {
    Event::Received { from, author: from, n, room: Some(0) }
}

fn left(room: u16) -> Event {
    Event::Left { room, reason: "LEFT".into() }
}

/// A resume over another transport.
const RESUMED: Event = Event::Resumed { transport: Transport::SocketJson, moved: true };

fn gone(version: u32, peer: u32, reason: &str) -> Event {
    Event::Gone { room: 0, version, peer, reason: reason.into() }
}

/// Three residents of a room. 0 sends 1 to all, then 2 to session 1 with a receipt, then 3 to all; 1 loses its connection
/// and resumes; 2 joins and leaves a second room, in which 1 is.
fn clean() -> History {
    let zero = vec![
        Event::Entered { room: 0, version: 2, members: vec![] },
        Event::Joined { room: 0, version: 3, peer: 1 },
        Event::Joined { room: 0, version: 4, peer: 2 },
        sent(1, To::All),
        Event::Sent { n: 2, room: Some(0), to: To::One(1), receipt: true },
        sent(3, To::All),
        Event::Receipt { n: 2, peer: 1, outcome: Outcome::Delivered },
        Event::Updated { room: 0, version: 5, peer: Some(1) },
    ];
    let one = vec![
        Event::Entered { room: 0, version: 3, members: vec![0] },
        Event::Entered { room: 1, version: 2, members: vec![] },
        Event::Joined { room: 0, version: 4, peer: 2 },
        received(0, 1),
        Event::Lost,
        Event::Cut { reason: "SLOW_CONSUMER".into() },
        RESUMED,
        Event::Roster { room: 0, version: 5, members: vec![0, 2] },
        received(0, 2),
        Event::Joined { room: 1, version: 3, peer: 2 },
        received(0, 3),
        Event::Gone { room: 1, version: 4, peer: 2, reason: "LEFT".into() },
    ];
    let two = vec![
        Event::Entered { room: 0, version: 4, members: vec![0, 1] },
        received(0, 1),
        Event::Entered { room: 1, version: 3, members: vec![1] },
        received(0, 3),
        Event::Leaving { room: 1 },
        left(1),
        Event::Entered { room: 0, version: 5, members: vec![0, 1] },
    ];
    let rooms = vec![
        RoomPlan { name: "all".into(), residents: vec![0, 1, 2] },
        RoomPlan { name: "visited".into(), residents: vec![1] },
    ];
    History { logs: vec![zero, one, two], rooms }
}

fn at(log: &[Event], event: &Event) -> usize {
    log.iter().position(|e| e == event).unwrap_or_else(|| panic!("no {event:?}"))
}

/// Returns the guarantees that are violated in the clean history after `falsify`.
fn broken(falsify: impl FnOnce(&mut [Vec<Event>])) -> Vec<Promise> {
    let mut history = clean();
    falsify(&mut history.logs);
    let verdict = judge(&history);
    assert_eq!(verdict.violations.len() as u64, verdict.counts.values().sum::<u64>());
    verdict.counts.into_keys().collect()
}

#[test]
fn a_clean_history_is_clean() {
    let verdict = judge(&clean());
    assert!(verdict.is_clean(), "{:?}", verdict.violations);
    assert_eq!((verdict.messages, verdict.deliveries, verdict.cuts, verdict.resumes), (3, 5, 1, 1));
    let text = verdict.to_string();
    let head = "messages=3 deliveries=5 undeliverable=0 cuts=1 slow_consumer=1 resumes=1 ws_json=1 moved=1 lost=0";
    assert!(text.starts_with(head), "{text}");
}

#[test]
fn an_envelope_that_never_arrived_is_lost() {
    let lose = |logs: &mut [Vec<Event>]| {
        let at = at(&logs[2], &received(0, 3));
        logs[2].remove(at);
    };
    assert_eq!(broken(lose), [Promise::Lost]);
    // Unless its sender was notified.
    assert_eq!(
        broken(|logs| {
            lose(logs);
            logs[0].push(Event::Receipt { n: 3, peer: 2, outcome: Outcome::Undeliverable });
        }),
        []
    );
}

#[test]
fn the_last_envelope_counts_too() {
    assert_eq!(broken(|logs| logs[0].push(sent(4, To::One(2)))), [Promise::Lost]);
}

#[test]
fn an_envelope_that_arrives_again_is_a_duplicate() {
    assert_eq!(broken(|logs| logs[2].insert(2, received(0, 1))), [Promise::Duplicated]);
    assert_eq!(broken(|logs| logs[2].push(received(0, 1))), [Promise::Duplicated]);
}

#[test]
fn an_envelope_after_a_later_one_is_out_of_order() {
    let swap = |logs: &mut [Vec<Event>]| {
        let (first, second) = (at(&logs[1], &received(0, 1)), at(&logs[1], &received(0, 3)));
        logs[1].swap(first, second);
    };
    assert_eq!(broken(swap), [Promise::Reordered]);
}

#[test]
fn a_member_left_of_a_session_that_stayed_is_seen() {
    for reason in ["EXPIRED", "CONNECTION_LOST", "LEFT"] {
        let broken = broken(|logs| {
            logs[0].push(gone(6, 1, reason));
            logs[0].push(Event::Joined { room: 0, version: 7, peer: 1 });
        });
        assert_eq!(broken, [Promise::SeenLeaving], "{reason}");
    }
}

#[test]
fn a_roster_without_a_session_that_stayed_is_a_leave_too() {
    let broken = broken(|logs| {
        logs[0].push(Event::Roster { room: 0, version: 6, members: vec![2] });
        logs[0].push(Event::Roster { room: 0, version: 7, members: vec![1, 2] });
    });
    assert_eq!(broken, [Promise::SeenLeaving]);
}

#[test]
fn a_lost_membership_is_a_leave_too() {
    let lose = |logs: &mut [Vec<Event>]| {
        logs[0].push(Event::Left { room: 0, reason: "REMOVED".into() });
        logs[0].push(Event::Entered { room: 0, version: 6, members: vec![1, 2] });
    };
    assert_eq!(broken(lose), [Promise::SeenLeaving]);
}

#[test]
fn a_reset_is_a_broken_resume() {
    let reset = |logs: &mut [Vec<Event>]| {
        let at = at(&logs[1], &RESUMED);
        logs[1][at] = Event::Reset { reason: "EXPIRED".into() };
        logs[1].insert(at + 1, Event::Entered { room: 0, version: 5, members: vec![0, 2] });
        logs[1].insert(at + 2, Event::Entered { room: 1, version: 2, members: vec![] });
    };
    assert_eq!(broken(reset), [Promise::Reset]);
}

#[test]
fn presence_must_be_consistent() {
    let wrongs: [(&str, usize, Event); 7] = [
        ("a second join", 0, Event::Joined { room: 0, version: 6, peer: 1 }),
        ("a change of an unknown peer", 0, Event::Updated { room: 0, version: 6, peer: Some(UNKNOWN) }),
        ("an older version", 0, Event::Updated { room: 0, version: 1, peer: None }),
        ("a room it is not in", 0, Event::Updated { room: 1, version: 9, peer: None }),
        ("a view that differs", 0, Event::Roster { room: 0, version: 6, members: vec![1, 2, UNKNOWN] }),
        ("another list in the same version", 2, Event::Entered { room: 0, version: 5, members: vec![0] }),
        ("itself among the others", 2, Event::Entered { room: 0, version: 6, members: vec![0, 1, 2] }),
    ];
    for (what, who, event) in wrongs {
        assert_eq!(broken(|logs| logs[who].push(event)), [Promise::Presence], "{what}");
    }
}

#[test]
fn no_member_leaves_twice() {
    let twice = |logs: &mut [Vec<Event>]| {
        logs[1].push(Event::Gone { room: 1, version: 5, peer: 2, reason: "LEFT".into() });
    };
    assert_eq!(broken(twice), [Promise::SeenLeaving, Promise::Presence]);
}

#[test]
fn a_missed_leave_shows_at_the_end() {
    assert_eq!(broken(|logs| drop(logs[1].pop())), [Promise::Presence]);
}

#[test]
fn an_envelope_before_its_senders_join_is_wrong() {
    let early = |logs: &mut [Vec<Event>]| {
        let at = at(&logs[0], &Event::Joined { room: 0, version: 4, peer: 2 });
        logs[0].insert(at, received(2, 1));
        logs[2].push(sent(1, To::One(0)));
    };
    assert_eq!(broken(early), [Promise::Presence]);
}

#[test]
fn an_envelope_of_a_peer_that_joined_and_left_meanwhile_is_fine() {
    let visit = |logs: &mut [Vec<Event>]| {
        let at = at(&logs[1], &Event::Roster { room: 0, version: 5, members: vec![0, 2] });
        logs[1].insert(at + 1, Event::Received { from: 3, author: 3, n: 1, room: Some(0) });
        logs.last_mut().expect("logs").push(Event::Lost);
    };
    let mut history = clean();
    visit(&mut history.logs);
    history.logs.push(vec![Event::Sent { n: 1, room: Some(0), to: To::One(1), receipt: false }]);
    assert!(judge(&history).is_clean(), "{:?}", judge(&history).violations);
}

#[test]
fn a_replay_after_its_own_leave_comes_without_a_roster() {
    let replayed = Event::Received { from: 0, author: 0, n: 4, room: Some(1) };
    let after_a_leave = |resumed: bool| {
        broken(|logs| {
            logs[0].push(Event::Sent { n: 4, room: Some(1), to: To::One(2), receipt: false });
            let at = at(&logs[2], &left(1));
            logs[2].insert(at, replayed.clone());
            if resumed {
                logs[2].insert(at, RESUMED);
            }
        })
    };
    assert_eq!(after_a_leave(true), []);
    assert_eq!(after_a_leave(false), [Promise::Presence]);
}

#[test]
fn from_must_be_true_and_the_envelope_for_its_receiver() {
    let forged = Event::Received { from: 2, author: 0, n: 1, room: Some(0) };
    assert_eq!(
        broken(|logs| {
            let at = at(&logs[1], &received(0, 1));
            logs[1][at] = forged;
        }),
        [Promise::Identity]
    );
    assert_eq!(broken(|logs| logs[2].push(received(0, 99))), [Promise::Identity], "never sent");
    assert_eq!(broken(|logs| logs[2].insert(2, received(0, 2))), [Promise::Identity], "for another one");
    let elsewhere = Event::Received { from: 0, author: 0, n: 1, room: None };
    assert_eq!(
        broken(|logs| {
            let at = at(&logs[1], &received(0, 1));
            logs[1][at] = elsewhere;
        }),
        [Promise::Identity]
    );
}

#[test]
fn receipts_must_be_true_and_exactly_one() {
    let delivered = Event::Receipt { n: 2, peer: 1, outcome: Outcome::Delivered };
    assert_eq!(broken(|logs| logs[0].push(delivered.clone())), [Promise::Receipt], "twice");
    assert_eq!(
        broken(|logs| {
            let at = at(&logs[0], &delivered);
            logs[0].remove(at);
        }),
        [Promise::Receipt],
        "none"
    );
    assert_eq!(
        broken(|logs| {
            let at = at(&logs[1], &received(0, 2));
            logs[1].remove(at);
        }),
        [Promise::Lost, Promise::Receipt],
        "reported as delivered"
    );
    for (n, peer, outcome) in [(9, 1, Outcome::Delivered), (1, 0, Outcome::Undeliverable), (3, 2, Outcome::Other)] {
        assert!(broken(|logs| logs[0].push(Event::Receipt { n, peer, outcome })).contains(&Promise::Receipt));
    }
}

#[test]
fn envelopes_that_were_not_accepted_are_refused_rather_than_lost() {
    let refused = |event: Event| {
        broken(move |logs| {
            logs[0].push(sent(4, To::All));
            logs[0].push(event);
        })
    };
    assert_eq!(refused(Event::Refused { n: 4, reason: "NOT_JOINED".into() }), [Promise::Refused]);
    assert_eq!(refused(Event::Unaccepted { n: 4 }), [Promise::Refused]);
}

#[test]
fn breaches_that_the_client_noticed_count() {
    assert_eq!(broken(|logs| logs[0].push(Event::Breach("a gap".into()))), [Promise::Protocol]);
}

#[test]
fn many_violations_are_counted_and_some_are_kept() {
    let mut history = clean();
    history.logs[0].extend((0..1_000).map(|n| Event::Breach(n.to_string())));
    let verdict = judge(&history);
    assert_eq!((verdict.count(Promise::Protocol), verdict.violations.len()), (1_000, Verdict::KEPT));
}
