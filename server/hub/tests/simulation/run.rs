//! A run: clients, links and a server, of which a random one acts next.

use std::sync::Arc;

use wigwag_hub::{
    Backend, Limits, PeerId, RoomName,
    contract::{
        history::Event,
        kit::{answer, room_name},
        rng::Rng,
    },
    error::DetachReason,
};

use crate::{
    client::{Client, Log, Then},
    server::Server,
    wire::{Fin, Link, Message, Request, ServerEnd, Up},
};

/// The result of a run.
pub struct Report {
    pub events: Vec<Event>,
    /// Violated promises and other failures.
    pub failures: Vec<String>,
    /// Successful resumes.
    pub resumed: u64,
    /// The complete trace, if requested.
    pub trace: Vec<String>,
}

pub struct World {
    pub rng: Rng,
    pub server: Server,
    pub clients: Vec<Client>,
    pub links: Vec<Link>,
    rooms: Vec<RoomName>,
    envelopes: u64,
    /// Clients from this index on read rarely.
    pub slow_from: usize,
    disconnects: usize,
}

/// Frames a link holds before the server stops writing.
const WINDOW: usize = 8;

/// Runs one seed against a backend.
pub fn run(seed: u64, make: &dyn Fn(Limits) -> Arc<dyn Backend>) -> Report {
    run_with(seed, make, Log::default())
}

/// Does the same with a trace.
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
    let disconnects = *rng.pick(&[0, 1, 3, 8]).expect("not empty");
    let mut world = World { rng, server, clients, links: Vec::new(), rooms, envelopes: 0, slow_from, disconnects };
    for _ in 0..300 + world.rng.below(1_200) {
        world.step();
        if !world.server.log.failures.is_empty() {
            break; // After a failure, the rest says little.
        }
    }
    world.finish()
}

