//! The members of a room, and the differences when a whole roster replaces single changes.

use wigwag_proto::v1;

use crate::{
    member::{Member, PeerId, Role},
    room_info::RoomInfo,
};

/// The latest known state of a room.
#[derive(Debug, Clone)]
pub(crate) struct Roster {
    pub(crate) info: RoomInfo,
    pub(crate) version: u32,
    /// This session's own entry. `None` only until the answer to the join arrives.
    pub(crate) me: Option<Member>,
    /// The other members, in the order in which they joined.
    pub(crate) members: Vec<Member>,
}

/// One change, reported once.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Change {
    Room(RoomInfo),
    Joined(Member),
    Updated(Member),
    /// The reason is unknown when a whole roster replaced the change.
    Left(PeerId, Option<String>),
}

impl Roster {
    pub(crate) fn joined(frame: v1::Joined) -> Self {
        let me = frame.me.map(Member::from);
        let mut roster = Self::new(frame.room_info, frame.version, frame.members);
        roster.me = me;
        roster
    }

    pub(crate) fn listed(frame: v1::Roster) -> Self {
        Self::new(frame.room_info, frame.version, frame.members)
    }

    fn new(info: Option<v1::RoomInfo>, version: u32, members: Vec<v1::Member>) -> Self {
        Self {
            info: info.unwrap_or_default().into(),
            version,
            me: None,
            members: members.into_iter().map(Member::from).collect(),
        }
    }

    /// Applies a change of the room's settings.
    pub(crate) fn room_updated(&mut self, frame: v1::RoomUpdated) -> Option<Change> {
        self.advance(frame.version)?;
        let info = RoomInfo::from(frame.room_info?);
        self.changed_info(info)
    }

    /// Applies a join.
    pub(crate) fn member_joined(&mut self, frame: v1::MemberJoined) -> Option<Change> {
        self.advance(frame.version)?;
        self.upsert(frame.member?.into())
    }

    /// Applies a change of a member.
    pub(crate) fn member_updated(&mut self, frame: v1::MemberUpdated) -> Option<Change> {
        self.advance(frame.version)?;
        self.upsert(frame.member?.into())
    }

    /// Applies a leave.
    pub(crate) fn member_left(&mut self, frame: v1::MemberLeft) -> Option<Change> {
        self.advance(frame.version)?;
        let peer_id = PeerId::from(frame.peer_id);
        let at = self.position(&peer_id)?;
        self.members.remove(at);
        self.info.member_count = self.info.member_count.saturating_sub(1);
        Some(Change::Left(peer_id, Some(frame.reason)))
    }

    /// Applies a change this session made to its own entry. The server reports it to the other members only.
    pub(crate) fn update_me(&mut self, update: v1::UpdateMember) -> Option<Change> {
        let mut me = self.me.clone()?;
        if let Some(name) = update.display_name {
            me.display_name = name;
        }
        for (key, value) in update.metadata {
            if value.is_empty() {
                me.metadata.remove(&key);
            } else {
                me.metadata.insert(key, value);
            }
        }
        self.changed_me(me)
    }

    /// Replaces the state by a newer one and returns the differences: who left, who joined in order, who changed, each
    /// once. Ignores an older state.
    pub(crate) fn replace(&mut self, newer: Self) -> Vec<Change> {
        let mut changes = Vec::new();
        if newer.version < self.version {
            return changes;
        }
        self.version = newer.version;
        // A peer that left and returned in between has a new `joined_at`: it is reported as both.
        let is_same =
            |before: &Member, now: &Member| before.peer_id == now.peer_id && before.joined_at == now.joined_at;
        for before in &self.members {
            if !newer.members.iter().any(|now| is_same(before, now)) {
                changes.push(Change::Left(before.peer_id.clone(), None));
            }
        }
        for now in &newer.members {
            match self.members.iter().find(|before| is_same(before, now)) {
                None => changes.push(Change::Joined(now.clone())),
                Some(before) if before != now => changes.push(Change::Updated(now.clone())),
                Some(_) => {}
            }
        }
        self.members = newer.members;
        if let Some(me) = newer.me {
            changes.extend(self.changed_me(me));
        }
        changes.extend(self.changed_info(newer.info));
        changes
    }

