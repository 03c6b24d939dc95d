//! Who is in a room. A state machine without locks: callers serialize.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use crate::{
    error::{JoinError, MemberError},
    frame::{Change, RoomEvent},
    id::{PeerId, RoomName},
    member::{DuplicateUsers, Member, Metadata, MetadataTooLarge, Presence, Role, RoomInfo, Snapshot},
    reason::Reason,
    time::Now,
};

/// What a room is made from.
#[derive(Clone, Debug)]
pub struct RoomSpec {
    /// Name.
    pub room: RoomName,
    /// Name for people.
    pub display_name: Arc<str>,
    /// Most members; 0 = the backend's limit.
    pub max_members: u32,
    /// The rule for users who are members already.
    pub duplicate_users: DuplicateUsers,
    /// The room's pairs.
    pub metadata: Metadata,
    /// How long it stays when empty, in milliseconds.
    pub empty_timeout_ms: u32,
}

/// What to change in a room; `None` stays.
#[derive(Clone, Debug, Default)]
pub struct RoomPatch {
    /// New name for people.
    pub display_name: Option<Arc<str>>,
    /// New limit.
    pub max_members: Option<u32>,
    /// New rule.
    pub duplicate_users: Option<DuplicateUsers>,
    /// Merged; an empty value deletes.
    pub metadata: BTreeMap<String, String>,
    /// New empty timeout.
    pub empty_timeout_ms: Option<u32>,
}

/// Who asks for a seat.
#[derive(Clone, Debug)]
pub struct Newcomer {
    /// The peer.
    pub peer: PeerId,
    /// Who the application says it is.
    pub user: Arc<str>,
    /// The user id comes from a token or a dialect, so it counts for bans and duplicates.
    pub verified: bool,
    /// Name for people.
    pub display_name: Arc<str>,
    /// The member's pairs.
    pub metadata: Metadata,
}

/// One seat: the member others see, and what the backend keeps with it.
#[derive(Debug)]
pub struct Seat<S> {
    /// The member.
    pub member: Arc<Member>,
    /// The user id counts for bans and duplicates.
    pub verified: bool,
    /// The backend's own.
    pub with: S,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Ban {
    User(Arc<str>),
    Peer(PeerId),
}

/// A room. `S` is whatever the backend keeps with each seat.
#[derive(Debug)]
pub struct RoomState<S> {
    spec: RoomSpec,
    limit: u32,
    owner: Option<PeerId>,
    created_at_ms: u64,
    version: u32,
    seats: BTreeMap<u64, Seat<S>>,
    order: HashMap<PeerId, u64>,
    next: u64,
    bans: HashSet<Ban>,
    empty_since_ms: Option<u64>,
    ended: bool,
}

impl<S> RoomState<S> {
    /// An empty room. `limit` is the most members any room may have.
    #[must_use]
    pub fn new(spec: RoomSpec, limit: u32, now: Now) -> Self {
        Self {
            spec,
            limit,
            owner: None,
            created_at_ms: now.unix_ms,
            version: 1,
            seats: BTreeMap::new(),
            order: HashMap::new(),
            next: 0,
            bans: HashSet::new(),
            empty_since_ms: Some(now.mono_ms),
            ended: false,
        }
    }

    /// Whether this newcomer would get a seat, and which older member of the same user would have to go first.
    pub fn admits(&self, who: &Newcomer) -> Result<Option<PeerId>, JoinError> {
        let banned = self.bans.contains(&Ban::Peer(who.peer.clone()))
            || (who.verified && self.bans.contains(&Ban::User(who.user.clone())));
        if banned {
            return Err(JoinError::Banned);
        }
        let mut replaces = None;
        if who.verified && self.spec.duplicate_users != DuplicateUsers::Allow {
            let same = self.seats.values().find(|s| s.verified && s.member.user == who.user);
            if let Some(seat) = same {
                if self.spec.duplicate_users == DuplicateUsers::Reject {
                    return Err(JoinError::UserTaken);
                }
                replaces = Some(seat.member.peer.clone());
            }
        }
        let max = self.max_members();
        if replaces.is_none() && self.seats.len() >= max as usize && !sabotaged!("capacity-ignored") {
            return Err(JoinError::RoomFull { max });
        }
        Ok(replaces)
    }

    /// Gives a seat. The caller has asked [`Self::admits`]; the peer is not a member yet.
    pub fn join(&mut self, who: Newcomer, with: S, now: Now) -> Arc<RoomEvent> {
        debug_assert!(!self.order.contains_key(&who.peer));
        let role = if self.owner.is_none() { Role::Owner } else { Role::Member };
        if role == Role::Owner {
            self.owner = Some(who.peer.clone());
        }
        let member = Arc::new(Member {
            peer: who.peer.clone(),
            user: who.user,
            display_name: who.display_name,
            metadata: who.metadata,
            role,
            presence: Presence::Online,
            joined_at_ms: now.unix_ms,
        });
        self.order.insert(who.peer, self.next);
        self.seats.insert(self.next, Seat { member: member.clone(), verified: who.verified, with });
        self.next += 1;
        self.empty_since_ms = None;
        self.event(Change::MemberJoined(member))
    }

