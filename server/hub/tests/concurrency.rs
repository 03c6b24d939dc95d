//! Many threads on one memory backend: whatever interleaving there is, promises are kept, and nothing is left behind.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc,
    },
    task::Waker,
    thread,
    time::Duration,
};

use wigwag_hub::{
    Attachment, Backend, Body, Item, Limits, MemoryBackend, Now, PeerId, Reason, RoomName,
    backend::{Create, Credentials, Join, Open, Outbound, Resume},
    contract::{
        kit::{answer, join, room_name, text_bytes},
        rng::Rng,
    },
    error::{Cut, ResumeError, StepError},
    frame::{Change, Delivery},
    member::{DuplicateUsers, Metadata, Snapshot},
    room::{RoomPatch, RoomSpec},
    session::{Fetched, Grade},
};

const THREADS: u64 = 8;
const ACTORS: u64 = 3;
const STEPS: usize = 1_500;
/// When others see that somebody is away.
const AWAY_MS: u64 = 3;

/// What all threads share.
struct Stage {
    backend: MemoryBackend,
    clock: AtomicU64,
    /// Peers to write to.
    peers: Mutex<Vec<PeerId>>,
    rooms: Vec<RoomName>,
    all_told: bool,
}

impl Stage {
    fn now(&self) -> Now {
        let ms = self.clock.load(Ordering::Relaxed);
        Now { mono_ms: ms, unix_ms: ms }
    }
}

/// One session of an actor, and what its application saw.
struct Life {
    credentials: Credentials,
    attachment: Arc<dyn Attachment>,
    live: bool,
    epoch: u32,
    sent: u32,
    last: u32,
    over: bool,
    /// Presence never overflows into rosters.
    all_told: bool,
    views: BTreeMap<RoomName, View>,
    /// Accepted envelopes to one receiver: by their seq, id and receiver.
    letters: BTreeMap<u32, (u64, PeerId)>,
    told: BTreeMap<(u32, PeerId), u32>,
    handed: BTreeMap<String, Vec<u64>>,
}

struct View {
    version: u32,
    others: BTreeSet<PeerId>,
}

struct Actor {
    stage: Arc<Stage>,
    rng: Rng,
    next_id: u64,
    lives: Vec<Life>,
}

impl Actor {
    fn new(stage: Arc<Stage>, number: u64, seed: u64) -> Self {
        let mut actor = Self { stage, rng: Rng::new(seed << 8 | number), next_id: number << 40, lives: Vec::new() };
        actor.begin();
        actor
    }

    fn life(&mut self) -> &mut Life {
        self.lives.last_mut().expect("an actor lives")
    }

    fn begin(&mut self) {
        let live = self.rng.percent(20);
        let credentials = Credentials { peer: PeerId::from_random(self.rng.bits()), secret_digest: [7; 32] };
        let open = Open {
            credentials: credentials.clone(),
            user: format!("u{}", self.rng.below(6)).into(),
            verified: true,
            display_name: "".into(),
            metadata: Metadata::default(),
            grade: if live { Grade::Live } else { Grade::Resumable { grace_ms: 100_000_000 } },
        };
        let attachment = answer(self.stage.backend.open(self.stage.now(), open)).expect("opened");
        self.stage.peers.lock().expect("whole").push(credentials.peer.clone());
        self.lives.push(Life {
            credentials,
            attachment,
            live,
            epoch: 1,
            sent: 0,
            last: 0,
            over: false,
            all_told: self.stage.all_told,
            views: BTreeMap::new(),
            letters: BTreeMap::new(),
            told: BTreeMap::new(),
            handed: BTreeMap::new(),
        });
    }

    /// The session is over: the next one begins.
    fn end(&mut self) {
        let life = self.life();
        life.over = true;
        let peer = life.credentials.peer.clone();
        self.stage.peers.lock().expect("whole").retain(|p| *p != peer);
        self.begin();
    }

