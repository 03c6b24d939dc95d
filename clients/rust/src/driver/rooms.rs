//! The rooms this session is a member of: their rosters and their event queues.

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
};

use tokio::sync::{Notify, watch};
use wigwag_proto::v1;

use super::backlog::EventBacklog;
use crate::{
    core::roster::{Change, Roster},
    event::Event,
    membership::{Claim, Membership},
};

/// The rooms of one session.
#[derive(Debug)]
pub(crate) struct Rooms {
    rooms: HashMap<Arc<str>, Entry>,
    /// Capacity of each room's event queue.
    capacity: usize,
    /// Wakes the driver when a membership was dropped that no caller got.
    unclaimed: Arc<Notify>,
}

#[derive(Debug)]
enum Entry {
    Joined(Joined),
    /// A roster that came after a resume and before the answer to a join that was sent on the lost connection. It is
    /// newer than that answer, so it is kept until the answer comes.
    Early(Box<Roster>),
}

#[derive(Debug)]
struct Joined {
    roster: watch::Sender<Roster>,
    events: async_channel::Sender<Event>,
    membership: Weak<Membership>,
    claim: Claim,
    /// Keeps a membership, with its events, whose caller gave up while another one waits for the same room.
    kept: Option<Arc<Membership>>,
}

impl Rooms {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { rooms: HashMap::new(), capacity, unclaimed: Arc::default() }
    }

    /// Waits until a membership was dropped that no caller got.
    pub(crate) fn unclaimed(&self) -> impl Future<Output = ()> + use<> {
        let unclaimed = self.unclaimed.clone();
        async move { unclaimed.notified().await }
    }

    /// Removes the claim of callers that gave up. Returns the rooms that no caller has got or can still get; `awaits`: a
    /// join of this room waits for its answer.
    pub(crate) fn drop_unclaimed(&mut self, awaits: impl Fn(&str) -> bool) -> Vec<String> {
        let mut rooms = Vec::new();
        for (name, entry) in &mut self.rooms {
            let Entry::Joined(joined) = entry else { continue };
            let others = joined.membership.strong_count() - usize::from(joined.kept.is_some());
            if joined.claim.is_taken() || others > 0 {
                joined.kept = None;
            } else if !awaits(name) {
                joined.kept = None;
                // The room is left once, however often this is called until the server confirms it.
                joined.claim.take();
                rooms.push(name.to_string());
            }
        }
        rooms
    }

    /// Keeps a membership whose caller gave up, in case another caller waits for the same room.
    pub(crate) fn keep(&mut self, membership: Arc<Membership>) {
        if let Some(Entry::Joined(joined)) = self.rooms.get_mut(&membership.room)
            && !joined.claim.is_taken()
        {
            joined.kept = Some(membership);
        }
    }

    pub(crate) fn is_member(&self, room: &str) -> bool {
        matches!(self.rooms.get(room), Some(Entry::Joined(_)))
    }

    /// Returns the event queue of a room; `None` if this session is not a member.
    pub(crate) fn events(&self, room: &str) -> Option<&async_channel::Sender<Event>> {
        match self.rooms.get(room) {
            Some(Entry::Joined(joined)) => Some(&joined.events),
            _ => None,
        }
    }

    /// Returns the version of each room, for a resume.
    pub(crate) fn versions(&self) -> HashMap<String, u32> {
        self.rooms
            .iter()
            .map(|(name, entry)| {
                let version = match entry {
                    Entry::Joined(joined) => joined.roster.borrow().version,
                    Entry::Early(roster) => roster.version,
                };
                (name.to_string(), version)
            })
            .collect()
    }

    /// Applies the answer to a join. Joining again returns the same membership; what changed meanwhile becomes events.
    pub(crate) fn joined(&mut self, frame: v1::Joined, backlog: &mut EventBacklog) -> Arc<Membership> {
        let name: Arc<str> = frame.room.as_str().into();
        let created = frame.created;
        let roster = Roster::joined(frame);
        let found = roster.members.clone();
        match self.rooms.remove(&name) {
            Some(Entry::Joined(mut joined)) => {
                joined.change(&name, backlog, |known| known.replace(roster));
                let membership = joined.membership.upgrade().unwrap_or_else(|| {
                    let (queue, events) = async_channel::bounded(self.capacity);
                    joined.events = queue;
                    let roster = joined.roster.subscribe();
                    let claim = joined.claim.clone();
                    Arc::new(Membership { room: name.clone(), roster, events, created, found, claim })
                });
                joined.membership = Arc::downgrade(&membership);
                self.rooms.insert(name, Entry::Joined(joined));
                membership
            }
            early => {
                let (queue, events) = async_channel::bounded(self.capacity);
                let (updates, roster) = watch::channel(roster);
                let claim = Claim::new(self.unclaimed.clone());
                let membership =
                    Arc::new(Membership { room: name.clone(), roster, events, created, found, claim: claim.clone() });
                let joined = Joined {
                    roster: updates,
                    events: queue,
                    membership: Arc::downgrade(&membership),
                    claim,
                    kept: None,
                };
                if let Some(Entry::Early(newer)) = early {
                    joined.change(&name, backlog, |known| known.replace(*newer));
                }
                self.rooms.insert(name, Entry::Joined(joined));
                membership
            }
        }
    }

    /// Ends the membership in a room with its last event.
    pub(crate) fn left(&mut self, room: &str, reason: &str, backlog: &mut EventBacklog) {
        if let Some((name, Entry::Joined(joined))) = self.rooms.remove_entry(room) {
            backlog.push(&joined.events, Event::Left { room: name, reason: reason.to_owned() });
        }
    }

    /// Ends every membership.
    pub(crate) fn left_all(&mut self, reason: &str, backlog: &mut EventBacklog) {
        let names: Vec<Arc<str>> = self.rooms.keys().cloned().collect();
        for name in names {
            self.left(&name, reason, backlog);
        }
        self.rooms.clear();
    }

    pub(crate) fn room_updated(&mut self, frame: v1::RoomUpdated, backlog: &mut EventBacklog) {
        self.presence(&frame.room.clone(), backlog, |roster| roster.room_updated(frame));
    }

    pub(crate) fn member_joined(&mut self, frame: v1::MemberJoined, backlog: &mut EventBacklog) {
        self.presence(&frame.room.clone(), backlog, |roster| roster.member_joined(frame));
    }

    pub(crate) fn member_updated(&mut self, frame: v1::MemberUpdated, backlog: &mut EventBacklog) {
        self.presence(&frame.room.clone(), backlog, |roster| roster.member_updated(frame));
    }

    pub(crate) fn member_left(&mut self, frame: v1::MemberLeft, backlog: &mut EventBacklog) {
        self.presence(&frame.room.clone(), backlog, |roster| roster.member_left(frame));
    }

    /// Applies a change of this session's own entry.
    pub(crate) fn update_me(&mut self, update: v1::UpdateMember, backlog: &mut EventBacklog) {
        self.presence(&update.room.clone(), backlog, |roster| roster.update_me(update));
    }

    /// Applies a whole roster that replaces the changes missed. `awaits_join`: a join has not been answered yet.
    pub(crate) fn roster(&mut self, frame: v1::Roster, awaits_join: bool, backlog: &mut EventBacklog) {
        let name = frame.room.clone();
        if self.rooms.contains_key(name.as_str()) {
            self.presence(&name, backlog, |roster| roster.replace(Roster::listed(frame)));
        } else if awaits_join {
            self.rooms.insert(name.into(), Entry::Early(Box::new(Roster::listed(frame))));
        }
    }

    /// Drops the rosters kept for joins, when no join awaits an answer any more.
    pub(crate) fn forget_early(&mut self) {
        self.rooms.retain(|_, entry| matches!(entry, Entry::Joined(_)));
    }

    fn presence<C: IntoIterator<Item = Change>>(
        &mut self,
        room: &str,
        backlog: &mut EventBacklog,
        apply: impl FnOnce(&mut Roster) -> C,
    ) {
        let Some((name, _)) = self.rooms.get_key_value(room) else { return };
        let name = name.clone();
        match self.rooms.get_mut(room) {
            Some(Entry::Joined(joined)) => joined.change(&name, backlog, apply),
            // No handle to this room exists yet, so there is no queue for the events.
            Some(Entry::Early(roster)) => drop(apply(roster)),
            None => {}
        }
    }
}

