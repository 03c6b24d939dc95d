//! One run: clients, links and a server, and chance deciding who goes next.

use std::sync::Arc;

use wigwag_hub::{
    Backend, Limits, PeerId, RoomName,
    contract::{
        history::{End, Event, check},
        kit::{answer, room_name},
        rng::Rng,
    },
    error::Cut,
};

use crate::{
    client::{Client, Log, Session, Then},
    server::Server,
    wire::{Ask, Door, Fin, Letter, Link, Up},
};

/// What came of a run.
pub struct Report {
    pub events: Vec<Event>,
    /// Broken promises, and what else must not be.
    pub faults: Vec<String>,
    /// Resumes that went on with their session.
    pub resumed: u64,
    /// All that was written, read and decided, when it was asked for.
    pub trace: Vec<String>,
}

struct World {
    rng: Rng,
    server: Server,
    clients: Vec<Client>,
    links: Vec<Link>,
    rooms: Vec<RoomName>,
    letters: u64,
    /// Clients from here on read seldom.
    slow_from: usize,
    cuts: usize,
}

/// Frames a link holds before the server waits for its client.
const WINDOW: usize = 8;

/// Runs one seed over a backend.
pub fn run(seed: u64, make: &dyn Fn(Limits) -> Arc<dyn Backend>) -> Report {
    run_with(seed, make, Log::default())
}

/// The same, with a trace.
pub fn traced(seed: u64, make: &dyn Fn(Limits) -> Arc<dyn Backend>) -> Report {
    run_with(seed, make, Log { trace: Some(Vec::new()), ..Log::default() })
}

fn run_with(seed: u64, make: &dyn Fn(Limits) -> Arc<dyn Backend>, log: Log) -> Report {
    let mut rng = Rng::new(seed);
    let limits = limits(&mut rng);
    let grace_ms = *rng.pick(&[3_000, 30_000]).expect("not empty");
    let server = Server::new(make(limits), grace_ms, log);
    let count = 2 + rng.below(5);
    let clients = (0..count).map(|_| Client::new(!rng.percent(25))).collect();
    let rooms = (0..1 + rng.below(3)).map(|n| room_name(&format!("room-{n}"))).collect();
    let slow_from = if rng.percent(40) { 1 + rng.below(count) } else { count };
    let cuts = *rng.pick(&[0, 1, 3, 8]).expect("not empty");
    let mut world = World { rng, server, clients, links: Vec::new(), rooms, letters: 0, slow_from, cuts };
    for _ in 0..300 + world.rng.below(1_200) {
        world.step();
        if !world.server.log.faults.is_empty() {
            break; // What follows a fault says little.
        }
    }
    world.finish()
}

/// Often the usual limits, often so small ones that everything overflows.
fn limits(rng: &mut Rng) -> Limits {
    // Ends are remembered for longer than a run, so that each reset names its true reason.
    let mut limits = Limits { watch_events: usize::MAX, tombstone_ms: 3_600_000, ..Limits::default() };
    if rng.percent(50) {
        limits.mailbox_frames = 6 + rng.below(12);
        limits.detached_frames = 1 + rng.below(8);
    }
    if rng.percent(30) {
        limits.mailbox_bytes = 1_500 + rng.below(3_000);
        limits.detached_bytes = 400 + rng.below(2_000);
    }
    if rng.percent(30) {
        limits.presence_events = 1 + rng.below(5);
    }
    if rng.percent(20) {
        limits.members = 2;
    }
    if rng.percent(20) {
        limits.rooms_per_session = 1;
    }
    if rng.percent(30) {
        limits.empty_timeout_ms = 2_000;
    }
    limits
}

impl World {
    fn step(&mut self) {
        let client = self.rng.below(self.clients.len());
        match self.rng.below(100) {
            0..25 => self.act(client),
            25..45 => self.server_reads(),
            45..65 => self.server_writes(),
            65..85 => self.client_reads(client),
            85..89 => {
                if let Some(frame) = self.clients[client].bare_ack() {
                    self.transmit(client, frame);
                }
            }
            89..94 => (0..self.clients.len()).for_each(|client| self.connect(client)),
            94..96 => self.notice_silence(),
            96..98 => self.pass(),
            98 => self.administrate(),
            _ => {
                if self.rng.below(8) < self.cuts {
                    self.cut(client);
                }
            }
        }
        if self.rng.below(160) < self.cuts {
            self.cut(client);
        }
    }