    fn step(&mut self) {
        let room = self.rng.pick(&self.stage.rooms).expect("rooms").clone();
        let (stage, now) = (self.stage.clone(), self.stage.now());
        let number = self.life().sent + 1;
        let at = self.life().attachment.clone();
        at.heard(now);
        let result = match self.rng.below(100) {
            0..30 => return self.write(room),
            30..42 => {
                let asked = Join { create: self.create(&room), ..join(room.as_str()) };
                answer(at.join(now, number, asked)).map_err(drop_reason)
            }
            42..48 => answer(at.leave(now, number, &room)).map_err(drop_reason),
            48..51 => answer(at.end_room(now, number, &room)).map_err(drop_reason),
            51..54 => {
                let Some(peer) = self.somebody() else { return };
                answer(at.remove_member(now, number, &room, &peer, false)).map_err(drop_reason)
            }
            54..74 => return self.read(),
            74..79 => {
                let last = self.life().last;
                return assert_eq!(at.ack(now, last), Ok(()));
            }
            79..84 => {
                at.detach(now, Cut::Detached);
                if self.rng.percent(10) {
                    // Away for as long as it takes others to see it.
                    while stage.clock.load(Ordering::Relaxed) < now.mono_ms + AWAY_MS {
                        thread::yield_now();
                    }
                }
                return self.return_or_begin();
            }
            84..87 => return self.return_or_begin(),
            87..89 => {
                at.close(now, Reason::Left);
                return self.end();
            }
            89..92 => {
                let peer = if self.rng.percent(30) { self.somebody() } else { None };
                let text = text_bytes(&format!("0 - {room}"));
                return drop(answer(stage.backend.send_to_room(now, &room, peer.as_ref(), text, "")));
            }
            92..94 => {
                let Some(peer) = self.somebody() else { return };
                return drop(answer(stage.backend.remove_member(now, &room, &peer, self.rng.percent(10))));
            }
            94 => return drop(answer(stage.backend.end_room(now, &room))),
            95..97 => {
                let name = Some(format!("{}", self.rng.below(100)).into());
                let patch = RoomPatch { display_name: name, ..RoomPatch::default() };
                return drop(answer(stage.backend.update_room(now, &room, patch)));
            }
            _ => answer(at.reply(now, number, Body::Done)).map_err(drop_reason),
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
            max_members: *self.rng.pick(&[0, 3]).expect("two"),
            duplicate_users: *self.rng.pick(&rules).expect("three"),
            metadata: Metadata::default(),
            empty_timeout_ms: *self.rng.pick(&[0, 50]).expect("two"),
        })
    }

    fn somebody(&mut self) -> Option<PeerId> {
        let peers = self.stage.peers.lock().expect("whole").clone();
        let me = self.life().credentials.peer.clone();
        self.rng.pick(&peers).filter(|peer| **peer != me).cloned()
    }

    fn write(&mut self, room: RoomName) {
        let to = if self.rng.percent(60) { self.somebody() } else { None };
        let room = (to.is_none() || self.rng.percent(50)).then_some(room);
        self.next_id += 1;
        let (id, now) = (self.next_id, self.stage.now());
        let receipt = to.is_some() && self.rng.percent(50);
        let life = self.life();
        let name = room.as_ref().map_or("-", RoomName::as_str);
        let envelope = text_bytes(&format!("{id} {} {name}", life.credentials.peer));
        let outbound = Outbound { room, to: to.clone(), receipt, envelope };
        let number = life.sent + 1;
        let result = answer(life.attachment.send(now, number, outbound)).map_err(drop_reason);
        if let (Ok(()), Some(to)) = (&result, to) {
            life.letters.insert(number, (id, to));
        }
        self.after(result);
    }

    fn after(&mut self, result: Result<(), StepError<()>>) {
        match result {
            Ok(()) => self.life().sent += 1,
            // Nothing came of it, so the next frame may have its number.
            Err(StepError::Refused(())) => {}
            Err(StepError::Cut(_)) => self.return_or_begin(),
            Err(error @ (StepError::Seen | StepError::Gap { .. })) => panic!("a frame was counted wrongly: {error:?}"),
        }
    }

    fn return_or_begin(&mut self) {
        let now = self.stage.now();
        let backend = self.stage.backend.clone();
        let life = self.life();
        let resume = Resume {
            credentials: life.credentials.clone(),
            epoch: life.epoch,
            last_seq: life.last,
            room_versions: life.views.iter().map(|(room, view)| (room.to_string(), view.version)).collect(),
        };
        match answer(backend.resume(now, resume)) {
            Ok(resumed) => {
                assert_eq!(resumed.applied, life.sent, "every call was answered, so nothing is in doubt");
                life.epoch = resumed.attachment.epoch();
                life.attachment = resumed.attachment;
            }
            Err(ResumeError::Reset(Reason::MailboxOverflow)) => self.end(),
            Err(ResumeError::Reset(Reason::UnknownSession)) if life.live => {
                life.attachment.detach(now, Cut::Detached);
                self.end();
            }
            Err(ResumeError::Reset(Reason::Ended)) if life.live => self.end(),
            Err(error) => panic!("not resumed: {error}"),
        }
    }

    fn read(&mut self) {
        let now = self.stage.now();
        let mut items = Vec::new();
        loop {
            let life = self.life();
            let fetched = life.attachment.fetch(now, Waker::noop(), 2_000, &mut items);
            items.drain(..).for_each(|item| life.take(item));
            match fetched {
                Fetched::More => {}
                Fetched::Idle => return,
                Fetched::Cut(_) => return self.return_or_begin(),
            }
        }
    }
}