    /// Takes a seat away. Gives the seat back with the events the others hear: the leave, and the new owner if the
    /// room changed hands.
    pub fn leave(&mut self, peer: &PeerId, reason: Reason, now: Now) -> Option<(Seat<S>, Vec<Arc<RoomEvent>>)> {
        let seat = self.seats.remove(&self.order.remove(peer)?)?;
        let mut events = vec![self.event(Change::MemberLeft(peer.clone(), reason))];
        if self.seats.is_empty() {
            self.empty_since_ms = Some(now.mono_ms);
        }
        if self.owner.as_ref() == Some(peer) && !sabotaged!("owner-for-ever") {
            self.owner = None;
            if let Some(next) = self.seats.values_mut().next() {
                next.member = Arc::new(Member { role: Role::Owner, ..(*next.member).clone() });
                self.owner = Some(next.member.peer.clone());
                self.version += 1;
                let info = self.info();
                events.push(self.at(Change::Updated(info)));
            }
        }
        Some((seat, events))
    }

    /// Changes a member's own entry. `None` when nothing changes.
    pub fn update_member(
        &mut self,
        peer: &PeerId,
        display_name: Option<Arc<str>>,
        metadata: &BTreeMap<String, String>,
    ) -> Result<Option<Arc<RoomEvent>>, MemberError> {
        let seat = self.seat_mut(peer).ok_or(MemberError::NotJoined)?;
        let member = Member {
            display_name: display_name.unwrap_or_else(|| seat.member.display_name.clone()),
            metadata: seat.member.metadata.merged(metadata)?,
            ..(*seat.member).clone()
        };
        Ok(self.replace_member(peer, member))
    }

    /// Says whether a member has a connection. `None` when that was known.
    pub fn set_presence(&mut self, peer: &PeerId, presence: Presence) -> Option<Arc<RoomEvent>> {
        let seat = self.seat_mut(peer)?;
        let member = Member { presence, ..(*seat.member).clone() };
        self.replace_member(peer, member)
    }

    /// Changes the room itself.
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

    /// Refuses this member from now on: by its user id when that is verified, else by its peer id.
    pub fn ban(&mut self, peer: &PeerId) {
        let ban = match self.seat(peer) {
            Some(seat) if seat.verified => Ban::User(seat.member.user.clone()),
            _ => Ban::Peer(peer.clone()),
        };
        if !sabotaged!("ban-not-kept") {
            self.bans.insert(ban);
        }
    }

    /// Ends the room and empties it. Gives back the seats and what watchers hear.
    pub fn end(&mut self, reason: Reason) -> (Vec<Seat<S>>, Arc<RoomEvent>) {
        self.ended = true;
        self.order.clear();
        self.owner = None;
        self.empty_since_ms = None;
        let seats = std::mem::take(&mut self.seats).into_values().collect();
        (seats, self.event(Change::Ended(reason)))
    }

    /// Whether [`Self::end`] was called: the room must not be used any more.
    #[must_use]
    pub fn ended(&self) -> bool {
        self.ended
    }

    /// When the room may end because it has been empty long enough; `None` while somebody is in it, and when it has ended.
    #[must_use]
    pub fn ends_at_ms(&self) -> Option<u64> {
        self.empty_since_ms.map(|since| since + u64::from(self.spec.empty_timeout_ms))
    }

    /// Name.
    #[must_use]
    pub fn name(&self) -> &RoomName {
        &self.spec.room
    }

    /// The room's version.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }

    /// Who owns the room.
    #[must_use]
    pub fn owner(&self) -> Option<&PeerId> {
        self.owner.as_ref()
    }

    /// The seat of a peer.
    #[must_use]
    pub fn seat(&self, peer: &PeerId) -> Option<&Seat<S>> {
        self.seats.get(self.order.get(peer)?)
    }

    /// The seats in join order.
    pub fn seats(&self) -> impl ExactSizeIterator<Item = &Seat<S>> {
        self.seats.values()
    }

    /// Members in join order from a position on, each with its position.
    pub fn members_after(&self, after: Option<u64>) -> impl Iterator<Item = (u64, &Arc<Member>)> {
        let from = after.map_or(0, |position| position.saturating_add(1));
        self.seats.range(from..).map(|(position, seat)| (*position, &seat.member))
    }

    /// The room as others see it.
    #[must_use]
    pub fn info(&self) -> RoomInfo {
        RoomInfo {
            room: self.spec.room.clone(),
            display_name: self.spec.display_name.clone(),
            max_members: self.max_members(),
            member_count: u32::try_from(self.seats.len()).unwrap_or(u32::MAX),
            duplicate_users: self.spec.duplicate_users,
            metadata: self.spec.metadata.clone(),
            owner: self.owner.clone(),
            created_at_ms: self.created_at_ms,
            version: self.version,
            empty_timeout_ms: self.spec.empty_timeout_ms,
        }
    }

    /// The room with its members.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot { info: self.info(), members: self.seats.values().map(|s| s.member.clone()).collect() }
    }

    fn max_members(&self) -> u32 {
        if self.spec.max_members == 0 { self.limit } else { self.spec.max_members.min(self.limit) }
    }

    fn seat_mut(&mut self, peer: &PeerId) -> Option<&mut Seat<S>> {
        self.seats.get_mut(self.order.get(peer)?)
    }

    fn replace_member(&mut self, peer: &PeerId, member: Member) -> Option<Arc<RoomEvent>> {
        let seat = self.seat_mut(peer)?;
        if *seat.member == member {
            return None;
        }
        let member = Arc::new(member);
        seat.member = member.clone();
        Some(self.event(Change::MemberUpdated(member)))
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
