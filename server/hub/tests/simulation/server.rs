//! The server's end: a transport between frames and the backend, which also records what the backend decides.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    task::Waker,
};

use bytes::Bytes;
use wigwag_hub::{
    Attachment, Backend, Body, Item, Now, PeerId, Reason, RoomName,
    backend::{Credentials, Grants, Open, Outbound},
    contract::{
        history::Event,
        kit::{answer, join, text_bytes},
        rng::Rng,
    },
    error::{DetachReason, ResumeError, StepError},
    frame::Change,
    member::Metadata,
    session::{Fetched, SessionKind},
    watch::{Watch, WatchEvent, WatchPoll},
};

use crate::{
    client::{Log, payload},
    wire::{Down, Fin, Link, Message, Outcome, Request, ServerEnd, Up},
};

pub struct Server {
    pub backend: Arc<dyn Backend>,
    pub now: Now,
    pub grace_ms: u32,
    pub log: Log,
    pub draining: bool,
    watch: Arc<Watch>,
    /// Each room's members, as the watch reports them.
    members: BTreeMap<RoomName, BTreeSet<PeerId>>,
}

impl Server {
    pub fn new(backend: Arc<dyn Backend>, grace_ms: u32, log: Log) -> Self {
        let watch = answer(|| backend.watch(None)).expect("a watch");
        Self {
            backend,
            now: Now { mono_ms: 1_000, unix_ms: 1_700_000_000_000 },
            grace_ms,
            log,
            draining: false,
            watch,
            members: BTreeMap::new(),
        }
    }

    /// Moves the clock and runs expired timers.
    pub fn advance(&mut self, ms: u64) {
        self.now = self.now.plus(ms);
        self.log.trace(|| format!("{ms} ms later"));
        self.backend.tick(self.now);
        self.observe();
    }

    /// Records changes of memberships.
    pub fn observe(&mut self) {
        loop {
            match self.watch.poll(Waker::noop()) {
                WatchPoll::Event(WatchEvent::Change(event)) => self.note_change(&event.room, &event.change),
                WatchPoll::Event(_) => {}
                WatchPoll::Idle => return,
                WatchPoll::TooSlow | WatchPoll::Lost => return self.log.fail("the watch was too slow"),
            }
        }
    }

    fn note_change(&mut self, room: &RoomName, change: &Change) {
        let members = self.members.entry(room.clone()).or_default();
        match change {
            Change::MemberJoined(member) => {
                members.insert(member.peer.clone());
                self.log.note(Event::Added { room: room.clone(), peer: member.peer.clone() });
            }
            Change::MemberLeft(peer, _) => {
                members.remove(peer);
                self.log.note(Event::Removed { room: room.clone(), peer: peer.clone() });
            }
            Change::Ended(_) => {
                for peer in std::mem::take(members) {
                    self.log.note(Event::Removed { room: room.clone(), peer });
                }
            }
            Change::Created(_) | Change::Updated(_) | Change::MemberUpdated(_) => {}
        }
    }

    /// Reads a frame, or the end of the stream.
    pub fn read(&mut self, link: &mut Link, rng: &mut Rng) {
        if matches!(link.server, ServerEnd::Closed) {
            link.up.clear();
            return;
        }
        match link.up.pop_front() {
            Some(frame) => {
                self.log.trace(|| format!("link {} up: {frame:?}", link.number));
                self.frame(link, frame, rng);
            }
            None if link.fin == Fin::Closed => self.lose(link, DetachReason::ConnectionLost),
            None => {}
        }
        self.observe();
    }

    /// Closes a connection.
    pub fn lose(&mut self, link: &mut Link, reason: DetachReason) {
        if let ServerEnd::Attached(attachment) = std::mem::replace(&mut link.server, ServerEnd::Closed) {
            answer(|| attachment.detach(self.now, reason)).expect("it ends");
            self.observe();
        }
        self.write_frame(link, Down::Closed(None));
    }