fn drop_reason<E>(error: StepError<E>) -> StepError<()> {
    match error {
        StepError::Seen => StepError::Seen,
        StepError::Gap { applied } => StepError::Gap { applied },
        StepError::Cut(cut) => StepError::Cut(cut),
        StepError::Refused(_) => StepError::Refused(()),
    }
}

impl Life {
    fn take(&mut self, item: Item) {
        match item {
            Item::Numbered { seq, reply_to, body } => {
                assert_eq!(seq, self.last + 1, "numbered frames are contiguous");
                self.last = seq;
                self.body(reply_to, body);
            }
            Item::Roster(snapshot) => self.roster(&snapshot),
            Item::Presence(event) => {
                let view = self.views.get_mut(&event.room).expect("presence of rooms one is in");
                assert_eq!(event.version, view.version + 1, "no change is left out in {}", event.room);
                view.version = event.version;
                match &event.change {
                    Change::MemberJoined(member) => {
                        assert!(view.others.insert(member.peer.clone()), "nobody joins twice");
                    }
                    Change::MemberLeft(peer, _) => assert!(view.others.remove(peer), "nobody leaves twice"),
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
                    let view = self.views.get(room).expect("an envelope of a room comes while one is in it");
                    let known = from == "-" || view.others.iter().any(|peer| peer.as_str() == from);
                    // A roster leaves out who joined, wrote and left meanwhile.
                    assert!(known || !self.all_told || self.epoch > 1, "an envelope came before its sender's join");
                }
                if from == "-" {
                    return; // From a backend.
                }
                self.handed.entry(from.to_owned()).or_default().push(id.parse().expect("a number"));
            }
            Body::Joined(joined) => {
                assert!(!joined.created || joined.snapshot.info.owner.as_ref() == Some(&self.credentials.peer));
                let room = joined.snapshot.info.room.clone();
                match self.views.get(&room) {
                    // It may have come behind a roster, never behind a change it knows nothing of.
                    Some(view) => assert!(view.version <= joined.snapshot.info.version, "an answer from the past"),
                    None => {
                        let view = View { version: 0, others: BTreeSet::new() };
                        self.views.insert(room, view);
                    }
                }
                self.roster(&joined.snapshot);
            }
            Body::Left { room, .. } => assert!(self.views.remove(&room).is_some(), "one leaves rooms one is in"),
            Body::Receipt { peer, delivery } => {
                *self.told.entry((reply_to, peer)).or_default() += 1;
                if delivery == Delivery::Delivered {
                    assert!(self.letters.contains_key(&reply_to), "success is told to who asked");
                }
            }
            Body::Encoded(_) | Body::Done => {}
        }
    }

    fn roster(&mut self, snapshot: &Snapshot) {
        let view = self.views.get_mut(&snapshot.info.room).expect("rosters of rooms one is in");
        assert!(view.version <= snapshot.info.version, "versions do not go back");
        view.version = snapshot.info.version;
        view.others = snapshot.members.iter().map(|member| member.peer.clone()).collect();
        assert!(view.others.remove(&self.credentials.peer), "a roster holds its receiver");
    }
}

