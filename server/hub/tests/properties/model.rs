//! A simple model of a backend: one list per client, with every frame it must ever receive.

use std::collections::BTreeMap;

pub const GRACE_MS: u64 = 30_000;

/// The effect of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    Done,
    NotJoined,
    NotOwner,
    PeerNotFound,
    /// The attachment is over.
    Detached,
}

/// A frame that a client must receive.
#[derive(Clone, Debug)]
struct Frame {
    text: String,
    /// The client that gets the receipt, and whether it wants one for success as well.
    origin: Option<(usize, bool)>,
}

#[derive(Default)]
struct Client {
    /// Every frame since the beginning, at the index that is its number minus one.
    frames: Vec<Frame>,
    acked: usize,
    received: usize,
    /// When it lost its connection, and how many connections had been lost before.
    detached: Option<(u64, usize)>,
    ended: bool,
}

pub struct Model {
    now_ms: u64,
    disconnects: usize,
    clients: Vec<Client>,
    /// Each room's members in join order, and its owner.
    rooms: BTreeMap<usize, (Vec<usize>, usize)>,
}

impl Model {
    pub fn new(clients: usize) -> Self {
        Self {
            now_ms: 0,
            disconnects: 0,
            clients: (0..clients).map(|_| Client::default()).collect(),
            rooms: BTreeMap::new(),
        }
    }

    pub fn name(client: usize) -> String {
        format!("c{client}")
    }

    pub fn room(room: usize) -> String {
        format!("r{room}")
    }

    pub fn members_in(&self, room: usize) -> String {
        let members = self.rooms.get(&room).map_or(&[][..], |(members, _)| members);
        members.iter().map(|member| Self::name(*member)).collect::<Vec<_>>().join(" ")
    }

    pub fn ended(&self, client: usize) -> bool {
        self.clients[client].ended
    }

    fn attached(&self, client: usize) -> bool {
        !self.ended(client) && self.clients[client].detached.is_none()
    }

    fn push(&mut self, client: usize, text: String, origin: Option<(usize, bool)>) {
        if !self.ended(client) {
            self.clients[client].frames.push(Frame { text, origin });
        }
    }

    fn member(&self, client: usize, room: usize) -> bool {
        self.rooms.get(&room).is_some_and(|(members, _)| members.contains(&client))
    }

    pub fn join(&mut self, client: usize, room: usize) -> Effect {
        if !self.attached(client) {
            return Effect::Detached;
        }
        let (members, _) = self.rooms.entry(room).or_insert((Vec::new(), client));
        if !members.contains(&client) {
            members.push(client);
        }
        self.push(client, format!("joined {}", Self::room(room)), None);
        Effect::Done
    }

    pub fn leave(&mut self, client: usize, room: usize) -> Effect {
        if !self.attached(client) {
            return Effect::Detached;
        }
        if !self.member(client, room) {
            return Effect::NotJoined;
        }
        self.remove_from(client, room);
        self.push(client, format!("left {} LEFT", Self::room(room)), None);
        Effect::Done
    }

    fn remove_from(&mut self, client: usize, room: usize) {
        let Some((members, owner)) = self.rooms.get_mut(&room) else { return };
        members.retain(|member| *member != client);
        match members.first() {
            None => drop(self.rooms.remove(&room)),
            Some(next) if *owner == client => *owner = *next,
            Some(_) => {}
        }
    }

    pub fn send(&mut self, client: usize, to: usize, room: Option<usize>, text: &str, receipt: bool) -> Effect {
        if !self.attached(client) {
            return Effect::Detached;
        }
        if room.is_some_and(|room| !self.member(client, room)) {
            return Effect::NotJoined;
        }
        if self.ended(to) || room.is_some_and(|room| !self.member(to, room)) {
            return Effect::PeerNotFound;
        }
        self.push(to, text.to_owned(), Some((client, receipt)));
        Effect::Done
    }

    pub fn broadcast(&mut self, client: usize, room: usize, text: &str) -> Effect {
        if !self.attached(client) {
            return Effect::Detached;
        }
        if !self.member(client, room) {
            return Effect::NotJoined;
        }
        for other in self.rooms[&room].0.clone() {
            if other != client {
                self.push(other, text.to_owned(), Some((client, false)));
            }
        }
        Effect::Done
    }

