//! The state of a room: its settings, members and bans. A state machine without locks: the caller serializes access.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use crate::{
    encoded::Encoded,
    error::{JoinError, MemberError},
    frame::{Change, RoomEvent},
    id::{PeerId, RoomName},
    member::{DuplicateUsers, Member, Metadata, MetadataTooLarge, Presence, Role, RoomInfo},
    members::Members,
    reason::Reason,
    snapshot::Snapshot,
    time::Now,
};

/// Parameters of a room to create.
#[derive(Clone, Debug)]
pub struct RoomSpec {
    /// The room's name.
    pub room: RoomName,
    /// Display name.
    pub display_name: Arc<str>,
    /// Maximum number of members; 0 = the backend's limit.
    pub max_members: u32,
    /// The rule for users that are already members.
    pub duplicate_users: DuplicateUsers,
    /// The room's metadata.
    pub metadata: Metadata,
    /// How long the room stays when empty, in milliseconds.
    pub empty_timeout_ms: u32,
}

/// Changes to a room; `None` = unchanged.
#[derive(Clone, Debug, Default)]
pub struct RoomPatch {
    /// New display name.
    pub display_name: Option<Arc<str>>,
    /// New limit.
    pub max_members: Option<u32>,
    /// New rule.
    pub duplicate_users: Option<DuplicateUsers>,
    /// Pairs to merge; an empty value deletes its key.
    pub metadata: BTreeMap<String, String>,
    /// New empty timeout.
    pub empty_timeout_ms: Option<u32>,
}

/// A session that asks to join a room.
#[derive(Clone, Debug)]
pub struct Newcomer {
    /// The peer.
    pub peer: PeerId,
    /// The application's user id for the peer.
    pub user: Arc<str>,
    /// Whether the user id comes from a token or a compatibility protocol, so that bans and the rule for duplicate users
    /// apply to it.
    pub verified: bool,
    /// Display name.
    pub display_name: Arc<str>,
    /// The member's metadata.
    pub metadata: Metadata,
}

/// A member as the room stores it: the entry that others see, and the backend's handle.
#[derive(Debug)]
pub struct RoomMember<H> {
    /// The entry that others see.
    pub entry: Arc<Member>,
    /// Whether the user id can be trusted. Only then do bans and the rule for duplicate users apply to it.
    pub verified: bool,
    /// The backend's handle for the member.
    pub handle: H,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Ban {
    User(Arc<str>),
    Peer(PeerId),
}

/// The state of a room. `H` is the backend's handle for a member.
#[derive(Debug)]
pub struct RoomState<H> {
    spec: RoomSpec,
    limit: u32,
    owner: Option<PeerId>,
    created_at_ms: u64,
    version: u32,
    /// Members by position, which is their join order.
    members: BTreeMap<u64, RoomMember<H>>,
    positions: HashMap<PeerId, u64>,
    next_position: u64,
    /// The entries of the members, to be shared with readers.
    roster: Members,
    bans: HashSet<Ban>,
    empty_since_ms: Option<u64>,
    ended: bool,
}

impl<H> RoomState<H> {
    /// Makes an empty room. `limit` is the backend's limit of members per room.
    #[must_use]
    pub fn new(spec: RoomSpec, limit: u32, now: Now) -> Self {
        Self {
            spec,
            limit,
            owner: None,
            created_at_ms: now.unix_ms,
            version: 1,
            members: BTreeMap::new(),
            positions: HashMap::new(),
            next_position: 0,
            roster: Members::default(),
            bans: HashSet::new(),
            empty_since_ms: Some(now.mono_ms),
            ended: false,
        }
    }

    /// Checks whether the newcomer may join. Returns the older member of the same user that it replaces, if any.
    pub fn admits(&self, who: &Newcomer) -> Result<Option<PeerId>, JoinError> {
        let banned = self.bans.contains(&Ban::Peer(who.peer.clone()))
            || (who.verified && self.bans.contains(&Ban::User(who.user.clone())));
        if banned {
            return Err(JoinError::Banned);
        }
        let mut replaces = None;
        if who.verified && self.spec.duplicate_users != DuplicateUsers::Allow {
            let same = self.members.values().find(|member| member.verified && member.entry.user == who.user);
            if let Some(member) = same {
                if self.spec.duplicate_users == DuplicateUsers::Reject {
                    return Err(JoinError::UserTaken);
                }
                replaces = Some(member.entry.peer.clone());
            }
        }
        let max = self.max_members();
        if replaces.is_none() && self.members.len() >= max as usize {
            return Err(JoinError::RoomFull { max });
        }
        Ok(replaces)
    }

