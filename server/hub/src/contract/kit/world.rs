//! A backend with a clock and with names for its peers.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;

use super::{
    requests::room_name,
    wait::{BlockingWaker, WAIT_LIMIT, answer},
};
use crate::{
    backend::{Backend, Credentials, Grants, Open},
    frame::{Body, Change, Delivery, Item},
    id::PeerId,
    member::{Member, Metadata, Presence},
    session::SessionKind,
    snapshot::Snapshot,
    time::Now,
};

/// A backend, a clock that moves only when told to, and a name for each peer.
pub struct World {
    /// The backend under test.
    pub backend: Arc<dyn Backend>,
    now: Cell<Now>,
    opened: Cell<u128>,
    fences: Cell<u32>,
    names: RefCell<BTreeMap<PeerId, String>>,
}

impl World {
    /// Makes a world around an empty backend.
    #[must_use]
    pub fn new(backend: Arc<dyn Backend>) -> Self {
        Self {
            backend,
            now: Cell::new(Now { mono_ms: 1_000_000, unix_ms: 1_700_000_000_000 }),
            opened: Cell::new(0),
            fences: Cell::new(0),
            names: RefCell::default(),
        }
    }

    /// Returns the current time.
    #[must_use]
    pub fn now(&self) -> Now {
        self.now.get()
    }

    /// Moves the clock and runs the backend's expired timers.
    pub fn advance(&self, ms: u64) {
        self.now.set(self.now().plus(ms));
        self.backend.tick(self.now());
    }

    /// Waits until a connection is woken, and runs the backend's timers meanwhile, since wake-ups may be as late as that.
    /// Returns `false` after ten seconds.
    #[must_use]
    pub(in crate::contract) fn wait(&self, signal: &BlockingWaker) -> bool {
        const TICK: Duration = Duration::from_millis(5);
        let ticks = WAIT_LIMIT.as_millis() / TICK.as_millis();
        (0..ticks).any(|_| {
            let woken = signal.wait(TICK);
            if !woken {
                self.advance(0);
            }
            woken
        })
    }

    /// Returns the parameters of a new resumable session with a grace period of 30 s.
    pub fn open(&self, name: &str) -> Open {
        let number = self.opened.get() + 1;
        self.opened.set(number);
        // An odd multiplier: ids are distinct and their order differs from the order of opening.
        let peer = PeerId::from_random(number.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835));
        Open {
            credentials: Credentials { peer, secret_digest: [u8::try_from(number % 251).unwrap_or(0); 32] },
            user: format!("user-{name}").into(),
            verified: true,
            grants: Grants::default(),
            display_name: name.into(),
            metadata: Metadata::default(),
            kind: SessionKind::Resumable { grace_ms: 30_000 },
            replaces: None,
            source: 0,
            request: u64::try_from(number).unwrap_or(0),
        }
    }

    /// Names a peer.
    pub(super) fn set_name(&self, peer: PeerId, name: &str) {
        self.names.borrow_mut().insert(peer, name.to_owned());
    }

    /// Returns the name of a peer.
    #[must_use]
    pub fn name(&self, peer: &PeerId) -> String {
        self.names.borrow().get(peer).cloned().unwrap_or_else(|| format!("?{peer}"))
    }

    /// Describes a numbered frame in words.
    #[must_use]
    pub fn describe_body(&self, body: &Body) -> String {
        match body {
            Body::Envelope(bytes) => text_of(bytes),
            Body::Encoded(bytes) => format!("encoded {}", text_of(bytes)),
            Body::Joined(joined) => format!("joined {}", joined.snapshot.info.room),
            Body::Left { room, reason } => format!("left {room} {reason}"),
            Body::Done => "done".to_owned(),
            Body::Receipt { peer, delivery } => {
                let outcome = match delivery {
                    Delivery::Delivered => "DELIVERED".to_owned(),
                    Delivery::Written => "WRITTEN".to_owned(),
                    Delivery::Undeliverable(reason) => format!("UNDELIVERABLE {reason}"),
                };
                format!("receipt {} {outcome}", self.name(peer))
            }
        }
    }

    /// Describes an item in words. Presence: `+ada`, `-ada LEFT`, `~ada reconnecting`, `room owner ada`, `roster ada bob`.
    #[must_use]
    pub fn describe(&self, item: &Item) -> String {
        match item {
            Item::Presence(event) => match &event.change {
                Change::Created(_) => "created".to_owned(),
                Change::Updated(info) => {
                    format!("room owner {}", info.owner.as_ref().map(|p| self.name(p)).unwrap_or_default())
                }
                Change::Ended(reason) => format!("ended {reason}"),
                Change::MemberJoined(member) => format!("+{}", self.name(&member.peer)),
                Change::MemberUpdated(member) => format!("~{} {}", self.name(&member.peer), state(member)),
                Change::MemberLeft(peer, reason) => format!("-{} {reason}", self.name(peer)),
            },
            Item::Roster(snapshot) => format!("roster {}", self.members(snapshot)),
            Item::GoAway { .. } => "go away".to_owned(),
            Item::Numbered { body, .. } => self.describe_body(body),
        }
    }

    /// Returns the names of a snapshot's members in join order.
    #[must_use]
    pub fn members(&self, snapshot: &Snapshot) -> String {
        snapshot.members.iter().map(|m| self.name(&m.peer)).collect::<Vec<_>>().join(" ")
    }

    /// Asks the backend for a room's members and returns their names in join order; empty if there is no such room.
    #[must_use]
    pub fn members_in(&self, room: &str) -> String {
        answer(|| self.backend.snapshot(&room_name(room))).map(|s| self.members(&s)).unwrap_or_default()
    }

    /// Returns a text that occurs nowhere else, to mark the end of what a client reads.
    pub(super) fn fence(&self) -> String {
        self.fences.set(self.fences.get() + 1);
        format!("fence {}", self.fences.get())
    }
}

fn state(member: &Member) -> &'static str {
    match member.presence {
        Presence::Online => "online",
        Presence::Reconnecting => "reconnecting",
    }
}

fn text_of(bytes: &Bytes) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
