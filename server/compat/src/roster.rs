//! The members of a room, as last reported to one of them.

use std::sync::Arc;

use wigwag_hub::{
    PeerId, Reason, RoomEvent,
    frame::Change,
    member::{Member, RoomInfo},
    snapshot::Snapshot,
};

/// A room with its members.
#[derive(Clone, Debug)]
pub(crate) struct Roster {
    pub(crate) info: RoomInfo,
    /// All members but the client itself, in the order in which they joined.
    pub(crate) others: Vec<Arc<Member>>,
    /// How many of them joined before the client.
    before_me: usize,
}

/// A change of the members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RosterChange {
    Joined(Arc<Member>),
    Left(Arc<Member>, Reason),
}

impl Roster {
    pub(crate) fn new(snapshot: &Snapshot, me: &PeerId) -> Self {
        let others = snapshot.members.iter().filter(|member| member.peer != *me).cloned().collect();
        let before_me = snapshot.members.iter().take_while(|member| member.peer != *me).count();
        Self { info: snapshot.info.clone(), others, before_me }
    }

    /// Returns all members in the order in which they joined, the client among them if `me` is given.
    pub(crate) fn all<'a>(&'a self, me: Option<&'a PeerId>) -> impl Iterator<Item = &'a PeerId> {
        let (before, after) = self.others.split_at(self.before_me.min(self.others.len()));
        before.iter().map(|member| &member.peer).chain(me).chain(after.iter().map(|member| &member.peer))
    }

    pub(crate) fn has(&self, peer: &PeerId) -> bool {
        self.others.iter().any(|member| member.peer == *peer)
    }

    /// Applies a change of the room. Returns the change of its members, if it is one.
    pub(crate) fn change(&mut self, event: &RoomEvent) -> Option<RosterChange> {
        match &event.change {
            Change::Created(info) | Change::Updated(info) => self.info = info.clone(),
            Change::MemberJoined(member) if self.has(&member.peer) => self.update(member),
            Change::MemberJoined(member) => {
                self.others.push(member.clone());
                return Some(RosterChange::Joined(member.clone()));
            }
            Change::MemberUpdated(member) => self.update(member),
            Change::MemberLeft(peer, reason) => {
                let at = self.others.iter().position(|member| member.peer == *peer)?;
                if at < self.before_me {
                    self.before_me -= 1;
                }
                return Some(RosterChange::Left(self.others.remove(at), *reason));
            }
            // The client receives `Left` for this room.
            Change::Ended(_) => {}
        }
        None
    }

    /// Replaces the roster by a snapshot. Returns the differences: first who has left, then who has joined.
    pub(crate) fn replace(&mut self, snapshot: &Snapshot, me: &PeerId) -> Vec<RosterChange> {
        let new = Self::new(snapshot, me);
        let old = std::mem::replace(self, new);
        let left = old.others.iter().filter(|member| !self.has(&member.peer));
        // A snapshot does not say why a member left.
        let mut changes: Vec<_> = left.map(|member| RosterChange::Left(member.clone(), Reason::Left)).collect();
        changes.extend(self.others.iter().filter(|member| !old.has(&member.peer)).cloned().map(RosterChange::Joined));
        changes
    }

    fn update(&mut self, member: &Arc<Member>) {
        if let Some(known) = self.others.iter_mut().find(|known| known.peer == member.peer) {
            *known = member.clone();
        }
    }
}

#[cfg(test)]
mod tests {
    use wigwag_hub::{
        Now, RoomName,
        member::Metadata,
        room::{Newcomer, RoomSpec, RoomState},
    };

    use super::*;

    fn id(name: &str) -> PeerId {
        PeerId::parse(name).expect("a peer id")
    }

    fn room() -> RoomState<()> {
        let spec = RoomSpec {
            room: RoomName::parse("demo").expect("a name"),
            display_name: "".into(),
            max_members: 0,
            duplicate_users: wigwag_hub::member::DuplicateUsers::Allow,
            metadata: Metadata::default(),
            empty_timeout_ms: 0,
        };
        RoomState::new(spec, 10, Now { mono_ms: 0, unix_ms: 0 })
    }

    fn join(room: &mut RoomState<()>, name: &str) -> Arc<RoomEvent> {
        let who = Newcomer {
            peer: id(name),
            user: "".into(),
            verified: false,
            display_name: name.into(),
            metadata: Metadata::default(),
        };
        room.join(who, (), Now { mono_ms: 0, unix_ms: 0 })
    }

    fn names(roster: &Roster) -> Vec<&str> {
        roster.others.iter().map(|member| member.peer.as_str()).collect()
    }

    #[test]
    fn a_snapshot_gives_the_same_roster_as_the_changes_before_it() {
        let mut room = room();
        join(&mut room, "me");
        join(&mut room, "ada");
        let mut by_changes = Roster::new(&room.snapshot(), &id("me"));
        let mut by_snapshot = by_changes.clone();
        assert_eq!(names(&by_snapshot), ["ada"]);
        let me = id("me");
        assert_eq!(by_snapshot.all(Some(&me)).map(PeerId::as_str).collect::<Vec<_>>(), ["me", "ada"]);

        let bob = join(&mut room, "bob");
        let left = room.leave(&id("ada"), Reason::Removed, Now { mono_ms: 0, unix_ms: 0 }).expect("a member").1;
        assert!(matches!(by_changes.change(&bob), Some(RosterChange::Joined(member)) if member.peer == id("bob")));
        assert_eq!(by_changes.change(&bob), None, "a member joins only once");
        let changes = left.iter().filter_map(|event| by_changes.change(event)).collect::<Vec<_>>();
        assert!(matches!(&changes[..], [RosterChange::Left(member, Reason::Removed)] if member.peer == id("ada")));

        let changes = by_snapshot.replace(&room.snapshot(), &id("me"));
        assert!(matches!(&changes[..], [RosterChange::Left(left, _), RosterChange::Joined(new)]
            if left.peer == id("ada") && new.peer == id("bob")));
        assert_eq!(names(&by_snapshot), names(&by_changes));
        assert!(by_snapshot.replace(&room.snapshot(), &id("me")).is_empty());
    }
}
