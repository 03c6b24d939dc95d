//! What a backend does, as simply as it can be said: every frame anybody is ever owed, in one list per client.

use std::collections::BTreeMap;

pub const GRACE_MS: u64 = 30_000;

/// What comes of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Done,
    NotJoined,
    NotOwner,
    PeerNotFound,
    /// The attachment is over.
    Cut,
}

/// A frame somebody is owed.
#[derive(Clone, Debug)]
struct Owed {
    text: String,
    /// Who is to hear what became of it, and whether of success as well.
    origin: Option<(usize, bool)>,
}

#[derive(Default)]
struct Client {
    /// Every frame since the beginning; its number is its place.
    owed: Vec<Owed>,
    acked: usize,
    handed: usize,
    /// Since when it has no connection, and how many had lost theirs before.
    away: Option<(u64, usize)>,
    over: bool,
}

pub struct Model {
    now_ms: u64,
    cuts: usize,
    clients: Vec<Client>,
    /// Members in join order; the first of them that owned or inherited it is the owner.
    rooms: BTreeMap<usize, (Vec<usize>, usize)>,
}

impl Model {
    pub fn new(clients: usize) -> Self {
        Self { now_ms: 0, cuts: 0, clients: (0..clients).map(|_| Client::default()).collect(), rooms: BTreeMap::new() }
    }

    pub fn name(client: usize) -> String {
        format!("c{client}")
    }

    pub fn room(room: usize) -> String {
        format!("r{room}")
    }

    pub fn inside(&self, room: usize) -> String {
        let members = self.rooms.get(&room).map_or(&[][..], |(members, _)| members);
        members.iter().map(|member| Self::name(*member)).collect::<Vec<_>>().join(" ")
    }

    pub fn over(&self, client: usize) -> bool {
        self.clients[client].over
    }

    fn attached(&self, client: usize) -> bool {
        !self.over(client) && self.clients[client].away.is_none()
    }

    fn owe(&mut self, client: usize, text: String, origin: Option<(usize, bool)>) {
        if !self.over(client) {
            self.clients[client].owed.push(Owed { text, origin });
        }
    }

    fn member(&self, client: usize, room: usize) -> bool {
        self.rooms.get(&room).is_some_and(|(members, _)| members.contains(&client))
    }

    pub fn join(&mut self, client: usize, room: usize) -> Verdict {
        if !self.attached(client) {
            return Verdict::Cut;
        }
        let (members, _) = self.rooms.entry(room).or_insert((Vec::new(), client));
        if !members.contains(&client) {
            members.push(client);
        }
        self.owe(client, format!("joined {}", Self::room(room)), None);
        Verdict::Done
    }

    pub fn leave(&mut self, client: usize, room: usize) -> Verdict {
        if !self.attached(client) {
            return Verdict::Cut;
        }
        if !self.member(client, room) {
            return Verdict::NotJoined;
        }
        self.unseat(client, room);
        self.owe(client, format!("left {} LEFT", Self::room(room)), None);
        Verdict::Done
    }

    fn unseat(&mut self, client: usize, room: usize) {
        let Some((members, owner)) = self.rooms.get_mut(&room) else { return };
        members.retain(|member| *member != client);
        match members.first() {
            None => drop(self.rooms.remove(&room)),
            Some(next) if *owner == client => *owner = *next,
            Some(_) => {}
        }
    }

    pub fn send(&mut self, client: usize, to: usize, room: Option<usize>, text: &str, receipt: bool) -> Verdict {
        if !self.attached(client) {
            return Verdict::Cut;
        }
        if room.is_some_and(|room| !self.member(client, room)) {
            return Verdict::NotJoined;
        }
        if self.over(to) || room.is_some_and(|room| !self.member(to, room)) {
            return Verdict::PeerNotFound;
        }
        self.owe(to, text.to_owned(), Some((client, receipt)));
        Verdict::Done
    }

    pub fn broadcast(&mut self, client: usize, room: usize, text: &str) -> Verdict {
        if !self.attached(client) {
            return Verdict::Cut;
        }
        if !self.member(client, room) {
            return Verdict::NotJoined;
        }
        for other in self.rooms[&room].0.clone() {
            if other != client {
                self.owe(other, text.to_owned(), Some((client, false)));
            }
        }
        Verdict::Done
    }

