//! A correct client: it numbers and acknowledges frames, resends after a resume, drops duplicates, and turns rosters into
//! joins and leaves.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use wigwag_hub::{
    Body, Item, PeerId, Reason, RoomName,
    backend::{Credentials, Resume},
    contract::history::{Event, Outcome as ReceiptOutcome},
    frame::{Change, Delivery, Joined},
    snapshot::Snapshot,
};

use crate::wire::{Down, Message, Outcome, Request, Up};

/// What all clients record.
#[derive(Default)]
pub struct Log {
    pub events: Vec<Event>,
    /// Server behaviour that is never correct, whether or not a history can express it.
    pub failures: Vec<String>,
    /// All peers that were ever welcomed.
    pub peers: BTreeMap<String, PeerId>,
    /// A complete trace, if requested: each frame written and read, each step of the clock, each event.
    pub trace: Option<Vec<String>>,
}

impl Log {
    pub fn note(&mut self, event: Event) {
        self.trace(|| format!("{event:?}"));
        self.events.push(event);
    }

    /// Adds a line to the trace.
    pub fn trace(&mut self, line: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            trace.push(line());
        }
    }

    pub fn fail(&mut self, what: impl Into<String>) {
        self.failures.push(what.into());
    }
}

/// What a client does with its connection after a frame.
#[derive(Debug, PartialEq, Eq)]
pub enum Then {
    /// Keeps it.
    Keep,
    /// Reconnects, as the server asked.
    Reconnect,
    /// Closes it.
    Close,
}

pub struct Client {
    pub resumable: bool,
    pub session: Option<Session>,
    /// The link it uses, and whether it was welcomed on it.
    pub link: Option<usize>,
    pub welcomed: bool,
    /// It never reconnects.
    pub gone: bool,
    /// The server drained, and the client received everything.
    pub flushed: bool,
}

pub struct Session {
    pub credentials: Credentials,
    pub epoch: u32,
    sent: u32,
    unacked: VecDeque<(u32, Request)>,
    last: u32,
    acked: u32,
    pub rooms: BTreeMap<RoomName, View>,
    pending: BTreeSet<u32>,
    envelopes: BTreeMap<u32, u64>,
}

#[derive(Default)]
pub struct View {
    pub version: u32,
    pub others: BTreeSet<PeerId>,
}

impl Session {
    fn new(credentials: Credentials, epoch: u32) -> Self {
        Self {
            credentials,
            epoch,
            sent: 0,
            unacked: VecDeque::new(),
            last: 0,
            acked: 0,
            rooms: BTreeMap::new(),
            pending: BTreeSet::new(),
            envelopes: BTreeMap::new(),
        }
    }

    pub fn peer(&self) -> &PeerId {
        &self.credentials.peer
    }

    /// Returns the number of unanswered requests.
    pub fn waiting(&self) -> usize {
        self.pending.len()
    }

    fn frame(&mut self, seq: u32, body: Option<Request>) -> Up {
        self.acked = self.last;
        Up { seq, ack: self.last, body }
    }
}

impl Client {
    pub fn new(resumable: bool) -> Self {
        Self { resumable, session: None, link: None, welcomed: false, gone: false, flushed: false }
    }

    /// Returns the first frame of a new link.
    pub fn hello(&self) -> Up {
        let body = match &self.session {
            Some(session) => Request::Resume(Resume {
                credentials: session.credentials.clone(),
                epoch: session.epoch,
                last_seq: session.last,
                room_versions: session.rooms.iter().map(|(room, view)| (room.to_string(), view.version)).collect(),
                token: None,
            }),
            None => Request::Open { resumable: self.resumable, replaces: None },
        };
        Up { seq: 0, ack: 0, body: Some(body) }
    }

    /// Makes a request of the application. Returns the frame to send now, if any.
    pub fn request(&mut self, request: Request, log: &mut Log) -> Option<Up> {
        let welcomed = self.welcomed && self.link.is_some();
        let session = self.session.as_mut()?;
        if session.unacked.len() >= 64 || (!self.resumable && !welcomed) {
            return None;
        }
        session.sent += 1;
        let seq = session.sent;
        if let Request::Send(Message { id, room, receipt, .. }) = &request {
            session.envelopes.insert(seq, *id);
            let from = session.peer().clone();
            log.note(Event::Sent { from, id: *id, room: room.clone(), receipt: *receipt });
        } else {
            session.pending.insert(seq);
        }
        if self.resumable {
            session.unacked.push_back((seq, request.clone()));
        }
        welcomed.then(|| {
            if self.resumable { session.frame(seq, Some(request)) } else { Up { seq, ack: 0, body: Some(request) } }
        })
    }