    fn upsert(&mut self, member: Member) -> Option<Change> {
        if self.me.as_ref().is_some_and(|me| me.peer_id == member.peer_id) {
            return self.changed_me(member);
        }
        match self.position(&member.peer_id) {
            Some(at) if self.members[at] == member => None,
            Some(at) => {
                self.members[at] = member.clone();
                Some(Change::Updated(member))
            }
            None => {
                self.members.push(member.clone());
                self.info.member_count += 1;
                Some(Change::Joined(member))
            }
        }
    }

    fn changed_me(&mut self, me: Member) -> Option<Change> {
        if self.me.as_ref() == Some(&me) {
            return None;
        }
        self.me = Some(me.clone());
        Some(Change::Updated(me))
    }

    fn changed_info(&mut self, info: RoomInfo) -> Option<Change> {
        let differs = RoomInfo { version: info.version, member_count: info.member_count, ..self.info.clone() } != info;
        self.info = info;
        // A new owner is one change of the room, not also a change of the two members whose role it changes.
        let owner = self.info.owner.as_ref();
        for member in self.members.iter_mut().chain(&mut self.me) {
            member.role = if owner == Some(&member.peer_id) { Role::Owner } else { Role::Member };
        }
        // The counters change with every join and leave, which have their own events.
        differs.then(|| Change::Room(self.info.clone()))
    }

    /// Returns `None` for a version older than the known one.
    fn advance(&mut self, version: u32) -> Option<()> {
        if version < self.version {
            return None;
        }
        self.version = version;
        self.info.version = version;
        Some(())
    }