    /// The application of a client does something.
    fn act(&mut self, client: usize) {
        if self.clients[client].gone {
            return;
        }
        let room = self.rng.pick(&self.rooms).expect("there are rooms").clone();
        let outside = self.clients[client].session.as_ref().is_some_and(|session| session.rooms.is_empty());
        let ask = match self.rng.below(100) {
            0..60 if outside && self.rng.percent(50) => Ask::Join(room),
            0..60 => self.letter(client, room),
            60..78 => Ask::Join(room),
            78..84 => Ask::Leave(room),
            84..92 => Ask::Update(room, self.rng.below(4).to_string()),
            92..95 => {
                let Some(peer) = self.somebody() else { return };
                Ask::Remove(room, peer, self.rng.percent(20))
            }
            95..97 => Ask::EndRoom(room),
            97 => return self.say_bye(client),
            98 => return self.reload(client),
            _ => {
                if self.rng.percent(30) {
                    self.cut(client);
                    self.abandon(client);
                }
                return;
            }
        };
        if let Some(frame) = self.clients[client].ask(ask, &mut self.server.log) {
            self.transmit(client, frame);
        }
    }

    fn letter(&mut self, client: usize, room: RoomName) -> Ask {
        self.letters += 1;
        let in_room = self.rng.percent(60);
        let me = self.clients[client].session.as_ref().map(|s| s.peer().clone());
        let to = self.somebody().filter(|peer| Some(peer) != me.as_ref());
        let to = if in_room && self.rng.percent(60) { None } else { to };
        let room = (in_room || to.is_none()).then_some(room);
        let receipt = to.is_some() && self.rng.percent(50);
        let padding = if self.rng.percent(10) { self.rng.below(500) } else { 0 };
        Ask::Send(Letter { id: self.letters, room, to, receipt, padding })
    }

    /// Mostly somebody who is there, now and then somebody who was.
    fn somebody(&mut self) -> Option<PeerId> {
        if self.rng.percent(5) {
            let known: Vec<_> = self.server.log.peers.values().cloned().collect();
            return self.rng.pick(&known).cloned();
        }
        let there: Vec<_> =
            self.clients.iter().filter_map(|c| c.session.as_ref()).map(|session| session.peer().clone()).collect();
        self.rng.pick(&there).cloned()
    }

    fn say_bye(&mut self, client: usize) {
        if !self.clients[client].welcomed {
            return;
        }
        if let Some(frame) = self.clients[client].ask(Ask::Bye, &mut self.server.log) {
            self.transmit(client, frame);
            self.clients[client].over(&mut self.server.log);
            self.close(client);
        }
    }

    /// A page is loaded anew: its session is replaced by a new one.
    fn reload(&mut self, client: usize) {
        let replaces = self.clients[client].session.as_ref().map(|session| session.credentials.clone());
        self.close(client);
        self.clients[client].over(&mut self.server.log);
        let resumable = self.clients[client].resumable;
        self.dial(client, Up { seq: 0, ack: 0, body: Some(Ask::Open { resumable, replaces }) });
    }

    fn abandon(&mut self, client: usize) {
        self.close(client);
        self.clients[client].over(&mut self.server.log);
        self.clients[client].gone = true;
    }

    fn connect(&mut self, client: usize) {
        if self.clients[client].link.is_none() && !self.clients[client].gone {
            let hello = self.clients[client].hello();
            self.dial(client, hello);
        }
    }

    fn dial(&mut self, client: usize, hello: Up) {
        let mut link = Link::new(self.links.len());
        link.up.push_back(hello);
        self.clients[client].link = Some(self.links.len());
        self.links.push(link);
    }

    fn transmit(&mut self, client: usize, frame: Up) {
        if let Some(link) = self.clients[client].link {
            self.links[link].up.push_back(frame);
        }
    }

