//! The rooms this session is in: their rosters, their event queues, and which room an event belongs to.

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
};

use tokio::sync::watch;
use wigwag_proto::v1;

use super::outlet::Outlet;
use crate::{
    core::roster::{Change, Roster},
    event::Event,
    room::{Seat, SeatInner},
};

/// The rooms of one session.
#[derive(Debug)]
pub(crate) struct Rooms {
    rooms: HashMap<Arc<str>, Entry>,
    /// Capacity of each room's event queue.
    capacity: usize,
}

#[derive(Debug)]
enum Entry {
    Joined(Joined),
    /// A roster that came after a resume, before the answer to the join that the lost connection had carried. Kept
    /// until that answer comes, since it is newer.
    Early(Box<Roster>),
}

#[derive(Debug)]
struct Joined {
    roster: watch::Sender<Roster>,
    events: async_channel::Sender<Event>,
    seat: Weak<SeatInner>,
}

impl Rooms {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { rooms: HashMap::new(), capacity }
    }

    pub(crate) fn is_member(&self, room: &str) -> bool {
        matches!(self.rooms.get(room), Some(Entry::Joined(_)))
    }

    /// The queue of a room's events; `None` when this session is not in it.
    pub(crate) fn events(&self, room: &str) -> Option<&async_channel::Sender<Event>> {
        match self.rooms.get(room) {
            Some(Entry::Joined(joined)) => Some(&joined.events),
            _ => None,
        }
    }

    /// The version of each room, for a resume.
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

    /// The answer to a join. Joining again gives the same seat; its news are told as events.
    pub(crate) fn joined(&mut self, frame: v1::Joined, outlet: &mut Outlet) -> Seat {
        let name: Arc<str> = frame.room.as_str().into();
        let created = frame.created;
        let roster = Roster::joined(frame);
        let found = roster.members.clone();
        match self.rooms.remove(&name) {
            Some(Entry::Joined(mut joined)) => {
                joined.change(&name, outlet, |known| known.replace(roster));
                let seat = joined.seat.upgrade().unwrap_or_else(|| {
                    let (events, reader) = async_channel::bounded(self.capacity);
                    joined.events = events;
                    SeatInner::new(name.clone(), joined.roster.subscribe(), reader, created, found)
                });
                joined.seat = Arc::downgrade(&seat);
                self.rooms.insert(name, Entry::Joined(joined));
                seat
            }
            early => {
                let (events, reader) = async_channel::bounded(self.capacity);
                let (roster, watcher) = watch::channel(roster);
                let seat = SeatInner::new(name.clone(), watcher, reader, created, found);
                let joined = Joined { roster, events, seat: Arc::downgrade(&seat) };
                if let Some(Entry::Early(newer)) = early {
                    joined.change(&name, outlet, |known| known.replace(*newer));
                }
                self.rooms.insert(name, Entry::Joined(joined));
                seat
            }
        }
    }

    /// The seat is gone: the room's last event.
    pub(crate) fn left(&mut self, room: &str, reason: &str, outlet: &mut Outlet) {
        if let Some((name, Entry::Joined(joined))) = self.rooms.remove_entry(room) {
            outlet.push(&joined.events, Event::Left { room: name, reason: reason.to_owned() });
        }
    }

    /// Every seat is gone.
    pub(crate) fn left_all(&mut self, reason: &str, outlet: &mut Outlet) {
        let names: Vec<Arc<str>> = self.rooms.keys().cloned().collect();
        for name in names {
            self.left(&name, reason, outlet);
        }
        self.rooms.clear();
    }

    pub(crate) fn room_updated(&mut self, frame: v1::RoomUpdated, outlet: &mut Outlet) {
        self.presence(&frame.room.clone(), outlet, |roster| roster.room_updated(frame));
    }

    pub(crate) fn member_joined(&mut self, frame: v1::MemberJoined, outlet: &mut Outlet) {
        self.presence(&frame.room.clone(), outlet, |roster| roster.member_joined(frame));
    }

    pub(crate) fn member_updated(&mut self, frame: v1::MemberUpdated, outlet: &mut Outlet) {
        self.presence(&frame.room.clone(), outlet, |roster| roster.member_updated(frame));
    }

    pub(crate) fn member_left(&mut self, frame: v1::MemberLeft, outlet: &mut Outlet) {
        self.presence(&frame.room.clone(), outlet, |roster| roster.member_left(frame));
    }

    /// This session changed its own entry.
    pub(crate) fn update_me(&mut self, update: v1::UpdateMember, outlet: &mut Outlet) {
        self.presence(&update.room.clone(), outlet, |roster| roster.update_me(update));
    }

    /// A room's whole state in place of the changes. `awaits_join`: the answer to a join may still be on its way.
    pub(crate) fn roster(&mut self, frame: v1::Roster, awaits_join: bool, outlet: &mut Outlet) {
        let name = frame.room.clone();
        if self.rooms.contains_key(name.as_str()) {
            self.presence(&name, outlet, |roster| roster.replace(Roster::listed(frame)));
        } else if awaits_join {
            self.rooms.insert(name.into(), Entry::Early(Box::new(Roster::listed(frame))));
        }
    }

    /// No join is awaited any more: what was kept for one is of no use.
    pub(crate) fn forget_early(&mut self) {
        self.rooms.retain(|_, entry| matches!(entry, Entry::Joined(_)));
    }

    fn presence<C: IntoIterator<Item = Change>>(
        &mut self,
        room: &str,
        outlet: &mut Outlet,
        apply: impl FnOnce(&mut Roster) -> C,
    ) {
        let Some((name, _)) = self.rooms.get_key_value(room) else { return };
        let name = name.clone();
        match self.rooms.get_mut(room) {
            Some(Entry::Joined(joined)) => joined.change(&name, outlet, apply),
            // Nobody knows of this room yet, so nobody is told.
            Some(Entry::Early(roster)) => drop(apply(roster)),
            None => {}
        }
    }
}

