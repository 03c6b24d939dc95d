//! One session of a run: it opens, talks, loses its connections and comes back, and writes down what it sees.

mod live;
mod record;

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use tokio::time::{sleep, timeout};
use wigwag_proto::v1::{
    Envelope, Hello, Join, Leave, ServerFrame, client_frame::Body as Up, server_frame::Body as Down, welcome::Outcome,
};

use super::{
    letters,
    shared::{Phase, Shared},
    troubles::Trouble,
};
use crate::{
    core::Core,
    dial::{Dialer, Door, Link, Up as LinkUp},
    history::{Event, To, Where, Who},
    proxy::Fault,
};

/// Envelopes the server has not acknowledged, at most.
const WINDOW: usize = 48;
/// Recipients tried before waiting for one to have room.
const TRIES: usize = 4;
/// Receipts that are awaited, at most: they need room in the own mailbox.
const RECEIPTS: usize = 64;

/// One in so many resumes draws the door anew.
const MOVES: u32 = 3;

/// One session.
pub(super) struct Session {
    who: Who,
    shared: Arc<Shared>,
    dialer: Dialer,
    rng: fastrand::Rng,
    heartbeat: Duration,
    door: Door,
    core: Core,
    log: Vec<Event>,
    /// Envelopes still to be sent.
    quota: u32,
    /// Envelopes sent.
    n: u32,
    /// Bytes of each of them; none of those that are not counted on their way, because nobody stays where they go.
    sizes: Vec<Option<usize>>,
    /// What the frames were that the server may answer: number of the envelope, or none for a request.
    asked: HashMap<u32, Option<u32>>,
    receipts: usize,
    /// At how many envelopes the connection is to be lost.
    cuts: VecDeque<u32>,
    lobby: Lobby,
    /// Rosters that are still to come in this phase.
    awaited: usize,
    phase: Phase,
    ready: bool,
    /// A connection that was left behind while it looked alive.
    left_behind: Option<Link>,
}

/// Whether the session visits a lobby.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lobby {
    Outside,
    Entering(Where),
    /// Inside, for so many more envelopes.
    Inside(Where, u32),
    Leaving,
}

/// How a connection ended.
enum End {
    /// It is lost.
    Lost,
    /// It is left behind.
    LeftBehind(Box<Link>),
    /// The run is over.
    Over,
}

impl Session {
    pub(super) fn new(
        who: Who,
        shared: Arc<Shared>,
        dialer: Dialer,
        mut rng: fastrand::Rng,
        quota: u32,
        cuts: u32,
        heartbeat: Duration,
    ) -> Self {
        let mut moments: Vec<u32> = (0..cuts).map(|_| rng.u32(..=quota)).collect();
        moments.sort_unstable();
        let door = Door::ALL[who as usize % Door::ALL.len()];
        Self {
            who,
            shared,
            dialer,
            rng,
            heartbeat,
            door,
            core: Core::new(Hello { display_name: format!("session {who}"), ..Hello::default() }),
            log: Vec::new(),
            quota,
            n: 0,
            sizes: Vec::new(),
            asked: HashMap::new(),
            receipts: 0,
            cuts: moments.into(),
            lobby: Lobby::Outside,
            awaited: 0,
            phase: Phase::Gather,
            ready: false,
            left_behind: None,
        }
    }

    /// Lives until the run is over; gives back what it saw.
    pub(super) async fn run(mut self) -> Vec<Event> {
        let mut failures = 0_u32;
        loop {
            if self.shared.phase() == Phase::Over {
                break;
            }
            let Some(link) = self.attach().await else {
                failures += 1;
                // A herd would come back in step.
                let pause = self.rng.u64(5..20) * u64::from(failures.min(10));
                sleep(Duration::from_millis(pause)).await;
                continue;
            };
            failures = 0;
            match self.live(link).await {
                End::Lost => self.log.push(Event::Lost),
                End::LeftBehind(link) => {
                    self.log.push(Event::Lost);
                    self.left_behind = Some(*link);
                }
                End::Over => break,
            }
        }
        let unaccepted = self.core.unacknowledged().filter_map(|seq| self.asked.get(&seq).copied().flatten());
        self.log.extend(unaccepted.map(|n| Event::Unaccepted { n }));
        self.log
    }