impl Joined {
    fn change<C: IntoIterator<Item = Change>>(
        &self,
        name: &Arc<str>,
        backlog: &mut EventBacklog,
        apply: impl FnOnce(&mut Roster) -> C,
    ) {
        let mut changes = None;
        self.roster.send_modify(|roster| changes = Some(apply(roster)));
        for change in changes.into_iter().flatten() {
            backlog.push(&self.events, event(name.clone(), change));
        }
    }
}

fn event(room: Arc<str>, change: Change) -> Event {
    match change {
        Change::Room(info) => Event::RoomUpdated { room, info },
        Change::Joined(member) => Event::MemberJoined { room, member },
        Change::Updated(member) => Event::MemberUpdated { room, member },
        Change::Left(peer_id, reason) => Event::MemberLeft { room, peer_id, reason },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(peer_id: &str) -> v1::Member {
        v1::Member { peer_id: peer_id.into(), ..v1::Member::default() }
    }

    fn joined(version: u32, members: &[&str]) -> v1::Joined {
        let members = members.iter().map(|peer_id| member(peer_id)).collect();
        v1::Joined { room: "demo".into(), version, me: Some(member("me")), members, ..v1::Joined::default() }
    }

    #[test]
    fn joining_again_returns_the_same_membership_and_reports_what_changed() {
        let (mut rooms, mut backlog) = (Rooms::new(8), EventBacklog::default());
        let first = rooms.joined(joined(1, &[]), &mut backlog);
        let again = rooms.joined(joined(2, &["ada"]), &mut backlog);
        assert!(Arc::ptr_eq(&first, &again));
        assert!(
            matches!(first.events.try_recv(), Ok(Event::MemberJoined { member, .. }) if member.peer_id.as_str() == "ada")
        );
        assert!(first.events.try_recv().is_err());
    }

    #[test]
    fn a_roster_before_the_answer_to_the_join_is_kept_for_it() {
        let (mut rooms, mut backlog) = (Rooms::new(8), EventBacklog::default());
        let members = vec![member("bob")];
        let roster = v1::Roster { room: "demo".into(), version: 5, members, ..v1::Roster::default() };
        rooms.roster(roster.clone(), false, &mut backlog);
        assert!(rooms.versions().is_empty());
        rooms.roster(roster, true, &mut backlog);
        let dee = v1::MemberJoined { room: "demo".into(), version: 6, member: Some(member("dee")) };
        rooms.member_joined(dee, &mut backlog);
        assert!(!rooms.is_member("demo"));
        let membership = rooms.joined(joined(3, &["ada"]), &mut backlog);
        let ids: Vec<String> =
            membership.roster.borrow().members.iter().map(|member| member.peer_id.to_string()).collect();
        assert_eq!(ids, ["bob", "dee"]);
        assert_eq!(rooms.versions()["demo"], 6);
        assert!(
            matches!(membership.events.try_recv(), Ok(Event::MemberLeft { peer_id, .. }) if peer_id.as_str() == "ada")
        );
    }

    #[test]
    fn the_last_event_of_a_room_is_left() {
        let (mut rooms, mut backlog) = (Rooms::new(8), EventBacklog::default());
        let membership = rooms.joined(joined(1, &[]), &mut backlog);
        rooms.left_all("ENDED", &mut backlog);
        assert!(matches!(membership.events.try_recv(), Ok(Event::Left { reason, .. }) if reason == "ENDED"));
        assert!(membership.events.is_closed() && !rooms.is_member("demo"));
    }
}