    /// The link breaks: some of what is on the way arrives, the rest is lost, and the server may not notice.
    fn cut(&mut self, client: usize) {
        let Some(at) = self.clients[client].link else { return };
        let (down, up) = (self.links[at].down.len(), self.links[at].up.len());
        for _ in 0..self.rng.below(down + 1) {
            self.client_takes(client);
        }
        if self.clients[client].link != Some(at) {
            return;
        }
        let keep = self.rng.below(up + 1);
        self.links[at].up.truncate(keep);
        self.hang_up(client, at);
        if self.rng.percent(50) {
            self.links[at].fin = Fin::Silent;
        }
    }

    /// The client closes its link in order: what it sent arrives.
    fn close(&mut self, client: usize) {
        if let Some(at) = self.clients[client].link {
            self.hang_up(client, at);
        }
    }

    fn hang_up(&mut self, client: usize, at: usize) {
        let link = &mut self.links[at];
        link.fin = Fin::Closed;
        link.deaf = true;
        link.down.clear();
        self.clients[client].lost(&mut self.server.log);
    }

    fn server_reads(&mut self) {
        if let Some(at) = self.some_link() {
            for _ in 0..1 + self.rng.below(4) {
                self.server.read(&mut self.links[at], &mut self.rng);
            }
        }
    }

    fn server_writes(&mut self) {
        if let Some(at) = self.some_link() {
            self.server.write(&mut self.links[at], WINDOW);
        }
    }

    /// A link the server still has.
    fn some_link(&mut self) -> Option<usize> {
        let open: Vec<_> = (0..self.links.len()).filter(|at| !matches!(self.links[*at].door, Door::Closed)).collect();
        self.rng.pick(&open).copied()
    }

    /// A heartbeat fails.
    fn notice_silence(&mut self) {
        let Some(at) = self.some_link() else { return };
        let link = &mut self.links[at];
        if link.fin == Fin::Silent && link.up.is_empty() {
            self.server.lose(link, Cut::HeartbeatTimeout);
        }
    }

    fn client_reads(&mut self, client: usize) {
        if client >= self.slow_from && !self.rng.percent(8) {
            return;
        }
        for _ in 0..1 + self.rng.below(6) {
            self.client_takes(client);
        }
    }

    fn client_takes(&mut self, client: usize) {
        let Some(at) = self.clients[client].link else { return };
        let Some(frame) = self.links[at].down.pop_front() else { return };
        self.server.log.trace(|| format!("client {client} reads link {at}: {frame:?}"));
        let mut out = Vec::new();
        let then = self.clients[client].receive(frame, &mut out, &mut self.server.log);
        self.links[at].up.extend(out);
        match then {
            Then::Stay => {}
            Then::Close => self.hang_up(client, at),
            Then::Move => {
                if self.clients[client].resumable {
                    self.hang_up(client, at);
                    self.connect(client);
                }
            }
        }
    }

    fn pass(&mut self) {
        let ms = match self.rng.below(10) {
            0..6 => self.rng.between(1, 400),
            6..9 => self.rng.between(400, 3_000),
            _ => self.rng.between(3_000, 40_000),
        };
        self.server.pass(ms);
    }

    /// Backends and operators do something.
    fn administrate(&mut self) {
        let (backend, now) = (self.server.backend.clone(), self.server.now);
        let room = self.rng.pick(&self.rooms).expect("there are rooms").clone();
        match self.rng.below(4) {
            0 => drop(answer(backend.end_room(now, &room))),
            1 | 2 => {
                let Some(peer) = self.somebody() else { return };
                let ban = self.rng.percent(20);
                drop(answer(backend.remove_member(now, &room, &peer, ban)));
            }
            _ => backend.go_away(1_000),
        }
        self.server.observe();
    }

    /// Lets everything come to rest and looks at what was promised.
    fn finish(mut self) -> Report {
        let end = if self.server.log.faults.is_empty() {
            if self.rng.percent(15) { self.drain() } else { self.settle() }
        } else {
            End::Open
        };
        let census = self.server.backend.census();
        self.server.log.trace(|| format!("{census:?}"));
        let mut faults = std::mem::take(&mut self.server.log.faults);
        faults.extend(check(&self.server.log.events, end).iter().map(ToString::to_string));
        let events = std::mem::take(&mut self.server.log.events);
        if faults.is_empty() {
            self.leave_nothing();
            faults = std::mem::take(&mut self.server.log.faults);
        }
        let trace = self.server.log.trace.take().unwrap_or_default();
        Report { events, faults, resumed: census.resumed_total, trace }
    }