    /// Adds a member. The caller has checked [`Self::admits`]; the peer is not a member yet.
    pub fn join(&mut self, who: Newcomer, handle: H, now: Now) -> Arc<RoomEvent> {
        debug_assert!(!self.positions.contains_key(&who.peer));
        let role = if self.owner.is_none() { Role::Owner } else { Role::Member };
        if role == Role::Owner {
            self.owner = Some(who.peer.clone());
        }
        let entry = Arc::new(Member {
            peer: who.peer.clone(),
            user: who.user,
            display_name: who.display_name,
            metadata: who.metadata,
            role,
            presence: Presence::Online,
            joined_at_ms: now.unix_ms,
            encoded: Encoded::default(),
        });
        self.roster.push(entry.clone());
        self.positions.insert(who.peer, self.next_position);
        let member = RoomMember { entry: entry.clone(), verified: who.verified, handle };
        self.members.insert(self.next_position, member);
        self.next_position += 1;
        self.empty_since_ms = None;
        self.event(Change::MemberJoined(entry))
    }

    /// Removes a member. Returns it with the events for the others: the leave and, if ownership passed on, the room with its
    /// new owner and then that member with its new role.
    pub fn leave(&mut self, peer: &PeerId, reason: Reason, now: Now) -> Option<(RoomMember<H>, Vec<Arc<RoomEvent>>)> {
        let member = self.members.remove(&self.positions.remove(peer)?)?;
        self.roster.remove(peer);
        let mut events = vec![self.event(Change::MemberLeft(peer.clone(), reason))];
        if self.members.is_empty() {
            self.empty_since_ms = Some(now.mono_ms);
        }
        if self.owner.as_ref() == Some(peer) {
            self.owner = None;
            if let Some(next) = self.members.values_mut().next() {
                let entry = Arc::new(Member { role: Role::Owner, ..(*next.entry).clone() });
                next.entry = entry.clone();
                self.roster.replace(entry.clone());
                self.owner = Some(entry.peer.clone());
                self.version += 1;
                let info = self.info();
                events.push(self.at(Change::Updated(info)));
                // For clients that show roles and do not derive them from the room's owner.
                events.push(self.event(Change::MemberUpdated(entry)));
            }
        }
        Some((member, events))
    }

    /// Updates a member's entry. Returns `None` if nothing changes.
    pub fn update_member(
        &mut self,
        peer: &PeerId,
        display_name: Option<Arc<str>>,
        metadata: &BTreeMap<String, String>,
    ) -> Result<Option<Arc<RoomEvent>>, MemberError> {
        let member = self.member_mut(peer).ok_or(MemberError::NotJoined)?;
        let entry = Member {
            display_name: display_name.unwrap_or_else(|| member.entry.display_name.clone()),
            metadata: member.entry.metadata.merged(metadata)?,
            ..(*member.entry).clone()
        };
        Ok(self.replace_entry(peer, entry))
    }

    /// Sets whether a member has a connection. Returns `None` if nothing changes.
    pub fn set_presence(&mut self, peer: &PeerId, presence: Presence) -> Option<Arc<RoomEvent>> {
        let member = self.member_mut(peer)?;
        let entry = Member { presence, ..(*member.entry).clone() };
        self.replace_entry(peer, entry)
    }

    /// Updates the room's settings. Changes nothing if the metadata would be too large.
    pub fn update(&mut self, patch: RoomPatch) -> Result<Arc<RoomEvent>, MetadataTooLarge> {
        self.spec.metadata = self.spec.metadata.merged(&patch.metadata)?;
        if let Some(display_name) = patch.display_name {
            self.spec.display_name = display_name;
        }
        if let Some(max) = patch.max_members {
            self.spec.max_members = max;
        }
        if let Some(rule) = patch.duplicate_users {
            self.spec.duplicate_users = rule;
        }
        if let Some(timeout) = patch.empty_timeout_ms {
            self.spec.empty_timeout_ms = timeout;
        }
        self.version += 1;
        let info = self.info();
        Ok(self.at(Change::Updated(info)))
    }