    fn owned(&self, client: usize, room: usize) -> Result<(), Verdict> {
        if !self.attached(client) {
            return Err(Verdict::Cut);
        }
        if !self.member(client, room) {
            return Err(Verdict::NotJoined);
        }
        if self.rooms[&room].1 == client { Ok(()) } else { Err(Verdict::NotOwner) }
    }

    pub fn kick(&mut self, client: usize, peer: usize, room: usize) -> Verdict {
        if let Err(verdict) = self.owned(client, room) {
            return verdict;
        }
        if !self.member(peer, room) {
            return Verdict::PeerNotFound;
        }
        self.unseat(peer, room);
        self.owe(peer, format!("left {} REMOVED", Self::room(room)), None);
        self.owe(client, "done".to_owned(), None);
        Verdict::Done
    }

    pub fn end_room(&mut self, client: usize, room: usize) -> Verdict {
        if let Err(verdict) = self.owned(client, room) {
            return verdict;
        }
        for member in self.rooms.remove(&room).map(|(members, _)| members).unwrap_or_default() {
            self.owe(member, format!("left {} ENDED", Self::room(room)), None);
        }
        self.owe(client, "done".to_owned(), None);
        Verdict::Done
    }

    /// What a client is handed when it reads to the end.
    pub fn read(&mut self, client: usize) -> Vec<String> {
        if !self.attached(client) {
            return Vec::new();
        }
        let client = &mut self.clients[client];
        let from = std::mem::replace(&mut client.handed, client.owed.len());
        client.owed[from..].iter().map(|owed| owed.text.clone()).collect()
    }

    pub fn ack(&mut self, client: usize) {
        if self.attached(client) {
            self.acknowledge(client, self.clients[client].handed);
        }
    }

    fn acknowledge(&mut self, client: usize, upto: usize) {
        let from = std::mem::replace(&mut self.clients[client].acked, upto);
        for at in from..upto {
            if let Some((sender, true)) = self.clients[client].owed[at].origin {
                self.owe(sender, format!("receipt {} DELIVERED", Self::name(client)), None);
            }
        }
    }

    pub fn cut(&mut self, client: usize) {
        if self.attached(client) {
            self.cuts += 1;
            self.clients[client].away = Some((self.now_ms, self.cuts));
        }
    }

    /// The numbers a client may resume behind: from what it acknowledged to what it was handed.
    pub fn resume_points(&self, client: usize) -> std::ops::RangeInclusive<usize> {
        self.clients[client].acked..=self.clients[client].handed
    }

    /// Whether the session goes on.
    pub fn resume(&mut self, client: usize, last: usize) -> bool {
        if self.over(client) {
            return false;
        }
        self.acknowledge(client, last);
        self.clients[client].handed = last;
        self.clients[client].away = None;
        true
    }

    pub fn close(&mut self, client: usize) {
        self.end(client, "LEFT");
    }

    fn end(&mut self, client: usize, reason: &str) {
        if std::mem::replace(&mut self.clients[client].over, true) {
            return;
        }
        for room in self.rooms.keys().copied().collect::<Vec<_>>() {
            if self.member(client, room) {
                self.unseat(client, room);
            }
        }
        let Client { acked, owed, .. } = &self.clients[client];
        let senders: Vec<_> = owed[*acked..].iter().filter_map(|owed| owed.origin).collect();
        for (sender, _) in senders {
            self.owe(sender, format!("receipt {} UNDELIVERABLE {reason}", Self::name(client)), None);
        }
    }

    pub fn pass(&mut self, ms: u64) {
        self.now_ms += ms;
        let mut due: Vec<_> = (0..self.clients.len())
            .filter(|client| !self.over(*client))
            .filter_map(|client| Some((self.clients[client].away?, client)))
            .filter(|((since, _), _)| since + GRACE_MS <= self.now_ms)
            .collect();
        due.sort_unstable();
        for (_, client) in due {
            self.end(client, "EXPIRED");
        }
    }
}