    /// How long nothing may be heard: two pings, and some time for a busy machine.
    fn patience(&self) -> Duration {
        self.heartbeat * 5 / 2
    }

    /// Connects, opens or resumes. `None` when the connection was lost on the way.
    async fn attach(&mut self) -> Option<Link> {
        let door = match self.core.welcome() {
            Some(_) if self.rng.u32(..MOVES) == 0 => Door::ALL[self.rng.usize(..Door::ALL.len())],
            _ => self.door,
        };
        let patience = self.patience();
        let opened = timeout(patience, Link::open(door, &self.dialer, self.core.hello())).await;
        let mut link = opened.ok()?.ok()?;
        let first = timeout(patience, link.down.message()).await.ok()?.ok()??;
        let Some(Down::Welcome(welcome)) = first.body else {
            self.breach(format!("{:?} in place of a welcome", first.body));
            return None;
        };
        if let LinkUp::Calls(pusher) = &mut link.up {
            pusher.session_token.clone_from(&welcome.session_token);
            pusher.epoch = welcome.epoch;
        }
        let (id, reason) = (welcome.peer_id.clone(), welcome.reset_reason.clone());
        match self.core.welcomed(welcome, first.ack) {
            Ok(Outcome::Resumed) => self.log.push(Event::Resumed { door, moved: door != self.door }),
            Ok(Outcome::Reset) => {
                self.log.push(Event::Reset { reason });
                self.give_up();
            }
            Ok(_) => self.enter_rooms(),
            Err(breach) => {
                self.breach(breach.to_string());
                return None;
            }
        }
        self.door = door;
        self.shared.introduce(self.who, &id);
        self.left_behind = None;
        self.shared.note_progress();
        Some(link)
    }

    /// After a reset the run has failed; it ends as soon as everybody is quiet.
    fn give_up(&mut self) {
        (self.quota, self.receipts, self.awaited) = (0, 0, 0);
        self.lobby = Lobby::Outside;
        self.asked.clear();
        self.cuts.clear();
    }

    fn breach(&mut self, what: String) {
        self.log.push(Event::Breach(what));
    }

    /// Asks for a seat, or the roster, in each room of its own.
    fn enter_rooms(&mut self) {
        let rooms: Vec<_> =
            self.shared.rooms().iter().filter(|r| r.residents.contains(&self.who)).map(|r| r.name.clone()).collect();
        self.awaited = rooms.len();
        for room in rooms {
            self.request(Up::Join(Join { room, ..Join::default() }));
        }
    }

    fn request(&mut self, body: Up) {
        let seq = self.core.push(body);
        self.asked.insert(seq, None);
    }

    /// Does what the phase asks for, as far as that is possible now.
    fn act(&mut self) {
        let phase = self.shared.phase();
        if phase != self.phase {
            (self.phase, self.ready) = (phase, false);
            if phase == Phase::Compare {
                self.enter_rooms();
            }
        }
        if phase == Phase::Talk {
            while self.quota > 0 && self.core.held() < WINDOW && (0..TRIES).any(|_| self.say()) {}
            if self.quota == 0 {
                self.leave_lobby();
            }
        }
        let quiet = self.core.held() == 0 && self.awaited == 0 && self.receipts == 0;
        if !self.ready && quiet && self.quota_is_spent() && self.lobby == Lobby::Outside {
            self.ready = true;
            self.shared.done();
        }
    }

    fn quota_is_spent(&self) -> bool {
        self.quota == 0 || self.phase != Phase::Talk
    }

