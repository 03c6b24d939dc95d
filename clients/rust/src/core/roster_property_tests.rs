//! The roster against a room in which peers come and go, over connections that miss some of it.

use std::collections::BTreeSet;

use proptest::prelude::*;
use wigwag_proto::v1;

use super::roster::{Change, Roster};

#[derive(Debug, Clone, Copy)]
enum Step {
    Join(u8),
    Leave(u8),
    Rename(u8),
    /// From now on nothing arrives.
    Disconnect,
    /// A roster in place of what was missed.
    Resume,
    /// An old roster, sent again by mistake.
    Stale,
}

fn step() -> impl Strategy<Value = Step> {
    let peer = 0..6_u8;
    prop_oneof![
        4 => peer.clone().prop_map(Step::Join),
        3 => peer.clone().prop_map(Step::Leave),
        2 => peer.prop_map(Step::Rename),
        1 => Just(Step::Disconnect),
        2 => Just(Step::Resume),
        1 => Just(Step::Stale),
    ]
}

/// The room as the server has it, and what the observer knows from events.
struct World {
    version: u32,
    members: Vec<v1::Member>,
    first: v1::Roster,
    connected: bool,
    roster: Roster,
    /// The members according to the events alone.
    observed: BTreeSet<String>,
}

impl World {
    fn new() -> Self {
        let me = Some(v1::Member { peer_id: "me".into(), ..v1::Member::default() });
        let roster = Roster::joined(v1::Joined { version: 1, me, ..v1::Joined::default() });
        let first = v1::Roster { version: 1, ..v1::Roster::default() };
        Self { version: 1, members: Vec::new(), first, connected: true, roster, observed: BTreeSet::new() }
    }

    fn listed(&self) -> v1::Roster {
        v1::Roster { version: self.version, members: self.members.clone(), ..v1::Roster::default() }
    }

    fn apply<C: IntoIterator<Item = Change>>(&mut self, apply: impl FnOnce(&mut Roster) -> C) {
        if !self.connected {
            return;
        }
        for change in apply(&mut self.roster) {
            match change {
                Change::Joined(member) => {
                    assert!(self.observed.insert(member.peer_id.to_string()), "joined twice: {}", member.peer_id);
                }
                Change::Updated(member) => assert!(self.observed.contains(member.peer_id.as_str())),
                Change::Left(peer_id, _) => assert!(self.observed.remove(peer_id.as_str()), "left twice: {peer_id}"),
                Change::Room(_) => panic!("the room itself never changed"),
            }
        }
    }

    fn position(&self, peer: u8) -> Option<usize> {
        self.members.iter().position(|member| member.peer_id == peer.to_string())
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Join(peer) if self.position(peer).is_none() => {
                self.version += 1;
                let joined_at = Some(prost_types::Timestamp { seconds: self.version.into(), nanos: 0 });
                let member = v1::Member { peer_id: peer.to_string(), joined_at, ..v1::Member::default() };
                self.members.push(member.clone());
                let frame = v1::MemberJoined { version: self.version, member: Some(member), ..Default::default() };
                self.apply(|roster| roster.member_joined(frame));
            }
            Step::Leave(peer) => {
                let Some(at) = self.position(peer) else { return };
                self.version += 1;
                let peer_id = self.members.remove(at).peer_id;
                let frame = v1::MemberLeft { version: self.version, peer_id, ..Default::default() };
                self.apply(|roster| roster.member_left(frame));
            }
            Step::Rename(peer) => {
                let Some(at) = self.position(peer) else { return };
                self.version += 1;
                self.members[at].display_name = self.version.to_string();
                let member = Some(self.members[at].clone());
                let frame = v1::MemberUpdated { version: self.version, member, ..Default::default() };
                self.apply(|roster| roster.member_updated(frame));
            }
            Step::Join(_) => {}
            Step::Disconnect => self.connected = false,
            Step::Resume => {
                self.connected = true;
                let listed = self.listed();
                self.apply(|roster| roster.replace(Roster::listed(listed)));
            }
            Step::Stale => {
                if self.version > 1 && self.roster.version > 1 {
                    let changes = self.roster.replace(Roster::listed(self.first.clone()));
                    assert_eq!(changes, []);
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_join_and_every_leave_is_reported_once(steps in proptest::collection::vec(step(), 0..120)) {
        let mut world = World::new();
        for step in steps {
            world.step(step);
        }
        world.step(Step::Resume);
        let there: BTreeSet<String> = world.members.iter().map(|member| member.peer_id.clone()).collect();
        prop_assert_eq!(&world.observed, &there);
        let in_order: Vec<String> = world.roster.members.iter().map(|member| member.peer_id.to_string()).collect();
        let joined: Vec<String> = world.members.iter().map(|member| member.peer_id.clone()).collect();
        prop_assert_eq!(in_order, joined);
        prop_assert_eq!(world.roster.version, world.version);
    }
}