    fn frame(&mut self, link: &mut Link, frame: Up, rng: &mut Rng) {
        let attachment = match &link.server {
            ServerEnd::Attached(attachment) => attachment.clone(),
            ServerEnd::Waiting => return self.hello(link, frame, rng),
            ServerEnd::Closed => return,
        };
        if let Err(written) = attachment.ack(self.now, frame.ack) {
            self.log.fail(format!("ack {} was refused with {written} written", frame.ack));
        }
        let Some(request) = frame.body else { return };
        let result = self.step(&attachment, frame.seq, request);
        self.log.trace(|| format!("link {} applied {}: {result:?}", link.number, attachment.applied()));
        match result {
            Ok(()) | Err(StepError::Seen) => {}
            Err(StepError::Gap { applied }) => {
                self.log.fail(format!("gap between {} and {applied}, though nothing was left out", frame.seq));
            }
            Err(StepError::Detached(reason)) => {
                let over = (reason == DetachReason::Ended(Reason::Draining)).then_some(Reason::Draining);
                link.server = ServerEnd::Closed;
                self.write_frame(link, Down::Closed(over));
            }
            Err(StepError::Store(error)) => self.log.fail(format!("the store failed: {error}")),
            Err(StepError::Refused(why)) => {
                let body = Body::Encoded(text_bytes(&why));
                if let Err(error @ (StepError::Seen | StepError::Gap { .. })) =
                    answer(|| attachment.reply(self.now, frame.seq, body.clone()))
                {
                    self.log.fail(format!("the reply was not accepted: {error:?}"));
                }
            }
        }
    }

    fn write_frame(&mut self, link: &mut Link, frame: Down) {
        self.log.trace(|| format!("link {} down: {frame:?}", link.number));
        link.send(frame);
    }

    fn hello(&mut self, link: &mut Link, frame: Up, rng: &mut Rng) {
        if self.draining {
            link.server = ServerEnd::Closed;
            return self.write_frame(link, Down::Closed(None));
        }
        match frame.body {
            Some(Request::Open { resumable, replaces }) => {
                self.open(link, resumable, Outcome::New, replaces, rng);
                self.observe();
            }
            Some(Request::Resume(resume)) => {
                let credentials = resume.credentials.clone();
                match answer(|| self.backend.resume(self.now, resume.clone())) {
                    Ok(resumed) => {
                        let (epoch, applied) = (resumed.attachment.epoch(), resumed.applied);
                        link.server = ServerEnd::Attached(resumed.attachment);
                        self.write_frame(
                            link,
                            Down::Welcome { credentials, epoch, outcome: Outcome::Resumed, applied },
                        );
                    }
                    Err(error @ (ResumeError::Store(_) | ResumeError::GrantsExpired | ResumeError::OtherUser)) => {
                        self.log.fail(format!("refused: {error}"));
                    }
                    Err(ResumeError::Reset(reason)) => self.open(link, true, Outcome::Reset(reason), None, rng),
                    Err(ResumeError::Superseded) => {
                        // A later hello overtook this one. Its client has abandoned this link.
                        if !link.abandoned {
                            self.log.fail("superseded without a newer link");
                        }
                        link.server = ServerEnd::Closed;
                        self.write_frame(link, Down::Closed(None));
                    }
                }
            }
            other => self.log.fail(format!("expected a hello: {other:?}")),
        }
    }

    fn open(
        &mut self,
        link: &mut Link,
        resumable: bool,
        outcome: Outcome,
        replaces: Option<Credentials>,
        rng: &mut Rng,
    ) {
        let mut secret_digest = [0; 32];
        secret_digest[..16].copy_from_slice(&rng.bits().to_be_bytes());
        let credentials = Credentials { peer: PeerId::from_random(rng.bits()), secret_digest };
        let open = Open {
            credentials: credentials.clone(),
            user: "".into(),
            verified: false,
            display_name: "".into(),
            metadata: Metadata::default(),
            kind: if resumable { SessionKind::Resumable { grace_ms: self.grace_ms } } else { SessionKind::Live },
            replaces,
            source: 0,
            request: 0,
            grants: Grants::default(),
        };
        match answer(|| self.backend.open(self.now, open.clone())) {
            Ok(attachment) => {
                let epoch = attachment.epoch();
                attachment.track_written(link.written.clone());
                link.server = ServerEnd::Attached(attachment);
                self.write_frame(link, Down::Welcome { credentials, epoch, outcome, applied: 0 });
            }
            Err(error) => self.log.fail(format!("not opened: {error}")),
        }
    }