    /// Bans a member until the room ends: by its user id if that is verified, otherwise by its peer id. Returns `false` if
    /// the room has `max` bans; then `lives` tells which of the peers banned may still come back.
    pub fn ban(&mut self, peer: &PeerId, max: usize, lives: impl Fn(&PeerId) -> bool) -> bool {
        let ban = match self.member(peer) {
            Some(member) if member.verified => Ban::User(member.entry.user.clone()),
            _ => Ban::Peer(peer.clone()),
        };
        if self.bans.len() >= max && !self.bans.contains(&ban) {
            self.bans.retain(|ban| match ban {
                Ban::User(_) => true,
                Ban::Peer(peer) => lives(peer),
            });
            if self.bans.len() >= max {
                return false;
            }
        }
        self.bans.insert(ban);
        true
    }

    /// Ends the room and removes all members. Returns them with the event for watchers.
    pub fn end(&mut self, reason: Reason) -> (Vec<RoomMember<H>>, Arc<RoomEvent>) {
        self.ended = true;
        self.positions.clear();
        self.roster = Members::default();
        self.owner = None;
        self.empty_since_ms = None;
        let members = std::mem::take(&mut self.members).into_values().collect();
        (members, self.event(Change::Ended(reason)))
    }

    /// Returns whether [`Self::end`] was called. An ended room must not be used.
    #[must_use]
    pub fn ended(&self) -> bool {
        self.ended
    }

    /// Returns when the room's empty timeout runs out; `None` while it has members and once it has ended.
    #[must_use]
    pub fn ends_at_ms(&self) -> Option<u64> {
        self.empty_since_ms.map(|since| since + u64::from(self.spec.empty_timeout_ms))
    }

    /// Returns the room's name.
    #[must_use]
    pub fn name(&self) -> &RoomName {
        &self.spec.room
    }

    /// Returns the room's version, which counts every change.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }

    /// Returns the room's owner.
    #[must_use]
    pub fn owner(&self) -> Option<&PeerId> {
        self.owner.as_ref()
    }

    /// Returns a member.
    #[must_use]
    pub fn member(&self, peer: &PeerId) -> Option<&RoomMember<H>> {
        self.members.get(self.positions.get(peer)?)
    }

    /// Returns whether a member joined after another one. `false` if either is not a member.
    #[must_use]
    pub fn joined_after(&self, peer: &PeerId, other: &PeerId) -> bool {
        let (peer, other) = (self.positions.get(peer), self.positions.get(other));
        other.is_some() && peer > other
    }

    /// Iterates over the members in join order.
    pub fn members(&self) -> impl ExactSizeIterator<Item = &RoomMember<H>> {
        self.members.values()
    }

    /// Iterates over the members after a position in join order, each with its position.
    pub fn members_after(&self, after: Option<u64>) -> impl Iterator<Item = (u64, &Arc<Member>)> {
        let from = after.map_or(0, |position| position.saturating_add(1));
        self.members.range(from..).map(|(position, member)| (*position, &member.entry))
    }

    /// Returns the room as others see it.
    #[must_use]
    pub fn info(&self) -> RoomInfo {
        RoomInfo {
            room: self.spec.room.clone(),
            display_name: self.spec.display_name.clone(),
            max_members: self.max_members(),
            member_count: u32::try_from(self.members.len()).unwrap_or(u32::MAX),
            duplicate_users: self.spec.duplicate_users,
            metadata: self.spec.metadata.clone(),
            owner: self.owner.clone(),
            created_at_ms: self.created_at_ms,
            version: self.version,
            empty_timeout_ms: self.spec.empty_timeout_ms,
        }
    }

    /// Returns the room with its members.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot { info: self.info(), members: self.roster.clone() }
    }

    fn max_members(&self) -> u32 {
        if self.spec.max_members == 0 { self.limit } else { self.spec.max_members.min(self.limit) }
    }

    fn member_mut(&mut self, peer: &PeerId) -> Option<&mut RoomMember<H>> {
        self.members.get_mut(self.positions.get(peer)?)
    }

    fn replace_entry(&mut self, peer: &PeerId, entry: Member) -> Option<Arc<RoomEvent>> {
        let member = self.member_mut(peer)?;
        if *member.entry == entry {
            return None;
        }
        let entry = Arc::new(entry);
        member.entry = entry.clone();
        self.roster.replace(entry.clone());
        Some(self.event(Change::MemberUpdated(entry)))
    }

    fn event(&mut self, change: Change) -> Arc<RoomEvent> {
        self.version += 1;
        self.at(change)
    }

    fn at(&self, change: Change) -> Arc<RoomEvent> {
        RoomEvent::new(self.spec.room.clone(), self.version, change)
    }
}

#[cfg(test)]
mod tests;
