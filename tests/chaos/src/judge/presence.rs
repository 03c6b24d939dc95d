//! Judges presence (C4 and C5) for each observer and room.

use std::collections::{BTreeSet, HashMap};

use super::{Promise, Verdict};
use crate::history::{Event, History, Where, Who};

/// One observer's view of one room.
struct View {
    version: u32,
    members: BTreeSet<Who>,
    /// Changes were lost with a connection and replaced by a roster, an updated answer or the observer's own leave: a
    /// replayed envelope may be from a peer that joined and left meanwhile.
    blurred: bool,
    /// It asked to leave. Once the server has processed that, a resume does not send a roster.
    leaving: bool,
}

/// How often each session asked to leave each room, which limits the leaves that may be seen.
type Leaves = HashMap<(Who, Where), u32>;

pub(super) fn judge(history: &History, verdict: &mut Verdict) {
    let leaves = leaves(history);
    let mut last: HashMap<Where, Vec<(Who, BTreeSet<Who>)>> = HashMap::new();
    for (who, log) in (0..).zip(&history.logs) {
        let mut observer = Observer {
            who,
            leaves: &leaves,
            rooms: HashMap::new(),
            asked: HashMap::new(),
            gone: HashMap::new(),
            verdict,
        };
        for event in log {
            observer.see(event);
        }
        for (room, mut view) in observer.rooms {
            view.members.insert(who);
            last.entry(room).or_default().push((who, view.members));
        }
    }
    for (room, views) in last {
        let inside: BTreeSet<Who> = views.iter().map(|(who, _)| *who).collect();
        for (who, seen) in views {
            if seen != inside {
                verdict.add(Promise::Presence, || {
                    let name = history.rooms.get(usize::from(room)).map_or("?", |room| &room.name);
                    format!("at the end {who} sees {seen:?} in {name}, whose members are {inside:?}")
                });
            }
        }
    }
}

fn leaves(history: &History) -> Leaves {
    let mut leaves = Leaves::new();
    for (who, log) in (0..).zip(&history.logs) {
        for event in log {
            if let Event::Leaving { room } = event {
                *leaves.entry((who, *room)).or_default() += 1;
            }
        }
    }
    leaves
}

struct Observer<'a> {
    who: Who,
    leaves: &'a Leaves,
    rooms: HashMap<Where, View>,
    /// Rooms that it asked to join, and whether it has resumed since.
    asked: HashMap<Where, bool>,
    /// How often this observer has seen each session leave each room.
    gone: HashMap<(Who, Where), u32>,
    verdict: &'a mut Verdict,
}

impl Observer<'_> {
    fn see(&mut self, event: &Event) {
        match event {
            Event::Entering { room } => drop(self.asked.insert(*room, false)),
            Event::Resumed { .. } => {
                self.asked.values_mut().for_each(|resumed| *resumed = true);
                self.rooms.values_mut().for_each(|view| view.blurred |= view.leaving);
            }
            Event::Leaving { room } => {
                if let Some(view) = self.rooms.get_mut(room) {
                    view.leaving = true;
                }
            }
            Event::Entered { room, version, members } => self.entered(*room, *version, members),
            Event::Left { room, reason } => {
                if self.rooms.remove(room).is_none() {
                    self.wrong(|| format!("left room {room}, in which it was not"));
                }
                if reason != "LEFT" {
                    self.broken(Promise::SeenLeaving, || format!("lost its membership of room {room}: {reason}"));
                }
            }
            Event::Joined { room, version, peer } => {
                let Some(view) = self.view(*room, *version) else { return };
                if !view.members.insert(*peer) {
                    self.wrong(|| format!("saw {peer} join room {room} twice"));
                }
            }
            Event::Updated { room, version, peer } => {
                let Some(view) = self.view(*room, *version) else { return };
                if let Some(peer) = peer
                    && !view.members.contains(peer)
                {
                    self.wrong(|| format!("saw {peer} change in room {room}, in which it is not"));
                }
            }
            Event::Gone { room, version, peer, reason } => {
                let Some(view) = self.view(*room, *version) else { return };
                if !view.members.remove(peer) {
                    self.wrong(|| format!("saw {peer} leave room {room}, in which it was not"));
                }
                self.saw_leaving(*peer, *room, reason);
            }
            Event::Roster { room, version, members } => {
                let Some(view) = self.view(*room, *version) else { return };
                let fresh: BTreeSet<_> = members.iter().copied().collect();
                let missing: Vec<_> = view.members.difference(&fresh).copied().collect();
                (view.members, view.blurred) = (fresh, true);
                for peer in missing {
                    self.saw_leaving(peer, *room, "LEFT");
                }
            }
            Event::Received { from, room: Some(room), n, .. } => {
                let there = self.rooms.get(room).is_some_and(|view| view.blurred || view.members.contains(from));
                if !there {
                    self.wrong(|| format!("got {from}#{n} in room {room}, in which it is not"));
                }
            }
            Event::Reset { .. } => self.rooms.clear(),
            _ => {}
        }
    }

    fn entered(&mut self, room: Where, version: u32, members: &[Who]) {
        let fresh: BTreeSet<_> = members.iter().copied().collect();
        if let Some(view) = self.rooms.get(&room)
            && view.version == version
            && view.members != fresh
        {
            self.wrong(|| format!("got different members of room {room} in version {version}"));
        }
        if fresh.contains(&self.who) {
            self.wrong(|| format!("is listed among the others of room {room}"));
        }
        let resumed = self.asked.remove(&room).unwrap_or(false);
        let blurred = resumed || self.rooms.get(&room).is_some_and(|view| view.blurred);
        self.rooms.insert(room, View { version, members: fresh, blurred, leaving: false });
    }

    /// Returns the view of a room, after setting its version.
    fn view(&mut self, room: Where, version: u32) -> Option<&mut View> {
        let Some(view) = self.rooms.get(&room) else {
            self.wrong(|| format!("got an event of room {room}, in which it is not"));
            return None;
        };
        let known = view.version;
        if version < known {
            self.wrong(|| format!("got version {version} of room {room} after {known}"));
        }
        let view = self.rooms.get_mut(&room)?;
        view.version = version;
        Some(view)
    }

    fn saw_leaving(&mut self, peer: Who, room: Where, reason: &str) {
        let seen = self.gone.entry((peer, room)).or_default();
        *seen += 1;
        let asked = self.leaves.get(&(peer, room)).copied().unwrap_or(0);
        if *seen > asked || reason != "LEFT" {
            self.broken(Promise::SeenLeaving, || format!("saw {peer} leave room {room} with {reason}"));
        }
    }

    fn wrong(&mut self, what: impl FnOnce() -> String) {
        self.broken(Promise::Presence, what);
    }

    fn broken(&mut self, promise: Promise, what: impl FnOnce() -> String) {
        let who = self.who;
        self.verdict.add(promise, || format!("{who} {}", what()));
    }
}