    /// Returns a bare acknowledgment, if one is due.
    pub fn bare_ack(&mut self) -> Option<Up> {
        let session = self.session.as_mut().filter(|_| self.resumable && self.welcomed)?;
        (session.last > session.acked).then(|| session.frame(0, None))
    }

    /// Loses the link. A live session ends with it.
    pub fn lost(&mut self, log: &mut Log) {
        self.link = None;
        self.welcomed = false;
        if !self.resumable {
            self.end(log);
        }
    }

    /// Ends the session.
    pub fn end(&mut self, log: &mut Log) {
        if let Some(session) = self.session.take() {
            log.note(Event::Ended { peer: session.credentials.peer });
        }
    }

    /// Handles a frame from the link in use.
    pub fn receive(&mut self, frame: Down, out: &mut Vec<Up>, log: &mut Log) -> Then {
        match frame {
            Down::Welcome { credentials, epoch, outcome, applied } => {
                self.welcome(credentials, epoch, outcome, applied, out, log);
                Then::Keep
            }
            Down::Closed(Some(Reason::Draining)) => {
                self.flushed = true;
                Then::Close
            }
            Down::Closed(_) => Then::Close,
            Down::Item { ack, item } => self.item(ack, item, log),
        }
    }

    fn welcome(
        &mut self,
        credentials: Credentials,
        epoch: u32,
        outcome: Outcome,
        applied: u32,
        out: &mut Vec<Up>,
        log: &mut Log,
    ) {
        if self.welcomed {
            log.fail("a second welcome");
        }
        self.welcomed = true;
        if outcome == Outcome::Resumed {
            let Some(session) = &mut self.session else { return log.fail("resumed without a session") };
            if session.credentials.peer != credentials.peer || epoch <= session.epoch || applied > session.sent {
                log.fail(format!("C4: {credentials:?} was resumed in epoch {epoch} with {applied} applied"));
            }
            session.epoch = epoch;
            session.unacked.retain(|(seq, _)| *seq > applied);
            let again: Vec<_> = session.unacked.iter().cloned().collect();
            if again.first().is_some_and(|(seq, _)| *seq != applied + 1) {
                log.fail(format!("C2: {applied} applied, and more had been acknowledged"));
            }
            out.push(session.frame(0, None));
            out.extend(again.into_iter().map(|(seq, request)| session.frame(seq, Some(request))));
            return;
        }
        if let Outcome::Reset(reason) = outcome {
            if !matches!(reason, Reason::Expired | Reason::MailboxOverflow) {
                log.fail(format!("C4: reset for {reason}"));
            }
            self.end(log);
        }
        log.peers.insert(credentials.peer.to_string(), credentials.peer.clone());
        log.note(Event::Opened { peer: credentials.peer.clone(), resumable: self.resumable });
        self.session = Some(Session::new(credentials, epoch));
    }

    fn item(&mut self, ack: u32, item: Item, log: &mut Log) -> Then {
        let Some(session) = &mut self.session else {
            log.fail("a frame without a session");
            return Then::Close;
        };
        if self.resumable {
            if ack > session.sent {
                log.fail(format!("{ack} acknowledged, and {} sent", session.sent));
            }
            session.unacked.retain(|(seq, _)| *seq > ack);
        }
        match item {
            Item::Numbered { seq, reply_to, body } => {
                if seq != session.last + 1 {
                    log.fail(format!("C2: {seq} came after {} in epoch {}", session.last, session.epoch));
                }
                session.last = seq;
                session.body(reply_to, body, log);
            }
            Item::Presence(event) => session.change(&event.room, event.version, &event.change, log),
            Item::Roster(snapshot) => session.roster(&snapshot, log),
            Item::GoAway { .. } => return Then::Reconnect,
        }
        Then::Keep
    }
}