impl Joined {
    fn change<C: IntoIterator<Item = Change>>(
        &self,
        name: &Arc<str>,
        outlet: &mut Outlet,
        apply: impl FnOnce(&mut Roster) -> C,
    ) {
        let mut changes = None;
        self.roster.send_modify(|roster| changes = Some(apply(roster)));
        for change in changes.into_iter().flatten() {
            outlet.push(&self.events, event(name.clone(), change));
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
    fn joining_again_gives_the_same_seat_and_tells_what_changed() {
        let (mut rooms, mut outlet) = (Rooms::new(8), Outlet::default());
        let first = rooms.joined(joined(1, &[]), &mut outlet);
        let again = rooms.joined(joined(2, &["ada"]), &mut outlet);
        assert!(Arc::ptr_eq(&first, &again));
        assert!(
            matches!(first.events.try_recv(), Ok(Event::MemberJoined { member, .. }) if member.peer_id.as_str() == "ada")
        );
        assert!(first.events.try_recv().is_err());
    }

    #[test]
    fn a_roster_before_the_answer_to_the_join_is_kept_for_it() {
        let (mut rooms, mut outlet) = (Rooms::new(8), Outlet::default());
        let members = vec![member("bob")];
        let roster = v1::Roster { room: "demo".into(), version: 5, members, ..v1::Roster::default() };
        rooms.roster(roster.clone(), false, &mut outlet);
        assert!(rooms.versions().is_empty());
        rooms.roster(roster, true, &mut outlet);
        let dee = v1::MemberJoined { room: "demo".into(), version: 6, member: Some(member("dee")) };
        rooms.member_joined(dee, &mut outlet);
        assert!(!rooms.is_member("demo"));
        let seat = rooms.joined(joined(3, &["ada"]), &mut outlet);
        let ids: Vec<String> = seat.roster.borrow().members.iter().map(|member| member.peer_id.to_string()).collect();
        assert_eq!(ids, ["bob", "dee"]);
        assert_eq!(rooms.versions()["demo"], 6);
        assert!(matches!(seat.events.try_recv(), Ok(Event::MemberLeft { peer_id, .. }) if peer_id.as_str() == "ada"));
    }

    #[test]
    fn the_last_event_of_a_room_is_left() {
        let (mut rooms, mut outlet) = (Rooms::new(8), Outlet::default());
        let seat = rooms.joined(joined(1, &[]), &mut outlet);
        rooms.left_all("ENDED", &mut outlet);
        assert!(matches!(seat.events.try_recv(), Ok(Event::Left { reason, .. }) if reason == "ENDED"));
        assert!(seat.events.is_closed() && !rooms.is_member("demo"));
    }
}