/// Returns the default limits, some of them randomly so small that everything overflows.
fn limits(rng: &mut Rng) -> Limits {
    // Tombstones outlive a run, so that each reset has its true reason.
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
            96..98 => self.advance(),
            98 => self.administrate(),
            _ => {
                if self.rng.below(8) < self.disconnects {
                    self.disconnect(client);
                }
            }
        }
        if self.rng.below(160) < self.disconnects {
            self.disconnect(client);
        }
    }

    /// Makes a request of a client's application.
    fn act(&mut self, client: usize) {
        if self.clients[client].gone {
            return;
        }
        let room = self.rng.pick(&self.rooms).expect("there are rooms").clone();
        let in_no_room = self.clients[client].session.as_ref().is_some_and(|session| session.rooms.is_empty());
        let request = match self.rng.below(100) {
            0..60 if in_no_room && self.rng.percent(50) => Request::Join(room),
            0..60 => self.message(client, room),
            60..78 => Request::Join(room),
            78..84 => Request::Leave(room),
            84..92 => Request::Update(room, self.rng.below(4).to_string()),
            92..95 => {
                let Some(peer) = self.random_peer() else { return };
                Request::Remove(room, peer, self.rng.percent(20))
            }
            95..97 => Request::EndRoom(room),
            97 => return self.bye(client),
            98 => return self.reload(client),
            _ => {
                if self.rng.percent(30) {
                    self.disconnect(client);
                    self.abandon(client);
                }
                return;
            }
        };
        if let Some(frame) = self.clients[client].request(request, &mut self.server.log) {
            self.transmit(client, frame);
        }
    }

    fn message(&mut self, client: usize, room: RoomName) -> Request {
        self.envelopes += 1;
        let in_room = self.rng.percent(60);
        let me = self.clients[client].session.as_ref().map(|s| s.peer().clone());
        let to = self.random_peer().filter(|peer| Some(peer) != me.as_ref());
        let to = if in_room && self.rng.percent(60) { None } else { to };
        let room = (in_room || to.is_none()).then_some(room);
        let receipt = to.is_some() && self.rng.percent(50);
        let padding = if self.rng.percent(10) { self.rng.below(500) } else { 0 };
        Request::Send(Message { id: self.envelopes, room, to, receipt, padding })
    }

    /// Picks a peer, mostly one whose session is open.
    fn random_peer(&mut self) -> Option<PeerId> {
        if self.rng.percent(5) {
            let known: Vec<_> = self.server.log.peers.values().cloned().collect();
            return self.rng.pick(&known).cloned();
        }
        let there: Vec<_> =
            self.clients.iter().filter_map(|c| c.session.as_ref()).map(|session| session.peer().clone()).collect();
        self.rng.pick(&there).cloned()
    }

    fn bye(&mut self, client: usize) {
        if !self.clients[client].welcomed {
            return;
        }
        if let Some(frame) = self.clients[client].request(Request::Bye, &mut self.server.log) {
            self.transmit(client, frame);
            self.clients[client].end(&mut self.server.log);
            self.close(client);
        }
    }

    /// Reloads a page: a new session replaces its session.
    fn reload(&mut self, client: usize) {
        let replaces = self.clients[client].session.as_ref().map(|session| session.credentials.clone());
        self.close(client);
        self.clients[client].end(&mut self.server.log);
        let resumable = self.clients[client].resumable;
        self.dial(client, Up { seq: 0, ack: 0, body: Some(Request::Open { resumable, replaces }) });
    }

    fn abandon(&mut self, client: usize) {
        self.close(client);
        self.clients[client].end(&mut self.server.log);
        self.clients[client].gone = true;
    }

    pub fn connect(&mut self, client: usize) {
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

    pub fn transmit(&mut self, client: usize, frame: Up) {
        if let Some(link) = self.clients[client].link {
            self.links[link].up.push_back(frame);
        }
    }

    /// Breaks the link: some of what is in flight arrives, the rest is lost, and the server may not notice.
    fn disconnect(&mut self, client: usize) {
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

    /// Closes the link cleanly: what the client sent arrives.
    fn close(&mut self, client: usize) {
        if let Some(at) = self.clients[client].link {
            self.hang_up(client, at);
        }
    }

    fn hang_up(&mut self, client: usize, at: usize) {
        let link = &mut self.links[at];
        link.fin = Fin::Closed;
        link.abandoned = true;
        link.down.clear();
        self.clients[client].lost(&mut self.server.log);
    }

    fn server_reads(&mut self) {
        if let Some(at) = self.random_link() {
            for _ in 0..1 + self.rng.below(4) {
                self.server.read(&mut self.links[at], &mut self.rng);
            }
        }
    }

    fn server_writes(&mut self) {
        if let Some(at) = self.random_link() {
            self.server.write(&mut self.links[at], WINDOW);
        }
    }

    /// Picks a link that the server has not closed.
    fn random_link(&mut self) -> Option<usize> {
        let open: Vec<_> =
            (0..self.links.len()).filter(|at| !matches!(self.links[*at].server, ServerEnd::Closed)).collect();
        self.rng.pick(&open).copied()
    }

    /// Detects a silent link by its heartbeat.
    fn notice_silence(&mut self) {
        let Some(at) = self.random_link() else { return };
        let link = &mut self.links[at];
        if link.fin == Fin::Silent && link.up.is_empty() {
            self.server.lose(link, DetachReason::HeartbeatTimeout);
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

    pub fn client_takes(&mut self, client: usize) {
        let Some(at) = self.clients[client].link else { return };
        let Some(frame) = self.links[at].down.pop_front() else { return };
        self.server.log.trace(|| format!("client {client} reads link {at}: {frame:?}"));
        let mut out = Vec::new();
        let then = self.clients[client].receive(frame, &mut out, &mut self.server.log);
        self.links[at].up.extend(out);
        match then {
            Then::Keep => {}
            Then::Close => self.hang_up(client, at),
            Then::Reconnect => {
                if self.clients[client].resumable {
                    self.hang_up(client, at);
                    self.connect(client);
                }
            }
        }
    }

    fn advance(&mut self) {
        let ms = match self.rng.below(10) {
            0..6 => self.rng.between(1, 400),
            6..9 => self.rng.between(400, 3_000),
            _ => self.rng.between(3_000, 40_000),
        };
        self.server.advance(ms);
    }

    /// Makes a request of a backend service or an operator.
    fn administrate(&mut self) {
        let (backend, now) = (self.server.backend.clone(), self.server.now);
        let room = self.rng.pick(&self.rooms).expect("there are rooms").clone();
        match self.rng.below(4) {
            0 => drop(answer(|| backend.end_room(now, &room))),
            1 | 2 => {
                let Some(peer) = self.random_peer() else { return };
                let ban = self.rng.percent(20);
                drop(answer(|| backend.remove_member(now, &room, &peer, ban)));
            }
            _ => backend.go_away(1_000, None),
        }
        self.server.observe();
    }
}
