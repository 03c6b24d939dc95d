//! The rooms a session is in, and what its connection must be told of them before it reads on.

use std::sync::Arc;

use super::{
    Phase, Put, SessionState,
    missed_presence::{Departed, FormerRoom, retain_missed, with_departed},
    presence_queue::{LastRoster, Resubscribed},
};
use crate::{
    frame::Body,
    id::{PeerId, RoomName},
    limits::Limits,
    mailbox::{Entry, Held, JoinedEntry},
    member::Member,
    reason::Reason,
    snapshot::Snapshot,
    time::Now,
};

impl<R> SessionState<R> {
    /// Brings the connection up to date about a room, and queues changes of it from now on.
    ///
    /// Each `joined` of this membership that is still to be written shows the room as it is now. If that includes the one with
    /// which the membership began, no roster is needed. A member that has left, and from which an envelope is still to be
    /// written, is shown until then.
    pub fn put_roster(&mut self, snapshot: &Arc<Snapshot>) {
        let Some(resubscribed) = self.presence.resubscribe(&snapshot.info.room) else { return };
        let Resubscribed { known_version, joined_seq, mut departed } = resubscribed;
        retain_missed(&mut departed, snapshot, self.written);
        let shown = |written: u32| {
            let still: Vec<_> = departed.iter().filter(|gone| gone.until > written).collect();
            let changes = u32::try_from(still.len()).unwrap_or(u32::MAX);
            (changes > 0).then(|| with_departed(snapshot, &still, changes))
        };
        // Not those of an earlier membership in a room of that name: they describe another room.
        let after = self.written.max(joined_seq.saturating_sub(1));
        for (seq, _) in self.mailbox.joined(&snapshot.info.room, after) {
            self.presence.show_at(seq, shown(seq).map_or_else(|| snapshot.clone(), Arc::new));
        }
        if joined_seq <= self.written && known_version != Some(snapshot.info.version) {
            let shown = shown(self.written).map_or_else(|| snapshot.clone(), Arc::new);
            self.presence.put_roster(shown, self.written);
        }
        self.presence.put_departures(&snapshot.info.room, snapshot.info.version, &departed);
    }

    /// Adds a room and queues its changes from now on. The next frame put must be the `joined` that says so.
    pub fn join(&mut self, name: RoomName, room: R) {
        self.presence.join(name, room, self.mailbox.top().saturating_add(1));
    }

    /// Keeps the answer to a join, which shows the room as in `snapshot` if the session is attached, else as it is when the
    /// answer is written.
    pub fn put_joined(
        &mut self,
        reply_to: u32,
        created: bool,
        snapshot: Arc<Snapshot>,
        limits: &Limits,
        now: Now,
    ) -> Put {
        let (room, version) = (snapshot.info.room.clone(), snapshot.info.version);
        let joined = JoinedEntry { room, version, created, weight: Body::HEAD + snapshot.weight() };
        let put = self.put_control(Entry { reply_to, body: Held::Joined(joined), origin: None }, limits, now);
        if matches!(put, Put::Kept) && self.phase() == Phase::Attached {
            self.presence.show_at(self.mailbox.top(), snapshot);
        }
        put
    }

    /// Removes a room. Items queued about it stay: they are written before any frame put from now on, and envelopes in
    /// the mailbox may be from members they announce. If some may be from members that the client does not know, or the answer
    /// to the join is not acknowledged, the room is kept until they are: `newer` tells which members joined after this one, `roster` makes the room with
    /// this session in it. Both are asked here, in one step with the removal: until it, envelopes of the room are put.
    pub fn leave(&mut self, name: &RoomName, newer: impl Fn(&PeerId) -> bool, roster: impl FnOnce() -> Arc<Snapshot>) {
        let (acked, until) = (self.mailbox.acked(), self.mailbox.top());
        let needs_roster = self.needs_last_roster(name, newer);
        let last_roster = (needs_roster || self.holds_joined(name)).then(|| LastRoster {
            snapshot: roster(),
            needs_roster,
            acked,
            until,
        });
        if let Some(former) = self.presence.leave(name, last_roster)
            && self.phase() == Phase::Attached
        {
            self.put_former_room(&former, None);
        }
    }

    fn needs_last_roster(&self, name: &RoomName, newer: impl Fn(&PeerId) -> bool) -> bool {
        let Some(joined_seq) = self.presence.joined_seq(name) else { return false };
        let unknown = |entry: &Entry| entry.origin.as_ref().is_some_and(|origin| newer(&origin.from));
        let skip = joined_seq.saturating_sub(self.mailbox.acked()) as usize;
        self.mailbox.iter().skip(skip).any(unknown) || self.presence.has_departed(name)
    }

    /// Returns whether the answer to a join of the present membership is held.
    fn holds_joined(&self, name: &RoomName) -> bool {
        let Some(joined_seq) = self.presence.joined_seq(name) else { return false };
        self.mailbox.joined(name, joined_seq.saturating_sub(1)).next().is_some()
    }

    /// Brings the connection up to date about a room that the session has left, before the envelopes from it: as
    /// [`Self::put_roster`] does for the others. `known` is the version that the client knows.
    fn put_former_room(&mut self, former: &FormerRoom, known: Option<u32>) {
        let FormerRoom { snapshot, departed, joined_seq, until, needs_roster } = former;
        let mut departed = departed.clone();
        retain_missed(&mut departed, snapshot, self.written);
        let shown = |written: u32| {
            let still: Vec<_> = departed.iter().filter(|gone| gone.until > written).collect();
            if still.is_empty() { snapshot.clone() } else { Arc::new(with_departed(snapshot, &still, 0)) }
        };
        let after = self.written.max(joined_seq.saturating_sub(1));
        for (seq, _) in self.mailbox.joined(&snapshot.info.room, after).take_while(|(seq, _)| seq <= until) {
            self.presence.show_at(seq, shown(seq));
        }
        if *needs_roster && *joined_seq <= self.written && known != Some(snapshot.info.version) {
            self.presence.put_roster(shown(self.written), self.written);
        }
    }

    /// Records that a member has left a room, if an envelope from it is not acknowledged: until that is written, rosters
    /// show the member.
    pub fn note_departed(&mut self, room: &RoomName, member: &Arc<Member>, reason: Reason) {
        let from = |entry: &Entry| entry.origin.as_ref().is_some_and(|origin| origin.from == member.peer);
        let Some(last) = self.mailbox.iter().rposition(from) else { return };
        let until = self.mailbox.acked() + u32::try_from(last).unwrap_or(u32::MAX) + 1;
        let departed = Departed { member: member.clone(), reason, until };
        self.presence.note_departed(room, self.mailbox.acked(), departed);
    }

    /// Sets the version of each room that the client knows, and queues rosters of the rooms that the session has left while
    /// the client was away. Call it after each resume.
    pub fn set_known_versions(&mut self, mut version: impl FnMut(&RoomName) -> Option<u32>) {
        self.presence.set_known_versions(&mut version);
        for former in self.presence.former_rooms(self.written) {
            self.put_former_room(&former, version(&former.snapshot.info.room));
        }
    }
}