    fn position(&self, peer_id: &PeerId) -> Option<usize> {
        self.members.iter().position(|member| member.peer_id == *peer_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(peer_id: &str, name: &str, joined: i64) -> v1::Member {
        v1::Member {
            peer_id: peer_id.into(),
            display_name: name.into(),
            joined_at: Some(prost_types::Timestamp { seconds: joined, nanos: 0 }),
            ..v1::Member::default()
        }
    }

    fn roster(version: u32, members: Vec<v1::Member>) -> Roster {
        Roster::joined(v1::Joined { version, me: Some(member("me", "", 0)), members, ..v1::Joined::default() })
    }

    fn listed(version: u32, members: Vec<v1::Member>) -> Roster {
        Roster::listed(v1::Roster { version, members, ..v1::Roster::default() })
    }

    fn ids(roster: &Roster) -> Vec<&str> {
        roster.members.iter().map(|member| member.peer_id.as_str()).collect()
    }

    #[test]
    fn changes_are_reported_once() {
        let mut roster = roster(1, vec![]);
        let joined = v1::MemberJoined { version: 2, member: Some(member("ada", "", 1)), ..Default::default() };
        assert!(matches!(roster.member_joined(joined.clone()), Some(Change::Joined(m)) if m.peer_id.as_str() == "ada"));
        assert_eq!(roster.member_joined(joined), None);
        let updated = v1::MemberUpdated { version: 3, member: Some(member("ada", "Ada", 1)), ..Default::default() };
        assert!(matches!(roster.member_updated(updated.clone()), Some(Change::Updated(_))));
        assert_eq!(roster.member_updated(updated), None);
        let left = v1::MemberLeft { version: 4, peer_id: "ada".into(), reason: "LEFT".into(), ..Default::default() };
        assert_eq!(roster.member_left(left.clone()), Some(Change::Left("ada".into(), Some("LEFT".into()))));
        assert_eq!(roster.member_left(left), None);
        assert_eq!((roster.version, ids(&roster).len()), (4, 0));
    }

    #[test]
    fn changes_older_than_the_roster_are_ignored() {
        let mut roster = roster(5, vec![member("ada", "", 1)]);
        let late = v1::MemberLeft { version: 3, peer_id: "ada".into(), ..Default::default() };
        assert_eq!(roster.member_left(late), None);
        assert_eq!(roster.replace(listed(4, vec![])), vec![]);
        assert_eq!(ids(&roster), ["ada"]);
    }

    #[test]
    fn a_newer_roster_is_reported_as_its_differences() {
        let mut roster = roster(5, vec![member("ada", "", 1), member("bob", "", 2), member("cyd", "", 3)]);
        let changes =
            roster.replace(listed(9, vec![member("bob", "Bob", 2), member("cyd", "", 7), member("dee", "", 8)]));
        let reported: Vec<String> = changes
            .iter()
            .map(|change| match change {
                Change::Left(peer_id, None) => format!("-{peer_id}"),
                Change::Joined(member) => format!("+{}", member.peer_id),
                Change::Updated(member) => format!("~{}", member.peer_id),
                other => format!("{other:?}"),
            })
            .collect();
        assert_eq!(reported, ["-ada", "-cyd", "~bob", "+cyd", "+dee"]);
        assert_eq!(ids(&roster), ["bob", "cyd", "dee"]);
    }

    #[test]
    fn own_entry_is_kept_apart() {
        let mut roster = roster(1, vec![]);
        let updated = v1::MemberUpdated { version: 2, member: Some(member("me", "Me", 0)), ..Default::default() };
        assert!(matches!(roster.member_updated(updated), Some(Change::Updated(_))));
        assert!(roster.members.is_empty());
        assert_eq!(roster.me.as_ref().map(|me| me.display_name.as_str()), Some("Me"));
    }

    #[test]
    fn own_change_is_merged() {
        let mut roster = roster(1, vec![]);
        let change = |name: Option<&str>, key: &str, value: &str| v1::UpdateMember {
            display_name: name.map(str::to_owned),
            metadata: [(key.to_owned(), value.to_owned())].into(),
            ..Default::default()
        };
        let Some(Change::Updated(me)) = roster.update_me(change(Some("Me"), "hand", "up")) else { panic!("a change") };
        assert_eq!((me.display_name.as_str(), me.metadata["hand"].as_str()), ("Me", "up"));
        let Some(Change::Updated(me)) = roster.update_me(change(None, "hand", "")) else { panic!("a change") };
        assert_eq!((me.display_name.as_str(), me.metadata.len()), ("Me", 0));
        assert_eq!(roster.update_me(change(None, "hand", "")), None);
    }

    #[test]
    fn a_new_owner_has_the_role() {
        let mut roster = roster(1, vec![member("ada", "", 1)]);
        for (version, owner, roles) in [(2, "ada", [Role::Owner, Role::Member]), (3, "me", [Role::Member, Role::Owner])]
        {
            let room_info = Some(v1::RoomInfo { version, owner: owner.into(), ..Default::default() });
            roster.room_updated(v1::RoomUpdated { version, room_info, ..Default::default() });
            assert_eq!([roster.members[0].role, roster.me.as_ref().expect("me").role], roles);
        }
    }

    #[test]
    fn a_change_of_counters_alone_is_not_reported() {
        let mut roster = roster(1, vec![]);
        let info = v1::RoomInfo { version: 2, member_count: 7, ..Default::default() };
        let frame = v1::RoomUpdated { version: 2, room_info: Some(info.clone()), ..Default::default() };
        assert_eq!(roster.room_updated(frame), None);
        let info = v1::RoomInfo { version: 3, owner: "ada".into(), ..info };
        let frame = v1::RoomUpdated { version: 3, room_info: Some(info), ..Default::default() };
        assert!(matches!(roster.room_updated(frame), Some(Change::Room(info)) if info.owner == Some("ada".into())));
    }
}