    fn step(&mut self, attachment: &Arc<dyn Attachment>, seq: u32, request: Request) -> Result<(), StepError<String>> {
        let now = self.now;
        match request {
            Request::Send(message) => self.send(attachment, seq, message),
            Request::Join(room) => answer(|| attachment.join(now, seq, join(room.as_str()))).map_err(in_words),
            Request::Leave(room) => answer(|| attachment.leave(now, seq, &room)).map_err(in_words),
            Request::Update(room, value) => {
                let pairs = BTreeMap::from([("k".to_owned(), value)]);
                answer(|| attachment.update_member(now, seq, &room, None, pairs.clone())).map_err(in_words)
            }
            Request::Remove(room, peer, ban) => {
                answer(|| attachment.remove_member(now, seq, &room, &peer, ban)).map_err(in_words)
            }
            Request::EndRoom(room) => answer(|| attachment.end_room(now, seq, &room)).map_err(in_words),
            Request::Bye => {
                answer(|| attachment.close(now, Reason::Left)).expect("it ends");
                Ok(())
            }
            Request::Open { .. } | Request::Resume(_) => {
                self.log.fail("a second hello");
                Ok(())
            }
        }
    }

    fn send(&mut self, attachment: &Arc<dyn Attachment>, seq: u32, message: Message) -> Result<(), StepError<String>> {
        let from = attachment.peer().clone();
        let to: Vec<_> = match (&message.to, &message.room) {
            (Some(to), _) => vec![to.clone()],
            (None, Some(room)) => {
                self.members.get(room).into_iter().flatten().filter(|peer| **peer != from).cloned().collect()
            }
            (None, None) => Vec::new(),
        };
        let envelope: Bytes = payload(message.id, &from, message.padding);
        let outbound = Outbound { room: message.room, to: message.to, receipt: message.receipt, envelope };
        let before = attachment.applied();
        let result = answer(|| attachment.send(self.now, seq, outbound.clone()));
        // The answer may be lost and the attachment over before it is asked for again.
        let unanswered = matches!(result, Err(StepError::Detached(_))) && before < seq && attachment.applied() >= seq;
        if result.is_ok() || unanswered {
            self.log.note(Event::Accepted { id: message.id, to });
        }
        result.map_err(in_words)
    }

    /// Writes what is ready, until the link holds `window` frames.
    pub fn write(&mut self, link: &mut Link, window: usize) {
        let ServerEnd::Attached(attachment) = &link.server else { return };
        if link.down.len() >= window {
            return;
        }
        let attachment = attachment.clone();
        let mut items: Vec<Item> = Vec::new();
        let fetched = attachment.fetch(self.now, Waker::noop(), 400, &mut items);
        let ack = attachment.applied();
        for item in items {
            if let Item::Numbered { seq, .. } = item {
                link.written.set(seq);
            }
            self.write_frame(link, Down::Item { ack, item });
        }
        if let Fetched::Detached(reason) = fetched {
            link.server = ServerEnd::Closed;
            self.write_frame(
                link,
                Down::Closed(if let DetachReason::Ended(reason) = reason { Some(reason) } else { None }),
            );
        }
        self.observe();
    }
}

fn in_words<E: std::fmt::Display>(error: StepError<E>) -> StepError<String> {
    match error {
        StepError::Seen => StepError::Seen,
        StepError::Gap { applied } => StepError::Gap { applied },
        StepError::Detached(reason) => StepError::Detached(reason),
        StepError::Store(error) => StepError::Store(error),
        StepError::Refused(why) => StepError::Refused(why.to_string()),
    }
}