impl Session {
    fn body(&mut self, reply_to: u32, body: Body, log: &mut Log) {
        let by = self.peer().clone();
        if reply_to != 0 && !matches!(body, Body::Receipt { .. }) {
            let envelope = self.envelopes.get(&reply_to).copied();
            match (envelope, &body) {
                (Some(id), Body::Encoded(_)) => log.note(Event::Refused { id }),
                (None, _) if self.pending.remove(&reply_to) => {}
                _ => log.fail(format!("{by} got a second answer to {reply_to}, or an unsolicited one: {body:?}")),
            }
        }
        match body {
            Body::Envelope(bytes) => match parse(&bytes, log) {
                Some((id, from)) => log.note(Event::Received { by, from, id }),
                None => log.fail(format!("{by} received an envelope that was never sent")),
            },
            Body::Encoded(_) | Body::Done => {}
            Body::Joined(joined) => self.joined(&joined, log),
            Body::Left { room, .. } => {
                self.rooms.remove(&room);
                log.note(Event::Left { by, room });
            }
            Body::Receipt { peer, delivery } => {
                let outcome = match delivery {
                    Delivery::Delivered => ReceiptOutcome::Delivered,
                    Delivery::Written => ReceiptOutcome::Written,
                    Delivery::Undeliverable(_) => ReceiptOutcome::Undeliverable,
                };
                match self.envelopes.get(&reply_to) {
                    Some(id) => log.note(Event::Receipt { id: *id, peer, outcome }),
                    None => log.fail(format!("{by} got a receipt for {reply_to}, which is not an envelope")),
                }
            }
        }
    }

    fn joined(&mut self, joined: &Joined, log: &mut Log) {
        let room = &joined.snapshot.info.room;
        if joined.snapshot.members.iter().all(|member| member.peer != *self.peer()) {
            log.fail(format!("{} joined {room} and is not among its members", self.peer()));
        }
        if !self.rooms.contains_key(room) {
            self.rooms.insert(room.clone(), View::default());
            log.note(Event::Joined { by: self.peer().clone(), room: room.clone() });
        }
        self.roster(&joined.snapshot, log);
    }

    fn roster(&mut self, snapshot: &Snapshot, log: &mut Log) {
        let (by, room) = (self.credentials.peer.clone(), snapshot.info.room.clone());
        let Some(view) = self.rooms.get_mut(&room) else {
            return log.fail(format!("C6: {by} was told a roster of {room}, which it is not in"));
        };
        if snapshot.info.version < view.version {
            log.fail(format!("C5: {by} was told version {} after {}", snapshot.info.version, view.version));
        }
        view.version = snapshot.info.version;
        let mut now: BTreeSet<_> = snapshot.members.iter().map(|member| member.peer.clone()).collect();
        if !now.remove(&by) {
            log.fail(format!("C5: {by} was told a roster without itself"));
        }
        for peer in view.others.difference(&now) {
            log.note(Event::MemberLeft { by: by.clone(), room: room.clone(), peer: peer.clone() });
        }
        for peer in now.difference(&view.others) {
            log.note(Event::MemberJoined { by: by.clone(), room: room.clone(), peer: peer.clone() });
        }
        view.others = now;
    }

    fn change(&mut self, room: &RoomName, version: u32, change: &Change, log: &mut Log) {
        let by = self.credentials.peer.clone();
        let Some(view) = self.rooms.get_mut(room) else {
            return log.fail(format!("C6: {by} was told of {room}, which it is not in"));
        };
        if version <= view.version {
            log.fail(format!("C5: {by} was told version {version} after {}", view.version));
        }
        view.version = version;
        match change {
            Change::MemberJoined(member) => {
                view.others.insert(member.peer.clone());
                log.note(Event::MemberJoined { by, room: room.clone(), peer: member.peer.clone() });
            }
            Change::MemberLeft(peer, _) => {
                view.others.remove(peer);
                log.note(Event::MemberLeft { by, room: room.clone(), peer: peer.clone() });
            }
            Change::MemberUpdated(member) => {
                // Its own entry changes when it becomes the owner.
                if member.peer != by && !view.others.contains(&member.peer) {
                    log.fail(format!("C5: {by} was told of a change of {}, which it does not know", member.peer));
                }
            }
            Change::Updated(_) => {}
            Change::Created(_) | Change::Ended(_) => log.fail(format!("{by} received an event for watchers only")),
        }
    }
}

/// Returns the bytes of an envelope.
pub fn payload(id: u64, from: &PeerId, padding: usize) -> bytes::Bytes {
    let mut bytes = format!("{id} {from} ").into_bytes();
    bytes.resize(bytes.len() + padding, b'.');
    bytes.into()
}

fn parse(bytes: &[u8], log: &Log) -> Option<(u64, PeerId)> {
    let mut words = std::str::from_utf8(bytes).ok()?.split(' ');
    Some((words.next()?.parse().ok()?, log.peers.get(words.next()?)?.clone()))
}
