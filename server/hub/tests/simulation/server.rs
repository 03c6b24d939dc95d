//! The server's half: a door that speaks frames to the backend, and notes what the backend decides.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    task::Waker,
};

use bytes::Bytes;
use wigwag_hub::{
    Attachment, Backend, Body, Item, Now, PeerId, Reason, RoomName,
    backend::{Credentials, Open, Outbound},
    contract::{
        history::Event,
        kit::{answer, join, text_bytes},
        rng::Rng,
    },
    error::{Cut, ResumeError, StepError},
    frame::Change,
    member::Metadata,
    session::{Fetched, Grade},
    watch::{Watch, WatchEvent, Watched},
};

use crate::{
    client::{Log, payload},
    wire::{Ask, Door, Down, Fin, Letter, Link, Outcome, Up},
};

pub struct Server {
    pub backend: Arc<dyn Backend>,
    pub now: Now,
    pub grace_ms: u32,
    pub log: Log,
    pub draining: bool,
    watch: Arc<Watch>,
    /// Who sits where, as the watch says.
    seats: BTreeMap<RoomName, BTreeSet<PeerId>>,
}

impl Server {
    pub fn new(backend: Arc<dyn Backend>, grace_ms: u32, log: Log) -> Self {
        let watch = backend.watch(None);
        Self {
            backend,
            now: Now { mono_ms: 1_000, unix_ms: 1_700_000_000_000 },
            grace_ms,
            log,
            draining: false,
            watch,
            seats: BTreeMap::new(),
        }
    }

    /// Lets time pass.
    pub fn pass(&mut self, ms: u64) {
        self.now = self.now.plus(ms);
        self.log.trace(|| format!("{ms} ms pass"));
        self.backend.tick(self.now);
        self.observe();
    }

    /// Notes what became of seats.
    pub fn observe(&mut self) {
        loop {
            match self.watch.poll(Waker::noop()) {
                Watched::Event(WatchEvent::Change(event)) => self.note_change(&event.room, &event.change),
                Watched::Event(_) => {}
                Watched::Idle => return,
                Watched::TooSlow => return self.log.fault("the watch was too slow"),
            }
        }
    }

    fn note_change(&mut self, room: &RoomName, change: &Change) {
        let seats = self.seats.entry(room.clone()).or_default();
        match change {
            Change::MemberJoined(member) => {
                seats.insert(member.peer.clone());
                self.log.note(Event::Seated { room: room.clone(), peer: member.peer.clone() });
            }
            Change::MemberLeft(peer, _) => {
                seats.remove(peer);
                self.log.note(Event::Unseated { room: room.clone(), peer: peer.clone() });
            }
            Change::Ended(_) => {
                for peer in std::mem::take(seats) {
                    self.log.note(Event::Unseated { room: room.clone(), peer });
                }
            }
            Change::Created(_) | Change::Updated(_) | Change::MemberUpdated(_) => {}
        }
    }

    /// Reads one frame, or the end of the stream.
    pub fn read(&mut self, link: &mut Link, rng: &mut Rng) {
        if matches!(link.door, Door::Closed) {
            link.up.clear();
            return;
        }
        match link.up.pop_front() {
            Some(frame) => {
                self.log.trace(|| format!("link {} up: {frame:?}", link.number));
                self.frame(link, frame, rng);
            }
            None if link.fin == Fin::Closed => self.lose(link, Cut::Detached),
            None => {}
        }
        self.observe();
    }

    /// Gives a connection up.
    pub fn lose(&mut self, link: &mut Link, cut: Cut) {
        if let Door::Attached(attachment) = std::mem::replace(&mut link.door, Door::Closed) {
            attachment.detach(self.now, cut);
            self.observe();
        }
        self.say(link, Down::Closed(None));
    }

    fn frame(&mut self, link: &mut Link, frame: Up, rng: &mut Rng) {
        let attachment = match &link.door {
            Door::Attached(attachment) => attachment.clone(),
            Door::Waiting => return self.hello(link, frame, rng),
            Door::Closed => return,
        };
        attachment.heard(self.now);
        if let Err(written) = attachment.ack(self.now, frame.ack) {
            self.log.fault(format!("{} was refused as an ack, {written} having been written", frame.ack));
        }
        let Some(ask) = frame.body else { return };
        let result = self.step(&attachment, frame.seq, ask);
        self.log.trace(|| format!("link {} applied {}: {result:?}", link.number, attachment.applied()));
        match result {
            Ok(()) | Err(StepError::Seen) => {}
            Err(StepError::Gap { applied }) => {
                self.log.fault(format!("{} does not follow {applied}, though nothing was left out", frame.seq));
            }
            Err(StepError::Cut(cut)) => {
                let over = if cut == Cut::Ended(Reason::Draining) { Some(Reason::Draining) } else { None };
                link.door = Door::Closed;
                self.say(link, Down::Closed(over));
            }
            Err(StepError::Refused(why)) => {
                let body = Body::Encoded(text_bytes(&why));
                if let Err(error @ (StepError::Seen | StepError::Gap { .. })) =
                    answer(attachment.reply(self.now, frame.seq, body))
                {
                    self.log.fault(format!("a refusal was not noted: {error:?}"));
                }
            }
        }
    }

    fn say(&mut self, link: &mut Link, frame: Down) {
        self.log.trace(|| format!("link {} down: {frame:?}", link.number));
        link.send(frame);
    }