    /// Sends one envelope, or moves. `false` when it must wait.
    fn say(&mut self) -> bool {
        match self.lobby {
            Lobby::Outside if self.rng.u32(..150) == 0 => {
                let rooms = self.shared.rooms();
                let lobbies = rooms.iter().filter(|room| room.residents.is_empty()).count();
                let at = rooms.len() - 1 - self.rng.usize(..lobbies);
                let (room, at) = (rooms[at].name.clone(), self.shared.room_named(&rooms[at].name));
                self.lobby = Lobby::Entering(at);
                self.log.push(Event::Entering { room: at });
                self.request(Up::Join(Join { room, ..Join::default() }));
                return true;
            }
            Lobby::Inside(_, 0) => {
                self.leave_lobby();
                return true;
            }
            Lobby::Inside(room, left) if self.rng.u32(..8) == 0 => {
                self.lobby = Lobby::Inside(room, left - 1);
                self.send(Some(room), To::All, false);
                return true;
            }
            _ => {}
        }
        let homes: Vec<Where> =
            (0..).zip(self.shared.rooms()).filter(|(_, r)| r.residents.contains(&self.who)).map(|(at, _)| at).collect();
        let home = homes[self.rng.usize(..homes.len())];
        if self.rng.u32(..100) < 25 {
            let shared = self.shared.clone();
            let others = || shared.room(home).residents.iter().copied().filter(|to| *to != self.who);
            if !others().all(|to| shared.has_room(to)) {
                return false;
            }
            self.send(Some(home), To::All, false);
            return true;
        }
        let (room, to) = if self.rng.bool() {
            let residents = &self.shared.room(home).residents;
            (Some(home), residents[self.rng.usize(..residents.len())])
        } else {
            (None, self.rng.u32(..self.shared.sessions()))
        };
        if to == self.who {
            return true;
        }
        let receipt = self.rng.u32(..4) == 0 && self.receipts < RECEIPTS;
        if !self.shared.has_room(to) {
            return false;
        }
        self.send(room, To::One(to), receipt);
        true
    }

    fn send(&mut self, room: Option<Where>, to: To, receipt: bool) {
        self.n += 1;
        self.quota -= 1;
        let (n, size) = (self.n, letters::size(&mut self.rng));
        let counted = room.is_none_or(|room| !self.shared.room(room).residents.is_empty());
        self.sizes.push(counted.then_some(size));
        match to {
            To::One(to) => self.shared.depart(to, size),
            To::All => {
                let residents = room.map(|room| &self.shared.room(room).residents[..]).unwrap_or_default();
                residents.iter().filter(|to| **to != self.who).for_each(|to| self.shared.depart(*to, size));
            }
        }
        self.receipts += usize::from(receipt);
        self.log.push(Event::Sent { n, room, to, receipt });
        let seq = self.core.push(Up::Envelope(Envelope {
            room: room.map(|room| self.shared.room(room).name.clone()).unwrap_or_default(),
            to: if let To::One(to) = to { self.shared.id(to).to_owned() } else { String::new() },
            receipt,
            payload: Some(letters::write(self.who, n, size)),
            ..Envelope::default()
        }));
        self.asked.insert(seq, Some(n));
    }

    fn leave_lobby(&mut self) {
        if let Lobby::Inside(room, _) = self.lobby {
            self.lobby = Lobby::Leaving;
            self.log.push(Event::Leaving { room });
            let room = self.shared.room(room).name.clone();
            self.request(Up::Leave(Leave { room }));
        }
    }

    /// Whether the connection is to be lost now, and how.
    fn trouble(&mut self) -> Option<Trouble> {
        if self.phase != Phase::Talk || self.cuts.front().is_none_or(|at| *at > self.n) {
            return None;
        }
        self.cuts.pop_front();
        let trouble = Trouble::draw(&mut self.rng);
        if let Trouble::Twice(way, bytes) = trouble {
            self.dialer.next_wire(way, Fault::BreakAfter(bytes, crate::proxy::Break::Reset));
        }
        let mut wires = self.dialer.wires();
        if wires.len() > 1 && self.rng.bool() {
            // Only the way up, or only the way down.
            wires.swap(0, 1);
            wires.truncate(1);
        }
        for wire in wires {
            trouble.inflict(&wire);
        }
        Some(trouble)
    }

    /// Takes a frame that is no welcome. `false` when the connection is of no use any more.
    fn take(&mut self, frame: ServerFrame) -> bool {
        match self.core.arrived(&frame) {
            Ok(crate::core::Arrival::Fresh) => self.see(frame),
            Ok(crate::core::Arrival::Seen) => true,
            Err(breach) => {
                self.breach(breach.to_string());
                false
            }
        }
    }
}
