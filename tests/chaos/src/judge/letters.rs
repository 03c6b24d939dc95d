//! Envelopes and receipts: C1, C2, C3, C6.

use std::collections::{HashMap, HashSet};

use super::{Promise, Verdict};
use crate::history::{Event, History, Outcome, To, Where, Who};

/// An envelope as its sender recorded it.
struct Letter {
    room: Option<Where>,
    to: To,
    receipt: bool,
    /// It was refused or not acknowledged, so it may be missing.
    excused: bool,
}

/// A sender's envelopes, and the receipts for them.
#[derive(Default)]
struct Outgoing {
    letters: Vec<Letter>,
    receipts: HashMap<(u32, Who), Vec<Outcome>>,
}

pub(super) fn judge(history: &History, verdict: &mut Verdict) {
    let outgoing: Vec<_> = (0..).zip(&history.logs).map(|(who, log)| outgoing(who, log, verdict)).collect();
    let incoming: Vec<_> = (0..).zip(&history.logs).map(|(who, log)| incoming(who, log, &outgoing, verdict)).collect();
    for (from, sent) in (0..).zip(&outgoing) {
        for (n, letter) in (1..).zip(&sent.letters) {
            for to in recipients(history, from, letter) {
                let arrived = incoming.get(to as usize).is_some_and(|seen| seen.contains(&(from, n)));
                settle(from, n, letter, to, arrived, sent, verdict);
            }
        }
        unexpected_receipts(from, sent, verdict);
    }
}

fn outgoing(who: Who, log: &[Event], verdict: &mut Verdict) -> Outgoing {
    let mut sent = Outgoing::default();
    for event in log {
        match event {
            Event::Sent { n, room, to, receipt } => {
                sent.letters.push(Letter { room: *room, to: *to, receipt: *receipt, excused: false });
                debug_assert_eq!(*n as usize, sent.letters.len());
                verdict.messages += 1;
            }
            Event::Refused { n, reason } => {
                sent.excuse(*n);
                verdict.add(Promise::Refused, || format!("{who}#{n} was refused: {reason}"));
            }
            Event::Unaccepted { n } => {
                sent.excuse(*n);
                verdict.add(Promise::Refused, || format!("{who}#{n} was never acknowledged"));
            }
            Event::Receipt { n, peer, outcome } => sent.receipts.entry((*n, *peer)).or_default().push(*outcome),
            _ => {}
        }
    }
    sent
}

impl Outgoing {
    fn letter(&self, n: u32) -> Option<&Letter> {
        self.letters.get((n as usize).checked_sub(1)?)
    }

    fn excuse(&mut self, n: u32) {
        if let Some(letter) = (n as usize).checked_sub(1).and_then(|at| self.letters.get_mut(at)) {
            letter.excused = true;
        }
    }
}

/// Judges each envelope that a session received, and returns them.
fn incoming(who: Who, log: &[Event], outgoing: &[Outgoing], verdict: &mut Verdict) -> HashSet<(Who, u32)> {
    let mut seen = HashSet::new();
    let mut last: HashMap<Who, u32> = HashMap::new();
    for event in log {
        let Event::Received { from, author, n, room } = event else { continue };
        verdict.deliveries += 1;
        if from != author {
            verdict.add(Promise::Identity, || format!("{who} got {author}#{n} with the sender {from}"));
        }
        match outgoing.get(*author as usize).and_then(|sent| sent.letter(*n)) {
            None => verdict.add(Promise::Identity, || format!("{who} got {author}#{n}, which was never sent")),
            Some(letter) if letter.room != *room || !letter.is_for(who, *author) => {
                verdict.add(Promise::Identity, || format!("{who} got {author}#{n}, which was not for it"));
            }
            Some(_) => {}
        }
        if !seen.insert((*author, *n)) {
            verdict.add(Promise::Duplicated, || format!("{who} got {author}#{n} again"));
            continue;
        }
        let last = last.entry(*author).or_default();
        if *n < *last {
            verdict.add(Promise::Reordered, || format!("{who} got {author}#{n} after {author}#{last}"));
        }
        *last = (*last).max(*n);
    }
    seen
}

impl Letter {
    fn is_for(&self, who: Who, author: Who) -> bool {
        match self.to {
            To::All => who != author,
            To::One(to) => who == to,
        }
    }
}

/// Returns who must receive a letter: its recipient, or the residents of its room.
fn recipients(history: &History, from: Who, letter: &Letter) -> Vec<Who> {
    match (letter.to, letter.room) {
        (To::One(to), _) => vec![to],
        (To::All, None) => Vec::new(),
        (To::All, Some(room)) => {
            let residents = history.rooms.get(usize::from(room)).map(|room| &room.residents[..]).unwrap_or_default();
            residents.iter().copied().filter(|to| *to != from).collect()
        }
    }
}

/// Judges one letter to one recipient.
fn settle(from: Who, n: u32, letter: &Letter, to: Who, arrived: bool, sent: &Outgoing, verdict: &mut Verdict) {
    let receipts = sent.receipts.get(&(n, to)).map_or(&[][..], |receipts| receipts);
    let undeliverable = receipts.contains(&Outcome::Undeliverable);
    verdict.undeliverable += u64::from(undeliverable);
    if !arrived && !undeliverable && !letter.excused {
        verdict.add(Promise::Lost, || format!("{from}#{n} never reached {to}, and its sender was not notified"));
    }
    let expected = usize::from(letter.receipt || undeliverable);
    if receipts.len() != expected && !letter.excused {
        verdict.add(Promise::Receipt, || format!("{from}#{n} to {to} has {} receipts: {receipts:?}", receipts.len()));
    }
    if receipts.contains(&Outcome::Delivered) && !arrived {
        verdict.add(Promise::Receipt, || format!("{from}#{n} has a receipt for delivery to {to}, which never got it"));
    }
}

/// Reports receipts that were not requested, that name other peers than the recipients, or with an impossible outcome.
fn unexpected_receipts(from: Who, sent: &Outgoing, verdict: &mut Verdict) {
    for ((n, peer), receipts) in &sent.receipts {
        let known = sent.letter(*n).is_some_and(|letter| letter.is_for(*peer, from));
        if !known || receipts.contains(&Outcome::Other) {
            verdict.add(Promise::Receipt, || format!("{from}#{n} got an unexpected receipt from {peer}: {receipts:?}"));
        }
    }
}