fn play(seed: u64) {
    let all_told = seed.is_multiple_of(2);
    let limits = Limits {
        mailbox_frames: 60,
        detached_frames: 30,
        presence_events: if all_told { usize::MAX } else { 20 },
        reconnecting_after_ms: AWAY_MS,
        tombstone_ms: 100_000_000,
        ..Limits::default()
    };
    let stage = Arc::new(Stage {
        backend: MemoryBackend::new(limits),
        clock: AtomicU64::new(1),
        peers: Mutex::default(),
        rooms: (0..4).map(|n| room_name(&format!("room-{n}"))).collect(),
        all_told,
    });
    let (done, playing) = (mpsc::channel(), Arc::new(AtomicBool::new(true)));
    let ticker = thread::spawn({
        let (stage, playing) = (stage.clone(), playing.clone());
        move || {
            while playing.load(Ordering::Relaxed) {
                stage.clock.fetch_add(1, Ordering::Relaxed);
                stage.backend.tick(stage.now());
                stage.backend.census();
                thread::yield_now();
            }
        }
    });
    for number in 0..THREADS {
        let (stage, done) = (stage.clone(), done.0.clone());
        thread::spawn(move || {
            let mut actors: Vec<_> =
                (0..ACTORS).map(|a| Actor::new(stage.clone(), 1 + number * ACTORS + a, seed)).collect();
            for _ in 0..STEPS {
                actors.iter_mut().for_each(Actor::step);
            }
            drop(done.send(actors));
        });
    }
    drop(done.0);
    let mut actors = Vec::new();
    for _ in 0..THREADS {
        let finished = done.1.recv_timeout(Duration::from_secs(120));
        actors.extend(finished.expect("a thread failed, or they wait for each other for ever"));
    }
    playing.store(false, Ordering::Relaxed);
    ticker.join().expect("ticks do not fail");
    settle(&stage, &mut actors);
    judge(&stage, &actors);
    for actor in &mut actors {
        actor.life().attachment.close(stage.now(), Reason::Left);
    }
    stage.clock.fetch_add(1_000_000_000, Ordering::Relaxed);
    stage.backend.tick(stage.now());
    stage.clock.fetch_add(1_000_000_000, Ordering::Relaxed);
    stage.backend.tick(stage.now());
    let census = stage.backend.census();
    assert_eq!((census.sessions, census.rooms, census.timers), (0, 0, 0), "{census:?}");
}

/// Everybody comes back and reads until nothing comes any more.
fn settle(stage: &Stage, actors: &mut [Actor]) {
    for _ in 0..6 {
        stage.clock.fetch_add(1_000, Ordering::Relaxed);
        stage.backend.tick(stage.now());
        for actor in &mut *actors {
            actor.read();
            actor.read();
            let life = actor.life();
            assert_eq!(life.attachment.ack(stage.now(), life.last), Ok(()));
        }
    }
}

fn judge(stage: &Stage, actors: &[Actor]) {
    let lives: BTreeMap<_, _> =
        actors.iter().flat_map(|actor| &actor.lives).map(|life| (life.credentials.peer.clone(), life)).collect();
    for life in lives.values() {
        let me = life.credentials.peer.as_str();
        for ids in life.handed.values() {
            assert!(
                ids.is_sorted_by(|one, next| one < next),
                "{me} was handed something twice, or out of order: {ids:?}"
            );
        }
        for ((number, peer), times) in &life.told {
            assert_eq!(*times, 1, "{me} was told more than once what became of {number} to {peer}");
        }
        if life.over {
            continue;
        }
        for (number, (id, to)) in &life.letters {
            let receiver = lives[to];
            let handed = receiver.handed.get(me).is_some_and(|ids| ids.contains(id));
            let told = life.told.contains_key(&(*number, to.clone()));
            assert!(handed || told || (receiver.over && receiver.live), "{id} from {me} to {to} was lost in silence");
        }
        for room in &stage.rooms {
            let snapshot = answer(stage.backend.snapshot(room)).ok();
            let mut members: BTreeSet<_> =
                snapshot.iter().flat_map(|s| &s.members).map(|member| member.peer.clone()).collect();
            let inside = members.remove(&life.credentials.peer);
            let view = life.views.get(room).map(|view| &view.others);
            assert_eq!(view, inside.then_some(&members), "{me} does not see {room} as it is");
        }
        let rooms =
            stage.rooms.iter().filter_map(|room| answer(stage.backend.member(room, &life.credentials.peer)).ok());
        assert!(rooms.into_iter().all(|m| m.presence == wigwag_hub::member::Presence::Online), "everybody is back");
    }
}

#[test]
fn many_threads_keep_the_promises() {
    let seeds = std::env::var("SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(3);
    for seed in 1..=seeds {
        play(seed);
    }
}
