//! A session as its application sees it, and what must hold at every item it receives.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use wigwag_hub::{
    Attachment, Body, Item, PeerId, RoomName,
    backend::Credentials,
    contract::kit::WrittenCount,
    frame::{Change, Delivery},
    snapshot::Snapshot,
};

/// One session of an actor, and what its application received.
pub struct Session {
    pub credentials: Credentials,
    pub attachment: Arc<dyn Attachment>,
    pub live: bool,
    /// What it has read, which in a live session counts as written.
    pub written: Arc<WrittenCount>,
    pub epoch: u32,
    pub sent: u32,
    pub last: u32,
    pub over: bool,
    pub views: BTreeMap<RoomName, View>,
    /// Accepted envelopes to one recipient, by number: id and recipient.
    pub envelopes: BTreeMap<u32, (u64, PeerId)>,
    pub receipts: BTreeMap<(u32, PeerId), u32>,
    pub received: BTreeMap<String, Vec<u64>>,
}

pub struct View {
    pub version: u32,
    pub others: BTreeSet<PeerId>,
}

impl Session {
    pub fn take(&mut self, item: Item) {
        match item {
            Item::Numbered { seq, reply_to, body } => {
                assert_eq!(seq, self.last + 1, "numbered frames are contiguous");
                self.last = seq;
                self.written.set(seq);
                self.body(reply_to, body);
            }
            Item::Roster(snapshot) => self.roster(&snapshot),
            Item::Presence(event) => {
                let view = self.views.get_mut(&event.room).expect("presence of a joined room");
                assert_eq!(event.version, view.version + 1, "no change is missing in {}", event.room);
                view.version = event.version;
                match &event.change {
                    Change::MemberJoined(member) => {
                        assert!(view.others.insert(member.peer.clone()), "each member joins once");
                    }
                    Change::MemberLeft(peer, _) => assert!(view.others.remove(peer), "each member leaves once"),
                    _ => {}
                }
            }
            Item::GoAway { .. } => {}
        }
    }

    fn body(&mut self, reply_to: u32, body: Body) {
        match body {
            Body::Envelope(bytes) => {
                let text = String::from_utf8(bytes.to_vec()).expect("text");
                let [id, from, room] = text.split(' ').collect::<Vec<_>>()[..] else { panic!("three words: {text}") };
                if room != "-" {
                    let view = self.views.get(room).expect("an envelope of a joined room");
                    let known = from == "-" || view.others.iter().any(|peer| peer.as_str() == from);
                    assert!(known, "an envelope came before its sender's join");
                }
                if from == "-" {
                    return; // From a backend.
                }
                self.received.entry(from.to_owned()).or_default().push(id.parse().expect("a number"));
            }
            Body::Joined(joined) => {
                assert!(!joined.created || joined.snapshot.info.owner.as_ref() == Some(&self.credentials.peer));
                let room = joined.snapshot.info.room.clone();
                match self.views.get(&room) {
                    // It may follow a roster, but never a change that it does not include.
                    Some(view) => assert!(view.version <= joined.snapshot.info.version, "the wait is up to date"),
                    None => {
                        let view = View { version: 0, others: BTreeSet::new() };
                        self.views.insert(room, view);
                    }
                }
                self.roster(&joined.snapshot);
            }
            Body::Left { room, .. } => assert!(self.views.remove(&room).is_some(), "only joined rooms are left"),
            Body::Receipt { peer, delivery } => {
                *self.receipts.entry((reply_to, peer)).or_default() += 1;
                if delivery == Delivery::Delivered {
                    assert!(self.envelopes.contains_key(&reply_to), "receipts for success are requested");
                }
            }
            Body::Encoded(_) | Body::Done => {}
        }
    }

    fn roster(&mut self, snapshot: &Snapshot) {
        let view = self.views.get_mut(&snapshot.info.room).expect("a roster of a joined room");
        assert!(view.version <= snapshot.info.version, "versions do not decrease");
        view.version = snapshot.info.version;
        view.others = snapshot.members.iter().map(|member| member.peer.clone()).collect();
        assert!(view.others.remove(&self.credentials.peer), "a roster includes its recipient");
    }
}
