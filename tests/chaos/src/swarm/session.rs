//! One session of a run: opens, sends, loses its connections, resumes, and records what it sees.

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
    dial::{Dialer, Link, Transport, Up as LinkUp},
    history::{Event, To, Where, Who},
    proxy::Disturbance,
};

/// Maximum number of envelopes that the server has not acknowledged.
const WINDOW: usize = 48;
/// Number of recipients tried before waiting until one accepts more.
const TRIES: usize = 4;
/// Maximum number of awaited receipts, which need space in the session's own mailbox.
const RECEIPTS: usize = 64;

/// One of this many resumes selects a transport at random.
const MOVES: u32 = 3;

/// One session.
pub(super) struct Session {
    who: Who,
    shared: Arc<Shared>,
    dialer: Dialer,
    rng: fastrand::Rng,
    heartbeat: Duration,
    transport: Transport,
    core: Core,
    log: Vec<Event>,
    /// Envelopes still to be sent.
    quota: u32,
    /// Envelopes sent.
    n: u32,
    /// Size of each of them in bytes; `None` for those to lobbies, which have no residents and are not counted in transit.
    sizes: Vec<Option<usize>>,
    /// Frames that the server may answer: the number of an envelope, or `None` for a request.
    asked: HashMap<u32, Option<u32>>,
    receipts: usize,
    /// Numbers of sent envelopes at which the connection is lost.
    cuts: VecDeque<u32>,
    lobby: Lobby,
    /// Number of rosters still awaited in this phase.
    awaited: usize,
    phase: Phase,
    ready: bool,
    /// A connection that was abandoned while it seemed to be alive.
    left_behind: Option<Link>,
}

/// Membership of a lobby.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lobby {
    Outside,
    Entering(Where),
    /// A member, for this number of further envelopes.
    Inside(Where, u32),
    Leaving,
}

/// How a connection ended.
enum End {
    /// Lost.
    Lost,
    /// Abandoned while it seemed to be alive.
    LeftBehind(Box<Link>),
    /// The run has ended.
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
        let transport = Transport::ALL[who as usize % Transport::ALL.len()];
        Self {
            who,
            shared,
            dialer,
            rng,
            heartbeat,
            transport,
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

    /// Runs until the run has ended, and returns what the session saw.
    pub(super) async fn run(mut self) -> Vec<Event> {
        let mut failures = 0_u32;
        loop {
            if self.shared.phase() == Phase::Over {
                break;
            }
            let Some(link) = self.attach().await else {
                failures += 1;
                // Jitter, so that sessions do not reconnect in step.
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

    /// Returns how long a connection may be silent: two pings, and a margin for a busy machine.
    fn silence_timeout(&self) -> Duration {
        self.heartbeat * 5 / 2
    }

    /// Connects and opens or resumes the session. Returns `None` if the connection was lost meanwhile.
    async fn attach(&mut self) -> Option<Link> {
        let transport = match self.core.welcome() {
            Some(_) if self.rng.u32(..MOVES) == 0 => Transport::ALL[self.rng.usize(..Transport::ALL.len())],
            _ => self.transport,
        };
        let limit = self.silence_timeout();
        let opened = timeout(limit, Link::open(transport, &self.dialer, self.core.hello())).await;
        let mut link = opened.ok()?.ok()?;
        let first = timeout(limit, link.down.message()).await.ok()?.ok()??;
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
            Ok(Outcome::Resumed) => self.log.push(Event::Resumed { transport, moved: transport != self.transport }),
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
        self.transport = transport;
        self.shared.introduce(self.who, &id);
        self.left_behind = None;
        self.shared.note_progress();
        Some(link)
    }

    /// Stops sending: after a reset the run has failed, and ends as soon as all sessions are idle.
    fn give_up(&mut self) {
        (self.quota, self.receipts, self.awaited) = (0, 0, 0);
        self.lobby = Lobby::Outside;
        self.asked.clear();
        self.cuts.clear();
    }

    fn breach(&mut self, what: String) {
        self.log.push(Event::Breach(what));
    }

    /// Joins each of its rooms, or requests the roster if it is already a member.
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

    /// Does what the phase requires, as far as possible now.
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

    /// Sends one envelope, or joins or leaves a lobby. Returns `false` if it must wait.
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

    /// Returns how the connection is to be lost, if it is due now.
    fn trouble(&mut self) -> Option<Trouble> {
        if self.phase != Phase::Talk || self.cuts.front().is_none_or(|at| *at > self.n) {
            return None;
        }
        self.cuts.pop_front();
        let trouble = Trouble::draw(&mut self.rng);
        if let Trouble::Twice(way, bytes) = trouble {
            self.dialer.next_wire(way, Disturbance::BreakAfter(bytes, crate::proxy::Break::Reset));
        }
        let mut wires = self.dialer.wires();
        if wires.len() > 1 && self.rng.bool() {
            // Only one direction.
            wires.swap(0, 1);
            wires.truncate(1);
        }
        for wire in wires {
            trouble.inflict(&wire);
        }
        Some(trouble)
    }

    /// Handles a frame other than a welcome. Returns `false` if the connection can no longer be used.
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