    fn hello(&mut self, link: &mut Link, frame: Up, rng: &mut Rng) {
        if self.draining {
            link.door = Door::Closed;
            return self.say(link, Down::Closed(None));
        }
        match frame.body {
            Some(Ask::Open { resumable, replaces }) => {
                if let Some(old) = replaces {
                    answer(self.backend.end_session(self.now, &old, Reason::Replaced));
                    self.observe();
                }
                self.open(link, resumable, Outcome::New, rng);
            }
            Some(Ask::Resume(resume)) => {
                let credentials = resume.credentials.clone();
                match answer(self.backend.resume(self.now, resume)) {
                    Ok(resumed) => {
                        let (epoch, applied) = (resumed.attachment.epoch(), resumed.applied);
                        link.door = Door::Attached(resumed.attachment);
                        self.say(link, Down::Welcome { credentials, epoch, outcome: Outcome::Resumed, applied });
                    }
                    Err(ResumeError::Reset(reason)) => self.open(link, true, Outcome::Reset(reason), rng),
                    Err(ResumeError::Superseded) => {
                        // A hello that was overtaken by a later one. Its client has moved on.
                        if !link.deaf {
                            self.log.fault("superseded by nobody");
                        }
                        link.door = Door::Closed;
                        self.say(link, Down::Closed(None));
                    }
                }
            }
            other => self.log.fault(format!("no hello but {other:?}")),
        }
    }

    fn open(&mut self, link: &mut Link, resumable: bool, outcome: Outcome, rng: &mut Rng) {
        let mut secret_digest = [0; 32];
        secret_digest[..16].copy_from_slice(&rng.bits().to_be_bytes());
        let credentials = Credentials { peer: PeerId::from_random(rng.bits()), secret_digest };
        let open = Open {
            credentials: credentials.clone(),
            user: "".into(),
            verified: false,
            display_name: "".into(),
            metadata: Metadata::default(),
            grade: if resumable { Grade::Resumable { grace_ms: self.grace_ms } } else { Grade::Live },
        };
        match answer(self.backend.open(self.now, open)) {
            Ok(attachment) => {
                let epoch = attachment.epoch();
                link.door = Door::Attached(attachment);
                self.say(link, Down::Welcome { credentials, epoch, outcome, applied: 0 });
            }
            Err(error) => self.log.fault(format!("not opened: {error}")),
        }
    }

    fn step(&mut self, attachment: &Arc<dyn Attachment>, seq: u32, ask: Ask) -> Result<(), StepError<String>> {
        let now = self.now;
        match ask {
            Ask::Send(letter) => self.send(attachment, seq, letter),
            Ask::Join(room) => answer(attachment.join(now, seq, join(room.as_str()))).map_err(in_words),
            Ask::Leave(room) => answer(attachment.leave(now, seq, &room)).map_err(in_words),
            Ask::Update(room, value) => {
                let pairs = BTreeMap::from([("k".to_owned(), value)]);
                answer(attachment.update_member(now, seq, &room, None, pairs)).map_err(in_words)
            }
            Ask::Remove(room, peer, ban) => {
                answer(attachment.remove_member(now, seq, &room, &peer, ban)).map_err(in_words)
            }
            Ask::EndRoom(room) => answer(attachment.end_room(now, seq, &room)).map_err(in_words),
            Ask::Bye => {
                attachment.close(now, Reason::Left);
                Ok(())
            }
            Ask::Open { .. } | Ask::Resume(_) => {
                self.log.fault("a second hello");
                Ok(())
            }
        }
    }

    fn send(&mut self, attachment: &Arc<dyn Attachment>, seq: u32, letter: Letter) -> Result<(), StepError<String>> {
        let from = attachment.peer().clone();
        let to: Vec<_> = match (&letter.to, &letter.room) {
            (Some(to), _) => vec![to.clone()],
            (None, Some(room)) => {
                self.seats.get(room).into_iter().flatten().filter(|peer| **peer != from).cloned().collect()
            }
            (None, None) => Vec::new(),
        };
        let envelope: Bytes = payload(letter.id, &from, letter.padding);
        let outbound = Outbound { room: letter.room, to: letter.to, receipt: letter.receipt, envelope };
        answer(attachment.send(self.now, seq, outbound)).map_err(in_words)?;
        self.log.note(Event::Accepted { id: letter.id, to });
        Ok(())
    }

    /// Writes what is ready, as far as the link takes it.
    pub fn write(&mut self, link: &mut Link, window: usize) {
        let Door::Attached(attachment) = &link.door else { return };
        if link.down.len() >= window {
            return;
        }
        let attachment = attachment.clone();
        let mut items: Vec<Item> = Vec::new();
        let fetched = attachment.fetch(self.now, Waker::noop(), 400, &mut items);
        let ack = attachment.applied();
        for item in items {
            self.say(link, Down::Item { ack, item });
        }
        if let Fetched::Cut(cut) = fetched {
            link.door = Door::Closed;
            self.say(link, Down::Closed(if let Cut::Ended(reason) = cut { Some(reason) } else { None }));
        }
        self.observe();
    }
}

fn in_words<E: std::fmt::Display>(error: StepError<E>) -> StepError<String> {
    match error {
        StepError::Seen => StepError::Seen,
        StepError::Gap { applied } => StepError::Gap { applied },
        StepError::Cut(cut) => StepError::Cut(cut),
        StepError::Refused(why) => StepError::Refused(why.to_string()),
    }
}