    fn check_owner(&self, client: usize, room: usize) -> Result<(), Effect> {
        if !self.attached(client) {
            return Err(Effect::Detached);
        }
        if !self.member(client, room) {
            return Err(Effect::NotJoined);
        }
        if self.rooms[&room].1 == client { Ok(()) } else { Err(Effect::NotOwner) }
    }

    pub fn remove(&mut self, client: usize, peer: usize, room: usize) -> Effect {
        if let Err(effect) = self.check_owner(client, room) {
            return effect;
        }
        if !self.member(peer, room) {
            return Effect::PeerNotFound;
        }
        self.remove_from(peer, room);
        self.push(peer, format!("left {} REMOVED", Self::room(room)), None);
        self.push(client, "done".to_owned(), None);
        Effect::Done
    }

    pub fn end_room(&mut self, client: usize, room: usize) -> Effect {
        if let Err(effect) = self.check_owner(client, room) {
            return effect;
        }
        for member in self.rooms.remove(&room).map(|(members, _)| members).unwrap_or_default() {
            self.push(member, format!("left {} ENDED", Self::room(room)), None);
        }
        self.push(client, "done".to_owned(), None);
        Effect::Done
    }

    /// Returns what a client receives when it reads everything.
    pub fn read(&mut self, client: usize) -> Vec<String> {
        if !self.attached(client) {
            return Vec::new();
        }
        let client = &mut self.clients[client];
        let from = std::mem::replace(&mut client.received, client.frames.len());
        client.frames[from..].iter().map(|frame| frame.text.clone()).collect()
    }

    pub fn ack(&mut self, client: usize) {
        if self.attached(client) {
            self.acknowledge(client, self.clients[client].received);
        }
    }

    fn acknowledge(&mut self, client: usize, upto: usize) {
        let from = std::mem::replace(&mut self.clients[client].acked, upto);
        for at in from..upto {
            if let Some((sender, true)) = self.clients[client].frames[at].origin {
                self.push(sender, format!("receipt {} DELIVERED", Self::name(client)), None);
            }
        }
    }

    pub fn disconnect(&mut self, client: usize) {
        if self.attached(client) {
            self.disconnects += 1;
            self.clients[client].detached = Some((self.now_ms, self.disconnects));
        }
    }

    /// Returns the numbers a client may resume after: from the last it acknowledged to the last it received.
    pub fn resume_points(&self, client: usize) -> std::ops::RangeInclusive<usize> {
        self.clients[client].acked..=self.clients[client].received
    }

    /// Returns whether the session continues.
    pub fn resume(&mut self, client: usize, last: usize) -> bool {
        if self.ended(client) {
            return false;
        }
        self.acknowledge(client, last);
        self.clients[client].received = last;
        self.clients[client].detached = None;
        true
    }

    pub fn close(&mut self, client: usize) {
        self.end(client, "LEFT");
    }

    fn end(&mut self, client: usize, reason: &str) {
        if std::mem::replace(&mut self.clients[client].ended, true) {
            return;
        }
        for room in self.rooms.keys().copied().collect::<Vec<_>>() {
            if self.member(client, room) {
                self.remove_from(client, room);
            }
        }
        let Client { acked, frames, .. } = &self.clients[client];
        let senders: Vec<_> = frames[*acked..].iter().filter_map(|frame| frame.origin).collect();
        for (sender, _) in senders {
            self.push(sender, format!("receipt {} UNDELIVERABLE {reason}", Self::name(client)), None);
        }
    }

    pub fn advance(&mut self, ms: u64) {
        self.now_ms += ms;
        let mut due: Vec<_> = (0..self.clients.len())
            .filter(|client| !self.ended(*client))
            .filter_map(|client| Some((self.clients[client].detached?, client)))
            .filter(|((since, _), _)| since + GRACE_MS <= self.now_ms)
            .collect();
        due.sort_unstable();
        for (_, client) in due {
            self.end(client, "EXPIRED");
        }
    }
}
