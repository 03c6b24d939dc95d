//! An actor: makes random requests in one session after another.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    task::Waker,
    thread,
};

use wigwag_hub::{
    Backend, Body, MemoryBackend, Now, PeerId, Reason, RoomName,
    backend::{Create, Credentials, Grants, Join, Open, Outbound, Resume},
    contract::{
        kit::{WrittenCount, join, text_bytes, wait},
        rng::Rng,
    },
    error::{DetachReason, ResumeError, StepError},
    member::{DuplicateUsers, Metadata},
    room::{RoomPatch, RoomSpec},
    session::{Fetched, SessionKind},
};

use crate::session::Session;

/// How long a session is detached before others see it as reconnecting.
pub const RECONNECTING_AFTER_MS: u64 = 3;

/// What all threads share.
pub struct Shared {
    pub backend: MemoryBackend,
    pub clock: AtomicU64,
    /// Peers to send to.
    pub peers: Mutex<Vec<PeerId>>,
    pub rooms: Vec<RoomName>,
}

impl Shared {
    pub fn now(&self) -> Now {
        let ms = self.clock.load(Ordering::Relaxed);
        Now { mono_ms: ms, unix_ms: ms }
    }
}

pub struct Actor {
    pub shared: Arc<Shared>,
    pub rng: Rng,
    pub next_id: u64,
    pub sessions: Vec<Session>,
}

impl Actor {
    pub fn new(shared: Arc<Shared>, number: u64, seed: u64) -> Self {
        let mut actor = Self { shared, rng: Rng::new(seed << 8 | number), next_id: number << 40, sessions: Vec::new() };
        actor.open();
        actor
    }

    pub fn session(&mut self) -> &mut Session {
        self.sessions.last_mut().expect("an actor has a session")
    }

    fn open(&mut self) {
        let live = self.rng.percent(20);
        let credentials = Credentials { peer: PeerId::from_random(self.rng.bits()), secret_digest: [7; 32] };
        let open = Open {
            credentials: credentials.clone(),
            user: format!("u{}", self.rng.below(6)).into(),
            verified: true,
            display_name: "".into(),
            metadata: Metadata::default(),
            kind: if live { SessionKind::Live } else { SessionKind::Resumable { grace_ms: 100_000_000 } },
            replaces: None,
            source: 0,
            request: 0,
            grants: Grants::default(),
        };
        let attachment = wait(self.shared.backend.open(self.shared.now(), open)).expect("opened");
        self.shared.peers.lock().expect("not poisoned").push(credentials.peer.clone());
        let written = Arc::<WrittenCount>::default();
        attachment.track_written(written.clone());
        self.sessions.push(Session {
            credentials,
            attachment,
            live,
            written,
            epoch: 1,
            sent: 0,
            last: 0,
            over: false,
            views: BTreeMap::new(),
            envelopes: BTreeMap::new(),
            receipts: BTreeMap::new(),
            received: BTreeMap::new(),
        });
    }

    /// Ends the session and opens the next one.
    fn end(&mut self) {
        let session = self.session();
        session.over = true;
        let peer = session.credentials.peer.clone();
        self.shared.peers.lock().expect("not poisoned").retain(|p| *p != peer);
        self.open();
    }

    pub fn step(&mut self) {
        let room = self.rng.pick(&self.shared.rooms).expect("not empty").clone();
        let (shared, now) = (self.shared.clone(), self.shared.now());
        let number = self.session().sent + 1;
        let at = self.session().attachment.clone();
        assert_eq!(at.ack(now, 0), Ok(()));
        let result = match self.rng.below(100) {
            0..30 => return self.write(room),
            30..42 => {
                let asked = Join { create: self.create(&room), ..join(room.as_str()) };
                wait(at.join(now, number, asked)).map_err(without_reason)
            }
            42..48 => wait(at.leave(now, number, &room)).map_err(without_reason),
            48..51 => wait(at.end_room(now, number, &room)).map_err(without_reason),
            51..54 => {
                let Some(peer) = self.random_peer() else { return };
                wait(at.remove_member(now, number, &room, &peer, false)).map_err(without_reason)
            }
            54..74 => return self.read(),
            74..79 => {
                let last = self.session().last;
                return assert_eq!(at.ack(now, last), Ok(()));
            }
            79..84 => {
                wait(at.detach(now, DetachReason::ConnectionLost)).expect("it ends");
                if self.rng.percent(10) {
                    // Detached for long enough to be shown as reconnecting.
                    while shared.clock.load(Ordering::Relaxed) < now.mono_ms + RECONNECTING_AFTER_MS {
                        thread::yield_now();
                    }
                }
                return self.resume_or_open();
            }
            84..87 => return self.resume_or_open(),
            87..89 => {
                wait(at.close(now, Reason::Left)).expect("it ends");
                return self.end();
            }
            89..92 => {
                let peer = if self.rng.percent(30) { self.random_peer() } else { None };
                let text = text_bytes(&format!("0 - {room}"));
                return drop(wait(shared.backend.send_to_room(now, &room, peer.as_ref(), text, None)));
            }
            92..94 => {
                let Some(peer) = self.random_peer() else { return };
                return drop(wait(shared.backend.remove_member(now, &room, &peer, self.rng.percent(10))));
            }
            94 => return drop(wait(shared.backend.end_room(now, &room))),
            95..97 => {
                let name = Some(format!("{}", self.rng.below(100)).into());
                let patch = RoomPatch { display_name: name, ..RoomPatch::default() };
                return drop(wait(shared.backend.update_room(now, &room, patch)));
            }
            _ => wait(at.reply(now, number, Body::Done)).map_err(without_reason),
        };
        self.after(result);
    }