    /// Everybody comes back, and reads and is read until nothing moves.
    fn settle(&mut self) -> End {
        self.slow_from = self.clients.len();
        let mut quiet = 0;
        for round in 0.. {
            let before = self.server.log.events.len();
            for at in 0..self.links.len() {
                if self.links[at].fin == Fin::Silent && self.links[at].up.is_empty() {
                    self.server.lose(&mut self.links[at], Cut::HeartbeatTimeout);
                }
                for _ in 0..100 {
                    self.server.read(&mut self.links[at], &mut self.rng);
                    self.server.write(&mut self.links[at], usize::MAX);
                }
            }
            // Sessions of those who never come back expire; nobody else is away.
            if round == 4 {
                self.server.pass(40_000);
            }
            for client in 0..self.clients.len() {
                for _ in 0..400 {
                    self.client_takes(client);
                }
                self.connect(client);
                if let Some(frame) = self.clients[client].bare_ack() {
                    self.transmit(client, frame);
                }
            }
            // What the server took in one round it may write in the next.
            let rests = self.server.log.events.len() == before && self.links.iter().all(Link::at_rest);
            quiet = if rests { quiet + 1 } else { 0 };
            if round > 6 && quiet > 2 {
                break;
            }
            if round > 200 {
                self.server.log.fault("it does not come to rest");
                return End::Open;
            }
        }
        for client in &self.clients {
            match &client.session {
                Some(session) if session.waiting() > 0 => {
                    let text = format!("{} has {} requests without an answer", session.peer(), session.waiting());
                    self.server.log.faults.push(text);
                }
                None if !client.gone => self.server.log.faults.push("a client did not come back".to_owned()),
                _ => {}
            }
        }
        End::Settled
    }

    /// The node goes. Whoever reads to the end knows what became of all it had sent.
    fn drain(&mut self) -> End {
        self.server.backend.drain(self.server.now);
        self.server.draining = true;
        self.server.observe();
        // Whose mailbox overflowed by what the drain had to tell is over, as it would be without a drain.
        for client in &mut self.clients {
            let attached = |s: &Session| answer(self.server.backend.find(&s.credentials, s.epoch)).is_ok();
            if !client.session.as_ref().is_some_and(attached) {
                client.over(&mut self.server.log);
                client.link = None;
            }
        }
        for _ in 0..20 {
            for at in 0..self.links.len() {
                self.server.write(&mut self.links[at], usize::MAX);
            }
            for client in 0..self.clients.len() {
                for _ in 0..400 {
                    let Some(at) = self.clients[client].link else { break };
                    let Some(frame) = self.links[at].down.pop_front() else { break };
                    self.server.log.trace(|| format!("client {client} reads link {at}: {frame:?}"));
                    let then = self.clients[client].receive(frame, &mut Vec::new(), &mut self.server.log);
                    if then == Then::Close {
                        self.links[at].deaf = true;
                        self.clients[client].link = None;
                    }
                }
            }
        }
        for client in &mut self.clients {
            if !client.flushed || !client.resumable {
                client.over(&mut self.server.log);
            }
        }
        // What was never read is not owed an outcome: the server stopped reading.
        let accepted: std::collections::BTreeSet<u64> = self
            .server
            .log
            .events
            .iter()
            .filter_map(|event| match event {
                Event::Accepted { id, .. } | Event::Refused { id } => Some(*id),
                _ => None,
            })
            .collect();
        self.server.log.events.retain(|event| !matches!(event, Event::Sent { id, .. } if !accepted.contains(id)));
        End::Flushed
    }

    /// Once everybody is gone, nothing is left of them.
    fn leave_nothing(&mut self) {
        for link in &self.links {
            if let Door::Attached(attachment) = &link.door {
                attachment.close(self.server.now, wigwag_hub::Reason::Left);
            }
        }
        for _ in 0..4 {
            self.server.pass(4_000_000);
        }
        let census = self.server.backend.census();
        if (census.sessions, census.rooms, census.timers) != (0, 0, 0) {
            self.server.log.fault(format!("left behind: {census:?}"));
        }
    }
}

impl Link {
    fn at_rest(&self) -> bool {
        self.up.is_empty() && self.down.is_empty()
    }
}
