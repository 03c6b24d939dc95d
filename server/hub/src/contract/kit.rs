//! What the cases are made of: a world with a clock of its own, and clients that keep the rules.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    pin::pin,
    sync::{Arc, Condvar, Mutex, PoisonError},
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};

use bytes::Bytes;

use crate::{
    backend::{Backend, Create, Credentials, Join, Open, Outbound, Submitted},
    frame::{Body, Change, Delivery, Item},
    id::{PeerId, RoomName},
    member::{Member, Metadata, Presence, Snapshot},
    session::Grade,
    time::Now,
};

pub use client::Client;

mod client;

/// How long a case waits for something that must come.
pub(super) const PATIENCE: Duration = Duration::from_millis(if cfg!(wigwag_sabotage) { 200 } else { 10_000 });

/// A backend, a clock that only moves when told, and names for everybody.
pub struct World {
    /// The backend under test.
    pub backend: Arc<dyn Backend>,
    now: Cell<Now>,
    opened: Cell<u128>,
    fences: Cell<u32>,
    names: RefCell<BTreeMap<PeerId, String>>,
}

impl World {
    /// A world around an empty backend.
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

    /// The moment.
    #[must_use]
    pub fn now(&self) -> Now {
        self.now.get()
    }

    /// Moves the clock and lets the backend do what is due.
    pub fn pass(&self, ms: u64) {
        self.now.set(self.now().plus(ms));
        self.backend.tick(self.now());
    }

    /// Opens a resumable session with a grace of 30 s.
    pub fn client(&self, name: &str) -> Client<'_> {
        self.client_with(name, |_| {})
    }

    /// Opens a session that is not resumable.
    pub fn live(&self, name: &str) -> Client<'_> {
        self.client_with(name, |open| open.grade = Grade::Live)
    }

    /// Opens a session with changes to what is usual.
    pub fn client_with(&self, name: &str, change: impl FnOnce(&mut Open)) -> Client<'_> {
        let mut open = self.open(name);
        change(&mut open);
        let credentials = open.credentials.clone();
        let attachment = answer(self.backend.open(self.now(), open)).expect("a session opens");
        self.names.borrow_mut().insert(credentials.peer.clone(), name.to_owned());
        Client::new(self, credentials, attachment)
    }

    /// What a resumable session is opened with.
    pub fn open(&self, name: &str) -> Open {
        let number = self.opened.get() + 1;
        self.opened.set(number);
        // An odd multiplier: ids are distinct and their order is not the order of opening.
        let peer = PeerId::from_random(number.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835));
        Open {
            credentials: Credentials { peer, secret_digest: [u8::try_from(number % 251).unwrap_or(0); 32] },
            user: format!("user-{name}").into(),
            verified: true,
            display_name: name.into(),
            metadata: Metadata::default(),
            grade: Grade::Resumable { grace_ms: 30_000 },
        }
    }

    /// The name of a peer.
    #[must_use]
    pub fn name(&self, peer: &PeerId) -> String {
        self.names.borrow().get(peer).cloned().unwrap_or_else(|| format!("?{peer}"))
    }

    /// A numbered frame in words.
    #[must_use]
    pub fn say(&self, body: &Body) -> String {
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

    /// Presence in words: `+ada`, `-ada LEFT`, `~ada reconnecting`, `room owner ada`, `roster ada bob`.
    #[must_use]
    pub fn tell(&self, item: &Item) -> String {
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
            Item::Numbered { body, .. } => self.say(body),
        }
    }

    /// Who is in a room, in join order.
    #[must_use]
    pub fn members(&self, snapshot: &Snapshot) -> String {
        snapshot.members.iter().map(|m| self.name(&m.peer)).collect::<Vec<_>>().join(" ")
    }

    /// Who is in a room according to the backend, in join order; empty when there is no such room.
    #[must_use]
    pub fn inside(&self, room: &str) -> String {
        answer(self.backend.snapshot(&room_name(room))).map(|s| self.members(&s)).unwrap_or_default()
    }

    fn fence(&self) -> String {
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

/// A room's name.
#[must_use]
pub fn room_name(room: &str) -> RoomName {
    RoomName::parse(room).expect("a valid room name")
}

/// A join of a room that is made when it does not exist.
#[must_use]
pub fn join(room: &str) -> Join {
    Join { room: room_name(room), display_name: None, metadata: None, create: Create::IfAbsent }
}

/// An envelope to a peer, outside of rooms.
#[must_use]
pub fn direct(to: &PeerId, text: &str) -> Outbound {
    Outbound { room: None, to: Some(to.clone()), receipt: false, envelope: text_bytes(text) }
}

/// An envelope to a member of a room, or to all others.
#[must_use]
pub fn in_room(room: &str, to: Option<&PeerId>, text: &str) -> Outbound {
    Outbound { room: Some(room_name(room)), to: to.cloned(), receipt: false, envelope: text_bytes(text) }
}

/// Bytes of a text.
#[must_use]
pub fn text_bytes(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

fn text_of(bytes: &Bytes) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Waits for an answer.
pub fn answer<T>(submitted: Submitted<T>) -> T {
    let submitted = match submitted {
        Submitted::Done(answer) => return answer,
        pending => pending,
    };
    let mut future = pin!(submitted.wait());
    let bell = Arc::new(Bell::default());
    let waker = Waker::from(bell.clone());
    loop {
        if let Poll::Ready(answer) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return answer;
        }
        assert!(bell.wait(PATIENCE), "an answer did not come");
    }
}

/// A waker one can wait for.
#[derive(Debug, Default)]
pub struct Bell {
    // Whether it was rung since it was last waited for.
    rung: Mutex<bool>,
    ringing: Condvar,
}

impl Bell {
    /// Waits until it is rung; `false` when that takes too long.
    #[must_use]
    pub fn wait(&self, patience: Duration) -> bool {
        let rung = self.rung.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut rung, _) =
            self.ringing.wait_timeout_while(rung, patience, |rung| !*rung).unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut rung)
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        *self.rung.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.ringing.notify_all();
    }
}