    fn create(&mut self, room: &RoomName) -> Create {
        if self.rng.percent(70) {
            return Create::IfAbsent;
        }
        let rules = [DuplicateUsers::Allow, DuplicateUsers::Reject, DuplicateUsers::Replace];
        Create::New(RoomSpec {
            room: room.clone(),
            display_name: "".into(),
            max_members: *self.rng.pick(&[0, 3]).expect("not empty"),
            duplicate_users: *self.rng.pick(&rules).expect("not empty"),
            metadata: Metadata::default(),
            empty_timeout_ms: *self.rng.pick(&[0, 50]).expect("not empty"),
        })
    }

    fn random_peer(&mut self) -> Option<PeerId> {
        let peers = self.shared.peers.lock().expect("not poisoned").clone();
        let me = self.session().credentials.peer.clone();
        self.rng.pick(&peers).filter(|peer| **peer != me).cloned()
    }

    fn write(&mut self, room: RoomName) {
        let to = if self.rng.percent(60) { self.random_peer() } else { None };
        let room = (to.is_none() || self.rng.percent(50)).then_some(room);
        self.next_id += 1;
        let (id, now) = (self.next_id, self.shared.now());
        let receipt = to.is_some() && self.rng.percent(50);
        let session = self.session();
        let name = room.as_ref().map_or("-", RoomName::as_str);
        let envelope = text_bytes(&format!("{id} {} {name}", session.credentials.peer));
        let outbound = Outbound { room, to: to.clone(), receipt, envelope };
        let number = session.sent + 1;
        let result = wait(session.attachment.send(now, number, outbound)).map_err(without_reason);
        if let (Ok(()), Some(to)) = (&result, to) {
            session.envelopes.insert(number, (id, to));
        }
        self.after(result);
    }

    fn after(&mut self, result: Result<(), StepError<()>>) {
        match result {
            Ok(()) => self.session().sent += 1,
            // The number is not consumed.
            Err(StepError::Refused(())) => {}
            Err(StepError::Detached(_)) => self.resume_or_open(),
            Err(error @ (StepError::Seen | StepError::Gap { .. } | StepError::Store(_))) => {
                panic!("client frames are numbered correctly: {error:?}")
            }
        }
    }

    fn resume_or_open(&mut self) {
        let now = self.shared.now();
        let backend = self.shared.backend.clone();
        let session = self.session();
        let resume = Resume {
            credentials: session.credentials.clone(),
            epoch: session.epoch,
            last_seq: session.last,
            room_versions: session.views.iter().map(|(room, view)| (room.to_string(), view.version)).collect(),
            token: None,
        };
        match wait(backend.resume(now, resume)) {
            Ok(resumed) => {
                assert_eq!(resumed.applied, session.sent, "every call was answered");
                session.epoch = resumed.attachment.epoch();
                session.attachment = resumed.attachment;
            }
            Err(ResumeError::Reset(Reason::MailboxOverflow)) => self.end(),
            Err(ResumeError::Reset(Reason::UnknownSession)) if session.live => {
                wait(session.attachment.detach(now, DetachReason::ConnectionLost)).expect("it ends");
                self.end();
            }
            Err(ResumeError::Reset(Reason::Ended)) if session.live => self.end(),
            Err(error) => panic!("not resumed: {error}"),
        }
    }

    pub fn read(&mut self) {
        let now = self.shared.now();
        let mut items = Vec::new();
        loop {
            let session = self.session();
            let fetched = session.attachment.fetch(now, Waker::noop(), 2_000, &mut items);
            items.drain(..).for_each(|item| session.take(item));
            match fetched {
                Fetched::More => {}
                Fetched::Idle => return,
                Fetched::Detached(_) => return self.resume_or_open(),
            }
        }
    }
}

fn without_reason<E>(error: StepError<E>) -> StepError<()> {
    match error {
        StepError::Seen => StepError::Seen,
        StepError::Gap { applied } => StepError::Gap { applied },
        StepError::Detached(reason) => StepError::Detached(reason),
        StepError::Store(error) => StepError::Store(error),
        StepError::Refused(_) => StepError::Refused(()),
    }
}
